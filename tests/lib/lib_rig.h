/* What the tests of libjem work on. */
#ifndef LIB_LIB_RIG_H
#define LIB_LIB_RIG_H

#include "train/tiny.h"

#include "jem/jem.h"
#include "model/init.h"

enum { N = 5, LOGITS = N * TINY_CLASSES, VALUES = N * TINY_COUNT };

/* A folder with weights, a data set in npy files, and a short run on it. */
typedef struct rig {
    char dir[64], weights[128], run[128], set[10][128];
    const char *items[10];
    int count;
    model *m; /* what is in `weights` */
    float x[VALUES];
} rig;

static inline void write_npy(const rig *r)
{
    char path[128];
    dataset *d = tiny_dataset(40, 5);
    const jem_tensor x = {JEM_U8, 4, {40, 3, TINY_SIDE, TINY_SIDE}, d->pixels};
    const jem_tensor y = {JEM_I32, 1, {40}, d->labels};
    snprintf(path, sizeof path, "%s/images.npy", r->dir);
    check_ok(jem_npy_write(path, &x));
    snprintf(path, sizeof path, "%s/labels.npy", r->dir);
    check_ok(jem_npy_write(path, &y));
    dataset_free(d);
}

static inline void fill_settings(rig *r)
{
    static const char *const set[] = {"data.kind=npy", "model.name=wrn-10-1",
                                      "model.pool=adaptive", "sampler.steps=3",
                                      "sampler.buffer_size=40", "train.batch=8",
                                      "train.iterations=4", "train.warmup=1", "train.lr=1e-3"};
    for (r->count = 0; r->count < 9; r->count++) {
        snprintf(r->set[r->count], sizeof r->set[0], "%s", set[r->count]);
        r->items[r->count] = r->set[r->count];
    }
    snprintf(r->set[9], sizeof r->set[0], "data.path=%s", r->dir);
    r->items[r->count++] = r->set[9];
}

static inline rig *rig_new(void)
{
    rig *r = NULL;
    config *c = NULL;
    const rng_stream stream = {7, RNG_TEST, 0, 0};

    check_ok(MEM_NEW(r, 1));
    check_ok(MEM_NEW(c, 1));
    check_tmp(r->dir, sizeof r->dir);
    snprintf(r->weights, sizeof r->weights, "%s/w.safetensors", r->dir);
    snprintf(r->run, sizeof r->run, "%s/run", r->dir);
    tiny_config(c, NULL);
    c->engine.chunk = 0; /* as the library opens models: other sizes may round otherwise */
    check_ok(model_new(&r->m, &c->model, &c->engine));
    params_init(model_params(r->m), model_graph(r->m), 11);
    check_ok(model_params_changed(r->m));
    check_ok(model_save(r->m, r->weights, model_params(r->m)));
    rng_fill_uniform(r->x, VALUES, -1, 1, &stream, 0);
    write_npy(r);
    fill_settings(r);
    mem_free(c);
    return r;
}

static inline void rig_free(rig *r)
{
    model_free(r->m);
    check_tmp_remove(r->dir);
    mem_free(r);
}

static inline jem_status train(const rig *r, const char *out)
{
    const jem_train_options o = {.size = sizeof o, .set = r->items, .set_count = r->count};
    return jem_train(NULL, out, &o);
}

#endif
