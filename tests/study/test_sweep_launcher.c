/* A sweep whose launcher starts no process: trainings are told in their folders' run.json, as another
 * machine would leave them, and the sweep makes of it what it makes of its own. */
#include "support/check.h"

#include <signal.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/gloss/render.h"
#include "study/sweep.h"

enum { RUNS = 3, SLOTS = 2, RUNNING = 1 };

static char dir[64], study[128], config_path[128];

/* ---- the launcher */

/* What becomes of each run, in order; all finish where nothing is said. */
typedef struct fate {
    run_status status;  /* in its folder */
    jem_status code;    /* as the launcher has it */
    const char *reason;
} fate;

static struct paper {
    fate fates[RUNS];
    int under_way[RUNS], started, most, stops, closed;
    bool stopped, of_study;
    int diverges;       /* so often a training of run 1 diverges before one follows its fate */
    char lr[64], steps[64]; /* in STUDY/config.yaml when a training was last started */
} paper;

static volatile sig_atomic_t stop;

static jem_status open_paper(void **ctx, const launch_options *o)
{
    assert_int_equal(o->slots, SLOTS);
    *ctx = &paper;
    paper.stopped = false;
    return JEM_OK;
}

static const char *word_after(const launch *l, const char *word)
{
    const char *const *w = l->words;
    while (*w && strcmp(*w, word) != 0) w++;
    assert_non_null(*w);
    return w[1];
}

/* The line of a setting, "lr: 0.0005". */
static void take_line(char line[64], const char *text, const char *key)
{
    const char *at = strstr(text, key);
    assert_non_null(at);
    snprintf(line, 64, "%.*s", (int)strcspn(at, "#\n"), at);
}

static void note_settings(const launch *l)
{
    char *text = NULL;
    size_t n;
    check_ok(file_read(&text, &n, word_after(l, "--"), 0));
    take_line(paper.lr, text, "  lr:");
    take_line(paper.steps, text, "  steps:");
    assert_non_null(strstr(text, paper.of_study ? "  tries: 0" : "  tries: 5"));
    mem_free(text);
}

static jem_status start(void *ctx, int number, const launch *l, bool *busy)
{
    char path[256];
    int now = 0;
    assert_ptr_equal(ctx, &paper);
    assert_string_equal(l->words[0], "train");
    const char *folder = word_after(l, "--out");
    assert_string_equal(strrchr(folder, '/') + 1, l->name);
    check_ok(dir_make(folder));
    run_status status = paper.fates[number].status;
    if (number == 1 && paper.diverges > 0) paper.diverges--, status = RUN_DIVERGED;
    note_settings(l);
    const run_info i = {.status = status, .iteration = 5, .iterations = 5, .epoch = 1,
                        .best = {5, 1, 0.5}, .selected_by = "val_accuracy", .message = "energies part"};
    snprintf(path, sizeof path, "%s/run.json", folder);
    if (paper.fates[number].code == JEM_OK) check_ok(run_info_write(&i, path));
    snprintf(path, sizeof path, "%s/config.yaml", folder);
    check_ok(file_copy(word_after(l, "--"), path));
    paper.under_way[number] = RUNNING;
    paper.started++;
    for (int k = 0; k < RUNS; k++) now += paper.under_way[k] == RUNNING;
    if (now > paper.most) paper.most = now;
    *busy = false;
    return JEM_OK;
}

/* One ends at every poll. */
static int poll_paper(void *ctx, const launch_watch *w, double timeout_s)
{
    (void)ctx;
    assert_true(timeout_s > 0);
    for (int k = 0; k < RUNS; k++) {
        if (paper.under_way[k] != RUNNING) continue;
        const launch_end e = {paper.stopped ? JEM_EINTERRUPTED : paper.fates[k].code, paper.fates[k].reason ? paper.fates[k].reason : ""};
        paper.under_way[k] = 0;
        w->end(w->ctx, k, &e);
        return 1;
    }
    return 0;
}

static void stop_paper(void *ctx)
{
    (void)ctx;
    paper.stops++;
    paper.stopped = true;
}

static void close_paper(void *ctx)
{
    (void)ctx;
    paper.closed++;
}

static const launcher launcher_paper = {.name = "paper",
                                        .open = open_paper,
                                        .start = start,
                                        .poll = poll_paper,
                                        .stop = stop_paper,
                                        .close = close_paper};

