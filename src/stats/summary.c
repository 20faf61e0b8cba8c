/* Means, spreads, intervals and histograms of plain arrays: see summary.h. */
#include "stats/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/bootstrap.h"

const double stats_z95 = 1.959963984540054;

double stats_mean(const double *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    return n > 0 ? sum / (double)n : NAN;
}

/* Sum of squared deviations: two passes, so large means do not cancel. */
static double squared_deviations(const double *x, int64_t n)
{
    double mean = stats_mean(x, n), sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (x[i] - mean) * (x[i] - mean);
    return sum;
}

double stats_sd(const double *x, int64_t n)
{
    return n > 1 ? sqrt(squared_deviations(x, n) / (double)(n - 1)) : NAN;
}

double stats_sd_population(const double *x, int64_t n)
{
    return n > 0 ? sqrt(squared_deviations(x, n) / (double)n) : NAN;
}

double stats_sem(const double *x, int64_t n) { return stats_sd(x, n) / sqrt((double)n); }

double stats_quantile(const double *sorted, int64_t n, double q)
{
    if (n < 1) return NAN;
    double position = q * (double)(n - 1);
    int64_t below = (int64_t)floor(position);
    if (below >= n - 1) return sorted[n - 1];
    double share = position - (double)below;
    return sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

static int compare_doubles(const void *a, const void *b)
{
    const double *p = a, *q = b;
    return (*p > *q) - (*p < *q);
}

void stats_sort(double *x, int64_t n)
{
    if (n > 1) qsort(x, (size_t)n, sizeof *x, compare_doubles);
}

stats_interval stats_wilson(int64_t successes, int64_t n, double z)
{
    if (n < 1) return (stats_interval){0, 1};
    double m = (double)n, p = (double)successes / m, z2 = z * z;
    double centre = (p + z2 / (2 * m)) / (1 + z2 / m);
    double half = z / (1 + z2 / m) * sqrt(p * (1 - p) / m + z2 / (4 * m * m));
    return (stats_interval){fmax(0, centre - half), fmin(1, centre + half)};
}

jem_status stats_bootstrap(stats_interval *out, stats_statistic statistic, const void *ctx,
                           int64_t n, int64_t rounds, double level, uint64_t seed)
{
    jem_status st;
    int64_t *index = NULL;
    double *values = NULL;

    if (n < 1 || n > UINT32_MAX || rounds < 1)
        return jem_error(JEM_EDATA, "a bootstrap of %lld values is undefined", (long long)n);
    TRY(MEM_NEW(index, n));
    TRY(MEM_NEW(values, rounds));
    for (int64_t r = 0; r < rounds; r++) {
        stats_resample(index, n, seed, r, 0);
        values[r] = statistic(ctx, index, n);
    }
    stats_sort(values, rounds);
    *out = (stats_interval){stats_quantile(values, rounds, (1 - level) / 2),
                            stats_quantile(values, rounds, (1 + level) / 2)};
done:
    mem_free(values);
    mem_free(index);
    return st;
}

static double resampled_mean(const void *ctx, const int64_t *index, int64_t n)
{
    const double *x = ctx;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[index[i]];
    return sum / (double)n;
}

jem_status stats_bootstrap_mean(stats_interval *out, const double *x, int64_t n, uint64_t seed)
{
    return stats_bootstrap(out, resampled_mean, x, n, 1000, 0.95, seed);
}

void stats_histogram(int64_t *counts, int64_t bins, double lo, double hi, const double *x,
                     int64_t n)
{
    memset(counts, 0, (size_t)bins * sizeof *counts);
    double scale = hi > lo ? (double)bins / (hi - lo) : 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        /* Clamp before converting: an integer cannot hold every double. */
        double place = fmin(fmax((x[i] - lo) * scale, 0), (double)(bins - 1));
        counts[isnan(place) ? 0 : (int64_t)place]++;
    }
}

void stats_range_extend(double *lo, double *hi, const double *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i])) continue;
        if (x[i] < *lo) *lo = x[i];
        if (x[i] > *hi) *hi = x[i];
    }
}
