/* What jem's benchmarks say of their scores: complete, and published values agree with each other. */
#include "bench/benchmarks.h"
#include "measure/standing.h"
#include "support/check.h"
#include "support/measures.h"

static void every_benchmark_says_what_its_scores_mean(void **state)
{
    (void)state;
    for (const benchmark *const *b = benchmark_list; *b; b++) {
        const measures *m = (*b)->meaning;
        assert_non_null(m);
        assert_string_equal((*b)->also ? (*b)->also->benchmark : m->benchmark, (*b)->name);
    }
    for (const measures *const *each = all_measures(); *each; each++) {
        const measures *m = *each;
        assert_ptr_equal(measures_find(all_measures(), m->benchmark), m);
        assert_true(m->name[0] && m->section[0] && m->title[0] && m->about[0]);
        assert_true(m->scores && m->scores->metric);
        for (const measure *s = m->scores; s->metric; s++) {
            assert_true(s->unit[0] && s->least < s->most);
            assert_true((s->level.kind == LEVEL_NONE) == (s->level.label == NULL));
            assert_ptr_equal(measure_find(m, s->metric), s); /* once */
        }
        for (const measure_spot *spot = m->spots; spot && spot->title; spot++) {
            assert_true(spot->measure[0] && spot->source[0]);
            assert_in_range(spot->count, 1, SPOT_SCORES_MAX);
            for (int k = 0; k < spot->count; k++)
                assert_ptr_equal(measure_find(m, spot->score[k]->metric), spot->score[k]);
            assert_int_equal(spot->rule != NULL, spot->trials != NULL);
        }
    }
    assert_null(measures_find(all_measures(), "nothing"));
    assert_null(measure_find(measures_find(all_measures(), "bapps"), "nothing"));
}

static void every_published_value_is_named_once_with_its_source(void **state)
{
    (void)state;
    int64_t count = 0, lines = 0;
    for (const measures *const *m = all_measures(); *m; m++)
        for (const published_score *p = (*m)->published; p && p->metric; p++) {
            assert_true(isfinite(p->value) && p->source[0] && p->model[0]);
            check_near(published_value(*m, p->metric, p->dataset, p->condition, p->model), p->value,
                       0, 1); /* a second entry of the same keys would hide one */
            count++;
        }
    assert_true(count > 200);
    assert_true(isnan(published_value(measures_find(all_measures(), "bapps"), "2afc", NULL,
                                      "distortion", "nobody")));
    strbuf tsv = STRBUF_INIT;
    published_tsv(&tsv, all_measures());
    check_ok(strbuf_status(&tsv));
    for (const char *p = tsv.data; (p = strchr(p, '\n')); p++) lines++;
    assert_int_equal(lines, count + 1);
    strbuf_clear(&tsv);
}

static void published_means_of_bapps_are_those_of_their_sets(void **state)
{
    (void)state;
    const measures *m = measures_find(all_measures(), "bapps");
    for (const published_score *p = m->published; p->metric; p++) {
        if (strcmp(p->metric, "2afc") != 0 || strcmp(p->condition, "distortion") != 0) continue;
        double trad = published_value(m, "2afc", NULL, "traditional", p->model);
        double cnn = published_value(m, "2afc", NULL, "cnn", p->model);
        check_near(p->value, (trad + cnn) / 2, 1.1e-3, 1); /* rounded to 0.1 % */
    }
}

static void published_divergences_are_cross_entropies_without_that_of_people(void **state)
{
    (void)state;
    const measures *m = measures_find(all_measures(), "cifar10h");
    for (const published_score *p = m->published; p->metric; p++)
        if (strcmp(p->metric, "kl_human_model") == 0)
            check_near(p->value,
                       published_value(m, "cross_entropy_human", NULL, NULL, p->model) -
                           0.1544595844,
                       2e-6, 1);
}

static void published_means_of_model_vs_human_are_those_of_17_sets(void **state)
{
    (void)state;
    int64_t sets = 0;
    double kappa = 0, accuracy = 0, resnet = 0;
    const measures *m = measures_find(all_measures(), "model-vs-human");
    for (const published_score *p = m->published; p->metric; p++) {
        if (strcmp(p->dataset, "mean") == 0) continue;
        bool people = strcmp(p->model, "human") == 0;
        if (strcmp(p->metric, "error_consistency") == 0) {
            sets += people;
            *(people ? &kappa : &resnet) += p->value / 17;
        } else if (people) {
            accuracy += p->value / 17;
        }
    }
    assert_int_equal(sets, 17);
    check_near(kappa, 0.431216, 1e-6, 1);
    check_near(accuracy, 0.722815, 1e-6, 1);
    check_near(resnet, 0.2083392, 1e-5, 1);
}

