/* Weights and an array to logits, energies, gradients, features: see apply_network.h. */
#include "study/apply_network.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/subject_view.h"
#include "data/pictures/units.h"
#include "model/weights.h"
#include "nn/executor.h"
#include "stats/classify.h"
#include "tensor/npz.h"

enum { NETWORK_BATCH = 64, NETWORK_BATCH_F64 = 8 };

/* ---- input */

jem_status network_read_input(jem_tensor *x, const char *path)
{
    jem_status st;
    TRY(npz_is(path) ? npz_read_single(x, path, "images") : jem_npy_read(x, path));
    if (x->ndim != 4 || x->shape[0] < 1) {
        st = jem_error(JEM_EDATA, "%s: expected an array [N,C,H,W] with N >= 1; it has %d "
                       "dimensions%s", path, x->ndim, x->ndim == 4 ? " and no image" : "");
        goto done;
    }
    if (x->dtype != JEM_F32 && x->dtype != JEM_F64 && x->dtype != JEM_U8) {
        st = jem_error(JEM_EDATA, "%s: %s values; expected f32, f64 or u8", path,
                       jem_dtype_name(x->dtype));
        goto done;
    }
    bool levels = x->dtype == JEM_U8;
    TRY(jem_tensor_convert(x, JEM_F64));
    double *v = x->data, least = INFINITY, most = -INFINITY;
    for (int64_t i = 0; i < jem_tensor_count(x); i++) {
        if (levels) v[i] = (v[i] / 255.0 - 0.5) / 0.5;
        if (v[i] - v[i] != 0) {
            st = jem_error(JEM_EDATA, "%s: value %lld is not finite", path, (long long)i);
            goto done;
        }
        least = fmin(least, v[i]);
        most = fmax(most, v[i]);
    }
    if (!levels) units_check(least, most, path);
done:
    return st;
}

/* ---- pictures */

bool network_input_is_pictures(const char *path)
{
    return dir_exists(path) || image_name(path);
}

static jem_status read_picture(double *x, const char *path, const model_spec *spec)
{
    jem_status st;
    const shape size = {spec->channels, spec->height, spec->width};
    const int64_t pixels = spec->height * spec->width;
    image read = IMAGE_INIT, fits = IMAGE_INIT;
    view_changes changed = {.resized = false};
    float units[256];

    units_table(units);
    TRY(image_read(&read, path));
    const stimulus s = {.name = path, .picture = &read};
    TRY(view_picture(&fits, &changed, &s, size, spec->network->photographs));
    for (int64_t c = 0; c < size.c; c++)
        for (int64_t p = 0; p < pixels; p++) x[c * pixels + p] = (double)units[fits.pixels[p * size.c + c]];
done:
    image_clear(&read);
    image_clear(&fits);
    return st;
}

jem_status network_read_pictures(jem_tensor *x, image_list *list, const char *path, const model_spec *spec)
{
    jem_status st;
    char *own = NULL;
    int64_t others = 0;

    if (dir_exists(path)) {
        TRY(image_list_below(list, path, 0, &others));
    } else {
        TRY(mem_strdup(&own, path));
        TRY(image_list_add(list, own, 0));
    }
    if (list->n == 0) {
        st = jem_error(JEM_EDATA, "%s: no PNG or JPEG in it", path);
        goto done;
    }
    const int64_t size = spec->channels * spec->height * spec->width;
    TRY(jem_tensor_init(x, JEM_F64, 4, (const int64_t[]){list->n, spec->channels, spec->height, spec->width}));
    for (int64_t i = 0; i < list->n; i++) TRY(read_picture((double *)x->data + i * size, list->paths[i], spec));
done:
    return st;
}

/* ---- which network */

static const option flag_options[] = {
    {"classes", OPTION_INT, offsetof(model_spec, classes), "10", 1, 1e6, NULL, "classes"},
    {"channels", OPTION_INT, offsetof(model_spec, channels), "3", 1, 1e6, NULL, "input channels"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

enum { SIDE_MAX = 100000 };

/* A side, or HEIGHTxWIDTH; 0: as the input. */
static jem_status set_size(model_spec *spec, const char *text, const jem_tensor *x)
{
    long long h = 0, w = 0;
    char rest;
    const bool square = sscanf(text, "%lld%c", &h, &rest) == 1;

    if (square) w = h;
    if ((!square && (sscanf(text, "%lldx%lld%c", &h, &w, &rest) != 2 || h < 1 || w < 1)) || h < 0 ||
        h > SIDE_MAX || w > SIDE_MAX)
        return jem_error(JEM_EUSAGE, "--size '%s': expected a side in pixels or HEIGHTxWIDTH, as in 32x48",
                         text);
    const model_spec *usual = spec->network->usual;
    if (h == 0 && !x && !usual)
        return jem_error(JEM_EUSAGE, "%s is of no one size: say with --size S which pictures it takes", spec->name);
    spec->height = h ? h : x ? x->shape[2] : usual->height;
    spec->width = w ? w : x ? x->shape[3] : usual->width;
    return JEM_OK;
}

static jem_status name_network(model_spec *spec, const network *const *list, const network_flags *f,
                               const jem_tensor *x)
{
    jem_status st;
    model_spec s = {.network = NULL};
    TRY(model_spec_name(&s, list, f->model));
    const option_group groups[] = {{"model", model_options, &s},
                                   {"model", network_options(s.network), &s.settings},
                                   {"", flag_options, &s},
                                   {NULL, NULL, NULL}};
    const struct {
        const char *key, *value, *flag;
    } given[] = {{"model.name", f->model, "--model"}, {"classes", f->classes, "--classes"},
                 {"channels", f->channels, "--channels"}, {"model.proj", f->proj, "--proj"},
                 {"model.norm", f->norm, "--norm"}, {"model.pool", f->pool, "--pool"}};

    TRY(options_defaults(groups));
    if (s.network->usual) {
        s.classes = s.network->usual->classes;
        s.channels = s.network->usual->channels;
    }
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].value) TRY(options_set(groups, given[i].key, given[i].value, given[i].flag));
    TRY(set_size(&s, f->size ? f->size : "0", x));
    *spec = s;
done:
    return st;
}

