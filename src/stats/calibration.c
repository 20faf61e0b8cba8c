/* Reliability bins and expected calibration error. */
#include "stats/calibration.h"

#include <math.h>

#include "stats/classify.h"

/* The bin whose (lo, hi] holds c.  The division may land one off at an edge, so
 * the edges themselves decide. */
static int64_t find_bin(const reliability_bin *bins, int64_t bin_count, double c)
{
    int64_t b = (int64_t)ceil(c * (double)bin_count) - 1;
    if (b < 0) b = 0;
    if (b >= bin_count) b = bin_count - 1;
    while (b > 0 && c <= bins[b].lo) b--;
    while (b < bin_count - 1 && c > bins[b].hi) b++;
    return b;
}

static void bins_init(reliability_bin *bins, int64_t bin_count)
{
    for (int64_t b = 0; b < bin_count; b++)
        bins[b] = (reliability_bin){.lo = (double)b / (double)bin_count,
                                    .hi = (double)(b + 1) / (double)bin_count};
}

static void bins_add(reliability_bin *bins, int64_t bin_count, double confidence, bool correct)
{
    reliability_bin *bin = &bins[find_bin(bins, bin_count, confidence)];
    bin->confidence += confidence;
    bin->accuracy += correct;
    bin->count++;
}

static void bins_finish(reliability_bin *bins, int64_t bin_count)
{
    for (int64_t b = 0; b < bin_count; b++) {
        double count = (double)bins[b].count;
        bins[b].confidence = bins[b].count ? bins[b].confidence / count : NAN;
        bins[b].accuracy = bins[b].count ? bins[b].accuracy / count : NAN;
    }
}

void stats_reliability(reliability_bin *bins, int64_t bin_count, const double *confidence,
                       const bool *correct, int64_t n)
{
    bins_init(bins, bin_count);
    for (int64_t i = 0; i < n; i++) bins_add(bins, bin_count, confidence[i], correct[i]);
    bins_finish(bins, bin_count);
}

double stats_ece(const reliability_bin *bins, int64_t bin_count)
{
    int64_t n = 0;
    double sum = 0;
    for (int64_t b = 0; b < bin_count; b++) {
        if (!bins[b].count) continue;
        n += bins[b].count;
        sum += (double)bins[b].count * fabs(bins[b].accuracy - bins[b].confidence);
    }
    return n > 0 ? sum / (double)n : NAN;
}

double stats_ece_logits(reliability_bin *bins, int64_t bin_count, const double *logits,
                        const int32_t *labels, int64_t n, int64_t k)
{
    bins_init(bins, bin_count);
    for (int64_t i = 0; i < n; i++) {
        const double *row = logits + i * k;
        int64_t answer = stats_argmax(row, k);
        double confidence = exp(row[answer] - stats_logsumexp(row, k));
        bins_add(bins, bin_count, confidence, answer == labels[i]);
    }
    bins_finish(bins, bin_count);
    return stats_ece(bins, bin_count);
}
