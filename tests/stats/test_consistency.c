/* Error consistency: worked vectors, the people and networks of model-vs-human in all
 * 17 sets, resamples, and what must be refused. */
#include "published.h"
#include "published_sets.h"
#include "trials.h"

#include "stats/consistency.h"

static void check_vectors(const char *a, const char *b, double expected, double observed,
                          double kappa)
{
    uint8_t x[16], y[16];
    int64_t n = (int64_t)strlen(a);
    stats_consistency c, swapped;
    for (int64_t i = 0; i < n; i++) {
        x[i] = a[i] == '1';
        y[i] = b[i] == '1';
    }
    check_ok(stats_consistency_pair(&c, x, y, n));
    check_ok(stats_consistency_pair(&swapped, y, x, n));
    check_near(c.expected, expected, 1e-14, 1);
    check_near(c.observed, observed, 1e-14, 1);
    check_near(c.kappa, kappa, 1e-14, 1);
    assert_true(c.kappa == swapped.kappa);
}

static void kappa_gives_the_worked_values(void **state)
{
    (void)state;
    check_vectors("11100101", "11001101", .53125, .75, 7. / 15);
    check_vectors("1111", "1110", .75, .75, 0);
    check_vectors("1111", "1111", 1, 1, 1);
    check_vectors("0000", "0000", 1, 1, 1);
    check_vectors("1111", "0000", 0, 0, 0);
    check_vectors("1010", "0101", .5, 0, -1);
    check_vectors("1", "1", 1, 1, 1);
    stats_consistency c;
    check_fails(stats_consistency_pair(&c, NULL, NULL, 0), JEM_EDATA, "undefined");
    check_fails(stats_consistency_counts(&c, 3, -1, 0, 0), JEM_EDATA, "undefined");
}

/* 70 images in two conditions: more than one word, and a ragged end. */
static void fill(uint8_t *right, int64_t observers)
{
    for (int64_t i = 0; i < observers * 70; i++) right[i] = (i * i + i / 7) % 3 != 0;
}

static void averages_over_conditions_and_people_are_the_plain_ones(void **state)
{
    (void)state;
    const int64_t start[] = {0, 65, 70};
    uint8_t right[3 * 70], model[70];
    fill(right, 3);
    for (int i = 0; i < 70; i++) model[i] = i % 4 != 0;
    const stats_observers people = {3, 2, start, right};
    stats_agreement got;
    double accuracy = 0, gap = 0, observed = 0, kappa = 0;
    stats_consistency c;
    for (int o = 0; o < 3; o++)
        for (int k = 0; k < 2; k++) {
            check_ok(stats_consistency_pair(&c, model + start[k], right + o * 70 + start[k],
                                            start[k + 1] - start[k]));
            gap += (c.accuracy_a - c.accuracy_b) * (c.accuracy_a - c.accuracy_b) / 6;
            observed += c.observed / 6;
            kappa += c.kappa / 6;
        }
    for (int i = 0; i < 70; i++) accuracy += model[i] / 70.0;
    check_ok(stats_agreement_model(&got, model, &people, NULL));
    check_near(got.accuracy, accuracy, 1e-14, 1);
    check_near(got.accuracy_difference, gap, 1e-14, 1);
    check_near(got.observed, observed, 1e-14, 1);
    check_near(got.kappa, kappa, 1e-14, 1);

    kappa = 0;
    for (int a = 0; a < 3; a++)
        for (int b = a + 1; b < 3; b++)
            for (int k = 0; k < 2; k++) {
                check_ok(stats_consistency_pair(&c, right + a * 70 + start[k],
                                                right + b * 70 + start[k],
                                                start[k + 1] - start[k]));
                kappa += c.kappa / 6;
            }
    check_ok(stats_agreement_people(&got, &people, NULL));
    check_near(got.kappa, kappa, 1e-14, 1);
    const stats_agreement two[] = {{1, 0, .5, .2}, {.5, .1, 1, -.2}};
    check_ok(stats_agreement_mean(&got, two, 2));
    check_near(got.accuracy, .75, 1e-15, 1);
    check_near(got.accuracy_difference, .05, 1e-15, 1);
    check_near(got.kappa, 0, 1e-15, 1);
    check_fails(stats_agreement_mean(&got, two, 0), JEM_EDATA, "no data set");
}

