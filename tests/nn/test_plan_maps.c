/* Plans of networks from maps to maps, as autoencoders are: the cpu backend against ref
 * forward, backward and in forward mode, in parts on threads, and how much memory they take. */
#include "support/check.h"

#include <malloc.h>

#include "base/mem.h"
#include "nn/ops.h"
#include "nn/plan.h"

enum { FORWARD, TANGENT, BACKWARD, PASSES };

static void fill(float *v, int64_t n, uint32_t state, float scale)
{
    for (int64_t i = 0; i < n; ++i) {
        state = state * 1664525u + 1013904223u;
        v[i] = scale * ((float)(state >> 8) / 8388608.0f - 1.0f);
    }
}

static int norm_silu(graph *g, int x, const char *name, int64_t groups)
{
    return graph_silu(g, graph_group_norm(g, x, name, groups, 1e-6));
}

/* Down by asymmetric padding, a residual block, attention, up, out: every operation of an
 * autoencoder, with `width` channels in `groups`. */
static graph *map_graph(shape input, int64_t width, int64_t groups)
{
    static const char *const qkv[3] = {"to_q", "to_k", "to_v"};
    graph *g = NULL;

    check_ok(graph_new(&g, input));
    int x = graph_conv2d(g, 0, "in", width, 3, 1, 1);
    x = graph_conv2d_pad(g, x, "down", width, 3, 2, 0, 1);
    int h = graph_conv2d(g, norm_silu(g, x, "n1", groups), "c1", 2 * width, 3, 1, 1);
    h = graph_conv2d(g, norm_silu(g, h, "n2", groups), "c2", 2 * width, 3, 1, 1);
    x = graph_add(g, h, graph_conv2d(g, x, "s", 2 * width, 1, 1, 0));
    graph_name(g, x, "block");
    h = graph_attention_qkv(g, graph_group_norm(g, x, "n3", groups, 1e-6), qkv);
    x = graph_add(g, graph_project(g, graph_attention(g, h, 2), "to_out", 2 * width), x);
    x = graph_conv2d(g, graph_upsample(g, graph_silu(g, x)), "up", width, 3, 1, 1);
    check_ok(graph_finish(g, graph_conv2d(g, norm_silu(g, x, "n4", groups), "out", 3, 3, 1, 1)));
    return g;
}

/* One network on one backend, with a plan per pass. */
typedef struct net {
    const graph *g;
    int64_t n, in, out; /* images; elements of one */
    plan *p[PASSES];
    workspace *w[PASSES];
    float *params, *x, *v, *cotangent; /* weights and inputs */
    float *y, *block, *jv, *ty, *dx;   /* results; ty: value beside the tangent */
} net;

static void net_open(net *t, const graph *g, const backend *b, jem_dtype precision, int64_t n,
                     plan_options how)
{
    const char *const features[] = {"block", NULL};
    const int64_t in = shape_count(g->nodes[0].op.dst), out = shape_count(g->nodes[g->output].op.dst);
    const int64_t block = shape_count(g->nodes[graph_find(g, "block")].op.dst);

    *t = (net){.g = g, .n = n, .in = in, .out = out};
    check_ok(MEM_NEW(t->params, g->param_elements));
    check_ok(MEM_NEW(t->x, n * in));
    check_ok(MEM_NEW(t->v, n * in));
    check_ok(MEM_NEW(t->dx, n * in));
    check_ok(MEM_NEW(t->y, n * out));
    check_ok(MEM_NEW(t->ty, n * out));
    check_ok(MEM_NEW(t->jv, n * out));
    check_ok(MEM_NEW(t->cotangent, n * out));
    check_ok(MEM_NEW(t->block, n * block));
    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        fill(t->params + p->offset, p->count, 7 + (uint32_t)i,
             p->role == PARAM_WEIGHT ? 1.5f / sqrtf((float)p->fan_in) : 0.2f);
        for (int64_t k = 0; p->role == PARAM_NORM_WEIGHT && k < p->count; ++k)
            t->params[p->offset + k] += 1;
    }
    fill(t->x, n * in, 1, 1);
    fill(t->v, n * in, 2, 1);
    fill(t->cotangent, n * out, 3, 1);
    for (int i = 0; i < PASSES; ++i) {
        plan_options o = {.batch = n, .precision = precision, .split = how.split,
                          .lean = how.lean, .wide = how.wide, .direct = how.direct,
                          .tangent = i == TANGENT, .backward_input = i == BACKWARD,
                          .features = i == FORWARD ? features : NULL};
        check_ok(plan_compile(&t->p[i], g, b, &o));
        check_ok(plan_load(t->p[i], t->params));
        check_ok(workspace_new(&t->w[i], t->p[i]));
    }
}

