/* What a classifier's logits say about labelled images.  Natural logarithms. */
#ifndef STATS_CLASSIFY_H
#define STATS_CLASSIFY_H

#include <stdint.h>

/* Index of the largest of row[0..k); the lowest index wins a tie. */
int64_t stats_argmax(const double *row, int64_t k);

/* Stable log-sum-exp of row[0..k). */
double stats_logsumexp(const double *row, int64_t k);

/* p [n][k] <- softmax of each row of logits [n][k]; p may be logits. */
void stats_softmax(double *p, const double *logits, int64_t n, int64_t k);

/* Share of the n rows of logits [n][k] whose argmax equals labels[i]; NaN for n = 0. */
double stats_accuracy(const double *logits, const int32_t *labels, int64_t n, int64_t k);

/* Mean -log softmax(logits)[label], computed from logits (no floor); NaN for n = 0. */
double stats_nll(const double *logits, const int32_t *labels, int64_t n, int64_t k);

/* counts [k][k] <- number of images of class row answered as class column. */
void stats_confusion(int64_t *counts, const double *logits, const int32_t *labels, int64_t n,
                     int64_t k);

#endif
