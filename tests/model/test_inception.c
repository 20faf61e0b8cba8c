/* Inception v3 of Frechet distances with hash parameters against pytorch-fid's own classes. */
#include "model/imagenet.h"
#include "model/model.h"
#include "nn/gradient_check.h"
#include "support/hash_fill.h"

/* scripts/golden_inception.py, a picture of 107x107: the norms of blocks, features, logits. */
static const struct {
    const char *block;
    double norm;
} inception_blocks[] = {
    {"Conv2d_1a_3x3", 145.4773312}, {"Conv2d_2a_3x3", 139.2780114}, {"Conv2d_2b_3x3", 168.086811},
    {"Conv2d_3b_1x1", 142.7998751}, {"Conv2d_4a_3x3", 169.6337911}, {"Mixed_5b", 86.38017154},
    {"Mixed_5c", 62.36887332}, {"Mixed_5d", 43.53538289}, {"Mixed_6a", 31.72554338},
    {"Mixed_6b", 22.83401617}, {"Mixed_6c", 15.70143567}, {"Mixed_6d", 12.79743989},
    {"Mixed_6e", 12.34869868}, {"Mixed_7a", 7.344098576}, {"Mixed_7b", 8.408516045},
    {"Mixed_7c", 8.080086158}, {"features", 3.855643762},
};
static const double inception_features[] = {0.00369839032, 0.03161810883, 0.103918904, 0};
enum { INCEPTION_BLOCKS = sizeof inception_blocks / sizeof *inception_blocks };

static model_spec inception_of(int64_t side)
{
    model_spec spec = {.classes = 1008, .channels = 3, .height = side, .width = side};
    check_ok(model_spec_name(&spec, network_list, "inception-fid"));
    ((imagenet_settings *)(void *)&spec.settings)->input = 1; /* own */
    return spec;
}

static void inception_has_pytorchs_values(void **state)
{
    (void)state;
    const char *names[INCEPTION_BLOCKS + 1] = {NULL};
    const plan_options o = {.batch = 1, .precision = JEM_F64, .features = names};
    const model_spec spec = inception_of(107);
    static const double logits[] = {-0.01186055642, 0.06470577447, 0.003793296284, 0.02783022977};
    graph *g = NULL;
    double *value = NULL;
    checked t;

    for (int i = 0; i < INCEPTION_BLOCKS; i++) names[i] = inception_blocks[i].block;
    check_ok(model_spec_build(&g, &spec));
    assert_int_equal(graph_trained_elements(g), 21785568 + 1008 * 2049);
    checked_open(&t, g, &o);
    hash_fill(t.params, g);
    check_ok(plan_load(t.p, t.params));
    hash_values(t.x, t.size, "x");
    check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
    for (int k = 0; k < 4; k++) check_near(t.logits[k], logits[k], 1e-9, 1);
    for (int i = 0; i < INCEPTION_BLOCKS; i++) {
        const int64_t n = shape_count(g->nodes[graph_find(g, names[i])].op.dst);
        check_ok(MEM_NEW(value, n));
        check_ok(plan_feature(t.w, &t.call, names[i], value));
        check_near(sqrt(check_dot(value, value, n)), inception_blocks[i].norm, 1e-9, inception_blocks[i].norm);
        if (i == INCEPTION_BLOCKS - 1)
            for (int k = 0; k < 4; k++) check_near(value[k], inception_features[k], 1e-9, 1);
        mem_free(value);
    }
    checked_close(&t);
    graph_free(g);
}

/* As Frechet distances use it: float32 on the cpu backend, several pictures at once. */
static void inceptions_features_hold_in_float32(void **state)
{
    (void)state;
    enum { N = 3, SIDE = 107, D = 2048 };
    const model_spec spec = inception_of(SIDE);
    const engine_spec engine = {.device = "cpu", .threads = 1};
    const int64_t size = 3 * SIDE * SIDE;
    double *params = NULL, *x = NULL, off = 0, norm = 0;
    float *images = NULL, *f = NULL;
    model *m = NULL;

    check_ok(model_new(&m, &spec, &engine));
    check_ok(MEM_NEW(params, model_params_count(m)));
    check_ok(MEM_NEW(x, size));
    check_ok(MEM_NEW(images, N * size));
    check_ok(MEM_NEW(f, N * D));
    hash_fill(params, model_graph(m));
    for (int64_t i = 0; i < model_params_count(m); i++) model_params(m)[i] = (float)params[i];
    check_ok(model_params_changed(m));
    hash_values(x, size, "x");
    for (int64_t i = 0; i < N * size; i++) images[i] = i / size == 1 ? 0 : (float)x[i % size];
    check_ok(model_feature(m, "features", images, N, f, NULL));
    for (int k = 0; k < D; k++) norm += (double)f[2 * D + k] * f[2 * D + k];
    check_near(sqrt(norm), 3.855643762, 1e-3, 3.855643762);
    for (int k = 0; k < 4; k++) check_near(f[2 * D + k], inception_features[k], 1e-3, 0.1);
    for (int k = 0; k < D; k++) off = fmax(off, fabs((double)f[k] - f[2 * D + k]));
    assert_true(off < 1e-5);
    model_free(m);
    mem_free(params);
    mem_free(x);
    mem_free(images);
    mem_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inception_has_pytorchs_values),
        cmocka_unit_test(inceptions_features_hold_in_float32),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
