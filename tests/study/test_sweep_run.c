/* Lines that trainings report in, and what a sweep makes of its runs' states. */
#include "support/check.h"
#include "support/folder.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>

#include "base/utf8.h"
#include "study/status_line.h"
#include "study/sweep_run.h"

static const train_status usual = {640, 40000, 3.2, 523.4, 7530, 0.7125, VERDICT_DRIFTING,
                                   "energies part by 31", 2};

static sweep_run make_run(double alpha, sweep_state state)
{
    sweep_run r = {.alpha = alpha, .seed = 1, .state = state};
    snprintf(r.name, sizeof r.name, "alpha-%.2f-seed-1", alpha);
    return r;
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
    signal(SIGPIPE, SIG_IGN); /* as main does: closed pipes are errors, not signals */
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

/* ---- runs */

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


/* ---- what a run's folder says */

static void write_info(run_status status, const char *message)
{
    char path[128];
    run_info i = {.status = status, .iteration = 30, .iterations = 40, .epoch = 3, .model = "wrn-10-1",
                  .best = {20, 2, 0.75}, .selected_by = "val_accuracy"};
    snprintf(i.message, sizeof i.message, "%s", message);
    snprintf(path, sizeof path, "%s/run.json", folder);
    check_ok(run_info_write(&i, path));
}

static void a_state_is_what_the_folder_says(void **state)
{
    (void)state;
    static const struct {
        run_status status;
        sweep_state state;
        jem_status code;
        const char *reason;
    } cases[] = {{RUN_FINISHED, SWEEP_FINISHED, JEM_OK, ""},
                 {RUN_DIVERGED, SWEEP_DIVERGED, JEM_EDIVERGED, "energies part"},
                 {RUN_INTERRUPTED, SWEEP_INTERRUPTED, JEM_EINTERRUPTED, ""},
                 {RUN_RUNNING, SWEEP_FAILED, JEM_EINTERNAL, "ended without a word"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sweep_run r = make_run(0.5, SWEEP_RUNNING);
        write_info(cases[i].status, cases[i].status == RUN_DIVERGED ? "energies part" : "");
        check_ok(sweep_run_recall(&r, folder));
        assert_int_equal(r.state, cases[i].state);
        assert_int_equal(r.code, cases[i].code);
        assert_string_equal(r.reason, cases[i].reason);
        assert_int_equal(r.reported, r.state == SWEEP_FINISHED);
        if (!r.reported) continue;
        assert_int_equal(r.now.iteration, 30);
        check_near(r.now.val_accuracy, 0.75, 0, 1);
    }
}

static void a_report_is_better_than_what_the_folder_remembers(void **state)
{
    (void)state;
    sweep_run r = make_run(0.5, SWEEP_RUNNING);
    sweep_run_report(&r, &usual);
    write_info(RUN_FINISHED, "");
    check_ok(sweep_run_recall(&r, folder));
    assert_int_equal(r.state, SWEEP_FINISHED);
    check_near(r.now.val_accuracy, 0.7125, 0, 1);
    assert_string_equal(r.reason, "");
}

static void a_folder_without_a_run_is_an_error(void **state)
{
    (void)state;
    sweep_run r = make_run(0.5, SWEEP_RUNNING);
    assert_int_equal(sweep_run_recall(&r, folder), JEM_EDATA);
    assert_int_equal(r.state, SWEEP_RUNNING);
}

static void runs_are_named_by_as_many_digits_as_tell_them_apart(void **state)
{
    (void)state;
    sweep_run r = {.alpha = 0.5, .seed = 3};
    sweep_run_name(&r);
    assert_string_equal(r.name, "alpha-0.50-seed-3");
    r.alpha = 0.125;
    sweep_run_name(&r);
    assert_string_equal(r.name, "alpha-0.125000-seed-3");
}

#define IN_FOLDER(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_status_line_reads_back),
        cmocka_unit_test(unknown_values_are_empty_fields),
        cmocka_unit_test(a_hostile_reason_stays_one_line_of_bounded_length),
        cmocka_unit_test(garbage_is_no_status_line),
        cmocka_unit_test(a_watch_drops_what_nobody_reads_and_survives_a_reader_that_left),
        cmocka_unit_test(the_time_to_go_counts_slots_and_kinds_of_runs),
        cmocka_unit_test(runs_are_named_by_as_many_digits_as_tell_them_apart),
        IN_FOLDER(a_state_is_what_the_folder_says),
        IN_FOLDER(a_report_is_better_than_what_the_folder_remembers),
        IN_FOLDER(a_folder_without_a_run_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
