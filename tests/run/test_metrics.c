/* metrics.csv: its rows, and what interruptions leave of them. */
#include <signal.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/mem.h"
#include "record/record.h"
#include "run/log_rig.h"
#include "support/warnings.h"

static char dir[64], path[128];

static int make_dir(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/metrics.csv", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static char *content(void)
{
    char *text = NULL;
    size_t size = 0;
    check_ok(file_read(&text, &size, path, 0));
    assert_int_equal(strlen(text), size);
    return text;
}

static void append(const char *text)
{
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void write_rows(metrics_log *l, int64_t first, int64_t last)
{
    for (int64_t i = first; i <= last; i++) {
        metrics_row r = log_rig_row(i, NULL);
        check_ok(metrics_write(l, &r));
    }
}

/* The file holds rows 1 .. n, whole. */
static void check_rows(int n)
{
    char *text = content();
    size_t at = strcspn(text, "\n");
    for (int i = 1; i <= n; i++) {
        assert_int_equal(strtol(text + at + 1, NULL, 10), i);
        at += 1 + strcspn(text + at + 1, "\n");
    }
    assert_string_equal(text + at, "\n");
    mem_free(text);
}

/* ---- the window */

static void a_window_holds_means_extremes_and_the_newest_rates(void **state)
{
    (void)state;
    metrics_window w = {{0}, {0}};
    step_report m;
    for (int i = 1; i <= 3; i++) {
        step_report r = log_rig_report(i);
        eq8_report e = eq8_report_of(&r.own);
        if (i == 2) e.loss.cosine = NAN;
        e.loss.loss_g = NAN;
        eq8_report_put(&r.own, &e);
        metrics_window_add(&w, &objective_eq8, &r);
    }
    metrics_window_mean(&m, &objective_eq8, &w);
    const eq8_report e = eq8_report_of(&m.own);
    check_near(e.loss.loss_d, 2.01, 1e-12, 1);
    check_near(e.loss.lse_pos - e.loss.lse_neg, -0.01, 1e-9, 1);
    check_near(e.chain.movement, 2.12, 1e-12, 1);
    check_near(e.diffusion, 2.13, 1e-12, 1);
    check_near(e.loss.cosine, 2.06, 1e-12, 1); /* of the two that had one */
    assert_true(isnan(e.loss.loss_g));
    assert_true(e.lse_min == -3 && e.lse_max == 3.16);
    assert_true(m.lr == 3.14 && m.step_size == 3.15);
}

static void an_empty_window_means_nothing(void **state)
{
    (void)state;
    metrics_window w = {{0}, {0}};
    step_report m;
    metrics_window_mean(&m, &objective_eq8, &w);
    const eq8_report e = eq8_report_of(&m.own);
    assert_true(isnan(e.loss.loss_d) && isnan(e.lse_min) && isnan(e.lse_max) && isnan(m.lr));
}

static void a_packed_window_is_finite_and_goes_on_the_same(void **state)
{
    (void)state;
    metrics_window a = {{0}, {0}}, b = {{9}, {9}};
    double packed[METRICS_WINDOW_DOUBLES];
    step_report r = log_rig_report(1);
    eq8_report e = eq8_report_of(&r.own);
    e.loss.loss_g = NAN;
    eq8_report_put(&r.own, &e);
    for (int i = 0; i < 2; i++) { /* empty, then not */
        metrics_window_pack(packed, &objective_eq8, &a);
        for (int k = 0; k < metrics_window_doubles(&objective_eq8); k++) assert_true(isfinite(packed[k]));
        check_ok(metrics_window_unpack(&b, &objective_eq8, packed));
        assert_memory_equal(&a, &b, sizeof a);
        metrics_window_add(&a, &objective_eq8, &r);
    }
}

static void what_is_no_window_is_refused(void **state)
{
    (void)state;
    const double bad[] = {NAN, INFINITY, -1, 0.5, 1e300};
    double packed[METRICS_WINDOW_DOUBLES] = {0};
    metrics_window w = {{7}, {7}};
    const int first_count = metrics_window_doubles(&objective_eq8) / 2;
    assert_int_equal(first_count, 16);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        packed[first_count] = bad[i];
        check_fails(metrics_window_unpack(&w, &objective_eq8, packed), JEM_EDATA, "not the sums");
    }
    packed[first_count] = 1;
    packed[3] = NAN;
    check_fails(metrics_window_unpack(&w, &objective_eq8, packed), JEM_EDATA, "not the sums");
    assert_true(w.values[0] == 7);
}

/* ---- rows */

static void a_row_names_every_number_and_leaves_out_what_does_not_apply(void **state)
{
    (void)state;
    metrics_log l;
    health_report h = {VERDICT_DRIFTING, "the gap is 31 > 30"};
    metrics_row r = log_rig_row(7, &h);
    eq8_report e = eq8_report_of(&r.mean.own);
    e.loss.loss_g = NAN;
    e.lse_max = INFINITY;
    e.buffer_age = 4.5;
    eq8_report_put(&r.mean.own, &e);
    r.fd_pix = 2.5;
    check_ok(metrics_open(&l, path, &objective_eq8, 0));
    check_ok(metrics_write(&l, &r));
    metrics_close(&l);
    char *text = content();
    assert_string_equal(
        text, "iteration,epoch,alpha,lr,step_size,loss_d,loss_g,g_d,g_g,c,cosine,lse_pos,lse_neg,"
              "lse_gap,accuracy,clipped,movement,lse_min,lse_max,buffer_age,buffer_diversity,"
              "verdict,reason,val_accuracy,val_nll,fd_pix,images_per_s,wall_s\n"
              "7,0.7,0.5,7.14,7.15,7.01,,7.03,7.04,7.05,7.06,7.07,7.08,-0.01,7.09,7.11,7.12,"
              "-7,,4.5,,drifting,the gap is 31 > 30,,,2.5,123,70\n");
    mem_free(text);
}

static void a_report_reads_the_numbers_of_a_log_that_is_being_written(void **state)
{
    (void)state;
    static const char *const words[] = {"verdict", "reason", NULL};
    metrics_log l;
    table t;
    health_report h = {VERDICT_COLLAPSED, "a, \"b\"\nc"};
    metrics_row r = log_rig_row(1, &h);
    check_ok(metrics_open(&l, path, &objective_eq8, 0));
    check_ok(metrics_write(&l, &r));
    write_rows(&l, 2, 3);
    metrics_close(&l);
    append("4,0.4,0.");
    check_ok(table_read_log(&t, path, words));
    assert_int_equal(t.rows, 3);
    assert_int_equal(t.columns, 26);
    assert_int_equal(table_find(&t, "reason"), -1);
    check_near(table_get(&t, 2, table_find(&t, "wall_s")), 30, 1e-12, 1);
    assert_true(isnan(table_get(&t, 2, table_find(&t, "fd_pix"))));
    table_clear(&t);
}

/* ---- going on */

static void a_log_goes_on_after_the_given_iteration(void **state)
{
    (void)state;
    metrics_log l;
    check_ok(metrics_open(&l, path, &objective_eq8, 0));
    assert_true(l.wall_s == 0);
    write_rows(&l, 1, 5);
    metrics_close(&l);
    check_ok(metrics_open(&l, path, &objective_eq8, 3));
    assert_true(l.wall_s == 30);
    check_rows(3);
    write_rows(&l, 4, 4);
    check_rows(4);
    metrics_close(&l);
}

static void a_row_cut_anywhere_is_dropped(void **state)
{
    (void)state;
    metrics_log l;
    check_ok(metrics_open(&l, path, &objective_eq8, 0));
    write_rows(&l, 1, 2);
    int64_t whole = l.file.size;
    write_rows(&l, 3, 3);
    int64_t all = l.file.size;
    for (int64_t size = all - 1; size >= whole; size--) {
        check_ok(append_file_cut(&l.file, size));
        metrics_close(&l);
        check_ok(metrics_open(&l, path, &objective_eq8, 3));
        check_rows(2);
        write_rows(&l, 3, 3);
        check_rows(3);
    }
    metrics_close(&l);
}

static void a_header_cut_anywhere_is_written_again(void **state)
{
    (void)state;
    metrics_log l;
    check_ok(metrics_open(&l, path, &objective_eq8, 0));
    int64_t header = l.file.size;
    metrics_close(&l);
    for (int64_t size = 0; size < header; size += 17) {
        assert_int_equal(truncate(path, size), 0);
        check_ok(metrics_open(&l, path, &objective_eq8, 0));
        assert_int_equal(l.file.size, header);
        metrics_close(&l);
    }
    check_rows(0);
}

static void blocks_a_power_cut_left_empty_are_dropped(void **state)
{
    (void)state;
    metrics_log l;
    check_ok(metrics_open(&l, path, &objective_eq8, 0));
    write_rows(&l, 1, 2);
    int64_t whole = l.file.size;
    metrics_close(&l);
    assert_int_equal(truncate(path, whole + 5000), 0); /* zeros */
    check_ok(metrics_open(&l, path, &objective_eq8, 9));
    check_rows(2);
    metrics_close(&l);
}

static void a_rescued_training_repeats_rows(void **state)
{
    (void)state;
    metrics_log l;
    check_ok(metrics_open(&l, path, &objective_eq8, 0));
    write_rows(&l, 1, 6);
    check_ok(metrics_truncate(&l, 2));
    check_rows(2);
    write_rows(&l, 3, 4);
    check_rows(4);
    check_ok(metrics_truncate(&l, 9)); /* nothing to drop */
    check_rows(4);
    check_ok(metrics_truncate(&l, 0));
    check_rows(0);
    check_ok(metrics_sync(&l));
    metrics_close(&l);
}

/* Changes what line `number` (from 1) has in front of `was`. */
static void spoil(int number, const char *was, const char *now)
{
    char *text = content(), *at = text;
    for (int i = 1; i < number; i++) at = strchr(at, '\n') + 1;
    at = strstr(at, was);
    assert_non_null(at);
    memcpy(at, now, strlen(now));
    check_ok(file_write(path, text, strlen(text)));
    mem_free(text);
}

static int lines(void)
{
    char *text = content();
    int n = 0;
    for (const char *at = text; *at; at++) n += *at == '\n';
    mem_free(text);
    return n;
}

static void a_damaged_row_is_told_and_costs_no_other(void **state)
{
    (void)state;
    static const struct {
        const char *was, *now, *told;
    } cases[] = {{"4.01", "4x01", "line 5 is damaged (field 6 is '4x01')"},
                 {"4.01", "4,01", "line 5 is damaged (it has 29 fields instead of 28)"},
                 {",4.01", "\n4.01", "line 5 is damaged (it has 5 fields instead of 28)"},
                 {"4,", "1,", "line 5 is damaged (it is out of order)"},
                 {"4,", "-,", "line 5 is damaged (field 1 is '-')"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        metrics_log l;
        check_ok(file_remove(path));
        check_ok(metrics_open(&l, path, &objective_eq8, 0));
        write_rows(&l, 1, 6);
        metrics_close(&l);
        spoil(5, cases[i].was, cases[i].now);
        warnings_listen();
        check_ok(metrics_open(&l, path, &objective_eq8, 6));
        log_set_sink(NULL);
        if (!strstr(warnings, cases[i].told)) fail_msg("case %zu: %s", i, warnings);
        assert_int_equal(lines(), 1 + 5); /* those behind it stay */
        assert_true(l.wall_s == 60);
        write_rows(&l, 7, 7);
        assert_int_equal(lines(), 1 + 6);
        metrics_close(&l);
        warnings_listen();
        check_ok(metrics_open(&l, path, &objective_eq8, 7));
        log_set_sink(NULL);
        assert_string_equal(warnings, "");
        assert_int_equal(lines(), 1 + 6);
        metrics_close(&l);
    }
}

static void missing_rows_are_told(void **state)
{
    (void)state;
    metrics_log l;
    check_ok(metrics_open(&l, path, &objective_eq8, 0));
    write_rows(&l, 1, 2);
    write_rows(&l, 7, 8);
    warnings_listen();
    check_ok(metrics_tell_gaps(&l, 8, 2, 100));
    assert_non_null(strstr(warnings, "rows are missing after iteration 2, up to 6"));
    warnings_listen();
    check_ok(metrics_tell_gaps(&l, 9, 2, 100));
    check_ok(metrics_tell_gaps(&l, 12, 5, 100));
    log_set_sink(NULL);
    assert_non_null(strstr(warnings, "rows are missing after iteration 2, up to 6"));
    assert_non_null(strstr(warnings, "rows are missing after iteration 8, up to 12"));
    warnings_listen();
    check_ok(metrics_tell_gaps(&l, 12, 100, 9));
    log_set_sink(NULL);
    assert_non_null(strstr(warnings, "rows are missing after iteration 8, up to 12"));
    assert_null(strstr(warnings, "up to 6"));
    metrics_close(&l);
}

static void other_files_are_refused_and_left_alone(void **state)
{
    (void)state;
    static const char *const others[] = {"subj,session\n1,2\n", "iteration,epoch\n1,2\n", "x",
                                         "iteratiom"};
    metrics_log l = METRICS_LOG_INIT;
    for (int i = 0; i < 4; i++) {
        check_ok(file_write(path, others[i], strlen(others[i])));
        check_fails(metrics_open(&l, path, &objective_eq8, 1), JEM_EDATA, "not a training log");
        char *text = content();
        assert_string_equal(text, others[i]);
        mem_free(text);
    }
    metrics_close(&l);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit r;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    r.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void a_file_size_limit_is_an_error_and_leaves_whole_rows(void **state)
{
    (void)state;
    metrics_log l;
    signal(SIGXFSZ, SIG_IGN);
    check_ok(metrics_open(&l, path, &objective_eq8, 0));
    write_rows(&l, 1, 2);
    metrics_row r = log_rig_row(3, NULL);
    for (int64_t room = 0; room < 100; room += 33) {
        limit_files((rlim_t)(l.file.size + room));
        check_fails(metrics_write(&l, &r), JEM_EIO, "ulimit -f");
        assert_non_null(strstr(jem_error_message(), path));
        limit_files(RLIM_INFINITY);
        check_rows(2);
    }
    write_rows(&l, 3, 3);
    check_rows(3);
    metrics_close(&l);
    signal(SIGXFSZ, SIG_DFL);
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_holds_means_extremes_and_the_newest_rates),
        cmocka_unit_test(an_empty_window_means_nothing),
        cmocka_unit_test(a_packed_window_is_finite_and_goes_on_the_same),
        cmocka_unit_test(what_is_no_window_is_refused),
        in_folder(a_row_names_every_number_and_leaves_out_what_does_not_apply),
        in_folder(a_report_reads_the_numbers_of_a_log_that_is_being_written),
        in_folder(a_log_goes_on_after_the_given_iteration),
        in_folder(a_row_cut_anywhere_is_dropped),
        in_folder(a_header_cut_anywhere_is_written_again),
        in_folder(blocks_a_power_cut_left_empty_are_dropped),
        in_folder(a_rescued_training_repeats_rows),
        in_folder(a_damaged_row_is_told_and_costs_no_other),
        in_folder(missing_rows_are_told),
        in_folder(other_files_are_refused_and_left_alone),
        in_folder(a_file_size_limit_is_an_error_and_leaves_whole_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
