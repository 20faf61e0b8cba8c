/* The GPU backend's steps against ref, through plans: every op in every direction, float32
 * and bf16, arrays in the host's memory and in the device's, captured graphs. */
#include "nn/device_rig.h"

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
    x = graph_add(g, graph_project(g, graph_attention(g, y, 1), "o", 16), x);
    x = graph_silu(g, x);
    x = graph_conv2d(g, graph_upsample(g, x), "up", 8, 3, 1, 1);
    x = graph_conv2d_pad(g, x, "down", 8, 3, 2, 0, 1);
    check_ok(graph_finish(g, graph_conv2d(g, x, "end", 3, 3, 1, 1)));
    agree("maps", g, false, NULL, 5e-2);
    graph_free(g);
}

static void tokens_and_heads_agree(void **state)
{
    graph *g = begin(3, 8, 6);
    (void)state;
    int x = graph_tokens(g, graph_conv2d(g, 0, "in", 12, 2, 2, 0), "token", "positions");
    x = graph_add(g, graph_attention(g, graph_attention_in(g, x, "a"), 3), x);
    x = graph_conv2d(g, x, "mix", 12, 1, 1, 0);
    graph_name(g, x, "mixed");
    x = graph_add(g, graph_attention(g, graph_attention_in(g, x, "b"), 4), x);
    check_ok(graph_finish(g, graph_linear(g, graph_mean_pool(g, x, 1, 13, 0), "out", 3)));
    agree("tokens", g, false, "mixed", 5e-2);
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

static void windows_agree(void **state)
{
    graph *g = begin(5, 11, 9);
    (void)state;
    int x = graph_max_pool(g, graph_conv2d(g, 0, "a", 12, 3, 1, 1), 3, 2, 1, false);
    int y = graph_conv2d(g, graph_mean_pool(g, x, 3, 1, 1), "b", 12, 1, 1, 0);
    x = graph_add(g, graph_max_pool(g, x, 3, 1, 1, false), y);
    y = graph_adaptive_mean(g, x, 3, 3);
    x = graph_concat(g, (int[]){graph_max_pool(g, x, 2, 2, 0, true), y}, 2);
    x = graph_conv2d(g, x, "c", 7, 3, 1, 1);
    check_ok(graph_finish(g, graph_linear(g, graph_add(g, graph_adaptive_mean(g, x, 1, 1),
                                                       graph_adaptive_mean(g, graph_conv2d(g, y, "d", 7, 1, 1, 0), 1, 1)),
                                          "out", 3)));
    agree("windows", g, false, NULL, 5e-2);
    graph_free(g);
}

static void grouped_convolutions_agree(void **state)
{
    const conv_shape five = {.out = 20, .kernel = {3, 3}, .stride = 1, .begin = {1, 1}, .end = {1, 1}, .groups = 5};
    const conv_shape depthwise = {.out = 20, .kernel = {5, 5}, .stride = 2, .begin = {2, 2}, .end = {2, 2},
                                  .groups = 20, .no_bias = true};
    const conv_shape wider = {.out = 40, .kernel = {1, 3}, .stride = 1, .begin = {0, 1}, .end = {0, 1}, .groups = 20};
    const conv_shape octets = {.out = 32, .kernel = {3, 3}, .stride = 1, .begin = {1, 1}, .end = {1, 1}, .groups = 2};
    graph *g = begin(3, 8, 7);
    (void)state;
    int x = graph_lrelu(g, graph_conv2d(g, 0, "octets in", 16, 3, 1, 1), 0.2);
    x = graph_lrelu(g, graph_conv_normed(g, x, "octets", &octets), 0.2);
    x = graph_lrelu(g, graph_conv2d(g, x, "in", 20, 3, 1, 1), 0.2);
    x = graph_add(g, graph_conv(g, x, "five", &five), x);
    x = graph_relu6(g, graph_conv(g, graph_lrelu(g, x, 0.1), "depthwise", &depthwise));
    x = graph_lrelu(g, graph_conv(g, x, "wider", &wider), 0.2);
    check_ok(graph_finish(g, graph_linear(g, x, "out", 3)));
    agree("groups", g, false, NULL, 8e-2);
    graph_free(g);
}

static void capped_rectifiers_agree(void **state)
{
    graph *g = begin(3, 6, 5);
    (void)state;
    int x = graph_relu6(g, graph_scale(g, graph_conv2d(g, 0, "a", 12, 3, 1, 1), "s", "gamma"));
    x = graph_relu6(g, graph_conv2d(g, x, "b", 24, 3, 2, 1));
    check_ok(graph_finish(g, graph_linear(g, graph_conv2d(g, x, "c", 9, 1, 1, 0), "out", 3)));
    float *params = fill(g->param_elements, 1, 1.5f); /* so large that the caps are reached */
    agree_with("ReLU6", g, params, false, NULL, 1e-4, 0.1);
    mem_free(params);
    graph_free(g);
}

/* Steps that a plan has fewer where convolutions may write rectified copies: as many as write one. */
static int steps_saved(const graph *g, const plan_options *o)
{
    backend plain = *gpu_backend();
    const backend *const list[] = {&plain, gpu_backend()};
    int steps[2], copies = 0;
    plain.fuses_copy = NULL;
    for (int i = 0; i < 2; i++) {
        plan *p = NULL;
        check_ok(plan_compile(&p, g, list[i], o));
        steps[i] = plan_step_count(p);
        for (int k = 0; k < steps[i]; k++) copies += plan_step(p, k)->copied;
        plan_free(p);
    }
    assert_int_equal(copies, steps[0] - steps[1]);
    return copies;
}

/* Two blocks that rectify first; the first changes the number of channels. */
static graph *preactivation(void)
{
    graph *g = begin(3, 8, 7);
    int x = graph_conv2d(g, 0, "stem", 12, 3, 1, 1);
    for (int i = 0; i < 2; i++) {
        char name[3][16];
        for (int k = 0; k < 3; k++) snprintf(name[k], sizeof name[k], "%c%d", "asb"[k], i);
        int y = graph_lrelu(g, graph_conv2d(g, graph_lrelu(g, x, 0.2), name[0], 20, 3, 1, 1), 0.2);
        const int in = i == 0 ? graph_conv2d(g, x, name[1], 20, 1, 1, 0) : x;
        x = graph_add(g, graph_conv2d(g, y, name[2], 20, 3, 1, 1), in);
    }
    graph_name(g, x, "sum");
    x = graph_pool(g, graph_lrelu(g, x, 0.1), 2, 2, 0.25);
    check_ok(graph_finish(g, graph_linear(g, x, "out", 3)));
    return g;
}

static void same(const float *a, const float *b, int64_t n)
{
    assert_memory_equal(a, b, (size_t)n * sizeof *a);
}

static void rectified_copies_change_no_bit(void **state)
{
    static const plan_options passes[] = {{.batch = 1}, {.backward_input = true}, {.backward_params = true},
                                          {.backward_input = true, .backward_params = true}};
    backend plain = *gpu_backend();
    graph *g = preactivation();
    float *params = fill(g->param_elements, 1, 0.3f), *x = fill(N * 3 * 56, 2, 1), *dy = fill(N * 3, 3, 1);
    (void)state;
    plain.fuses_copy = NULL;
    for (size_t i = 0; i < 2 * sizeof passes / sizeof *passes; i++) {
        const jem_dtype precision = i % 2 ? JEM_BF16 : JEM_F32;
        const trial t = {g, params, x, dy, NULL, passes[i / 2], "sum", N};
        outcome got = compute(&t, gpu_backend(), precision), want = compute(&t, &plain, precision);
        same(got.y, want.y, got.y_count);
        same(got.feature, want.feature, got.feature_count);
        same(got.dx, want.dx, got.x_count);
        same(got.dparams, want.dparams, got.params);
        outcome_free(&got);
        outcome_free(&want);
    }
    agree("rectified copies", g, false, "sum", 5e-2);
    mem_free(params);
    mem_free(x);
    mem_free(dy);
    graph_free(g);
}

static void rectified_copies_save_a_step_each(void **state)
{
    const char *const sum[] = {"sum", NULL};
    const plan_options chain = {.batch = N, .precision = JEM_BF16, .backward_input = true};
    const plan_options tangents = {.batch = N, .precision = JEM_BF16, .tangent = true};
    const plan_options feature = {.batch = N, .precision = JEM_BF16, .features = sum, .features_only = true};
    graph *g = preactivation();
    (void)state;
    assert_int_equal(steps_saved(g, &chain), 3); /* of the stem and two sums */
    assert_int_equal(steps_saved(g, &tangents), 0);
    assert_int_equal(steps_saved(g, &feature), 2); /* nobody wants what lies behind the last sum */
    graph_free(g);
}

static void what_comes_between_leaves_rectifiers_by_themselves(void **state)
{
    const conv_shape thin = {.out = 12, .kernel = {3, 3}, .stride = 1, .begin = {1, 1}, .end = {1, 1}, .groups = 3};
    const plan_options chain = {.batch = N, .precision = JEM_BF16, .backward_input = true};
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        graph *g = begin(3, 6, 5);
        const int x = graph_conv2d(g, 0, "a", 12, 3, 1, 1);
        int y = kind == 3 ? graph_conv(g, x, "b", &thin) : graph_conv2d(g, graph_lrelu(g, x, 0.2), "b", 12, 3, 1, 1);
        y = graph_add(g, y, x);
        graph_name(g, y, "sum");
        const int norm = kind == 1 ? graph_norm(g, y, "n", NORM_LAYER) : y;
        const int z = kind == 0 ? graph_relu6(g, y) : graph_lrelu(g, norm, 0.2);
        y = graph_add(g, z, kind == 2 ? graph_lrelu(g, y, 0.1) : y); /* a copy goes to one rectifier */
        check_ok(graph_finish(g, graph_linear(g, y, "out", 3)));
        assert_int_equal(steps_saved(g, &chain), kind == 2 ? 2 : kind == 3 ? 0 : 1);
        agree("rectifiers by themselves", g, false, "sum", 8e-2);
        graph_free(g);
    }
}

