/* Langevin chains on energies whose samples are known, and on a network. */
#include "support/check.h"
#include "support/wrn_spec.h"

#include "base/mem.h"
#include "model/init.h"
#include "sample/sgld.h"

enum { CHAINS = 64, SIZE = 64, VALUES = CHAINS * SIZE };

static sampler_options options(const char *const *assignments)
{
    sampler_options o;
    option_group g[] = {{"sampler", sampler_option_table, &o}, {NULL, NULL, NULL}};
    check_ok(options_defaults(g));
    for (int i = 0; assignments && assignments[i]; i++)
        check_ok(options_assign(g, assignments[i]));
    return o;
}

typedef struct arrays {
    float x[VALUES], grad[VALUES], noise[VALUES];
} arrays;

static void start_uniform(float *x)
{
    rng_stream s = {5, RNG_TEST, 0, 0};
    rng_fill_uniform(x, VALUES, -1, 1, &s, 0);
}

static void moments(const float *x, double *mean, double *var)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < VALUES; i++) sum += (double)x[i];
    *mean = sum / VALUES;
    for (int i = 0; i < VALUES; i++) squares += ((double)x[i] - *mean) * ((double)x[i] - *mean);
    *var = squares / VALUES;
}

static const double mu = 0.5, sd = 0.7;

static jem_status gaussian_slope(void *ctx, float *grad, const float *x, int64_t first,
                                 int64_t count)
{
    (void)ctx, (void)first;
    for (int64_t i = 0; i < count * SIZE; i++)
        grad[i] = (float)((mu - (double)x[i]) / (sd * sd));
    return JEM_OK;
}

static void eq7_on_a_gaussian_reaches_its_mean_and_variance(void **state)
{
    (void)state;
    const double eta = 0.1;
    sampler_options o = options((const char *[]){
        "sampler.update=langevin", "sampler.decay=constant", "sampler.clip=false",
        "sampler.steps=300", "sampler.step_size=0.1", NULL});
    sgld_call call = {.options = &o, .step_size = eta, .noise = {7, RNG_CHAIN_NOISE, 0, 0}};
    sgld_slope slope = {gaussian_slope, NULL};
    static arrays a;
    double mean, var, keep = 1 - eta / (2 * sd * sd);

    start_uniform(a.x);
    check_ok(sgld_walk(&call, &slope, &backend_ref, a.x, a.grad, a.noise, 0, CHAINS, SIZE));
    moments(a.x, &mean, &var);
    /* The discretised chain is an AR(1) process, its variance is exact. */
    double stationary = eta / (1 - keep * keep);
    check_near(stationary, sd * sd, 0.06, 0);
    assert_true(fabs(mean - mu) < 4 * sd / sqrt(VALUES));
    assert_true(fabs(var / stationary - 1) < 4 * sqrt(2.0 / VALUES));
}

/* 0.7 N(-1, 0.5^2) + 0.3 N(1, 0.5^2) */
static jem_status mixture_slope(void *ctx, float *grad, const float *x, int64_t first,
                                int64_t count)
{
    (void)ctx, (void)first;
    for (int64_t i = 0; i < count * SIZE; i++) {
        double v = (double)x[i], a = 0.7 * exp(-2 * (v + 1) * (v + 1));
        double b = 0.3 * exp(-2 * (v - 1) * (v - 1)), left = a / (a + b);
        grad[i] = (float)(-4 * (left * (v + 1) + (1 - left) * (v - 1)));
    }
    return JEM_OK;
}

static void eq7_on_a_mixture_finds_both_components_in_proportion(void **state)
{
    (void)state;
    sampler_options o = options((const char *[]){
        "sampler.update=langevin", "sampler.decay=constant", "sampler.clip=false",
        "sampler.steps=1500", "sampler.step_size=0.05", NULL});
    sgld_call call = {.options = &o, .step_size = o.step_size,
                      .noise = {8, RNG_CHAIN_NOISE, 0, 0}};
    sgld_slope slope = {mixture_slope, NULL};
    static arrays a;
    double mean, var, right = 0;

    start_uniform(a.x);
    check_ok(sgld_walk(&call, &slope, &backend_ref, a.x, a.grad, a.noise, 0, CHAINS, SIZE));
    moments(a.x, &mean, &var);
    for (int i = 0; i < VALUES; i++) right += a.x[i] > 0;
    check_near(mean, -0.4, 0.15, 0);
    check_near(var, 1.09, 0.06, 0);
    check_near(right / VALUES, 0.3091, 0.1, 0);
}

