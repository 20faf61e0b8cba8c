/* Mean and covariance of rows that arrive in parts and are not kept. */
#ifndef STATS_MOMENTS_H
#define STATS_MOMENTS_H

#include <stdint.h>

#include "jem/status.h"

/* Sums of rows of d values and of their products, both after the first part's mean was taken off, which
 * keeps what is subtracted in the end small (Chan, Golub and LeVeque 1983). */
typedef struct moments {
    int64_t d, n;
    double *shift, *sum; /* [d] */
    double *products;    /* [d][d], upper triangle */
} moments;
#define MOMENTS_INIT {0, 0, NULL, NULL, NULL}

jem_status moments_init(moments *m, int64_t d);
void moments_clear(moments *m); /* MOMENTS_INIT is fine */
/* Adds x [n][d].  JEM_EDATA if a value is not finite: nothing is added then. */
jem_status moments_add(moments *m, const float *x, int64_t n);
/* mean [d], covariance [d][d] (denominator n-1).  JEM_EDATA for fewer than two rows. */
jem_status moments_get(const moments *m, double *mean, double *covariance);

#endif
