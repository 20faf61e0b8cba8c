/* The elementary steps of energy models. */
#include "backend/ref/ref.h"
#include "support/check.h"

#define COUNT(a) (int64_t)(sizeof(a) / sizeof *(a))

static void langevin_moves_along_the_gradient_and_clips(void **state)
{
    (void)state;
    const float g[] = {1, -1, 4, -8, 0}, noise[] = {0, 2, 0, 0, -1};
    float x[] = {0, 0, 0.5f, 0.5f, 1};
    ref_langevin(x, g, noise, 5, &(langevin_update){0.25f, 0.5f, true, -1, 1, false});
    const float want[] = {0.25f, 0.75f, 1, -1, 0.5f};
    for (int i = 0; i < 5; i++) assert_true(x[i] == want[i]);

    float free_x[] = {0, 0, 0.5f, 0.5f, 1};
    ref_langevin(free_x, g, NULL, 5, &(langevin_update){0.25f, 0.5f, false, -1, 1, false});
    const float free_want[] = {0.25f, -0.25f, 1.5f, -1.5f, 1};
    for (int i = 0; i < 5; i++) assert_true(free_x[i] == free_want[i]);
}

static void clamped_langevin_bounds_the_gradient_and_adds_noise_last(void **state)
{
    (void)state;
    const float g[] = {0.5f, -3, 4, 1e30f}, noise[] = {0, 2, 1, -1};
    const langevin_update u = {0.5f, 0.25f, true, -1, 1, true};
    float quiet[] = {0, 0, 0.75f, 0.25f}, noisy[] = {0, 0, 0.75f, 0.25f};
    ref_langevin(quiet, g, NULL, 4, &u);
    ref_langevin(noisy, g, noise, 4, &u);
    const float want[] = {0.25f, -0.5f, 1, 0.75f}, more[] = {0, 0.5f, 0.25f, -0.25f};
    for (int i = 0; i < 4; i++) assert_true(quiet[i] == want[i] && noisy[i] == want[i] + more[i]);
}

static void langevin_keeps_nan_visible(void **state)
{
    (void)state;
    const float g[] = {NAN, INFINITY, -INFINITY};
    float x[] = {0, 0, 0};
    ref_langevin(x, g, NULL, 3, &(langevin_update){1, 0, true, -1, 1, false});
    assert_true(isnan(x[0]) && x[1] == 1 && x[2] == -1);
}

static void logsumexp_survives_large_logits(void **state)
{
    (void)state;
    const float logits[] = {1000, 1000, -1000, -1001, -1000, -1001};
    float lse[2], softmax[6];
    ref_logsumexp(lse, softmax, logits, 2, 3);
    check_near(lse[0], 1000 + log(2), 1e-6, 1);
    check_near(lse[1], -1000 + log(1 + 2 * exp(-1)), 1e-6, 1);
    check_near(softmax[0], 0.5, 1e-6, 1);
    assert_true(softmax[2] == 0);
    check_near(softmax[3] + softmax[4] + softmax[5], 1, 1e-6, 1);
}

static void logsumexp_of_one_class_is_its_logit(void **state)
{
    (void)state;
    float lse, softmax;
    ref_logsumexp(&lse, &softmax, &(float){-3.5f}, 1, 1);
    assert_true(lse == -3.5f && softmax == 1);
}

static void logsumexp_may_overwrite_its_logits(void **state)
{
    (void)state;
    float v[1000], p[1000], lse[2];
    for (int i = 0; i < 1000; i++) v[i] = (float)(i % 17) - 3;
    ref_logsumexp(lse, p, v, 2, 500);
    ref_logsumexp(lse, v, v, 2, 500);
    assert_memory_equal(v, p, sizeof v);
    ref_logsumexp(lse, NULL, p, 2, 500); /* softmax not wanted */
}

static void logsumexp_propagates_what_is_not_finite(void **state)
{
    (void)state;
    const float v[] = {0, NAN, NAN, 0, INFINITY, 1, -INFINITY, -INFINITY, -INFINITY, 2};
    float lse[5];
    ref_logsumexp(lse, NULL, v, 5, 2);
    assert_true(isnan(lse[0]) && isnan(lse[1]));
    assert_true(lse[2] == INFINITY && lse[3] == -INFINITY && lse[4] == 2);
}

