/* Average ranks and what is made of them (Spearman, AUROC). */
#include "stats/rank.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/sort_order.h"

static jem_status fill_ranks(double *ranks, uint64_t *scratch, const double *x, int64_t n)
{
    jem_status st = stats_sort_items(scratch, x, n);
    if (st != JEM_OK) return st;
    for (int64_t i = 0, end; i < n; i = end) {
        double value = x[(uint32_t)scratch[i]];
        for (end = i + 1; end < n && x[(uint32_t)scratch[end]] == value;) end++;
        double shared = 0.5 * (double)(i + 1 + end); /* mean of ranks i+1 .. end */
        for (int64_t j = i; j < end; j++) ranks[(uint32_t)scratch[j]] = shared;
    }
    return JEM_OK;
}

jem_status stats_ranks(double *ranks, const double *x, int64_t n)
{
    jem_status st;
    uint64_t *scratch = NULL;

    TRY(MEM_NEW(scratch, stats_sort_scratch(n)));
    TRY(fill_ranks(ranks, scratch, x, n));
done:
    mem_free(scratch);
    return st;
}

jem_status stats_auroc(double *out, const double *positive, int64_t positives,
                       const double *negative, int64_t negatives)
{
    jem_status st;
    int64_t n = positives + negatives;
    double *all = NULL, *ranks = NULL;

    if (positives < 1 || negatives < 1)
        return jem_error(JEM_EDATA, "AUROC needs both kinds of images: %lld inside, %lld outside",
                         (long long)positives, (long long)negatives);
    TRY(MEM_NEW(all, n));
    TRY(MEM_NEW(ranks, n));
    memcpy(all, positive, (size_t)positives * sizeof *all);
    memcpy(all + positives, negative, (size_t)negatives * sizeof *all);
    TRY(stats_ranks(ranks, all, n));
    double sum = 0, p = (double)positives;
    for (int64_t i = 0; i < positives; i++) sum += ranks[i];
    *out = (sum - p * (p + 1) / 2) / (p * (double)negatives);
done:
    mem_free(ranks);
    mem_free(all);
    return st;
}

/* *scale <- a power of two that brings x into [-1, 1]: exact, and squares stay doubles.
 * JEM_EDATA unless the values are finite and differ. */
static jem_status scale_of(double *scale, const double *x, int64_t n)
{
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return jem_error(JEM_EDATA, "value %lld is %g: its correlation is undefined",
                             (long long)i, x[i]);
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    if (low == high) return jem_error(JEM_EDATA, "a correlation with constant values is undefined");
    int exponent;
    frexp(fmax(-low, high), &exponent);
    *scale = ldexp(1, exponent < -1000 ? 1000 : -exponent);
    return JEM_OK;
}

jem_status stats_pearson(double *out, const double *x, const double *y, int64_t n)
{
    jem_status st;
    double ax, ay, mx = 0, my = 0, sxy = 0, sxx = 0, syy = 0;

    if (n < 2)
        return jem_error(JEM_EDATA, "a correlation of %lld pairs is undefined", (long long)n);
    TRY(scale_of(&ax, x, n));
    TRY(scale_of(&ay, y, n));
    for (int64_t i = 0; i < n; i++) {
        mx += ax * x[i];
        my += ay * y[i];
    }
    mx /= (double)n;
    my /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        double dx = ax * x[i] - mx, dy = ay * y[i] - my;
        sxy += dx * dy;
        sxx += dx * dx;
        syy += dy * dy;
    }
    *out = sxy / (sqrt(sxx) * sqrt(syy));
done:
    return st;
}

jem_status stats_spearman(double *out, const double *x, const double *y, int64_t n)
{
    jem_status st;
    double *rx = NULL;
    uint64_t *scratch = NULL;

    /* Two blocks that malloc keeps from call to call: fresh pages would cost as much as
     * sorting. */
    TRY(MEM_NEW(rx, 2 * n));
    TRY(MEM_NEW(scratch, stats_sort_scratch(n)));
    double *ry = rx + n;
    TRY(fill_ranks(rx, scratch, x, n));
    TRY(fill_ranks(ry, scratch, y, n));
    TRY(stats_pearson(out, rx, ry, n));
done:
    mem_free(scratch);
    mem_free(rx);
    return st;
}
