/* jem/stats.h: values against plain loops, intervals against the bootstrap behind them, and calls that cannot be. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "jem/stats.h"
#include "stats/bootstrap.h"
#include "stats/consistency.h"
#include "support/check.h"

enum { N = 60, PEOPLE = 4, MODELS = 11, K = 5, ROUNDS = 400 };

static jem_stats_options few(void)
{
    jem_stats_options o = JEM_STATS_INIT;
    o.rounds = ROUNDS;
    o.seed = 5;
    o.threads = 1;
    return o;
}

static bool same_score(jem_score a, jem_score b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static uint8_t right(int64_t who, int64_t i) { return (i * (3 + who) + who) % 7 < 4 || i % 3 == 0; }

/* ---- consistency */

static void kappa_of_two_is_that_of_their_table(void **state)
{
    (void)state;
    uint8_t a[N], b[N];
    double both = 0, pa = 0, pb = 0;
    for (int i = 0; i < N; i++) {
        a[i] = right(0, i), b[i] = right(1, i);
        both += a[i] == b[i];
        pa += a[i], pb += b[i];
    }
    both /= N, pa /= N, pb /= N;
    const double chance = pa * pb + (1 - pa) * (1 - pb);
    const jem_stats_options o = few();
    jem_score k;
    check_ok(jem_stats_consistency(&k, a, b, N, &o));
    check_near(k.value, (both - chance) / (1 - chance), 1e-12, 1);
    assert_true(k.low < k.value && k.value < k.high);
}

static void threads_change_no_bit_and_no_rounds_give_no_interval(void **state)
{
    (void)state;
    uint8_t a[N], b[N];
    for (int i = 0; i < N; i++) a[i] = right(0, i), b[i] = right(1, i);
    jem_stats_options o = few();
    jem_score one, three;
    check_ok(jem_stats_consistency(&one, a, b, N, &o));
    o.threads = 3;
    check_ok(jem_stats_consistency(&three, a, b, N, &o));
    assert_true(same_score(one, three));
    o.rounds = 0;
    check_ok(jem_stats_consistency(&three, a, b, N, &o));
    assert_true(three.value == one.value && isnan(three.low) && isnan(three.high));
}

typedef struct plain {
    const uint8_t *model;
    const stats_observers *people;
} plain;

static jem_status plain_kappa(double *value, const void *ctx, const stats_draw *draw)
{
    const plain *p = ctx;
    stats_agreement model, among;
    check_ok(stats_agreement_model(&model, p->model, p->people, draw));
    check_ok(stats_agreement_people(&among, p->people, draw));
    value[0] = model.kappa;
    value[1] = among.kappa;
    return JEM_OK;
}

static void agreement_is_that_of_the_plain_bootstrap(void **state)
{
    (void)state;
    uint8_t models[MODELS * N], people[PEOPLE * N];
    const int64_t start[] = {0, 17, 42, N};
    const jem_conditions conditions = {start, 3};
    const stats_observers observers = {PEOPLE, 3, start, people};
    jem_agreement got[MODELS], among;
    static double distribution[ROUNDS * 2];
    int64_t sizes[4];
    stats_interval interval;
    jem_stats_options o = few();
    pool *threads = NULL;

    for (int w = 0; w < PEOPLE; w++)
        for (int i = 0; i < N; i++) people[w * N + i] = right(w, i);
    for (int m = 0; m < MODELS; m++)
        for (int i = 0; i < N; i++) models[m * N + i] = right(10 + m, i);
    check_ok(jem_stats_agreement(got, &among, models, MODELS, people, PEOPLE, N, &conditions, &o));
    check_ok(pool_new(&threads, 1));
    stats_agreement_factors(sizes, &observers);
    for (int m = 0; m < MODELS; m++) {
        const plain p = {models + m * N, &observers};
        stats_agreement data;
        check_ok(stats_agreement_model(&data, p.model, &observers, NULL));
        check_near(got[m].kappa.value, data.kappa, 1e-12, 1);
        check_near(got[m].accuracy.value, data.accuracy, 1e-12, 1);
        check_near(got[m].observed.value, data.observed, 1e-12, 1);
        check_near(got[m].accuracy_difference.value, data.accuracy_difference, 1e-12, 1);
        check_ok(stats_bootstrap_distribution(distribution, &(const stats_bootstrap_plan){.factors = 4,
                                                                                          .sizes = sizes,
                                                                                          .values = 2,
                                                                                          .statistic = plain_kappa,
                                                                                          .ctx = &p,
                                                                                          .rounds = ROUNDS,
                                                                                          .seed = o.seed,
                                                                                          .threads = threads}));
        check_ok(stats_percentile_interval(&interval, NULL, distribution, ROUNDS, 2, o.level));
        check_near(got[m].kappa.low, interval.low, 1e-12, 1);
        check_near(got[m].kappa.high, interval.high, 1e-12, 1);
    }
    check_ok(stats_percentile_interval(&interval, NULL, distribution + 1, ROUNDS, 2, o.level));
    check_near(among.kappa.low, interval.low, 1e-12, 1);
    check_near(among.kappa.high, interval.high, 1e-12, 1);
    pool_free(threads);
}

