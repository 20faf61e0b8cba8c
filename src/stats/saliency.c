/* Per-image correlation and overlap of maps. */
#include "stats/saliency.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/rank.h"
#include "stats/summary.h"

/* *constant <- are all values of the map equal? */
static jem_status check_map(bool *constant, const double *map, int64_t pixels)
{
    *constant = true;
    for (int64_t i = 0; i < pixels; i++) {
        if (!isfinite(map[i]))
            return jem_error(JEM_EDATA, "pixel %lld of a saliency map is %g", (long long)i, map[i]);
        if (map[i] != map[0]) *constant = false;
    }
    return JEM_OK;
}

static void widen(double *wide, const float *map, int64_t pixels)
{
    for (int64_t i = 0; i < pixels; i++) wide[i] = (double)map[i];
}

typedef struct spearman_run {
    double *rho;
    const double *human;
    const float *model;
    int64_t pixels;
} spearman_run;

static jem_status one_image(void *ctx, int task, int worker)
{
    jem_status st;
    const spearman_run *run = ctx;
    double *model = NULL;
    bool flat_human, flat_model;
    int64_t pixels = run->pixels;
    const double *human = run->human + task * pixels;

    (void)worker;
    TRY(MEM_NEW(model, pixels));
    widen(model, run->model + task * pixels, pixels);
    TRY(check_map(&flat_human, human, pixels));
    TRY(check_map(&flat_model, model, pixels));
    run->rho[task] = NAN;
    if (!flat_human && !flat_model) TRY(stats_spearman(run->rho + task, human, model, pixels));
done:
    mem_free(model);
    return st == JEM_OK ? st : jem_error_context(st, "image %d", task);
}

jem_status stats_saliency_spearman(double *rho, const double *human, const float *model, int64_t n,
                                   int64_t pixels, pool *threads)
{
    jem_status st = JEM_OK;
    spearman_run run = {rho, human, model, pixels};
    if (pixels < 2 || n > INT32_MAX)
        return jem_error(JEM_EDATA, "a correlation of maps with %lld pixels is undefined",
                         (long long)pixels);
    if (threads) return pool_run(threads, (int)n, one_image, &run);
    for (int i = 0; i < (int)n && st == JEM_OK; i++) st = one_image(&run, i, 0);
    return st;
}

jem_status stats_saliency_alignment(stats_alignment *out, const double *rho, int64_t n,
                                    double ceiling)
{
    double sum = 0;
    int64_t defined = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(rho[i])) continue;
        sum += rho[i];
        defined++;
    }
    if (n < 1) return jem_error(JEM_EDATA, "an alignment over no image is undefined");
    if ((n - defined) * 100 > n)
        return jem_error(JEM_EDATA,
                         "%lld of %lld images have a constant map, more than 1 %%: check "
                         "the saliency maps",
                         (long long)(n - defined), (long long)n);
    double mean = sum / (double)defined;
    *out = (stats_alignment){mean, mean / ceiling, n, n - defined};
    return JEM_OK;
}

/* *out <- the map's 90th percentile; scratch [pixels]. */
static jem_status strong_from(double *out, double *scratch, const double *map, int64_t pixels)
{
    bool constant;
    jem_status st = check_map(&constant, map, pixels);
    if (st != JEM_OK) return st;
    memcpy(scratch, map, (size_t)pixels * sizeof *scratch);
    stats_sort(scratch, pixels);
    *out = stats_quantile(scratch, pixels, 0.9);
    return JEM_OK;
}

jem_status stats_saliency_overlap(double *iou, double *dice, const double *human,
                                  const float *model, int64_t pixels)
{
    jem_status st;
    double *wide = NULL, *scratch = NULL, human_from, model_from;

    if (pixels < 1) return jem_error(JEM_EDATA, "an overlap of empty maps is undefined");
    TRY(MEM_NEW(wide, pixels));
    TRY(MEM_NEW(scratch, pixels));
    widen(wide, model, pixels);
    TRY(strong_from(&human_from, scratch, human, pixels));
    TRY(strong_from(&model_from, scratch, wide, pixels));
    double both = 0, a = 0, b = 0;
    for (int64_t i = 0; i < pixels; i++) {
        bool in_human = human[i] > human_from, in_model = wide[i] > model_from;
        a += in_human;
        b += in_model;
        both += in_human && in_model;
    }
    *iou = both / (a + b - both + 1e-9);
    *dice = 2 * both / (a + b + 1e-9);
done:
    mem_free(scratch);
    mem_free(wide);
    return st;
}
