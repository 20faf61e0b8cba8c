/* The networks against reference numbers, computed in double by the JEM authors' wideresnet.py on
 * PyTorch 1.13.1 with the parameters of params_init_hash: logits, log-sum-exp and input gradients
 * in double on ref, in float32 and bf16 on cpu. */
#include "support/check.h"
#include "support/wrn_spec.h"

#include "base/mem.h"
#include "model/init.h"
#include "nn/plan.h"

typedef struct compiled {
    graph *g;
    plan *p;
    workspace *w;
    int64_t n;
    bool wide; /* double */
    double *params;
    float *params32;
} compiled;

static void open_network(compiled *t, const model_spec *spec, const backend *b, jem_dtype precision,
                         int64_t n, bool train)
{
    plan_options o = {.batch = n, .precision = precision, .backward_input = true, .train = train};

    *t = (compiled){.n = n, .wide = precision == JEM_F64};
    check_ok(model_spec_build(&t->g, spec));
    check_ok(MEM_NEW(t->params, t->g->param_elements));
    check_ok(MEM_NEW(t->params32, t->g->param_elements));
    params_init_hash(t->params, t->g, 2.0);
    for (int64_t i = 0; i < t->g->param_elements; ++i) t->params32[i] = (float)t->params[i];
    check_ok(plan_compile(&t->p, t->g, b, &o));
    check_ok(plan_load(t->p, t->wide ? (void *)t->params : (void *)t->params32));
    check_ok(workspace_new(&t->w, t->p));
}

static void close_network(compiled *t)
{
    workspace_free(t->w);
    plan_free(t->p);
    mem_free(t->params);
    mem_free(t->params32);
    graph_free(t->g);
}

/* Logits, LSE and the gradient of LSE for the hash input `name`, as doubles. */
static void evaluate(compiled *t, const char *name, double *logits, double *lse, double *grad)
{
    int64_t size = shape_count(t->g->nodes[0].op.dst), k = t->g->nodes[t->g->output].op.dst.c;
    int64_t n = t->n;
    double *x = NULL, *cotangent = NULL;
    float *x32 = NULL, *out32 = NULL, *grad32 = NULL;
    plan_call call = {.count = n};

    check_ok(MEM_NEW(x, n * size));
    check_ok(MEM_NEW(x32, n * size));
    check_ok(MEM_NEW(grad32, n * size));
    check_ok(MEM_NEW(cotangent, n * k));
    check_ok(MEM_NEW(out32, n * k));
    hash_values(x, n * size, name);
    for (int64_t i = 0; i < n * size; ++i) x32[i] = (float)x[i];
    if (t->wide) {
        check_ok(plan_forward(t->w, &call, x, logits));
    } else {
        check_ok(plan_forward(t->w, &call, x32, out32));
        for (int64_t i = 0; i < n * k; ++i) logits[i] = (double)out32[i];
    }
    for (int64_t i = 0; i < n; ++i) {
        double top = logits[i * k], sum = 0;
        for (int64_t j = 1; j < k; ++j) top = fmax(top, logits[i * k + j]);
        for (int64_t j = 0; j < k; ++j) sum += exp(logits[i * k + j] - top);
        lse[i] = top + log(sum);
        for (int64_t j = 0; j < k; ++j) cotangent[i * k + j] = exp(logits[i * k + j] - lse[i]);
    }
    if (grad && t->wide) {
        check_ok(plan_backward(t->w, &call, cotangent, grad, NULL));
    } else if (grad) {
        for (int64_t i = 0; i < n * k; ++i) out32[i] = (float)cotangent[i];
        check_ok(plan_backward(t->w, &call, out32, grad32, NULL));
        for (int64_t i = 0; i < n * size; ++i) grad[i] = (double)grad32[i];
    }
    mem_free(x);
    mem_free(x32);
    mem_free(grad32);
    mem_free(cotangent);
    mem_free(out32);
}

static model_spec spec_of(const char *name, int64_t classes, int64_t channels, int64_t side)
{
    model_spec s = wrn_spec((model_spec){.classes = classes, .channels = channels, .height = side,
                                         .width = side}, (wrn_settings){0});
    snprintf(s.name, sizeof s.name, "%s", name);
    return s;
}

