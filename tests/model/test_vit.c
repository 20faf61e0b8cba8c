/* Vision transformers with hash parameters against PyTorch (scripts/golden_vit.py, where torchvision's vit_b_16 gives the
 * same): B/16 at full size, a small one with all gradients, and how parameters begin. */
#include <string.h>

#include "backend/cpu/cpu_arch.h"
#include "model/init.h"
#include "model/vit.h"
#include "nn/gradient_check.h"

enum { CLASSES = 5, SIDE = 16, IMAGES = 2, SIZE = 3 * SIDE * SIDE };

static model_spec spec_of(const char *name, int64_t classes, int64_t side, int64_t patch)
{
    model_spec spec = {.classes = classes, .channels = 3, .height = side, .width = side};
    check_ok(model_spec_name(&spec, network_list, name));
    vit_settings s;
    memcpy(&s, &spec.settings, sizeof s);
    s.input.input = 1; /* own */
    s.patch = patch;
    memcpy(&spec.settings, &s, sizeof s);
    return spec;
}

static double norm(const double *v, int64_t n)
{
    return sqrt(check_dot(v, v, n));
}

static void float32_values(float *to, int64_t n, const char *name)
{
    double *v = NULL;
    check_ok(MEM_NEW(v, n));
    hash_values(v, n, name);
    for (int64_t i = 0; i < n; i++) to[i] = (float)v[i];
    mem_free(v);
}

static void b_16_matches_torchvision(void **state)
{
    (void)state;
    static const double logits[10] = {0.6078517039, 0.2932297286, -1.627221928, -1.265717972, -0.2119200174,
                                      1.461918236, -0.5953165107, 2.39443538, 0.1247799516, 0.4917745992};
    static const double stages[4] = {772.8946491, 1144.613275, 1462.008754, 1778.82343};
    static const char *const features[] = {"stage1", "stage2", "stage3", "stage4", NULL};
    const model_spec spec = spec_of("vit-b-16", 1000, 224, 16);
    const plan_options o = {.batch = 1, .precision = JEM_F32, .features = features};
    const plan_call call = {.count = 1};
    const int64_t size = 3 * 224 * 224, tokens = 197 * 768;
    graph *g = NULL;
    plan *p = NULL;
    workspace *w = NULL;
    float *params = NULL, *x = NULL, *value = NULL, got[1000];
    double square = 0;

    check_ok(model_spec_build(&g, &spec));
    assert_int_equal(g->param_elements, 86567656);
    check_ok(MEM_NEW(params, g->param_elements));
    check_ok(params_init_hash_f32(params, g, 2));
    check_ok(MEM_NEW(x, size));
    check_ok(MEM_NEW(value, tokens));
    float32_values(x, size, "x");
    check_ok(plan_compile(&p, g, &backend_cpu, &o));
    check_ok(plan_load(p, params));
    check_ok(workspace_new(&w, p));
    check_ok(plan_forward(w, &call, x, got));
    for (int k = 0; k < 10; k++) check_near((double)got[k], logits[k], 1e-4, 1);
    for (int k = 0; k < 1000; k++) square += (double)got[k] * (double)got[k];
    check_near(sqrt(square), 37.19944643, 1e-5, 37);
    for (int k = 0; k < 4; k++) {
        assert_int_equal(shape_count(g->nodes[graph_find(g, features[k])].op.dst), tokens);
        check_ok(plan_feature(w, &call, features[k], value));
        square = 0;
        for (int64_t i = 0; i < tokens; i++) square += (double)value[i] * (double)value[i];
        check_near(sqrt(square), stages[k], 1e-5, stages[k]);
    }
    workspace_free(w);
    plan_free(p);
    mem_free(params);
    mem_free(x);
    mem_free(value);
    graph_free(g);
}

/* ---- a small one */