static void a_resample_is_the_data_with_those_people_and_images(void **state)
{
    (void)state;
    const int64_t start[] = {0, 65, 70};
    uint8_t right[3 * 70], drawn[3 * 70], model[70], drawn_model[70];
    int64_t who[3] = {2, 0, 2}, first[65], second[5], sizes[3];
    fill(right, 3);
    for (int i = 0; i < 70; i++) model[i] = i % 4 != 0;
    const stats_observers people = {3, 2, start, right}, resampled = {3, 2, start, drawn};
    stats_agreement_factors(sizes, &people);
    assert_true(sizes[0] == 3 && sizes[1] == 65 && sizes[2] == 5);
    stats_resample(first, 65, 1, 0, 1);
    stats_resample(second, 5, 1, 0, 2);
    for (int o = 0; o < 3; o++)
        for (int i = 0; i < 70; i++) {
            int64_t image = i < 65 ? first[i] : 65 + second[i - 65];
            drawn[o * 70 + i] = right[who[o] * 70 + image];
            drawn_model[i] = model[image];
        }
    const int64_t *index[] = {who, first, second};
    const stats_draw draw = {sizes, index};
    stats_agreement a, b;
    check_ok(stats_agreement_model(&a, model, &people, &draw));
    check_ok(stats_agreement_model(&b, drawn_model, &resampled, NULL));
    check_near(a.kappa, b.kappa, 1e-14, 1);
    check_near(a.observed, b.observed, 1e-14, 1);
    check_near(a.accuracy, b.accuracy, 1e-14, 1);
    /* person 2 was drawn twice: of the three pairs only the two with person 0 count */
    stats_consistency c;
    double kappa = 0;
    for (int k = 0; k < 2; k++) {
        check_ok(stats_consistency_pair(&c, drawn + start[k], drawn + 70 + start[k],
                                        start[k + 1] - start[k]));
        kappa += c.kappa / 2;
    }
    check_ok(stats_agreement_people(&a, &people, &draw));
    check_near(a.kappa, kappa, 1e-14, 1);
    who[0] = who[1] = who[2] = 1;
    check_ok(stats_agreement_people(&a, &people, &draw));
    assert_true(isnan(a.kappa) && isfinite(a.accuracy));
}

static void missing_people_and_empty_conditions_are_refused(void **state)
{
    (void)state;
    const int64_t start[] = {0, 2, 2}, one[] = {0, 4};
    const uint8_t right[] = {1, 0, 1, 1};
    stats_agreement out = {7, 7, 7, 7};
    const stats_observers empty = {2, 2, start, right}, nobody = {0, 1, one, right},
                          alone = {1, 1, one, right};
    check_fails(stats_agreement_people(&out, &empty, NULL), JEM_EDATA, "condition 1 has no images");
    check_fails(stats_agreement_model(&out, right, &nobody, NULL), JEM_EDATA, "0 people");
    check_fails(stats_agreement_people(&out, &alone, NULL), JEM_EDATA, "needs two");
    assert_true(out.kappa == 7);
}

/* ---- model-vs-human */

/* The conditions that count. */
static int64_t kept_conditions(const char *kept[MVH_CONDITIONS_MAX], const mvh_set *set)
{
    int64_t n = 0;
    for (int64_t c = 0; c < mvh_conditions(set); c++)
        if (mvh_kept(set, c)) kept[n++] = set->conditions[c];
    return n;
}

