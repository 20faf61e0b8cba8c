/* Where along alpha a benchmark peaks, and how sure that is.
 *
 * A curve is one loss per alpha: the distance of a model's score from the human
 * reference (for several metrics the Euclidean distance, for a score with a lower
 * bound such as cross-entropy the score itself), averaged over seeds.  The sweet spot
 * is the alpha of the smallest loss, the smaller alpha where two are equal.
 * A NaN loss marks an alpha that cannot be scored (the untrained classifier of alpha = 1). */
#ifndef STATS_SWEET_SPOT_H
#define STATS_SWEET_SPOT_H

#include <stdint.h>

#include "jem/status.h"
#include "stats/summary.h"

/* loss [n] <- |metric - reference| per point; with several metrics (each a row of
 * [metrics][n]) the Euclidean distance. */
void stats_distance_to_human(double *loss, const double *metric, const double *reference,
                             int64_t metrics, int64_t n);

/* Index of the sweet spot of loss [n] over ascending alphas; -1 where all are NaN. */
int64_t stats_sweet_spot_index(const double *loss, int64_t n);

typedef struct stats_sweet_spot {
    int64_t best;            /* index of the sweet spot of the data */
    stats_interval interval; /* of alpha: alphas of the sweep, no values in between */
    double inside;           /* probability that some interior alpha beats both ends */
    double margin;           /* how much lower the best interior loss is than the better end's, */
    stats_interval margin_interval; /* with its interval; NaN without a scored end or interior */
    int64_t undefined;              /* rounds in which no alpha could be scored */
} stats_sweet_spot;

/* alpha [n] strictly ascending; loss [n] of the data; resampled [rounds][n] its bootstrap
 * distribution, in which one round must have used the same images, observers and seed
 * numbers for every alpha.  share [n] (may be NULL) <- share of rounds in which each
 * alpha is the sweet spot: it sums to 1.
 * The ends are the first and last alpha of the sweep; an end that cannot be scored counts
 * as beaten, equality does not.  interval: the (1 -+ level)/2 quantiles of the sweet spot by
 * the inverse of its distribution function.  JEM_EDATA for n < 1, alphas that do not
 * ascend, data or all rounds without a score. */
jem_status stats_sweet_spot_find(stats_sweet_spot *out, double *share, const double *alpha,
                                 const double *loss, const double *resampled, int64_t n,
                                 int64_t rounds, double level);

#endif
