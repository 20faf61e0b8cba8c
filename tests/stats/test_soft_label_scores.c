/* Scores of resamples against the same scores of the images written out. */
#include "published.h"

#include "stats/rank.h"
#include "stats/soft_label.h"
#include "stats/soft_label_scores.h"
#include "stats/summary.h"

enum { N = 40, K = 3 };

/* People with many ties (few of them), a model with some. */
static void make(double *p, double *logq, int32_t *label)
{
    for (int i = 0; i < N; i++) {
        double logits[K] = {(i * 7) % 5, (i * 3) % 4 - 1, (i % 6) * 0.5};
        int a = i % 4, b = (i * 5) % 3;
        p[i * K] = (4 - a) / 6.0;
        p[i * K + 1] = b / 6.0;
        p[i * K + 2] = (2 + a - b) / 6.0;
        check_ok(stats_log_softmax(logq + i * K, logits, 1, K));
        label[i] = (i * i) % K;
    }
}

static void a_draw_has_the_scores_of_the_images_it_drew(void **state)
{
    (void)state;
    double p[N * K], logq[N * K], pd[N * K], logqd[N * K], qd[N * K], hp[N], hq[N], row[N];
    double values[SOFT_METRICS + SOFT_CLASS_METRICS * K], r, rho;
    int32_t label[N], drawn_label[N];
    int64_t index[N];
    const int64_t size = N, *indices[] = {index};
    stats_soft_scores s;
    assert_true(stats_soft_values(K) == SOFT_METRICS + SOFT_CLASS_METRICS * K);
    make(p, logq, label);
    check_ok(stats_soft_scores_init(&s, p, logq, label, N, K));
    for (int64_t round = -1; round < 50; round++) { /* -1: the data themselves */
        for (int64_t i = 0; i < N; i++) index[i] = i;
        if (round >= 0) stats_resample(index, N, 3, round, 0);
        check_ok(
            stats_soft_scores_draw(values, &s, round < 0 ? NULL : &(stats_draw){&size, indices}));
        for (int64_t i = 0; i < N; i++) {
            drawn_label[i] = label[index[i]];
            for (int k = 0; k < K; k++) {
                pd[i * K + k] = p[index[i] * K + k];
                logqd[i * K + k] = logq[index[i] * K + k];
                qd[i * K + k] = exp(logqd[i * K + k]);
            }
        }
        check_ok(stats_entropy(hp, pd, N, K));
        check_ok(stats_entropy(hq, qd, N, K));
        check_ok(stats_entropy_correlation(&r, &rho, hp, hq, N));
        check_near(values[SOFT_ENTROPY_PEARSON], r, 1e-12, 1);
        check_near(values[SOFT_ENTROPY_SPEARMAN], rho, 1e-12, 1);
        check_ok(stats_pearson(&r, pd, qd, N * K));
        check_near(values[SOFT_CELL_PEARSON], r, 1e-12, 1);
        check_near(values[SOFT_ECE], stats_ece_floor(qd, drawn_label, N, K, 15), 1e-12, 1);
        stats_cross_entropy(row, pd, logqd, N, K);
        check_near(values[SOFT_CROSS_ENTROPY], stats_mean(row, N), 1e-12, 1);
        double in_class = 0, count = 0;
        for (int i = 0; i < N; i++)
            if (drawn_label[i] == 1) {
                in_class += row[i];
                count++;
            }
        check_near(values[SOFT_METRICS + SOFT_CLASS_METRICS + SOFT_CLASS_CROSS_ENTROPY],
                   in_class / count, 1e-12, 1);
        check_near(values[SOFT_KL], stats_mean(row, N) - stats_mean(hp, N), 1e-12, 1);
        stats_js_divergence(row, pd, qd, N, K);
        check_near(values[SOFT_JS], stats_mean(row, N), 1e-12, 1);
    }
    stats_soft_scores_clear(&s);
}

static void what_nobody_drew_or_what_does_not_vary_is_undefined(void **state)
{
    (void)state;
    const double p[] = {.5, .5, 1, 0}, logq[] = {log(.5), log(.5), log(.5), log(.5)};
    const int32_t label[] = {0, 1}, bad[] = {0, 2};
    const int64_t index[] = {0, 0}, size = 2, *indices[] = {index};
    double values[SOFT_METRICS + SOFT_CLASS_METRICS * 2];
    stats_soft_scores s;
    check_ok(stats_soft_scores_init(&s, p, logq, label, 2, 2));
    check_ok(stats_soft_scores_draw(values, &s, &(stats_draw){&size, indices}));
    assert_true(isnan(values[SOFT_ENTROPY_PEARSON]) && isnan(values[SOFT_ENTROPY_SPEARMAN]));
    assert_true(isnan(values[SOFT_CELL_PEARSON]));
    assert_true(isnan(values[SOFT_METRICS + SOFT_CLASS_METRICS + SOFT_CLASS_KL]));
    check_near(values[SOFT_CROSS_ENTROPY], log(2), 1e-15, 1);
    stats_soft_scores_clear(&s);
    check_fails(stats_soft_scores_init(&s, p, logq, bad, 2, 2), JEM_EDATA, "image 1: label 2");
}

static void a_certain_error_costs_infinitely_only_in_rounds_that_drew_it(void **state)
{
    (void)state;
    const double p[] = {.5, .5, 1, 0}, logq[] = {0, -INFINITY, 0, -INFINITY};
    const int32_t label[] = {0, 0};
    const int64_t size = 2, without[] = {1, 1}, *indices[] = {without};
    double values[SOFT_METRICS + SOFT_CLASS_METRICS * 2];
    stats_soft_scores s;
    check_ok(stats_soft_scores_init(&s, p, logq, label, 2, 2));
    check_ok(stats_soft_scores_draw(values, &s, NULL));
    assert_true(isinf(values[SOFT_CROSS_ENTROPY]));
    check_ok(stats_soft_scores_draw(values, &s, &(stats_draw){&size, indices}));
    assert_true(values[SOFT_CROSS_ENTROPY] == 0);
    stats_soft_scores_clear(&s);
}

static void each_half_is_scaled_by_the_temperature_of_the_other(void **state)
{
    (void)state;
    double p[N * K], logq[N * K], scaled[N * K], logits[N * K], fit_p[N * K], t[2], expected;
    int32_t label[N], half[N];
    make(p, logq, label);
    check_ok(stats_soft_temperature(scaled, t, half, logq, p, 9, N, K));
    for (int h = 0; h < 2; h++) {
        int64_t m = 0;
        for (int i = 0; i < N; i++) {
            if (half[i] == h) continue;
            memcpy(logits + m * K, logq + i * K, K * sizeof *logq);
            memcpy(fit_p + m++ * K, p + i * K, K * sizeof *p);
        }
        assert_true(m == N / 2);
        check_ok(stats_fit_temperature(&expected, logits, fit_p, m, K));
        check_near(t[h], expected, 1e-12, 1);
    }
    for (int i = 0; i < N; i++)
        check_near(scaled[i * K] - scaled[i * K + 1], (logq[i * K] - logq[i * K + 1]) / t[half[i]],
                   1e-9, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draw_has_the_scores_of_the_images_it_drew),
        cmocka_unit_test(what_nobody_drew_or_what_does_not_vary_is_undefined),
        cmocka_unit_test(a_certain_error_costs_infinitely_only_in_rounds_that_drew_it),
        cmocka_unit_test(each_half_is_scaled_by_the_temperature_of_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