/* ---- the sweep */

static int updates;

static void update(void *ctx, const sweep_run *runs, int count, double eta_s, bool changed)
{
    (void)eta_s, (void)changed;
    assert_int_equal(count, RUNS);
    updates++;
    memcpy(ctx, runs, RUNS * sizeof *runs);
}

static jem_status run_sweep_with(sweep_run seen[RUNS], sweep_rescue rescue, const char *const *set, int count)
{
    static const double alphas[RUNS] = {0, 0.5, 1};
    static const int64_t seeds[RUNS] = {1, 1, 1};
    updates = 0;
    return sweep_runs(&(sweep_request){.lists = &config_builtin,
                                       .rescue = rescue,
                                       .plan = {.config_path = config_path,
                                                .set = set,
                                                .set_count = count,
                                                .alphas = alphas,
                                                .alpha_count = RUNS,
                                                .seeds = seeds},
                                       .out = study,
                                       .slots = SLOTS,
                                       .launcher = &launcher_paper,
                                       .stop = &stop,
                                       .watch = {.ctx = seen, .update = update}});
}

static jem_status run_sweep(sweep_run seen[RUNS])
{
    return run_sweep_with(seen, SWEEP_RESCUE_RUN, NULL, 0);
}

static void check_says(const char *name, const char *text)
{
    char path[256], *data = NULL;
    size_t n;
    snprintf(path, sizeof path, "%s/%s", study, name);
    check_ok(file_read(&data, &n, path, 0));
    if (!strstr(data, text)) fail_msg("'%s' is not in: %s", text, data);
    mem_free(data);
}

static void check_study_says(const char *text) { check_says("study.json", text); }

static void runs_stand_as_their_folders_say(void **state)
{
    (void)state;
    sweep_run seen[RUNS];
    for (int k = 0; k < RUNS; k++) paper.fates[k].status = RUN_FINISHED;
    check_ok(run_sweep(seen));
    for (int k = 0; k < RUNS; k++) {
        assert_int_equal(seen[k].state, SWEEP_FINISHED);
        check_near(seen[k].now.val_accuracy, 0.5, 0, 1); /* which nobody reported */
    }
    assert_int_equal(paper.started, RUNS);
    assert_int_equal(paper.most, SLOTS);
    assert_int_equal(paper.closed, 1);
    assert_true(updates >= RUNS);
    check_study_says("\"status\": \"finished\"");
}

static void one_that_diverged_does_not_stop_the_others(void **state)
{
    (void)state;
    sweep_run seen[RUNS];
    paper.fates[0] = (fate){RUN_DIVERGED, JEM_OK, NULL};
    paper.fates[1] = (fate){RUN_RUNNING, JEM_EINTERNAL, "killed by signal 9"};
    paper.fates[2].status = RUN_FINISHED;
    check_fails(run_sweep(seen), JEM_EDIVERGED, "2 of 3 runs failed: alpha-0.00-seed-1, alpha-0.50-seed-1; see ");
    assert_int_equal(seen[0].state, SWEEP_DIVERGED);
    assert_string_equal(seen[0].reason, "energies part");
    assert_int_equal(seen[1].state, SWEEP_FAILED);
    assert_string_equal(seen[1].reason, "killed by signal 9");
    assert_int_equal(seen[2].state, SWEEP_FINISHED);
    check_study_says("\"reason\": \"killed by signal 9\"");
}

static void one_that_ended_without_a_word_has_failed(void **state)
{
    (void)state;
    sweep_run seen[RUNS];
    paper.fates[0].status = RUN_RUNNING;
    paper.fates[1].status = paper.fates[2].status = RUN_FINISHED;
    check_fails(run_sweep(seen), JEM_EINTERNAL, "1 of 3 runs failed: alpha-0.00-seed-1");
    assert_string_equal(seen[0].reason, "ended without a word");
}

static void a_stop_is_handed_on_and_is_no_failure(void **state)
{
    (void)state;
    sweep_run seen[RUNS];
    stop = 1;
    check_fails(run_sweep(seen), JEM_EINTERRUPTED, "0 of 3 runs are finished");
    assert_int_equal(paper.stops, 1);
    assert_int_equal(paper.started, 0);
    assert_int_equal(paper.closed, 1);
}

/* ---- a change for all */

