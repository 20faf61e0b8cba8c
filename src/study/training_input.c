/* Settings and data of a training that is not begun: see training_input.h. */
#include "study/training_input.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "run/run.h"

/* What the data are if they are not there to be looked at; 0: not given. */
typedef struct declared {
    int64_t images, channels, height, width, classes;
    bool floats;
} declared;

jem_status training_input_settings(config *c, const training_input_request *q)
{
    jem_status st;
    if (!q->config || !run_is(q->config)) return config_load(c, q->lists, q->config, q->set, q->set_count);
    TRY(run_load_config(c, q->lists, q->config));
    TRY(config_assign(c, q->set, q->set_count));
    TRY(config_check(c));
done:
    return st;
}

/* What each kind of data usually is. */
static declared usual(const data_options *o)
{
    int64_t side = o->size ? o->size : 128;
    if (strcmp(o->kind, "cifar10") == 0) return (declared){50000, 3, 32, 32, 10, false};
    if (strcmp(o->kind, "gloss") == 0) return (declared){10000, 3, side, side, 2, false};
    const bool pictures = strcmp(o->kind, "folder") == 0 || strcmp(o->kind, "packed") == 0;
    if (pictures && o->size) return (declared){0, 3, side, side, 0, false};
    return (declared){.floats = strcmp(o->kind, "npy") == 0};
}

static jem_status parse_declared(declared *d, const training_input_request *q)
{
    char tail;
    long long c, h, w;
    if (q->images) d->images = q->images;
    if (q->classes) d->classes = q->classes;
    if (!q->shape) return JEM_OK;
    if (sscanf(q->shape, "%lldx%lldx%lld%c", &c, &h, &w, &tail) != 3 || c < 1 || h < 1 || w < 1 ||
        c > 4096 || h > 16384 || w > 16384)
        return jem_error(JEM_EUSAGE, "--shape %s: expected CHANNELSxHEIGHTxWIDTH, as in 3x32x32",
                         q->shape);
    d->channels = c;
    d->height = h;
    d->width = w;
    return JEM_OK;
}

jem_status training_input_read(training_input *out, config *c, const training_input_request *q)
{
    jem_status st;
    training_input p = {.assumed = !c->data.path[0], .data = {NULL, NULL, NULL}};
    declared d = usual(&c->data);

    if (!p.assumed) {
        TRY(data_load(&p.data, &c->data, CONFIG_SPLIT_SEED));
        config_take_data(c, p.data.train);
        TRY(data_facts_of(&p.facts, c, &p.data));
    } else {
        TRY(parse_declared(&d, q));
        if (!d.images || !d.channels || !d.classes)
            return jem_error(JEM_EUSAGE,
                             "data.path is empty and nothing else says how large the data are; "
                             "set it, or say how many images they are, of which shape and of how many classes");
        p.facts = data_facts_declared(&c->data, d.images, d.channels, d.height, d.width, d.classes,
                                      d.floats);
        c->model.classes = d.classes;
        c->model.channels = d.channels;
        c->model.height = d.height;
        c->model.width = d.width;
    }
    if (p.facts.train < c->train.batch) {
        st = jem_error(JEM_EDATA,
                       "%lld training images do not fill a batch of %lld: lower train.batch or "
                       "add images",
                       (long long)p.facts.train, (long long)c->train.batch);
        goto done;
    }
    *out = p;
    p.data = (splits){NULL, NULL, NULL};
done:
    splits_free(&p.data);
    return st;
}
