/* Statistics against scipy and scikit-learn (golden_stats.h), against values
 * worked by hand, and on inputs they must refuse. */
#include "base/mem.h"
#include "golden_stats.h"
#include "stats/calibration.h"
#include "stats/classify.h"
#include "stats/frechet.h"
#include "stats/probe.h"
#include "stats/rank.h"
#include "stats/summary.h"
#include "support/check.h"

/* The data of scripts/golden_stats.py: element (i, j) of x [n][d]. */
static void wave(double *x, int n, int d, double a, double b, double c)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < d; j++) x[i * d + j] = sin(a * i + b * j + c * i * j);
}

static void fill_classified(double *logits, int32_t *labels)
{
    wave(logits, 40, 5, 1.3, 2.1, 0.7);
    for (int i = 0; i < 200; i++) logits[i] *= 3;
    for (int i = 0; i < 40; i++) labels[i] = i * 7 % 5;
}

static void classification_agrees_with_scikit_learn(void **state)
{
    (void)state;
    double logits[200];
    int32_t labels[40];
    reliability_bin bins[20];
    fill_classified(logits, labels);
    check_near(stats_accuracy(logits, labels, 40, 5), golden_accuracy, 1e-15, 1);
    check_near(stats_nll(logits, labels, 40, 5), golden_nll, 1e-12, 1);
    check_near(stats_ece_logits(bins, 20, logits, labels, 40, 5), golden_ece20, 1e-12, 1);
    check_near(stats_ece_logits(bins, 15, logits, labels, 40, 5), golden_ece15, 1e-12, 1);
}

static void nll_survives_large_logits_and_ties_go_to_the_lowest_index(void **state)
{
    (void)state;
    const double logits[] = {1e4, -1e4, 0, 5, 5, 5};
    const int32_t labels[] = {1, 0};
    check_near(stats_nll(logits, labels, 2, 3), (2e4 + log(3)) / 2, 1e-14, 1);
    assert_int_equal(stats_argmax(logits + 3, 3), 0);
    assert_true(isnan(stats_accuracy(logits, labels, 0, 3)));
    double p[6];
    stats_softmax(p, logits, 2, 3);
    check_near(p[0] + p[1] + p[2], 1, 1e-15, 1);
    check_near(p[4], 1.0 / 3, 1e-15, 1);
}

static void confusion_counts_class_by_answer(void **state)
{
    (void)state;
    const double logits[] = {1, 0, 0, 1, 1, 0};
    const int32_t labels[] = {0, 0, 1};
    int64_t counts[4];
    stats_confusion(counts, logits, labels, 3, 2);
    const int64_t expected[] = {1, 1, 1, 0};
    assert_memory_equal(counts, expected, sizeof expected);
}

static void calibration_bins_are_open_below_and_closed_above(void **state)
{
    (void)state;
    const double confidence[] = {0.5, 0.50001, 0.0, 1.0, 0.05, 0.1, 0.15};
    const bool correct[] = {true, false, false, true, true, true, false};
    reliability_bin bins[20];
    stats_reliability(bins, 20, confidence, correct, 7);
    assert_int_equal(bins[9].count, 1); /* 0.5 closes (0.45, 0.5] */
    assert_int_equal(bins[10].count, 1);
    assert_int_equal(bins[0].count, 2); /* 0 and 0.05 */
    assert_int_equal(bins[1].count, 1);
    assert_int_equal(bins[2].count, 1);
    assert_int_equal(bins[19].count, 1);
    assert_true(isnan(bins[5].accuracy));
    check_near(bins[9].confidence, 0.5, 1e-15, 1);
    /* every edge that a sum of decimals can miss by one rounding */
    for (int b = 1; b <= 20; b++) {
        double edge = (double)b / 20;
        bool right = true;
        stats_reliability(bins, 20, &edge, &right, 1);
        assert_int_equal(bins[b - 1].count, 1);
    }
    stats_reliability(bins, 20, confidence, correct, 0);
    assert_true(isnan(stats_ece(bins, 20)));
}