/* Do the same parameters serve inputs of this size? */
static bool takes_size(const model_spec *own, int64_t height, int64_t width)
{
    model_spec other = *own;
    graph *a = NULL, *b = NULL;
    other.height = height;
    other.width = width;
    const bool fits = model_spec_build(&a, own) == JEM_OK && model_spec_build(&b, &other) == JEM_OK &&
                      a->param_elements == b->param_elements;
    graph_free(a);
    graph_free(b);
    return fits;
}

jem_status network_spec(model_spec *spec, const network *const *list, const network_flags *f,
                        const char *weights, const jem_tensor *x, const char *x_name)
{
    jem_status st;
    model_spec s;

    if (f->model) {
        TRY(name_network(&s, list, f, x));
    } else {
        if (f->classes || f->channels || f->proj || f->norm || f->pool)
            return jem_error(JEM_EUSAGE, "--classes, --channels, --proj, --norm and --pool go "
                                         "with --model");
        TRY(model_spec_read(&s, list, weights));
        if (f->size) TRY(set_size(&s, f->size, x));
    }
    if (x && (x->shape[1] != s.channels || x->shape[2] != s.height || x->shape[3] != s.width)) {
        char remedy[96] = "";
        if (x->shape[1] == s.channels && takes_size(&s, x->shape[2], x->shape[3]))
            snprintf(remedy, sizeof remedy, "; --size %lldx%lld puts images of that size through it",
                     (long long)x->shape[2], (long long)x->shape[3]);
        st = jem_error(JEM_EDATA, "%s: images are %lldx%lldx%lld, the network takes %lldx%lldx%lld%s",
                       x_name, (long long)x->shape[1], (long long)x->shape[2],
                       (long long)x->shape[3], (long long)s.channels, (long long)s.height,
                       (long long)s.width, remedy);
        goto done;
    }
    *spec = s;
done:
    return st;
}

/* ---- outputs */

void network_outputs_clear(network_outputs *o)
{
    jem_tensor_clear(&o->logits);
    jem_tensor_clear(&o->energy);
    jem_tensor_clear(&o->grad);
    for (int i = 0; i < NETWORK_FEATURES_MAX; i++) jem_tensor_clear(&o->features[i]);
}

static jem_status find_feature(shape *s, const graph *g, const char *name)
{
    int at = graph_find(g, name);
    if (at < 0) {
        char names[512];
        graph_list_names(g, names, sizeof names);
        return jem_error(JEM_EUSAGE, "--want features:%s: the network has no value of this name; "
                         "it has %s", name, names);
    }
    *s = g->nodes[at].op.dst;
    return JEM_OK;
}

static jem_status outputs_init(network_outputs *o, const network_call *c, const graph *g,
                               jem_dtype dtype)
{
    jem_status st;
    int64_t n = c->x->shape[0];
    const int64_t logits[] = {n, c->spec->classes};
    TRY(jem_tensor_init(&o->logits, dtype, 2, logits));
    TRY(jem_tensor_init(&o->energy, dtype, 1, &n));
    if (c->grad) TRY(jem_tensor_init(&o->grad, dtype, 4, c->x->shape));
    for (int i = 0; c->features[i]; i++) {
        shape s = {0, 0, 0};
        TRY(find_feature(&s, g, c->features[i]));
        const int64_t dims[] = {n, s.c, s.h, s.w};
        TRY(jem_tensor_init(&o->features[i], dtype, s.h == 1 && s.w == 1 ? 2 : 4, dims));
    }
done:
    return st;
}

static int64_t row_count(const jem_tensor *t)
{
    return t->shape[0] > 0 ? jem_tensor_count(t) / t->shape[0] : 0;
}

/* ---- single precision */

