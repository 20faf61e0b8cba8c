/* The sweet spot: the rule, its distribution, ties, ends that cannot be scored. */
#include "support/check.h"

#include "stats/sweet_spot.h"

static const double alpha[] = {0, .25, .5, .75, 1};

static void the_spot_is_nearest_to_people_and_the_smaller_alpha_wins_a_tie(void **state)
{
    (void)state;
    const double kappa[] = {.2, .5, .3, .28, .1}, reference = .39;
    double loss[5];
    stats_distance_to_human(loss, kappa, &reference, 1, 5);
    check_near(loss[1], .11, 1e-14, 1);
    assert_int_equal(stats_sweet_spot_index(loss, 5), 2); /* .09 below beats .11 above */
    const double bapps[] = {80, 83, 90, 97, 100, 102}, both[] = {83, 100};
    stats_distance_to_human(loss, bapps, both, 2, 3);
    check_near(loss[0], sqrt(9 + 9), 1e-14, 1);
    assert_int_equal(stats_sweet_spot_index(loss, 3), 1);
    const double tied[] = {NAN, 2, 1, 1, NAN}, none[] = {NAN, NAN};
    assert_int_equal(stats_sweet_spot_index(tied, 5), 2);
    assert_int_equal(stats_sweet_spot_index(none, 2), -1);
}

static void shares_interval_and_probability_count_the_rounds(void **state)
{
    (void)state;
    const double loss[] = {3, 2, 1, 2, 3};
    const double rounds[] = {
        3, 2, 1, 2, 3, /* middle, by 2 */
        3, 1, 2, 2, 3, /* .25, by 2 */
        1, 1, 2, 2, 3, /* a tie with the end: the end, not beaten */
        3, 2, 1, 2, 0, /* the other end */
    };
    stats_sweet_spot s;
    double share[5];
    check_ok(stats_sweet_spot_find(&s, share, alpha, loss, rounds, 5, 4, 0.5));
    assert_int_equal(s.best, 2);
    const double expected[] = {.25, .25, .25, 0, .25};
    for (int i = 0; i < 5; i++) check_near(share[i], expected[i], 1e-15, 1);
    check_near(s.inside, .5, 1e-15, 1);
    assert_true(s.interval.low == 0 && s.interval.high == .5);
    check_near(s.margin, 2, 1e-15, 1);
    assert_true(s.undefined == 0);
    check_near(s.margin_interval.high, 2, 1e-15, 1);
    check_near(s.margin_interval.low, -.25, 1e-15, 1); /* of -1, 0, 2, 2 */
}

static void an_end_without_a_score_counts_as_beaten(void **state)
{
    (void)state;
    const double loss[] = {3, 2, 1, .5, NAN},
                 rounds[] = {3, 2, 1, .5, NAN, 0, 2, 1, .5, NAN, NAN, NAN, NAN, NAN, NAN};
    const double only_middle[] = {NAN, 1, NAN};
    stats_sweet_spot s;
    check_ok(stats_sweet_spot_find(&s, NULL, alpha, loss, rounds, 5, 3, .95));
    assert_true(s.best == 3 && s.undefined == 1);
    check_near(s.inside, .5, 1e-15, 1);
    check_near(s.margin, 2.5, 1e-15, 1);
    check_ok(stats_sweet_spot_find(&s, NULL, alpha, only_middle, only_middle, 3, 1, .95));
    assert_true(s.inside == 1 && isnan(s.margin) && isnan(s.margin_interval.low));
}

static void two_alphas_have_no_interior(void **state)
{
    (void)state;
    const double loss[] = {1, 2};
    stats_sweet_spot s;
    check_ok(stats_sweet_spot_find(&s, NULL, alpha, loss, loss, 2, 1, .95));
    assert_true(s.best == 0 && s.inside == 0 && isnan(s.margin));
    assert_true(s.interval.low == 0 && s.interval.high == 0);
}

static void curves_without_a_score_are_refused(void **state)
{
    (void)state;
    const double none[] = {NAN, NAN, NAN}, some[] = {1, 2, 3}, twice[] = {0, .5, .5};
    stats_sweet_spot s;
    check_fails(stats_sweet_spot_find(&s, NULL, alpha, none, some, 3, 1, .95), JEM_EDATA,
                "no alpha");
    check_fails(stats_sweet_spot_find(&s, NULL, alpha, some, none, 3, 1, .95), JEM_EDATA,
                "1 bootstrap rounds");
    check_fails(stats_sweet_spot_find(&s, NULL, twice, some, some, 3, 1, .95), JEM_EDATA, "ascend");
    check_fails(stats_sweet_spot_find(&s, NULL, alpha, some, some, 0, 1, .95), JEM_EDATA,
                "undefined");
    check_fails(stats_sweet_spot_find(&s, NULL, alpha, some, some, 3, 0, .95), JEM_EDATA,
                "undefined");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_spot_is_nearest_to_people_and_the_smaller_alpha_wins_a_tie),
        cmocka_unit_test(shares_interval_and_probability_count_the_rounds),
        cmocka_unit_test(an_end_without_a_score_counts_as_beaten),
        cmocka_unit_test(two_alphas_have_no_interior),
        cmocka_unit_test(curves_without_a_score_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
