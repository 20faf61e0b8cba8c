/* jem sweep --slurm with stand-ins for Slurm's programs, which note how they were called: what is submitted, what a
 * task's script makes of exit codes, names that a shell would take apart, refusals.  tests/system/slurm.sh has a
 * real Slurm. */
#include "cli/program.h"
#include "support/identity.h"

#include <sys/stat.h>

static char dir[64], path_of_fakes[128];

/* A hostile name for a folder that everything has to survive. */
#define STUDY "s't $(touch x) %a \"q"
#define QUOTED "'%D/s'\\''t $(touch x) %a \"q'"
#define SWEEP "sweep %D/c.yaml --set data.path=%D/set --alpha 0,0.5 --seeds 2 "

static void fake(const char *name, const char *script)
{
    char path[128], text[1024];
    snprintf(path, sizeof path, "%s/bin/%s", dir, name);
    snprintf(text, sizeof text, "#!/bin/bash\nD='%s'\n%s\n", dir, script);
    check_ok(file_write(path, text, strlen(text)));
    assert_int_equal(chmod(path, 0755), 0);
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
    snprintf(path, sizeof path, "%s/bin", dir);
    check_ok(dir_make(path));
    snprintf(path_of_fakes, sizeof path_of_fakes, "PATH='%s/bin':\"$PATH\"", dir);
    fake("sbatch", "printf '[%s]' \"$@\" >>$D/sbatch; echo >>$D/sbatch; wc -l <$D/sbatch");
    fake("squeue", "cat $D/queue 2>/dev/null; exit 0");
    fake("scancel", "echo \"$@\" >>$D/scancel");
    fake("scontrol", "echo \"$@\" >>$D/scontrol; kill -9 $PPID"); /* as Slurm ends the job that it puts back */
    fake("srun", "while [ \"${1#--}\" != \"$1\" ]; do shift; done; [ -e $D/code ] && exit $(cat $D/code); exec \"$@\"");
    program_works(dir, "data render --n 60 --size 32 --seed 4 --threads 1 -o %D/set");
    program_works(dir, SWEEP "--out %D/one");
    return 0;
}

