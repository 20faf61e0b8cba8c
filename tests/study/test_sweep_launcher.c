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
} paper;

static volatile sig_atomic_t stop;

static jem_status open_paper(void **ctx, const launch_options *o)
{
    assert_int_equal(o->slots, SLOTS);
    *ctx = &paper;
    return JEM_OK;
}

static const char *word_after(const launch *l, const char *word)
{
    const char *const *w = l->words;
    while (*w && strcmp(*w, word) != 0) w++;
    assert_non_null(*w);
    return w[1];
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
    const run_info i = {.status = paper.fates[number].status, .iteration = 5, .iterations = 5, .epoch = 1,
                        .best = {5, 1, 0.5}, .selected_by = "val_accuracy", .message = "energies part"};
    snprintf(path, sizeof path, "%s/run.json", folder);
    if (paper.fates[number].code == JEM_OK) check_ok(run_info_write(&i, path));
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
        const launch_end e = {paper.fates[k].code, paper.fates[k].reason ? paper.fates[k].reason : ""};
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
    for (int k = 0; k < RUNS; k++) paper.fates[k].code = JEM_EINTERRUPTED;
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

static jem_status run_sweep(sweep_run seen[RUNS])
{
    static const double alphas[RUNS] = {0, 0.5, 1};
    updates = 0;
    return sweep_runs(&(sweep_request){.lists = &config_builtin,
                                       .plan = {.config_path = config_path,
                                                .alphas = alphas,
                                                .alpha_count = RUNS,
                                                .seeds = 1},
                                       .out = study,
                                       .slots = SLOTS,
                                       .launcher = &launcher_paper,
                                       .stop = &stop,
                                       .watch = {.ctx = seen, .update = update}});
}

static void check_study_says(const char *text)
{
    char path[256], *data = NULL;
    size_t n;
    snprintf(path, sizeof path, "%s/study.json", study);
    check_ok(file_read(&data, &n, path, 0));
    if (!strstr(data, text)) fail_msg("'%s' is not in: %s", text, data);
    mem_free(data);
}

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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