/* What networks of pixels are made of, with weight norm. */
static void pixel_operators_agree(void **state)
{
    static const double affine[3][2] = {{2, 0.5}, {0.7, -1}, {-1.5, 0.2}};
    const conv_shape first = {.out = 12, .kernel = {2, 3}, .stride = 1, .begin = {1, 1}, .end = {0, 1}};
    const conv_shape down = {.out = 12, .kernel = {2, 3}, .stride = 2, .begin = {1, 1}, .end = {0, 1}};
    const conv_shape gate = {.out = 24, .kernel = {2, 2}, .stride = 1, .begin = {1, 1}};
    const conv_shape up = {.out = 12, .kernel = {2, 3}, .stride = 2, .begin = {0, 1}};
    const conv_shape square = {.out = 12, .kernel = {3, 3}, .stride = 2};
    const conv_shape groups = {.out = 12, .kernel = {3, 3}, .stride = 1, .begin = {1, 1}, .end = {1, 1}, .groups = 4};
    graph *g = begin(3, 6, 8);
    (void)state;
    const int in = graph_affine(g, 0, affine);
    int code = graph_linear_normed(g, in, "mean", 5);
    code = graph_add(g, code, graph_noise(g, graph_sigmoid(g, graph_linear(g, in, "std", 5), 0.5)));
    int x = graph_shift(g, graph_conv_normed(g, graph_ones(g, in), "in", &first), 1, -2);
    int h = graph_conv_normed(g, graph_concat_elu(g, x), "down", &down);
    h = graph_add(g, h, graph_project_normed(g, graph_concat_elu(g, h), "dense", 12));
    h = graph_conv_normed(g, graph_dropout(g, graph_concat_elu(g, h), 0.5), "gate", &gate);
    h = graph_gate(g, graph_add_vector(g, h, graph_linear_plain(g, code, "code", "hw", 24)));
    x = graph_add(g, graph_conv_transposed_normed(g, h, "u", &up), graph_conv_transposed(g, h, "v", &square));
    x = graph_conv_normed(g, graph_elu(g, x), "groups", &groups);
    check_ok(graph_finish(g, graph_project_normed(g, x, "out", 7)));
    agree("pixels", g, false, NULL, 8e-2);
    agree("pixels, dropped", g, true, NULL, 8e-2);
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
        cmocka_unit_test(tokens_and_heads_agree), cmocka_unit_test(concatenations_agree),
        cmocka_unit_test(windows_agree),
        cmocka_unit_test(grouped_convolutions_agree),
        cmocka_unit_test(capped_rectifiers_agree),
        cmocka_unit_test(rectified_copies_change_no_bit),
        cmocka_unit_test(rectified_copies_save_a_step_each),
        cmocka_unit_test(what_comes_between_leaves_rectifiers_by_themselves),
        cmocka_unit_test(pixel_operators_agree),
        cmocka_unit_test(captured_graphs_compute_what_lies_there_then),
        cmocka_unit_test(what_a_gpu_cannot_do_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