static graph *mini(void)
{
    static const vit_size size = {24, 3, 40, 4};
    const model_spec spec = spec_of("vit-micro", CLASSES, SIDE, 4);
    graph *begun = NULL, *g = NULL;
    check_ok(graph_new(&begun, (shape){3, SIDE, SIDE}));
    check_ok(vit_graph(&g, begun, 0, &spec, &size));
    return g;
}

/* Mean cross-entropy of labels 3 and 1, its derivative in t->cotangent. */
static double cross_entropy(checked *t)
{
    static const int labels[IMAGES] = {3, 1};
    double loss = 0;
    for (int i = 0; i < IMAGES; i++) {
        double sum = 0;
        for (int k = 0; k < CLASSES; k++) sum += exp(t->logits[CLASSES * i + k]);
        loss += (log(sum) - t->logits[CLASSES * i + labels[i]]) / IMAGES;
        for (int k = 0; k < CLASSES; k++)
            t->cotangent[CLASSES * i + k] = (exp(t->logits[CLASSES * i + k]) / sum - (k == labels[i])) / IMAGES;
    }
    return loss;
}

static void all_gradients_of_a_small_one_match_pytorch(void **state)
{
    (void)state;
    static const double logits[CLASSES] = {1.501066859, 0.5093163737, -0.5605418608, -0.3091070295, -1.664646613};
    static const struct {
        const char *name;
        double norm, first[2];
    } want[] = {{"class_token", 4.543463009, {0.4601109934, -0.3333771799}},
                {"conv_proj.weight", 2.967867551, {-0.07850394681, 0.05927797213}},
                {"encoder.pos_embedding", 4.611024772, {0.4601109934, -0.3333771799}},
                {"encoder.layers.encoder_layer_1.self_attention.in_proj_weight", 1.017118993,
                 {-0.00583160744, 0.002060146674}},
                {"encoder.layers.encoder_layer_2.mlp.3.weight", 1.254370093, {-0.004415226426, 0.01714667852}},
                {"heads.head.bias", 0.546518102, {0.3042767884, 0.07591199132}}};
    const plan_options o = {.batch = IMAGES, .precision = JEM_F64, .backward_input = true, .backward_params = true,
                            .train = true};
    graph *g = mini();
    checked t;

    checked_open(&t, g, &o);
    params_init_hash(t.params, g, 2);
    check_ok(plan_load(t.p, t.params));
    hash_values(t.x, t.n * t.size, "x");
    check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
    for (int k = 0; k < CLASSES; k++) check_near(t.logits[k], logits[k], 1e-9, 1);
    check_near(cross_entropy(&t), 1.205635304, 1e-9, 1);
    check_ok(plan_backward(t.w, &t.call, t.cotangent, t.dx, t.dparams));
    check_near(norm(t.dparams, g->param_elements), 10.18652756, 1e-9, 10);
    check_near(norm(t.dx, t.n * t.size), 0.872106237, 1e-9, 1);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        const param *p = graph_param(g, want[i].name);
        const double *d = t.dparams + p->offset;
        check_near(norm(d, p->count), want[i].norm, 1e-9, want[i].norm);
        for (int k = 0; k < 2; k++) check_near(d[k], want[i].first[k], 1e-9, 1);
    }
    checked_close(&t);
    graph_free(g);
}

typedef struct answers {
    float logits[IMAGES * CLASSES], dx[IMAGES * SIZE], *dparams;
} answers;

static void answer(answers *a, const graph *g, const backend *machine, jem_dtype precision, const float *params)
{
    static float x[IMAGES * SIZE];
    const plan_options o = {.batch = IMAGES, .precision = precision, .backward_input = true, .backward_params = true,
                            .train = true};
    const plan_call call = {.count = IMAGES};
    float dy[IMAGES * CLASSES];
    plan *p = NULL;
    workspace *w = NULL;

    float32_values(x, IMAGES * SIZE, "x");
    for (int i = 0; i < IMAGES * CLASSES; i++) dy[i] = (float)(i % 7 - 3) / 3;
    check_ok(MEM_NEW(a->dparams, g->param_elements));
    check_ok(plan_compile(&p, g, machine, &o));
    check_ok(plan_load(p, params));
    check_ok(workspace_new(&w, p));
    check_ok(plan_forward(w, &call, x, a->logits));
    check_ok(plan_backward(w, &call, dy, a->dx, a->dparams));
    workspace_free(w);
    plan_free(p);
}

