/* ConvNeXt with hash parameters against timm's network in PyTorch (scripts/golden_convnext.py): all options of
 * patches, a small one with all gradients, and how its parameters begin. */
#include <string.h>

#include "model/convnext.h"
#include "model/init.h"
#include "nn/gradient_check.h"

static model_spec spec_of(const char *name, int64_t classes, int64_t side, int patch, double drop_path)
{
    model_spec spec = {.classes = classes, .channels = 3, .height = side, .width = side};
    check_ok(model_spec_name(&spec, network_list, name));
    convnext_settings s;
    memcpy(&s, &spec.settings, sizeof s);
    if (patch >= 0) s.patch = patch;
    s.drop_path = drop_path;
    memcpy(&spec.settings, &s, sizeof s);
    return spec;
}

static double norm(const double *v, int64_t n)
{
    return sqrt(check_dot(v, v, n));
}

typedef struct golden_net {
    int64_t parameters;
    int patch;          /* index into 1|2|4 */
    double logits[10];
    double stages[4];   /* norms; 0: not known */
} golden_net;

static const golden_net nets[] = {
    {27827818, 2,
     {0.9084084449, -0.3331095394, -0.6098345716, -0.455176917, 0.8827890981, -2.24362366, 1.241611918, -1.949007847,
      -0.2171984181, -0.04427421245},
     {144.7496109, 107.1547995, 108.9355809, 52.8438652}},
    {27861514, 1,
     {-1.666644135, 1.414513609, -1.777406614, -1.59761645, 0.2714890542, -1.031999962, 1.67116936, -1.48941118,
      0.0241287191, -1.036124784},
     {0}},
    {27823498, 0,
     {-0.476268631, 0.7032168651, -1.835749363, 0.9833131183, 0.4131685299, -0.7911792802, 0.1853175381, -1.084210035,
      1.073840444, 0.5590956164},
     {0}},
};

static void cifar_sizes_match_timm_in_double(void **state)
{
    (void)state;
    static const char *const features[] = {"stage1", "stage2", "stage3", "stage4", NULL};
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        const model_spec spec = spec_of("convnext-tiny", 10, 32, nets[i].patch, 0.2);
        const plan_options o = {.batch = 1, .precision = JEM_F64, .features = features};
        double *value = NULL;
        graph *g = NULL;
        checked t;

        check_ok(model_spec_build(&g, &spec));
        assert_int_equal(g->param_elements, nets[i].parameters);
        checked_open(&t, g, &o);
        params_init_hash(t.params, g, 2);
        check_ok(plan_load(t.p, t.params));
        hash_values(t.x, t.size, "x");
        check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
        for (int k = 0; k < 10; k++) check_near(t.logits[k], nets[i].logits[k], 1e-9, 1);
        for (int k = 0; k < 4 && nets[i].stages[0] > 0; k++) {
            const int64_t n = shape_count(g->nodes[graph_find(g, features[k])].op.dst);
            check_ok(MEM_NEW(value, n));
            check_ok(plan_feature(t.w, &t.call, features[k], value));
            check_near(norm(value, n), nets[i].stages[k], 1e-9, nets[i].stages[k]);
            mem_free(value);
        }
        checked_close(&t);
        graph_free(g);
    }
}

/* The cpu backend, on photographs with 1000 classes as timm's weights have them, in float32. */
static void the_cpu_backend_matches_timm_in_float32(void **state)
{
    (void)state;
    static const double logits[10] = {-0.7432555046, 0.9107618387, -1.615423105, 0.9643641835, 0.5395820279,
                                      -1.250686672, 1.045284056, -0.6241499441, 0.8524235748, 1.235959531};
    const model_spec spec = spec_of("convnext-tiny", 1000, 224, -1, 0);
    const plan_options o = {.batch = 1, .precision = JEM_F32};
    const plan_call call = {.count = 1};
    graph *g = NULL;
    plan *p = NULL;
    workspace *w = NULL;
    float *params = NULL, *x = NULL, got[1000];
    double *v = NULL, square = 0;

    check_ok(model_spec_build(&g, &spec));
    assert_int_equal(g->param_elements, 28589128);
    check_ok(MEM_NEW(params, g->param_elements));
    check_ok(params_init_hash_f32(params, g, 2));
    const int64_t size = 3 * 224 * 224;
    check_ok(MEM_NEW(x, size));
    check_ok(MEM_NEW(v, size));
    hash_values(v, size, "x");
    for (int64_t i = 0; i < size; i++) x[i] = (float)v[i];
    check_ok(plan_compile(&p, g, &backend_cpu, &o));
    check_ok(plan_load(p, params));
    check_ok(workspace_new(&w, p));
    check_ok(plan_forward(w, &call, x, got));
    for (int k = 0; k < 10; k++) check_near((double)got[k], logits[k], 1e-3, 1);
    for (int k = 0; k < 1000; k++) square += (double)got[k] * (double)got[k];
    check_near(sqrt(square), 36.58215908, 1e-3, 36.6);
    workspace_free(w);
    plan_free(p);
    mem_free(params);
    mem_free(x);
    mem_free(v);
    graph_free(g);
}

