/* jem/stats.h: statistics that the host computes. */
#include "base/mem.h"
#include "base/try.h"
#include "lib/lib_call.h"
#include "lib/lib_stats.h"

enum { FACTORS_MAX = 1 << 16 };

typedef struct hosts {
    jem_statistic statistic;
    void *ctx;
} hosts;

static jem_status ask_host(double *values, const void *ctx, const stats_draw *draw)
{
    const hosts *h = ctx;
    lib_call plain;

    lib_call_back_begin(&plain);
    const jem_status st = h->statistic(values, h->ctx, draw->index, draw->sizes);
    lib_call_back_end(&plain);
    return st;
}

jem_status jem_stats_bootstrap(jem_score *scores, int64_t values, jem_statistic statistic, void *ctx,
                               const int64_t *sizes, int64_t factors, const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    const hosts h = {statistic, ctx};

    HOST_NEED(scores);
    HOST_NEED(statistic);
    HOST_NEED(sizes);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(values, "values", __func__));
    if (factors < 1 || factors > FACTORS_MAX)
        return jem_error(JEM_EUSAGE, "%s: factors = %lld; choose 1 to %d", __func__, (long long)factors, FACTORS_MAX);
    for (int64_t f = 0; f < factors; f++) TRY(lib_stats_count(sizes[f], "a factor's size", __func__));
    TRY(lib_stats_scores(scores, &(const lib_statistics){factors, sizes, NULL, values, ask_host, &h}, &s));
done:
    return st;
}
