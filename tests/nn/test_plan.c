/* Plans: the cpu backend against ref on whole networks, memory by liveness,
 * partial batches, repeated backward passes, features, and no allocation. */
#include "support/check.h"

#include <malloc.h>

#include "base/mem.h"
#include "nn/ops.h"
#include "nn/plan.h"

typedef struct net {
    plan *p;
    workspace *w;
} net;

static float value(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0f - 1.0f;
}

static float *fill(int64_t n, uint32_t seed, float scale)
{
    float *v = NULL;
    check_ok(MEM_NEW(v, n));
    for (int64_t i = 0; i < n; ++i) v[i] = scale * value(&seed);
    return v;
}

static net compile(const graph *g, const backend *b, const plan_options *o, const float *params)
{
    net t;
    check_ok(plan_compile(&t.p, g, b, o));
    check_ok(plan_load(t.p, params));
    check_ok(workspace_new(&t.w, t.p));
    return t;
}

static void clear(net *t)
{
    workspace_free(t->w);
    plan_free(t->p);
}

/* Two residual blocks with everything a plan fuses, on an odd image size. */
static graph *residual_graph(int64_t channels, int64_t h, int64_t w)
{
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){channels, h, w}));
    int x = graph_conv2d(g, 0, "stem", 16, 3, 1, 1);
    for (int i = 0; i < 2; ++i) {
        char name[32];
        int in = x;
        snprintf(name, sizeof name, "a%d", i);
        int y = graph_lrelu(g, graph_conv2d(g, graph_lrelu(g, x, 0.2), name, 32, 3, 1, 1), 0.2);
        snprintf(name, sizeof name, "s%d", i);
        if (i == 0) in = graph_conv2d(g, x, name, 32, 1, 2, 0);
        snprintf(name, sizeof name, "b%d", i);
        x = graph_add(g, graph_conv2d(g, y, name, 32, 3, i == 0 ? 2 : 1, 1), in);
        snprintf(name, sizeof name, "block%d", i);
        graph_name(g, x, name);
    }
    x = graph_pool(g, graph_lrelu(g, x, 0.2), 2, 2, 0.25);
    x = graph_linear(g, graph_concat_elu(g, x), "proj", 7);
    graph_name(g, x, "proj");
    check_ok(graph_finish(g, graph_linear(g, x, "out", 5)));
    return g;
}

static void compare(const char *what, const float *a, const float *b, int64_t n, double tolerance)
{
    double scale = check_largest(b, n);
    for (int64_t i = 0; i < n; ++i)
        if (!(fabs((double)a[i] - (double)b[i]) <= tolerance * scale))
            fail_msg("%s[%lld]: cpu %.9g, ref %.9g (scale %.3g)", what, (long long)i, (double)a[i],
                     (double)b[i], scale);
}

/* bf16 flips the odd rectifier, which moves single gradients a lot and the whole
 * little: judged by the norm of the difference. */
static void compare_norm(const char *what, const float *a, const float *b, int64_t n,
                         double tolerance)
{
    double error = 0, norm = 0;
    for (int64_t i = 0; i < n; ++i) {
        error += pow((double)a[i] - (double)b[i], 2);
        norm += pow((double)b[i], 2);
    }
    if (!(error <= tolerance * tolerance * norm))
        fail_msg("%s: relative error %.3g, allowed %.3g", what, sqrt(error / norm), tolerance);
}

static void compare_backends(int64_t channels, int64_t h, int64_t w, int64_t n, jem_dtype precision,
                             double tolerance)
{
    graph *g = residual_graph(channels, h, w);
    const char *features[] = {"block0", "block1", "proj", NULL};
    plan_options o = {.batch = n, .precision = JEM_F32, .backward_input = true,
                      .backward_params = true, .features = features};
    float *params = fill(g->param_elements, 1, 0.15f), *x = fill(n * channels * h * w, 2, 1.0f);
    float *d = fill(n * 5, 3, 1.0f);
    net ref = compile(g, &backend_ref, &o, params);
    o.precision = precision;
    net cpu = compile(g, &backend_cpu, &o, params);
    plan_call call = {.count = n};
    int64_t sizes[4] = {n * 5, n * channels * h * w, g->param_elements, n * 32 * h * w};
    float *out[2][4];
    void (*judge)(const char *, const float *, const float *, int64_t, double) =
        precision == JEM_BF16 ? compare_norm : compare;

    for (int b = 0; b < 2; ++b) {
        workspace *ws = b ? ref.w : cpu.w;
        for (int k = 0; k < 4; ++k) check_ok(MEM_NEW(out[b][k], sizes[k]));
        check_ok(plan_forward(ws, &call, x, out[b][0]));
        check_ok(plan_backward(ws, &call, d, out[b][1], out[b][2]));
        check_ok(plan_feature(ws, &call, "block1", out[b][3]));
    }
    judge("logits", out[0][0], out[1][0], sizes[0], tolerance);
    judge("dx", out[0][1], out[1][1], sizes[1], tolerance);
    judge("dparams", out[0][2], out[1][2], sizes[2], tolerance);
    judge("block1", out[0][3], out[1][3], sizes[3], tolerance);
    for (int b = 0; b < 2; ++b)
        for (int k = 0; k < 4; ++k) mem_free(out[b][k]);
    clear(&ref);
    clear(&cpu);
    graph_free(g);
    mem_free(params);
    mem_free(x);
    mem_free(d);
}

