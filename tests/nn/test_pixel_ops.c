/* The operators of generative networks of pixels on the cpu backend against ref, both gradients and tangents, with
 * widths that fill vectors and widths that do not; weight norm against its formula. */
#include "support/check.h"

#include "base/mem.h"
#include "nn/ops.h"
#include "nn/plan.h"
#include "nn/weight_norm.h"

enum { N = 3 };

/* Down and up again beside a code that every position sees, as a PixelVAE is. */
static graph *pixel_graph(shape input, int64_t width)
{
    const conv_shape first = {.out = width, .kernel = {2, 3}, .stride = 1, .begin = {1, 1}, .end = {0, 1}};
    const conv_shape down = {.out = width, .kernel = {2, 3}, .stride = 2, .begin = {1, 1}, .end = {0, 1}};
    const conv_shape gate = {.out = 2 * width, .kernel = {2, 2}, .stride = 1, .begin = {1, 1}};
    const conv_shape up = {.out = width, .kernel = {2, 3}, .stride = 2, .begin = {0, 1}};
    const conv_shape square = {.out = width, .kernel = {2, 2}, .stride = 2};
    graph *g = NULL;

    check_ok(graph_new(&g, input));
    int code = graph_linear_normed(g, 0, "mean", 5);
    code = graph_add(g, code, graph_noise(g, graph_sigmoid(g, graph_linear(g, 0, "std", 5), 0.5)));
    int x = graph_shift(g, graph_conv_normed(g, graph_ones(g, 0), "in", &first), 1, 2);
    int h = graph_conv_normed(g, graph_concat_elu(g, x), "down", &down);
    h = graph_add(g, h, graph_project_normed(g, graph_concat_elu(g, h), "dense", width));
    h = graph_conv_normed(g, graph_dropout(g, graph_concat_elu(g, h), 0.5), "gate", &gate);
    h = graph_gate(g, graph_add_vector(g, h, graph_linear_plain(g, code, "code", "hw", 2 * width)));
    x = graph_add(g, graph_conv_transposed_normed(g, h, "u", &up), graph_conv_transposed(g, h, "v", &square));
    check_ok(graph_finish(g, graph_project_normed(g, graph_elu(g, x), "out", 7)));
    return g;
}

static float *filled(int64_t n, uint32_t image, float scale)
{
    const rng_stream s = {5, RNG_TEST, 0, 0};
    float *v = NULL;
    check_ok(MEM_NEW(v, n));
    rng_fill_normal(v, n, &s, image);
    for (int64_t i = 0; i < n; i++) v[i] *= scale;
    return v;
}

typedef struct outcome {
    float *y, *dx, *dparams, *jv;
} outcome;

static outcome compute(const graph *g, const backend *b, bool train)
{
    const int64_t in = N * shape_count(g->nodes[0].op.dst), out = N * shape_count(g->nodes[g->output].op.dst);
    float *params = filled(g->param_elements, 1, 0.4f), *x = filled(in, 2, 1), *v = filled(in, 3, 1);
    float *dy = filled(out, 4, 1);
    const plan_call call = {.count = N, .dropout = {3, RNG_DROPOUT, 8, 0}, .image0 = 5};
    outcome r;
    for (int tangent = 0; tangent < 2; tangent++) {
        const plan_options o = {.batch = N, .precision = JEM_F32, .backward_input = !tangent,
                                .backward_params = !tangent, .tangent = tangent, .train = train};
        plan *p = NULL;
        workspace *w = NULL;
        check_ok(plan_compile(&p, g, b, &o));
        check_ok(plan_load(p, params));
        check_ok(workspace_new(&w, p));
        if (tangent) {
            check_ok(MEM_NEW(r.jv, out));
            check_ok(plan_tangent(w, &call, x, v, NULL, r.jv));
        } else {
            check_ok(MEM_NEW(r.y, out));
            check_ok(MEM_NEW(r.dx, in));
            check_ok(MEM_NEW(r.dparams, g->param_elements));
            check_ok(plan_forward(w, &call, x, r.y));
            check_ok(plan_backward(w, &call, dy, r.dx, r.dparams));
        }
        workspace_free(w);
        plan_free(p);
    }
    mem_free(params);
    mem_free(x);
    mem_free(v);
    mem_free(dy);
    return r;
}

static void outcome_free(outcome *r)
{
    mem_free(r->y);
    mem_free(r->dx);
    mem_free(r->dparams);
    mem_free(r->jv);
}

static void expect_near(const char *what, const float *got, const float *want, int64_t n)
{
    double apart = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        apart += pow((double)got[i] - (double)want[i], 2);
        size += pow((double)want[i], 2);
    }
    if (!(apart <= 1e-10 * size)) fail_msg("%s: %.3g apart", what, sqrt(apart / size));
}

