/* The GPU backend's steps against ref, through plans: every op in every direction, float32
 * and bf16, arrays in the host's memory and in the device's, captured graphs. */
#include "support/check.h"
#include "support/gpu.h"

#include "base/mem.h"
#include "nn/ops.h"
#include "nn/plan.h"

enum { N = 3 };

static float *fill(int64_t n, uint32_t image, float scale)
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

static void outcome_free(outcome *o)
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

static outcome compute(const trial *t, const backend *b, jem_dtype precision)
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

static void judge(const char *what, const char *part, const float *got, const float *want, int64_t n,
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

/* All that a network computes, in float32 and in bf16, forward, backward, tangent. */
static void agree(const char *what, const graph *g, bool train, const char *feature, double bf16)
{
    const backend *b = gpu_backend();
    const int64_t x_count = N * shape_count(g->nodes[0].op.dst);
    const int64_t y_count = N * shape_count(g->nodes[g->output].op.dst);
    float *params = fill(g->param_elements, 1, 0.3f), *x = fill(x_count, 2, 1);
    float *dy = fill(y_count, 3, 1), *tx = fill(x_count, 4, 1);
    const plan_options passes[] = {
        {.train = train},
        {.backward_input = true, .train = train},
        {.backward_params = true, .train = train},
        {.backward_input = true, .backward_params = true, .train = train},
        {.tangent = true}};

    for (int i = 0; i < g->param_count; i++) /* variances are not negative */
        for (int64_t k = 0; g->params[i].role == PARAM_RUNNING_VAR && k < g->params[i].count; k++)
            params[g->params[i].offset + k] = 0.5f + fabsf(params[g->params[i].offset + k]);
    for (size_t i = 0; i < sizeof passes / sizeof *passes; i++) {
        const trial t = {g, params, x, dy, tx, passes[i], i < 4 ? feature : NULL, i == 1 ? 2 : N};
        if (train && i == 1) continue; /* batch statistics are of whole batches */
        outcome want = compute(&t, &backend_ref, JEM_F32);
        for (int half = 0; half < (bf16 > 0 ? 2 : 1); half++) {
            outcome got = compute(&t, b, half ? JEM_BF16 : JEM_F32);
            const double allowed = half ? bf16 : 1e-4;
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
    mem_free(params);
    mem_free(x);
    mem_free(dy);
    mem_free(tx);
}

static graph *begin(int64_t c, int64_t h, int64_t w)
{
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){c, h, w}));
    return g;
}

static void residual_networks_agree(void **state)
{
    (void)state;
    for (int odd = 0; odd < 2; odd++) {
        graph *g = begin(3, odd ? 9 : 12, odd ? 11 : 12);
        int x = graph_conv2d(g, 0, "stem", 16, 3, 1, 1);
        for (int i = 0; i < 2; i++) {
            char name[3][16];
            int in = x;
            for (int k = 0; k < 3; k++) snprintf(name[k], sizeof name[k], "%c%d", "asb"[k], i);
            int y = graph_lrelu(g, graph_conv2d(g, graph_lrelu(g, x, 0.2), name[0], 24, 3, 1, 1), 0.2);
            if (i == 0) in = graph_conv2d(g, x, name[1], 24, 1, 2, 0);
            x = graph_add(g, graph_conv2d(g, y, name[2], 24, 3, i == 0 ? 2 : 1, 1), in);
        }
        graph_name(g, x, "blocks");
        x = graph_pool(g, graph_lrelu(g, x, 0.2), 2, 2, 0.25);
        x = graph_linear(g, graph_concat_elu(g, x), "proj", 7);
        check_ok(graph_finish(g, graph_linear(g, x, "out", 5)));
        agree(odd ? "residual, odd" : "residual", g, false, "blocks", 5e-2);
        graph_free(g);
    }
}

static void a_linear_layer_of_a_map_agrees(void **state)
{
    graph *g = begin(5, 4, 3);
    (void)state;
    check_ok(graph_finish(g, graph_linear(g, graph_conv2d(g, 0, "c", 12, 3, 1, 1), "out", 9)));
    agree("linear", g, false, NULL, 2e-2);
    graph_free(g);
}

