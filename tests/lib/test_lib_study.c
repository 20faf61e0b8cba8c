/* jem/study.h: sweeps in the host's process against single trainings, how runs stand, grids, and what is refused. */
#include <math.h>

#include "base/file.h"
#include "lib/lib_rig.h"

enum { ALPHAS = 3, LONG = 20000 };

static const double alphas[ALPHAS] = {0, 0.5, 1};

static jem_sweep_options options(const rig *r)
{
    jem_sweep_options o = JEM_SWEEP_INIT;
    o.set = r->items;
    o.set_count = r->count;
    o.alphas = alphas;
    o.alpha_count = ALPHAS;
    return o;
}

static void logits_of(double *sum, const rig *r, const char *path)
{
    jem_model *m = NULL;
    float logits[LOGITS];
    const jem_evaluation want = {.size = sizeof want, .logits = logits};
    check_ok(jem_model_open(&m, path, NULL));
    check_ok(jem_model_evaluate(m, r->x, N, &want));
    for (int i = 0; i < LOGITS; i++) sum[i] = logits[i];
    jem_model_free(m);
}

static void a_sweep_s_runs_are_those_of_single_trainings(void **state)
{
    (void)state;
    rig *r = rig_new();
    char study[160], path[200], alone[160];
    double swept[LOGITS], single[LOGITS];
    jem_sweep_options o = options(r);

    snprintf(study, sizeof study, "%s/study", r->dir);
    o.slots = 2; /* at once, in threads of this process */
    check_ok(jem_sweep(NULL, study, &o));
    snprintf(path, sizeof path, "%s/alpha-0.50-seed-1", study);
    logits_of(swept, r, path);
    snprintf(alone, sizeof alone, "%s/alone", r->dir);
    jem_train_options t = JEM_TRAIN_INIT;
    const char *set[11] = {"alpha=0.5"};
    for (int i = 0; i < r->count; i++) set[1 + i] = r->items[i];
    t.set = set;
    t.set_count = 1 + r->count;
    check_ok(jem_train(NULL, alone, &t));
    logits_of(single, r, alone);
    assert_memory_equal(swept, single, sizeof swept);
    rig_free(r);
}

/* ---- news */

typedef struct news {
    int calls, most_running;
    int64_t count;
    bool finished[ALPHAS];
    volatile sig_atomic_t *stop; /* set at the first report of an iteration; NULL: not */
} news;

static void take_news(void *ctx, const jem_study_run *runs, int64_t count, double eta_s)
{
    news *w = ctx;
    int running = 0;
    (void)eta_s;
    w->calls++;
    w->count = count;
    for (int64_t i = 0; i < count && i < ALPHAS; i++) {
        running += runs[i].state == JEM_RUN_RUNNING;
        w->finished[i] = runs[i].state == JEM_RUN_FINISHED;
        if (w->stop && runs[i].status.iteration > 0) *w->stop = 1;
    }
    if (running > w->most_running) w->most_running = running;
}

static void who_looks_on_sees_runs_begin_and_end(void **state)
{
    (void)state;
    rig *r = rig_new();
    char study[160];
    news w = {0}, again = {0};
    jem_sweep_options o = options(r);

    snprintf(study, sizeof study, "%s/study", r->dir);
    o.watch = take_news;
    o.watch_ctx = &w;
    check_ok(jem_sweep(NULL, study, &o));
    assert_int_equal(w.count, ALPHAS);
    assert_int_equal(w.most_running, 1); /* slots */
    assert_true(w.finished[0] && w.finished[1] && w.finished[2]);
    o.watch_ctx = &again;
    check_ok(jem_sweep(NULL, study, &o));
    assert_int_equal(again.most_running, 0); /* there was nothing to do */
    assert_true(again.finished[0] && again.finished[1] && again.finished[2]);
    rig_free(r);
}

static void how_runs_stand_is_read_from_the_folder(void **state)
{
    (void)state;
    rig *r = rig_new();
    char study[160];
    const int64_t seeds[ALPHAS] = {2, 1, 1};
    jem_study_runs runs = JEM_STUDY_RUNS_INIT;
    jem_sweep_options o = options(r);

    snprintf(study, sizeof study, "%s/study", r->dir);
    o.seeds_at = seeds;
    check_ok(jem_sweep(NULL, study, &o));
    check_ok(jem_study_runs_read(&runs, study));
    assert_int_equal(runs.count, 4);
    assert_string_equal(runs.rows[3].name, "alpha-0.00-seed-2");
    for (int64_t i = 0; i < runs.count; i++) {
        assert_int_equal(runs.rows[i].state, JEM_RUN_FINISHED);
        assert_int_equal(runs.rows[i].status.iteration, 4);
        assert_int_equal(runs.rows[i].seed, i == 3 ? 2 : 1);
        assert_string_equal(runs.rows[i].status.reason, "");
    }
    jem_study_runs_clear(&runs);
    assert_null(runs.rows);
    check_fails(jem_study_runs_read(&runs, r->dir), JEM_EDATA, "study.json");
    rig_free(r);
}

