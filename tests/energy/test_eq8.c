/* Eq. 8 on numbers worked out by hand. */
#include "support/check.h"

#include "energy/eq8.h"

/* Two labelled images, two of x+ and of x-, each part of its own. */
static const float lse[6] = {1, 2, 3, 5, -1, 0.5f};
static const double cross[2] = {0.5, 1.5};
static const int32_t hit[2] = {1, 0};

static eq8_terms both(void)
{
    return (eq8_terms){0, 2, 4, 6, 2, 2, lse, cross, hit, 0};
}

static eq8_terms labelled_only(void)
{
    return (eq8_terms){0, -1, -1, 2, 2, 2, lse, cross, hit, 0};
}

static eq8_terms density_only(void)
{
    return (eq8_terms){-1, 2, 4, 6, 2, 2, lse, cross, hit, 0};
}

static void alpha_says_which_losses_there_are(void **state)
{
    (void)state;
    assert_true(eq8_has_loss_d(0) && !eq8_has_loss_g(0));
    assert_true(eq8_has_loss_d(0.5) && eq8_has_loss_g(0.5));
    assert_true(!eq8_has_loss_d(1) && eq8_has_loss_g(1));
}

static void losses_are_means_over_their_own_rows(void **state)
{
    eq8_terms t = both();
    eq8_result r = eq8_nothing();
    (void)state;
    eq8_losses(&r, &t);
    assert_true(r.loss_d == 1 && r.accuracy == 0.5);
    assert_true(r.lse_pos == 4 && r.lse_neg == -0.25 && r.loss_g == -4.25);
    t.energy_l2 = 0.1;
    eq8_losses(&r, &t);
    assert_true(fabs(r.loss_g - (-4.25 + 0.1 * (17 + 0.625))) < 1e-12);
}

static void c_is_the_ratio_of_the_norms(void **state)
{
    const eq8_terms t = both();
    eq8_result r = eq8_nothing();
    (void)state;
    eq8_norms(&r, &t, 9, 4, -3, false);
    assert_true(r.g_d == 3 && r.g_g == 2 && r.cosine == -0.5);
    assert_true(fabs(r.c - 1.5) < 1e-7);
    const eq8_weights w = eq8_descent(&r, &t, 0.25, false);
    assert_true(w.g == 0.25 * r.c && w.d == 0.75);

    r = eq8_nothing(); /* no energy gradient: 1e-8 keeps c finite */
    eq8_norms(&r, &t, 9, 0, 0, false);
    assert_true(r.cosine == 0);
    assert_true(fabs(r.c - 3e8) < 1);
}

static void the_plain_sum_is_the_jem_codes_at_one_half(void **state)
{
    const eq8_terms t = both();
    eq8_result r = eq8_nothing();
    (void)state;
    eq8_norms(&r, &t, 9, 4, -3, true);
    const eq8_weights w = eq8_descent(&r, &t, 0.5, true);
    assert_true(r.c == 1 && w.g == 1 && w.d == 1);
}

static void a_single_loss_is_descended_as_it_is(void **state)
{
    const eq8_terms parts[2] = {labelled_only(), density_only()};
    (void)state;
    for (int i = 0; i < 2; i++) {
        eq8_result r = eq8_nothing();
        eq8_losses(&r, &parts[i]);
        eq8_norms(&r, &parts[i], 9, 4, 0, false);
        const eq8_weights w = eq8_descent(&r, &parts[i], i, false);
        assert_true(w.g == 1 && w.d == 0 && r.c == 1);
        assert_true(isnan(r.cosine));
        assert_true(isnan(i ? r.loss_d : r.loss_g) && isnan(i ? r.g_d : r.g_g));
    }
}

static void what_is_not_finite_or_too_large_is_not_usable(void **state)
{
    const eq8_terms t = both(), d = labelled_only();
    eq8_result good = eq8_nothing();
    (void)state;
    eq8_losses(&good, &t);
    eq8_norms(&good, &t, 9, 4, -3, false);
    assert_true(eq8_usable(&good, &t, -1, 5, 0.1));
    assert_false(eq8_usable(&good, &t, (double)NAN, 5, 0.1));
    assert_false(eq8_usable(&good, &t, -1, (double)INFINITY, 0.1));
    assert_false(eq8_usable(&good, &t, -1, 5, (double)NAN));
    assert_true(eq8_usable(&good, &d, -1, 5, (double)NAN)); /* no chains: no movement */

    eq8_result bad = good;
    bad.loss_g = (double)NAN;
    assert_false(eq8_usable(&bad, &t, -1, 5, 0.1));
    bad = good;
    bad.g_d = EQ8_LARGEST_GRADIENT;
    assert_false(eq8_usable(&bad, &t, -1, 5, 0.1));
    bad.g_d = (double)NAN;
    assert_false(eq8_usable(&bad, &t, -1, 5, 0.1));
}

static void the_range_keeps_nan(void **state)
{
    const float values[3] = {1, NAN, 2};
    eq8_terms t = both();
    double low, high;
    (void)state;
    eq8_range(&low, &high, &t);
    assert_true(low == -1 && high == 5);
    t.lse = values;
    t.rows = 3;
    eq8_range(&low, &high, &t);
    assert_true(isnan(low) && isnan(high));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alpha_says_which_losses_there_are),
        cmocka_unit_test(losses_are_means_over_their_own_rows),
        cmocka_unit_test(c_is_the_ratio_of_the_norms),
        cmocka_unit_test(the_plain_sum_is_the_jem_codes_at_one_half),
        cmocka_unit_test(a_single_loss_is_descended_as_it_is),
        cmocka_unit_test(what_is_not_finite_or_too_large_is_not_usable),
        cmocka_unit_test(the_range_keeps_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