static void algorithm1_decays_linearly_and_clips(void **state)
{
    (void)state;
    sampler_options o = options((const char *[]){"sampler.steps=4", "sampler.noise_std=0", NULL});
    sgld_slope slope = {gaussian_slope, NULL};
    sgld_call call = {.options = &o, .step_size = 0.2};
    static arrays a;
    double x = -3;

    a.x[0] = -3;
    check_ok(sgld_walk(&call, &slope, &backend_ref, a.x, a.grad, a.noise, 0, CHAINS, SIZE));
    for (int t = 0; t < 4; t++) {
        x += 0.2 * (1 - t / 4.0) * (mu - x) / (sd * sd);
        x = fmin(fmax(x, -1), 1);
    }
    check_near(a.x[0], x, 1e-5, 0);
    assert_true(sgld_update(&o, 0.2, 3).step_size > 0); /* lambda/L, never 0 */
    check_near(sgld_update(&o, 0.2, 3).step_size, 0.05, 1e-6, 0);
}

typedef struct injected {
    int calls;
    int64_t last_step, last_image;
} injected;

static void inject_two(void *ctx, float *noise, int64_t size, int64_t t, int64_t i)
{
    injected *n = ctx;
    for (int64_t k = 0; k < size; k++) noise[k] = 2;
    n->calls++;
    n->last_step = t;
    n->last_image = i;
}

static jem_status flat_slope(void *ctx, float *grad, const float *x, int64_t first, int64_t count)
{
    (void)ctx, (void)x, (void)first;
    memset(grad, 0, (size_t)(count * SIZE) * sizeof *grad);
    return JEM_OK;
}

static void noise_can_be_injected_and_is_not_drawn_when_sigma_is_zero(void **state)
{
    (void)state;
    sampler_options o = options((const char *[]){"sampler.steps=3", NULL});
    sgld_slope slope = {flat_slope, NULL};
    injected n = {0, -1, -1};
    sgld_call call = {.options = &o, .step_size = 1, .inject = inject_two, .inject_ctx = &n};
    static arrays a;

    check_ok(sgld_walk(&call, &slope, &backend_ref, a.x, a.grad, a.noise, 10, 2, SIZE));
    assert_int_equal(n.calls, 6);
    assert_int_equal(n.last_step, 2);
    assert_int_equal(n.last_image, 11);
    check_near(a.x[0], 3 * 0.01 * 2, 1e-5, 0);

    o.noise_std = 0;
    n.calls = 0;
    check_ok(sgld_walk(&call, &slope, &backend_ref, a.x, a.grad, a.noise, 10, 2, SIZE));
    assert_int_equal(n.calls, 0);
}

/* Becomes infinite for image 3 when its chain has made two steps. */
static jem_status breaking_slope(void *ctx, float *grad, const float *x, int64_t first,
                                 int64_t count)
{
    int *steps = ctx;
    check_ok(flat_slope(NULL, grad, x, first, count));
    if ((*steps)++ == 2) grad[(3 - first) * SIZE + 5] = INFINITY;
    return JEM_OK;
}

static void an_infinite_gradient_is_reported_before_clipping_hides_it(void **state)
{
    (void)state;
    sampler_options o = options((const char *[]){"sampler.noise_std=0", NULL});
    int steps = 0;
    sgld_slope slope = {breaking_slope, &steps};
    sgld_call call = {.options = &o, .step_size = 1};
    static arrays a;

    memset(a.x, 0, sizeof a.x);
    check_fails(sgld_walk(&call, &slope, &backend_ref, a.x, a.grad, a.noise, 1, 4, SIZE),
                JEM_EDIVERGED, "image 3 in step 2");
    assert_true(a.x[2 * SIZE + 5] == 0.0f);
}

static void lambda_halves_at_the_milestones(void **state)
{
    (void)state;
    sampler_options o = options(NULL);
    check_near(sgld_step_size(&o, 0), 1, 0, 1);
    check_near(sgld_step_size(&o, 0.4999), 1, 0, 1);
    check_near(sgld_step_size(&o, 0.5), 0.5, 0, 1);
    check_near(sgld_step_size(&o, 0.75), 0.25, 0, 1);
}

static void clipped_share_and_movement_are_measured(void **state)
{
    (void)state;
    sampler_options o = options(NULL);
    const float start[] = {0, 0, 0, 0}, x[] = {1, 0, 0, -1};
    sgld_report r = sgld_measure(&o, x, start, 2, 2);
    check_near(r.clipped, 0.5, 0, 1);
    check_near(r.movement, 1, 1e-12, 0);
}

/* ---- on a network */

static model *make_model(const char *name, int64_t threads, const char *backend_name)
{
    model *m = NULL;
    model_spec spec = wrn_spec(
        (model_spec){.classes = 10, .channels = 3, .height = 32, .width = 32}, (wrn_settings){0});
    engine_spec engine = {.threads = threads};
    double *values = NULL;
    snprintf(spec.name, sizeof spec.name, "%s", name);
    snprintf(engine.device, sizeof engine.device, "%s", backend_name);
    check_ok(model_new(&m, &spec, &engine));
    check_ok(MEM_NEW(values, model_params_count(m)));
    params_init_hash(values, model_graph(m), 2.0);
    for (int64_t i = 0; i < model_params_count(m); i++) model_params(m)[i] = (float)values[i];
    mem_free(values);
    check_ok(model_params_changed(m));
    return m;
}