static void people_agree_with_each_other_as_published(void **state)
{
    (void)state;
    stats_agreement each[MVH_SETS], mean;
    for (int s = 0; s < MVH_SETS; s++) {
        const char *kept[MVH_CONDITIONS_MAX];
        const double *people_of = published_sets[s].people;
        assert_string_equal(published_sets[s].set, mvh_sets[s].name);
        answers *a = answers_open(mvh_sets[s].name, NULL);
        trial_matrix m = TRIAL_MATRIX_INIT;
        check_ok(trial_matrix_build(&m, a->all, a->people, kept,
                                    kept_conditions(kept, &mvh_sets[s])));
        const stats_observers people = {m.observers, m.conditions, m.start, m.right};
        check_ok(stats_agreement_people(&each[s], &people, NULL));
        /* six decimals are given */
        check_near(each[s].accuracy, people_of[0], 6e-7, 1);
        check_near(each[s].accuracy_difference, people_of[1], 6e-7, 1);
        check_near(each[s].observed, people_of[2], 6e-7, 1);
        check_near(each[s].kappa, people_of[3], 6e-7, 1);
        trial_matrix_clear(&m);
        answers_close(a);
    }
    check_ok(stats_agreement_mean(&mean, each, MVH_SETS));
    check_near(mean.accuracy, 0.722815, 6e-7, 1);
    check_near(mean.accuracy_difference, 0.006566, 6e-7, 1);
    check_near(mean.observed, 0.808542, 6e-7, 1);
    check_near(mean.kappa, 0.431216, 6e-7, 1);
    check_ok(stats_agreement_mean(&mean, each, 12));
    check_near(mean.kappa, 0.444607, 6e-7, 1);
    check_ok(stats_agreement_mean(&mean, each + 12, 5));
    check_near(mean.kappa, 0.399080, 6e-7, 1);
}

static void without_the_exclusions_people_agree_less(void **state)
{
    (void)state;
    stats_agreement each[MVH_SETS], mean;
    for (int s = 0; s < MVH_SETS; s++) {
        const mvh_set *set = &mvh_sets[s];
        answers *a = answers_open(set->name, NULL);
        trial_matrix m = TRIAL_MATRIX_INIT;
        check_ok(trial_matrix_build(&m, a->all, a->people, set->conditions, mvh_conditions(set)));
        const stats_observers people = {m.observers, m.conditions, m.start, m.right};
        check_ok(stats_agreement_people(&each[s], &people, NULL));
        trial_matrix_clear(&m);
        answers_close(a);
    }
    check_ok(stats_agreement_mean(&mean, each, MVH_SETS));
    check_near(mean.kappa, 0.381236, 6e-7, 1);
    check_ok(stats_agreement_mean(&mean, each, 12));
    check_near(mean.kappa, 0.373801, 6e-7, 1);
}

static jem_status resampled_kappa(double *value, const void *ctx, const stats_draw *draw)
{
    stats_agreement got;
    jem_status st = stats_agreement_people(&got, ctx, draw);
    if (st == JEM_OK) *value = got.kappa;
    return st;
}

static void intervals_over_people_and_images_hold_the_estimate_on_any_threads(void **state)
{
    (void)state;
    enum { ROUNDS = 300 };
    double alone[ROUNDS], together[ROUNDS];
    int64_t sizes[2], undefined;
    stats_agreement estimate;
    stats_interval interval;
    answers *a = answers_open("edge", NULL);
    trial_matrix m = TRIAL_MATRIX_INIT;
    check_ok(trial_matrix_build(&m, a->all, a->people, NULL, 0));
    const stats_observers people = {m.observers, m.conditions, m.start, m.right};
    stats_agreement_factors(sizes, &people);
    stats_bootstrap_plan plan = {.factors = 2,
                                 .sizes = sizes,
                                 .values = 1,
                                 .statistic = resampled_kappa,
                                 .ctx = &people,
                                 .rounds = ROUNDS,
                                 .seed = 1};
    check_ok(stats_agreement_people(&estimate, &people, NULL));
    check_ok(stats_bootstrap_distribution(alone, &plan));
    check_ok(pool_new(&plan.threads, 3));
    check_ok(stats_bootstrap_distribution(together, &plan));
    pool_free(plan.threads);
    assert_memory_equal(alone, together, sizeof alone);
    check_ok(stats_percentile_interval(&interval, &undefined, alone, ROUNDS, 1, 0.95));
    assert_int_equal(undefined, 0);
    assert_true(interval.low < estimate.kappa && estimate.kappa < interval.high);
    assert_true(interval.low > 0.1 && interval.high < 0.6);
    trial_matrix_clear(&m);
    answers_close(a);
}