static void net_run(net *t, pool *helpers)
{
    plan_call call = {.count = t->n};
    for (int i = 0; i < PASSES; ++i) workspace_set_helpers(t->w[i], helpers);
    check_ok(plan_forward(t->w[FORWARD], &call, t->x, t->y));
    check_ok(plan_feature(t->w[FORWARD], &call, "block", t->block));
    check_ok(plan_tangent(t->w[TANGENT], &call, t->x, t->v, t->ty, t->jv));
    check_ok(plan_forward(t->w[BACKWARD], &call, t->x, NULL));
    check_ok(plan_backward(t->w[BACKWARD], &call, t->cotangent, t->dx, NULL));
}

static void net_close(net *t)
{
    for (int i = 0; i < PASSES; ++i) {
        workspace_free(t->w[i]);
        plan_free(t->p[i]);
    }
    mem_free(t->params);
    mem_free(t->x);
    mem_free(t->v);
    mem_free(t->cotangent);
    mem_free(t->y);
    mem_free(t->block);
    mem_free(t->jv);
    mem_free(t->ty);
    mem_free(t->dx);
}

static double distance(const float *a, const float *b, int64_t n)
{
    double apart = 0, size = 0;
    for (int64_t i = 0; i < n; ++i) {
        apart += ((double)a[i] - (double)b[i]) * ((double)a[i] - (double)b[i]);
        size += (double)b[i] * (double)b[i];
    }
    return sqrt(apart / size);
}

static void expect_near(const char *what, const float *a, const float *b, int64_t n, double bound)
{
    double d = distance(a, b, n);
    if (!(d <= bound)) fail_msg("%s: relative distance %.3g, at most %.3g allowed", what, d, bound);
}

static void compare(shape input, int64_t width, int64_t groups, int64_t n, jem_dtype precision,
                    plan_options how, double bound)
{
    graph *g = map_graph(input, width, groups);
    const int64_t block = shape_count(g->nodes[graph_find(g, "block")].op.dst);
    net ref, cpu;

    net_open(&ref, g, &backend_ref, JEM_F32, n, (plan_options){0});
    net_open(&cpu, g, &backend_cpu, precision, n, how);
    net_run(&ref, NULL);
    net_run(&cpu, NULL);
    expect_near("output", cpu.y, ref.y, n * ref.out, bound);
    expect_near("output beside the tangent", cpu.ty, ref.y, n * ref.out, bound);
    expect_near("feature", cpu.block, ref.block, n * block, bound);
    expect_near("tangent", cpu.jv, ref.jv, n * ref.out, bound);
    expect_near("gradient", cpu.dx, ref.dx, n * ref.in, bound);
    net_close(&ref);
    net_close(&cpu);
    graph_free(g);
}

static const struct {
    shape input;
    int64_t width, groups, n;
} sizes[] = {
    {{3, 16, 16}, 16, 4, 2}, {{3, 9, 13}, 6, 3, 3},   {{1, 7, 10}, 20, 10, 1},
    {{4, 31, 30}, 12, 1, 1}, {{2, 5, 33}, 40, 40, 2}, {{3, 2, 2}, 32, 8, 2},
};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void cpu_agrees_with_ref_on_odd_sizes_channels_and_groups(void **state)
{
    (void)state;
    for (int i = 0; i < SIZES; ++i)
        for (int split = 0; split < 2; ++split)
            compare(sizes[i].input, sizes[i].width, sizes[i].groups, sizes[i].n, JEM_F32,
                    (plan_options){.split = split}, 1e-5);
}

static void bf16_stays_within_its_error_bound(void **state)
{
    const plan_options how[] = {{.split = false}, {.split = true}, {.wide = true},
                                {.wide = true, .split = true}, {.wide = true, .direct = true},
                                {.wide = true, .direct = true, .split = true}};
    (void)state;
    if (backend_cpu.supports(JEM_BF16)) {
        print_message("skipped: %s\n", jem_error_message());
        skip();
    }
    for (int i = 0; i < SIZES; ++i)
        for (int k = 0; k < 6; ++k)
            compare(sizes[i].input, sizes[i].width, sizes[i].groups, sizes[i].n, JEM_BF16, how[k],
                    how[k].wide ? 1.5e-2 : 3e-2);
}

