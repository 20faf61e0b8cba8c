/* An autoencoder on threads: a plan per use and size. */
#include "model/autoencoder.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "model/autoencoder_graph.h"
#include "model/init.h"
#include "nn/executor.h"

const autoencoder_spec autoencoder_sd_vae = {
    .levels = 4,
    .channels = {128, 256, 512, 512},
    .layers = 2,
    .groups = 32,
    .latent = 4,
    .image_channels = 3,
    .latent_scale = 0.18215,
};

typedef enum use { USE_ENCODE, USE_FEATURES, USE_DECODE, USE_JVP, USE_VJP, USES } use;

/* A device computes pictures together; threads take one each. */
enum { DEVICE_BATCH = 8 };

/* A compiled use of one half, for one picture at a time or, on a device, a batch. */
typedef struct engine {
    int64_t height, width; /* of the input */
    graph *g;
    executor x; /* a workspace takes hundreds of megabytes: threads that compute nothing have none */
    float **y;  /* [threads]: the graph's output, where the caller wants none */
} engine;

struct autoencoder {
    autoencoder_spec spec;
    engine_spec engine_spec;
    const backend *b;
    pool *workers;
    autoencoder_half halves[AUTOENCODER_HALVES];
    engine engines[USES];
};

int64_t autoencoder_factor(const autoencoder_spec *spec)
{
    return (int64_t)1 << (spec->levels - 1);
}

static void engine_clear(engine *e)
{
    for (int i = 0; e->y && i < e->x.threads; ++i) mem_free(e->y[i]);
    mem_free(e->y);
    executor_clear(&e->x);
    graph_free(e->g);
    *e = (engine){0};
}

void autoencoder_free(autoencoder *a)
{
    if (!a) return;
    for (int i = 0; i < USES; ++i) engine_clear(&a->engines[i]);
    for (int i = 0; i < AUTOENCODER_HALVES; ++i) {
        graph_free(a->halves[i].layout);
        mem_free(a->halves[i].params);
    }
    pool_free(a->workers);
    mem_free(a);
}

static jem_status check_spec(const autoencoder_spec *s)
{
    bool fine = s->levels >= 1 && s->levels <= AUTOENCODER_LEVELS_MAX && s->layers >= 1 &&
                s->latent >= 1 && s->image_channels >= 1 && s->latent_scale > 0 &&
                isfinite(s->latent_scale);
    if (fine) return JEM_OK;
    return jem_error(JEM_EUSAGE, "an autoencoder needs 1 to %d levels, and layers, channels and a "
                                 "latent_scale above 0", AUTOENCODER_LEVELS_MAX);
}

jem_status autoencoder_new(autoencoder **out, const autoencoder_spec *spec,
                           const engine_spec *engine_of)
{
    jem_status st;
    autoencoder *a = NULL;

    TRY(check_spec(spec));
    TRY(MEM_NEW(a, 1));
    a->spec = *spec;
    a->engine_spec = *engine_of;
    TRY(backend_find(&a->b, engine_of->device));
    /* one thread enqueues a device's work */
    TRY(pool_new(&a->workers, a->b->device ? 1 : (int)engine_of->threads));
    for (int i = 0; i < AUTOENCODER_HALVES; ++i) {
        a->halves[i].spec = autoencoder_half_spec(spec, i);
        TRY(model_spec_build(&a->halves[i].layout, &a->halves[i].spec));
        TRY(MEM_NEW(a->halves[i].params, a->halves[i].layout->param_elements));
    }
    *out = a;
    a = NULL;
done:
    autoencoder_free(a);
    return st;
}

const autoencoder_spec *autoencoder_get_spec(const autoencoder *a)
{
    return &a->spec;
}

int64_t autoencoder_at_once(const autoencoder *a)
{
    return a->b->device ? DEVICE_BATCH : pool_threads(a->workers);
}

pool *autoencoder_pool(const autoencoder *a)
{
    return a->workers;
}

const autoencoder_half *autoencoder_halves(const autoencoder *a)
{
    return a->halves;
}

int64_t autoencoder_params_count(const autoencoder *a)
{
    return a->halves[0].layout->param_elements + a->halves[1].layout->param_elements;
}