static void what_one_run_needs_is_changed_for_all(void **state)
{
    (void)state;
    sweep_run seen[RUNS];
    char path[256];
    static const char *const set[] = {"train.lr=0.001", "sampler.steps=20"};
    paper.of_study = true;
    paper.diverges = 2;
    for (int k = 0; k < RUNS; k++) paper.fates[k].status = RUN_FINISHED;
    check_ok(run_sweep_with(seen, SWEEP_RESCUE_AS_BEGUN, set, 2));
    for (int k = 0; k < RUNS; k++) assert_int_equal(seen[k].state, SWEEP_FINISHED);
    assert_string_equal(paper.lr, "  lr: 0.0005");
    assert_string_equal(paper.steps, "  steps: 30");
    check_says("rescue.json", "\"change\": \"train.lr 0.001 -> 0.0005\"");
    check_says("rescue.json", "\"change\": \"sampler.steps 20 -> 30\"");
    check_says("rescue.json", "\"reason\": \"energies part\"");
    check_says("rescue.json", "\"alpha-0.50-seed-1\"");
    check_says("rescue.json", "\"pending\": false");
    for (int n = 1; n <= 2; n++) { /* the first run had ended before */
        snprintf(path, sizeof path, "%s/set-aside/%d/alpha-0.00-seed-1/run.json", study, n);
        assert_true(file_exists(path));
        snprintf(path, sizeof path, "%s/set-aside/%d/alpha-0.50-seed-1/run.json", study, n);
        assert_true(file_exists(path));
    }
}

static void a_study_goes_on_as_it_was_begun(void **state)
{
    (void)state;
    sweep_run seen[RUNS];
    static const char *const set[] = {"train.lr=0.001", "sampler.steps=20"}, *const other[] = {"train.lr=0.002"};
    char own[160];
    paper.of_study = true;
    paper.diverges = 1;
    for (int k = 0; k < RUNS; k++) paper.fates[k].status = RUN_FINISHED;
    check_ok(run_sweep_with(seen, SWEEP_RESCUE_STUDY, set, 2));
    check_fails(run_sweep_with(seen, SWEEP_RESCUE_RUN, set, 2), JEM_EUSAGE, "was begun with a rescue of the study");
    check_fails(run_sweep_with(seen, SWEEP_RESCUE_AS_BEGUN, other, 1), JEM_EUSAGE, "was begun with train.lr 0.001");
    /* What was asked for, and the settings that the study keeps, both mean this study. */
    study_rescue r;
    config cfg;
    check_ok(config_load(&cfg, &config_builtin, config_path, set, 2));
    check_ok(study_rescue_open(&r, SWEEP_RESCUE_AS_BEGUN, &cfg, study));
    assert_true(r.of_study && cfg.train.lr == 0.0005 && cfg.rescue.tries == 0 && r.base.tries == 5);
    study_rescue_clear(&r);
    snprintf(own, sizeof own, "%s/config.yaml", study);
    check_ok(config_load(&cfg, &config_builtin, own, NULL, 0));
    check_ok(study_rescue_open(&r, SWEEP_RESCUE_AS_BEGUN, &cfg, study));
    assert_true(cfg.train.lr == 0.0005 && r.base.lr == 0.001 && r.base.tries == 5);
    study_rescue_clear(&r);
}

static void a_study_of_runs_that_are_rescued_alone_stays_one(void **state)
{
    (void)state;
    sweep_run seen[RUNS];
    study_rescue r;
    config cfg;
    for (int k = 0; k < RUNS; k++) paper.fates[k].status = RUN_FINISHED;
    check_ok(run_sweep(seen));
    check_fails(run_sweep_with(seen, SWEEP_RESCUE_STUDY, NULL, 0), JEM_EUSAGE, "was begun with a rescue of the run");
    check_ok(config_load(&cfg, &config_builtin, config_path, NULL, 0));
    check_ok(study_rescue_open(&r, SWEEP_RESCUE_AS_BEGUN, &cfg, study));
    assert_true(!r.of_study && cfg.rescue.tries == 5);
    study_rescue_clear(&r);
}