static const double wrn_10_2_logits[20] = {
    -0.1861044263, -0.1962316599, 0.007593862977, 0.1448118456, 1.284526365,
    -0.06434645692, 0.9763810072, 0.559188821, 0.07642254246, 0.1054920207,
    0.2400195577, -0.3413631037, 0.1266548595, 0.12152827, 1.321931166,
    -0.1918604197, 0.6869495144, 0.3409274734, 0.1853284071, 0.08000660784};

static void compare_wrn_10_2(const backend *b, jem_dtype precision, double tolerance)
{
    compiled t;
    model_spec spec = spec_of("wrn-10-2", 10, 3, 32);
    double logits[20], lse[2], *grad = NULL, norm[2] = {0}, sum[2] = {0};

    check_ok(MEM_NEW(grad, 2 * 3072));
    open_network(&t, &spec, b, precision, 2, false);
    evaluate(&t, "x", logits, lse, grad);
    for (int i = 0; i < 20; ++i) check_near(logits[i], wrn_10_2_logits[i], tolerance, 0.1);
    check_near(lse[0], 2.705436775, tolerance, 0);
    check_near(lse[1], 2.674369522, tolerance, 0);
    for (int i = 0; i < 2 * 3072; ++i) {
        norm[i / 3072] += grad[i] * grad[i];
        sum[i / 3072] += grad[i];
    }
    check_near(sqrt(norm[0]), 0.1073187883, tolerance, 0);
    check_near(sqrt(norm[1]), 0.1062531923, tolerance, 0);
    check_near(sum[0], -1.183951314, tolerance, 0);
    check_near(sum[1], -1.149761547, tolerance, 0);
    check_near(grad[0], -0.0006542429376, tolerance, 1e-3);
    check_near(grad[3], -0.001739210512, tolerance, 1e-3);
    check_near(grad[2 * 3072 - 1], -0.000106088662, tolerance, 1e-3);
    close_network(&t);
    mem_free(grad);
}

static void wrn_10_2_matches_in_double(void **state)
{
    (void)state;
    compare_wrn_10_2(&backend_ref, JEM_F64, 1e-8);
}

static void wrn_10_2_matches_in_float_on_both_backends(void **state)
{
    (void)state;
    compare_wrn_10_2(&backend_ref, JEM_F32, 1e-4);
    compare_wrn_10_2(&backend_cpu, JEM_F32, 1e-4);
}

static void wrn_10_2_matches_in_bf16(void **state)
{
    (void)state;
    if (backend_cpu.supports(JEM_BF16)) {
        print_message("skipped: %s\n", jem_error_message());
        skip();
    }
    compare_wrn_10_2(&backend_cpu, JEM_BF16, 5e-2);
}

static void norms_match_in_training_mode(void **state)
{
    (void)state;
    const struct {
        norm_kind norm;
        double logits[3], lse[2];
    } expected[] = {
        {NORM_BATCH, {-0.5299361435, -0.3231517903, -0.1646531448}, {2.304964507, 2.297594802}},
        {NORM_LAYER, {0.1448129551, -0.01394235754, 0.04388391093}, {2.491933777, 2.485640365}},
        {NORM_INSTANCE, {-0.4249857367, -0.4061802281, -0.1002337874}, {2.300546759, 2.299032697}},
    };
    for (int i = 0; i < 3; ++i) {
        compiled t;
        model_spec spec = spec_of("wrn-10-2", 10, 3, 32);
        double logits[20], lse[2];
        wrn_settings_of(&spec)->norm = expected[i].norm;
        open_network(&t, &spec, &backend_ref, JEM_F64, 2, true);
        evaluate(&t, "x", logits, lse, NULL);
        for (int k = 0; k < 3; ++k) check_near(logits[k], expected[i].logits[k], 1e-8, 0);
        for (int k = 0; k < 2; ++k) check_near(lse[k], expected[i].lse[k], 1e-8, 0);
        close_network(&t);
    }
}

static void gloss_head_matches(void **state)
{
    (void)state;
    compiled t;
    model_spec spec = spec_of("wrn-10-2", 2, 3, 128);
    double logits[2], lse[1];

    wrn_settings_of(&spec)->proj = 10;
    open_network(&t, &spec, &backend_ref, JEM_F64, 1, false);
    evaluate(&t, "x", logits, lse, NULL);
    check_near(logits[0], 2.468297996, 1e-8, 0);
    check_near(logits[1], 0.8121871748, 1e-8, 0);
    check_near(lse[0], 2.642990446, 1e-8, 0);
    close_network(&t);
    open_network(&t, &spec, &backend_cpu, JEM_F32, 1, false);
    evaluate(&t, "x", logits, lse, NULL);
    check_near(lse[0], 2.642990446, 1e-3, 0);
    close_network(&t);
}

