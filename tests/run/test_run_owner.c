/* Whose run it is on another machine: a fresh file refuses, an old one and one of the same job do not. */
#include "support/check.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/mem.h"
#include "run/run_owner.h"

static char dir[64], path[128];

static int make(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/owner", dir);
    unsetenv("SLURM_ARRAY_JOB_ID");
    unsetenv("SLURM_ARRAY_TASK_ID");
    unsetenv("SLURM_JOB_ID");
    return 0;
}

static int clear(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static void write_owner(const char *text, time_t age_s)
{
    const struct timespec when = {.tv_sec = time(NULL) - age_s};
    check_ok(file_write(path, text, strlen(text)));
    assert_int_equal(utimensat(AT_FDCWD, path, (struct timespec[]){when, when}, 0), 0);
}

static void a_fresh_owner_on_another_machine_refuses(void **state)
{
    (void)state;
    char who[RUN_OWNER_TEXT];
    check_ok(run_owner_check(dir)); /* there is none */
    write_owner("{\"host\": \"far away\", \"pid\": 1, \"job\": \"12_3\"}", 60);
    assert_int_equal(run_owner_check(dir), JEM_EUSAGE);
    assert_non_null(strstr(jem_error_message(), "far away (job 12_3)"));
    assert_true(run_owner_is_at_work(who, dir, "12_4"));
    assert_false(run_owner_is_at_work(who, dir, "12_3"));
    setenv("SLURM_ARRAY_JOB_ID", "12", 1);
    setenv("SLURM_ARRAY_TASK_ID", "3", 1);
    check_ok(run_owner_check(dir)); /* the same job, started again */
    setenv("SLURM_ARRAY_TASK_ID", "4", 1);
    assert_int_equal(run_owner_check(dir), JEM_EUSAGE);
}

static void an_old_or_damaged_owner_refuses_nobody(void **state)
{
    (void)state;
    write_owner("{\"host\": \"far away\", \"pid\": 1, \"job\": \"\"}", RUN_OWNER_PATIENCE_S + 10);
    check_ok(run_owner_check(dir));
    write_owner("{\"host\": \"far away\", \"pi", 0);
    check_ok(run_owner_check(dir));
    write_owner("{\"host\": \"far away\", \"pid\": 1, \"job\": \"\"}", 0);
    assert_int_equal(run_owner_check(dir), JEM_EUSAGE);
}

static void a_batch_job_owns_its_run_while_it_works(void **state)
{
    (void)state;
    run_owner o = RUN_OWNER_INIT;
    char who[RUN_OWNER_TEXT];
    check_ok(run_owner_take(&o, dir)); /* on a disk of this machine alone nobody needs it */
    assert_null(o.path);
    setenv("SLURM_JOB_ID", "77", 1);
    check_ok(run_owner_take(&o, dir));
    assert_true(file_exists(path));
    check_ok(run_owner_check(dir)); /* on one machine locks decide */
    assert_false(run_owner_is_at_work(who, dir, NULL));
    assert_string_equal(strstr(who, "(job"), "(job 77)");
    run_owner_release(&o);
    assert_false(file_exists(path));
    assert_null(o.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_fresh_owner_on_another_machine_refuses, make, clear),
        cmocka_unit_test_setup_teardown(an_old_or_damaged_owner_refuses_nobody, make, clear),
        cmocka_unit_test_setup_teardown(a_batch_job_owns_its_run_while_it_works, make, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
