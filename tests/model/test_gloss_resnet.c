/* The gloss ResNet of Storrs et al. against numbers of another implementation (in double): the vector, logits, losses,
 * gradients; and that norms take the statistics of the images that it is shown together, in evaluation too. */
#include "support/check.h"

#include "model/gloss_resnet.h"
#include "model/init.h"
#include "model/model.h"
#include "model/model_f64.h"
#include "nn/gradient_check.h"

enum { PROJ_SEEN = 6 };
static const double WEIGHT_DECAY = 2e-4;

/* Parameters 2/sqrt(fan in) v and so on, images 127.5 (v("x") + 1), labels 0 and 1. */
typedef struct golden {
    int64_t proj, blocks, width, side, elements, tensors;
    int proj_count;
    double proj_values[PROJ_SEEN], proj_norm; /* of the first image; NaN: not known */
    double logits[4], cross_entropy, loss, gradient, gradient_conv0, gradient_fc;
} golden;

static const golden goldens[] = {
    {10, 3, 56, 16, 512152, 59, 6,
     {1.869826238, 0.4914529109, -0.7319552711, -1.057766216, -3.58610292, -0.6279643072}, 10.64570998,
     {-7.399646917, 1.103670347, -7.071491222, 0.7425558995}, 4.25196198799, 4.39559651389, 23.6979083, 1.198024581, 11.89626299},
    {4, 1, 8, 12, 3814, 23, 4, {1.59661358, -0.3773551031, 2.135080707, 0.9660713663}, NAN,
     {1.16581789, 2.117021085, 1.1649436, 2.082362198}, 0.806987156855, 0.815483864691, 2.61263089, NAN, NAN},
};

static model_spec spec_of(const golden *w, int64_t together)
{
    model_spec s = {.name = "gloss-resnet", .network = &network_gloss_resnet, .classes = 2, .channels = 3,
                    .height = w->side, .width = w->side};
    const gloss_resnet_settings own = {w->proj, w->width, w->blocks, together};
    memcpy(&s.settings, &own, sizeof own);
    return s;
}

/* Ten digits are known. */
static void near(double got, double want, double tolerance)
{
    if (!isnan(want)) check_near(got, want, tolerance, 0);
}

static bool is_decayed(const param *p)
{
    return p->role == PARAM_WEIGHT || p->role == PARAM_BIAS;
}

/* Cross-entropy of labels 0 and 1, its cotangent. */
static double cross_entropy(double *cotangent, const double *logits)
{
    double loss = 0;
    for (int i = 0; i < 2; i++) {
        const double *f = logits + 2 * i;
        const double lse = f[0] + log1p(exp(f[1] - f[0]));
        loss += (lse - f[i]) / 2;
        for (int k = 0; k < 2; k++) cotangent[2 * i + k] = (exp(f[k] - lse) - (k == i)) / 2;
    }
    return loss;
}

static void numbers_are_those_of_the_reference(void **state)
{
    (void)state;
    for (size_t c = 0; c < sizeof goldens / sizeof *goldens; c++) {
        const golden *want = &goldens[c];
        const model_spec spec = spec_of(want, 32);
        const char *const features[] = {"proj", NULL};
        const plan_options o = {.batch = 2, .precision = JEM_F64, .backward_params = true, .train = true, .features = features};
        graph *g = NULL;
        checked t;
        double proj[2 * 10], squares = 0, decay = 0, gradient = 0;

        check_ok(model_spec_build(&g, &spec));
        assert_int_equal(g->param_elements, want->elements);
        assert_int_equal(g->param_count, want->tensors);
        checked_open(&t, g, &o);
        params_init_hash(t.params, g, 2.0);
        check_ok(plan_load(t.p, t.params));
        hash_values(t.x, t.n * t.size, "x");
        check_ok(plan_forward(t.w, &t.call, t.x, t.logits));
        check_ok(plan_feature(t.w, &t.call, "proj", proj));
        for (int k = 0; k < want->proj_count; k++) near(proj[k], want->proj_values[k], 1e-9);
        for (int64_t k = 0; k < 2 * want->proj; k++) squares += proj[k] * proj[k];
        near(sqrt(squares), want->proj_norm, 1e-9);
        for (int k = 0; k < 4; k++) near(t.logits[k], want->logits[k], 1e-9);
        const double loss = cross_entropy(t.cotangent, t.logits);
        near(loss, want->cross_entropy, 1e-9);
        check_ok(plan_backward(t.w, &t.call, t.cotangent, NULL, t.dparams));
        for (int i = 0; i < g->param_count; i++) {
            const param *p = &g->params[i];
            double own = 0;
            for (int64_t k = p->offset; k < p->offset + p->count; k++) {
                if (is_decayed(p)) {
                    decay += WEIGHT_DECAY / 2 * t.params[k] * t.params[k];
                    t.dparams[k] += WEIGHT_DECAY * t.params[k];
                }
                own += t.dparams[k] * t.dparams[k];
            }
            gradient += own;
            if (strcmp(p->name, "conv0/conv") == 0) near(sqrt(own), want->gradient_conv0, 1e-9);
            if (strcmp(p->name, "fc/fc_weights") == 0) near(sqrt(own), want->gradient_fc, 1e-9);
        }
        near(loss + decay, want->loss, 1e-9);
        near(sqrt(gradient), want->gradient, 1e-9);
        checked_close(&t);
        graph_free(g);
    }
}

/* ---- as a model: in float32, so many images together */