static void norms_agree(void **state)
{
    static const char *const names[] = {"none", "batch", "instance", "layer", "act"};
    (void)state;
    for (int kind = NORM_BATCH; kind <= NORM_ACT; kind++)
        for (int train = 0; train < 2; train++) {
            graph *g = begin(3, 6, 5);
            int x = graph_norm(g, graph_conv2d(g, 0, "c", 12, 3, 1, 1), "n", (norm_kind)kind);
            x = graph_conv2d(g, graph_lrelu(g, x, 0.2), "d", 4, 3, 1, 1);
            check_ok(graph_finish(g, graph_linear(g, x, "out", 3)));
            agree(names[kind], g, train, NULL, 3e-2);
            graph_free(g);
        }
}

static void dropout_drops_the_same(void **state)
{
    graph *g = begin(3, 6, 5);
    (void)state;
    int x = graph_dropout(g, graph_conv2d(g, 0, "c", 12, 3, 1, 1), 0.3);
    x = graph_conv2d(g, graph_lrelu(g, x, 0.2), "d", 4, 3, 1, 1);
    check_ok(graph_finish(g, graph_linear(g, x, "out", 3)));
    agree("dropout", g, true, NULL, 3e-2);
    agree("no dropout", g, false, NULL, 3e-2);
    graph_free(g);
}

static void channel_norms_gelus_and_scales_agree(void **state)
{
    graph *g = begin(3, 6, 5);
    (void)state;
    int x = graph_conv2d(g, 0, "in", 12, 3, 1, 1);
    int y = graph_norm_eps(g, x, "n", NORM_CHANNELS, 1e-6);
    y = graph_gelu(g, graph_project(g, y, "a", 20));
    y = graph_scale(g, graph_project(g, y, "b", 12), "s", "gamma");
    x = graph_add(g, graph_drop_path(g, y, 0.5), x);
    x = graph_norm_eps(g, graph_pool(g, x, 6, 5, 1.0 / 30), "m", NORM_CHANNELS, 1e-6);
    check_ok(graph_finish(g, graph_linear(g, graph_gelu(g, x), "out", 3)));
    agree("channel norms", g, false, NULL, 5e-2);
    agree("drop path", g, true, NULL, 5e-2);
    graph_free(g);
}

static void maps_to_maps_agree(void **state)
{
    static const char *const names[3] = {"q", "k", "v"};
    graph *g = begin(4, 6, 4);
    (void)state;
    int x = graph_conv2d(g, 0, "in", 16, 3, 1, 1);
    int y = graph_silu(g, graph_group_norm(g, x, "n1", 4, 1e-6));
    x = graph_add(g, graph_conv2d(g, y, "c1", 16, 3, 1, 1), x);
    y = graph_attention_qkv(g, graph_group_norm(g, x, "n2", 4, 1e-6), names);
    x = graph_add(g, graph_project(g, graph_attention(g, y), "o", 16), x);
    x = graph_silu(g, x);
    x = graph_conv2d(g, graph_upsample(g, x), "up", 8, 3, 1, 1);
    x = graph_conv2d_pad(g, x, "down", 8, 3, 2, 0, 1);
    check_ok(graph_finish(g, graph_conv2d(g, x, "end", 3, 3, 1, 1)));
    agree("maps", g, false, NULL, 5e-2);
    graph_free(g);
}

static void concatenations_agree(void **state)
{
    graph *g = begin(3, 6, 5);
    (void)state;
    int a = graph_conv2d(g, 0, "a", 12, 3, 1, 1), b = graph_lrelu(g, graph_conv2d(g, a, "b", 5, 1, 1, 0), 0.2);
    int x = graph_concat(g, (int[]){b, 0, a, b}, 4);
    x = graph_concat(g, (int[]){graph_conv2d(g, x, "c", 7, 3, 1, 1), x}, 2);
    graph_name(g, x, "joined");
    int y = graph_pool(g, x, 2, 2, 0.25);
    check_ok(graph_finish(g, graph_linear(g, graph_concat(g, (int[]){y, y}, 2), "out", 3)));
    agree("concatenation", g, false, "joined", 3e-2);
    graph_free(g);
}

