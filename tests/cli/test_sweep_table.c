/* Pure parts of a sweep: status lines, the table, lines for a log, the time to go. */
#include "support/check.h"

#include <fcntl.h>

#include "base/utf8.h"
#include "cli/startup.h"
#include "cli/status_line.h"
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

/* ---- status lines */

static void a_status_line_reads_back(void **state)
{
    (void)state;
    char line[STATUS_LINE_MAX];
    train_status s;
    size_t n = status_line_format(line, &usual);
    assert_int_equal(n, strlen(line));
    assert_int_equal(line[n - 1], '\n');
    assert_string_equal(line, "640\t40000\t3.2\t523.4\t7530\t0.7125\tdrifting\t2\t"
                              "energies part by 31\n");
    line[n - 1] = '\0';
    check_ok(status_line_parse(&s, line));
    assert_int_equal(s.iteration, 640);
    assert_int_equal(s.iterations, 40000);
    check_near(s.epoch, 3.2, 0, 1);
    check_near(s.images_per_s, 523.4, 0, 1);
    check_near(s.eta_s, 7530, 0, 1);
    check_near(s.val_accuracy, 0.7125, 0, 1);
    assert_int_equal(s.verdict, VERDICT_DRIFTING);
    assert_int_equal(s.rescues, 2);
    assert_string_equal(s.reason, "energies part by 31");
}

static void unknown_values_are_empty_fields(void **state)
{
    (void)state;
    char line[STATUS_LINE_MAX];
    train_status s, unknown = {0, 10, 0, NAN, INFINITY, NAN, VERDICT_HEALTHY, NULL, 0};
    size_t n = status_line_format(line, &unknown);
    assert_string_equal(line, "0\t10\t0\t\t\t\thealthy\t0\t\n");
    line[n - 1] = '\0';
    check_ok(status_line_parse(&s, line));
    assert_true(isnan(s.images_per_s) && isnan(s.eta_s) && isnan(s.val_accuracy));
    assert_string_equal(s.reason, "");
}

static void a_hostile_reason_stays_one_line_of_bounded_length(void **state)
{
    (void)state;
    char line[STATUS_LINE_MAX], reason[2000];
    train_status s = usual;
    memset(reason, '\t', sizeof reason - 1);
    reason[5] = '\n';
    reason[sizeof reason - 1] = '\0';
    s.reason = reason;
    size_t n = status_line_format(line, &s);
    assert_true(n < STATUS_LINE_MAX && line[n - 1] == '\n' && line[n] == '\0');
    assert_ptr_equal(strchr(line, '\n'), line + n - 1);
    line[n - 1] = '\0';
    check_ok(status_line_parse(&s, line));
    assert_int_equal(s.rescues, 2);
}

static void garbage_is_no_status_line(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "", "hello", "\t\t\t\t\t\t\t\t", "1\t2\t3",
        "1\t2\t3\t4\t5\t6\thealthy\t0",                 /* a field is missing */
        "1\t2\t3\t4\t5\t0.5\thealthy\t0\twhy\tmore",    /* one too many */
        "1\t2\t3\t4\t5\t0.5\thealth\t0\t",              /* no verdict */
        "1\t2\t3\t4\t5\t0.5\t\t0\t",
        "3\t2\t3\t4\t5\t0.5\thealthy\t0\t",             /* beyond the last iteration */
        "-1\t2\t3\t4\t5\t0.5\thealthy\t0\t",
        "\t2\t3\t4\t5\t0.5\thealthy\t0\t",
        "1x\t2\t3\t4\t5\t0.5\thealthy\t0\t",
        "1\t99999999999999999999\t3\t4\t5\t0.5\thealthy\t0\t",
        "1\t2\tnan\t4\t5\t0.5\thealthy\t0\t",
        "1\t2\t3\tinf\t5\t0.5\thealthy\t0\t",
        "1\t2\t3\t4\t1e999\t0.5\thealthy\t0\t",
        "1\t2\t3\t4\t5\t0x1p3\thealthy\t0\t",
        "1\t2\t3\t4\t 5\t0.5\thealthy\t0\t",
        "1\t2\t3\t4\t5\t0.5e\thealthy\t0\t",
        "1\t2\t3\t4\t5\t0.5\thealthy\t17\t",            /* more rescues than there can be */
        "1\t2\t3\t4\t5\t0.5\thealthy\t-1\t",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        char line[STATUS_LINE_MAX];
        train_status s = usual;
        snprintf(line, sizeof line, "%s", lines[i]);
        if (status_line_parse(&s, line) != JEM_EDATA) fail_msg("accepted: '%s'", lines[i]);
        assert_int_equal(s.iteration, usual.iteration); /* untouched */
    }
}

static void a_watch_drops_what_nobody_reads_and_survives_a_reader_that_left(void **state)
{
    (void)state;
    int ends[2];
    train_watch w;
    char data[256];
    cli_startup(); /* as main does: closed pipes are errors, not signals */
    assert_int_equal(pipe(ends), 0);
    int high = fcntl(ends[1], F_DUPFD, 50);
    close(ends[1]);
    check_ok(status_line_watch(&w, &high));
    for (int i = 0; i < 5000; i++) w.fn(w.ctx, &usual); /* more than a pipe holds: no wait */
    assert_true(read(ends[0], data, sizeof data) == (ssize_t)sizeof data);
    close(ends[0]);
    w.fn(w.ctx, &usual); /* no SIGPIPE */
    close(high);
    check_fails(status_line_watch(&w, &high), JEM_EUSAGE, "is not an open descriptor");
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

static void the_time_to_go_counts_slots_and_kinds_of_runs(void **state)
{
    (void)state;
    double load[2];
    sweep_run runs[5] = {make_run(0, SWEEP_FINISHED), make_run(0.5, SWEEP_RUNNING),
                         make_run(0.7, SWEEP_WAITING), make_run(0.9, SWEEP_WAITING),
                         make_run(0, SWEEP_WAITING)};
    assert_true(isnan(sweep_eta_s(runs, 5, load, 2)));
    runs[0].full_s = 10;
    train_status half = {50, 100, 1, 100, 60, NAN, VERDICT_HEALTHY, "", 0};
    sweep_run_report(&runs[1], &half); /* all of it takes 120 s */
    /* Slot 1: 60 s left, then 120 s; slot 2: 120 s, then 10 s. */
    check_near(sweep_eta_s(runs, 5, load, 2), 180, 1e-12, 1);
    check_near(sweep_eta_s(runs, 5, load, 1), 60 + 120 + 120 + 10, 1e-12, 1);
    for (int i = 0; i < 5; i++) runs[i].state = SWEEP_FINISHED;
    check_near(sweep_eta_s(runs, 5, load, 2), 0, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_line_reads_back),
        cmocka_unit_test(unknown_values_are_empty_fields),
        cmocka_unit_test(a_hostile_reason_stays_one_line_of_bounded_length),
        cmocka_unit_test(garbage_is_no_status_line),
        cmocka_unit_test(a_watch_drops_what_nobody_reads_and_survives_a_reader_that_left),
        cmocka_unit_test(the_table_shows_every_run_of_a_small_sweep),
        cmocka_unit_test(a_long_table_is_cut_to_the_terminal_and_running_runs_stay),
        cmocka_unit_test(a_reason_cannot_command_the_terminal),
        cmocka_unit_test(lines_for_a_log_say_what_changed),
        cmocka_unit_test(the_time_to_go_counts_slots_and_kinds_of_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
