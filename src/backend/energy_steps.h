/* The steps of a training along alpha in a device's memory (device.h): what happens between two
 * plans.  Their arithmetic is that of energy/, their random numbers those of base/rng.h, bit for bit.
 *
 * All arrays named here lie in the device's memory.  Calls only enqueue and return.  Numbers that
 * change from one launch of a graph to the next come from an energy_numbers in device memory,
 * which the host overwrites before it launches.  Sums are in double and in an order that depends on
 * sizes alone. */
#ifndef BACKEND_ENERGY_STEPS_H
#define BACKEND_ENERGY_STEPS_H

#include <stdint.h>

#include "base/rng.h"
#include "energy/eq8.h"
#include "energy/optimizers.h"
#include "jem/status.h"

/* What one training step does not share with the one before. */
typedef struct energy_numbers {
    uint64_t seed, chain_seed;
    uint32_t iteration;
    float rate, root;   /* Adam's, of this step: energy/optimizers.h; SGD's rate */
    float rest;         /* not used: keeps the doubles in place on every compiler */
    int64_t first[2];   /* place of the labelled and the generative batch in the epoch's order */
    double energy_l2;
    rng_stream dropout; /* of the step's training passes: step_io.dropout_at */
} energy_numbers;

/* What a training step did: train/step_report.h in the device's memory. */
typedef struct energy_report {
    eq8_result loss;
    double lse_min, lse_max, movement, clipped;
    float a, b;        /* the update's direction: a * grad_g + b * grad_d, or a * the only one */
    int32_t fine;      /* everything is finite: the update was made */
    int32_t bad_image; /* first image whose chain met a gradient that is not finite, -1: none */
    int32_t bad_step;  /* in this step of its chain, from 0 */
    int32_t rest;
} energy_report;

/* x [n][c][h][w] <- a batch of training images: mirrored, cropped and noisy as
 * data/batch.c makes them.  One of pixels (levels), halves (IEEE) and values is not NULL. */
typedef struct energy_batch {
    float *x;
    int32_t *y;             /* [n]: labels; NULL: not wanted */
    const uint8_t *pixels;  /* [images][views][c][h][w] */
    const uint16_t *halves;
    const float *values;
    const int32_t *labels;  /* [images] */
    const int32_t *order;   /* [images]: the epoch's */
    const float *table;     /* [256]: value of a level */
    const energy_numbers *numbers;
    int64_t n, c, h, w;
    float noise_std;
    float empty;            /* what zero padding consists of */
    int32_t crop, flip;     /* bool; crop: pad 4 pixels */
    int32_t pad_zero;       /* bool; else they are reflected */
    int32_t augment, noise; /* rng_purpose */
    int32_t which;          /* of numbers->first */
    int32_t views, rest;    /* 2: the second is the mirrored picture's */
} energy_batch;

/* x, start [n][size] <- where chains begin: sample/replay_buffer.h.  Fresh starts are uniform on [-1, 1];
 * or entries of a bank (train/noise_bank.h); or, for `gaussian` to make them, standard normals in z. */
typedef struct energy_start {
    float *x, *start;
    const float *replay;    /* [entries][size] */
    const float *bank;      /* [banked][size]; NULL: none */
    float *z;               /* [n][size]; NULL: starts are no Gaussians' */
    int32_t *own_class;     /* [n]: with z, whose Gaussian it is */
    int32_t *index;         /* [n]: the entry */
    int32_t *fresh;         /* [n]: began anew */
    int32_t *chain_class;   /* [n]: drawn if classes > 0, else NULL */
    int32_t *bad;           /* [n]: set to 0; langevin's */
    const energy_numbers *numbers;
    int64_t n, size, entries, classes, banked;
    int64_t gaussians;      /* with z: classes that have one */
    double reinit_prob;
} energy_start;

/* x, start <- clamp(mean + R z, -1, 1) of fresh chains: train/class_gaussian.h. */
typedef struct energy_gaussian {
    float *x, *start;           /* [n][size] */
    const float *mean, *root;   /* [classes][size], [classes][size (size + 1) / 2] */
    const float *z;             /* as energy_start has left them */
    const int32_t *fresh, *own_class;
    int64_t n, size;
} energy_gaussian;

/* x <- clip(x + lambda g + sigma z), or clip(x + lambda clamp(g, -1, 1)) + sigma z: step t of a chain.
 * bad[i] <- t + 1 where image i's gradient is not finite for the first time. */
typedef struct energy_langevin {
    float *x;
    const float *g;
    const float *schedule;  /* [L][2]: lambda and sigma of each step */
    int32_t *bad;
    const energy_numbers *numbers;
    int64_t n, size, t;
    float clip_min, clip_max; /* infinite: no clipping */
    int32_t clamped, rest;    /* bool: the second form */
} energy_langevin;

/* lse and cotangent of each image's logits: energy/logits.h. */
typedef struct energy_cotangent {
    const float *logits;    /* [n][k] */
    float *cotangent;       /* [n][k] */
    float *lse;             /* [n] */
    const int32_t *y;       /* [n] or NULL */
    double *loss_terms;     /* [n] */
    int32_t *hit;           /* [n] */
    const energy_numbers *numbers;
    int64_t n, k;
    double batch, label_smoothing;
    int32_t kind, rest;     /* cotangent_kind */
} energy_cotangent;