static int remove_data(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static int jem(const char *args) { return program_run(dir, path_of_fakes, args); }
static void said(const char *file, const char *text) { program_said(dir, file, text); }

static void write_file(const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(file_write(path, text, strlen(text)));
}

static void remove_named(const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(file_remove(path));
}

/* A task's script as Slurm starts it; its exit status as wait has it. */
static int run_task(int task)
{
    char command[512];
    snprintf(command, sizeof command, "cd '%s' && %s SLURM_ARRAY_JOB_ID=1 SLURM_ARRAY_TASK_ID=%d bash s*/slurm/array.sh "
             ">task.out 2>&1", dir, path_of_fakes, task);
    return system(command);
}

static void unfinished_runs_are_submitted_and_what_follows_them(void **state)
{
    (void)state;
    assert_int_equal(jem(SWEEP "--slurm --slurm-arg=--partition=gpu '--slurm-arg=--comment=a b'\\''c' --slurm-arg=--time=7 "
                         "--tasks-at-once 3 --out " QUOTED), 0);
    said("err", "4 of 4 runs are to be trained");
    said("err", "memory of a task: ");
    said("sbatch", "[--array=0-3%3]");
    said("sbatch", "[--partition=gpu][--comment=a b'c][--time=7][slurm/array.sh]\n");
    said("sbatch", "[--partition=gpu][--comment=a b'c][--time=7][--dependency=afterany:1][slurm/eval.sh]\n");
    said("sbatch", "[--dependency=afterany:2][slurm/bench.sh]\n");
    said("sbatch", "[--dependency=afterany:3][slurm/report.sh]\n");
    said("out", "array 1\neval 2\nbench 3\nreport 4\n");
    assert_false(program_made(dir, "x"));
}

static void a_task_trains_its_run_whatever_the_study_is_called(void **state)
{
    (void)state;
    char a[128], b[192];
    assert_int_equal(run_task(1), 0);
    snprintf(a, sizeof a, "%s/one/alpha-0.50-seed-1", dir);
    snprintf(b, sizeof b, "%s/%s/alpha-0.50-seed-1", dir, STUDY);
    identity_same_file(a, b, "best.safetensors");
    assert_false(program_made(dir, "x"));
    said(STUDY "/logs/alpha-0.50-seed-1.log", "finished; kept epoch");
}

static void the_status_shows_the_queue_and_a_queued_study_is_not_submitted_again(void **state)
{
    (void)state;
    write_file("queue", "1 0 PENDING Resources\n1 2 RUNNING None\n9 3 PENDING Priority\n2 N/A PENDING Dependency\n");
    assert_int_equal(jem("sweep --status " QUOTED), 0);
    said("out", "waiting              -        -  Slurm: PENDING (Resources)\n");
    said("out", "waiting              -        -  Slurm: RUNNING (None)\n");
    program_not_said(dir, "out", "Priority");
    assert_int_equal(jem(SWEEP "--slurm --slurm-arg=--time=7 --out " QUOTED), JEM_EUSAGE);
    said("err", "its job 1 (array) is PENDING");
    assert_int_equal(jem(SWEEP "--out " QUOTED), JEM_EUSAGE); /* nor trained here */
    remove_named("queue");
    assert_int_equal(jem(SWEEP "--slurm --slurm-arg=--time=7 --out " QUOTED), 0);
    said("err", "3 of 4 runs are to be trained");
    said("sbatch", "[--array=0,2-3]");
}

static void exit_codes_decide_what_goes_into_the_queue_again(void **state)
{
    (void)state;
    static const struct { const char *code; bool again; } cases[] = {{"5", true}, {"8", true}, {"7", true}, {"137", true},
                                                                      {"0", false}, {"2", false}, {"3", false}, {"4", false}};
    write_file("queue", "RUNNING");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file("code", cases[i].code);
        write_file("scontrol", "");
        const int how = run_task(0);
        if (cases[i].again)
            said("scontrol", "requeue 1_0\n");
        else
            assert_int_equal(WEXITSTATUS(how), atoi(cases[i].code));
        if (!cases[i].again) program_not_said(dir, "scontrol", "requeue");
    }
    write_file("queue", "CANCELLED"); /* by somebody: it stays so */
    write_file("code", "5");
    write_file("scontrol", "");
    assert_int_equal(WEXITSTATUS(run_task(0)), 5);
    program_not_said(dir, "scontrol", "requeue");
    remove_named("queue");
    remove_named("code");
}

static void a_cancelled_study_is_saved_and_nothing_of_it_returns(void **state)
{
    (void)state;
    write_file("queue", "5 0 RUNNING None\n6 N/A PENDING Dependency\n7 N/A PENDING Dependency\n8 N/A PENDING Dependency\n");
    assert_int_equal(jem("sweep --cancel " QUOTED), 0);
    said("scancel", "--state=PENDING 8\n--state=PENDING 7\n--state=PENDING 6\n--state=PENDING 5\n--signal=USR1 8\n");
    assert_int_equal(WEXITSTATUS(run_task(0)), 5);
    write_file("scancel", "");
    write_file("queue", "5 0 RUNNING None\n"); /* scancel refuses what has ended */
    assert_int_equal(jem("sweep --cancel " QUOTED), 0);
    said("scancel", "5\n");
    program_not_said(dir, "scancel", "8");
    program_not_said(dir, "scancel", "--");
    remove_named("queue");
    program_fails(dir, "sweep --cancel %D/one", JEM_EUSAGE, "was not submitted");
}

