/* Starts of chains that look a little like the data: one Gaussian per class, fitted to the
 * training images without augmentation (JEM++; SADA-JEM).
 *
 *   mu_y = mean of class y,  Sigma_y = mean of (x - mu_y)(x - mu_y)^T + 1e-4 I = R_y R_y^T
 *   start = clamp(mu_y + R_y z, -1, 1),  z standard normal
 *
 * Means, covariances and Cholesky factors are computed in double, a class on one thread, so
 * that threads change no bit, and kept in float32: the lower triangles of R. */
#ifndef TRAIN_CLASS_GAUSSIAN_H
#define TRAIN_CLASS_GAUSSIAN_H

#include "base/pool.h"
#include "data/dataset.h"
#include "sample/replay_buffer.h"

typedef struct class_gaussian {
    int64_t classes, size; /* size: elements of an image, d */
    float *mean;           /* [classes][d] */
    float *root;           /* [classes][d (d + 1) / 2]: columns of R from the diagonal down */
    float *z;              /* scratch of drawing, so that one thread draws at a time */
} class_gaussian;
#define CLASS_GAUSSIAN_INIT {0, 0, NULL, NULL, NULL}

/* JEM_EDATA if a class has no image; JEM_EUSAGE if images are too large for it. */
jem_status class_gaussian_fit(class_gaussian *g, const dataset *d, pool *p);
void class_gaussian_clear(class_gaussian *g); /* CLASS_GAUSSIAN_INIT is fine */

/* A file that keeps a fit (tensors mean [K,d] and root [K,d(d+1)/2], metadata jem.data_hash), so
 * that a resumed training need not repeat it.  Saved atomically, with the hash of the images d. */
jem_status class_gaussian_save(const class_gaussian *g, const dataset *d, const char *path);
/* The same bits again.  JEM_EDATA if the file is damaged or its fit is of other images than d. */
jem_status class_gaussian_load(class_gaussian *g, const dataset *d, const char *path);

/* Borrows g.  Where no class is asked for, each chain's is uniform. */
chain_start class_gaussian_start(const class_gaussian *g);

int64_t class_gaussian_bytes(int64_t classes, int64_t size); /* of a fitted one */
/* What fitting on so many threads takes beside it. */
int64_t class_gaussian_fit_bytes(int64_t size, int threads);

#endif
