/* What the parts of the benchmark CIFAR-10H share. */
#ifndef BENCH_CIFAR10H_JOB_H
#define BENCH_CIFAR10H_JOB_H

#include "bench/bench.h"
#include "bench/cifar10h/data.h"
#include "bench/cifar10h/measure.h"

typedef enum cifar10h_ceiling {
    CEILING_PAPER,
    CEILING_SPLIT_HALF,
    CEILING_ENTROPY
} cifar10h_ceiling;

typedef struct cifar10h_options {
    char images[OPTION_STRING_MAX];
    int ceiling; /* cifar10h_ceiling */
    double floor, clip;
    int64_t splits;
} cifar10h_options;

typedef struct cifar10h_job {
    const bench_request *r;
    const cifar10h_options *o;
    cifar10h_data data;
    double *human_entropy; /* [10000] */
    double *split_half;    /* [10000] mean over the splits, at o->floor */
    double *logits,
        *logq; /* [10000][10]; logits are log-probabilities where only those are known */
} cifar10h_job;

/* Appends a score; s says what differs from the usual: all images of CIFAR-10H. */
jem_status cifar10h_add(const cifar10h_job *j, bench_score s);
/* interval [count] <- percentile bootstrap of the means of x [count][10000] over images, the same
 * draws for all. */
jem_status cifar10h_mean_intervals(stats_interval *interval, const cifar10h_job *j,
                                   const double *const *x, int64_t count);

/* ---- people (cifar10h_people.c) */

/* j->human_entropy and j->split_half of j->data; the caller frees them. */
jem_status cifar10h_people_prepare(cifar10h_job *j);
/* Reference rows of people and of chance. */
jem_status cifar10h_people_score(const cifar10h_job *j);

/* ---- the order of classes (class_order.c) */

/* Warns where the labels would be far better explained if the answers' classes stood in another order:
 * more images by a twentieth of all. */
jem_status cifar10h_check_order(const cifar10h_job *j);

#endif
