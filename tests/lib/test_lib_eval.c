/* jem/eval.h: the scores of `jem eval`, in the run's folder and as structs. */
#include "lib/lib_rig.h"

#include "record/record.h"

static const char *const few[] = {"eval.limit=20", "eval.samples=4", "eval.steps=[0, 2]", "engine.threads=1"};

static jem_eval_options quick(void)
{
    jem_eval_options o = JEM_EVAL_INIT;
    o.set = few;
    o.set_count = 4;
    return o;
}

static const jem_bench_score *find(const jem_bench_scores *s, const char *metric, const char *folder)
{
    for (int64_t i = 0; i < s->count; i++)
        if (!strcmp(s->rows[i].metric, metric) && (!folder || !strcmp(s->rows[i].folder, folder))) return &s->rows[i];
    fail_msg("no %s of %s", metric, folder ? folder : "any");
    return NULL;
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static const score *find_written(const score_list *l, const jem_bench_score *s)
{
    for (int64_t i = 0; i < l->count; i++) {
        const score *w = &l->scores[i];
        if (same_text(w->benchmark, s->benchmark) && same_text(w->metric, s->metric) &&
            same_text(w->condition, s->condition) && same_text(w->dataset, s->dataset))
            return w;
    }
    return NULL;
}

static void scores_are_those_in_the_run_s_folder(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT, again = JEM_BENCH_SCORES_INIT;
    score_list written = SCORE_LIST_INIT;
    const jem_eval_options o = quick();

    check_ok(train(r, r->run));
    check_ok(jem_eval(&scores, r->run, &o));
    check_ok(score_list_load(&written, r->run));
    assert_true(scores.count > 5);
    assert_int_equal(scores.count, written.count);
    for (int64_t i = 0; i < scores.count; i++) {
        const jem_bench_score *a = &scores.rows[i];
        const score *b = find_written(&written, a);
        assert_non_null(b);
        if (!isnan(b->value)) assert_true(a->value == b->value);
        assert_string_equal(a->folder, r->run);
        assert_true(a->alpha > 0 && a->seed == 1);
    }
    const jem_bench_score *accuracy = find(&scores, "accuracy", NULL);
    assert_true(accuracy->value >= 0 && accuracy->value <= 1 && accuracy->low <= accuracy->high && accuracy->n > 0);
    check_ok(jem_eval(&again, r->run, &o)); /* evaluated already */
    assert_int_equal(again.count, scores.count);
    score_list_clear(&written);
    jem_bench_scores_clear(&again);
    jem_bench_scores_clear(&scores);
    assert_null(scores.rows);
    rig_free(r);
}

static void attacks_are_measured_where_settings_ask_for_them(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT;
    static const char *const set[] = {"eval.limit=20", "eval.samples=4", "eval.steps=[0]", "engine.threads=1",
                                      "eval.attack_images=4", "eval.attack_steps=2", "eval.attack_linf=[8]",
                                      "eval.attack_l2=[]", "eval.refine_steps=[0, 1]", "eval.refine_copies=2"};
    jem_eval_options o = JEM_EVAL_INIT;
    o.set = set;
    o.set_count = sizeof set / sizeof *set;
    check_ok(train(r, r->run));
    check_ok(jem_eval(&scores, r->run, &o));
    int attacks = 0;
    for (int64_t i = 0; i < scores.count; i++) {
        const jem_bench_score *s = &scores.rows[i];
        if (strcmp(s->metric, "accuracy_linf") != 0) continue;
        assert_string_equal(s->benchmark, "robustness");
        assert_string_equal(s->condition, attacks++ ? "8/255 refined 1" : "8/255");
        assert_true(s->value >= 0 && s->value <= 1 && s->n == 4);
    }
    assert_int_equal(attacks, 2);
    jem_bench_scores_clear(&scores);
    rig_free(r);
}

static void a_study_s_scores_say_whose_they_are(void **state)
{
    (void)state;
    rig *r = rig_new();
    char study[128], runs[2][160];
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT;
    const jem_eval_options o = quick();

    snprintf(study, sizeof study, "%s/study", r->dir);
    check_ok(dir_make(study));
    for (int i = 0; i < 2; i++) {
        snprintf(runs[i], sizeof runs[i], "%s/%c", study, 'a' + i);
        snprintf(r->set[3], sizeof r->set[3], "alpha=%g", i ? 0.5 : 0.0);
        check_ok(train(r, runs[i]));
    }
    check_ok(jem_eval(&scores, study, &o));
    for (int i = 0; i < 2; i++) check_near(find(&scores, "accuracy", runs[i])->alpha, i ? 0.5 : 0.0, 0, 1);
    jem_bench_scores_clear(&scores);
    rig_free(r);
}

static void mistakes_and_stops_leave_scores_as_they_were(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT;
    jem_eval_options o = quick();
    const sig_atomic_t stop = 1;
    const char *const typo[] = {"eval.limits=3"}, *const forbidden[] = {"train.lr=3"}, *const none[] = {NULL};

    check_ok(train(r, r->run));
    check_fails(jem_eval(NULL, r->run, &o), JEM_EUSAGE, "out is NULL");
    check_fails(jem_eval(&scores, NULL, &o), JEM_EUSAGE, "folder is NULL");
    check_fails(jem_eval(&scores, "/nonexistent", &o), JEM_EDATA, "/nonexistent");
    o.set = typo;
    o.set_count = 1;
    check_fails(jem_eval(&scores, r->run, &o), JEM_EUSAGE, "eval.limit");
    o.set = forbidden;
    check_fails(jem_eval(&scores, r->run, &o), JEM_EUSAGE, "train.lr");
    o.set = none;
    check_fails(jem_eval(&scores, r->run, &o), JEM_EUSAGE, "o->set[0] is NULL");
    o = quick();
    o.features_of = r->run;
    check_fails(jem_eval(&scores, r->run, &o), JEM_EUSAGE, "alpha = 0");
    o = quick();
    o.stop = &stop;
    check_fails(jem_eval(&scores, r->run, &o), JEM_EINTERRUPTED, "not evaluated");
    assert_int_equal(scores.count, 0);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_are_those_in_the_run_s_folder),
        cmocka_unit_test(attacks_are_measured_where_settings_ask_for_them),
        cmocka_unit_test(a_study_s_scores_say_whose_they_are),
        cmocka_unit_test(mistakes_and_stops_leave_scores_as_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
