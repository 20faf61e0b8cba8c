/* Sets of images, and what a model says about them. */
#ifndef BENCH_PREDICT_H
#define BENCH_PREDICT_H

#include "bench/generative.h"

/* n images in network units, made on demand: whichever the maker chose. */
typedef struct image_source {
    /* x [count][c][h][w] <- images first .. first + count - 1. */
    jem_status (*fill)(const struct image_source *s, float *x, int64_t first, int64_t count);
    int64_t n;
    int64_t total;       /* images behind it, >= n: an even spread of them is taken */
    const dataset *d;    /* borrowed */
    const float *images; /* borrowed */
    shape image;
    uint64_t seed;
} image_source;

/* At most `limit` (0: all) images of a data set, evenly spread. */
image_source source_dataset(const dataset *d, int64_t limit);
/* Which row of the data set its image i is. */
int64_t source_row(const image_source *s, int64_t i);
/* The same of images [total][c][h][w] of this size. */
image_source source_array(const float *images, int64_t total, shape size, int64_t limit);
/* Uniform noise on [-1, 1]. */
image_source source_noise(shape size, int64_t n, uint64_t seed);
/* One colour per image, uniform on [-1, 1] in each channel. */
image_source source_constant(shape size, int64_t n, uint64_t seed);
/* Means of two different images of d each; none (n = 0) if it has fewer than two. */
image_source source_interpolated(const dataset *d, int64_t n, uint64_t seed);

/* Per image: logits [n][k], log-sum-exp, largest probability, and, if asked for,
 * |d LSE / dx|_2.  In double. */
typedef struct predictions {
    int64_t n, k;
    double *logits, *lse, *max_softmax;
    double *grad_norm; /* NULL unless gradients were wanted */
} predictions;
#define PREDICTIONS_INIT {0, 0, NULL, NULL, NULL, NULL}

/* Of all images of s, in batches and in evaluation mode. */
jem_status predict(predictions *out, const generative *g, const image_source *s, bool gradients);
void predictions_clear(predictions *p); /* PREDICTIONS_INIT is fine */

/* *features <- [n][*dim] of the layer that probes look at, or of the classifier of FD-own; owned. */
jem_status predict_features(double **features, int64_t *dim, const generative *g,
                            bool of_classifier, const image_source *s);

#endif