static void a_score_stands_between_published_ones(void **state)
{
    (void)state;
    const measures *m = measures_find(all_measures(), "cifar10h");
    const measure *s = measure_find(m, "cross_entropy_human");
    standing at = standing_of(m, s, 0.7); /* lower is better */
    assert_int_equal(at.rank, 6);
    assert_int_equal(at.of, 9);
    assert_string_equal(at.above->model, "DenseNet");
    assert_string_equal(at.below->model, "ResNet-164");
    at = standing_of(m, s, 0.1);
    assert_int_equal(at.rank, 1);
    assert_null(at.above);
    at = standing_of(m, s, 0.8745699); /* what ResNet-110 has but for the digits that are printed */
    assert_int_equal(at.rank, 8);
    assert_string_equal(at.below->model, "ResNet-110");
    at = standing_of(m, s, 9);
    assert_null(at.below);
    assert_true(measure_compares(m, s) && !measure_compares(m, measure_find(m, "accuracy")));
}

static void what_people_reach_is_told_from_a_bound(void **state)
{
    (void)state;
    const measures *m = measures_find(all_measures(), "gloss");
    const measure *s = measure_find(m, "pearson");
    score one = SCORE_INIT;
    assert_true(people_reach(m, s, &one) == 0.961546);
    one.ceiling = 1;
    assert_true(people_reach(m, s, &one) == 1);
    assert_true(reference_is_bound(m, s, 1) && !reference_is_bound(m, s, 0.961546));
    m = measures_find(all_measures(), "bapps");
    s = measure_find(m, "jnd_map"); /* the oracle's order is nobody's */
    assert_true(reference_is_bound(m, s, 0.97));
    assert_false(reference_is_bound(m, measure_find(m, "2afc"), 0.83));
}

/* By the interval of its own answers to the same images; nothing else says so. */
static void a_network_at_chance_is_known_by_its_own_score(void **state)
{
    (void)state;
    const measures *m = measures_find(all_measures(), "cue-conflict");
    score_list list = SCORE_LIST_INIT;
    score bias = {.benchmark = "cue-conflict", .metric = "shape_bias", .model = "net", .alpha = 0.5, .seed = 1,
                  .dataset = "cue-conflict", .value = 0.9, .low = NAN, .high = NAN, .ceiling = NAN};
    score either = bias;
    either.metric = "shape_or_texture";
    either.value = 0.13, either.low = 0.11, either.high = 0.15;
    check_ok(score_list_append(&list, &bias));
    assert_int_equal(standing_chance(&list, m, &bias), CHANCE_UNKNOWN);
    either.seed = 2; /* another network's */
    check_ok(score_list_append(&list, &either));
    assert_int_equal(standing_chance(&list, m, &bias), CHANCE_UNKNOWN);
    either.seed = 1;
    check_ok(score_list_append(&list, &either));
    assert_int_equal(standing_chance(&list, m, &bias), CHANCE_AT);
    assert_int_equal(standing_chance(&list, m, &either), CHANCE_UNKNOWN); /* it means what it is */
    either.low = 0.126; /* two categories of 16 are .125 */
    check_ok(score_list_append(&list, &either));
    assert_int_equal(standing_chance(&list, m, &bias), CHANCE_ABOVE);
    score_list_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_benchmark_says_what_its_scores_mean),
        cmocka_unit_test(every_published_value_is_named_once_with_its_source),
        cmocka_unit_test(published_means_of_bapps_are_those_of_their_sets),
        cmocka_unit_test(published_divergences_are_cross_entropies_without_that_of_people),
        cmocka_unit_test(published_means_of_model_vs_human_are_those_of_17_sets),
        cmocka_unit_test(a_score_stands_between_published_ones),
        cmocka_unit_test(what_people_reach_is_told_from_a_bound),
        cmocka_unit_test(a_network_at_chance_is_known_by_its_own_score),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