static void cpu_agrees_with_ref_on_odd_sizes_and_channels(void **state)
{
    (void)state;
    const int64_t sizes[][4] = {{3, 32, 32, 4}, {1, 9, 13, 3}, {3, 17, 8, 1}, {4, 16, 16, 2}, {20, 7, 7, 2}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i)
        compare_backends(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], JEM_F32, 2e-5);
}

/* What networks for ImageNet have beside that: strides, groups, windows, ReLU6, an odd map. */
static graph *windows_graph(void)
{
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){3, 29, 23}));
    int x = graph_conv(g, 0, "stem", &(conv_shape){32, {7, 7}, 2, {3, 3}, {3, 3}, 1, true});
    x = graph_lrelu(g, graph_norm_eps(g, x, "n", NORM_BATCH, 1e-3), 0);
    x = graph_max_pool(g, x, 3, 2, 1, true);
    int y = graph_relu6(g, graph_conv(g, x, "dw", &(conv_shape){32, {5, 5}, 1, {2, 2}, {2, 2}, 32, true}));
    y = graph_conv(g, y, "rect", &(conv_shape){20, {1, 3}, 1, {0, 1}, {0, 1}, 4, false});
    x = graph_concat(g, (int[]){graph_relu6(g, y), graph_max_pool(g, x, 3, 1, 1, false)}, 2);
    x = graph_relu6(g, graph_conv2d(g, x, "head", 48, 1, 1, 0));
    graph_name(g, x, "head");
    check_ok(graph_finish(g, graph_linear(g, graph_adaptive_mean(g, x, 2, 3), "out", 5)));
    return g;
}

static void windows_and_groups_agree_with_ref(void **state)
{
    (void)state;
    enum { N = 3, IN = 3 * 29 * 23 };
    graph *g = windows_graph();
    float *params = fill(g->param_elements, 1, 0.2f), *x = fill(N * IN, 2, 1.0f);
    float *d = fill(N * 5, 3, 1.0f), *logits[2], *dx[2], *dparams[2];
    for (int i = 0; i < g->param_count; ++i)
        for (int64_t k = 0; g->params[i].role == PARAM_RUNNING_VAR && k < g->params[i].count; ++k)
            params[g->params[i].offset + k] += 1;
    for (int half = 0; half < 2; ++half) {
        plan_options o = {.batch = N, .precision = JEM_F32, .backward_input = true, .backward_params = true};
        if (half && backend_cpu.supports(JEM_BF16)) continue;
        net nets[2];
        nets[1] = compile(g, &backend_ref, &o, params);
        if (half) o.precision = JEM_BF16;
        nets[0] = compile(g, &backend_cpu, &o, params);
        for (int b = 0; b < 2; ++b) {
            plan_call call = {.count = N};
            check_ok(MEM_NEW(logits[b], N * 5));
            check_ok(MEM_NEW(dx[b], N * IN));
            check_ok(MEM_NEW(dparams[b], g->param_elements));
            check_ok(plan_forward(nets[b].w, &call, x, logits[b]));
            check_ok(plan_backward(nets[b].w, &call, d, dx[b], dparams[b]));
            clear(&nets[b]);
        }
        compare_norm("logits", logits[0], logits[1], N * 5, half ? 3e-2 : 1e-5);
        compare_norm("dx", dx[0], dx[1], N * IN, half ? 2e-1 : 1e-4);
        compare_norm("dparams", dparams[0], dparams[1], g->param_elements, half ? 2e-1 : 1e-4);
        for (int b = 0; b < 2; ++b) {
            mem_free(logits[b]);
            mem_free(dx[b]);
            mem_free(dparams[b]);
        }
    }
    graph_free(g);
    mem_free(params);
    mem_free(x);
    mem_free(d);
}

static int batch_norm(graph *g, int x, const char *name, bool running)
{
    return running ? graph_norm(g, x, name, NORM_BATCH) : graph_batch_norm(g, x, name, 1e-5);
}

