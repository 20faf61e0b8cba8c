/* What a set of pictures is for a Frechet Inception distance: mean and covariance of its features
 * (Heusel et al. 2017), exchanged as the npz files that clean-fid and pytorch-fid publish. */
#ifndef FID_FID_STATISTICS_H
#define FID_FID_STATISTICS_H

#include <stdbool.h>
#include <stdint.h>

#include "jem/status.h"

enum { FID_FEATURES = 2048 };

typedef struct fid_statistics {
    int64_t n;           /* pictures; 0: the file does not say */
    double *mean;        /* [FID_FEATURES] */
    double *covariance;  /* [FID_FEATURES][FID_FEATURES], denominator n-1 */
} fid_statistics;
#define FID_STATISTICS_INIT {0, NULL, NULL}

jem_status fid_statistics_init(fid_statistics *s); /* zeros.  JEM_ENOMEM */
void fid_statistics_clear(fid_statistics *s);      /* FID_STATISTICS_INIT is fine */

/* Does an npz file of this path hold such statistics (the key sigma)?  False also where it cannot be read. */
bool fid_statistics_are(const char *path);
/* The arrays mu and sigma, and n where jem wrote it.  JEM_EDATA naming file and array: missing, of
 * another length, not finite, no covariance. */
jem_status fid_statistics_read(fid_statistics *out, const char *path);
/* mu and sigma in double, and n. */
jem_status fid_statistics_write(const fid_statistics *s, const char *path);

/* *out <- the distance (stats_frechet). */
jem_status fid_distance(double *out, const fid_statistics *a, const fid_statistics *b);

/* Why the distance of sets of so many pictures says little, or NULL: from fewer than features the
 * covariance is singular, and its distance too large.  n 0: not known. */
const char *fid_bias(int64_t n);

#endif
