/* Bootstrap distributions and their intervals (Efron & Tibshirani 1993).
 *
 * What is drawn with replacement is a list of *factors*: the images of a
 * condition, the observers, the seeds of a study.  Each factor is drawn by itself,
 * the same draw of it serves everything that is computed in a round, so that
 * crossed designs (every observer and every model sees the same images) keep their
 * correlations, and models compared in one round are compared on equal images.
 *
 * Draw i of factor f in round r is a pure function of (seed, r, f, i): any number of
 * threads gives the same bits. */
#ifndef STATS_BOOTSTRAP_H
#define STATS_BOOTSTRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pool.h"
#include "jem/status.h"
#include "stats/summary.h"

enum { STATS_BOOTSTRAP_ROUNDS = 10000 }; /* what benchmarks use unless told otherwise */

/* index [n] <- n draws with replacement from 0..n-1; 1 <= n < 2^32, round < 2^32,
 * factor < 2^24. */
void stats_resample(int64_t *index, int64_t n, uint64_t seed, int64_t round, int64_t factor);

typedef struct stats_draw {
    const int64_t *sizes;        /* [factors] */
    const int64_t *const *index; /* [factors][sizes[f]] */
} stats_draw;

/* values [plan.values] <- the statistics of this draw; NaN where one is undefined
 * for it (no decision left, all values equal).  Called from several threads. */
typedef jem_status (*stats_resampled)(double *values, const void *ctx, const stats_draw *draw);

typedef struct stats_bootstrap_plan {
    int64_t factors;
    const int64_t *sizes; /* [factors], each in 1 .. 2^32-1 */
    const bool *kept;     /* [factors] stays as it is: its draw is 0, 1, 2, ...; NULL: none */
    int64_t values;       /* statistics per round */
    stats_resampled statistic;
    const void *ctx;
    int64_t rounds;
    uint64_t seed;
    pool *threads; /* NULL: the calling thread alone */
} stats_bootstrap_plan;

/* out [rounds][values].  JEM_EDATA for no factor, an empty factor, or no round. */
jem_status stats_bootstrap_distribution(double *out, const stats_bootstrap_plan *plan);

/* A stats_resampled for the mean of factor 0: ctx is const double x [sizes[0]]. */
jem_status stats_resampled_mean(double *value, const void *ctx, const stats_draw *draw);

/* Quantiles (1-level)/2 and (1+level)/2 (numpy's linear rule) of the rounds of one
 * statistic: distribution[r * stride].  Undefined rounds (NaN) are left out and
 * counted in *undefined (may be NULL); JEM_EDATA when none is defined. */
jem_status stats_percentile_interval(stats_interval *out, int64_t *undefined,
                                     const double *distribution, int64_t rounds, int64_t stride,
                                     double level);

/* Bias-corrected and accelerated interval (Efron 1987) of the same distribution.
 * estimate: the statistic of the data themselves; jackknife [n]: the statistic
 * with item i left out.  As scipy.stats.bootstrap(method="BCa").  JEM_EDATA where all
 * jackknife values are equal or the estimate lies outside the distribution: the
 * correction is then undefined. */
jem_status stats_bca_interval(stats_interval *out, const double *distribution, int64_t rounds,
                              int64_t stride, double estimate, const double *jackknife, int64_t n,
                              double level);

#endif
