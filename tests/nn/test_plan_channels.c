/* ConvNeXt's operators on the cpu against ref: norms over channels, GELU, trained scales, on maps and
 * vectors of odd and even channels, in float32 and bf16. */
#include "support/check.h"

#include <math.h>

#include "base/mem.h"
#include "nn/ops.h"
#include "nn/plan.h"

enum { N = 3, SIDE = 6, INPUT = 3 * SIDE * SIDE, CLASSES = 5 };

static graph *block_graph(int64_t channels)
{
    const conv_shape depthwise = {.out = channels, .kernel = {7, 7}, .stride = 1, .begin = {3, 3}, .end = {3, 3},
                                  .groups = channels};
    graph *g = NULL;
    check_ok(graph_new(&g, (shape){3, SIDE, SIDE}));
    int x = graph_norm_eps(g, graph_conv2d(g, 0, "stem", channels, 1, 1, 0), "stem_norm", NORM_CHANNELS, 1e-6);
    int y = graph_norm_eps(g, graph_conv(g, x, "dw", &depthwise), "norm", NORM_CHANNELS, 1e-6);
    y = graph_project(g, graph_gelu(g, graph_project(g, y, "fc1", 4 * channels)), "fc2", channels);
    x = graph_add(g, graph_scale(g, y, "block", "gamma"), x);
    x = graph_pool(g, x, SIDE, SIDE, 1.0 / (SIDE * SIDE));
    x = graph_norm_eps(g, x, "head", NORM_CHANNELS, 1e-6);
    check_ok(graph_finish(g, graph_linear(g, graph_gelu(g, x), "fc", CLASSES)));
    return g;
}

static void fill(float *v, int64_t n, uint32_t seed, float scale, float mean)
{
    for (int64_t i = 0; i < n; ++i) {
        seed = seed * 1664525u + 1013904223u;
        v[i] = mean + scale * ((float)(seed >> 8) / 8388608.0f - 1.0f);
    }
}

typedef struct results {
    float logits[N * CLASSES], dx[N * INPUT], *dparams;
} results;

static void compute(results *r, const graph *g, const backend *b, jem_dtype precision, const float *params)
{
    const plan_options o = {.batch = N, .precision = precision, .backward_input = true, .backward_params = true};
    const plan_call call = {.count = N};
    float x[N * INPUT], d[N * CLASSES];
    plan *p = NULL;
    workspace *w = NULL;
    fill(x, N * INPUT, 2, 1, 0.2f);
    fill(d, N * CLASSES, 3, 1, 0);
    check_ok(MEM_NEW(r->dparams, g->param_elements));
    check_ok(plan_compile(&p, g, b, &o));
    check_ok(plan_load(p, params));
    check_ok(workspace_new(&w, p));
    check_ok(plan_forward(w, &call, x, r->logits));
    check_ok(plan_backward(w, &call, d, r->dx, r->dparams));
    workspace_free(w);
    plan_free(p);
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

static void agrees_with_ref(int64_t channels, jem_dtype precision, double tolerance)
{
    graph *g = block_graph(channels);
    float *params = NULL;
    results ref, cpu;
    check_ok(MEM_NEW(params, g->param_elements));
    for (int i = 0; i < g->param_count; ++i) {
        const param *p = &g->params[i];
        const bool norm = p->role == PARAM_NORM_WEIGHT;
        fill(params + p->offset, p->count, 10 + (uint32_t)i, p->role == PARAM_WEIGHT ? 1.5f / sqrtf((float)p->fan_in) : 0.3f,
             norm ? 1 : 0);
    }
    compute(&ref, g, &backend_ref, JEM_F32, params);
    compute(&cpu, g, &backend_cpu, precision, params);
    near("logits", cpu.logits, ref.logits, N * CLASSES, tolerance);
    near("dx", cpu.dx, ref.dx, N * INPUT, tolerance);
    for (int i = 0; i < g->param_count; ++i) { /* each by itself: scales' are small beside weights' */
        const param *p = &g->params[i];
        near(p->name, cpu.dparams + p->offset, ref.dparams + p->offset, p->count, tolerance);
    }
    mem_free(params);
    mem_free(ref.dparams);
    mem_free(cpu.dparams);
    graph_free(g);
}

static void float32_agrees_with_ref(void **state)
{
    (void)state;
    for (int64_t channels = 5; channels <= 48; channels += channels < 16 ? 11 : 16) agrees_with_ref(channels, JEM_F32, 1e-5);
    agrees_with_ref(19, JEM_F32, 1e-5);
}

static void bf16_is_near_ref(void **state)
{
    (void)state;
    if (backend_cpu.supports(JEM_BF16) != JEM_OK) skip();
    agrees_with_ref(16, JEM_BF16, 0.05);
    agrees_with_ref(19, JEM_BF16, 0.05);
}

/* One value an image through GELU alone, over the whole range: its value and slope, by the definition in double. */
static void gelu_is_exact_to_float32(void **state)
{
    enum { POINTS = 4096 };
    const plan_options o = {.batch = 1, .precision = JEM_F32, .backward_input = true};
    static float x[POINTS], y[POINTS], d[POINTS], slope[POINTS];
    graph *g = NULL;
    plan *p = NULL;
    workspace *w = NULL;
    (void)state;
    check_ok(graph_new(&g, (shape){1, 64, 64}));
    check_ok(graph_finish(g, graph_gelu(g, 0)));
    for (int i = 0; i < POINTS; ++i) x[i] = (float)i / 128 - 16, d[i] = 1;
    check_ok(plan_compile(&p, g, &backend_cpu, &o));
    check_ok(workspace_new(&w, p));
    check_ok(plan_forward(w, &(plan_call){.count = 1}, x, y));
    check_ok(plan_backward(w, &(plan_call){.count = 1}, d, slope, NULL));
    for (int i = 0; i < POINTS; ++i) {
        const double v = (double)x[i], below = 0.5 * erfc(-v / sqrt(2)), density = exp(-v * v / 2) / sqrt(2 * acos(-1));
        assert_true(fabs((double)y[i] - v * below) <= 3e-7 * fmax(fabs(v), 1));
        assert_true(fabs((double)slope[i] - (below + v * density)) <= 1e-6);
        if (v > -4) assert_true(fabs((double)y[i] - v * below) <= 4e-6 * fabs(v * below)); /* its tail as well */
    }
    workspace_free(w);
    plan_free(p);
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float32_agrees_with_ref),
        cmocka_unit_test(bf16_is_near_ref),
        cmocka_unit_test(gelu_is_exact_to_float32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
