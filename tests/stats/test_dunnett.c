/* Several groups against one: against scipy (golden_dunnett.h), against Student's test, and what is refused. */
#include "golden_dunnett.h"
#include "stats/difference.h"
#include "stats/dunnett.h"
#include "support/check.h"

#define COUNT(array) ((int64_t)(sizeof(array) / sizeof *(array)))

/* scipy integrates at random: its p are right to about 1e-5. */
static void check_golden(const double *score, const int64_t *counts, int64_t groups, const double *t, const double *p)
{
    static const stats_side sides[] = {STATS_TWO_SIDED, STATS_GREATER, STATS_LESS};
    stats_contrast found[8];
    for (int s = 0; s < 3; s++) {
        check_ok(stats_dunnett(found, score, counts, groups, sides[s], 0.95));
        for (int64_t i = 0; i < groups; i++) {
            check_near(found[i].t, t[i], 1e-10, 0);
            assert_true(fabs(found[i].p - p[s * groups + i]) < 2e-5);
        }
    }
}

static void statistics_and_p_are_those_of_scipy(void **state)
{
    (void)state;
#define GOLDEN(name)                                                                                                    \
    check_golden(golden_##name##_score, golden_##name##_counts, COUNT(golden_##name##_counts) - 1, golden_##name##_t,   \
                 golden_##name##_p)
    GOLDEN(study);
    GOLDEN(uneven);
    GOLDEN(few);
}

/* ... to the last digits: the integrals are exact. */
static void one_group_is_students_test(void **state)
{
    (void)state;
    const double score[] = {0.3, -0.2, 0.9, 0.1, 1.4, 0.8, 2.9, 1.1, 0.2};
    for (int64_t n = 1; n < 9; n++) {
        const int64_t counts[] = {n, 9 - n};
        stats_contrast two, more, less;
        check_ok(stats_dunnett(&two, score, counts, 1, STATS_TWO_SIDED, 0.9));
        check_ok(stats_dunnett(&more, score, counts, 1, STATS_GREATER, 0.9));
        check_ok(stats_dunnett(&less, score, counts, 1, STATS_LESS, 0.9));
        check_near(two.p, stats_student_p(two.t, 7), 1e-9, 0);
        check_near(more.p, two.t > 0 ? two.p / 2 : 1 - two.p / 2, 1e-9, 0);
        check_near(less.p, 1 - more.p, 1e-9, 0);
        assert_true(more.interval.high == INFINITY && less.interval.low == -INFINITY);
        /* the limit is where p would be 1 - level */
        const double se = two.difference / two.t;
        check_near(stats_student_p((two.interval.high - two.difference) / se, 7), 0.1, 1e-8, 0);
        check_near(two.interval.high - two.difference, two.difference - two.interval.low, 1e-9, 0);
        check_near(stats_student_p((more.difference - more.interval.low) / se, 7), 0.2, 1e-8, 0);
    }
}

/* A p of all groups lies between that of one comparison and Bonferroni's, and far groups change no other's t. */
static void p_is_adjusted_for_all_groups(void **state)
{
    (void)state;
    stats_contrast found[3];
    check_ok(stats_dunnett(found, golden_study_score, golden_study_counts, 3, STATS_TWO_SIDED, 0.95));
    for (int i = 0; i < 3; i++) {
        const double alone = stats_student_p(found[i].t, 20);
        assert_true(found[i].p > alone && found[i].p < 3 * alone);
        assert_true(found[i].interval.low < found[i].difference && found[i].difference < found[i].interval.high);
        assert_true((found[i].p < 0.05) == (found[i].interval.low > 0 || found[i].interval.high < 0));
    }
}

static void what_cannot_be_compared_is_refused(void **state)
{
    (void)state;
    stats_contrast found[2];
    const double score[] = {1, 1, 2, 2, NAN};
    check_fails(stats_dunnett(found, score, (int64_t[]){2, 2}, 1, STATS_GREATER, 0.95), JEM_EDATA, "no group varies");
    check_fails(stats_dunnett(found, score, (int64_t[]){1, 1}, 1, STATS_GREATER, 0.95), JEM_EDATA, "give one of them two");
    check_fails(stats_dunnett(found, score, (int64_t[]){2, 0}, 1, STATS_GREATER, 0.95), JEM_EDATA, "group 1 has no value");
    check_fails(stats_dunnett(found, score, (int64_t[]){0, 2}, 1, STATS_GREATER, 0.95), JEM_EDATA, "the control has no value");
    check_fails(stats_dunnett(found, score, (int64_t[]){2, 3}, 1, STATS_GREATER, 0.95), JEM_EDATA, "value 4 is nan");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statistics_and_p_are_those_of_scipy),
        cmocka_unit_test(one_group_is_students_test),
        cmocka_unit_test(p_is_adjusted_for_all_groups),
        cmocka_unit_test(what_cannot_be_compared_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