static void people_who_are_kept_are_not_drawn(void **state)
{
    (void)state;
    uint8_t model[N], people[2 * N];
    jem_agreement drawn, kept;
    jem_stats_options o = few();
    for (int i = 0; i < N; i++) { /* one person agrees always, the other rarely */
        model[i] = people[i] = (uint8_t)(i % 2);
        people[N + i] = i % 4 < 2;
    }
    check_ok(jem_stats_agreement(&drawn, NULL, model, 1, people, 2, N, NULL, &o));
    o.keep_people = true;
    check_ok(jem_stats_agreement(&kept, NULL, model, 1, people, 2, N, NULL, &o));
    assert_true(drawn.kappa.value == kept.kappa.value);
    assert_true(drawn.kappa.high - drawn.kappa.low > 1.5 * (kept.kappa.high - kept.kappa.low));
}

/* ---- decisions, distances */

static void shape_bias_counts_conflicts_alone(void **state)
{
    (void)state;
    const int32_t shape[] = {0, 0, 1, 1, 2, 2, 2}, texture[] = {1, 1, 0, 2, 1, 0, 2}, answer[] = {0, 1, 1, 1, 0, -1, 2};
    const int32_t never[] = {2, 2, 2, 0, 0, -1, 2};
    const jem_stats_options o = few();
    jem_score bias;
    check_ok(jem_stats_shape_bias(&bias, shape, texture, answer, 7, 3, &o));
    check_near(bias.value, 3. / 4, 1e-12, 1);
    check_fails(jem_stats_shape_bias(&bias, shape, texture, never, 7, 3, &o), JEM_EDATA, "none was answered with its shape");
}

static void two_afc_and_its_people_are_means(void **state)
{
    (void)state;
    const double d0[] = {1, 2, 3, 3}, d1[] = {2, 1, 3, 4}, judge[] = {0.2, 0.9, 0.5, 1};
    const jem_stats_options o = few();
    jem_score model, people;
    check_ok(jem_stats_two_afc(&model, d0, d1, judge, 4, &o));
    check_near(model.value, (0.8 + 0.9 + 0.5 + 0) / 4, 1e-12, 1);
    check_ok(jem_stats_two_afc_people(&people, judge, 4, &o));
    check_near(people.value, (0.04 + 0.64 + 0.81 + 0.01 + 0.5 + 1) / 4, 1e-12, 1);
    assert_true(people.low < people.value && people.value < people.high);
}

static void map_of_pairs_in_people_s_own_order_is_one(void **state)
{
    (void)state;
    const double distance[] = {4, 1, 3, 2}, same[] = {0, 1, 0, 1};
    const jem_stats_options o = few();
    jem_score map;
    check_ok(jem_stats_jnd_map(&map, distance, same, 4, &o));
    check_near(map.value, 1, 1e-12, 1);
}