/* Norms before rectifiers, one of them with channels that fill no vector; with running statistics or without. */
static graph *batch_norm_graph(bool running)
{
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){3, 9, 11}));
    int x = graph_conv2d(g, 0, "stem", 20, 3, 1, 1);
    int y = graph_lrelu(g, batch_norm(g, x, "n0", running), 0.2);
    y = graph_conv2d(g, y, "a", 20, 3, 1, 1);
    y = graph_lrelu(g, batch_norm(g, y, "n1", running), 0.2);
    x = graph_add(g, graph_conv2d(g, y, "b", 20, 3, 1, 1), x);
    x = graph_pool(g, graph_lrelu(g, batch_norm(g, x, "n2", running), 0.2), 3, 11, 1.0 / 33);
    check_ok(graph_finish(g, graph_linear(g, x, "out", 5)));
    return g;
}

static void batch_norms_agree(bool running)
{
    enum { N = 5, IN = 3 * 9 * 11 };
    graph *g = batch_norm_graph(running);
    float *params = fill(g->param_elements, 1, 0.3f), *x = fill(N * IN, 2, 1.0f);
    float *d = fill(N * 5, 3, 1.0f);
    for (int i = 0; i < g->param_count; ++i)
        for (int64_t k = 0; g->params[i].role == PARAM_RUNNING_VAR && k < g->params[i].count; ++k)
            params[g->params[i].offset + k] += 1;
    for (int train = 0; train < 2; ++train) {
        plan_options o = {.batch = N, .precision = JEM_F32, .backward_input = true,
                          .backward_params = true, .train = train};
        net nets[2] = {compile(g, &backend_cpu, &o, params), compile(g, &backend_ref, &o, params)};
        float *out[2][4];
        int64_t sizes[4] = {N * 5, N * IN, g->param_elements, g->param_elements};
        for (int b = 0; b < 2; ++b) {
            for (int k = 0; k < 4; ++k) check_ok(MEM_NEW(out[b][k], sizes[k]));
            plan_call call = {.count = N, .batch_stats = out[b][3]};
            check_ok(plan_forward(nets[b].w, &call, x, out[b][0]));
            check_ok(plan_backward(nets[b].w, &call, d, out[b][1], out[b][2]));
        }
        compare("logits", out[0][0], out[1][0], sizes[0], 2e-5);
        compare("dx", out[0][1], out[1][1], sizes[1], 5e-5);
        compare("dparams", out[0][2], out[1][2], sizes[2], 5e-5);
        if (train) compare("statistics", out[0][3], out[1][3], sizes[3], 1e-5);
        for (int b = 0; b < 2; ++b) {
            for (int k = 0; k < 4; ++k) mem_free(out[b][k]);
            clear(&nets[b]);
        }
    }
    graph_free(g);
    mem_free(params);
    mem_free(x);
    mem_free(d);
}

static void batch_norms_agree_with_ref_in_both_modes(void **state)
{
    (void)state;
    batch_norms_agree(true);
    batch_norms_agree(false);
}

static int norm_steps(const plan *p)
{
    int count = 0;
    for (int i = 0; i < plan_step_count(p); ++i) {
        const step *s = plan_step(p, i);
        count += s->kind == STEP_FORWARD && s->op.kind == OP_NORM;
    }
    return count;
}

/* Which evaluation does as training does, and nothing folds. */
static void batch_norms_without_running_statistics_take_the_batch_s_in_evaluation(void **state)
{
    (void)state;
    enum { N = 4, IN = 3 * 9 * 11 };
    graph *g = batch_norm_graph(false);
    float *params = fill(g->param_elements, 1, 0.3f), *x = fill(N * IN, 2, 1.0f), logits[2][N * 5];
    for (int train = 0; train < 2; ++train) {
        const plan_options o = {.batch = N, .precision = JEM_F32, .train = train};
        net t = compile(g, &backend_cpu, &o, params);
        assert_int_equal(norm_steps(t.p), 3);
        check_ok(plan_forward(t.w, &(plan_call){.count = N}, x, logits[train]));
        clear(&t);
    }
    compare("logits", logits[0], logits[1], N * 5, 0);
    for (int i = 0; i < g->param_count; ++i) assert_true(g->params[i].role <= PARAM_NORM_BIAS);
    graph_free(g);
    mem_free(params);
    mem_free(x);
}