jem_status autoencoder_init(autoencoder *a)
{
    const double gain = 1.5;

    for (int i = 0; i < USES; ++i) engine_clear(&a->engines[i]);
    for (int i = 0; i < AUTOENCODER_HALVES; ++i) {
        jem_status st = params_init_hash_f32(a->halves[i].params, a->halves[i].layout, gain);
        if (st) return st;
    }
    return JEM_OK;
}

/* ---- plans */

static jem_status compile(engine *e, const autoencoder *a, use u, int64_t height, int64_t width,
                          int64_t batch)
{
    jem_status st;
    const char *kept[AUTOENCODER_LEVELS_MAX + 1] = {NULL};
    const autoencoder_half *half = &a->halves[u == USE_ENCODE || u == USE_FEATURES ? 0 : 1];
    model_spec spec = half->spec;
    const plan_options o = {.batch = batch,
                            .precision = a->engine_spec.precision == 1 ? JEM_BF16 : JEM_F32,
                            .direct = a->engine_spec.convolution == 1,
                            .backward_input = u == USE_VJP,
                            .tangent = u == USE_JVP,
                            .split = true,
                            .lean = true,
                            .wide = true,
                            .features = u == USE_FEATURES ? kept : NULL};

    for (int i = 0; i < a->spec.levels; ++i) kept[i] = network_kl_encoder.stages[i];
    model_spec_resize(&spec, height, width);
    TRY(model_spec_build(&e->g, &spec));
    TRY(executor_compile(&e->x, e->g, a->b, &o, pool_threads(a->workers)));
    TRY(plan_load(e->x.p, half->params));
    TRY(MEM_NEW(e->y, pool_threads(a->workers)));
    e->height = height;
    e->width = width;
done:
    if (st) engine_clear(e);
    return st;
}

/* ---- running them */

/* Pictures of one call; arrays that a use does not know are NULL. */
typedef struct job {
    autoencoder *a;
    engine *e;
    use use;
    const float *in, *direction; /* direction: tangent of the input or cotangent of the output */
    float *out, *derivative;
    float *mean, *logvar;
    float *const *features;
} job;

static jem_status put_features(const job *j, workspace *w, const plan_call *call, int64_t i)
{
    jem_status st = JEM_OK;

    for (int level = 0; level < j->a->spec.levels; ++level) {
        const char *name = network_kl_encoder.stages[level];
        if (!j->features[level]) continue;
        int64_t size = shape_count(j->e->g->nodes[graph_find(j->e->g, name)].op.dst);
        TRY(plan_feature(w, call, name, j->features[level] + i * size));
    }
done:
    return st;
}

/* mean and logvar of picture i from its moments. */
static void put_posterior(const job *j, const float *moments, int64_t i)
{
    int64_t half = shape_count(j->e->g->nodes[j->e->g->output].op.dst) / 2;

    memcpy(j->mean + i * half, moments, (size_t)half * sizeof *moments);
    for (int64_t k = 0; j->logvar && k < half; ++k)
        j->logvar[i * half + k] = fminf(20, fmaxf(-30, moments[half + k]));
}

static jem_status run_chunk(void *ctx, const executor_chunk *c)
{
    jem_status st = JEM_OK;
    const job *j = ctx;
    const graph *g = j->e->g;
    const int64_t i = c->first;
    const plan_call call = {.count = c->count};
    const int64_t in = shape_count(g->nodes[0].op.dst);
    const int64_t out = shape_count(g->nodes[g->output].op.dst);
    const float *x = j->in + i * in;
    float **own = &j->e->y[c->thread], *y = j->out ? j->out + i * out : NULL;

    if (!y && !*own) TRY(MEM_NEW(*own, plan_batch(j->e->x.p) * out));
    if (!y) y = *own;
    if (j->use == USE_JVP)
        return plan_tangent(c->ws, &call, x, j->direction + i * in, y, j->derivative + i * out);
    TRY(plan_forward(c->ws, &call, x, y));
    for (int64_t k = 0; j->use == USE_ENCODE && k < call.count; ++k)
        put_posterior(j, y + k * out, i + k);
    if (j->use == USE_FEATURES) TRY(put_features(j, c->ws, &call, i));
    if (j->use == USE_VJP)
        TRY(plan_backward(c->ws, &call, j->direction + i * out, j->derivative + i * in, NULL));
done:
    return st;
}