static const char *const networks[] = {"resnet50", "bagnet33", "simclr-resnet50x1", NULL};

static void check_agreement(const stats_agreement *got, json_t *values, const char *who)
{
    check_published(got->accuracy, values, who, "accuracy");
    check_published(got->accuracy_difference, values, who, "accuracy_difference");
    check_published(got->observed, values, who, "observed_consistency");
    check_published(got->kappa, values, who, "error_consistency");
}

/* Every published pair of observers on one condition ("all": the whole set as one). */
static void check_pairs(json_t *set, const char *condition, const trial_matrix *m, const answers *a)
{
    json_t *pairs = published_get(set, "pairs", NULL), *row;
    size_t i, seen = 0;
    json_array_foreach(pairs, i, row)
    {
        if (strcmp(json_string_value(json_array_get(row, 0)), condition) != 0) continue;
        int64_t who[2] = {-1, -1};
        for (int side = 0; side < 2; side++)
            for (int64_t o = 0; o < m->observers; o++) {
                const char *name = json_string_value(json_array_get(row, (size_t)(1 + side)));
                const char *known =
                    o < a->people ? a->lists[o].trials[0].subj : networks[o - a->people];
                if (strcmp(name, known) == 0) who[side] = o;
            }
        assert_true(who[0] >= 0 && who[1] >= 0);
        stats_consistency c;
        check_ok(stats_consistency_pair(&c, m->right + who[0] * m->images,
                                        m->right + who[1] * m->images, m->images));
        const double got[] = {(double)c.n, c.accuracy_a, c.accuracy_b,
                              c.expected,  c.observed,   c.kappa};
        for (size_t k = 0; k < 6; k++)
            check_near(got[k], json_number_value(json_array_get(row, 3 + k)), 1e-9, 1e-4);
        seen++;
    }
    assert_true(seen > 0);
}

static void networks_agree_with_people_as_published(void **state)
{
    (void)state;
    json_t *root = published_open();
    json_t *values = published_get(root, "model_vs_human", "datasets", NULL), *set;
    const char *name;
    json_object_foreach(values, name, set)
    {
        const char *kept[MVH_CONDITIONS_MAX];
        const mvh_set *known = mvh_set_find(name);
        assert_non_null(known);
        answers *a = answers_open(name, networks);
        trial_matrix m = TRIAL_MATRIX_INIT;
        check_ok(trial_matrix_build(&m, a->all, a->people + a->models, kept,
                                    kept_conditions(kept, known)));
        const stats_observers people = {a->people, m.conditions, m.start, m.right};
        json_t *benchmark = published_get(set, "benchmark", NULL);
        stats_agreement got;
        check_ok(stats_agreement_people(&got, &people, NULL));
        check_agreement(&got, benchmark, "humans");
        for (int64_t k = 0; k < a->models; k++) {
            check_ok(
                stats_agreement_model(&got, m.right + (a->people + k) * m.images, &people, NULL));
            check_agreement(&got, benchmark, networks[k]);
        }
        trial_matrix_clear(&m);

        json_t *conditions = published_get(set, "conditions", NULL), *condition;
        size_t c;
        json_array_foreach(conditions, c, condition)
        {
            const char *text = json_string_value(condition);
            bool all = strcmp(text, "all") == 0;
            check_ok(trial_matrix_build(&m, a->all, a->people + a->models, &text, !all));
            check_pairs(set, text, &m, a);
            trial_matrix_clear(&m);
        }
        answers_close(a);
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kappa_gives_the_worked_values),
        cmocka_unit_test(averages_over_conditions_and_people_are_the_plain_ones),
        cmocka_unit_test(a_resample_is_the_data_with_those_people_and_images),
        cmocka_unit_test(missing_people_and_empty_conditions_are_refused),
        cmocka_unit_test(people_agree_with_each_other_as_published),
        cmocka_unit_test(without_the_exclusions_people_agree_less),
        cmocka_unit_test(intervals_over_people_and_images_hold_the_estimate_on_any_threads),
        cmocka_unit_test(networks_agree_with_people_as_published),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