/* ---- uncertainty */

static double logit(int i, int k) { return ((i * 7 + k * 3 + i * k) % 11) / 3.0; }
static int64_t count_of(int i, int k) { return 1 + (i * 5 + k * k) % 13; }
static double p(int i, int k, double sum) { return (double)count_of(i, k) / sum; }

static void fill(double *logits, int64_t *counts, int32_t *label)
{
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < K; k++) logits[i * K + k] = logit(i, k), counts[i * K + k] = count_of(i, k);
        label[i] = i % K;
    }
}

static void uncertainty_is_of_people_s_shares(void **state)
{
    (void)state;
    double logits[N * K], loss = 0, gap = 0, accuracy = 0;
    int64_t counts[N * K];
    int32_t label[N];
    const jem_stats_options o = few();
    jem_uncertainty u;

    fill(logits, counts, label);
    for (int i = 0; i < N; i++) {
        double z = 0, sum = 0;
        int best = 0;
        for (int k = 0; k < K; k++) {
            z += exp(logit(i, k));
            sum += (double)count_of(i, k);
            if (logit(i, k) > logit(i, best)) best = k;
        }
        accuracy += best == label[i];
        for (int k = 0; k < K; k++) {
            const double share = p(i, k, sum), logq = logit(i, k) - log(z);
            loss -= share * logq;
            gap += share * (log(share) - logq);
        }
    }
    check_ok(jem_stats_uncertainty(&u, logits, counts, label, N, K, &o));
    check_near(u.cross_entropy.value, loss / N, 1e-12, 1);
    check_near(u.kl.value, gap / N, 1e-12, 1);
    check_near(u.accuracy.value, accuracy / N, 1e-12, 1);
    assert_true(u.cross_entropy.low < u.cross_entropy.value && u.cross_entropy.value < u.cross_entropy.high);
    assert_true(fabs(u.entropy_pearson.value) <= 1 && fabs(u.entropy_spearman.value) <= 1);
}

static void halves_of_people_disagree_by_more_than_their_entropy(void **state)
{
    (void)state;
    double logits[N * K], entropy = 0;
    int64_t counts[N * K];
    int32_t label[N];
    const jem_stats_options o = few();
    jem_score half;
    fill(logits, counts, label);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int k = 0; k < K; k++) sum += (double)counts[i * K + k];
        for (int k = 0; k < K; k++) entropy -= p(i, k, sum) * log(p(i, k, sum)) / N;
    }
    check_ok(jem_stats_split_half(&half, counts, N, K, 1e-12, 20, &o));
    assert_true(half.value > entropy);
}

static void calibration_is_the_gap_of_the_bins(void **state)
{
    (void)state;
    /* two images at confidence 3/4, one right; ten bins: |1/2 - 3/4| */
    const double logits[] = {log(3), 0, log(3), 0};
    const int32_t label[] = {0, 1}, wrong[] = {0, 2};
    const jem_stats_options o = few();
    jem_score ece;
    check_ok(jem_stats_calibration(&ece, logits, label, 2, 2, 10, &o));
    check_near(ece.value, 0.25, 1e-12, 1);
    check_fails(jem_stats_calibration(&ece, logits, wrong, 2, 2, 10, &o), JEM_EDATA, "label[1] is 2");
}

static void area_counts_pairs(void **state)
{
    (void)state;
    const double in[] = {3, 1, 2, 2, -0.0}, out[] = {2, 0, 1.5, 0.0};
    const jem_stats_options o = few();
    double won = 0;
    jem_score area;
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 4; j++) won += in[i] > out[j] ? 1 : in[i] == out[j] ? 0.5 : 0;
    check_ok(jem_stats_auroc(&area, in, 5, out, 4, &o));
    check_near(area.value, won / 20, 1e-12, 1);
    assert_true(area.low < area.value && area.value < area.high);
}

/* ---- ratings */