jem_status network_apply(network_outputs *o, const network_call *c)
{
    jem_status st;
    model *m = NULL;
    float *x = NULL;

    TRY(model_new(&m, c->spec, c->engine));
    TRY(model_load(m, c->weights));
    TRY(outputs_init(o, c, model_graph(m), JEM_F32));
    int64_t size = model_input_count(m), n = c->x->shape[0];
    const double *from = c->x->data;
    TRY(MEM_NEW(x, NETWORK_BATCH * size));
    for (int64_t first = 0; c->spec->network->logits && first < n; first += NETWORK_BATCH) {
        int64_t count = n - first < NETWORK_BATCH ? n - first : NETWORK_BATCH;
        float *energy = (float *)o->energy.data + first;
        for (int64_t i = 0; i < count * size; i++) x[i] = (float)from[first * size + i];
        TRY(model_evaluate(m, x, count, NULL,
                           (float *)o->logits.data + first * c->spec->classes, energy,
                           c->grad ? (float *)o->grad.data + first * size : NULL));
        for (int64_t i = 0; i < count; i++) energy[i] = -energy[i];
    }
    /* One feature at a time: the model keeps one compiled. */
    for (int k = 0; c->features[k]; k++)
        for (int64_t first = 0; first < n; first += NETWORK_BATCH) {
            int64_t count = n - first < NETWORK_BATCH ? n - first : NETWORK_BATCH;
            for (int64_t i = 0; i < count * size; i++) x[i] = (float)from[first * size + i];
            TRY(model_feature(m, c->features[k], x, count,
                              (float *)o->features[k].data + first * row_count(&o->features[k]),
                              NULL));
        }
done:
    mem_free(x);
    model_free(m);
    return st;
}

/* ---- double precision */

/* Parameters in double: weights_get checks the file and brings singles; tensors that the
 * file holds in double are then read again without rounding. */
static jem_status load_f64(double *params, const model_spec *spec, const graph *g, const char *path)
{
    jem_status st;
    safetensors *f = NULL;
    float *single = NULL;

    TRY(weights_open(&f, path));
    TRY(weights_check_names(spec, g, f));
    TRY(MEM_NEW(single, g->param_elements));
    TRY(weights_get(single, spec, g, f));
    for (int64_t i = 0; i < g->param_elements; i++) params[i] = (double)single[i];
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        const jem_tensor t = safetensors_view(f, weights_find(f, p->name, spec));
        if (t.dtype == JEM_F64)
            memcpy(params + p->offset, t.data, (size_t)p->count * sizeof *params);
    }
done:
    mem_free(single);
    safetensors_close(f);
    return st;
}

typedef struct apply_job {
    network_outputs *o;
    const network_call *c;
    double *softmax;
} apply_job;

static jem_status chunk_f64(void *ctx, const executor_chunk *x)
{
    jem_status st;
    const apply_job *j = ctx;
    const network_call *c = j->c;
    const int64_t k = c->spec->classes, size = row_count(c->x);
    const plan_call call = {.count = x->count};
    const bool speaks = c->spec->network->logits;
    double *logits = speaks ? (double *)j->o->logits.data + x->first * k : NULL, *energy = j->o->energy.data;

    TRY(plan_forward(x->ws, &call, (const double *)c->x->data + x->first * size, logits));
    for (int64_t i = 0; speaks && i < x->count; i++)
        energy[x->first + i] = -stats_logsumexp(logits + i * k, k);
    for (int f = 0; c->features[f]; f++) {
        const jem_tensor *to = &j->o->features[f];
        TRY(plan_feature(x->ws, &call, c->features[f], (double *)to->data + x->first * row_count(to)));
    }
    if (c->grad) {
        stats_softmax(j->softmax, logits, x->count, k);
        TRY(plan_backward(x->ws, &call, j->softmax, (double *)j->o->grad.data + x->first * size, NULL));
    }
done:
    return st;
}

jem_status network_apply_f64(network_outputs *o, const network_call *c)
{
    jem_status st;
    const backend *b = NULL;
    graph *g = NULL;
    executor e = {.p = NULL};
    apply_job j = {.o = o, .c = c};
    double *params = NULL;
    int64_t n = c->x->shape[0], batch = n < NETWORK_BATCH_F64 ? n : NETWORK_BATCH_F64;
    const plan_options options = {.batch = batch, .precision = JEM_F64,
                                  .backward_input = c->grad, .features = c->features,
                                  .features_only = !c->spec->network->logits};

    TRY(backend_find(&b, c->engine->device));
    TRY(b->supports(JEM_F64));
    TRY(model_spec_build(&g, c->spec));
    TRY(outputs_init(o, c, g, JEM_F64));
    TRY(MEM_NEW(params, g->param_elements));
    TRY(MEM_NEW(j.softmax, batch * c->spec->classes));
    TRY(load_f64(params, c->spec, g, c->weights));
    TRY(executor_compile(&e, g, b, &options, 1));
    TRY(plan_load(e.p, params));
    TRY(executor_run(&e, NULL, n, chunk_f64, &j));
done:
    executor_clear(&e);
    graph_free(g);
    mem_free(params);
    mem_free(j.softmax);
    return st;
}
