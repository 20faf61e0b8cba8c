/* jem sweep as a user types it: slots change no bit, neither do breaks of any kind, and
 * one failing run costs only itself. */
#include "cli/program.h"

#include <signal.h>

#include "base/log.h"
#include "support/identity.h"

static char dir[64]; /* a config, a few rendered surfaces, and the studies */

enum { RUNS = 4 };
static const char *const runs[RUNS] = {"alpha-0.00-seed-1", "alpha-0.50-seed-1",
                                       "alpha-0.00-seed-2", "alpha-0.50-seed-2"};

#define SWEEP "sweep %D/c.yaml --set data.path=%D/set --alpha 0,0.5 --seeds 2 "

static int jem(const char *args) { return program_run(dir, "", args); }
static void said(const char *file, const char *text) { program_said(dir, file, text); }
static void not_said(const char *file, const char *text) { program_not_said(dir, file, text); }

static void exits(const char *args, int code)
{
    int got = jem(args);
    size_t n;
    if (got != code)
        fail_msg("jem %s: exit code %d instead of %d: %s", args, got, code,
                 program_read(dir, "err", &n));
}

static int make_data(void **state)
{
    (void)state;
    static const char config[] =
        "model: {name: wrn-10-1, pool: adaptive}\n"
        "data: {kind: gloss, size: 16, val_fraction: 0.1, test_fraction: 0.2, crop: false}\n"
        "sampler: {steps: 2, buffer_size: 20}\n"
        "train: {batch: 8, iterations: 48, lr: 1e-3, warmup: 4, log_every: 4, "
        "checkpoint_every: 6}\n";
    char path[128];
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/c.yaml", dir);
    check_ok(file_write(path, config, sizeof config - 1));
    exits("data render --n 60 --size 32 --seed 4 --threads 1 -o %D/set", 0);
    exits(SWEEP "--slots 1 --out %D/one", 0);
    return 0;
}

static int remove_data(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

/* Cuts off the last two columns of every line: they depend on the clock. */
static void cut_clock(char *csv)
{
    char *to = csv;
    for (char *line = csv; *line;) {
        size_t n = strcspn(line, "\n"), kept = n;
        char *next = line + n + (line[n] == '\n');
        for (int commas = 0; kept > 0 && commas < 2;) commas += line[--kept] == ',';
        memmove(to, line, kept);
        to += kept;
        *to++ = '\n';
        line = next;
    }
    *to = '\0';
}

static void same_file(const char *study, const char *run, const char *file, bool csv)
{
    char name[2][128], *data[2];
    size_t size[2];
    for (int i = 0; i < 2; i++) {
        snprintf(name[i], sizeof name[i], "%s/%s/%s", i ? study : "one", run, file);
        data[i] = program_read(dir, name[i], &size[i]);
        identity_mask(data[i], size[i]);
        if (csv) {
            cut_clock(data[i]);
            size[i] = strlen(data[i]);
        }
    }
    if (size[0] != size[1] || memcmp(data[0], data[1], size[0]) != 0)
        fail_msg("%s and %s differ", name[0], name[1]);
    mem_free(data[0]);
    mem_free(data[1]);
}

static void same_study(const char *study)
{
    for (int i = 0; i < RUNS; i++) {
        same_file(study, runs[i], "best.safetensors", false);
        same_file(study, runs[i], "metrics.csv", true);
    }
}

/* ---- a sweep in the background */

static pid_t start_with(const char *name, const char *study)
{
    char path[128], config[128], data[128], err[128];
    snprintf(path, sizeof path, "%s/%s", dir, study);
    snprintf(config, sizeof config, "%s/%s", dir, name);
    snprintf(data, sizeof data, "data.path=%s/set", dir);
    snprintf(err, sizeof err, "%s/err", dir);
    pid_t child = fork();
    if (child != 0) return child;
    if (!freopen(err, "w", stderr) || !freopen("/dev/null", "w", stdout)) _exit(99);
    execl(JEM_PROGRAM, "jem", "sweep", config, "--set", data, "--alpha", "0,0.5", "--seeds", "2",
          "--slots", "2", "--out", path, (char *)NULL);
    _exit(98);
}

static pid_t start(const char *study)
{
    return start_with("c.yaml", study);
}

/* Waits until the run's log has so many rows. */
static void wait_for_rows(const char *study, const char *run, int rows)
{
    char name[128];
    double from = clock_s();
    snprintf(name, sizeof name, "%s/%s/metrics.csv", study, run);
    while (clock_s() - from < 120) {
        int lines = 0;
        if (program_made(dir, name)) {
            size_t n;
            char *data = program_read(dir, name, &n);
            for (size_t i = 0; i < n; i++) lines += data[i] == '\n';
            mem_free(data);
        }
        if (lines > rows) return;
        usleep(3000);
    }
    fail_msg("%s never had %d rows", name, rows);
}

static int end_of(pid_t child)
{
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -WTERMSIG(how);
}

/* ---- tests */

static void slots_change_no_bit(void **state)
{
    (void)state;
    exits(SWEEP "--slots 2 --out %D/two", 0);
    same_study("two");
    said("err", "alpha-0.50-seed-2: started");
    said("err", "alpha-0.50-seed-2: finished, accuracy");
    said("out", "/two");
    assert_true(program_made(dir, "two/logs/alpha-0.00-seed-1.log"));
    exits(SWEEP "--slots 2 --out %D/two", 0);
    said("err", "4 of 4 runs are finished already");
}

/* The letter of /proc/PID/stat: R, S, T (stopped) ... */
static char process_state(pid_t pid)
{
    char path[64], letter = '?';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f) return letter;
    if (fscanf(f, "%*d (%*[^)]) %c", &letter) != 1) letter = '?';
    fclose(f);
    return letter;
}

