/* A model's class probabilities against the answers of many people: CIFAR-10H
 * (Peterson, Battleday, Griffiths & Russakovsky, ICCV 2019).  Natural logarithms;
 * rows are images, k classes, C order.  Means over images are unweighted: take
 * stats_mean of the rows. */
#ifndef STATS_SOFT_LABEL_H
#define STATS_SOFT_LABEL_H

#include <stdint.h>

#include "jem/status.h"

/* p [n][k] <- counts [n][k] divided by their row sum.  JEM_EDATA with the row for a
 * negative count or a sum of 0. */
jem_status stats_label_distribution(double *p, const int64_t *counts, int64_t n, int64_t k);

/* JEM_EDATA with the row unless p [n][k] >= 0 and its rows sum to 1 within 1e-6. */
jem_status stats_check_distribution(const double *p, int64_t n, int64_t k);

/* logq [n][k] <- f - logsumexp(f) of logits [n][k]; needs no floor.  JEM_EDATA for a
 * logit that is not finite.  logq may be logits. */
jem_status stats_log_softmax(double *logq, const double *logits, int64_t n, int64_t k);

/* For models that gave only probabilities: logq <- log max(q, floor); *clipped (may be
 * NULL) counts the values raised to the floor.  1e-12 is customary; say so where the
 * score is shown.  JEM_EDATA as stats_check_distribution. */
jem_status stats_log_clipped(double *logq, int64_t *clipped, const double *q, double floor,
                             int64_t n, int64_t k);

/* ce [n] <- -sum_k p log q: the cost of expecting q when people answer as p.  Terms with
 * p = 0 are 0 even where q = 0; otherwise log q = -inf gives inf. */
void stats_cross_entropy(double *ce, const double *p, const double *logq, int64_t n, int64_t k);

/* h [n] <- -sum_k p log p, 0 log 0 = 0.  The terms of a row are added in order of size,
 * so that rows with the same probabilities in another order have the same entropy,
 * bit for bit, and count as ties (p has no NaN).  KL(p | q) = cross-entropy - entropy. */
jem_status stats_entropy(double *h, const double *p, int64_t n, int64_t k);

/* js [n] <- KL(p | m)/2 + KL(q | m)/2, m = (p + q)/2: 0 for equal rows, log 2 at most. */
void stats_js_divergence(double *js, const double *p, const double *q, int64_t n, int64_t k);

/* Pearson and Spearman correlation of the entropies of people and model, hp and hq
 * [n].  JEM_EDATA where either does not vary beyond rounding (1e-12 of its mean). */
jem_status stats_entropy_correlation(double *pearson, double *spearman, const double *hp,
                                     const double *hq, int64_t n);

/* Expected calibration error over equal bins, as Peterson et al. bin: confidence m in
 * bin min(floor(bins * m), bins - 1).  (stats_ece has bins that are closed above.) */
double stats_ece_floor(const double *q, const int32_t *labels, int64_t n, int64_t k, int64_t bins);

/* How well half of the people predict the other half: each image's annotators are split
 * at random (seed; without replacement; the first half is the smaller for odd
 * numbers), out [n] <- -sum_k p1 log max(p2, floor).  The mean depends on the floor,
 * hence never show it without.  JEM_EDATA for fewer than two annotators. */
jem_status stats_split_half(double *out, const int64_t *counts, double floor, uint64_t seed,
                            int64_t n, int64_t k);

/* *temperature <- the T > 0 for which softmax(logits / T) has the lowest mean
 * cross-entropy with p (convex in 1/T; searched in [1e-3, 1e3]).  Fit it on images that
 * are not scored. */
jem_status stats_fit_temperature(double *temperature, const double *logits, const double *p,
                                 int64_t n, int64_t k);

#endif