/* Of the three norms one has a convolution of its own before it: n0's is read by the sum, too, n2's source is a sum. */
static void batch_norms_are_folded_where_nothing_else_reads_the_convolution(void **state)
{
    enum { N = 2, IN = 3 * 9 * 11 };
    const char *const names[] = {"a", NULL};
    graph *g = batch_norm_graph(true);
    const plan_options eval = {.batch = N, .precision = JEM_F32, .backward_input = true};
    plan_options other[3] = {eval, eval, eval};
    float *params = fill(g->param_elements, 1, 0.3f), *x = fill(N * IN, 2, 1.0f), *d = fill(N * 5, 3, 1.0f);
    float logits[2][N * 5], dx[2][N * IN];
    const plan_call call = {.count = N};
    (void)state;
    for (int i = 0; i < g->node_count; ++i)
        if (g->nodes[i].op.kind == OP_NORM && g->nodes[g->nodes[i].src[0]].op.kind == OP_CONV2D)
            graph_name(g, g->nodes[i].src[0], i > 4 ? "a" : "stem");
    other[0].train = true;
    other[1].backward_params = true;
    other[2].features = names;
    for (int round = 0; round < 2; ++round) { /* other parameters are folded anew */
        for (int64_t i = 0; i < g->param_elements; ++i) params[i] += round ? 0.05f : 0;
        for (int i = 0; i < g->param_count; ++i)
            for (int64_t k = 0; round == 0 && g->params[i].role == PARAM_RUNNING_VAR && k < g->params[i].count; ++k)
                params[g->params[i].offset + k] += 1;
        net nets[2] = {compile(g, &backend_cpu, &eval, params), compile(g, &backend_ref, &eval, params)};
        assert_int_equal(norm_steps(nets[0].p), 2);
        assert_int_equal(norm_steps(nets[1].p), 3); /* ref computes what is written */
        for (int b = 0; b < 2; ++b) {
            check_ok(plan_forward(nets[b].w, &call, x, logits[b]));
            check_ok(plan_backward(nets[b].w, &call, d, dx[b], NULL));
        }
        compare("logits", logits[0], logits[1], N * 5, 2e-5);
        compare("dx", dx[0], dx[1], N * IN, 5e-5);
        for (int i = 0; i < 3; ++i) { /* whose weights are others: nothing is shared with them */
            net t = compile(g, &backend_cpu, &other[i], params);
            assert_int_equal(norm_steps(t.p), 3);
            plan_share_weights(t.p, nets[0].p);
            check_ok(plan_load(t.p, params));
            check_ok(plan_forward(t.w, &call, x, logits[0]));
            if (i > 0) compare("beside folded ones", logits[0], logits[1], N * 5, 2e-5);
            clear(&t);
        }
        clear(&nets[0]);
        clear(&nets[1]);
    }
    graph_free(g);
    mem_free(params);
    mem_free(x);
    mem_free(d);
}

/* A linear layer right behind a map of 6 x 5 x 4, as networks flatten it in PyTorch. */
enum { FLAT_N = 3, FLAT_IN = 2 * 5 * 4, FLAT_MAP = 6 * 5 * 4, FLAT_OUT = 7, FLAT_PARAMS = 6 * (2 * 9 + 1) + 7 * (120 + 1) };

typedef struct flattened {
    float map[FLAT_N * FLAT_MAP], logits[FLAT_N * FLAT_OUT], dx[FLAT_N * FLAT_IN], dparams[FLAT_PARAMS];
} flattened;

/* In the weights' order: channels, then rows, then columns. */
static void expect_products_by_channel_row_and_column(const flattened *t, const float *params, double tolerance)
{
    float want[FLAT_N * FLAT_OUT];
    const float *weight = params + 6 * (2 * 9 + 1), *bias = weight + FLAT_OUT * FLAT_MAP;

    for (int i = 0; i < FLAT_N; ++i)
        for (int k = 0; k < FLAT_OUT; ++k) {
            double sum = (double)bias[k];
            for (int j = 0; j < FLAT_MAP; ++j)
                sum += (double)weight[k * FLAT_MAP + j] * (double)t->map[i * FLAT_MAP + j];
            want[i * FLAT_OUT + k] = (float)sum;
        }
    compare("logits by hand", t->logits, want, FLAT_N * FLAT_OUT, tolerance);
}

static void compute_flattened(flattened *t, const backend *b, jem_dtype precision)
{
    const char *const features[] = {"map", NULL};
    const plan_options o = {.batch = FLAT_N, .precision = precision, .backward_input = true,
                            .backward_params = true, .features = features};
    const plan_call call = {.count = FLAT_N};
    graph *g = NULL;

    check_ok(graph_new(&g, (shape){2, 5, 4}));
    int x = graph_lrelu(g, graph_conv2d(g, 0, "map", 6, 3, 1, 1), 0.1);
    graph_name(g, x, "map");
    check_ok(graph_finish(g, graph_linear(g, x, "out", FLAT_OUT)));
    assert_int_equal(g->param_elements, FLAT_PARAMS);
    float *params = fill(FLAT_PARAMS, 1, 0.3f), *in = fill(FLAT_N * FLAT_IN, 2, 1), *d = fill(FLAT_N * FLAT_OUT, 3, 1);
    net n = compile(g, b, &o, params);
    check_ok(plan_forward(n.w, &call, in, t->logits));
    check_ok(plan_backward(n.w, &call, d, t->dx, t->dparams));
    check_ok(plan_feature(n.w, &call, "map", t->map));
    expect_products_by_channel_row_and_column(t, params, 1e-5);
    clear(&n);
    graph_free(g);
    mem_free(params);
    mem_free(in);
    mem_free(d);
}

