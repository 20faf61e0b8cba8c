/* The sweet spot and its bootstrap distribution. */
#include "stats/sweet_spot.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"

void stats_distance_to_human(double *loss, const double *metric, const double *reference,
                             int64_t metrics, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t m = 0; m < metrics; m++) {
            double gap = metric[m * n + i] - reference[m];
            sum += gap * gap;
        }
        loss[i] = metrics == 1 ? fabs(metric[i] - reference[0]) : sqrt(sum);
    }
}

int64_t stats_sweet_spot_index(const double *loss, int64_t n)
{
    int64_t best = -1;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(loss[i]) && (best < 0 || loss[i] < loss[best])) best = i;
    return best;
}

/* Loss of the better end less that of the best interior alpha: positive where a middle
 * beats both ends, +inf where no end has a score, NaN where no middle has one. */
static double interior_margin(const double *loss, int64_t n)
{
    if (n < 3) return NAN;
    int64_t middle = stats_sweet_spot_index(loss + 1, n - 2);
    if (middle < 0) return NAN;
    /* fmin takes the other number where one is NaN */
    double end = fmin(loss[0], loss[n - 1]);
    return isnan(end) ? INFINITY : end - loss[1 + middle];
}

/* The smallest alpha whose cumulated share reaches q: quantiles that are in the sweep. */
static double share_quantile(const double *alpha, const double *share, int64_t n, double q)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += share[i];
        /* shares are counts over rounds: allow for the rounding of their sum */
        if (sum >= q - 1e-12 && share[i] > 0) return alpha[i];
    }
    return alpha[n - 1];
}

static jem_status check_curve(const double *alpha, const double *loss, int64_t n, int64_t rounds)
{
    if (n < 1 || rounds < 1)
        return jem_error(JEM_EDATA, "a sweet spot of %lld alphas in %lld rounds is undefined",
                         (long long)n, (long long)rounds);
    for (int64_t i = 1; i < n; i++)
        if (!(alpha[i] > alpha[i - 1]))
            return jem_error(JEM_EDATA, "alphas must ascend: %g after %g", alpha[i], alpha[i - 1]);
    if (stats_sweet_spot_index(loss, n) < 0)
        return jem_error(JEM_EDATA, "no alpha of the sweep could be scored");
    return JEM_OK;
}

jem_status stats_sweet_spot_find(stats_sweet_spot *out, double *share, const double *alpha,
                                 const double *loss, const double *resampled, int64_t n,
                                 int64_t rounds, double level)
{
    jem_status st;
    double *shares = NULL, *margins = NULL;
    int64_t scored = 0, beaten = 0, finite = 0;

    TRY(check_curve(alpha, loss, n, rounds));
    TRY(MEM_NEW(shares, n));
    TRY(MEM_NEW(margins, rounds));
    for (int64_t r = 0; r < rounds; r++) {
        int64_t best = stats_sweet_spot_index(resampled + r * n, n);
        if (best < 0) continue;
        scored++;
        shares[best] += 1;
        double margin = interior_margin(resampled + r * n, n);
        beaten += margin > 0;
        if (isfinite(margin)) margins[finite++] = margin;
    }
    if (scored < 1) {
        st = jem_error(JEM_EDATA, "no alpha could be scored in any of %lld bootstrap rounds",
                       (long long)rounds);
        goto done;
    }
    for (int64_t i = 0; i < n; i++) shares[i] /= (double)scored;
    stats_sort(margins, finite);
    double low = (1 - level) / 2, high = (1 + level) / 2, margin = interior_margin(loss, n);
    *out = (stats_sweet_spot){
        .best = stats_sweet_spot_index(loss, n),
        .interval = {share_quantile(alpha, shares, n, low), share_quantile(alpha, shares, n, high)},
        .inside = (double)beaten / (double)scored,
        .margin = isfinite(margin) ? margin : NAN,
        .margin_interval = {stats_quantile(margins, finite, low),
                            stats_quantile(margins, finite, high)},
        .undefined = rounds - scored};
    for (int64_t i = 0; share && i < n; i++) share[i] = shares[i];
done:
    mem_free(margins);
    mem_free(shares);
    return st;
}