static void ranks_and_correlations_agree_with_scipy(void **state)
{
    (void)state;
    double inside[30], outside[25], value, ranks[10];
    wave(inside, 30, 1, 0.9, 0, 0);
    wave(outside, 25, 1, 1.9, 0, 0);
    for (int i = 0; i < 30; i++) inside[i] = nearbyint((inside[i] + 0.5) * 10) / 10;
    for (int i = 0; i < 25; i++) outside[i] = nearbyint(outside[i] * 10) / 10;
    check_ok(stats_auroc(&value, inside, 30, outside, 25));
    check_near(value, golden_auroc, 1e-14, 1);
    check_ok(stats_pearson(&value, inside, outside, 25));
    check_near(value, golden_pearson, 1e-13, 1);
    check_ok(stats_spearman(&value, inside, outside, 25));
    check_near(value, golden_spearman, 1e-13, 1);
    check_ok(stats_ranks(ranks, inside, 10));
    for (int i = 0; i < 10; i++) check_near(ranks[i], golden_ranks[i], 1e-15, 1);
}

static void spearman_gives_the_worked_values(void **state)
{
    (void)state;
    const double x[] = {1, 2, 2, 3, 5}, down[] = {4, 3, 3, 1, 0}, y[] = {0, 0, 1, 1, 0};
    double value;
    check_ok(stats_spearman(&value, x, down, 5));
    check_near(value, -1, 1e-14, 1);
    check_ok(stats_spearman(&value, x, y, 5));
    check_near(value, 0.1480872194, 1e-9, 1);
}

static void auroc_counts_ties_half_and_refuses_empty_sets(void **state)
{
    (void)state;
    const double a[] = {1, 2}, b[] = {1, 2}, c[] = {0, 0.5}, bad[] = {NAN};
    double value = 7;
    check_ok(stats_auroc(&value, a, 2, b, 2));
    check_near(value, 0.5, 1e-15, 1);
    check_ok(stats_auroc(&value, a, 2, c, 2));
    check_near(value, 1, 1e-15, 1);
    check_ok(stats_auroc(&value, c, 2, a, 2));
    check_near(value, 0, 1e-15, 1);
    value = 7;
    check_fails(stats_auroc(&value, a, 0, b, 2), JEM_EDATA, "both kinds");
    check_fails(stats_auroc(&value, a, 2, bad, 1), JEM_EDATA, "NaN");
    assert_true(value == 7);
    check_fails(stats_pearson(&value, b, (const double[]){3, 3}, 2), JEM_EDATA, "constant");
    check_fails(stats_pearson(&value, a, b, 1), JEM_EDATA, "undefined");
}

static void summaries_agree_with_numpy(void **state)
{
    (void)state;
    double x[17];
    wave(x, 17, 1, 0.7, 0, 0);
    check_near(stats_mean(x, 17), golden_mean, 1e-14, 1);
    check_near(stats_sd(x, 17), golden_sd, 1e-14, 1);
    check_near(stats_sem(x, 17), golden_sem, 1e-14, 1);
    stats_sort(x, 17);
    const double q[] = {0.025, 0.3, 0.975};
    for (int i = 0; i < 3; i++)
        check_near(stats_quantile(x, 17, q[i]), golden_quantiles[i], 1e-14, 1);
    stats_interval w = stats_wilson(37, 40, stats_z95);
    check_near(w.low, golden_wilson[0], 1e-12, 1);
    check_near(w.high, golden_wilson[1], 1e-12, 1);
    const double two[] = {1, 4};
    check_near(stats_sem(two, 2), 1.5, 1e-15, 1); /* |a-b|/2 */
    assert_true(isnan(stats_sem(two, 1)));
    assert_true(isnan(stats_mean(two, 0)));
}

static void bootstrap_repeats_with_its_seed_and_covers_the_mean(void **state)
{
    (void)state;
    double x[200], expected_sem;
    wave(x, 200, 1, 1.234, 0, 0);
    stats_interval a, b, c;
    check_ok(stats_bootstrap_mean(&a, x, 200, 5));
    check_ok(stats_bootstrap_mean(&b, x, 200, 5));
    check_ok(stats_bootstrap_mean(&c, x, 200, 6));
    assert_true(a.low == b.low && a.high == b.high);
    assert_true(a.low != c.low);
    expected_sem = stats_sem(x, 200);
    check_near(a.high - a.low, 2 * stats_z95 * expected_sem, 0.15, 0);
    assert_true(a.low < stats_mean(x, 200) && stats_mean(x, 200) < a.high);
    check_fails(stats_bootstrap_mean(&a, x, 0, 5), JEM_EDATA, "bootstrap");
}

