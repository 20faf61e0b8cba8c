/* Bootstrap: the draws, any number of threads, percentile and BCa intervals. */
#include "golden_bootstrap.h"
#include "support/check.h"

#include "base/rng.h"
#include "stats/bootstrap.h"

static void draws_are_those_of_the_generator_one_by_one(void **state)
{
    (void)state;
    int64_t index[11];
    const rng_stream s = {.seed = 9, .purpose = RNG_BOOTSTRAP, .step = 4, .sub = 2};
    stats_resample(index, 11, 9, 4, 2);
    for (uint32_t i = 0; i < 11; i++) assert_int_equal(index[i], rng_below(&s, 0, i, 11));
    stats_resample(index, 1, 9, 4, 2);
    assert_int_equal(index[0], 0);
}

/* Two factors: does each stay as it is? */
static jem_status in_place(double *values, const void *ctx, const stats_draw *draw)
{
    (void)ctx;
    for (int64_t f = 0; f < 2; f++) {
        values[f] = 1;
        for (int64_t i = 0; i < draw->sizes[f]; i++)
            if (draw->index[f][i] != i) values[f] = 0;
    }
    values[2] = (double)draw->index[1][0];
    return JEM_OK;
}

static void a_factor_that_is_kept_changes_no_draw_of_the_other(void **state)
{
    (void)state;
    enum { ROUNDS = 40 };
    double all[3 * ROUNDS], part[3 * ROUNDS];
    const int64_t sizes[] = {9, 17};
    const bool kept[] = {true, false};
    stats_bootstrap_plan plan = {.factors = 2, .sizes = sizes, .values = 3, .statistic = in_place,
                                 .rounds = ROUNDS, .seed = 5};
    check_ok(stats_bootstrap_distribution(all, &plan));
    plan.kept = kept;
    check_ok(stats_bootstrap_distribution(part, &plan));
    for (int r = 0; r < ROUNDS; r++) {
        assert_true(all[3 * r] == 0 && all[3 * r + 1] == 0);
        assert_true(part[3 * r] == 1 && part[3 * r + 1] == 0);
        assert_true(part[3 * r + 2] == all[3 * r + 2]);
    }
}

/* Two factors: the mean of one and how often the other drew its first item. */
static jem_status two_statistics(double *values, const void *ctx, const stats_draw *draw)
{
    jem_status st = stats_resampled_mean(values, ctx, draw);
    values[1] = 0;
    for (int64_t i = 0; i < draw->sizes[1]; i++) values[1] += draw->index[1][i] == 0;
    if (values[1] == 0) values[1] = NAN;
    return st;
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    enum { ROUNDS = 100 };
    double x[37], alone[2 * ROUNDS], together[2 * ROUNDS];
    const int64_t sizes[] = {37, 3};
    for (int i = 0; i < 37; i++) x[i] = sin(i);
    stats_bootstrap_plan plan = {.factors = 2,
                                 .sizes = sizes,
                                 .values = 2,
                                 .statistic = two_statistics,
                                 .ctx = x,
                                 .rounds = ROUNDS,
                                 .seed = 3};
    check_ok(stats_bootstrap_distribution(alone, &plan));
    for (int threads = 1; threads <= 4; threads += 3) {
        check_ok(pool_new(&plan.threads, threads));
        check_ok(stats_bootstrap_distribution(together, &plan));
        pool_free(plan.threads);
        assert_memory_equal(alone, together, sizeof alone);
    }
    int64_t undefined;
    stats_interval interval;
    check_ok(stats_percentile_interval(&interval, &undefined, alone + 1, ROUNDS, 2, 0.9));
    /* the first of three is never drawn in (2/3)^3 = 30 % of the rounds */
    assert_true(undefined > 15 && undefined < 45);
    assert_true(interval.low == 1 && interval.high >= 2);
}