/* Waits until all processes that `parent` started are stopped or have ended, at least one of them
 * stopped: on a busy machine a signal takes its time. */
static void wait_for_stopped_children(pid_t parent)
{
    double from = clock_s();
    for (int stopped = 0, going = 1; going || !stopped; usleep(3000)) {
        char path[64];
        int pid;
        if (clock_s() - from > 60) fail_msg("%d trainings stopped, %d go on", stopped, going);
        snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
        FILE *f = fopen(path, "r");
        assert_non_null(f);
        for (stopped = going = 0; fscanf(f, "%d", &pid) == 1;) {
            char letter = process_state(pid);
            if (letter == 'T')
                stopped++;
            else if (letter != 'Z')
                going++;
        }
        fclose(f);
    }
}

static void wait_for_state(pid_t pid, char letter)
{
    double from = clock_s();
    while (process_state(pid) != letter) {
        if (clock_s() - from > 60) fail_msg("the sweep is never in state %c", letter);
        usleep(3000);
    }
}

static void ctrl_z_stops_the_trainings_too_and_changes_no_bit(void **state)
{
    (void)state;
    pid_t child = start("paused");
    wait_for_rows("paused", runs[1], 1);
    kill(child, SIGTSTP);
    wait_for_state(child, 'T');
    wait_for_stopped_children(child);
    kill(child, SIGCONT);
    assert_int_equal(end_of(child), 0);
    same_study("paused");
}

static void a_sweep_goes_on_after_a_signal_and_after_a_kill(void **state)
{
    (void)state;
    pid_t child = start("broken");
    wait_for_rows("broken", runs[0], 1); /* of alpha 0: the last run begins behind both that are so fast */
    kill(child, SIGTERM);
    assert_int_equal(end_of(child), JEM_EINTERRUPTED);
    said("err", "the same command goes on");
    said("broken/study.json", "\"interrupted\"");
    said("broken/study.json", "\"waiting\"");

    child = start("broken");
    wait_for_rows("broken", runs[1], 4);
    kill(child, SIGKILL);
    assert_int_equal(end_of(child), -SIGKILL);

    /* what a kill in the middle of a write leaves, today and in earlier versions */
    static const char *const left[] = {"jem-0123456789abcdef.tmp", "study.json.tmp-999999999"};
    char path[128];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/broken/%s", dir, left[i]);
        check_ok(file_write(path, "{", 1));
    }

    /* At once, while the trainings of the killed sweep may still be saving. */
    exits(SWEEP "--slots 2 --out %D/broken", 0);
    same_study("broken");
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "broken/%s", left[i]);
        assert_false(program_made(dir, path));
    }
    char *study;
    size_t n;
    study = program_read(dir, "broken/study.json", &n);
    assert_null(strstr(study, "interrupted"));
    mem_free(study);
}

