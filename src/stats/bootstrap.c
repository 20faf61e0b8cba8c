/* Bootstrap: draws, rounds on threads, percentile and BCa intervals. */
#include "stats/bootstrap.h"

#include <math.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"
#include "stats/sort_order.h"

void stats_resample(int64_t *index, int64_t n, uint64_t seed, int64_t round, int64_t factor)
{
    const rng_stream stream = {
        .seed = seed, .purpose = RNG_BOOTSTRAP, .step = (uint32_t)round, .sub = (uint32_t)factor};
    rng_fill_below(index, n, (uint32_t)n, &stream, 0);
}

enum { ROUNDS_PER_TASK = 32 };

typedef struct bootstrap_run {
    const stats_bootstrap_plan *plan;
    double *out;
    int64_t total;   /* draws per round */
    int64_t *index;  /* [workers][total] */
    int64_t **parts; /* [workers][factors], into index */
} bootstrap_run;

static jem_status run_rounds(void *ctx, int task, int worker)
{
    const bootstrap_run *run = ctx;
    const stats_bootstrap_plan *p = run->plan;
    int64_t **parts = run->parts + worker * p->factors;
    /* C has no conversion from T ** to const T *const *, hence the copy of the type. */
    const stats_draw draw = {p->sizes, (const int64_t *const *)parts};
    int64_t end = ((int64_t)task + 1) * ROUNDS_PER_TASK;
    for (int64_t r = (int64_t)task * ROUNDS_PER_TASK; r < end && r < p->rounds; r++) {
        for (int64_t f = 0; f < p->factors; f++)
            if (p->kept && p->kept[f])
                for (int64_t i = 0; i < p->sizes[f]; i++) parts[f][i] = i;
            else
                stats_resample(parts[f], p->sizes[f], p->seed, r, f);
        jem_status st = p->statistic(run->out + r * p->values, p->ctx, &draw);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}

static jem_status check_plan(const stats_bootstrap_plan *p)
{
    if (p->factors < 1 || p->factors >= 1 << 24 || p->values < 1)
        return jem_error(JEM_EDATA, "a bootstrap of %lld factors is undefined",
                         (long long)p->factors);
    if (p->rounds < 1 || p->rounds > INT32_MAX)
        return jem_error(JEM_EDATA, "a bootstrap of %lld rounds is undefined",
                         (long long)p->rounds);
    for (int64_t f = 0; f < p->factors; f++)
        if (p->sizes[f] < 1 || p->sizes[f] > UINT32_MAX)
            return jem_error(JEM_EDATA, "a bootstrap of %lld values is undefined",
                             (long long)p->sizes[f]);
    return JEM_OK;
}

jem_status stats_bootstrap_distribution(double *out, const stats_bootstrap_plan *plan)
{
    jem_status st;
    bootstrap_run run = {.plan = plan, .out = out};

    TRY(check_plan(plan));
    int workers = plan->threads ? pool_threads(plan->threads) : 1;
    for (int64_t f = 0; f < plan->factors; f++) run.total += plan->sizes[f];
    TRY(MEM_NEW(run.index, workers * run.total));
    TRY(MEM_NEW(run.parts, workers * plan->factors));
    int64_t *place = run.index;
    for (int64_t w = 0; w < workers; w++)
        for (int64_t f = 0; f < plan->factors; place += plan->sizes[f++])
            run.parts[w * plan->factors + f] = place;

    int tasks = (int)((plan->rounds + ROUNDS_PER_TASK - 1) / ROUNDS_PER_TASK);
    if (plan->threads) {
        TRY(pool_run(plan->threads, tasks, run_rounds, &run));
    } else {
        for (int t = 0; t < tasks; t++) TRY(run_rounds(&run, t, 0));
    }
done:
    mem_free(run.parts);
    mem_free(run.index);
    return st;
}

jem_status stats_resampled_mean(double *value, const void *ctx, const stats_draw *draw)
{
    const double *x = ctx;
    const int64_t *index = draw->index[0];
    int64_t n = draw->sizes[0];
    /* Four sums hide the latency of addition; their order is part of the result. */
    double sum[4] = {0, 0, 0, 0};
    int64_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int j = 0; j < 4; j++) sum[j] += x[index[i + j]];
    for (; i < n; i++) sum[0] += x[index[i]];
    *value = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / (double)n;
    return JEM_OK;
}

