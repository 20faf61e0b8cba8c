/* What a network computes on the GPU backend against ref, through plans: forward, backward and forward mode,
 * float32 and bf16. */
#ifndef NN_DEVICE_RIG_H
#define NN_DEVICE_RIG_H

#include "support/check.h"
#include "support/gpu.h"

#include "base/mem.h"
#include "nn/ops.h"
#include "nn/plan.h"

enum { N = 3 };

static inline float *fill(int64_t n, uint32_t image, float scale)
{
    const rng_stream s = {11, RNG_TEST, 0, 0};
    float *v = NULL;
    check_ok(MEM_NEW(v, n));
    rng_fill_normal(v, n, &s, image);
    for (int64_t i = 0; i < n; i++) v[i] *= scale;
    return v;
}

/* One network on one backend: results of all passes of one plan. */
typedef struct outcome {
    float *y, *dx, *dparams, *stats, *ty, *feature;
    int64_t y_count, x_count, params, feature_count;
} outcome;

static inline void outcome_free(outcome *o)
{
    mem_free(o->y);
    mem_free(o->dx);
    mem_free(o->dparams);
    mem_free(o->stats);
    mem_free(o->ty);
    mem_free(o->feature);
}

typedef struct trial {
    const graph *g;
    const float *params, *x, *dy, *tx;
    plan_options o;
    const char *feature;
    int64_t count;
} trial;

static inline outcome compute(const trial *t, const backend *b, jem_dtype precision)
{
    const graph *g = t->g;
    const char *features[] = {t->feature, NULL};
    plan_options o = t->o;
    plan_call call = {.count = t->count, .dropout = {3, RNG_DROPOUT, 8, 0}, .image0 = 5};
    plan *p = NULL;
    workspace *w = NULL;
    outcome r = {.x_count = t->count * shape_count(g->nodes[0].op.dst),
                 .y_count = t->count * shape_count(g->nodes[g->output].op.dst),
                 .params = g->param_elements};

    o.batch = N;
    o.precision = precision;
    if (t->feature) o.features = features;
    check_ok(MEM_NEW(r.y, r.y_count));
    check_ok(MEM_NEW(r.ty, r.y_count));
    check_ok(MEM_NEW(r.dx, r.x_count));
    check_ok(MEM_NEW(r.dparams, r.params));
    check_ok(MEM_NEW(r.stats, r.params));
    if (o.train) call.batch_stats = r.stats;
    check_ok(plan_compile(&p, g, b, &o));
    check_ok(plan_load(p, t->params));
    check_ok(workspace_new(&w, p));
    if (o.tangent) {
        check_ok(plan_tangent(w, &call, t->x, t->tx, r.y, r.ty));
    } else {
        check_ok(plan_forward(w, &call, t->x, r.y));
        if (t->feature) {
            r.feature_count = t->count * shape_count(g->nodes[graph_find(g, t->feature)].op.dst);
            check_ok(MEM_NEW(r.feature, r.feature_count));
            check_ok(plan_feature(w, &call, t->feature, r.feature));
        }
        if (o.backward_input || o.backward_params) /* twice: nothing may be used up */
            for (int i = 0; i < 2; i++)
                check_ok(plan_backward(w, &call, t->dy, o.backward_input ? r.dx : NULL,
                                       o.backward_params ? r.dparams : NULL));
    }
    workspace_free(w);
    plan_free(p);
    return r;
}

static inline void judge(const char *what, const char *part, const float *got, const float *want, int64_t n,
                  double allowed)
{
    double error = 0, norm = 0;
    for (int64_t i = 0; i < n; i++) {
        error += pow((double)got[i] - (double)want[i], 2);
        norm += pow((double)want[i], 2);
    }
    if (!(error <= allowed * allowed * norm))
        fail_msg("%s: %s: relative error %.3g, allowed %.3g", what, part, sqrt(error / norm), allowed);
}

/* All that a network computes with these parameters, in float32 and, where the allowed error bf16 is above 0, in
 * bf16; allowed: of float32. */
static inline void agree_with(const char *what, const graph *g, const float *params, bool train, const char *feature,
                              double allowed_f32, double bf16)
{
    const backend *b = gpu_backend();
    const int64_t x_count = N * shape_count(g->nodes[0].op.dst);
    const int64_t y_count = N * shape_count(g->nodes[g->output].op.dst);
    float *x = fill(x_count, 2, 1), *dy = fill(y_count, 3, 1), *tx = fill(x_count, 4, 1);
    const plan_options passes[] = {
        {.train = train},
        {.backward_input = true, .train = train},
        {.backward_params = true, .train = train},
        {.backward_input = true, .backward_params = true, .train = train},
        {.tangent = true}};

    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        const trial t = {g, params, x, dy, tx, passes[i], i < 4 ? feature : NULL, i == 1 ? 2 : N};
        if ((train || g->together > 0) && i == 1) continue; /* batch statistics are of whole batches */
        outcome want = compute(&t, &backend_ref, JEM_F32);
        for (int half = 0; half < (bf16 > 0 ? 2 : 1); half++) {
            outcome got = compute(&t, b, half ? JEM_BF16 : JEM_F32);
            const double allowed = half ? bf16 : allowed_f32;
            judge(what, "output", got.y, want.y, got.y_count, allowed);
            if (t.o.tangent) judge(what, "tangent", got.ty, want.ty, got.y_count, 3 * allowed);
            if (t.o.backward_input) judge(what, "dx", got.dx, want.dx, got.x_count, 3 * allowed);
            if (t.o.backward_params)
                judge(what, "dparams", got.dparams, want.dparams, got.params, 3 * allowed);
            if (train) judge(what, "statistics", got.stats, want.stats, got.params, allowed);
            if (t.feature) judge(what, t.feature, got.feature, want.feature, got.feature_count, allowed);
            outcome_free(&got);
        }
        outcome_free(&want);
    }
    mem_free(x);
    mem_free(dy);
    mem_free(tx);
}

/* The same with random parameters. */
static inline void agree(const char *what, const graph *g, bool train, const char *feature, double bf16)
{
    float *params = fill(g->param_elements, 1, 0.3f);
    for (int i = 0; i < g->param_count; i++) /* variances are not negative */
        for (int64_t k = 0; g->params[i].role == PARAM_RUNNING_VAR && k < g->params[i].count; k++)
            params[g->params[i].offset + k] = 0.5f + fabsf(params[g->params[i].offset + k]);
    agree_with(what, g, params, train, feature, 1e-4, bf16);
    mem_free(params);
}

#endif