static void expect_same(const net *a, const net *b)
{
    assert_memory_equal(a->y, b->y, (size_t)(a->n * a->out) * sizeof(float));
    assert_memory_equal(a->jv, b->jv, (size_t)(a->n * a->out) * sizeof(float));
    assert_memory_equal(a->dx, b->dx, (size_t)(a->n * a->in) * sizeof(float));
}

/* 50 x 61 positions: several bands, tiles of attention and blocks of a norm. */
static void threads_change_no_bit_of(bool direct)
{
    graph *g = map_graph((shape){3, 50, 61}, 16, 4);
    plan_options how = {.split = true, .direct = direct};
    net alone, helped;

    net_open(&alone, g, &backend_cpu, JEM_F32, 2, how);
    net_run(&alone, NULL);
    for (int threads = 2; threads <= 3; ++threads) {
        pool *helpers = NULL;
        check_ok(pool_new(&helpers, threads));
        how.lean = threads == 3;
        net_open(&helped, g, &backend_cpu, JEM_F32, 2, how);
        net_run(&helped, helpers);
        expect_same(&alone, &helped);
        net_close(&helped);
        pool_free(helpers);
    }
    net_close(&alone);
    graph_free(g);
    compare((shape){3, 50, 61}, 16, 4, 1, JEM_F32, how, 1e-5);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    threads_change_no_bit_of(false);
    threads_change_no_bit_of(true);
}

/* Of 4,096 pixels, 512 each: forward, and to data. */
static void splitting_has_parts_to_share(void **state)
{
    (void)state;
    graph *g = map_graph((shape){3, 64, 64}, 16, 4);
    plan_options o = {.batch = 1, .precision = JEM_F32, .split = true, .direct = true,
                      .backward_input = true};
    plan *p = NULL;
    int forward = 0, to_data = 0;

    check_ok(plan_compile(&p, g, &backend_cpu, &o));
    for (int i = 0; i < plan_step_count(p); ++i) {
        const step *s = plan_step(p, i);
        int *most = s->kind == STEP_FORWARD ? &forward : &to_data;
        void *kernel = NULL;
        if (s->op.kind != OP_CONV2D || (s->kind != STEP_FORWARD && s->kind != STEP_BACKWARD_DATA))
            continue;
        check_ok(backend_cpu.kernel_new(&kernel, s, NULL));
        int parts = backend_cpu.kernel_parts(kernel, 0);
        if (parts > *most) *most = parts;
        backend_cpu.kernel_free(kernel);
    }
    assert_int_equal(forward, 8);
    assert_int_equal(to_data, 8);
    plan_free(p);
    graph_free(g);
}

static int quad_steps(const graph *g, const backend *b, plan_options o)
{
    plan *p = NULL;
    int count = 0;
    o.batch = 1;
    o.precision = JEM_F32;
    check_ok(plan_compile(&p, g, b, &o));
    for (int i = 0; i < plan_step_count(p); ++i) count += plan_step(p, i)->quad;
    plan_free(p);
    return count;
}

/* Four ninths of the products, where no algorithm needs fewer; not where the gradient wants the
 * upsampled map's steps, nor where somebody else reads that map. */
static void convolutions_of_upsampled_maps_work_on_the_small_one(void **state)
{
    (void)state;
    graph *g = map_graph((shape){3, 16, 16}, 16, 4);
    plan_options o = {.direct = true};
    assert_int_equal(quad_steps(g, &backend_cpu, o), 2);
    o.tangent = true;
    assert_int_equal(quad_steps(g, &backend_cpu, o), 4);
    o = (plan_options){.direct = true, .backward_input = true};
    assert_int_equal(quad_steps(g, &backend_cpu, o), 0);
    assert_int_equal(quad_steps(g, &backend_ref, (plan_options){0}), 0);
    graph_free(g);

    check_ok(graph_new(&g, (shape){4, 3, 3}));
    int up = graph_upsample(g, 0);
    check_ok(graph_finish(g, graph_add(g, graph_conv2d(g, up, "c", 4, 3, 1, 1), up)));
    assert_int_equal(quad_steps(g, &backend_cpu, (plan_options){.direct = true}), 0);
    graph_free(g);
}

/* ---- memory */