static void ratings_correlate_with_the_mean_observer(void **state)
{
    (void)state;
    const double model[] = {1, 2, 3, 4, 5}, ratings[] = {1, 2, 2, 4, 5, 2, 2, 4, 4, 6};
    const double mean[] = {1.5, 2, 3, 4, 5.5};
    const jem_stats_options o = few();
    double xy = 0, xx = 0, yy = 0;
    jem_rating_ceiling ceiling;
    jem_score r;
    for (int i = 0; i < 5; i++) {
        xy += (model[i] - 3) * (mean[i] - 3.2);
        xx += (model[i] - 3) * (model[i] - 3);
        yy += (mean[i] - 3.2) * (mean[i] - 3.2);
    }
    check_ok(jem_stats_ratings(&r, &ceiling, model, ratings, 2, 5, &o));
    check_near(r.value, xy / sqrt(xx * yy), 1e-12, 1);
    assert_true(ceiling.others < ceiling.all && ceiling.all < 1);
}

/* ---- settings */

static void a_peak_is_found_and_its_ends_are_not_in_the_set(void **state)
{
    (void)state;
    const double score[] = {.50, .51, .70, .71, .69, .40, .42};
    const int64_t networks[] = {2, 3, 2};
    jem_stats_options o = few();
    bool set[3];
    double low[3];
    jem_sweetspot_scores s;
    o.rounds = 20000;
    check_ok(jem_stats_sweetspot(&s, set, low, score, networks, 3, &o));
    assert_int_equal(s.best, 1);
    assert_true(s.p < 0.01 && s.p_drop >= s.p);
    check_near(s.margin, .70 - .505, 1e-12, 1);
    assert_true(!set[0] && set[1] && !set[2]);
    assert_true(isnan(low[0]) && low[1] > 0 && low[1] == s.margin_low && isnan(low[2]));
}

static void holm_multiplies_the_smallest_by_their_number(void **state)
{
    (void)state;
    const double p[] = {.04, .01, NAN};
    double adjusted[3];
    check_ok(jem_stats_holm(adjusted, p, 3));
    check_near(adjusted[0], .04, 1e-12, 1);
    check_near(adjusted[1], .02, 1e-12, 1);
    assert_true(isnan(adjusted[2]));
}

/* ---- calls that cannot be */

static void options_of_an_older_caller_are_completed(void **state)
{
    (void)state;
    uint8_t a[] = {0, 1, 1, 0}, b[] = {0, 1, 0, 0};
    jem_stats_options o = few();
    jem_score k;
    o.size = offsetof(jem_stats_options, level);
    o.level = 7; /* what follows the older struct in memory */
    check_ok(jem_stats_consistency(&k, a, b, 4, &o));
    o.size = 0;
    check_fails(jem_stats_consistency(&k, a, b, 4, &o), JEM_EUSAGE, "JEM_STATS_INIT");
}

static void mistakes_name_the_place(void **state)
{
    (void)state;
    const uint8_t a[] = {0, 1, 2}, b[] = {0, 1, 1};
    const int64_t gap[] = {0, 2, 2, 3}, one[] = {1, 1, 1};
    const double score[] = {1, 2, NAN, 4};
    const jem_conditions conditions = {gap, 3};
    jem_stats_options o = few();
    jem_score k;
    jem_agreement g;
    jem_sweetspot_scores s;

    check_fails(jem_stats_consistency(&k, a, b, 3, &o), JEM_EDATA, "jem_stats_consistency: a[2] is 2");
    check_fails(jem_stats_consistency(&k, NULL, b, 3, &o), JEM_EUSAGE, "a is NULL");
    check_fails(jem_stats_consistency(&k, b, b, 0, &o), JEM_EUSAGE, "n = 0");
    o.level = 1;
    check_fails(jem_stats_consistency(&k, b, b, 3, &o), JEM_EUSAGE, "o->level = 1");
    o = few();
    check_fails(jem_stats_agreement(&g, NULL, b, 1, b, 1, 3, &conditions, &o), JEM_EUSAGE, "condition 1 has no image");
    check_fails(jem_stats_agreement(&g, &g, b, 1, b, 1, 3, NULL, &o), JEM_EUSAGE, "observers = 1; choose 2");
    check_fails(jem_stats_sweetspot(&s, NULL, NULL, score, one, 3, &o), JEM_EDATA, "score[2] is not finite");
    check_fails(jem_stats_sweetspot(&s, NULL, NULL, (const double[]){1, 2, 3}, one, 3, &o), JEM_EDATA, "noise of training is unknown");
}

