/* Ranks, correlations and the area under the ROC curve. */
#ifndef STATS_RANK_H
#define STATS_RANK_H

#include <stdint.h>

#include "jem/status.h"

/* ranks [n] <- 1-based ranks of x [n]; ties share the mean of their ranks. */
jem_status stats_ranks(double *ranks, const double *x, int64_t n);

/* P(positive > negative) + P(equal)/2 by the rank statistic: `positive` are the
 * scores of in-distribution images, higher meaning more in-distribution.
 * JEM_EDATA if either set is empty or a score is NaN. */
jem_status stats_auroc(double *out, const double *positive, int64_t positives,
                       const double *negative, int64_t negatives);

/* Two-pass Pearson correlation of values of any size.  JEM_EDATA for n < 2, constant values
 * and values that are not finite. */
jem_status stats_pearson(double *out, const double *x, const double *y, int64_t n);

/* Pearson correlation of average ranks. */
jem_status stats_spearman(double *out, const double *x, const double *y, int64_t n);

#endif