static void linear_layers_of_maps_read_channels_then_rows_then_columns(void **state)
{
    flattened ref, cpu;
    const bool bf16 = backend_cpu.supports(JEM_BF16) == JEM_OK;
    (void)state;
    compute_flattened(&ref, &backend_ref, JEM_F32);
    for (int half = 0; half < 1 + bf16; ++half) {
        compute_flattened(&cpu, &backend_cpu, half ? JEM_BF16 : JEM_F32);
        const double tolerance = half ? 5e-2 : 1e-5;
        compare_norm("map", cpu.map, ref.map, FLAT_N * FLAT_MAP, tolerance);
        compare_norm("logits", cpu.logits, ref.logits, FLAT_N * FLAT_OUT, tolerance);
        compare_norm("dx", cpu.dx, ref.dx, FLAT_N * FLAT_IN, tolerance);
        compare_norm("dparams", cpu.dparams, ref.dparams, FLAT_PARAMS, tolerance);
    }
}

enum { JOINED_PARAMS = 16 * (3 * 9 + 1) + 20 * (51 * 9 + 1) + 5 * (72 + 1) };

/* Values of a network with concatenations, as floats of JEM_F32 plans: logits, dx, dparams. */
static void compute_joined(float *out[3], const backend *b, jem_dtype precision)
{
    enum { N = 3, IN = 3 * 7 * 6 };
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){3, 7, 6}));
    int a = graph_conv2d(g, 0, "a", 16, 3, 1, 1), r = graph_lrelu(g, a, 0.2);
    int x = graph_concat(g, (int[]){r, 0, a, r}, 4);
    x = graph_lrelu(g, graph_conv2d(g, x, "b", 20, 3, 1, 1), 0.2);
    int y = graph_pool(g, graph_concat(g, (int[]){x, a}, 2), 7, 6, 1.0 / 42);
    check_ok(graph_finish(g, graph_linear(g, graph_concat(g, (int[]){y, y}, 2), "out", 5)));

    const plan_options o = {.batch = N, .precision = precision, .backward_input = true,
                            .backward_params = true};
    float *params = fill(g->param_elements, 1, 0.2f), *in = fill(N * IN, 2, 1), *d = fill(N * 5, 3, 1);
    const plan_call call = {.count = N};
    net t = compile(g, b, &o, params);
    check_ok(MEM_NEW(out[0], N * 5));
    check_ok(MEM_NEW(out[1], N * IN));
    check_ok(MEM_NEW(out[2], JOINED_PARAMS));
    assert_int_equal(g->param_elements, JOINED_PARAMS);
    check_ok(plan_forward(t.w, &call, in, out[0]));
    check_ok(plan_backward(t.w, &call, d, out[1], out[2]));
    clear(&t);
    graph_free(g);
    mem_free(params);
    mem_free(in);
    mem_free(d);
}

static void concatenations_agree_with_ref(void **state)
{
    static const int64_t sizes[3] = {3 * 5, 3 * 3 * 7 * 6, JOINED_PARAMS};
    float *ref[3], *cpu[3];
    const bool bf16 = backend_cpu.supports(JEM_BF16) == JEM_OK;
    (void)state;
    compute_joined(ref, &backend_ref, JEM_F32);
    for (int half = 0; half < 1 + bf16; ++half) {
        compute_joined(cpu, &backend_cpu, half ? JEM_BF16 : JEM_F32);
        for (int k = 0; k < 3; ++k) {
            if (half)
                compare_norm("joined, bf16", cpu[k], ref[k], sizes[k], 1e-1);
            else
                compare("joined", cpu[k], ref[k], sizes[k], 5e-5);
            mem_free(cpu[k]);
        }
    }
    for (int k = 0; k < 3; ++k) mem_free(ref[k]);
}

static void bf16_stays_within_its_error_bound(void **state)
{
    (void)state;
    if (backend_cpu.supports(JEM_BF16)) {
        print_message("skipped: %s\n", jem_error_message());
        skip();
    }
    compare_backends(3, 32, 32, 4, JEM_BF16, 1e-1);
    compare_backends(4, 16, 16, 2, JEM_BF16, 1e-1);
}

/* The input gradient of a plan that keeps only sign bits equals that of one
 * that keeps all activations, and is smaller. */