static void histograms_lose_no_finite_value(void **state)
{
    (void)state;
    const double x[] = {0, 0.5, 1, 1.5, 2, -9, 1e300, -INFINITY, NAN};
    int64_t counts[4];
    stats_histogram(counts, 4, 0, 2, x, 9);
    const int64_t expected[] = {3, 1, 1, 3};
    assert_memory_equal(counts, expected, sizeof expected);
    stats_histogram(counts, 4, 1, 1, x, 9);
    assert_int_equal(counts[0] + counts[1] + counts[2] + counts[3], 8);
    double lo = INFINITY, hi = -INFINITY;
    stats_range_extend(&lo, &hi, x, 9);
    assert_true(lo == -9 && hi == 1e300);
}

static void frechet_gives_the_worked_values(void **state)
{
    (void)state;
    const double m1[] = {0, 0}, m2[] = {1, -1};
    const double a[] = {1, 0, 0, 4}, b[] = {9, 0, 0, 1};
    const double s1[] = {2, 1, 1, 2}, s2[] = {1, 0, 0, 3};
    double value;
    check_ok(stats_frechet(&value, m1, a, m2, b, 2));
    check_near(value, 7, 1e-13, 1);
    check_ok(stats_frechet(&value, m1, s1, m1, s2, 2));
    check_near(value, 8 - 2 * sqrt(14), 1e-13, 1);
    check_ok(stats_frechet(&value, m1, s2, m1, s1, 2));
    check_near(value, 8 - 2 * sqrt(14), 1e-13, 1);
    check_ok(stats_frechet(&value, m1, s1, m1, s1, 2));
    check_near(value, 0, 1e-13, 1);
}

static void frechet_of_features_agrees_with_numpy(void **state)
{
    (void)state;
    double a[360], b[300], value;
    const int na[] = {60, 5}, nb[] = {50, 4}, d[] = {6, 8};
    const double expected[] = {golden_frechet, golden_frechet_singular};
    for (int k = 0; k < 2; k++) {
        wave(a, na[k], d[k], 1.1, 0.4, 0.9);
        wave(b, nb[k], d[k], 0.6, 1.4, 0.3);
        for (int i = 0; i < nb[k] * d[k]; i++) b[i] = 1.5 * b[i] + 0.2;
        check_ok(stats_frechet_features(&value, a, na[k], b, nb[k], d[k]));
        /* square roots of eigenvalues that should be 0 leave 1e-8 each */
        check_near(value, expected[k], k ? 1e-6 : 1e-11, 1);
    }
    a[3] = NAN;
    check_fails(stats_frechet_features(&value, a, 60, b, 30, 6), JEM_EDATA, "not finite");
    check_fails(stats_frechet_features(&value, b, 1, b, 30, 6), JEM_EDATA, "at least 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classification_agrees_with_scikit_learn),
        cmocka_unit_test(nll_survives_large_logits_and_ties_go_to_the_lowest_index),
        cmocka_unit_test(confusion_counts_class_by_answer),
        cmocka_unit_test(calibration_bins_are_open_below_and_closed_above),
        cmocka_unit_test(ranks_and_correlations_agree_with_scipy),
        cmocka_unit_test(spearman_gives_the_worked_values),
        cmocka_unit_test(auroc_counts_ties_half_and_refuses_empty_sets),
        cmocka_unit_test(summaries_agree_with_numpy),
        cmocka_unit_test(bootstrap_repeats_with_its_seed_and_covers_the_mean),
        cmocka_unit_test(histograms_lose_no_finite_value),
        cmocka_unit_test(frechet_gives_the_worked_values),
        cmocka_unit_test(frechet_of_features_agrees_with_numpy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