static jem_status run(autoencoder *a, autoencoder_batch b, job j)
{
    jem_status st = JEM_OK;
    engine *e = &a->engines[j.use];
    const int64_t batch = !a->b->device ? 1 : b.n < DEVICE_BATCH ? b.n : DEVICE_BATCH;

    if (b.n < 1) return JEM_OK;
    if (e->x.p && (e->height != b.height || e->width != b.width || plan_batch(e->x.p) < batch))
        engine_clear(e);
    if (!e->x.p) TRY(compile(e, a, j.use, b.height, b.width, batch));
    j.a = a;
    j.e = e;
    TRY(executor_run_split(&e->x, a->workers, b.n, run_chunk, &j));
done:
    return st;
}

jem_status autoencoder_encode(autoencoder *a, autoencoder_batch b, const float *x, float *mean,
                              float *logvar)
{
    return run(a, b, (job){.use = USE_ENCODE, .in = x, .mean = mean, .logvar = logvar});
}

jem_status autoencoder_features(autoencoder *a, autoencoder_batch b, const float *x,
                                float *const *dst)
{
    return run(a, b, (job){.use = USE_FEATURES, .in = x, .features = dst});
}

shape autoencoder_feature_shape(const autoencoder_spec *spec, int level, int64_t height,
                                int64_t width)
{
    int halvings = level < spec->levels - 1 ? level + 1 : level;
    return (shape){spec->channels[level], height >> halvings, width >> halvings};
}

jem_status autoencoder_decode(autoencoder *a, autoencoder_batch b, const float *z, float *x)
{
    return run(a, b, (job){.use = USE_DECODE, .in = z, .out = x});
}

jem_status autoencoder_decode_jvp(autoencoder *a, autoencoder_batch b, const float *z,
                                  const float *v, float *x, float *dx)
{
    return run(a, b,
               (job){.use = USE_JVP, .in = z, .direction = v, .out = x, .derivative = dx});
}

jem_status autoencoder_decode_vjp(autoencoder *a, autoencoder_batch b, const float *z,
                                  const float *w, float *x, float *dz)
{
    return run(a, b,
               (job){.use = USE_VJP, .in = z, .direction = w, .out = x, .derivative = dz});
}

/* ---- central differences */

/* most[i] <- the largest |v| of latent i, or 1 where v is 0. */
static void largest(float *most, const float *v, int64_t n, int64_t size)
{
    for (int64_t i = 0; i < n; ++i) {
        most[i] = 0;
        for (int64_t k = 0; k < size; ++k) most[i] = fmaxf(most[i], fabsf(v[i * size + k]));
        if (!(most[i] > 0)) most[i] = 1;
    }
}

jem_status autoencoder_decode_difference(autoencoder *a, autoencoder_batch b, const float *z,
                                         const float *v, double reach, float *dx)
{
    jem_status st;
    const int64_t factor = autoencoder_factor(&a->spec);
    const int64_t in = a->spec.latent * b.height * b.width;
    const int64_t out = a->spec.image_channels * factor * factor * b.height * b.width;
    float *moved = NULL, *behind = NULL, *most = NULL;

    TRY(MEM_NEW(moved, b.n * in));
    TRY(MEM_NEW(behind, b.n * out));
    TRY(MEM_NEW(most, b.n));
    largest(most, v, b.n, in);
    for (int sign = -1; sign <= 1; sign += 2) {
        for (int64_t i = 0; i < b.n * in; ++i)
            moved[i] = z[i] + (float)(sign * reach) / most[i / in] * v[i];
        TRY(autoencoder_decode(a, b, moved, sign < 0 ? behind : dx));
    }
    for (int64_t i = 0; i < b.n * out; ++i)
        dx[i] = (dx[i] - behind[i]) * (most[i / out] / (float)(2 * reach));
done:
    mem_free(moved);
    mem_free(behind);
    mem_free(most);
    return st;
}
