/* A square root of a covariance matrix that was estimated. */
#ifndef STATS_COVARIANCE_ROOT_H
#define STATS_COVARIANCE_ROOT_H

#include <stdint.h>

#include "jem/status.h"

/* root [n][n] with root root' = a; a [n][n], symmetric, becomes what root root' is: differences of
 * estimates may leave negative eigenvalues, which are set to 0.  By Jacobi's rotations (Golub & Van
 * Loan 2013, 8.5): for some dozens of rows, no library needed.  JEM_ENOMEM */
jem_status stats_covariance_root(double *root, double *a, int64_t n);

#endif
