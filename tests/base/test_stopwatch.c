/* What other programs took from a piece of work, from made-up readings; and that real ones move. */
#include "support/check.h"

#include <math.h>

#include "base/stopwatch.h"

static void work_alone_takes_no_less_than_its_processor_time_or_its_wall_time_without_waits(void **state)
{
    static const struct {
        stopwatch took;
        int threads, processors;
        double alone_s;
        processors_state state;
    } cases[] = {
        {{10, 20, 0.1}, 2, 2, 10, PROCESSORS_QUIET},          /* both threads ran all the time */
        {{10, 12, 0}, 2, 2, 10, PROCESSORS_QUIET},            /* one had less to do: nobody waited */
        {{10, 5, 15}, 2, 2, 2.5, PROCESSORS_BUSY},            /* both had a quarter */
        {{2, 2, 1}, 2, 2, 1, PROCESSORS_BUSY},                /* one was held up, the other waited for it */
        {{10, 20, 60}, 8, 2, 10, PROCESSORS_QUIET},           /* more threads than processors: their own waits */
        {{10, 2, 78}, 8, 64, 0.25, PROCESSORS_BUSY},
        {{10, 9.5, 0.5}, 1, 2, 9.5, PROCESSORS_QUIET},        /* as times differ anyway */
        {{10, 10.2, 0}, 1, 2, 10, PROCESSORS_QUIET},          /* a helper beside the threads */
        {{10, 1, NAN}, 1, 1, NAN, PROCESSORS_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const double s = stopwatch_alone_s(&cases[i].took, cases[i].threads, cases[i].processors);
        if (isnan(cases[i].alone_s))
            assert_true(isnan(s));
        else
            check_near(s, cases[i].alone_s, 1e-12, 0);
        assert_int_equal(stopwatch_judge(s, cases[i].took.wall_s), cases[i].state);
    }
}

static void readings_add_up(void **state)
{
    stopwatch sum = {0, 0, 0};
    (void)state;
    stopwatch_add(&sum, &(stopwatch){1, 2, 0.5});
    stopwatch_add(&sum, &(stopwatch){2, 1, 0.25});
    assert_true(sum.wall_s == 3 && sum.ran_s == 3 && sum.waited_s == 0.75);
    stopwatch_add(&sum, &(stopwatch){1, 1, NAN});
    assert_true(isnan(sum.waited_s));
}

static void work_shows_in_a_reading(void **state)
{
    const stopwatch begin = stopwatch_now();
    const double thread_s = thread_clock_s();
    stopwatch took;
    (void)state;
    do took = stopwatch_since(&begin);
    while (took.ran_s < 0.01);
    assert_true(took.wall_s > 0);
    assert_true(thread_clock_s() > thread_s);
    assert_true(isnan(took.waited_s) || took.waited_s >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_alone_takes_no_less_than_its_processor_time_or_its_wall_time_without_waits),
        cmocka_unit_test(readings_add_up),
        cmocka_unit_test(work_shows_in_a_reading),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
