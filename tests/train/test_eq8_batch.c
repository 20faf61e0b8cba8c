/* Losses and gradients against reference values, and the identities of Eq. 8. */
#include "support/check.h"
#include "support/wrn_spec.h"

#include "base/mem.h"
#include "model/init.h"
#include "tensor/safetensors.h"
#include "train/eq8_batch.h"

static const rng_stream no_dropout = {1, RNG_DROPOUT, 0, 0};

static model *make_model(int norm, int64_t threads)
{
    model *m = NULL;
    const model_spec spec = wrn_spec(
        (model_spec){.name = "wrn-10-2", .classes = 10, .channels = 3, .height = 32, .width = 32},
        (wrn_settings){.norm = norm});
    engine_spec engine = {.threads = threads, .device = "cpu"};
    double *values = NULL;
    check_ok(model_new(&m, &spec, &engine));
    check_ok(MEM_NEW(values, model_params_count(m)));
    params_init_hash(values, model_graph(m), 2.0);
    for (int64_t i = 0; i < model_params_count(m); i++) model_params(m)[i] = (float)values[i];
    mem_free(values);
    check_ok(model_params_changed(m));
    return m;
}

static void put_hash(float *x, const char *name, int64_t n)
{
    double *v = NULL;
    check_ok(MEM_NEW(v, n));
    hash_values(v, n, name);
    for (int64_t i = 0; i < n; i++) x[i] = (float)v[i];
    mem_free(v);
}

/* x, labels (3, 7) and x- = xq of the reference, batch 2. */
static eq8_batch make_batch(model *m, double alpha, double smoothing, bool share)
{
    eq8_batch s;
    eq8_batch_options o = {.batch = 2, .alpha = alpha, .label_smoothing = smoothing,
                           .share_batch = share};
    int64_t size = model_input_count(m);
    check_ok(eq8_batch_init(&s, m, &o));
    if (s.labelled >= 0) put_hash(s.x + s.labelled * size, "x", 2 * size);
    if (s.positive >= 0) put_hash(s.x + s.positive * size, "x", 2 * size);
    if (s.negative >= 0) put_hash(s.x + s.negative * size, "xq", 2 * size);
    s.y[0] = 3;
    s.y[1] = 7;
    return s;
}

static double combined_norm(const direction *d, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double v = d->a * (double)d->g[i] + (d->h ? d->b * (double)d->h[i] : 0);
        sum += v * v;
    }
    return sqrt(sum);
}

static void losses_norms_and_directions_are_the_reference_ones(void **state)
{
    (void)state;
    const double alphas[] = {0.1, 0.5, 0.9};
    const double norms[] = {9.02706572139, 6.20419927965, 9.02706572139};
    model *m = make_model(NORM_NONE, 2);
    int64_t n = model_params_count(m);
    for (int share = 0; share < 2; share++)
        for (int i = 0; i < 3; i++) {
            eq8_batch s = make_batch(m, alphas[i], 0, share);
            eq8_result r;
            assert_int_equal(s.rows, share ? 4 : 6);
            check_ok(eq8_batch_gradients(&r, &s, m, no_dropout));
            check_near(r.loss_d, 2.4470334886, 1e-4, 0);
            check_near(r.loss_g, -0.0596011645274, 1e-3, 0);
            check_near(r.lse_pos - r.lse_neg, 0.0596011645274, 1e-3, 0);
            check_near(r.g_d, 10.2797406647, 1e-3, 0);
            check_near(r.g_g, 1.4599107945, 1e-3, 0);
            check_near(r.c, 7.0413484875, 1e-3, 0);
            direction d = eq8_batch_direction(&s, &r);
            double norm = combined_norm(&d, n);
            check_near(norm, norms[i], 1e-3, 0);
            double a = alphas[i], b = 1 - a;
            double factor = a * a + b * b + 2 * a * b * r.cosine;
            check_near(norm * norm, r.g_d * r.g_d * factor, 1e-5, 0);
            const graph *g = model_graph(m);
            check_near(s.grad_d[graph_param(g, "f.conv1.weight")->offset], -0.0150878941846, 1e-3,
                       0);
            check_near(s.grad_g[graph_param(g, "class_output.bias")->offset], 0.000320280911067,
                       1e-3, 0);
            eq8_batch_clear(&s);
        }
    model_free(m);
}