/* sums of g^2, h^2 and g h into sums [3][ENERGY_SUMS]; h may be NULL. */
enum { ENERGY_SUMS = 256, ENERGY_SUM_PARTS = 256 };
typedef struct energy_norms {
    const float *g, *h;
    double *sums;           /* [3][ENERGY_SUMS] */
    double *parts;          /* scratch [3][ENERGY_SUMS * ENERGY_SUM_PARTS] */
    int64_t n;
} energy_norms;

/* |x - start|^2 and the count of values on a bound, per image, into moved [2][n]. */
enum { ENERGY_MOVED_PARTS = 32 };
typedef struct energy_moved {
    const float *x, *start;
    double *moved;          /* [2][n] */
    double *parts;          /* scratch [2][n][ENERGY_MOVED_PARTS] */
    int64_t n, size;
    float low, high;
} energy_moved;

/* Losses, norms, c and the verdict, from all of the above: energy/eq8.h. */
typedef struct energy_finish {
    energy_report *report;
    const energy_report *before; /* at the same images before `ascend`; NULL.  fine only if it was */
    eq8_terms terms;         /* its arrays in the device's memory; energy_l2 is that of numbers */
    const double *sums;      /* [3][ENERGY_SUMS]: of g = grad_d (or the only one), h = grad_g */
    const double *moved;     /* [2][generative]; NULL: no chains */
    const int32_t *bad;      /* [generative]; NULL: no chains */
    const double *running;   /* [ENERGY_SUMS]: squares of the new running statistics; NULL: there are none */
    const energy_numbers *numbers;
    int64_t size;
    double alpha;
    int32_t clips, plain_sum; /* bool: chains are clipped; the loss is a plain sum (no c) */
} energy_finish;

/* theta <- theta + e, where the report's direction leads uphill (train/sharpness.h); kept <- theta before.
 * As it is if the report is not fine. */
typedef struct energy_ascend {
    float *theta, *kept;        /* [n] */
    const float *g, *h;         /* [n]; h may be NULL */
    const energy_report *report;
    double *square;             /* [1]: |g|^2, or | |theta| g |^2 */
    double *sums, *parts;       /* scratch [ENERGY_SUMS], [ENERGY_SUMS * ENERGY_SUM_PARTS] */
    int64_t n;
    double rho;
    int32_t adaptive, rest;     /* bool */
} energy_ascend;

/* theta, m (Adam: and v) <- one step along the report's direction, and ema <- keep ema +
 * (1 - keep) theta, if the report is fine. */
typedef struct energy_update {
    float *theta, *m, *v, *ema; /* [n]; v NULL for SGD; ema NULL: none */
    const float *g, *h;         /* [n]; h may be NULL */
    const uint8_t *decays;      /* [n]: bool, has a weight decay; NULL: all have */
    const energy_report *report;
    const energy_numbers *numbers;
    int64_t n;
    adam_factors factors;       /* rate and root are those of numbers; of them SGD has rate and decay */
    float momentum, keep;       /* momentum: SGD's */
} energy_update;

/* Chains back into the buffer, if the report is fine; where an index occurs twice the last
 * one stays. */
typedef struct energy_store {
    float *replay;
    int32_t *age;
    const float *x;
    const int32_t *index, *fresh;
    const energy_report *report;
    int64_t n, size;
} energy_store;

/* dst <- kept dst + rest src: running statistics (model/running.h), which lie apart in the flat vectors and close
 * together in lists of their own.  With kept = 0 nothing is read of dst. */
typedef struct energy_mix {
    float *dst;
    const float *src;
    const int64_t *dst_at, *src_at; /* [n]: where element i lies; NULL: at i */
    const energy_report *report;    /* only if it is fine; NULL: in any case */
    int64_t n;
    float kept, rest;
} energy_mix;

/* The loss of a PixelVAE and its gradient to what the network says of each pixel: energy/logistic_mixture.h. */
typedef struct energy_mixture {
    const float *out;           /* [n][10 mixtures][h][w] */
    const float *x;             /* [n][3][h][w] */
    float *cotangent;           /* as out: of the sum over all pixels */
    double *loss;               /* [n]: nats a picture */
    double *pixel_loss, *line_loss; /* scratch [n][h][w], [n][h] */
    int64_t n, mixtures, h, w;
} energy_mixture;

/* The verdict about it: the report's loss_g is the mean of the losses, g_g the norm of the gradient. */
typedef struct energy_likelihood {
    energy_report *report;
    const energy_report *before; /* as in energy_finish */
    const double *loss;          /* [n] */
    const double *sums;          /* [ENERGY_SUMS]: of the gradient's squares */
    int64_t n;
} energy_likelihood;

/* dst <- dst + src */
typedef struct energy_add {
    float *dst;
    const float *src;
    int64_t n;
} energy_add;

typedef struct energy_steps {
    jem_status (*batch)(const energy_batch *a);
    jem_status (*start)(const energy_start *a);
    jem_status (*gaussian)(const energy_gaussian *a);
    jem_status (*langevin)(const energy_langevin *a);
    jem_status (*cotangent)(const energy_cotangent *a);
    jem_status (*norms)(const energy_norms *a);
    jem_status (*moved)(const energy_moved *a);
    jem_status (*finish)(const energy_finish *a);
    jem_status (*ascend)(const energy_ascend *a);
    jem_status (*adam)(const energy_update *a);
    jem_status (*sgd)(const energy_update *a);
    jem_status (*store)(const energy_store *a);
    jem_status (*mix)(const energy_mix *a);
    jem_status (*add)(const energy_add *a);
    jem_status (*mixture)(const energy_mixture *a);
    jem_status (*likelihood)(const energy_likelihood *a);
} energy_steps;

#endif