/* *out (owned) <- the defined rounds of one statistic, ascending. */
static jem_status sorted_rounds(double **out, int64_t *count, const double *distribution,
                                int64_t rounds, int64_t stride)
{
    jem_status st;
    double *x = NULL, *sorted = NULL;
    int64_t *order = NULL, n = 0;

    TRY(MEM_NEW(x, rounds));
    TRY(MEM_NEW(sorted, rounds));
    TRY(MEM_NEW(order, rounds));
    for (int64_t r = 0; r < rounds; r++)
        if (!isnan(distribution[r * stride])) x[n++] = distribution[r * stride];
    if (n < 1) {
        st = jem_error(JEM_EDATA, "the statistic is undefined in all %lld bootstrap rounds",
                       (long long)rounds);
        goto done;
    }
    TRY(stats_sort_order(order, x, n));
    for (int64_t i = 0; i < n; i++) sorted[i] = x[order[i]];
    *out = sorted;
    *count = n;
    sorted = NULL;
done:
    mem_free(order);
    mem_free(sorted);
    mem_free(x);
    return st;
}

jem_status stats_percentile_interval(stats_interval *out, int64_t *undefined,
                                     const double *distribution, int64_t rounds, int64_t stride,
                                     double level)
{
    double *x;
    int64_t n;
    jem_status st = sorted_rounds(&x, &n, distribution, rounds, stride);
    if (st != JEM_OK) return st;
    *out = (stats_interval){stats_quantile(x, n, (1 - level) / 2),
                            stats_quantile(x, n, (1 + level) / 2)};
    if (undefined) *undefined = rounds - n;
    mem_free(x);
    return JEM_OK;
}

static double normal_cdf(double z) { return 0.5 * erfc(-z / sqrt(2)); }

/* Inverse of normal_cdf on (0, 1) by bisection down to neighbouring doubles.  A
 * handful of calls per interval do not ask for more. */
static double normal_quantile(double p)
{
    double low = -40, high = 40;
    for (int i = 0; i < 200 && low < high; i++) {
        double middle = 0.5 * (low + high);
        if (middle == low || middle == high) break;
        if (normal_cdf(middle) < p)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* sum u^3 / (6 (sum u^2)^1.5) of the jackknife's deviations. */
static double acceleration(const double *jackknife, int64_t n)
{
    double mean = stats_mean(jackknife, n), squares = 0, cubes = 0;
    for (int64_t i = 0; i < n; i++) {
        double u = mean - jackknife[i];
        squares += u * u;
        cubes += u * u * u;
    }
    return cubes / (6 * pow(squares, 1.5));
}

jem_status stats_bca_interval(stats_interval *out, const double *distribution, int64_t rounds,
                              int64_t stride, double estimate, const double *jackknife, int64_t n,
                              double level)
{
    double *x;
    int64_t count, below = 0, equal = 0;
    jem_status st = sorted_rounds(&x, &count, distribution, rounds, stride);
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < count; i++) {
        below += x[i] < estimate;
        equal += x[i] == estimate;
    }
    double share = ((double)below + 0.5 * (double)equal) / (double)count;
    double a = acceleration(jackknife, n);
    if (!(share > 0 && share < 1) || !isfinite(a)) {
        mem_free(x);
        return jem_error(JEM_EDATA, "a BCa interval is undefined: %s",
                         isfinite(a) ? "the estimate lies outside its bootstrap distribution"
                                     : "leaving out a value never changes the estimate");
    }
    double z0 = normal_quantile(share), z = normal_quantile((1 - level) / 2), ends[2];
    for (int side = 0; side < 2; side++) {
        double shifted = z0 + (side ? -z : z);
        ends[side] = stats_quantile(x, count, normal_cdf(z0 + shifted / (1 - a * shifted)));
    }
    *out = (stats_interval){ends[0], ends[1]};
    mem_free(x);
    return JEM_OK;
}
