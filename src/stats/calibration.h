/* Expected calibration error and the reliability diagram behind it:
 * sum_b (n_b/n) |acc_b - conf_b| over equal bins (lo, hi] of the confidence
 * (Guo et al. 2017; 20 bins as in SADA-JEM). */
#ifndef STATS_CALIBRATION_H
#define STATS_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

enum { STATS_CALIBRATION_BINS = 20 };

typedef struct reliability_bin {
    double lo, hi;               /* confidence in (lo, hi]; exactly 0 counts into the first */
    double confidence, accuracy; /* means over the bin; NaN when empty */
    int64_t count;
} reliability_bin;

/* bins [bin_count] <- reliability of n predictions with confidence (largest
 * softmax probability) in [0, 1] and correctness. */
void stats_reliability(reliability_bin *bins, int64_t bin_count, const double *confidence,
                       const bool *correct, int64_t n);

/* The calibration error of those bins; NaN when all are empty. */
double stats_ece(const reliability_bin *bins, int64_t bin_count);

/* Fills bins and returns the error from logits [n][k] and labels [n]. */
double stats_ece_logits(reliability_bin *bins, int64_t bin_count, const double *logits,
                        const int32_t *labels, int64_t n, int64_t k);

#endif