static void input_gradients_need_no_activations(void **state)
{
    (void)state;
    graph *g = residual_graph(3, 32, 32);
    plan_options chain = {.batch = 2, .precision = JEM_F32, .backward_input = true};
    plan_options full = {.batch = 2, .precision = JEM_F32, .backward_input = true,
                         .backward_params = true};
    float *params = fill(g->param_elements, 1, 0.15f), *x = fill(2 * 3072, 2, 1.0f);
    float *d = fill(10, 3, 1.0f), logits[10], *dx[2];
    net nets[2] = {compile(g, &backend_cpu, &chain, params), compile(g, &backend_cpu, &full, params)};
    plan_call call = {.count = 2};

    for (int i = 0; i < 2; ++i) {
        check_ok(MEM_NEW(dx[i], 2 * 3072));
        check_ok(plan_forward(nets[i].w, &call, x, logits));
        check_ok(plan_backward(nets[i].w, &call, d, dx[i], NULL));
    }
    assert_memory_equal(dx[0], dx[1], 2 * 3072 * sizeof(float));
    assert_true(plan_workspace_bytes(nets[0].p) < plan_workspace_bytes(nets[1].p));
    for (int i = 0; i < 2; ++i) {
        clear(&nets[i]);
        mem_free(dx[i]);
    }
    graph_free(g);
    mem_free(params);
    mem_free(x);
    mem_free(d);
}

static void partial_batches_equal_full_ones(void **state)
{
    (void)state;
    graph *g = residual_graph(3, 16, 16);
    plan_options o = {.batch = 4, .precision = JEM_F32, .backward_input = true, .backward_params = true};
    float *params = fill(g->param_elements, 1, 0.15f), *x = fill(4 * 768, 2, 1.0f);
    float *d = fill(20, 3, 1.0f), logits[2][20], dx[2][4 * 768];
    net t = compile(g, &backend_cpu, &o, params);
    float *grads[2];

    memset(d + 15, 0, 5 * sizeof *d); /* the fourth image does not count */
    for (int i = 0; i < 2; ++i) {
        plan_call call = {.count = 4 - i};
        check_ok(MEM_NEW(grads[i], g->param_elements));
        check_ok(plan_forward(t.w, &call, x, logits[i]));
        check_ok(plan_backward(t.w, &call, d, dx[i], grads[i]));
    }
    assert_memory_equal(logits[0], logits[1], 15 * sizeof(float));
    assert_memory_equal(dx[0], dx[1], 3 * 768 * sizeof(float));
    compare("dparams", grads[1], grads[0], g->param_elements, 1e-6);
    plan_call call = {.count = 5};
    check_fails(plan_forward(t.w, &call, x, logits[0]), JEM_EINTERNAL, "5 images for a plan of 4");
    clear(&t);
    graph_free(g);
    mem_free(params);
    mem_free(x);
    mem_free(d);
    mem_free(grads[0]);
    mem_free(grads[1]);
}

static void backward_may_be_repeated_with_other_cotangents(void **state)
{
    (void)state;
    graph *g = residual_graph(3, 16, 16);
    plan_options o = {.batch = 2, .precision = JEM_F32, .backward_params = true};
    float *params = fill(g->param_elements, 1, 0.15f), *x = fill(2 * 768, 2, 1.0f);
    float *d = fill(10, 3, 1.0f), *e = fill(10, 4, 1.0f), logits[10], *grads[2];
    net t = compile(g, &backend_cpu, &o, params);
    plan_call call = {.count = 2};

    for (int i = 0; i < 2; ++i) check_ok(MEM_NEW(grads[i], g->param_elements));
    check_ok(plan_forward(t.w, &call, x, logits));
    check_ok(plan_backward(t.w, &call, d, NULL, grads[0]));
    check_ok(plan_backward(t.w, &call, e, NULL, grads[1]));
    check_ok(plan_backward(t.w, &call, d, NULL, grads[1]));
    assert_memory_equal(grads[0], grads[1], (size_t)g->param_elements * sizeof(float));
    clear(&t);
    graph_free(g);
    mem_free(params);
    mem_free(x);
    mem_free(d);
    mem_free(e);
    mem_free(grads[0]);
    mem_free(grads[1]);
}

/* Gathers layers into a flat vector, up to the number it wants. */
typedef struct gatherer {
    float *part, *flat;
    int taken, wanted;
} gatherer;

static bool gather(void *ctx, int layer, int64_t first, int64_t count, const void *part)
{
    gatherer *g = ctx;
    assert_int_equal(layer, g->taken++);
    assert_ptr_equal(part, g->part);
    memcpy(g->flat + first, part, (size_t)count * sizeof *g->flat);
    return g->taken < g->wanted;
}