static void label_smoothing_moves_the_loss_as_in_pytorch(void **state)
{
    (void)state;
    model *m = make_model(NORM_NONE, 1);
    eq8_batch s = make_batch(m, 0, 0.05, false);
    eq8_result r;
    check_ok(eq8_batch_gradients(&r, &s, m, no_dropout));
    check_near(r.loss_d, 2.44598233094, 1e-4, 0);
    assert_true(isnan(r.loss_g) && isnan(r.lse_pos));
    eq8_batch_clear(&s);
    model_free(m);
}

static void alpha_0_and_1_use_one_loss_with_weight_1(void **state)
{
    (void)state;
    model *m = make_model(NORM_NONE, 1);
    int64_t n = model_params_count(m);
    eq8_result r;

    eq8_batch classifier = make_batch(m, 0, 0, true);
    assert_int_equal(classifier.rows, 2);
    assert_null(classifier.grad_g);
    check_ok(eq8_batch_gradients(&r, &classifier, m, no_dropout));
    direction d = eq8_batch_direction(&classifier, &r);
    assert_null(d.h);
    check_near(combined_norm(&d, n), 10.2797406647, 1e-3, 0);
    eq8_batch_clear(&classifier);

    eq8_batch energy = make_batch(m, 1, 0, true);
    assert_int_equal(energy.rows, 4);
    assert_null(energy.grad_d);
    check_ok(eq8_batch_gradients(&r, &energy, m, no_dropout));
    check_near(r.c, 1, 0, 1);
    d = eq8_batch_direction(&energy, &r);
    check_near(combined_norm(&d, n), 1.4599107945, 1e-3, 0);
    eq8_batch_clear(&energy);
    model_free(m);
}

static void threads_change_no_bit_of_the_gradients(void **state)
{
    (void)state;
    model *one = make_model(NORM_NONE, 1), *three = make_model(NORM_NONE, 3);
    eq8_batch a = make_batch(one, 0.5, 0, false), b = make_batch(three, 0.5, 0, false);
    eq8_result ra, rb;
    size_t bytes = (size_t)model_params_count(one) * sizeof(float);
    check_ok(eq8_batch_gradients(&ra, &a, one, no_dropout));
    check_ok(eq8_batch_gradients(&rb, &b, three, no_dropout));
    assert_memory_equal(a.grad_d, b.grad_d, bytes);
    assert_memory_equal(a.grad_g, b.grad_g, bytes);
    assert_memory_equal(&ra, &rb, sizeof ra);
    eq8_batch_clear(&a);
    eq8_batch_clear(&b);
    model_free(one);
    model_free(three);
}

/* The loss along the gradient falls at the rate of the gradient's norm. */
static void the_energy_penalty_and_its_gradient_agree(void **state)
{
    (void)state;
    model *m = make_model(NORM_NONE, 2);
    int64_t n = model_params_count(m);
    eq8_batch s = make_batch(m, 1, 0, true);
    eq8_result r, up, down;
    float *theta = NULL, *g = NULL;
    s.o.energy_l2 = 0.1;
    check_ok(MEM_NEW(theta, n));
    check_ok(MEM_NEW(g, n));
    check_ok(eq8_batch_gradients(&r, &s, m, no_dropout));
    check_near(r.loss_g, r.lse_neg - r.lse_pos +
               0.05 * (pow(2.705436775, 2) + pow(2.674369522, 2) + pow(2.647021992, 2) +
                       pow(2.613581975, 2)), 1e-3, 0);
    memcpy(theta, model_params(m), (size_t)n * sizeof *theta);
    memcpy(g, s.grad_g, (size_t)n * sizeof *g);
    const double h = 1e-3;
    for (int64_t i = 0; i < n; i++)
        model_params(m)[i] = theta[i] + (float)(h * (double)g[i] / r.g_g);
    check_ok(model_params_changed(m));
    check_ok(eq8_batch_gradients(&up, &s, m, no_dropout));
    for (int64_t i = 0; i < n; i++)
        model_params(m)[i] = theta[i] - (float)(h * (double)g[i] / r.g_g);
    check_ok(model_params_changed(m));
    check_ok(eq8_batch_gradients(&down, &s, m, no_dropout));
    check_near((up.loss_g - down.loss_g) / (2 * h), r.g_g, 1e-2, 0);
    mem_free(theta);
    mem_free(g);
    eq8_batch_clear(&s);
    model_free(m);
}

/* ---- networks with norms: values of scripts/golden.py */

static double golden(const safetensors *f, const char *name, int64_t i)
{
    int at = safetensors_find(f, name);
    if (at < 0) fail_msg("golden file lacks %s", name);
    jem_tensor t = safetensors_view(f, at);
    assert_int_equal(t.dtype, JEM_F64);
    double v;
    memcpy(&v, (const char *)t.data + i * 8, sizeof v);
    return v;
}

