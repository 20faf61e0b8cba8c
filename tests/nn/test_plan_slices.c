/* Batches that batch norms couple, in slices: against ref, which takes them whole, and with the same
 * bits for any number of threads. */
#include "support/check.h"

#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "nn/executor.h"
#include "nn/ops.h"

enum { SIDE = 8, INPUT = 3 * SIDE * SIDE, CLASSES = 5, MOST = 11 };

/* Norms behind convolutions of odd and even channels, with a rectifier behind them and without, of a map
 * in plain layout and of a vector. */
static graph *coupled_graph(bool concat)
{
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){3, SIDE, SIDE}));
    int x = graph_lrelu(g, graph_norm(g, graph_conv2d(g, 0, "stem", 20, 3, 1, 1), "n0", NORM_BATCH), 0);
    int y = graph_lrelu(g, graph_norm(g, graph_conv2d(g, x, "a", 32, 3, 2, 1), "n1", NORM_BATCH), 0.2);
    const conv_shape b = {.out = 32, .kernel = {3, 3}, .stride = 1, .begin = {1, 1}, .end = {1, 1}, .no_bias = true};
    y = graph_norm(g, graph_conv(g, y, "b", &b), "n2", NORM_BATCH);
    x = graph_norm(g, graph_conv2d(g, x, "around", 32, 1, 2, 0), "n3", NORM_BATCH);
    x = graph_max_pool(g, graph_lrelu(g, graph_add(g, y, x), 0.1), 2, 2, 0, false);
    graph_name(g, x, "pooled");
    if (concat) x = graph_concat_elu(g, x); /* in float32 alone */
    x = graph_lrelu(g, graph_norm(g, x, "n4", NORM_BATCH), 0.3);
    x = graph_norm(g, graph_linear(g, x, "flat", 12), "n5", NORM_BATCH);
    check_ok(graph_finish(g, graph_linear(g, x, "out", CLASSES)));
    return g;
}

static void fill(float *v, int64_t n, uint32_t seed, float scale)
{
    for (int64_t i = 0; i < n; ++i) {
        seed = seed * 1664525u + 1013904223u;
        v[i] = scale * ((float)(seed >> 8) / 8388608.0f - 1.0f);
    }
}

/* What a pass computes. */
typedef struct results {
    float logits[MOST * CLASSES], dx[MOST * INPUT], pooled[MOST * 32 * 2 * 2];
    float *dparams, *layers, *stats;
} results;

typedef struct rig {
    graph *g;
    float *params, x[MOST * INPUT], d[MOST * CLASSES];
} rig;

static void rig_init(rig *r, bool concat)
{
    r->g = coupled_graph(concat);
    check_ok(MEM_NEW(r->params, r->g->param_elements));
    fill(r->params, r->g->param_elements, 1, 0.3f);
    fill(r->x, MOST * INPUT, 2, 1);
    fill(r->d, MOST * CLASSES, 3, 1);
    for (int i = 0; i < r->g->param_count; ++i) {
        const param *p = &r->g->params[i];
        for (int64_t k = 0; k < p->count; ++k)
            if (p->role == PARAM_NORM_WEIGHT) r->params[p->offset + k] += 1;
    }
}

static void rig_clear(rig *r)
{
    graph_free(r->g);
    mem_free(r->params);
}

static results *results_new(const rig *r)
{
    results *out = NULL;
    check_ok(MEM_NEW(out, 1));
    check_ok(MEM_NEW(out->dparams, r->g->param_elements));
    check_ok(MEM_NEW(out->layers, r->g->param_elements));
    check_ok(MEM_NEW(out->stats, r->g->param_elements));
    return out;
}

static void results_free(results *r)
{
    mem_free(r->dparams);
    mem_free(r->layers);
    mem_free(r->stats);
    mem_free(r);
}

/* Adds layers' shares to a flat vector, up to the layer it wants no more of. */
typedef struct gatherer {
    float *flat;
    int end;
} gatherer;

static bool gather(void *ctx, int layer, int64_t first, int64_t count, const void *part)
{
    const gatherer *g = ctx;
    for (int64_t i = 0; i < count; ++i) g->flat[first + i] += ((const float *)part)[i];
    return layer < g->end;
}

