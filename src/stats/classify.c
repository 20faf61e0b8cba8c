/* Accuracy, negative log-likelihood and confusion from logits. */
#include "stats/classify.h"

#include <math.h>
#include <string.h>

int64_t stats_argmax(const double *row, int64_t k)
{
    int64_t best = 0;
    for (int64_t j = 1; j < k; j++)
        if (row[j] > row[best]) best = j;
    return best;
}

double stats_logsumexp(const double *row, int64_t k)
{
    double top = row[stats_argmax(row, k)];
    if (!isfinite(top)) return top;
    double sum = 0;
    for (int64_t j = 0; j < k; j++) sum += exp(row[j] - top);
    return top + log(sum);
}

void stats_softmax(double *p, const double *logits, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n; i++) {
        const double *row = logits + i * k;
        double lse = stats_logsumexp(row, k);
        for (int64_t j = 0; j < k; j++) p[i * k + j] = exp(row[j] - lse);
    }
}

double stats_accuracy(const double *logits, const int32_t *labels, int64_t n, int64_t k)
{
    int64_t right = 0;
    for (int64_t i = 0; i < n; i++) right += stats_argmax(logits + i * k, k) == labels[i];
    return n > 0 ? (double)right / (double)n : NAN;
}

double stats_nll(const double *logits, const int32_t *labels, int64_t n, int64_t k)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double *row = logits + i * k;
        sum += stats_logsumexp(row, k) - row[labels[i]];
    }
    return n > 0 ? sum / (double)n : NAN;
}

void stats_confusion(int64_t *counts, const double *logits, const int32_t *labels, int64_t n,
                     int64_t k)
{
    memset(counts, 0, (size_t)(k * k) * sizeof *counts);
    for (int64_t i = 0; i < n; i++) counts[labels[i] * k + stats_argmax(logits + i * k, k)]++;
}