static size_t workspace_bytes(const graph *g, const backend *b, plan_options o)
{
    plan *p = NULL;
    o.batch = 1;
    o.precision = JEM_F32;
    check_ok(plan_compile(&p, g, b, &o));
    size_t bytes = plan_workspace_bytes(p);
    plan_free(p);
    return bytes;
}

/* Ten residual blocks in a row. */
static graph *deep_graph(void)
{
    graph *g = NULL;
    char name[16];
    check_ok(graph_new(&g, (shape){8, 32, 32}));
    int x = 0;
    for (int i = 0; i < 10; ++i) {
        snprintf(name, sizeof name, "n%d", i);
        int h = norm_silu(g, x, name, 2);
        snprintf(name, sizeof name, "c%d", i);
        x = graph_add(g, graph_conv2d(g, h, name, 8, 3, 1, 1), x);
    }
    check_ok(graph_finish(g, x));
    return g;
}

static void only_what_is_alive_is_in_memory(void **state)
{
    (void)state;
    graph *g = deep_graph();
    const size_t map = 8 * 32 * 32 * sizeof(float);
    const size_t forward = workspace_bytes(g, &backend_ref, (plan_options){0});
    const size_t tangent = workspace_bytes(g, &backend_ref, (plan_options){.tangent = true});
    const size_t backward = workspace_bytes(g, &backend_ref, (plan_options){.backward_input = true});

    assert_int_equal(forward, 3 * map); /* x (the input is kept), its sum, the norm */
    assert_int_equal(tangent, 6 * map);
    /* of each block the norm's input and nothing else */
    assert_in_range(backward, 10 * map, 14 * map);
    graph_free(g);
}

static void tangents_share_the_packed_weights_of_values(void **state)
{
    (void)state;
    graph *g = map_graph((shape){3, 16, 16}, 16, 4);
    plan *p[2] = {NULL, NULL};

    for (int tangent = 0; tangent < 2; ++tangent) {
        plan_options o = {.batch = 1, .precision = JEM_F32, .tangent = tangent};
        check_ok(plan_compile(&p[tangent], g, &backend_cpu, &o));
    }
    assert_true(plan_packed_bytes(p[0]) > 0);
    assert_int_equal(plan_packed_bytes(p[1]), plan_packed_bytes(p[0]));
    plan_free(p[0]);
    plan_free(p[1]);
    graph_free(g);
}

static void lean_plans_keep_no_packed_weights_and_change_no_bit(void **state)
{
    (void)state;
    graph *g = map_graph((shape){3, 16, 16}, 16, 4);
    const size_t largest = 16 * 32 * 36 * sizeof(float), slack = 4096; /* 36: Winograd's algorithm */
    net kept, lean;

    net_open(&kept, g, &backend_cpu, JEM_F32, 2, (plan_options){0});
    net_open(&lean, g, &backend_cpu, JEM_F32, 2, (plan_options){.lean = true});
    for (int i = 0; i < PASSES; ++i) {
        assert_int_equal(plan_packed_bytes(lean.p[i]), 0);
        assert_true(plan_workspace_bytes(lean.p[i]) <=
                    plan_workspace_bytes(kept.p[i]) + 2 * largest + slack);
    }
    net_run(&kept, NULL);
    for (int again = 0; again < 2; ++again) {
        net_run(&lean, NULL);
        expect_same(&kept, &lean);
    }
    net_close(&kept);
    net_close(&lean);
    graph_free(g);
}

/* Scores of attention are computed by rows: twice the positions, twice the memory. */
static void attention_is_linear_in_memory(void **state)
{
    (void)state;
    size_t bytes[2];
    for (int i = 0; i < 2; ++i) {
        graph *g = NULL;
        check_ok(graph_new(&g, (shape){48, 64, 64 << i}));
        check_ok(graph_finish(g, graph_attention(g, 0, 2)));
        bytes[i] = workspace_bytes(g, &backend_cpu, (plan_options){0});
        graph_free(g);
    }
    assert_true(bytes[1] <= 2 * bytes[0]);
}

static void executing_allocates_nothing(void **state)
{
    (void)state;
    graph *g = map_graph((shape){3, 50, 61}, 16, 4);
    net t;

    net_open(&t, g, &backend_cpu, JEM_F32, 1, (plan_options){.split = true, .lean = true});
    for (int i = 0; i < 2; ++i) net_run(&t, NULL); /* the library warms up */
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < 5; ++i) net_run(&t, NULL);
    struct mallinfo2 after = mallinfo2();
    assert_int_equal(before.uordblks + before.hblkhd, after.uordblks + after.hblkhd);
    net_close(&t);
    graph_free(g);
}