static void two_sweeps_do_not_work_on_one_study(void **state)
{
    (void)state;
    pid_t child = start("busy");
    wait_for_rows("busy", runs[0], 1);
    exits(SWEEP "--out %D/busy", JEM_EUSAGE);
    said("err", "another sweep is at work there");
    kill(child, SIGINT);
    assert_int_equal(end_of(child), JEM_EINTERRUPTED);
}

static void a_study_that_is_moved_begins_no_further_run_at_its_old_name(void **state)
{
    (void)state;
    char from[128], to[128];
    snprintf(from, sizeof from, "%s/gone", dir);
    snprintf(to, sizeof to, "%s/kept", dir);
    pid_t child = start("gone");
    wait_for_rows("gone", runs[0], 1);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(end_of(child), JEM_EIO);
    said("err", "kept now; its runs that were at work went on there, no further one is begun");
    assert_false(program_made(dir, "gone"));
    said("kept/study.json", "\"finished\"");
    said("kept/study.json", "\"waiting\"");
    exits(SWEEP "--slots 2 --out %D/kept", 0);
    same_study("kept");
}

static void a_failing_run_is_named_and_the_others_finish(void **state)
{
    (void)state;
    char path[128];
    snprintf(path, sizeof path, "%s/part/alpha-0.50-seed-1", dir);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/part/alpha-0.50-seed-1/mine.txt", dir);
    check_ok(file_write(path, "x", 1));
    exits(SWEEP "--set train.iterations=2 --slots 2 --out %D/part", JEM_EUSAGE);
    said("err", "1 of 4 runs failed: alpha-0.50-seed-1");
    said("err", "holds other files (mine.txt ...)");
    said("part/study.json", "\"reason\": ");
    for (int i = 0; i < RUNS; i++) {
        snprintf(path, sizeof path, "part/%s/best.safetensors", runs[i]);
        assert_int_equal(program_made(dir, path), i != 1);
    }
    assert_true(program_made(dir, "part/alpha-0.50-seed-1/mine.txt"));
}

static void what_a_training_says_before_it_fails_is_the_reason(void **state)
{
    (void)state;
    exits("sweep %D/c.yaml --set data.path=%D/set --set train.batch=1000 --alpha 0,1 --slots 2 "
          "--out %D/none", JEM_EDATA);
    said("err", "2 of 2 runs failed: alpha-0.00-seed-1, alpha-1.00-seed-1");
    said("err", "jem: warning: alpha-1.00-seed-1: 43 training images");
    said("none/study.json", "\"failed\"");
}

static void a_wrong_data_path_stops_a_sweep_once_and_before_its_runs(void **state)
{
    (void)state;
    exits("sweep %D/c.yaml --set data.path=/nowhere --alpha 0,1 --slots 2 --out %D/nothing", JEM_EDATA);
    said("err", "jem: /nowhere");
    not_said("err", "alpha-");
    assert_false(program_made(dir, "nothing"));
    exits("sweep %D/c.yaml --set data.path=%D/set --set data.kind=npy --out %D/nothing", JEM_EDATA);
    said("err", "/set");
    not_said("err", "alpha-");

    /* in a study that there is, too, whether something is left to be done or not */
    exits("sweep %D/c.yaml --set data.path=/nowhere --alpha 0,0.5,1 --seeds 2 --out %D/one", JEM_EDATA);
    said("err", "jem: /nowhere");
    not_said("err", "alpha-");
    exits("sweep %D/c.yaml --set data.path=/nowhere --alpha 0,0.5 --seeds 2 --out %D/one", JEM_EDATA);
    not_said("err", "alpha-");
    assert_false(program_made(dir, "one/alpha-1.00-seed-1"));
    exits(SWEEP "--out %D/one", 0);
}