/* ---- a small one */

static graph *mini(void)
{
    static const convnext_size size = {{8, 16, 24, 32}, {1, 1, 1, 1}};
    const model_spec spec = spec_of("convnext-tiny", 10, 32, 2, 0);
    graph *g = NULL;
    check_ok(convnext_graph(&g, &spec, &size));
    return g;
}

/* Mean cross-entropy of labels 3 and 7, its derivative in t->cotangent. */
static double cross_entropy(checked *t)
{
    static const int labels[2] = {3, 7};
    double loss = 0;
    for (int i = 0; i < 2; i++) {
        double sum = 0;
        for (int k = 0; k < 10; k++) sum += exp(t->logits[10 * i + k]);
        loss += (log(sum) - t->logits[10 * i + labels[i]]) / 2;
        for (int k = 0; k < 10; k++)
            t->cotangent[10 * i + k] = (exp(t->logits[10 * i + k]) / sum - (k == labels[i])) / 2;
    }
    return loss;
}

static void all_gradients_of_a_small_one_match_pytorch(void **state)
{
    (void)state;
    static const double logits[10] = {1.473772437, 0.09405065902, -0.6617257732, 0.546328141, 0.9896056747,
                                      -1.951118619, -0.7390340792, 1.796554963, -0.8208859657, 0.5087322119};
    static const struct {
        const char *name;
        double norm, first[2]; /* 0: not known */
    } want[] = {{"stem.0.weight", 2.468973466, {-0.131642821, -0.05178196849}},
                {"stages.1.blocks.0.conv_dw.weight", 1.279224744, {0.003670308628, -0.002950619007}},
                {"stages.2.blocks.0.gamma", 0.2320015392, {0}},
                {"stages.3.downsample.0.weight", 0.4475178174, {0}},
                {"head.norm.weight", 0.5008458746, {0}}};
    const plan_options o = {.batch = 2, .precision = JEM_F64, .backward_input = true, .backward_params = true,
                            .train = true};
    graph *g = mini();
    checked t;

    assert_int_equal(g->param_elements, 26090);
    checked_open(&t, g, &o);
    params_init_hash(t.params, g, 2);
    check_ok(plan_load(t.p, t.params));
    hash_values(t.x, t.n * t.size, "x");
    check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
    for (int k = 0; k < 10; k++) check_near(t.logits[k], logits[k], 1e-9, 1);
    check_near(cross_entropy(&t), 1.48256703302, 1e-9, 1);
    check_ok(plan_backward(t.w, &t.call, t.cotangent, t.dx, t.dparams));
    check_near(norm(t.dparams, g->param_elements), 8.054605231, 1e-9, 8);
    check_near(norm(t.dx, t.n * t.size), 0.7275401356, 1e-9, 1);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const param *p = graph_param(g, want[i].name);
        const double *d = t.dparams + p->offset;
        check_near(norm(d, p->count), want[i].norm, 1e-9, 1);
        for (int k = 0; k < 2 && want[i].first[0] != 0; k++) check_near(d[k], want[i].first[k], 1e-9, 1);
    }
    checked_close(&t);
    graph_free(g);
}

/* Both backends, forward and to inputs and parameters. */
static void the_cpu_backend_has_the_same_gradients(void **state)
{
    (void)state;
    enum { N = 2, PARAMS = 26090, SIZE = 3 * 32 * 32 };
    static float params[PARAMS], x[N * SIZE], dx[2][N * SIZE], dparams[2][PARAMS], logits[2][N * 10], dy[N * 10];
    static double v[N * SIZE];
    const backend *const machines[] = {&backend_ref, &backend_cpu};
    const plan_options o = {.batch = N, .precision = JEM_F32, .backward_input = true, .backward_params = true,
                            .train = true};
    const plan_call call = {.count = N};
    graph *g = mini();

    check_ok(params_init_hash_f32(params, g, 2));
    hash_values(v, N * SIZE, "x");
    for (int i = 0; i < N * SIZE; i++) x[i] = (float)v[i];
    for (int i = 0; i < N * 10; i++) dy[i] = (float)(i % 7 - 3) / 3;
    for (int m = 0; m < 2; m++) {
        plan *p = NULL;
        workspace *w = NULL;
        check_ok(plan_compile(&p, g, machines[m], &o));
        check_ok(plan_load(p, params));
        check_ok(workspace_new(&w, p));
        check_ok(plan_forward(w, &call, x, logits[m]));
        check_ok(plan_backward(w, &call, dy, dx[m], dparams[m]));
        workspace_free(w);
        plan_free(p);
    }
    for (int i = 0; i < N * 10; i++) check_near((double)logits[1][i], (double)logits[0][i], 1e-5, 1);
    for (int i = 0; i < N * SIZE; i++) check_near((double)dx[1][i], (double)dx[0][i], 1e-5, 1);
    for (int i = 0; i < PARAMS; i++) check_near((double)dparams[1][i], (double)dparams[0][i], 2e-5, 5);
    graph_free(g);
}