enum { TOGETHER = 4, IMAGES = 11, SMALL_SIDE = 12, SMALL = 3 * SMALL_SIDE * SMALL_SIDE };

static model *model_of(const golden *w, int64_t together, int threads)
{
    const model_spec spec = spec_of(w, together);
    model *m = NULL;
    engine_spec engine;
    const option_group groups[] = {{"engine", engine_options, &engine}, {NULL, NULL, NULL}};
    check_ok(options_defaults(groups));
    snprintf(engine.device, sizeof engine.device, "cpu");
    engine.threads = threads;
    engine.chunk = 3; /* which may not part those that belong together */
    check_ok(model_new(&m, &spec, &engine));
    check_ok(params_init_hash_f32(model_params(m), model_graph(m), 2.0));
    check_ok(model_params_changed(m));
    return m;
}

static model *small_model(int threads) { return model_of(&goldens[1], TOGETHER, threads); }

/* n images of `size` values. */
static void fill_values(float *x, int64_t n, int64_t size)
{
    double *v = NULL;
    check_ok(MEM_NEW(v, n * size));
    hash_values(v, n * size, "x");
    for (int64_t k = 0; k < n * size; k++) x[k] = (float)v[k];
    mem_free(v);
}

static void fill_images(float *x, int64_t n) { fill_values(x, n, SMALL); }

static void float32_gives_the_reference_s_logits(void **state)
{
    (void)state;
    for (int c = 0; c < 2; c++) {
        float x[2 * 3 * 16 * 16], logits[4];
        model *m = model_of(&goldens[c], 32, 1);
        fill_values(x, 2, 3 * goldens[c].side * goldens[c].side);
        check_ok(model_evaluate(m, x, 2, NULL, logits, NULL, NULL));
        for (int k = 0; k < 4; k++) near((double)logits[k], goldens[c].logits[k], 1e-3);
        model_free(m);
    }
}

/* Eleven images: four, four, three.  Logits, energies, gradients, features, in float32 and double. */
static void images_share_statistics_with_those_of_their_group_alone(void **state)
{
    (void)state;
    static const int64_t begin[] = {0, 4, 8}, count[] = {4, 4, 3};
    static float x[IMAGES * SMALL], grad[IMAGES * SMALL], own_grad[IMAGES * SMALL];
    float logits[2 * IMAGES], lse[IMAGES], proj[4 * IMAGES], own[2 * IMAGES], own_lse[IMAGES], own_proj[4 * IMAGES];
    static double x64[IMAGES * SMALL];
    double logits64[2 * IMAGES];
    for (int threads = 1; threads <= 2; threads++) {
        model *m = small_model(threads);
        fill_images(x, IMAGES);
        for (int64_t k = 0; k < IMAGES * SMALL; k++) x64[k] = (double)x[k];
        check_ok(model_evaluate(m, x, IMAGES, NULL, logits, lse, grad));
        check_ok(model_feature(m, "proj", x, IMAGES, proj, NULL));
        check_ok(model_evaluate_f64(m, &(model_f64_call){.x = x64, .n = IMAGES, .logits = logits64}));
        for (int i = 0; i < 3; i++) {
            const float *at = x + begin[i] * SMALL;
            check_ok(model_evaluate(m, at, count[i], NULL, own, own_lse, own_grad));
            check_ok(model_feature(m, "proj", at, count[i], own_proj, NULL));
            assert_memory_equal(own, logits + 2 * begin[i], (size_t)(2 * count[i]) * sizeof *own);
            assert_memory_equal(own_lse, lse + begin[i], (size_t)count[i] * sizeof *own);
            assert_memory_equal(own_grad, grad + begin[i] * SMALL, (size_t)(count[i] * SMALL) * sizeof *own);
            assert_memory_equal(own_proj, proj + 4 * begin[i], (size_t)(4 * count[i]) * sizeof *own);
        }
        for (int k = 0; k < 2 * IMAGES; k++) check_near(logits[k], logits64[k], 1e-3, 1);
        model_free(m);
    }
}

/* So an image's logits depend on its company. */
static void another_order_gives_other_logits(void **state)
{
    (void)state;
    static float x[2 * TOGETHER * SMALL], turned[2 * TOGETHER * SMALL];
    float logits[4 * TOGETHER], other[4 * TOGETHER];
    model *m = small_model(1);
    fill_images(x, 2 * TOGETHER);
    for (int i = 0; i < 2 * TOGETHER; i++) /* every second one goes to the other group */
        memcpy(turned + (i % 2 ? (i + TOGETHER) % (2 * TOGETHER) : i) * SMALL, x + i * SMALL, SMALL * sizeof *x);
    check_ok(model_evaluate(m, x, 2 * TOGETHER, NULL, logits, NULL, NULL));
    check_ok(model_evaluate(m, turned, 2 * TOGETHER, NULL, other, NULL, NULL));
    assert_true(fabsf(logits[0] - other[0]) > 1e-4f);
    memcpy(turned, x + (TOGETHER - 1) * SMALL, SMALL * sizeof *x); /* within a group only rounding does */
    memcpy(turned + SMALL, x, (TOGETHER - 1) * SMALL * sizeof *x);
    check_ok(model_evaluate(m, turned, TOGETHER, NULL, other, NULL, NULL));
    for (int k = 0; k < 2; k++) check_near(other[2 + k], logits[k], 1e-4, 1);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_the_reference),
        cmocka_unit_test(float32_gives_the_reference_s_logits),
        cmocka_unit_test(images_share_statistics_with_those_of_their_group_alone),
        cmocka_unit_test(another_order_gives_other_logits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