static void intervals_of_a_mean_agree_with_scipy_on_the_same_resamples(void **state)
{
    (void)state;
    enum { N = 30, ROUNDS = 2000 };
    double x[N], jackknife[N], distribution[ROUNDS], sum = 0;
    const int64_t size = N;
    for (int i = 0; i < N; i++) sum += x[i] = exp(sin(1.7 * i));
    for (int i = 0; i < N; i++) jackknife[i] = (sum - x[i]) / (N - 1);
    const stats_bootstrap_plan plan = {.factors = 1,
                                       .sizes = &size,
                                       .values = 1,
                                       .statistic = stats_resampled_mean,
                                       .ctx = x,
                                       .rounds = ROUNDS,
                                       .seed = 11};
    stats_interval percentile, bca;
    check_ok(stats_bootstrap_distribution(distribution, &plan));
    /* the rounds themselves, computed by an independent Philox */
    check_near(distribution[0], golden_first_round, 1e-14, 1);
    check_ok(stats_percentile_interval(&percentile, NULL, distribution, ROUNDS, 1, 0.95));
    check_ok(stats_bca_interval(&bca, distribution, ROUNDS, 1, sum / N, jackknife, N, 0.95));
    check_near(percentile.low, golden_percentile[0], 1e-12, 1);
    check_near(percentile.high, golden_percentile[1], 1e-12, 1);
    check_near(bca.low, golden_bca[0], 1e-12, 1);
    check_near(bca.high, golden_bca[1], 1e-12, 1);
    stats_interval old;
    check_ok(stats_bootstrap_mean(&old, x, N, 11)); /* the first 1000 of the same rounds */
    check_ok(stats_percentile_interval(&percentile, NULL, distribution, 1000, 1, 0.95));
    check_near(old.low, percentile.low, 1e-14, 1);
    check_near(old.high, percentile.high, 1e-14, 1);
}

static void resamples_equal_to_the_estimate_count_half(void **state)
{
    (void)state;
    enum { N = 8, ROUNDS = 500 };
    const double x[N] = {1, 2, 2, 3, 8, 0, 4, 4};
    double jackknife[N], distribution[ROUNDS];
    const int64_t size = N;
    for (int i = 0; i < N; i++) jackknife[i] = (24 - x[i]) / (N - 1);
    const stats_bootstrap_plan plan = {.factors = 1,
                                       .sizes = &size,
                                       .values = 1,
                                       .statistic = stats_resampled_mean,
                                       .ctx = x,
                                       .rounds = ROUNDS,
                                       .seed = 11};
    stats_interval percentile, bca;
    check_ok(stats_bootstrap_distribution(distribution, &plan));
    check_ok(stats_percentile_interval(&percentile, NULL, distribution, ROUNDS, 1, 0.95));
    check_ok(stats_bca_interval(&bca, distribution, ROUNDS, 1, 3, jackknife, N, 0.95));
    check_near(percentile.low, golden_percentile_ties[0], 1e-12, 1);
    check_near(percentile.high, golden_percentile_ties[1], 1e-12, 1);
    check_near(bca.low, golden_bca_ties[0], 1e-12, 1);
    check_near(bca.high, golden_bca_ties[1], 1e-12, 1);
}

static jem_status failing(double *values, const void *ctx, const stats_draw *draw)
{
    (void)values;
    (void)ctx;
    (void)draw;
    return jem_error(JEM_ENOMEM, "no memory for a round");
}

static void undefined_bootstraps_are_refused(void **state)
{
    (void)state;
    const int64_t sizes[] = {4, 0}, large[] = {(int64_t)1 << 40};
    const double x[] = {1, 1, 1, 1}, nan[] = {NAN, NAN}, moved[] = {1, 2, 3, 4};
    double out[10];
    stats_interval interval;
    stats_bootstrap_plan plan = {.factors = 2,
                                 .sizes = sizes,
                                 .values = 1,
                                 .statistic = stats_resampled_mean,
                                 .ctx = x,
                                 .rounds = 10};
    check_fails(stats_bootstrap_distribution(out, &plan), JEM_EDATA, "of 0 values");
    plan.factors = 0;
    check_fails(stats_bootstrap_distribution(out, &plan), JEM_EDATA, "0 factors");
    plan.factors = 1;
    plan.sizes = large;
    check_fails(stats_bootstrap_distribution(out, &plan), JEM_EDATA, "values");
    plan.sizes = sizes;
    plan.rounds = 0;
    check_fails(stats_bootstrap_distribution(out, &plan), JEM_EDATA, "0 rounds");
    plan.rounds = 10;
    check_ok(stats_bootstrap_distribution(out, &plan));
    check_fails(stats_bca_interval(&interval, out, 10, 1, 1, x, 4, .95), JEM_EDATA,
                "never changes");
    check_fails(stats_bca_interval(&interval, moved, 4, 1, 9, moved, 4, .95), JEM_EDATA, "outside");
    check_fails(stats_percentile_interval(&interval, NULL, nan, 2, 1, .95), JEM_EDATA,
                "undefined in all 2");
    plan.statistic = failing;
    check_fails(stats_bootstrap_distribution(out, &plan), JEM_ENOMEM, "no memory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_those_of_the_generator_one_by_one),
        cmocka_unit_test(a_factor_that_is_kept_changes_no_draw_of_the_other),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(intervals_of_a_mean_agree_with_scipy_on_the_same_resamples),
        cmocka_unit_test(resamples_equal_to_the_estimate_count_half),
        cmocka_unit_test(undefined_bootstraps_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