static void cpu_agrees_with_ref(void **state)
{
    static const struct {
        shape input;
        int64_t width;
    } cases[] = {{{3, 6, 10}, 16}, {{3, 8, 4}, 20}, {{2, 4, 6}, 5}, {{1, 4, 4}, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int train = 0; train < 2; train++) {
            graph *g = pixel_graph(cases[i].input, cases[i].width);
            const int64_t in = N * shape_count(cases[i].input), out = N * shape_count(g->nodes[g->output].op.dst);
            outcome want = compute(g, &backend_ref, train), got = compute(g, &backend_cpu, train);
            expect_near("value", got.y, want.y, out);
            expect_near("gradient to the input", got.dx, want.dx, in);
            expect_near("gradient to parameters", got.dparams, want.dparams, g->param_elements);
            expect_near("tangent", got.jv, want.jv, out);
            outcome_free(&want);
            outcome_free(&got);
            graph_free(g);
        }
}

/* The network is the one whose weights are g V / |V|. */
static void weight_norm_is_its_formula(void **state)
{
    static const double v[] = {3, 0, 4, 1, 2, 2, 0, 0, 0}, g[] = {10, -3, 7};
    static const double want[] = {6, 0, 8, -1, -2, -2, 0, 0, 0};
    const weight_norm n = {JEM_F64, 3, 3};
    double w[9], d[9] = {1, 0, 0, 0, 0, 3, 1, 1, 1}, dg[3];
    (void)state;
    weight_norm_apply(&n, w, v, g);
    for (int i = 0; i < 9; i++) check_near(w[i], want[i], 1e-15, 1);
    weight_norm_gradient(&n, d, dg, v, g);
    check_near(dg[0], 0.6, 1e-15, 1); /* <d, V> / |V| */
    check_near(dg[1], 2, 1e-15, 1);
    check_near(dg[2], 0, 1e-15, 1);
    check_near(d[0], 10 / 5.0 * (1 - 3 * 3 / 25.0), 1e-15, 1);
    check_near(d[2], 10 / 5.0 * (0 - 4 * 3 / 25.0), 1e-15, 1);
    for (int r = 0; r < 2; r++) { /* lengths of V change nothing */
        double along = 0;
        for (int i = 0; i < 3; i++) along += d[3 * r + i] * v[3 * r + i];
        check_near(along, 0, 1e-14, 1);
    }
}

static void noise_is_the_streams_in_every_mode(void **state)
{
    graph *g = NULL;
    const rng_stream s = {9, RNG_DROPOUT, 4, 1};
    double x[6], y[2][6];
    float z[6];
    (void)state;
    check_ok(graph_new(&g, (shape){6, 1, 1}));
    check_ok(graph_finish(g, graph_noise(g, 0)));
    for (int i = 0; i < 6; i++) x[i] = i + 1;
    for (int train = 0; train < 2; train++) {
        const plan_options o = {.batch = 1, .precision = JEM_F64, .train = train};
        const plan_call call = {.count = 1, .dropout = {9, RNG_DROPOUT, 4, 0}, .image0 = 7};
        plan *p = NULL;
        workspace *w = NULL;
        check_ok(plan_compile(&p, g, &backend_ref, &o));
        check_ok(plan_load(p, x));
        check_ok(workspace_new(&w, p));
        check_ok(plan_forward(w, &call, x, y[train]));
        workspace_free(w);
        plan_free(p);
    }
    rng_fill_normal(z, 6, &s, 7);
    for (int i = 0; i < 6; i++) assert_true(y[0][i] == x[i] * (double)z[i] && y[1][i] == y[0][i]);
    graph_free(g);
}

/* To the bit, whatever the width; a map of nine pixels is left to ref. */
static void dropout_draws_the_same(void **state)
{
    static const shape sizes[] = {{40, 4, 6}, {16, 2, 2}, {5, 8, 8}, {7, 3, 3}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const shape s = sizes[i];
        const int64_t n = N * shape_count(s);
        float *x = filled(n, 9, 1), *y[2] = {NULL, NULL}, *dx[2] = {NULL, NULL};
        graph *g = NULL;
        check_ok(graph_new(&g, s));
        check_ok(graph_finish(g, graph_dropout(g, 0, 0.3)));
        for (int b = 0; b < 2; b++) {
            const plan_options o = {.batch = N, .precision = JEM_F32, .backward_input = true, .train = true};
            const plan_call call = {.count = N, .dropout = {77, RNG_DROPOUT, 12, 0}, .image0 = 3};
            plan *p = NULL;
            workspace *w = NULL;
            check_ok(MEM_NEW(y[b], n));
            check_ok(MEM_NEW(dx[b], n));
            check_ok(plan_compile(&p, g, b ? &backend_cpu : &backend_ref, &o));
            check_ok(plan_load(p, x));
            check_ok(workspace_new(&w, p));
            check_ok(plan_forward(w, &call, x, y[b]));
            check_ok(plan_backward(w, &call, x, dx[b], NULL));
            workspace_free(w);
            plan_free(p);
        }
        assert_memory_equal(y[0], y[1], (size_t)n * sizeof *x);
        assert_memory_equal(dx[0], dx[1], (size_t)n * sizeof *x);
        assert_memory_equal(y[0], dx[0], (size_t)n * sizeof *x);
        for (int b = 0; b < 2; b++) {
            mem_free(y[b]);
            mem_free(dx[b]);
        }
        mem_free(x);
        graph_free(g);
    }
}

static void bf16_is_refused_by_name(void **state)
{
    const plan_options o = {.batch = 1, .precision = JEM_BF16};
    graph *g = pixel_graph((shape){3, 4, 4}, 8);
    plan *p = NULL;
    (void)state;
    if (backend_cpu.supports(JEM_BF16) != JEM_OK) skip();
    check_fails(plan_compile(&p, g, &backend_cpu, &o), JEM_EUSAGE, "need engine.precision f32");
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_agrees_with_ref),
        cmocka_unit_test(weight_norm_is_its_formula),
        cmocka_unit_test(noise_is_the_streams_in_every_mode),
        cmocka_unit_test(dropout_draws_the_same),
        cmocka_unit_test(bf16_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