static void layers_one_by_one_are_the_whole_gradient(void **state)
{
    const backend *backends[] = {&backend_cpu, &backend_ref};
    const plan_options o = {.batch = 2, .precision = JEM_F32, .backward_params = true, .train = true};
    const plan_call call = {.count = 2};
    (void)state;
    for (int i = 0; i < 2; ++i) {
        graph *g = residual_graph(3, 16, 16);
        g->output = graph_norm(g, g->output, "norm", NORM_BATCH);
        float *params = fill(g->param_elements, 1, 0.15f), *x = fill(2 * 768, 2, 1.0f);
        float *d = fill(10, 3, 1.0f), *whole = fill(g->param_elements, 4, 0), logits[10];
        net t = compile(g, backends[i], &o, params);
        gatherer all = {.part = fill(plan_largest_layer(t.p), 5, 0),
                        .flat = fill(g->param_elements, 4, 0), .wanted = plan_layer_count(t.p)};
        const plan_sink sink = {all.part, gather, &all};

        check_ok(plan_forward(t.w, &call, x, logits));
        check_ok(plan_backward(t.w, &call, d, NULL, whole));
        check_ok(plan_backward_layers(t.w, &call, d, &sink));
        assert_memory_equal(whole, all.flat, (size_t)g->param_elements * sizeof(float));
        assert_int_equal(all.taken, all.wanted);
        all.taken = 0;
        all.wanted = 2; /* then the pass ends */
        check_ok(plan_backward_layers(t.w, &call, d, &sink));
        assert_int_equal(all.taken, 2);
        clear(&t);
        graph_free(g);
        for (int k = 0; k < 6; ++k) mem_free((float *[]){params, x, d, whole, all.part, all.flat}[k]);
    }
}

static void executing_a_plan_allocates_nothing(void **state)
{
    (void)state;
    graph *g = residual_graph(3, 32, 32);
    plan_options o = {.batch = 2, .precision = JEM_F32, .backward_input = true, .backward_params = true};
    float *params = fill(g->param_elements, 1, 0.15f), *x = fill(2 * 3072, 2, 1.0f);
    float *d = fill(10, 3, 1.0f), logits[10], *dx = fill(2 * 3072, 4, 0), *grads = NULL;
    net t = compile(g, &backend_cpu, &o, params);
    plan_call call = {.count = 2};

    check_ok(MEM_NEW(grads, g->param_elements));
    for (int i = 0; i < 2; ++i) { /* the first run may warm up caches of the library */
        check_ok(plan_forward(t.w, &call, x, logits));
        check_ok(plan_backward(t.w, &call, d, dx, grads));
    }
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < 10; ++i) {
        check_ok(plan_forward(t.w, &call, x, logits));
        check_ok(plan_backward(t.w, &call, d, dx, grads));
    }
    struct mallinfo2 after = mallinfo2();
    assert_int_equal(before.uordblks + before.hblkhd, after.uordblks + after.hblkhd);
    clear(&t);
    graph_free(g);
    mem_free(params);
    mem_free(x);
    mem_free(dx);
    mem_free(d);
    mem_free(grads);
}

static void steps_are_timed_when_asked_and_counted_as_defined(void **state)
{
    enum { N = 4 };
    graph *g = residual_graph(3, 9, 11);
    plan_options o = {.batch = N, .precision = JEM_F32, .backward_input = true};
    float *params = fill(g->param_elements, 1, 0.15f), *x = fill(N * 3 * 9 * 11, 2, 1.0f);
    float *d = fill(N * 5, 3, 1.0f), logits[2][N * 5];
    net fast = compile(g, &backend_cpu, &o, params);
    o.direct = true;
    net direct = compile(g, &backend_cpu, &o, params);
    const plan_call call = {.count = N};
    double forward = 0, products = 0, direct_products = 0, all = 0;
    (void)state;

    check_ok(plan_forward(fast.w, &call, x, logits[0]));
    assert_null(workspace_times(fast.w));
    check_ok(workspace_time_steps(fast.w));
    for (int k = 0; k < 2; ++k) check_ok(plan_forward(fast.w, &call, x, logits[1]));
    check_ok(plan_backward(fast.w, &call, d, x, NULL));
    assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
    for (int i = 0; i < plan_step_count(fast.p); ++i) {
        const step *s = plan_step(fast.p, i);
        const plan_time t = workspace_times(fast.w)[i];
        if (s->kind == STEP_FORWARD) {
            assert_int_equal(t.runs, 2);
            assert_true(t.counted >= 1 && t.counted <= 2);
            assert_true(t.fastest > 0 && t.seconds >= (double)t.counted * t.fastest);
            forward += plan_step_flops(fast.p, i);
        }
        if (s->kind == STEP_BACKWARD_DATA) assert_int_equal(t.runs, 1);
        all += plan_step_flops(fast.p, i);
        products += plan_step_products(fast.p, i);
    }
    for (int i = 0; i < plan_step_count(direct.p); ++i)
        direct_products += plan_step_products(direct.p, i);
    assert_true(forward == N * graph_flops(g));
    assert_true(direct_products == all);
    assert_true(products <= all && products >= all / 4);
    check_ok(workspace_time_steps(fast.w));
    for (int i = 0; i < plan_step_count(fast.p); ++i) assert_int_equal(workspace_times(fast.w)[i].runs, 0);
    clear(&fast);
    clear(&direct);
    graph_free(g);
    mem_free(params);
    mem_free(x);
    mem_free(d);
}