/* ---- hostile cases */

static void mistakes_are_named(void **state)
{
    (void)state;
    graph *g = NULL;
    plan *p = NULL;
    workspace *w = NULL;
    plan_call call = {.count = 1};
    plan_options o = {.batch = 1, .precision = JEM_F32, .tangent = true, .backward_input = true};
    float v[3] = {0};

    check_ok(graph_new(&g, (shape){6, 4, 4}));
    check_fails(graph_finish(g, graph_group_norm(g, 0, "norm1", 4, 1e-6)), JEM_EUSAGE,
                "norm1': 6 channels do not make 4 groups");
    graph_free(g);
    check_ok(graph_new(&g, (shape){4, 4, 4}));
    check_fails(graph_finish(g, graph_attention(g, 0, 1)), JEM_EUSAGE, "as many each");
    graph_free(g);
    check_ok(graph_new(&g, (shape){3, 1, 1}));
    graph_conv2d_pad(g, 0, "down", 3, 3, 2, 0, 1); /* no window fits, whatever rounding says */
    check_fails(graph_finish(g, 1), JEM_EUSAGE, "too small");
    graph_free(g);

    check_ok(graph_new(&g, (shape){3, 1, 1}));
    check_ok(graph_finish(g, graph_silu(g, 0)));
    check_fails(plan_compile(&p, g, &backend_cpu, &o), JEM_EINTERNAL, "tangents");
    o.tangent = false;
    check_ok(plan_compile(&p, g, &backend_cpu, &o));
    check_ok(workspace_new(&w, p));
    check_fails(plan_tangent(w, &call, v, v, v, v), JEM_EINTERNAL, "not compiled for tangents");
    workspace_free(w);
    plan_free(p);
    graph_free(g);
}

static void products_and_parameters_are_counted(void **state)
{
    (void)state;
    graph *g = NULL;
    const char *const qkv[3] = {"q", "k", "v"};
    int64_t params = 0;

    check_ok(graph_new(&g, (shape){4, 3, 5}));
    int x = graph_attention(g, graph_attention_qkv(g, graph_group_norm(g, 0, "n", 2, 1e-6), qkv), 1);
    check_ok(graph_finish(g, graph_upsample(g, graph_silu(g, graph_project(g, x, "o", 4)))));
    assert_true(graph_flops(g) == 2.0 * 15 * 4 * 12 + 2 * 2.0 * 15 * 15 * 4 + 2.0 * 15 * 4 * 4);
    for (int i = 0; i < g->node_count; ++i) params += op_params(&g->nodes[i].op);
    assert_int_equal(params, graph_trained_elements(g));
    graph_free(g);
}

static void the_three_projections_lie_one_after_another(void **state)
{
    (void)state;
    graph *g = NULL;
    const char *const qkv[3] = {"to_q", "to_k", "to_v"};
    const char *const names[] = {"to_q.weight", "to_k.weight", "to_v.weight",
                                 "to_q.bias", "to_k.bias", "to_v.bias"};
    int64_t at = 0;

    check_ok(graph_new(&g, (shape){4, 3, 5}));
    check_ok(graph_finish(g, graph_attention(g, graph_attention_qkv(g, 0, qkv), 1)));
    for (int i = 0; i < 6; ++i) {
        const param *p = graph_param(g, names[i]);
        assert_non_null(p);
        assert_int_equal(p->offset, at);
        assert_int_equal(p->ndim, i < 3 ? 2 : 1);
        assert_int_equal(p->fan_in, 4);
        at += p->count;
    }
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_agrees_with_ref_on_odd_sizes_channels_and_groups),
        cmocka_unit_test(bf16_stays_within_its_error_bound),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(splitting_has_parts_to_share),
        cmocka_unit_test(convolutions_of_upsampled_maps_work_on_the_small_one),
        cmocka_unit_test(only_what_is_alive_is_in_memory),
        cmocka_unit_test(tangents_share_the_packed_weights_of_values),
        cmocka_unit_test(lean_plans_keep_no_packed_weights_and_change_no_bit),
        cmocka_unit_test(attention_is_linear_in_memory),
        cmocka_unit_test(executing_allocates_nothing),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(products_and_parameters_are_counted),
        cmocka_unit_test(the_three_projections_lie_one_after_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
