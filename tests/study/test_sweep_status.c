/* How a run stands by its folder alone. */
#include "support/check.h"
#include "support/folder.h"

#include <math.h>
#include <sys/stat.h>

#include "base/dir_lock.h"
#include "base/file.h"
#include "run/run.h"
#include "study/sweep_status.h"

static const char log_text[] = "iteration,epoch,images_per_s,wall_s,val_accuracy,verdict,reason\n"
                               "100,1,20,50,0.5,healthy,\n"
                               "250,2.5,40,100,,drifting,energies part\n";

/* A run that has written two rows and whose run.json says that it is being trained. */
static void write_run(sweep_run *r, char at[144])
{
    char path[192];
    run_info info = {.status = RUN_RUNNING, .alpha = 0.5, .seed = 1, .iteration = 100, .iterations = 1000};

    *r = (sweep_run){.name = "alpha-0.50-seed-1", .alpha = 0.5, .seed = 1};
    snprintf(at, 144, "%s/%s", folder, r->name);
    assert_int_equal(mkdir(at, 0777), 0);
    check_ok(run_write_info(&info, at));
    snprintf(path, sizeof path, "%s/metrics.csv", at);
    check_ok(file_write(path, log_text, sizeof log_text - 1));
}

static void a_run_that_is_held_tells_how_far_it_is_and_what_is_left(void **state)
{
    (void)state;
    char at[144];
    sweep_run r;
    dir_held *held = NULL;
    bool busy = true;

    write_run(&r, at);
    check_ok(dir_lock(&held, &busy, at));
    check_ok(sweep_status_of(&r, folder));
    dir_unlock(held);
    assert_int_equal(r.state, SWEEP_RUNNING);
    assert_int_equal(r.now.iteration, 250);
    assert_int_equal(r.now.iterations, 1000);
    assert_int_equal(r.now.verdict, VERDICT_DRIFTING);
    assert_string_equal(r.reason, "energies part");
    check_near(r.now.epoch, 2.5, 0, 1);
    check_near(r.now.images_per_s, 40, 0, 1);
    check_near(r.now.val_accuracy, 0.5, 0, 1); /* the last one that was measured */
    check_near(r.now.eta_s, 300, 1e-12, 1);     /* 250 steps took 100 s, 750 are left */
    check_near(r.full_s, 400, 1e-12, 1);
}

static void nobody_holds_it_so_it_was_interrupted(void **state)
{
    (void)state;
    char at[144];
    sweep_run r;

    write_run(&r, at);
    check_ok(sweep_status_of(&r, folder));
    assert_int_equal(r.state, SWEEP_INTERRUPTED);
    assert_int_equal(r.now.iteration, 250);
    assert_non_null(strstr(r.reason, "ended without a word"));
}

static void a_run_without_a_folder_waits(void **state)
{
    (void)state;
    sweep_run r = {.name = "alpha-0.50-seed-1", .alpha = 0.5, .seed = 1};

    check_ok(sweep_status_of(&r, folder));
    assert_int_equal(r.state, SWEEP_WAITING);
}

static void a_log_that_is_not_whole_leaves_the_state(void **state)
{
    (void)state;
    char at[144], path[192];
    sweep_run r;

    write_run(&r, at);
    snprintf(path, sizeof path, "%s/metrics.csv", at);
    check_ok(file_write(path, "iteration,epoch\n1", 17));
    check_ok(sweep_status_of(&r, folder));
    assert_int_equal(r.state, SWEEP_INTERRUPTED);
    assert_int_equal(r.now.iteration, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_that_is_held_tells_how_far_it_is_and_what_is_left, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(nobody_holds_it_so_it_was_interrupted, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_run_without_a_folder_waits, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_log_that_is_not_whole_leaves_the_state, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