static void norm_matches(const safetensors *f, int norm, const char *key)
{
    char name[200];
    model *m = make_model(norm, 2);
    eq8_batch s = make_batch(m, 0.5, 0, true);
    eq8_result r;
    const graph *g = model_graph(m);

    check_ok(eq8_batch_gradients(&r, &s, m, no_dropout));
    snprintf(name, sizeof name, "%s/losses", key);
    check_near(r.loss_d, golden(f, name, 0), 1e-3, 0);
    check_near(r.loss_g, golden(f, name, 2), 2e-3, 1e-2);
    check_near(r.g_d, golden(f, name, 3), 1e-3, 0);
    check_near(r.g_g, golden(f, name, 4), 1e-3, 0);
    for (int i = 0; i < g->param_count; i++) {
        const param *q = &g->params[i];
        if (q->role == PARAM_RUNNING_MEAN || q->role == PARAM_RUNNING_VAR) continue;
        snprintf(name, sizeof name, "%s/grad_g/%s", key, q->name);
        double norm_of = golden(f, name, 0);
        check_near(sqrt(backend_ref.sum_squares(s.grad_g + q->offset, q->count)), norm_of, 5e-3,
                   r.g_g * 1e-3);
        check_near(s.grad_g[q->offset], golden(f, name, 2), 5e-3, fmax(norm_of, r.g_g * 1e-3));
    }
    eq8_batch_clear(&s);
    model_free(m);
}

static safetensors *open_values(void)
{
    safetensors *f = NULL;
    check_ok(safetensors_open(&f, JEM_SOURCE_DIR "/tests/golden/values.safetensors"));
    return f;
}

static void layer_instance_and_act_norms_give_the_reference_gradients(void **state)
{
    (void)state;
    safetensors *f = open_values();
    norm_matches(f, NORM_NONE, "wrn-10-2");
    norm_matches(f, NORM_LAYER, "wrn-10-2-layer");
    norm_matches(f, NORM_INSTANCE, "wrn-10-2-instance");
    norm_matches(f, NORM_ACT, "wrn-10-2-act");
    safetensors_close(f);
}

static void batch_norm_keeps_the_parts_of_a_batch_apart(void **state)
{
    (void)state;
    safetensors *f = open_values();
    norm_matches(f, NORM_BATCH, "wrn-10-2-batch");
    safetensors_close(f);
}

static void running_statistics_follow_with_momentum_09(void **state)
{
    (void)state;
    safetensors *f = open_values();
    model *m = make_model(NORM_BATCH, 1);
    eq8_batch s = make_batch(m, 0.5, 0, true);
    eq8_result r;
    const param *mean = graph_param(model_graph(m), "f.bn1.running_mean");
    const param *var = graph_param(model_graph(m), "f.bn1.running_var");
    double before = (double)model_params(m)[mean->offset];
    double before_var = (double)model_params(m)[var->offset];

    put_hash(s.x + s.negative * model_input_count(m), "x", 2 * model_input_count(m));
    check_ok(eq8_batch_gradients(&r, &s, m, no_dropout));
    check_near(model_params(m)[mean->offset], before, 0, 1);
    eq8_batch_update_running(&s, m);
    /* two passes (x+ and x-), both over x */
    check_near(model_params(m)[mean->offset],
               0.01 * before + 0.99 * golden(f, "wrn-10-2-batch/batch_mean/f.bn1", 0), 1e-3, 1e-2);
    check_near(model_params(m)[var->offset],
               0.01 * before_var + 0.99 * golden(f, "wrn-10-2-batch/batch_var/f.bn1", 0), 1e-3, 0);
    eq8_batch_clear(&s);
    model_free(m);
    safetensors_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_norms_and_directions_are_the_reference_ones),
        cmocka_unit_test(label_smoothing_moves_the_loss_as_in_pytorch),
        cmocka_unit_test(alpha_0_and_1_use_one_loss_with_weight_1),
        cmocka_unit_test(threads_change_no_bit_of_the_gradients),
        cmocka_unit_test(the_energy_penalty_and_its_gradient_agree),
        cmocka_unit_test(layer_instance_and_act_norms_give_the_reference_gradients),
        cmocka_unit_test(batch_norm_keeps_the_parts_of_a_batch_apart),
        cmocka_unit_test(running_statistics_follow_with_momentum_09),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