/* ---- statistics of the host's own */

/* Right trials of two observers, and what went wrong if anything. */
typedef struct seen {
    const uint8_t *a, *b;
    int64_t calls, fails_at;
} seen;

static jem_status own_kappa(double *value, void *ctx, const int64_t *const *index, const int64_t *sizes)
{
    seen *w = ctx;
    double both = 0, a = 0, b = 0, n = (double)sizes[0];
    if (++w->calls == w->fails_at) return jem_error(JEM_EINTERRUPTED, "the host had enough");
    for (int64_t k = 0; k < sizes[0]; k++) {
        const int64_t i = index[0][k];
        both += w->a[i] == w->b[i];
        a += w->a[i];
        b += w->b[i];
    }
    const double chance = a / n * b / n + (1 - a / n) * (1 - b / n);
    value[0] = (both / n - chance) / (1 - chance);
    value[1] = a / n;
    return JEM_OK;
}

/* The same draws as those of jem_stats_consistency: the same numbers. */
static void a_statistic_of_the_hosts_has_the_interval_of_jems_own(void **state)
{
    (void)state;
    uint8_t a[N], b[N];
    jem_score kappa, own[2];
    jem_stats_options o = few();
    o.threads = 1; /* for the count */
    for (int i = 0; i < N; i++) a[i] = i % 3 != 0, b[i] = i % 4 != 0;
    seen w = {a, b, 0, -1};
    check_ok(jem_stats_consistency(&kappa, a, b, N, &o));
    check_ok(jem_stats_bootstrap(own, 2, own_kappa, &w, (int64_t[]){N}, 1, &o));
    assert_int_equal(w.calls, o.rounds + 1);
    check_near(own[0].value, kappa.value, 1e-12, 1);
    check_near(own[0].low, kappa.low, 1e-12, 1);
    check_near(own[0].high, kappa.high, 1e-12, 1);
    check_near(own[1].value, 2. / 3, 1e-12, 1);
    assert_true(own[1].low < own[1].value && own[1].value < own[1].high);
    w = (seen){a, b, 0, 7};
    check_fails(jem_stats_bootstrap(own, 2, own_kappa, &w, (int64_t[]){N}, 1, &o), JEM_EINTERRUPTED, "had enough");
    assert_int_equal(w.calls, 7);
    o.rounds = 0;
    check_ok(jem_stats_bootstrap(own, 2, own_kappa, &(seen){a, b, 0, -1}, (int64_t[]){N}, 1, &o));
    assert_true(isnan(own[0].low));
}

/* Two groups, each drawn by itself. */
static jem_status gap(double *value, void *ctx, const int64_t *const *index, const int64_t *sizes)
{
    const double *x = ctx;
    double mean[2] = {0, 0};
    for (int f = 0; f < 2; f++)
        for (int64_t k = 0; k < sizes[f]; k++) mean[f] += x[f * N + index[f][k]] / (double)sizes[f];
    value[0] = mean[1] - mean[0];
    return JEM_OK;
}