static void where_no_change_helps_the_run_has_failed(void **state)
{
    (void)state;
    sweep_run seen[RUNS];
    static const char *const none[] = {"rescue.rules=noise"}, *const one[] = {"rescue.tries=1"};
    paper.of_study = true;
    for (int k = 0; k < RUNS; k++) paper.fates[k].status = RUN_FINISHED;
    paper.fates[1].status = RUN_DIVERGED;
    check_fails(run_sweep_with(seen, SWEEP_RESCUE_STUDY, one, 1), JEM_EDIVERGED, "1 of 3 runs failed: alpha-0.50-seed-1");
    assert_int_equal(seen[2].state, SWEEP_FINISHED);
    check_tmp_remove(study);
    check_fails(run_sweep_with(seen, SWEEP_RESCUE_STUDY, none, 1), JEM_EDIVERGED, "1 of 3 runs failed");
    check_says("rescue.json", "\"events\": []");
}

/* Killed between the change and what follows from it. */
static void a_change_that_was_left_half_done_is_carried_out(void **state)
{
    (void)state;
    sweep_run seen[RUNS];
    static const char *const set[] = {"train.lr=0.001", "sampler.steps=20"};
    char path[256], back[256];
    char *text = NULL;
    size_t n;
    study_rescue r;
    config cfg;
    paper.of_study = true;
    paper.diverges = 1;
    for (int k = 0; k < RUNS; k++) paper.fates[k].status = RUN_FINISHED;
    check_ok(run_sweep_with(seen, SWEEP_RESCUE_STUDY, set, 2));
    snprintf(path, sizeof path, "%s/alpha-0.50-seed-1", study);
    check_tmp_remove(path);
    snprintf(back, sizeof back, "%s/set-aside/1/alpha-0.50-seed-1", study);
    check_ok(file_rename(back, path));
    snprintf(path, sizeof path, "%s/alpha-0.00-seed-1", study);
    check_tmp_remove(path);
    snprintf(path, sizeof path, "%s/alpha-1.00-seed-1", study);
    check_tmp_remove(path);
    snprintf(path, sizeof path, "%s/rescue.json", study);
    check_ok(file_read(&text, &n, path, 0));
    char *pending = strstr(text, "\"pending\": false");
    assert_non_null(pending);
    memcpy(pending, "\"pending\": true ", strlen("\"pending\": true "));
    check_ok(file_write(path, text, n));
    mem_free(text);

    check_ok(config_load(&cfg, &config_builtin, config_path, set, 2));
    check_ok(study_rescue_open(&r, SWEEP_RESCUE_AS_BEGUN, &cfg, study));
    assert_true(!r.pending && cfg.train.lr == 0.0005);
    study_rescue_clear(&r);
    assert_true(dir_exists(back));
    check_says("config.yaml", "  lr: 0.0005");
    check_says("rescue.json", "\"pending\": false");
    check_ok(file_write(path, "{}", 2));
    check_fails(study_rescue_open(&r, SWEEP_RESCUE_AS_BEGUN, &cfg, study), JEM_EDATA, "rescue.json");
}

/* ---- the folder */

static int begin(void **state)
{
    (void)state;
    char text[400];
    check_tmp(dir, sizeof dir);
    snprintf(study, sizeof study, "%s/study", dir);
    snprintf(config_path, sizeof config_path, "%s/c.yaml", dir);
    int n = snprintf(text, sizeof text,
                     "data: {kind: gloss, path: %s/scenes}\nmodel: {name: wrn-10-1, pool: adaptive}\n"
                     "train: {batch: 4, iterations: 5}\n", dir);
    check_ok(file_write(config_path, text, (size_t)n));
    snprintf(text, sizeof text, "%s/scenes", dir);
    pool *threads = NULL;
    check_ok(pool_new(&threads, 1));
    check_ok(gloss_render_set(&(gloss_set_call){.dir = text, .n = 20, .size = 8, .threads = threads}));
    pool_free(threads);
    memset(&paper, 0, sizeof paper);
    stop = 0;
    return 0;
}

static int end(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(runs_stand_as_their_folders_say),
        TEST(one_that_diverged_does_not_stop_the_others),
        TEST(one_that_ended_without_a_word_has_failed),
        TEST(a_stop_is_handed_on_and_is_no_failure),
        TEST(what_one_run_needs_is_changed_for_all),
        TEST(a_study_goes_on_as_it_was_begun),
        TEST(a_study_of_runs_that_are_rescued_alone_stays_one),
        TEST(where_no_change_helps_the_run_has_failed),
        TEST(a_change_that_was_left_half_done_is_carried_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
