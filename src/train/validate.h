/* How good a model is while it trains: what chooses the epoch that is kept. */
#ifndef TRAIN_VALIDATE_H
#define TRAIN_VALIDATE_H

#include "data/dataset.h"
#include "model/model.h"
#include "sample/replay_buffer.h"

enum {
    VALIDATE_BATCH = 256,    /* images evaluated at a time */
    REFERENCE_IMAGES = 10000 /* training images that samples are compared with */
};

/* Share of argmax == label (first maximum) and mean -log p(label), without input
 * noise; NaN for an empty set. */
typedef struct validation {
    double accuracy, nll;
} validation;
/* Of all images of d.  JEM_EINTERRUPTED if the model was stopped. */
jem_status validate(validation *out, model *m, const dataset *d);

/* Frechet distance between images after average pooling to 8x8 per channel:
 * a weight-free check of samples (FD-pix), comparable between epochs of one run only. */
typedef struct pixel_distance {
    int64_t dim;
    double *mean, *covariance; /* of the reference images */
} pixel_distance;
#define PIXEL_DISTANCE_INIT {0, NULL, NULL}

/* Reference: the first `limit` images of d (all of them if there are fewer). */
jem_status pixel_distance_init(pixel_distance *p, const dataset *d, int64_t limit);
void pixel_distance_clear(pixel_distance *p); /* PIXEL_DISTANCE_INIT is fine */
/* *out <- distance of the images x [n][c][h][w] from the reference. */
jem_status pixel_distance_measure(double *out, const pixel_distance *p, const float *x,
                                  int64_t n, shape image);

#endif