/* The formulas of Adam in double, for comparison. */
static void adam_moves_as_its_formula_says(void **state)
{
    (void)state;
    const adam_update first = {.lr = 0.01, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.3, .step = 1};
    enum { N = 11, STEPS = 5 };
    float theta[N], m[N] = {0}, v[N] = {0};
    double t[N], dm[N] = {0}, dv[N] = {0};
    for (int i = 0; i < N; i++) t[i] = theta[i] = 0.1f * (float)i;

    for (int k = 1; k <= STEPS; k++) {
        float g[N], h[N];
        adam_update u = first;
        u.step = k;
        for (int i = 0; i < N; i++) g[i] = (float)sin(i + k), h[i] = (float)cos(3 * i - k);
        ref_adam(theta, m, v, g, h, 0.5, -2, N, &u);
        for (int i = 0; i < N; i++) {
            const double grad = 0.5 * (double)g[i] - 2.0 * (double)h[i] + 0.3 * t[i];
            dm[i] = 0.9 * dm[i] + 0.1 * grad;
            dv[i] = 0.999 * dv[i] + 0.001 * grad * grad;
            t[i] -= 0.01 * (dm[i] / (1 - pow(0.9, k))) / (sqrt(dv[i] / (1 - pow(0.999, k))) + 1e-8);
        }
    }
    for (int i = 0; i < N; i++) {
        check_near(theta[i], t[i], 2e-6, 0.1);
        check_near(m[i], dm[i], 1e-5, 0.1);
        check_near(v[i], dv[i], 1e-5, 1e-3);
    }
}

static void the_first_adam_step_has_the_size_of_the_learning_rate(void **state)
{
    (void)state;
    const float g[] = {1e-4f, -30, 0};
    float theta[3] = {0}, m[3] = {0}, v[3] = {0};
    const adam_update u = {.lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .step = 1};
    ref_adam(theta, m, v, g, NULL, 1, 7, 3, &u);
    check_near(theta[0], -1e-3, 2e-4, 0);
    check_near(theta[1], 1e-3, 1e-5, 0);
    assert_true(theta[2] == 0);
}

/* By hand: m1 = g + d w, w1 = w - lr m1; m2 = momentum m1 + g + d w1. */
static void sgd_has_momentum_and_weight_decay(void **state)
{
    (void)state;
    const sgd_update u = {.lr = 0.5, .momentum = 0.5, .weight_decay = 0.25};
    const float g[] = {1, -2}, h[] = {2, 0};
    float theta[] = {4, 8}, m[] = {0, 0};
    ref_sgd(theta, m, g, h, 2, 0.5, 2, &u); /* gradients 3 and -4 */
    assert_true(m[0] == 4 && m[1] == -2 && theta[0] == 2 && theta[1] == 9);
    ref_sgd(theta, m, g, NULL, 1, 7, 2, &u); /* 1 and -2 */
    assert_true(m[0] == 3.5f && m[1] == -0.75f && theta[0] == 0.25f && theta[1] == 9.375f);
}

static void sum_of_squares_is_exact_where_double_is(void **state)
{
    (void)state;
    float x[1003];
    for (int i = 0; i < COUNT(x); i++) x[i] = (float)(i + 1) * (i % 2 ? -1.0f : 1.0f);
    for (int64_t n = 0; n <= COUNT(x); n++)
        assert_true(ref_sum_squares(x, n) == (double)(n * (n + 1) * (2 * n + 1) / 6));
    x[500] = NAN;
    assert_true(isnan(ref_sum_squares(x, COUNT(x))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(langevin_moves_along_the_gradient_and_clips),
        cmocka_unit_test(clamped_langevin_bounds_the_gradient_and_adds_noise_last),
        cmocka_unit_test(langevin_keeps_nan_visible),
        cmocka_unit_test(logsumexp_survives_large_logits),
        cmocka_unit_test(logsumexp_of_one_class_is_its_logit),
        cmocka_unit_test(logsumexp_may_overwrite_its_logits),
        cmocka_unit_test(logsumexp_propagates_what_is_not_finite),
        cmocka_unit_test(adam_moves_as_its_formula_says),
        cmocka_unit_test(the_first_adam_step_has_the_size_of_the_learning_rate),
        cmocka_unit_test(sgd_has_momentum_and_weight_decay),
        cmocka_unit_test(sum_of_squares_is_exact_where_double_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