static void another_grid_extends_a_study(void **state)
{
    (void)state;
    exits("sweep %D/c.yaml --set data.path=%D/set --set train.batch=1000 --alpha 0.25 --out %D/grown",
          JEM_EDATA);
    exits("sweep %D/c.yaml --set data.path=%D/set --set train.iterations=2 --alpha 1 "
          "--out %D/grown",
          0);
    said("grown/study.json", "\"path\": \"alpha-0.25-seed-1\"");
    said("grown/study.json", "\"path\": \"alpha-1.00-seed-1\"");
}

static void some_alphas_get_more_seeds(void **state)
{
    (void)state;
    exits(SWEEP "--set train.iterations=2 --alpha 0,0.25,1 --seeds 1 --seeds-at 0:2 --out %D/uneven", 0);
    said("uneven/study.json", "\"seeds\": [\n    2,\n    1,\n    1\n  ]");
    assert_true(program_made(dir, "uneven/alpha-0.00-seed-2/run.json"));
    assert_false(program_made(dir, "uneven/alpha-0.25-seed-2/run.json"));
    /* more of them extend it */
    exits(SWEEP "--set train.iterations=2 --alpha 0,0.25,1 --seeds 1 --seeds-at 0,1:2 --out %D/uneven", 0);
    said("err", "4 of 5 runs are finished already");
    assert_true(program_made(dir, "uneven/alpha-1.00-seed-2/run.json"));
    static const char *const refused[][2] = {
        {"0.7:3", "--seeds-at: alpha 0.7 is none of the values of --alpha (0 to 0.5)"},
        {"0", "--seeds-at 0: expected ALPHAS:N, as in 0,1:6"},
        {":3", "--seeds-at :3: expected ALPHAS:N"},
        {"0:many", "--seeds-at"},
        {"0:0", "--seeds-at"},
        {"0:1:2", "--seeds-at"},
        {"x:2", "--seeds-at"},
        {"0:2 --seeds-at 0,0.5:3", "alpha 0 is to have 2 seeds and 3; say it once"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char line[256];
        snprintf(line, sizeof line, "%s --out %%D/refused --seeds-at %s", SWEEP, refused[i][0]);
        exits(line, JEM_EUSAGE);
        said("err", refused[i][1]);
        assert_false(program_made(dir, "refused"));
    }
}

static void put_text(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(file_write(path, text, strlen(text)));
}

static void primary_scores_are_kept_with_a_date_before_training(void **state)
{
    (void)state;
#define SHORT SWEEP "--set train.iterations=2 --alpha 0 --seeds 1 "
    put_text("wrong.yaml", "cue-conflict: {score: nothing}\n");
    put_text("a.yaml", "cue-conflict: {score: shape_bias}\n");
    put_text("b.yaml", "cue-conflict: {score: shape_bias, rule: distance}\n");
    exits(SHORT "--study %D/wrong.yaml --out %D/named", JEM_EUSAGE);
    said("err", "wrong.yaml: cue-conflict.score: 'nothing'");
    exits(SHORT "--study %D/missing.yaml --out %D/named", JEM_EDATA);
    assert_false(program_made(dir, "named"));
    exits(SHORT "--study %D/a.yaml --out %D/named", 0);
    said("named/study.yaml", "score: shape_bias");
    said("named/declared.json", "\"runs\": 0");
    /* the same again, another one, one that is edited */
    exits(SHORT "--study %D/a.yaml --out %D/named", 0);
    exits(SHORT "--study %D/b.yaml --out %D/named", JEM_EUSAGE);
    said("err", "b.yaml: 1 run of this study began with another study.yaml");
    said("named/study.yaml", "{score: shape_bias}");
    put_text("named/study.yaml", "cue-conflict: {score: shape_bias, layer: x}\n");
    exits(SHORT "--out %D/named", 0);
    said("named/declared.json", "cue-conflict: {score: shape_bias}\\n");
    /* named when a run had begun */
    exits(SHORT "--out %D/late", 0);
    exits(SHORT "--study %D/a.yaml --out %D/late", 0);
    said("late/declared.json", "\"runs\": 1");
#undef SHORT
}

/* c.yaml with another rate. */
static void write_config(const char *name, const char *rate)
{
    char command[512];
    snprintf(command, sizeof command, "sed 's/lr: 1e-3/lr: %s/' '%s/c.yaml' > '%s/%s'", rate, dir, dir,
             name);
    assert_int_equal(system(command), 0);
}

static void a_config_that_is_edited_meanwhile_reaches_no_run(void **state)
{
    (void)state;
    write_config("mine.yaml", "1e-3");
    pid_t child = start_with("mine.yaml", "frozen");
    wait_for_rows("frozen", runs[0], 0);
    write_config("mine.yaml", "5e-4");
    assert_int_equal(end_of(child), 0);
    same_study("frozen");
    said("frozen/config.yaml", "\n  lr: 0.001\n");

    /* Neither does it a later sweep: not one for finished runs, nor one for more of them. */
    exits("sweep %D/mine.yaml --set data.path=%D/set --alpha 0,0.5 --seeds 2 --out %D/frozen",
          JEM_EUSAGE);
    said("err", "config.yaml: train.lr is 0.001 there and 0.0005 here");
    exits("sweep %D/mine.yaml --set data.path=%D/set --alpha 1 --out %D/frozen", JEM_EUSAGE);
    assert_false(program_made(dir, "frozen/alpha-1.00-seed-1/config.yaml"));
    exits("sweep %D/c.yaml --set data.path=%D/set --set train.iterations=50 --alpha 1 --out %D/frozen",
          JEM_EUSAGE);
    said("err", "train.iterations is 48 there and 50 here");
    exits("sweep %D/c.yaml --set data.path=%D/set/../set --set engine.threads=1 --set seed=3 "
          "--alpha 1 --out %D/frozen", 0);
    said("frozen/alpha-1.00-seed-3/config.yaml", "set/../set\"");
    said("frozen/alpha-1.00-seed-3/config.yaml", "\n  threads: 1\n");
    said("frozen/config.yaml", "\n  threads: 0\n");
    exits("sweep %D/frozen/config.yaml --alpha 0,0.5 --seeds 2 --out %D/frozen", 0);
    said("err", "4 of 4 runs are finished already");
}

static void a_study_that_kept_no_settings_is_compared_by_its_runs(void **state)
{
    (void)state;
    char path[128];
    exits(SWEEP "--set train.iterations=2 --out %D/older", 0);
    snprintf(path, sizeof path, "%s/older/config.yaml", dir);
    check_ok(file_remove(path));
    exits(SWEEP "--set train.iterations=3 --out %D/older", JEM_EUSAGE);
    said("err", "alpha-0.00-seed-1: train.iterations is 2 there and 3 here");
    assert_false(file_exists(path));
    exits(SWEEP "--set train.iterations=2 --out %D/older", 0);
    said("err", "4 of 4 runs are finished already");
    assert_true(file_exists(path));
}

static void a_study_with_its_settings_is_no_run(void **state)
{
    (void)state;
    exits("info %D/one", 0);
    said("out", "/one: study");
    exits("resume %D/one", JEM_EDATA);
    said("err", "a study, not a run");
    exits("train %D/c.yaml --set data.path=%D/set --out %D/one", JEM_EUSAGE);
    said("err", "holds other files");
}

/* A loss that may not be: every training diverges at its first iteration. */
static void a_change_that_a_run_needs_is_made_for_all(void **state)
{
    (void)state;
    exits(SWEEP "--slots 2 --set health.max_loss=1e-9 --set rescue.tries=2 --out %D/ill", JEM_EDIVERGED);
    said("err", "for all runs of the study: train.lr 0.001 -> 0.0005; they begin anew, and what they were lies in ");
    said("err", "/ill/set-aside/2");
    said("err", "4 of 4 runs failed");
    said("ill/rescue.json", "\"change\": \"train.lr 0.001 -> 0.0005\"");
    said("ill/config.yaml", "\n  tries: 0\n");
    assert_true(program_made(dir, "ill/set-aside/1/alpha-0.00-seed-1/run.json"));
    for (int i = 0; i < RUNS; i++) {
        char name[96];
        snprintf(name, sizeof name, "ill/%s/run.json", runs[i]);
        said(name, "\"status\": \"diverged\"");
        said(name, "\"events\": []");
    }
    exits("report %D/ill", 0);
    said("ill/report.html", "All runs began anew with train.lr 0.001 -&gt; 0.0005, because alpha-0.");
    said("ill/report.html", " had diverged at iteration ");
    not_said("ill/report.html", "is not the same experiment");
    exits(SWEEP "--rescue run --out %D/ill", JEM_EUSAGE);
    said("err", "was begun with a rescue of the study");
    exits(SWEEP "--rescue both --out %D/ill", JEM_EUSAGE);
    said("err", "--rescue is study or run, not both");

    exits(SWEEP "--rescue run --set health.max_loss=1e-9 --set rescue.tries=1 --out %D/alone", JEM_EDIVERGED);
    assert_false(program_made(dir, "alone/rescue.json"));
    said("alone/alpha-0.50-seed-1/run.json", "fresh noise for the chains");
    exits(SWEEP "--rescue study --set health.max_loss=1e-9 --set rescue.tries=1 --out %D/alone", JEM_EUSAGE);
    said("err", "was begun with a rescue of the run");
}

static void mistakes_are_refused_before_anything_is_written(void **state)
{
    (void)state;
    char path[128];
    exits(SWEEP "--slots 0 --out %D/x", JEM_EUSAGE);
    said("err", "--slots");
    exits("train %D/c.yaml --status-fd 77 --out %D/x", JEM_EUSAGE);
    said("err", "--status-fd 77: is not an open descriptor");
    exits("sweep %D/c.yaml --alpha 0.5,0.50 --out %D/x", JEM_EUSAGE);
    said("err", "two runs would have the name alpha-0.50-seed-1");
    exits("sweep %D/c.yaml --set train.lrr=1 --out %D/x", JEM_EUSAGE);
    said("err", "train.lr");
    snprintf(path, sizeof path, "%s/x", dir);
    assert_false(dir_exists(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_change_no_bit),
        cmocka_unit_test(ctrl_z_stops_the_trainings_too_and_changes_no_bit),
        cmocka_unit_test(a_sweep_goes_on_after_a_signal_and_after_a_kill),
        cmocka_unit_test(two_sweeps_do_not_work_on_one_study),
        cmocka_unit_test(a_study_that_is_moved_begins_no_further_run_at_its_old_name),
        cmocka_unit_test(a_failing_run_is_named_and_the_others_finish),
        cmocka_unit_test(what_a_training_says_before_it_fails_is_the_reason),
        cmocka_unit_test(a_wrong_data_path_stops_a_sweep_once_and_before_its_runs),
        cmocka_unit_test(another_grid_extends_a_study),
        cmocka_unit_test(some_alphas_get_more_seeds),
        cmocka_unit_test(primary_scores_are_kept_with_a_date_before_training),
        cmocka_unit_test(a_config_that_is_edited_meanwhile_reaches_no_run),
        cmocka_unit_test(a_study_that_kept_no_settings_is_compared_by_its_runs),
        cmocka_unit_test(a_study_with_its_settings_is_no_run),
        cmocka_unit_test(a_change_that_a_run_needs_is_made_for_all),
        cmocka_unit_test(mistakes_are_refused_before_anything_is_written),
    };
    return cmocka_run_group_tests(tests, make_data, remove_data);
}
