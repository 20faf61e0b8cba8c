/* Average ranks and what is made of them (Spearman, AUROC). */
#include "stats/rank.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/sort_order.h"

jem_status stats_ranks(double *ranks, const double *x, int64_t n)
{
    jem_status st;
    int64_t *order = NULL;

    TRY(MEM_NEW(order, n));
    TRY(stats_sort_order(order, x, n));
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && x[order[end]] == x[order[i]];) end++;
        double shared = 0.5 * (double)(i + 1 + end); /* mean of ranks i+1 .. end */
        for (int64_t j = i; j < end; j++) ranks[order[j]] = shared;
    }
done:
    mem_free(order);
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

jem_status stats_pearson(double *out, const double *x, const double *y, int64_t n)
{
    if (n < 2)
        return jem_error(JEM_EDATA, "a correlation of %lld pairs is undefined", (long long)n);
    double mx = 0, my = 0, sxy = 0, sxx = 0, syy = 0;
    for (int64_t i = 0; i < n; i++) {
        mx += x[i];
        my += y[i];
    }
    mx /= (double)n;
    my /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        double dx = x[i] - mx, dy = y[i] - my;
        sxy += dx * dy;
        sxx += dx * dx;
        syy += dy * dy;
    }
    if (!(sxx > 0) || !(syy > 0))
        return jem_error(JEM_EDATA, "a correlation with constant values is undefined");
    *out = sxy / (sqrt(sxx) * sqrt(syy));
    return JEM_OK;
}

jem_status stats_spearman(double *out, const double *x, const double *y, int64_t n)
{
    jem_status st;
    double *rx = NULL, *ry = NULL;

    TRY(MEM_NEW(rx, n));
    TRY(MEM_NEW(ry, n));
    TRY(stats_ranks(rx, x, n));
    TRY(stats_ranks(ry, y, n));
    TRY(stats_pearson(out, rx, ry, n));
done:
    mem_free(ry);
    mem_free(rx);
    return st;
}
