/* Everything CIFAR-10H says about one model, for the data and for each resample of its
 * images, with the temperature that people would give it. */
#ifndef STATS_SOFT_LABEL_SCORES_H
#define STATS_SOFT_LABEL_SCORES_H

#include <stdbool.h>

#include "stats/bootstrap.h"

/* The first ones are plain means over images, in the order of a row. */
typedef enum stats_soft_metric {
    SOFT_CROSS_ENTROPY,  /* -sum p log q, people p, model q */
    SOFT_KL,             /* that minus the entropy of p */
    SOFT_JS,             /* Jensen-Shannon divergence */
    SOFT_LABEL_LOSS,     /* -log q of the label */
    SOFT_ACCURACY,       /* argmax q is the label */
    SOFT_ACCURACY_HUMAN, /* argmax q is argmax p */
    SOFT_ENTROPY,        /* of q */
    SOFT_MEANS,
    SOFT_ENTROPY_PEARSON = SOFT_MEANS, /* of the entropies of p and q */
    SOFT_ENTROPY_SPEARMAN,
    SOFT_CELL_PEARSON, /* over all n k cells of p and q */
    SOFT_ECE,          /* 15 bins, stats_ece_floor */
    SOFT_METRICS
} stats_soft_metric;

/* Per class of the label: means over its images. */
typedef enum stats_soft_class_metric {
    SOFT_CLASS_CROSS_ENTROPY,
    SOFT_CLASS_KL,
    SOFT_CLASS_ACCURACY,
    SOFT_CLASS_ENTROPY,
    SOFT_CLASS_METRICS
} stats_soft_class_metric;

/* What scores are made of, per image; arrays are owned. */
typedef struct stats_soft_scores {
    int64_t n, k;
    double *rows;          /* [n][SOFT_MEANS] */
    double *cells;         /* [n][3]: sums over k of (p-1/k)^2, (q-1/k)^2, (p-1/k)(q-1/k) */
    double *human_entropy; /* [n] */
    double *gap;           /* [n] confidence - right */
    int32_t *bin, *label;  /* [n] */
    int64_t *human_order, *model_order;  /* [n] images by their entropy */
    double *human_sorted, *model_sorted; /* [n] those entropies */
    bool flat; /* the entropies of one of the two do not vary: no correlation */
} stats_soft_scores;

/* p [n][k] people, logq [n][k] log-probabilities of the model (-inf where its q is 0),
 * label [n] in 0..k-1.  JEM_EDATA as stats_check_distribution for p; for a label out of
 * range. */
jem_status stats_soft_scores_init(stats_soft_scores *out, const double *p, const double *logq,
                                  const int32_t *label, int64_t n, int64_t k);
void stats_soft_scores_clear(stats_soft_scores *s); /* a zeroed one is fine */

/* A stats_resampled with ctx = stats_soft_scores and images as factor 0; values
 * [stats_soft_values(k)] <- SOFT_METRICS of all images, then SOFT_CLASS_METRICS of each
 * class; NaN where one is undefined.  draw = NULL: the data themselves. */
jem_status stats_soft_scores_draw(double *values, const void *ctx, const stats_draw *draw);
int64_t stats_soft_values(int64_t k); /* SOFT_METRICS + k SOFT_CLASS_METRICS */

/* scaled [n][k] <- log softmax(logits / T) with the T of stats_fit_temperature, fitted for
 * each half of the images (random, by seed) on the other half: temperature [2], of which
 * image i was given temperature[half[i]].  n >= 2. */
jem_status stats_soft_temperature(double *scaled, double temperature[2], int32_t *half,
                                  const double *logits, const double *p, uint64_t seed, int64_t n,
                                  int64_t k);

#endif
