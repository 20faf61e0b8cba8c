/* A study's runs one by one (jem sweep --task), each as the sweep would have trained it, and how they stand
 * (--status) before, meanwhile and afterwards. */
#include "cli/program.h"
#include "run/run_info.h"
#include "support/identity.h"

static char dir[64];

enum { RUNS = 4 };
static const char *const runs[RUNS] = {"alpha-0.00-seed-1", "alpha-0.50-seed-1",
                                       "alpha-0.00-seed-2", "alpha-0.50-seed-2"};

static void fails(const char *args, int code, const char *message)
{
    program_fails(dir, args, code, message);
}

static void shell(const char *fmt, ...) JEM_PRINTF(1, 2);
static void shell(const char *fmt, ...)
{
    char command[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(command, sizeof command, fmt, args);
    va_end(args);
    assert_int_equal(system(command), 0);
}

static int make_data(void **state)
{
    (void)state;
    static const char config[] =
        "model: {name: wrn-10-1, pool: adaptive}\n"
        "data: {kind: gloss, size: 16, val_fraction: 0.1, test_fraction: 0.2, crop: false}\n"
        "sampler: {steps: 2, buffer_size: 20}\n"
        "train: {batch: 8, iterations: 24, lr: 1e-3, warmup: 4, log_every: 4, checkpoint_every: 6}\n";
    char path[128];
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/c.yaml", dir);
    check_ok(file_write(path, config, sizeof config - 1));
    program_works(dir, "data render --n 60 --size 32 --seed 4 --threads 1 -o %D/set");
    program_works(dir, "sweep %D/c.yaml --set data.path=%D/set --alpha 0,0.5 --seeds 2 --out %D/one");
    return 0;
}

static int remove_data(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

/* What a sweep has written before its runs begin. */
static void write_study(const char *name)
{
    shell("mkdir '%s/%s' && cd '%s/one' && cp config.yaml study.json rescue.json '../%s'", dir, name, dir, name);
}

static void same_runs(const char *name)
{
    for (int i = 0; i < RUNS; i++) {
        char a[128], b[128];
        snprintf(a, sizeof a, "%s/one/%s", dir, runs[i]);
        snprintf(b, sizeof b, "%s/%s/%s", dir, name, runs[i]);
        identity_same_file(a, b, "best.safetensors");
    }
}

static void tasks_end_with_the_bits_of_the_sweep_and_the_status_follows(void **state)
{
    (void)state;
    write_study("tasks");
    program_works(dir, "sweep --status %D/tasks");
    program_said(dir, "out", "4 waiting");
    program_works(dir, "sweep --task 0 --out %D/tasks");
    program_works(dir, "sweep --task alpha-0.50-seed-2 --set engine.threads=1 --out %D/tasks");
    program_works(dir, "sweep --status %D/tasks");
    program_said(dir, "out", "2 waiting, 2 finished, ETA ");
    program_works(dir, "sweep --task 2 --out %D/tasks");
    program_works(dir, "sweep --task 1 --out %D/tasks");
    program_works(dir, "sweep --task 1 --out %D/tasks");
    program_said(dir, "err", "finished already");
    program_works(dir, "sweep --status %D/tasks");
    program_said(dir, "out", "4 finished\n");
    same_runs("tasks");
    /* A later sweep finds nothing left to do. */
    program_works(dir, "sweep %D/c.yaml --set data.path=%D/set --alpha 0,0.5 --seeds 2 --out %D/tasks");
    program_said(dir, "err", "4 of 4 runs are finished already");
}

static void a_task_that_is_stopped_saves_and_goes_on(void **state)
{
    (void)state;
    write_study("stopped");
    program_stop(dir, "sweep --task 1 --set train.log_every=1 --out %D/stopped", "train: ", SIGTERM, "and saved");
    program_works(dir, "sweep --status %D/stopped");
    program_said(dir, "out", "interrupted");
    program_said(dir, "out", "3 waiting, 1 interrupted");
    program_works(dir, "sweep --task 1 --out %D/stopped");
    char a[128], b[128];
    snprintf(a, sizeof a, "%s/one/%s", dir, runs[1]);
    snprintf(b, sizeof b, "%s/stopped/%s", dir, runs[1]);
    identity_same_file(a, b, "best.safetensors");
}

static void a_killed_run_is_not_said_to_be_running(void **state)
{
    (void)state;
    write_study("killed");
    char path[160];
    run_info info;
    shell("cp -r '%s/one/%s' '%s/killed/'", dir, runs[1], dir);
    snprintf(path, sizeof path, "%s/killed/%s/run.json", dir, runs[1]);
    check_ok(run_info_read(&info, path));
    info.status = RUN_RUNNING;
    check_ok(run_info_write(&info, path));
    program_works(dir, "sweep --status %D/killed");
    program_said(dir, "out", "ended without a word");
    program_said(dir, "out", "3 waiting, 1 interrupted");
}

static void a_study_that_has_to_change_for_all_trains_no_task(void **state)
{
    (void)state;
    fails("sweep %D/c.yaml --set data.path=%D/set --set health.max_loss=1e-9 --set rescue.tries=0 --alpha 0,0.5 --out %D/ill",
          JEM_EDIVERGED, "failed");
    write_study("changing");
    shell("cp -r '%s/ill/%s' '%s/changing/'", dir, runs[0], dir);
    fails("sweep --task 1 --out %D/changing", JEM_EDIVERGED, "all runs need another setting");
    char path[128];
    snprintf(path, sizeof path, "%s/changing/%s", dir, runs[1]);
    assert_false(dir_exists(path));
    shell("sed -i 's/\"pending\": false/\"pending\": true/' '%s/changing/rescue.json'", dir);
    fails("sweep --task 1 --out %D/changing", JEM_EUSAGE, "half done");
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    fails("sweep --task 4 --out %D/one", JEM_EUSAGE, "has the runs 0 (alpha-0.00-seed-1) to 3 (alpha-0.50-seed-2)");
    fails("sweep --task -1 --out %D/one", JEM_EUSAGE, "has the runs 0");
    fails("sweep --task 0", JEM_EUSAGE, "needs --out STUDY");
    fails("sweep %D/c.yaml --task 0 --out %D/one", JEM_EUSAGE, "takes the study's settings");
    fails("sweep --task 0 --set train.lr=2 --out %D/one", JEM_EUSAGE, "train.lr is 0.001 there and 2 here");
    fails("sweep --status %D/set", JEM_EDATA, "not a study");
    write_study("hostile");
    shell("sed -i 's/\"path\": \"alpha-0.00-seed-1\"/\"path\": \"..\\/one\"/' '%s/hostile/study.json'", dir);
    fails("sweep --task 0 --out %D/hostile", JEM_EDATA, "study.json");
    fails("sweep --status %D/hostile", JEM_EDATA, "study.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_end_with_the_bits_of_the_sweep_and_the_status_follows),
        cmocka_unit_test(a_task_that_is_stopped_saves_and_goes_on),
        cmocka_unit_test(a_killed_run_is_not_said_to_be_running),
        cmocka_unit_test(a_study_that_has_to_change_for_all_trains_no_task),
        cmocka_unit_test(mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