/* Arrays in the device's memory, and a graph launched again with other values. */
static void captured_graphs_compute_what_lies_there_then(void **state)
{
    const backend *b = gpu_backend();
    const device *d = b->device;
    graph *g = begin(3, 8, 8);
    plan *p = NULL;
    workspace *w = NULL;
    device_graph *captured = NULL;
    const plan_call call = {.count = N};
    const int64_t xs = N * 3 * 64, ys = N * 5;
    float *params[2], *x, *y, *want = NULL, *host[2][2], *got = NULL;
    (void)state;

    int v = graph_lrelu(g, graph_conv2d(g, 0, "c", 16, 3, 1, 1), 0.2);
    check_ok(graph_finish(g, graph_linear(g, graph_pool(g, v, 8, 8, 1.0 / 64), "out", 5)));
    const size_t bytes = (size_t)g->param_elements * sizeof(float);
    for (uint32_t i = 0; i < 2; i++) {
        host[i][0] = fill(g->param_elements, i, 0.3f);
        host[i][1] = fill(xs, 7 + i, 1);
        check_ok(d->alloc(&params[i], bytes));
        check_ok(d->copy(params[i], host[i][0], bytes));
    }
    check_ok(d->alloc(&x, (size_t)xs * sizeof *x));
    check_ok(d->alloc(&y, (size_t)ys * sizeof *y));
    check_ok(MEM_NEW(got, ys));
    check_ok(MEM_NEW(want, ys));
    const plan_options o = {.batch = N, .precision = JEM_F32};
    check_ok(plan_compile(&p, g, b, &o));
    check_ok(workspace_new(&w, p));
    check_ok(d->capture());
    check_ok(plan_load_resident(p, params[0]));
    check_ok(plan_forward(w, &call, x, y));
    check_ok(d->capture_end(&captured));
    for (int i = 0; i < 2; i++) {
        check_ok(d->copy(params[0], host[i][0], bytes));
        check_ok(d->copy(x, host[i][1], (size_t)xs * sizeof *x));
        check_ok(d->graph_launch(captured));
        check_ok(d->copy(got, y, (size_t)ys * sizeof *y));
        check_ok(plan_load(p, host[i][0]));
        check_ok(plan_forward(w, &call, host[i][1], want));
        assert_memory_equal(got, want, (size_t)ys * sizeof *y);
    }
    d->graph_free(captured);
    check_ok(d->capture());
    check_fails(plan_forward(w, &call, host[0][1], want), JEM_EINTERNAL, "graph");
    check_ok(d->capture_end(&captured));
    d->graph_free(captured);
    workspace_free(w);
    plan_free(p);
    for (int i = 0; i < 2; i++) {
        d->free(params[i]);
        mem_free(host[i][0]);
        mem_free(host[i][1]);
    }
    d->free(x);
    d->free(y);
    mem_free(got);
    mem_free(want);
    graph_free(g);
}

static void what_a_gpu_cannot_do_is_said(void **state)
{
    const backend *b = gpu_backend(), *other;
    (void)state;
    check_fails(b->supports(JEM_F64), JEM_EUSAGE, "ref");
    check_fails(backend_find(&other, "cuda:1"), JEM_EUSAGE, "one process");
    check_fails(backend_find(&other, "cuda:x"), JEM_EUSAGE, "no such device");
    check_fails(backend_find(&other, "abacus"), JEM_EUSAGE, "choose cpu, cuda");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(residual_networks_agree),
        cmocka_unit_test(a_linear_layer_of_a_map_agrees),
        cmocka_unit_test(norms_agree),
        cmocka_unit_test(dropout_drops_the_same),
        cmocka_unit_test(channel_norms_gelus_and_scales_agree),
        cmocka_unit_test(maps_to_maps_agree),
        cmocka_unit_test(concatenations_agree),
        cmocka_unit_test(captured_graphs_compute_what_lies_there_then),
        cmocka_unit_test(what_a_gpu_cannot_do_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