/* Logits of the plan's images, and the gradients to them. */
static void forward_and_back(workspace *w, int64_t n, const float *x, const float *d, float *logits, float *dx)
{
    const plan_call call = {.count = n};
    check_ok(plan_forward(w, &call, x, logits));
    check_ok(plan_backward(w, &call, d, dx, NULL));
}

static void plans_may_share_packed_weights(void **state)
{
    enum { N = 4, SIZE = 3 * 12 * 12 };
    const jem_dtype precisions[] = {JEM_F32, JEM_BF16};
    graph *g = residual_graph(3, 12, 12);
    float *params[2] = {fill(g->param_elements, 1, 0.15f), fill(g->param_elements, 9, 0.15f)};
    float *x = fill(N * SIZE, 2, 1.0f), *d = fill(N * 5, 3, 1.0f);
    float logits[2][N * 5], *dx[2];
    (void)state;

    for (int k = 0; k < 2; ++k) check_ok(MEM_NEW(dx[k], N * SIZE));
    for (int i = 0; i < 2; ++i) {
        plan_options o = {.batch = N, .precision = precisions[i], .backward_input = true};
        if (backend_cpu.supports(o.precision)) continue;
        net alone = compile(g, &backend_cpu, &o, params[0]);
        o.batch = 2;
        net owner = compile(g, &backend_cpu, &o, params[0]);
        o.batch = N;
        net sharer;
        check_ok(plan_compile(&sharer.p, g, &backend_cpu, &o));
        plan_share_weights(sharer.p, owner.p);
        assert_true(plan_packed_bytes(sharer.p) <= plan_packed_bytes(alone.p));
        check_ok(plan_load(sharer.p, params[0]));
        check_ok(workspace_new(&sharer.w, sharer.p));
        for (int k = 0; k < 2; ++k) {
            /* the second time with other parameters, which the owner takes over first */
            net *const order[] = {&alone, &owner, &sharer};
            for (int j = 0; j < 3; ++j) check_ok(plan_load(order[j]->p, params[k]));
            forward_and_back(alone.w, N, x, d, logits[0], dx[0]);
            forward_and_back(sharer.w, N, x, d, logits[1], dx[1]);
            assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
            assert_memory_equal(dx[0], dx[1], N * SIZE * sizeof(float));
        }
        clear(&sharer);
        clear(&owner);
        clear(&alone);
    }
    graph_free(g);
    for (int k = 0; k < 2; ++k) {
        mem_free(params[k]);
        mem_free(dx[k]);
    }
    mem_free(x);
    mem_free(d);
}

static void mistakes_are_named(void **state)
{
    (void)state;
    graph *g = residual_graph(3, 16, 16);
    const char *features[] = {"nothing", NULL};
    plan_options o = {.batch = 1, .precision = JEM_F32, .features = features};
    plan *p = NULL;

    check_fails(plan_compile(&p, g, &backend_cpu, &o), JEM_EUSAGE, "nothing");
    o.features = NULL;
    o.precision = JEM_F64;
    check_fails(plan_compile(&p, g, &backend_cpu, &o), JEM_EUSAGE, "ref");
    graph_free(g);
    check_ok(graph_new(&g, (shape){3, 4, 4}));
    graph_pool(g, 0, 8, 8, 1);
    check_fails(graph_finish(g, 1), JEM_EUSAGE, "too small");
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_agrees_with_ref_on_odd_sizes_and_channels),
        cmocka_unit_test(windows_and_groups_agree_with_ref),
        cmocka_unit_test(batch_norms_agree_with_ref_in_both_modes),
        cmocka_unit_test(batch_norms_without_running_statistics_take_the_batch_s_in_evaluation),
        cmocka_unit_test(concatenations_agree_with_ref),
        cmocka_unit_test(batch_norms_are_folded_where_nothing_else_reads_the_convolution),
        cmocka_unit_test(linear_layers_of_maps_read_channels_then_rows_then_columns),
        cmocka_unit_test(bf16_stays_within_its_error_bound),
        cmocka_unit_test(input_gradients_need_no_activations),
        cmocka_unit_test(partial_batches_equal_full_ones),
        cmocka_unit_test(backward_may_be_repeated_with_other_cotangents),
        cmocka_unit_test(layers_one_by_one_are_the_whole_gradient),
        cmocka_unit_test(executing_a_plan_allocates_nothing),
        cmocka_unit_test(steps_are_timed_when_asked_and_counted_as_defined),
        cmocka_unit_test(plans_may_share_packed_weights),
        cmocka_unit_test(mistakes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