static void a_stop_saves_and_the_same_call_goes_on(void **state)
{
    (void)state;
    rig *r = rig_new();
    char study[160];
    int64_t reached;
    volatile sig_atomic_t stop = 0;
    news w = {.stop = &stop};
    jem_study_runs runs = JEM_STUDY_RUNS_INIT;
    jem_sweep_options o = options(r);

    snprintf(r->set[6], sizeof r->set[6], "train.iterations=%d", LONG);
    snprintf(study, sizeof study, "%s/study", r->dir);
    o.alpha_count = 1;
    o.stop = &stop;
    o.watch = take_news;
    o.watch_ctx = &w;
    check_fails(jem_sweep(NULL, study, &o), JEM_EINTERRUPTED, "interrupted and saved");
    check_ok(jem_study_runs_read(&runs, study));
    assert_int_equal(runs.rows[0].state, JEM_RUN_INTERRUPTED);
    assert_true(runs.rows[0].status.iteration > 0 && runs.rows[0].status.iteration < LONG);
    reached = runs.rows[0].status.iteration;
    jem_study_runs_clear(&runs);
    stop = 0; /* and now a little farther */
    check_fails(jem_sweep(NULL, study, &o), JEM_EINTERRUPTED, "interrupted and saved");
    check_ok(jem_study_runs_read(&runs, study));
    assert_true(runs.rows[0].status.iteration > reached);
    jem_study_runs_clear(&runs);
    rig_free(r);
}

/* ---- grids */

static void a_grid_is_a_folder_of_studies(void **state)
{
    (void)state;
    rig *r = rig_new();
    char folder[160], expected[200];
    const char *const grid[] = {"sampler.steps=2,3"};
    jem_folders studies = JEM_FOLDERS_INIT;
    jem_study_runs runs = JEM_STUDY_RUNS_INIT;
    jem_sweep_options o = options(r);

    snprintf(folder, sizeof folder, "%s/grid", r->dir);
    o.alpha_count = 1;
    o.grid = grid;
    o.grid_count = 1;
    check_ok(jem_sweep(NULL, folder, &o));
    check_ok(jem_grid_studies(&studies, folder));
    assert_int_equal(studies.count, 2);
    snprintf(expected, sizeof expected, "%s/steps-3", folder);
    assert_string_equal(studies.paths[1], expected);
    check_ok(jem_study_runs_read(&runs, studies.paths[1]));
    assert_int_equal(runs.rows[0].state, JEM_RUN_FINISHED);
    jem_study_runs_clear(&runs);
    jem_folders_clear(&studies);
    check_ok(jem_grid_studies(&studies, expected)); /* a study is itself */
    assert_int_equal(studies.count, 1);
    assert_string_equal(studies.paths[0], expected);
    jem_folders_clear(&studies);
    rig_free(r);
}

/* ---- what is refused */

static void a_sweep_that_cannot_be_is_refused(void **state)
{
    (void)state;
    rig *r = rig_new();
    char study[160];
    const double beyond[] = {0, 1.5}, twice[] = {0.5, 0.5};
    const int64_t none[] = {1, 0, 1};
    const char *const unknown[] = {"train.epoch=3"};
    jem_sweep_options o = options(r);

    snprintf(study, sizeof study, "%s/study", r->dir);
    o.alphas = beyond, o.alpha_count = 2;
    check_fails(jem_sweep(NULL, study, &o), JEM_EUSAGE, "jem_sweep: o->alphas[1] = 1.5");
    o.alphas = twice;
    check_fails(jem_sweep(NULL, study, &o), JEM_EUSAGE, "alpha-0.50-seed-1");
    o.alpha_count = 0;
    check_fails(jem_sweep(NULL, study, &o), JEM_EUSAGE, "jem_sweep: o->alpha_count = 0");
    o = options(r), o.seeds_at = none;
    check_fails(jem_sweep(NULL, study, &o), JEM_EUSAGE, "o->seeds_at");
    o = options(r), o.rescue = "all";
    check_fails(jem_sweep(NULL, study, &o), JEM_EUSAGE, "o->rescue");
    o = options(r), o.slots = -1;
    check_fails(jem_sweep(NULL, study, &o), JEM_EUSAGE, "o->slots");
    o = options(r), o.set = unknown, o.set_count = 1;
    check_fails(jem_sweep(NULL, study, &o), JEM_EUSAGE, "train.epochs");
    o = options(r), o.size = 0;
    check_fails(jem_sweep(NULL, study, &o), JEM_EUSAGE, "JEM_SWEEP_INIT");
    check_fails(jem_sweep(NULL, NULL, &o), JEM_EUSAGE, "jem_sweep: study is NULL");
    assert_false(dir_exists(study)); /* nothing was begun */
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sweep_s_runs_are_those_of_single_trainings),
        cmocka_unit_test(who_looks_on_sees_runs_begin_and_end),
        cmocka_unit_test(how_runs_stand_is_read_from_the_folder),
        cmocka_unit_test(a_stop_saves_and_the_same_call_goes_on),
        cmocka_unit_test(a_grid_is_a_folder_of_studies),
        cmocka_unit_test(a_sweep_that_cannot_be_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
