/* What people are shown of a sweep: the table, lines for a log. */
#include "support/check.h"

#include "base/utf8.h"
#include "cli/sweep_table.h"

static const train_status usual = {640, 40000, 3.2, 523.4, 7530, 0.7125, VERDICT_DRIFTING,
                                   "energies part by 31", 2};

static sweep_run make_run(double alpha, sweep_state state)
{
    sweep_run r = {.alpha = alpha, .seed = 1, .state = state};
    snprintf(r.name, sizeof r.name, "alpha-%.2f-seed-1", alpha);
    return r;
}

static bool says(const char *text, const char *part)
{
    if (!strstr(text, part)) print_message("'%s' is not in:\n%s", part, text);
    return strstr(text, part) != NULL;
}

/* ---- the table */

static char table[SWEEP_TABLE_MAX];

static int count_lines(const char *text, int widest)
{
    int lines = 0, width = 0;
    for (; *text; text++) {
        if (*text == '\n') {
            lines++;
            width = 0;
        } else if (((unsigned char)*text & 0xc0) != 0x80 && ++width > widest) {
            fail_msg("a line is wider than %d", widest);
        }
    }
    return lines;
}

static void the_table_shows_every_run_of_a_small_sweep(void **state)
{
    (void)state;
    sweep_run runs[4] = {make_run(0, SWEEP_FINISHED), make_run(0.5, SWEEP_RUNNING),
                         make_run(0.75, SWEEP_RUNNING), make_run(1, SWEEP_FAILED)};
    sweep_run_report(&runs[1], &usual);
    sweep_run_reason(&runs[3], "killed by signal 9");
    assert_int_equal(sweep_table(table, runs, 4, 9000, 100, 24), 6);
    assert_string_equal(
        table,
        "alpha   seed        epoch  accuracy  verdict       images/s      ETA\n"
        "    0      1            -         -  finished             -        -\n"
        "  0.5      1      3.2/200    0.7125  drifting (2 rescued)     523.4    2h05m  energies "
        "part by 31\n"
        " 0.75      1            -         -  starting             -        -\n"
        "    1      1            -         -  failed               -        -  killed by signal 9\n"
        "2 running, 1 finished, 1 failed, ETA 2h30m\n");
}

static void a_long_table_is_cut_to_the_terminal_and_running_runs_stay(void **state)
{
    (void)state;
    enum { RUNS = 60 };
    sweep_run runs[RUNS];
    for (int i = 0; i < RUNS; i++) runs[i] = make_run(i / 100.0, SWEEP_WAITING);
    for (int i = 0; i < 30; i++) runs[i].state = SWEEP_FINISHED;
    runs[30].state = runs[31].state = SWEEP_RUNNING;
    runs[7].state = SWEEP_FAILED;
    sweep_run_report(&runs[31], &usual);
    assert_int_equal(sweep_table(table, runs, RUNS, NAN, 60, 8), 8);
    assert_int_equal(count_lines(table, 60), 8);
    assert_true(says(table, "  0.3 ") && says(table, " 0.31 ") && says(table, " 0.07 "));
    assert_true(says(table, "2 running, 28 waiting, 29 finished, 1 failed, ETA -"));
    /* Room for fewer rows than there are running runs, and for nothing at all. */
    assert_int_equal(sweep_table(table, runs, RUNS, NAN, 1, 3), 3);
    assert_int_equal(count_lines(table, 1), 3);
    assert_int_equal(sweep_table(table, runs, RUNS, NAN, 80, 0), 2);
    /* A huge terminal: the text stays within its room. */
    for (int i = 0; i < RUNS; i++) {
        char reason[400];
        memset(reason, 'x', sizeof reason);
        reason[399] = '\0';
        sweep_run_reason(&runs[i], reason);
    }
    assert_int_equal(sweep_table(table, runs, RUNS, NAN, 10000, 10000), RUNS + 2);
    assert_true(strlen(table) < SWEEP_TABLE_MAX);
}

static void a_reason_cannot_command_the_terminal(void **state)
{
    (void)state;
    sweep_run r = make_run(0.5, SWEEP_FAILED);
    char wide[400];
    sweep_run_reason(&r, "\033[2Jgone\nnext\177");
    assert_string_equal(r.reason, "\\x1b[2Jgone\\x0anext\\x7f");
    /* Cut, but never in the middle of a character. */
    wide[0] = 'a';
    for (int i = 1; i < 399; i += 2) memcpy(wide + i, "\xc3\xa4", 2);
    wide[399] = '\0';
    sweep_run_reason(&r, wide);
    size_t n = strlen(r.reason);
    assert_true(n < SWEEP_REASON && n >= SWEEP_REASON - 2 && utf8_is(r.reason));
}

static void lines_for_a_log_say_what_changed(void **state)
{
    (void)state;
    char line[512];
    sweep_run r = make_run(0.5, SWEEP_RUNNING);
    sweep_line(line, sizeof line, &r);
    assert_string_equal(line, "alpha-0.50-seed-1: started");
    sweep_run_report(&r, &usual);
    sweep_line(line, sizeof line, &r);
    assert_string_equal(line, "alpha-0.50-seed-1: epoch 3.2/200, accuracy 0.7125, drifting (2 "
                              "rescued), 523.4 images/s, ETA 2h05m: energies part by 31");
    r.state = SWEEP_FINISHED;
    sweep_line(line, sizeof line, &r);
    assert_string_equal(line, "alpha-0.50-seed-1: finished, accuracy 0.7125");
    r.state = SWEEP_FAILED;
    sweep_run_reason(&r, "no data");
    sweep_line(line, sizeof line, &r);
    assert_string_equal(line, "alpha-0.50-seed-1: failed: no data");
    sweep_line(line, 10, &r);
    assert_string_equal(line, "alpha-0.5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_shows_every_run_of_a_small_sweep),
        cmocka_unit_test(a_long_table_is_cut_to_the_terminal_and_running_runs_stay),
        cmocka_unit_test(a_reason_cannot_command_the_terminal),
        cmocka_unit_test(lines_for_a_log_say_what_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
