/* 2AFC and JND (Zhang et al., CVPR 2018) and average precision: see bapps.h. */
#include "stats/bapps.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/sort_order.h"

static jem_status check_shares(const double *share, int64_t n, const char *what)
{
    if (n < 1) return jem_error(JEM_EDATA, "a score of no judgement is undefined");
    for (int64_t i = 0; i < n; i++)
        if (!(share[i] >= 0 && share[i] <= 1))
            return jem_error(JEM_EDATA, "%s %lld is %g: a share of votes lies in [0,1]", what,
                             (long long)i, share[i]);
    return JEM_OK;
}

static jem_status check_distances(const double *d, int64_t n, const char *what)
{
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(d[i]))
            return jem_error(JEM_EDATA, "%s %lld is %g: distances must be finite", what,
                             (long long)i, d[i]);
    return JEM_OK;
}

jem_status stats_two_afc(double *score, const double *d0, const double *d1, const double *judge,
                         int64_t n)
{
    jem_status st;

    TRY(check_shares(judge, n, "judgement"));
    TRY(check_distances(d0, n, "distance of p0 in triplet"));
    TRY(check_distances(d1, n, "distance of p1 in triplet"));
    for (int64_t i = 0; i < n; i++)
        score[i] = d0[i] < d1[i] ? 1 - judge[i] : d1[i] < d0[i] ? judge[i] : 0.5;
done:
    return st;
}

jem_status stats_two_afc_human(double *score, const double *judge, int64_t n)
{
    jem_status st = check_shares(judge, n, "judgement");
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < n; i++)
        score[i] = judge[i] * judge[i] + (1 - judge[i]) * (1 - judge[i]);
    return JEM_OK;
}

jem_status stats_two_afc_oracle(double *score, const double *judge, int64_t n)
{
    jem_status st = check_shares(judge, n, "judgement");
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < n; i++) score[i] = fmax(judge[i], 1 - judge[i]);
    return JEM_OK;
}

jem_status stats_jnd_order(int64_t *order, const double *distance, int64_t n)
{
    jem_status st = check_distances(distance, n, "distance of pair");
    return st == JEM_OK ? stats_sort_order(order, distance, n) : st;
}

/* From the last pair to the first, the best precision so far is the envelope and
 * each pair's share of "same" votes is its step of recall.  Without such votes there is no
 * step, and the precision is that of the pair before it or less. */
double stats_jnd_resampled(const int64_t *order, const double *same, const int64_t *times,
                           int64_t n)
{
    double total = 0, pairs = 0, area = 0, envelope = 0;
    for (int64_t k = 0; k < n; k++) {
        double count = times ? (double)times[order[k]] : 1;
        total += count * same[order[k]];
        pairs += count;
    }
    if (!(total > 0)) return NAN;
    double hits = total;
    for (int64_t k = n - 1; k >= 0; k--) {
        double s = same[order[k]];
        int64_t count = times ? times[order[k]] : 1;
        if (!(s > 0)) {
            pairs -= (double)count;
            continue;
        }
        for (int64_t c = 0; c < count; c++) {
            envelope = fmax(envelope, hits / pairs);
            area += s * envelope;
            hits -= s;
            pairs -= 1;
        }
    }
    return area / total;
}

jem_status stats_jnd_map(double *out, int64_t *ties, const double *distance, const double *same,
                         int64_t n)
{
    jem_status st;
    int64_t *order = NULL;

    TRY(check_shares(same, n, "share of \"same\" in pair"));
    TRY(MEM_NEW(order, n));
    TRY(stats_jnd_order(order, distance, n));
    double area = stats_jnd_resampled(order, same, NULL, n);
    if (isnan(area)) {
        st = jem_error(JEM_EDATA,
                       "nobody called any of the %lld pairs the same: recall is undefined",
                       (long long)n);
        goto done;
    }
    if (ties) {
        *ties = 0;
        for (int64_t k = 1; k < n; k++) *ties += distance[order[k]] == distance[order[k - 1]];
    }
    *out = area;
done:
    mem_free(order);
    return st;
}

jem_status stats_average_precision(double *out, const double *score, const uint8_t *positive,
                                   int64_t n)
{
    jem_status st;
    int64_t *order = NULL, total = 0, hits = 0;
    double sum = 0;

    for (int64_t i = 0; i < n; i++) total += positive[i] != 0;
    if (total < 1)
        return jem_error(JEM_EDATA,
                         "average precision of %lld rows without a positive one "
                         "is undefined",
                         (long long)n);
    TRY(MEM_NEW(order, n));
    TRY(stats_sort_order(order, score, n));
    for (int64_t end = n; end > 0;) {
        int64_t begin = end, before = hits;
        do hits += positive[order[--begin]] != 0;
        while (begin > 0 && score[order[begin - 1]] == score[order[begin]]);
        sum += (double)(hits - before) * (double)hits / (double)(n - begin);
        end = begin;
    }
    *out = sum / (double)total;
done:
    mem_free(order);
    return st;
}
