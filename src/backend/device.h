/* What a machine with memory of its own offers beyond a backend's steps: memory, programs of
 * steps that are played without the host, and the steps of a training that would otherwise
 * happen in the host's memory between two plans.
 *
 * All arrays named here lie in the device's memory.  Calls only put work in line and return;
 * what they compute is there after `wait`, or for whatever comes later in line.  They are
 * made by one thread.  Numbers that change from one playing of a program to the next come
 * from a device_numbers in device memory, which the host overwrites before it plays.
 *
 * Random numbers are those of base/rng.h, bit for bit.  Sums are in double and in an order
 * that depends on sizes alone. */
#ifndef BACKEND_DEVICE_H
#define BACKEND_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "jem/status.h"

/* What one training step does not share with the one before. */
typedef struct device_numbers {
    uint64_t seed, chain_seed;
    uint32_t iteration;
    float rate, root;   /* Adam's bias corrections: lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t) */
    float rest;         /* not used: keeps the doubles in place on every compiler */
    int64_t first[2];   /* place of the labelled and the generative batch in the epoch's order */
    double energy_l2;
} device_numbers;

/* What a training step did: step_report.h in the device's memory. */
typedef struct device_report {
    double loss_d, loss_g, g_d, g_g, c, cosine, lse_pos, lse_neg, accuracy;
    double lse_min, lse_max, movement, clipped;
    float a, b;        /* the update's direction: a * grad_g + b * grad_d, or a * the only one */
    int32_t fine;      /* everything is finite: the update was made */
    int32_t bad_image; /* first image whose chain met a gradient that is not finite, -1: none */
    int32_t bad_step;  /* in this step of its chain, from 0 */
    int32_t rest;
} device_report;

/* x [n][c][h][w] <- a batch of training images: mirrored, cropped and noisy as
 * data/batch.c makes them.  One of pixels (levels) and values is NULL. */
typedef struct device_batch {
    float *x;
    int32_t *y;             /* [n]: labels; NULL: not wanted */
    const uint8_t *pixels;  /* [images][c][h][w] */
    const float *values;
    const int32_t *labels;  /* [images] */
    const int32_t *order;   /* [images]: the epoch's */
    const float *table;     /* [256]: value of a level */
    const device_numbers *numbers;
    int64_t n, c, h, w;
    float noise_std;
    int32_t crop, flip;     /* bool; crop: reflect 4 pixels */
    int32_t augment, noise; /* rng_purpose */
    int32_t which, rest;    /* of numbers->first */
} device_batch;

/* x, start [n][size] <- where chains begin: sample/replay_buffer.h. */
typedef struct device_start {
    float *x, *start;
    const float *replay;    /* [entries][size] */
    int32_t *index;         /* [n]: the entry */
    int32_t *fresh;         /* [n]: began anew */
    int32_t *chain_class;   /* [n]: drawn if classes > 0, else NULL */
    int32_t *bad;           /* [n]: set to 0; langevin's */
    const device_numbers *numbers;
    int64_t n, size, entries, classes;
    double reinit_prob;
} device_start;

/* x <- clip(x + lambda g + sigma z): step t of a chain.  bad[i] <- t + 1 where image i's
 * gradient is not finite for the first time. */
typedef struct device_langevin {
    float *x;
    const float *g;
    const float *schedule;  /* [L][2]: lambda and sigma of each step */
    int32_t *bad;
    const device_numbers *numbers;
    int64_t n, size, t;
    float clip_min, clip_max; /* infinite: no clipping */
} device_langevin;

/* What the gradient of the logits is asked for. */
typedef enum device_loss {
    DEVICE_LSE,      /* d LSE / d logits: the softmax */
    DEVICE_CLASS,    /* the logit of y */
    DEVICE_LABELLED, /* (softmax - target) / batch; loss_terms and hit too */
    DEVICE_POSITIVE, /* (-1 + 2 energy_l2 lse) softmax / batch */
    DEVICE_NEGATIVE  /* (+1 + 2 energy_l2 lse) softmax / batch */
} device_loss;
typedef struct device_cotangent {
    const float *logits;    /* [n][k] */
    float *cotangent;       /* [n][k] */
    float *lse;             /* [n] */
    const int32_t *y;       /* [n] or NULL */
    double *loss_terms;     /* [n] */
    int32_t *hit;           /* [n] */
    const device_numbers *numbers;
    int64_t n, k;
    double batch, label_smoothing;
    int32_t loss, rest;     /* device_loss */
} device_cotangent;