/* Both kinds of gradients need two plans: what a training has computes those to parameters alone. */
static void compute(results *out, const rig *r, const backend *b, plan_options o, int64_t count, int threads)
{
    static const char *const names[] = {"pooled", NULL};
    const plan_call call = {.count = count, .batch_stats = out->stats, .dropout = {1, RNG_TEST, 2, 0}};
    pool *helpers = NULL;
    if (threads > 0) check_ok(pool_new(&helpers, threads));
    o.train = true;
    o.features = names;
    for (int to_params = 0; to_params < 2; ++to_params) {
        plan *p = NULL;
        workspace *w = NULL;
        float *part = NULL;
        o.backward_params = to_params == 1;
        o.backward_input = to_params == 0;
        check_ok(plan_compile(&p, r->g, b, &o));
        check_ok(plan_load(p, r->params));
        check_ok(workspace_new_shared(&w, p, threads > 0 ? threads : 1));
        workspace_set_helpers(w, helpers);
        check_ok(plan_forward(w, &call, r->x, out->logits));
        check_ok(plan_feature(w, &call, "pooled", out->pooled));
        check_ok(plan_backward(w, &call, r->d, to_params ? NULL : out->dx, to_params ? out->dparams : NULL));
        if (to_params) {
            check_ok(MEM_NEW(part, plan_largest_layer(p)));
            const plan_sink sink = {part, gather, &(gatherer){out->layers, plan_layer_count(p)}};
            check_ok(plan_backward_layers(w, &call, r->d, &sink));
        }
        mem_free(part);
        workspace_free(w);
        plan_free(p);
    }
    pool_free(helpers);
}

static void near(const char *what, const float *a, const float *b, int64_t n, double tolerance)
{
    double squares = 0, apart = 0;
    for (int64_t i = 0; i < n; ++i) {
        squares += (double)b[i] * (double)b[i];
        apart += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
    }
    if (!(apart <= tolerance * tolerance * squares))
        fail_msg("%s: %.3g apart of %.3g", what, sqrt(apart), sqrt(squares));
}

static void all_near(const results *a, const results *b, const rig *r, int64_t count, double tolerance)
{
    near("logits", a->logits, b->logits, count * CLASSES, tolerance);
    near("pooled", a->pooled, b->pooled, count * 128, tolerance);
    near("dx", a->dx, b->dx, count * INPUT, 10 * tolerance);
    near("dparams", a->dparams, b->dparams, r->g->param_elements, 10 * tolerance);
    near("layers", a->layers, a->dparams, r->g->param_elements, 1e-7);
    near("statistics", a->stats, b->stats, r->g->param_elements, tolerance);
}

static void same_bits(const results *a, const results *b, const rig *r)
{
    const size_t bytes = (size_t)r->g->param_elements * sizeof(float);
    assert_memory_equal(a->logits, b->logits, sizeof a->logits);
    assert_memory_equal(a->dx, b->dx, sizeof a->dx);
    assert_memory_equal(a->dparams, b->dparams, bytes);
    assert_memory_equal(a->layers, b->layers, bytes);
    assert_memory_equal(a->stats, b->stats, bytes);
}

static void slices_of_a_batch_are_normalised_together(void **state)
{
    static const struct {
        int64_t batch, slice, count;
        int slices;
    } cases[] = {{8, 0, 8, 1}, {8, 4, 8, 2}, {8, 3, 8, 3}, {11, 2, 11, 6}, {8, 3, 5, 3}, {8, 3, 3, 3}, {6, 1, 6, 6}};
    rig r;
    (void)state;
    rig_init(&r, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const plan_options o = {.batch = cases[i].batch, .slice = cases[i].slice, .precision = JEM_F32};
        const plan_options whole = {.batch = cases[i].count, .precision = JEM_F32};
        results *ref = results_new(&r), *alone = results_new(&r), *shared = results_new(&r), *many = results_new(&r);
        plan_options trained = o;
        plan *p = NULL;
        trained.train = true;
        check_ok(plan_compile(&p, r.g, &backend_cpu, &trained));
        assert_int_equal(plan_slices(p), cases[i].slices);
        plan_free(p);
        compute(ref, &r, &backend_ref, whole, cases[i].count, 0);
        compute(alone, &r, &backend_cpu, o, cases[i].count, 0);
        compute(shared, &r, &backend_cpu, o, cases[i].count, 2);
        compute(many, &r, &backend_cpu, o, cases[i].count, 5);
        all_near(alone, ref, &r, cases[i].count, 1e-4);
        same_bits(alone, shared, &r);
        same_bits(alone, many, &r);
        results_free(ref);
        results_free(alone);
        results_free(shared);
        results_free(many);
    }
    rig_clear(&r);
}

static void slices_in_bf16_are_near_the_whole_batch(void **state)
{
    const plan_options whole = {.batch = 8, .precision = JEM_F32}, o = {.batch = 8, .slice = 3, .precision = JEM_BF16};
    rig r;
    (void)state;
    if (backend_cpu.supports(JEM_BF16) != JEM_OK) skip();
    rig_init(&r, false);
    results *ref = results_new(&r), *alone = results_new(&r), *shared = results_new(&r);
    compute(ref, &r, &backend_ref, whole, 8, 0);
    compute(alone, &r, &backend_cpu, o, 8, 0);
    compute(shared, &r, &backend_cpu, o, 8, 3);
    near("logits", alone->logits, ref->logits, 8 * CLASSES, 0.03);
    near("dparams", alone->dparams, ref->dparams, r.g->param_elements, 0.1);
    same_bits(alone, shared, &r);
    results_free(ref);
    results_free(alone);
    results_free(shared);
    rig_clear(&r);
}

