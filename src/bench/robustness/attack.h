/* Projected gradient descent on whatever classifies (Madry et al. 2018): within a ball around an image
 * and the box that pixels live in, uphill on the cross-entropy of its label.
 *
 *   start  uniform in the ball, then into the box
 *   step   x <- P(x + s sign g)  (L-inf)    x <- P(x + s g / |g|_2)  (L2)
 *   P      the nearest point that lies in ball and box
 *
 * Random numbers follow from seed, image and restart, so that neither the order of images nor which are
 * attacked together, nor the number of restarts changes one. */
#ifndef BENCH_ROBUSTNESS_ATTACK_H
#define BENCH_ROBUSTNESS_ATTACK_H

#include <stdint.h>

#include "jem/status.h"

typedef enum attack_norm { ATTACK_LINF, ATTACK_L2, ATTACK_NORMS } attack_norm;

typedef struct attack_ball {
    attack_norm norm;
    double radius;    /* units of the images, >= 0 */
    double low, high; /* the box */
} attack_ball;

/* Who is attacked.  `id` [n] names the images, whatever place they have among the n. */
typedef struct attack_victim {
    int64_t size; /* values of an image */
    /* answer [n] <- the class of each image of x [n][size]. */
    jem_status (*classify)(void *ctx, const float *x, const int64_t *id, int64_t n, int32_t *answer);
    /* grad [n][size] <- of the cross-entropy of labels y [n], up to a positive factor for each image.
     * pass: how many steps these images have been through, over all restarts. */
    jem_status (*gradient)(void *ctx, const float *x, const int64_t *id, const int32_t *y, int64_t n,
                           int64_t pass, float *grad);
    void *ctx;
} attack_victim;

typedef struct attack {
    attack_ball ball;
    int64_t steps, restarts;
    double step; /* length of one, units of the images */
    uint64_t seed;
} attack;

/* x [size] <- the nearest point of ball around `centre` (which lies in the box) and box; never outside
 * of either, also after rounding. */
void attack_project(float *x, const float *centre, int64_t size, const attack_ball *b);

/* Attacks images x [n][size] that are classified as their labels y [n] say.  answer [n] <- what they are
 * taken for in the end: y[i] where no restart has succeeded.  adversary [n][size], unless NULL <- the last
 * point of the restart that has, or of the last one.
 * JEM_EDIVERGED, naming the image, if a gradient is not finite. */
jem_status attack_run(int32_t *answer, float *adversary, const attack *a, const attack_victim *v,
                      const float *x, const int64_t *id, const int32_t *y, int64_t n);

#endif