/* sums of g^2, h^2 and g h into sums [3][DEVICE_SUMS]; h may be NULL. */
enum { DEVICE_SUMS = 256, DEVICE_SUM_PARTS = 256 };
typedef struct device_norms {
    const float *g, *h;
    double *sums;           /* [3][DEVICE_SUMS] */
    double *parts;          /* scratch [3][DEVICE_SUMS * DEVICE_SUM_PARTS] */
    int64_t n;
} device_norms;

/* |x - start|^2 and the count of values on a bound, per image, into moved [2][n]. */
enum { DEVICE_MOVED_PARTS = 32 };
typedef struct device_moved {
    const float *x, *start;
    double *moved;          /* [2][n] */
    double *parts;          /* scratch [2][n][DEVICE_MOVED_PARTS] */
    int64_t n, size;
    float low, high;
} device_moved;

/* Losses, norms, c and the verdict, from all of the above. */
typedef struct device_finish {
    device_report *report;
    const float *lse;        /* [rows] */
    const double *loss_terms; /* [batch] */
    const int32_t *hit;      /* [batch] */
    const double *sums;      /* [3][DEVICE_SUMS]: of g = grad_d (or the only one), h = grad_g */
    const double *moved;     /* [2][generative]; NULL: no chains */
    const int32_t *bad;      /* [generative]; NULL: no chains */
    const device_numbers *numbers;
    int64_t batch, generative, rows, size; /* labelled images; x+, and as many x- */
    int64_t labelled, positive, negative; /* first rows, -1: none */
    double alpha;
    int32_t clips, plain; /* bool: chains are clipped; the loss is a plain sum (no c) */
} device_finish;

/* theta, m, v <- one Adam step along the report's direction, and ema <- keep ema +
 * (1 - keep) theta, if the report is fine. */
typedef struct device_adam {
    float *theta, *m, *v, *ema; /* [n]; ema NULL: none */
    const float *g, *h;         /* [n]; h may be NULL */
    const device_report *report;
    const device_numbers *numbers;
    int64_t n;
    float beta1, rest1, beta2, rest2, eps, keep;
} device_adam;

/* Chains back into the buffer, if the report is fine; where an index occurs twice the last
 * one stays. */
typedef struct device_store {
    float *replay;
    int32_t *age;
    const float *x;
    const int32_t *index, *fresh;
    const device_report *report;
    int64_t n, size;
} device_store;

/* dst <- dst + src */
typedef struct device_add {
    float *dst;
    const float *src;
    int64_t n;
} device_add;

typedef struct device_program device_program;

typedef struct device {
    const char *(*describe)(void); /* "NVIDIA H100 80GB HBM3, sm_90, CUDA 13.0, cuDNN 9.19.0" */
    /* For kernels made from now on: algorithms by rule, so that results are the same on every
     * machine with this GPU and these libraries; off: the fastest, as measured once and
     * remembered on disk. */
    void (*set_repeatable)(bool on);

    /* *out <- zeroed memory, aligned to 256 bytes.  JEM_ENOMEM. */
    jem_status (*alloc)(void *out, size_t bytes);
    void (*free)(void *p); /* NULL is fine; waits */
    /* Bytes that can still be allocated. */
    size_t (*available)(void);
    /* Between or within the device's and the host's memory, in line with the steps; what is
     * read may be changed at once after it, and what is the host's has been written then. */
    jem_status (*copy)(void *dst, const void *src, size_t bytes);
    /* Until everything in line is done; reports what went wrong meanwhile. */
    jem_status (*wait)(void);

    /* From record to record_end steps are noted instead of put in line; allocating and the
     * host's memory are not allowed between.  play puts the whole program in line. */
    jem_status (*record)(void);
    jem_status (*record_end)(device_program **out);
    jem_status (*play)(const device_program *p);
    void (*program_free)(device_program *p);

    jem_status (*batch)(const device_batch *a);
    jem_status (*start)(const device_start *a);
    jem_status (*langevin)(const device_langevin *a);
    jem_status (*cotangent)(const device_cotangent *a);
    jem_status (*norms)(const device_norms *a);
    jem_status (*moved)(const device_moved *a);
    jem_status (*finish)(const device_finish *a);
    jem_status (*adam)(const device_adam *a);
    jem_status (*store)(const device_store *a);
    jem_status (*add)(const device_add *a);
} device;

#endif
