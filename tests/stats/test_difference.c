/* Differences of means against scipy (golden_difference.h), and where nothing varies. */
#include "golden_difference.h"
#include "stats/difference.h"
#include "support/check.h"

#define COUNT(array) ((int64_t)(sizeof(array) / sizeof *(array)))

static void students_t_is_that_of_scipy(void **state)
{
    (void)state;
    for (int64_t k = 0; k < COUNT(golden_student); k += 3) {
        const double p = stats_student_p(golden_student[k], golden_student[k + 1]);
        check_near(p, golden_student[k + 2], 1e-9, 0);
    }
}

static void check_test(stats_difference found, const double golden[5])
{
    check_near(found.value / found.se, golden[0], 1e-10, 0);
    check_near(found.df, golden[1], 1e-10, 0);
    check_near(found.p, golden[2], 1e-10, 0);
    check_near(found.interval.low, golden[3], 1e-10, 0);
    check_near(found.interval.high, golden[4], 1e-10, 0);
}

static double squared_error(const double *x, int64_t n) { return pow(stats_sem(x, n), 2); }

static void one_source_is_the_paired_t_test(void **state)
{
    (void)state;
    double gap[COUNT(golden_first)];
    for (int64_t i = 0; i < COUNT(gap); i++) gap[i] = golden_other[i] - golden_first[i];
    const stats_source images = {squared_error(gap, COUNT(gap)), COUNT(gap) - 1};
    check_test(stats_difference_find(stats_mean(gap, COUNT(gap)), &images, 1, 0.95), golden_paired);
}

static void two_sources_are_welchs_test(void **state)
{
    (void)state;
    const stats_source training[] = {{squared_error(golden_few, COUNT(golden_few)), COUNT(golden_few) - 1},
                                     {squared_error(golden_more, COUNT(golden_more)), COUNT(golden_more) - 1}};
    const double gap = stats_mean(golden_few, COUNT(golden_few)) - stats_mean(golden_more, COUNT(golden_more));
    check_test(stats_difference_find(gap, training, 2, 0.95), golden_welch);
}

static void a_source_that_does_not_vary_changes_nothing(void **state)
{
    (void)state;
    const stats_source source[] = {{0.04, 7}, {0, 1}};
    const stats_difference one = stats_difference_find(0.3, source, 1, 0.9);
    const stats_difference both = stats_difference_find(0.3, source, 2, 0.9);
    assert_true(one.p == both.p && one.interval.low == both.interval.low);
}

static void where_nothing_varies_a_difference_is_certain(void **state)
{
    (void)state;
    const stats_source none = {0, 7};
    assert_true(stats_difference_find(0, &none, 1, 0.95).p == 1);
    const stats_difference some = stats_difference_find(0.1, &none, 1, 0.95);
    assert_true(some.p == 0 && some.interval.low == 0.1 && some.interval.high == 0.1 && isnan(some.df));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(students_t_is_that_of_scipy),
        cmocka_unit_test(one_source_is_the_paired_t_test),
        cmocka_unit_test(two_sources_are_welchs_test),
        cmocka_unit_test(a_source_that_does_not_vary_changes_nothing),
        cmocka_unit_test(where_nothing_varies_a_difference_is_certain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
