/* One line of progress for all scorings of a command. */
#include "study/scoring_progress.h"

#include <math.h>
#include <stdio.h>

#include "support/check.h"

static char shown[256];

static void keep(log_level level, const char *line)
{
    if (level == LOG_PROGRESS) snprintf(shown, sizeof shown, "%s", line);
}

static void what_is_left_is_told_from_what_took_how_long(void **state)
{
    (void)state;
    scoring_progress p;
    bool wanted[BENCHMARKS_MAX] = {false};
    wanted[1] = wanted[4] = true;

    log_set_sink(keep);
    scoring_progress_begin(&p);
    scoring_progress_run(&p, "alpha 0, seed 1", 3, wanted);
    scoring_progress_next(&p, 1, "gloss");
    assert_string_equal(shown, "1/6  ETA ?  gloss of alpha 0, seed 1");
    p.place_began_s = 100;
    assert_true(isnan(scoring_progress_eta(&p, 110, NAN)));
    /* A quarter took 10 s: 30 s are left of this, and five more of 40. */
    check_near(scoring_progress_eta(&p, 110, 0.25), 30 + 5 * 40, 1e-9, 1);
    scoring_progress_scored(&p, true);
    p.took_s[1] = 40;
    scoring_progress_next(&p, 4, "clickme");
    p.place_began_s = 100;
    check_near(scoring_progress_eta(&p, 101, NAN), 39 + 2 * 40 + 2 * 40, 1e-9, 1); /* as gloss took */
    check_near(scoring_progress_eta(&p, 101, 0.5), 1 + 2 * 40 + 2 * 2, 1e-9, 1);
    scoring_progress_scored(&p, false); /* left out: says nothing of others */
    scoring_progress_run(&p, "alpha 1, seed 1", 2, wanted);
    scoring_progress_next(&p, 1, "gloss");
    assert_non_null(strstr(shown, "3/6  ETA "));
    assert_non_null(strstr(shown, "gloss of alpha 1, seed 1"));
    scoring_progress_end(&p);
    log_set_sink(NULL);
}

static void parts_say_how_far_the_whole_is(void **state)
{
    (void)state;
    scoring_progress p;
    progress part;
    bool wanted[BENCHMARKS_MAX] = {true};

    log_set_sink(keep);
    scoring_progress_begin(&p);
    scoring_progress_run(&p, NULL, 1, wanted);
    scoring_progress_next(&p, 0, "bapps");
    p.place_began_s -= 3600 * 10; /* so long ago that the seconds of a slow machine do not show */
    progress_set_share(0.5, 1);
    progress_begin(&part, "2afc/cnn", "items", 100, 0);
    part.last_s -= 10;
    progress_update(&part, 50, NULL);
    assert_string_equal(shown, "1/1  ETA 3h20m  bapps  2afc/cnn 50/100 items");
    progress_end(&part, 100);
    scoring_progress_scored(&p, true);
    scoring_progress_end(&p);
    log_set_sink(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_is_told_from_what_took_how_long),
        cmocka_unit_test(parts_say_how_far_the_whole_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