static void factors_are_drawn_each_by_itself(void **state)
{
    (void)state;
    double x[2 * N];
    jem_score difference, again;
    jem_stats_options o = few();
    for (int i = 0; i < N; i++) x[i] = sin(i), x[N + i] = sin(i) + 1; /* drawn together they would differ by 1 exactly */
    check_ok(jem_stats_bootstrap(&difference, 1, gap, x, (int64_t[]){N, N}, 2, &o));
    check_near(difference.value, 1, 1e-12, 1);
    assert_true(difference.low < 0.95 && difference.high > 1.05);
    o.threads = 1;
    check_ok(jem_stats_bootstrap(&again, 1, gap, x, (int64_t[]){N, N}, 2, &o));
    assert_memory_equal(&difference, &again, sizeof again);
    check_fails(jem_stats_bootstrap(&again, 1, gap, x, (int64_t[]){N, 0}, 2, &o), JEM_EUSAGE, "a factor's size = 0");
    check_fails(jem_stats_bootstrap(&again, 1, gap, x, (int64_t[]){N}, 0, &o), JEM_EUSAGE, "factors = 0");
    check_fails(jem_stats_bootstrap(&again, 1, NULL, x, (int64_t[]){N}, 1, &o), JEM_EUSAGE, "statistic is NULL");
}

/* ---- several groups against one */

static void groups_are_compared_with_a_control(void **state)
{
    (void)state;
    const double score[] = {1, 1.2, 0.9, 2, 2.1, 1.1, 1.0, 1.3};
    const int64_t counts[] = {3, 2, 3}, none[] = {3, 0, 5};
    jem_stats_options o = JEM_STATS_INIT;
    jem_contrast two[2], more[2];
    check_ok(jem_stats_dunnett(two, score, counts, 2, JEM_TWO_SIDED, NULL));
    check_ok(jem_stats_dunnett(more, score, counts, 2, JEM_GREATER, NULL));
    check_near(two[0].difference, 2.05 - 3.1 / 3, 1e-12, 1);
    assert_true(two[0].p < 0.01 && two[1].p > 0.5 && more[0].p < two[0].p);
    assert_true(two[0].low > 0 && two[1].low < 0 && two[1].high > 0 && more[0].high == INFINITY);
    o.level = 0.5;
    check_ok(jem_stats_dunnett(more, score, counts, 2, JEM_TWO_SIDED, &o));
    assert_true(more[0].low > two[0].low && more[0].p == two[0].p);
    check_fails(jem_stats_dunnett(two, score, none, 2, JEM_LESS, NULL), JEM_EUSAGE, "a group's count = 0");
    check_fails(jem_stats_dunnett(two, score, counts, 2, (jem_side)7, NULL), JEM_EUSAGE, "side = 7");
    check_fails(jem_stats_dunnett(two, (double[]){1, 1, 1, 2, 2, 3, 3, 3}, counts, 2, JEM_LESS, NULL), JEM_EDATA,
                "jem_stats_dunnett: no group varies");
    check_fails(jem_stats_dunnett(two, (double[]){1, 1, NAN, 2, 2, 3, 3, 3}, counts, 2, JEM_LESS, NULL), JEM_EDATA,
                "score[2] is not finite");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kappa_of_two_is_that_of_their_table),
        cmocka_unit_test(threads_change_no_bit_and_no_rounds_give_no_interval),
        cmocka_unit_test(agreement_is_that_of_the_plain_bootstrap),
        cmocka_unit_test(people_who_are_kept_are_not_drawn),
        cmocka_unit_test(shape_bias_counts_conflicts_alone),
        cmocka_unit_test(two_afc_and_its_people_are_means),
        cmocka_unit_test(map_of_pairs_in_people_s_own_order_is_one),
        cmocka_unit_test(uncertainty_is_of_people_s_shares),
        cmocka_unit_test(halves_of_people_disagree_by_more_than_their_entropy),
        cmocka_unit_test(calibration_is_the_gap_of_the_bins),
        cmocka_unit_test(area_counts_pairs),
        cmocka_unit_test(ratings_correlate_with_the_mean_observer),
        cmocka_unit_test(a_peak_is_found_and_its_ends_are_not_in_the_set),
        cmocka_unit_test(holm_multiplies_the_smallest_by_their_number),
        cmocka_unit_test(options_of_an_older_caller_are_completed),
        cmocka_unit_test(mistakes_name_the_place),
        cmocka_unit_test(a_statistic_of_the_hosts_has_the_interval_of_jems_own),
        cmocka_unit_test(factors_are_drawn_each_by_itself),
        cmocka_unit_test(groups_are_compared_with_a_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
