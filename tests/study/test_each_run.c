/* The loop over a study's runs and its one policy on failure. */
#include "support/folder.h"

#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "study/each_run.h"

/* ---- folders that look like runs */

static void make_run(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/%s/run.json", folder, name);
    check_ok(file_write(path, "{}", 2));
    snprintf(path, sizeof path, "%s/%s/config.yaml", folder, name);
    check_ok(file_write(path, "", 0));
}

typedef struct visits {
    char names[64]; /* last letters of the folders, in the order they were seen */
    char fails;     /* the one that fails ... */
    jem_status how; /* ... like this */
} visits;

static jem_status visit(void *ctx, const char *path)
{
    visits *v = ctx;
    const size_t n = strlen(v->names);
    v->names[n] = path[strlen(path) - 1];
    v->names[n + 1] = '\0';
    return v->names[n] == v->fails ? jem_error(v->how, "it is broken") : JEM_OK;
}

static char warned[256];

static void keep_warning(log_level level, const char *line)
{
    if (level == LOG_WARNING) snprintf(warned, sizeof warned, "%s", line);
}

static void make_study(void)
{
    char path[128];
    make_run("run-b");
    make_run("run-a");
    make_run("run-c");
    snprintf(path, sizeof path, "%s/logs", folder); /* no run */
    check_ok(dir_make(path));
}

static void runs_are_visited_in_order_of_their_names(void **state)
{
    (void)state;
    visits v = {.names = ""};
    failures f = FAILURES_INIT;
    make_study();
    check_ok(each_run(folder, visit, &v, &f));
    assert_string_equal(v.names, "abc");
    assert_int_equal(f.of, 3);
    check_ok(failures_end(&f, "failed"));
    int64_t count;
    check_ok(each_run_count(&count, folder));
    assert_int_equal(count, 3);
    check_ok(each_run_count(&count, "/nowhere"));
    assert_int_equal(count, 0);
}

static void one_that_fails_does_not_stop_the_others(void **state)
{
    (void)state;
    visits v = {.fails = 'b', .how = JEM_EDATA};
    failures f = FAILURES_INIT;
    make_study();
    log_set_sink(keep_warning);
    check_ok(each_run(folder, visit, &v, &f));
    log_set_sink(NULL);
    assert_string_equal(v.names, "abc");
    assert_string_equal(warned, "run-b: it is broken");
    check_fails(failures_end(&f, "failed"), JEM_EDATA, "1 of 3 runs failed: run-b");
}

static void what_is_wrong_with_all_ends_the_loop(void **state)
{
    (void)state;
    static const jem_status all[] = {JEM_ENOMEM, JEM_EIO, JEM_EUSAGE, JEM_EINTERRUPTED};
    make_study();
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        visits v = {.fails = 'a', .how = all[i]};
        failures f = FAILURES_INIT;
        check_fails(each_run(folder, visit, &v, &f), all[i], "it is broken");
        assert_string_equal(v.names, "a");
    }
}

static void a_run_alone_fails_as_it_does(void **state)
{
    (void)state;
    char path[128];
    visits v = {.fails = 'b', .how = JEM_EDATA};
    failures f = FAILURES_INIT;
    make_study();
    snprintf(path, sizeof path, "%s/run-b", folder);
    check_fails(each_run(path, visit, &v, &f), JEM_EDATA, "it is broken");
    assert_int_equal(f.count, 0);
}

static void a_folder_without_runs_is_an_error(void **state)
{
    (void)state;
    char path[128];
    visits v = {.names = ""};
    failures f = FAILURES_INIT;
    check_fails(each_run(folder, visit, &v, &f), JEM_EDATA, "neither a run nor a folder of runs");
    snprintf(path, sizeof path, "%s/gone", folder);
    check_fails(each_run(path, visit, &v, &f), JEM_EDATA, "no such folder");
}

static void failures_are_told_with_their_names_once(void **state)
{
    (void)state;
    failures f = FAILURES_INIT;
    f.of = 4;
    log_set_sink(keep_warning);
    failures_note(&f, "a", JEM_EDIVERGED, "NaN");
    assert_string_equal(warned, "a: NaN");
    failures_note(&f, "b", JEM_EDATA, "study/b: no weights");
    assert_string_equal(warned, "study/b: no weights");
    failures_note(&f, "alpha-0.5", JEM_EDATA, "study/alpha-0.50: no weights"); /* another one's name */
    assert_string_equal(warned, "alpha-0.5: study/alpha-0.50: no weights");
    log_set_sink(NULL);
    check_fails(failures_end(&f, "could not be done"), JEM_EDIVERGED,
                "3 of 4 runs could not be done: a, b, alpha-0.5");
    for (int i = 0; i < 2000; i++) failures_note(&f, "a-long-name", JEM_EDATA, "x"); /* cut off */
    assert_int_equal(f.count, 2003);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_are_visited_in_order_of_their_names),
        TEST(one_that_fails_does_not_stop_the_others),
        TEST(what_is_wrong_with_all_ends_the_loop),
        TEST(a_run_alone_fails_as_it_does),
        TEST(a_folder_without_runs_is_an_error),
        TEST(failures_are_told_with_their_names_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
