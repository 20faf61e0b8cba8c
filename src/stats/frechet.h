/* Frechet distance between Gaussians fitted to two sets of features:
 * |mu1-mu2|^2 + tr S1 + tr S2 - 2 tr sqrt(S1 S2), the last term through the
 * symmetric A = S1^1/2 S2 S1^1/2, so the value is real and defined for singular
 * covariances too. */
#ifndef STATS_FRECHET_H
#define STATS_FRECHET_H

#include <stdint.h>

#include "jem/status.h"

/* mean [d], covariance [d][d] (denominator n-1) of x [n][d].  JEM_EDATA for n < 2
 * or values that are not finite. */
jem_status stats_covariance(double *mean, double *covariance, const double *x, int64_t n,
                            int64_t d);

/* *out <- distance of (mean1, covariance1) and (mean2, covariance2), [d] and [d][d]. */
jem_status stats_frechet(double *out, const double *mean1, const double *covariance1,
                         const double *mean2, const double *covariance2, int64_t d);

/* From features a [na][d] and b [nb][d]. */
jem_status stats_frechet_features(double *out, const double *a, int64_t na, const double *b,
                                  int64_t nb, int64_t d);

#endif