static void a_dry_run_and_write_submit_nothing(void **state)
{
    (void)state;
    write_file("sbatch", "");
    assert_int_equal(jem(SWEEP "--slurm --dry-run --slurm-arg=--mem=1G --slurm-arg=--time=7 --out %D/dry"), 0);
    said("out", "sbatch --parsable");
    assert_false(program_made(dir, "dry/study.json"));
    char path[128];
    snprintf(path, sizeof path, "%s/dry", dir);
    assert_false(dir_exists(path));
    assert_int_equal(jem(SWEEP "--slurm=write --slurm-arg=--mem=1G --slurm-arg=--time=7 --out %D/written"), 0);
    program_not_said(dir, "sbatch", "array");
    said("written/slurm/submit.sh", "--mem=1G --time=7 slurm/array.sh");
    said("written/slurm/tasks", "0 alpha-0.00-seed-1\n1 alpha-0.50-seed-1\n");
    said("written/config.yaml", "iterations: 24");
    /* What somebody has made of the call of jem stays. */
    write_file("written/slurm/jem", "exec apptainer exec jem.sif jem \"$@\"\n");
    assert_int_equal(jem(SWEEP "--slurm=write --slurm-arg=--mem=1G --slurm-arg=--time=7 --out %D/written"), 0);
    said("written/slurm/jem", "apptainer");
}

static void tasks_with_a_gpu_are_planned_where_there_is_none(void **state)
{
    (void)state;
    assert_int_equal(jem(SWEEP "--device cuda --slurm --dry-run --out %D/gpu"), 0);
    said("err", "4096 MB");
    said("err", "time limit of a task: the partition's own");
    program_not_said(dir, "out", "--time");
    assert_int_equal(jem(SWEEP "--set engine.device=auto --slurm --dry-run --slurm-arg=--gres=gpu:1 --out %D/gpu"), 0);
    said("err", "time limit of a task: the partition's own");
}

static void a_run_that_diverged_changes_all_before_they_are_submitted(void **state)
{
    (void)state;
    program_fails(dir, SWEEP "--set health.max_loss=1e-9 --set rescue.tries=0 --out %D/ill", JEM_EDIVERGED, "failed");
    assert_int_equal(jem(SWEEP "--set health.max_loss=1e-9 --set rescue.tries=1 --slurm=write --slurm-arg=--time=7 --out %D/ill"), 0);
    said("err", "they begin anew");
    said("err", "4 of 4 runs are to be trained");
    said("ill/config.yaml", "lr: 0.0005");
    assert_true(program_made(dir, "ill/set-aside/1/alpha-0.00-seed-1/run.json"));
}

static void mistakes_are_refused(void **state)
{
    (void)state;
    program_fails(dir, SWEEP "--slurm=now --out %D/x", JEM_EUSAGE, "--slurm is submit or write, not now");
    program_fails(dir, SWEEP "--tasks-at-once 2 --out %D/x", JEM_EUSAGE, "need --slurm");
    program_fails(dir, SWEEP "--dry-run --out %D/x", JEM_EUSAGE, "need --slurm");
    program_fails(dir, SWEEP "--slurm --slurm-arg=gpu --out %D/x", JEM_EUSAGE, "expected an option of sbatch");
    program_fails(dir, SWEEP "--slurm --slurm-arg=--array=1 --out %D/x", JEM_EUSAGE, "jem gives --array itself");
    assert_int_equal(program_run(dir, "PATH=/nowhere", SWEEP "--slurm --slurm-arg=--time=7 --out %D/y"), JEM_EIO);
    said("err", "is this a login node of a Slurm cluster?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unfinished_runs_are_submitted_and_what_follows_them),
        cmocka_unit_test(a_task_trains_its_run_whatever_the_study_is_called),
        cmocka_unit_test(the_status_shows_the_queue_and_a_queued_study_is_not_submitted_again),
        cmocka_unit_test(exit_codes_decide_what_goes_into_the_queue_again),
        cmocka_unit_test(a_cancelled_study_is_saved_and_nothing_of_it_returns),
        cmocka_unit_test(a_dry_run_and_write_submit_nothing),
        cmocka_unit_test(tasks_with_a_gpu_are_planned_where_there_is_none),
        cmocka_unit_test(a_run_that_diverged_changes_all_before_they_are_submitted),
        cmocka_unit_test(mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