static void full_size_networks_match(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int64_t classes, channels;
        double logits[4], lse;
    } expected[] = {
        {"wrn-28-10", 10, 3, {1.523210265, 5.693989116, -8.035496263, 1.596368407}, 10.3069103},
        {"wrn-22-10", 10, 3, {0.6584305877, 2.247753626, -2.547117281, 0.1662040995}, 7.16740478},
        {"wrn-22-8", 1000, 4, {-2.946329658, 2.421967443, -1.56867229, -0.3763818617}, 9.299110924},
    };
    for (int i = 0; i < 3; ++i) {
        compiled t;
        model_spec spec = spec_of(expected[i].name, expected[i].classes, expected[i].channels, 32);
        static double logits[1000];
        double lse[1];
        open_network(&t, &spec, &backend_cpu, JEM_F32, 1, false);
        evaluate(&t, "x", logits, lse, NULL);
        for (int k = 0; k < 4; ++k) check_near(logits[k], expected[i].logits[k], 1e-3, 1);
        check_near(lse[0], expected[i].lse, 1e-3, 0);
        close_network(&t);
    }
}

static void parameter_counts_match_the_paper(void **state)
{
    (void)state;
    const struct {
        const char *name;
        int64_t classes, channels, side, proj, params;
    } expected[] = {
        {"wrn-28-10", 10, 3, 32, 0, 36471338},  {"wrn-22-8", 1000, 4, 32, 0, 17661624},
        {"wrn-16-1", 10, 3, 32, 0, 174698},     {"wrn-16-2", 10, 3, 32, 0, 690986},
        {"wrn-22-10", 2, 3, 128, 10, 26990720}, {"wrn-22-10", 2, 3, 128, 500, 37027390},
    };
    for (int i = 0; i < 6; ++i) {
        graph *g = NULL;
        model_spec spec = spec_of(expected[i].name, expected[i].classes, expected[i].channels,
                                  expected[i].side);
        wrn_settings_of(&spec)->proj = expected[i].proj;
        check_ok(model_spec_build(&g, &spec));
        assert_int_equal(g->param_elements, expected[i].params);
        graph_free(g);
    }
}

static void flops_match_the_paper(void **state)
{
    (void)state;
    graph *g = NULL;
    model_spec spec = spec_of("wrn-28-10", 10, 3, 32);
    check_ok(model_spec_build(&g, &spec));
    check_near(graph_flops(g), 11.902e9, 1e-3, 0);
    graph_free(g);
}

static void wrong_names_and_sizes_are_refused(void **state)
{
    (void)state;
    graph *g = NULL;
    model_spec spec = spec_of("densenet-121", 10, 3, 32);
    check_fails(model_spec_build(&g, &spec), JEM_EUSAGE, "wrn-DEPTH-WIDTH");
    check_fails(model_spec_name(&spec, network_list, "densenet-121"), JEM_EUSAGE, "wrn-DEPTH-WIDTH");
    spec = spec_of("wrn-17-2", 10, 3, 32);
    check_fails(model_spec_build(&g, &spec), JEM_EUSAGE, "6n + 4");
    spec = spec_of("wrn-10-1", 10, 3, 28);
    check_fails(model_spec_build(&g, &spec), JEM_EUSAGE, "model.pool=adaptive");
    wrn_settings_of(&spec)->pool = POOL_ADAPTIVE;
    check_ok(model_spec_build(&g, &spec));
    graph_free(g);
}

static void hash_values_match_the_reference(void **state)
{
    (void)state;
    double v[4];
    hash_values(v, 4, "x");
    check_near(v[0], 0.2887537996, 1e-9, 0);
    check_near(v[3], -0.02868938027, 1e-9, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_values_match_the_reference),
        cmocka_unit_test(wrn_10_2_matches_in_double),
        cmocka_unit_test(wrn_10_2_matches_in_float_on_both_backends),
        cmocka_unit_test(wrn_10_2_matches_in_bf16),
        cmocka_unit_test(norms_match_in_training_mode),
        cmocka_unit_test(gloss_head_matches),
        cmocka_unit_test(full_size_networks_match),
        cmocka_unit_test(parameter_counts_match_the_paper),
        cmocka_unit_test(flops_match_the_paper),
        cmocka_unit_test(wrong_names_and_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