static float *hash_images(const char *name, int64_t n)
{
    double *v = NULL;
    float *x = NULL;
    check_ok(MEM_NEW(v, n));
    check_ok(MEM_NEW(x, n));
    hash_values(v, n, name);
    for (int64_t i = 0; i < n; i++) x[i] = (float)v[i];
    mem_free(v);
    return x;
}

static void a_chain_of_20_steps_has_the_reference_energies(void **state)
{
    (void)state;
    model *m = make_model("wrn-10-2", 1, "cpu");
    int64_t size = model_input_count(m);
    float *x = hash_images("xq", 2 * size), *start = hash_images("xq", 2 * size), lse[2];
    sampler_options o = options((const char *[]){"sampler.noise_std=0", NULL});
    sgld_call call = {.options = &o, .step_size = 1};

    check_ok(model_evaluate(m, x, 2, NULL, NULL, lse, NULL));
    check_near(lse[0], 2.647021992, 1e-3, 0);
    check_near(lse[1], 2.613581975, 1e-3, 0);
    check_ok(sgld_chain(m, &call, x, 2));
    check_ok(model_evaluate(m, x, 2, NULL, NULL, lse, NULL));
    check_near(lse[0], 2.745807257, 1e-3, 0);
    check_near(lse[1], 2.720620324, 1e-3, 0);
    double squares = 0, sum = 0;
    for (int64_t i = 0; i < 2 * size; i++) {
        squares += ((double)x[i] - (double)start[i]) * ((double)x[i] - (double)start[i]);
        sum += (double)x[i];
    }
    check_near(sqrt(squares), 1.4591601, 1e-3, 0);
    check_near(sum, 62.44686708, 1e-3, 0);
    mem_free(x);
    mem_free(start);
    model_free(m);
}

static void threads_change_no_bit_of_a_chain(void **state)
{
    (void)state;
    enum { N = 7 };
    model *one = make_model("wrn-10-1", 1, "cpu"), *three = make_model("wrn-10-1", 3, "cpu");
    int64_t size = model_input_count(one);
    float *a = hash_images("xq", N * size), *b = hash_images("xq", N * size);
    sampler_options o = options((const char *[]){"sampler.steps=4", NULL});
    sgld_call call = {.options = &o, .step_size = 1, .noise = {3, RNG_CHAIN_NOISE, 17, 0}};

    check_ok(sgld_chain(one, &call, a, N));
    check_ok(sgld_chain(three, &call, b, N));
    assert_memory_equal(a, b, (size_t)(N * size) * sizeof *a);
    mem_free(a);
    mem_free(b);
    model_free(one);
    model_free(three);
}

static void a_class_chain_raises_that_class(void **state)
{
    (void)state;
    model *m = make_model("wrn-10-1", 1, "cpu");
    int64_t size = model_input_count(m);
    float *x = hash_images("xq", 2 * size), before[20], after[20];
    const int32_t y[] = {4, 9};
    sampler_options o = options((const char *[]){"sampler.noise_std=0", NULL});
    sgld_call call = {.options = &o, .step_size = 1, .y = y};

    check_ok(model_evaluate(m, x, 2, NULL, before, NULL, NULL));
    check_ok(sgld_chain(m, &call, x, 2));
    check_ok(model_evaluate(m, x, 2, NULL, after, NULL, NULL));
    assert_true(after[4] > before[4]);
    assert_true(after[10 + 9] > before[10 + 9]);
    mem_free(x);
    model_free(m);
}

static void broken_weights_make_a_chain_fail(void **state)
{
    (void)state;
    model *m = make_model("wrn-10-1", 2, "cpu");
    float *x = hash_images("xq", 4 * model_input_count(m));
    sampler_options o = options(NULL);
    sgld_call call = {.options = &o, .step_size = 1};
    model_params(m)[model_params_count(m) - 1] = NAN;
    check_ok(model_params_changed(m));
    check_fails(sgld_chain(m, &call, x, 4), JEM_EDIVERGED, "not finite");
    mem_free(x);
    model_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eq7_on_a_gaussian_reaches_its_mean_and_variance),
        cmocka_unit_test(eq7_on_a_mixture_finds_both_components_in_proportion),
        cmocka_unit_test(algorithm1_decays_linearly_and_clips),
        cmocka_unit_test(noise_can_be_injected_and_is_not_drawn_when_sigma_is_zero),
        cmocka_unit_test(an_infinite_gradient_is_reported_before_clipping_hides_it),
        cmocka_unit_test(lambda_halves_at_the_milestones),
        cmocka_unit_test(clipped_share_and_movement_are_measured),
        cmocka_unit_test(a_chain_of_20_steps_has_the_reference_energies),
        cmocka_unit_test(threads_change_no_bit_of_a_chain),
        cmocka_unit_test(a_class_chain_raises_that_class),
        cmocka_unit_test(broken_weights_make_a_chain_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