/* ---- settings */

static void branches_begin_with_next_to_nothing(void **state)
{
    (void)state;
    const model_spec spec = spec_of("convnext-micro", 2, 16, -1, 0);
    graph *g = NULL;
    float *params = NULL;
    double square = 0;
    int64_t weights = 0;

    check_ok(model_spec_build(&g, &spec));
    check_ok(MEM_NEW(params, g->param_elements));
    model_spec_init(params, g, &spec, 5);
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        const float *v = params + p->offset;
        const bool gamma = strstr(p->name, ".gamma") != NULL;
        for (int64_t k = 0; k < p->count; k++) {
            if (gamma) assert_true(v[k] == 1e-6f);
            if (!gamma && p->role == PARAM_NORM_WEIGHT) assert_true(v[k] == 1);
            if (p->role == PARAM_BIAS || p->role == PARAM_NORM_BIAS) assert_true(v[k] == 0);
            if (p->role == PARAM_WEIGHT) square += (double)v[k] * (double)v[k], weights++;
        }
    }
    check_near(sqrt(square / (double)weights), 0.02, 0.01, 0.02);
    mem_free(params);
    graph_free(g);
}

/* Of the same work: docs/results.md compares them along alpha. */
static void micro_is_about_as_large_as_wrn_10_1(void **state)
{
    (void)state;
    for (int64_t side = 16; side <= 32; side *= 2) {
        const model_spec micro = spec_of("convnext-micro", 2, side, -1, 0);
        model_spec wrn = {.classes = 2, .channels = 3, .height = side, .width = side};
        graph *a = NULL, *b = NULL;
        check_ok(model_spec_name(&wrn, network_list, "wrn-10-1"));
        model_spec_resize(&wrn, side, side);
        check_ok(model_spec_build(&a, &micro));
        check_ok(model_spec_build(&b, &wrn));
        check_near(graph_flops(a) / graph_flops(b), 1, 0.1, 1);
        graph_free(a);
        graph_free(b);
    }
}

static void rates_of_dropping_rise_from_nothing(void **state)
{
    (void)state;
    const model_spec spec = spec_of("convnext-tiny", 10, 32, -1, 0.17);
    graph *g = NULL;
    int dropping = 0;

    assert_true(spec.network->draws(&spec));
    check_ok(model_spec_build(&g, &spec));
    for (int i = 0; i < g->node_count; i++) {
        const op *o = &g->nodes[i].op;
        if (o->kind != OP_DROPOUT) continue;
        assert_true(o->whole);
        check_near(o->rate, 0.01 * ++dropping, 1e-12, 1);
    }
    assert_int_equal(dropping, 17); /* the first of 18 blocks has none */
    graph_free(g);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    model_spec spec = spec_of("convnext-tiny", 10, 16, -1, 0);
    graph *g = NULL;
    check_fails(model_spec_build(&g, &spec), JEM_EUSAGE, "too small for this network");
    check_fails(model_spec_name(&spec, network_list, "convnext-large"), JEM_EUSAGE, "convnext-micro");
    check_ok(model_spec_name(&spec, network_list, "convnext-tiny-2"));
    check_fails(model_spec_build(&g, &spec), JEM_EUSAGE, "expected convnext-tiny");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar_sizes_match_timm_in_double),
        cmocka_unit_test(the_cpu_backend_matches_timm_in_float32),
        cmocka_unit_test(all_gradients_of_a_small_one_match_pytorch),
        cmocka_unit_test(the_cpu_backend_has_the_same_gradients),
        cmocka_unit_test(branches_begin_with_next_to_nothing),
        cmocka_unit_test(micro_is_about_as_large_as_wrn_10_1),
        cmocka_unit_test(rates_of_dropping_rise_from_nothing),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
