/* Means, spreads, intervals and histograms of plain arrays. */
#ifndef STATS_SUMMARY_H
#define STATS_SUMMARY_H

#include <stdint.h>

#include "jem/status.h"

typedef struct stats_interval {
    double low, high;
} stats_interval;

/* NaN for n = 0. */
double stats_mean(const double *x, int64_t n);
/* Standard deviation with denominator n - 1, in two passes so that large means do not cancel; NaN
 * for n < 2. */
double stats_sd(const double *x, int64_t n);
double stats_sd_population(const double *x, int64_t n); /* denominator n; NaN for n = 0 */
/* s / sqrt(n) with s as in stats_sd: NaN for n < 2, since error bars never come
 * from fewer than two values. */
double stats_sem(const double *x, int64_t n);

/* Linear-interpolation quantile q in [0,1] of x sorted ascending (numpy's default). */
double stats_quantile(const double *sorted, int64_t n, double q);
/* Sorts ascending in place; NaN must not occur. */
void stats_sort(double *x, int64_t n);

/* Wilson score interval of successes/n, at z standard errors (1.959964 = 95 %);
 * (0, 1) for n = 0. */
stats_interval stats_wilson(int64_t successes, int64_t n, double z);
extern const double stats_z95;

/* Statistic of a resample: x [n] is indexed by index [n]. */
typedef double (*stats_statistic)(const void *ctx, const int64_t *index, int64_t n);

/* Percentile bootstrap: `rounds` resamples of 0..n-1 with replacement drawn from
 * base/rng.h (purpose RNG_BOOTSTRAP, seed), quantiles (1-level)/2 and (1+level)/2. */
jem_status stats_bootstrap(stats_interval *out, stats_statistic statistic, const void *ctx,
                           int64_t n, int64_t rounds, double level, uint64_t seed);
/* The same for the mean of x [n]: 1000 rounds, 95 %. */
jem_status stats_bootstrap_mean(stats_interval *out, const double *x, int64_t n, uint64_t seed);

/* counts [bins] <- number of x in equal bins of [lo, hi]: values outside count in
 * the first and last bin so that nothing is lost, NaN is skipped.  hi >= lo. */
void stats_histogram(int64_t *counts, int64_t bins, double lo, double hi, const double *x,
                     int64_t n);
/* Widens [*lo, *hi] to hold every finite x; start from (INFINITY, -INFINITY). */
void stats_range_extend(double *lo, double *hi, const double *x, int64_t n);

#endif