/* Largest distance, of the largest value. */
static double apart(const float *a, const float *b, int64_t n)
{
    double most = 0, largest = 0;
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
        largest = fmax(largest, fabs((double)b[i]));
    }
    return most / largest;
}

/* Forward, to inputs and to parameters. */
static void the_cpu_backend_computes_the_same(void **state)
{
    (void)state;
    static const jem_dtype precisions[] = {JEM_F32, JEM_BF16};
    graph *g = mini();
    float *params = NULL;
    answers want;

    check_ok(MEM_NEW(params, g->param_elements));
    check_ok(params_init_hash_f32(params, g, 2));
    answer(&want, g, &backend_ref, JEM_F32, params);
    for (int k = 0; k < (cpu_arch_bf16() ? 2 : 1); k++) {
        const double bound = precisions[k] == JEM_F32 ? 2e-6 : 5e-2;
        answers got;
        answer(&got, g, &backend_cpu, precisions[k], params);
        assert_true(apart(got.logits, want.logits, IMAGES * CLASSES) < bound);
        assert_true(apart(got.dx, want.dx, IMAGES * SIZE) < bound);
        for (int i = 0; i < g->param_count; i++) {
            const param *q = &g->params[i];
            assert_true(apart(got.dparams + q->offset, want.dparams + q->offset, q->count) < bound);
        }
        mem_free(got.dparams);
    }
    mem_free(want.dparams);
    mem_free(params);
    graph_free(g);
}

/* ---- settings */

static void parameters_begin_as_timms(void **state)
{
    (void)state;
    const model_spec spec = spec_of("vit-micro", 2, 32, 4);
    graph *g = NULL;
    float *params = NULL;
    double square = 0;
    int64_t weights = 0;

    check_ok(model_spec_build(&g, &spec));
    check_ok(MEM_NEW(params, g->param_elements));
    model_spec_init(params, g, &spec, 5);
    for (int i = 0; i < g->param_count; i++) {
        const param *p = &g->params[i];
        for (int64_t k = 0; k < p->count; k++) {
            const float v = params[p->offset + k];
            if (p->role == PARAM_WEIGHT || p->role == PARAM_NORMAL)
                square += (double)v * (double)v, weights++;
            else
                assert_true(v == (p->role == PARAM_NORM_WEIGHT));
        }
    }
    check_near(sqrt(square / (double)weights), 0.02, 0.01, 0.02);
    mem_free(params);
    graph_free(g);
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    model_spec spec = spec_of("vit-micro", 10, 30, 4);
    graph *g = NULL;
    check_fails(model_spec_build(&g, &spec), JEM_EUSAGE, "30x30 are not made of whole squares of 4 pixels; change model.patch");
    check_ok(model_spec_name(&spec, network_list, "vit-micro-2"));
    check_fails(model_spec_build(&g, &spec), JEM_EUSAGE, "expected vit-micro");
    spec = spec_of("vit-b-16", 10, 32, 16);
    spec.channels = 4;
    check_fails(model_spec_build(&g, &spec), JEM_EUSAGE, "3 channels");
    check_fails(model_spec_name(&spec, network_list, "vit-h"), JEM_EUSAGE, "vit-b-16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(b_16_matches_torchvision),
        cmocka_unit_test(all_gradients_of_a_small_one_match_pytorch),
        cmocka_unit_test(the_cpu_backend_computes_the_same),
        cmocka_unit_test(parameters_begin_as_timms),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