/* Which sums of squares would not survive in float32. */
static void means_far_from_zero_cancel_nothing(void **state)
{
    const plan_options o = {.batch = 8, .slice = 3, .precision = JEM_F32, .train = true};
    float x[8 * INPUT], logits[2][8 * CLASSES];
    const backend *const backends[2] = {&backend_cpu, &backend_ref};
    graph *g = NULL;
    float *params = NULL;
    (void)state;
    check_ok(graph_new(&g, (shape){3, SIDE, SIDE}));
    check_ok(graph_finish(g, graph_linear(g, graph_norm(g, 0, "n", NORM_BATCH), "out", CLASSES)));
    check_ok(MEM_NEW(params, g->param_elements));
    fill(params, g->param_elements, 1, 1);
    fill(x, 8 * INPUT, 2, 1);
    for (int i = 0; i < 8 * INPUT; ++i) x[i] += 1000;
    for (int b = 0; b < 2; ++b) {
        plan *p = NULL;
        workspace *w = NULL;
        check_ok(plan_compile(&p, g, backends[b], &o));
        check_ok(plan_load(p, params));
        check_ok(workspace_new(&w, p));
        check_ok(plan_forward(w, &(plan_call){.count = 8}, x, logits[b]));
        workspace_free(w);
        plan_free(p);
    }
    near("logits", logits[0], logits[1], 8 * CLASSES, 1e-4);
    mem_free(params);
    graph_free(g);
}

static void plans_that_couple_nothing_stay_whole(void **state)
{
    const plan_options evaluated = {.batch = 8, .slice = 2, .precision = JEM_F32};
    plan_options trained = evaluated;
    graph *g = coupled_graph(true);
    plan *p = NULL;
    (void)state;
    check_ok(plan_compile(&p, g, &backend_cpu, &evaluated));
    assert_int_equal(plan_slices(p), 1);
    plan_free(p);
    trained.train = true;
    check_ok(plan_compile(&p, g, &backend_ref, &trained)); /* its loops take a batch at once */
    assert_int_equal(plan_slices(p), 1);
    plan_free(p);
    graph_free(g);
}

static void a_sink_ends_the_pass(void **state)
{
    rig r;
    plan *p = NULL;
    workspace *w = NULL;
    pool *helpers = NULL;
    const plan_options o = {.batch = 8, .slice = 2, .precision = JEM_F32, .train = true, .backward_params = true};
    const plan_call call = {.count = 8};
    (void)state;
    rig_init(&r, true);
    results *out = results_new(&r);
    check_ok(pool_new(&helpers, 2));
    check_ok(plan_compile(&p, r.g, &backend_cpu, &o));
    check_ok(plan_load(p, r.params));
    check_ok(workspace_new_shared(&w, p, 2));
    workspace_set_helpers(w, helpers);
    check_ok(plan_forward(w, &call, r.x, out->logits));
    const plan_sink sink = {NULL, gather, &(gatherer){out->layers, 0}};
    check_ok(plan_backward_layers(w, &call, r.d, &sink));
    assert_true(check_largest(out->layers, r.g->param_elements) > 0); /* the last layer's */
    assert_true(out->layers[0] == 0);                                 /* not the first one's */
    workspace_free(w);
    plan_free(p);
    pool_free(helpers);
    results_free(out);
    rig_clear(&r);
}

static void times_of_slices_are_summed(void **state)
{
    rig r;
    executor e;
    workspace *w = NULL;
    const plan_options o = {.batch = 8, .slice = 2, .precision = JEM_F32, .train = true};
    const plan_call call = {.count = 8};
    float logits[8 * CLASSES];
    (void)state;
    rig_init(&r, true);
    check_ok(executor_compile(&e, r.g, &backend_cpu, &o, 2));
    check_ok(plan_load(e.p, r.params));
    check_ok(executor_workspace(&w, &e, 0));
    check_ok(executor_time_steps(&e));
    for (int i = 0; i < 3; ++i) check_ok(plan_forward(w, &call, r.x, logits));
    for (int i = 0; i < plan_step_count(e.p); ++i) {
        const plan_time t = executor_time(&e, i);
        assert_int_equal(t.runs, 12);
        assert_true(t.seconds > 0 && t.counted >= 1);
    }
    executor_clear(&e);
    rig_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_of_a_batch_are_normalised_together),
        cmocka_unit_test(slices_in_bf16_are_near_the_whole_batch),
        cmocka_unit_test(means_far_from_zero_cancel_nothing),
        cmocka_unit_test(plans_that_couple_nothing_stay_whole),
        cmocka_unit_test(a_sink_ends_the_pass),
        cmocka_unit_test(times_of_slices_are_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
