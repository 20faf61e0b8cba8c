/* Per-image correlation and overlap of maps. */
#include "stats/saliency.h"

#include <math.h>
#include <stdbool.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/rank.h"
#include "stats/summary.h"

/* wide [pixels] <- map; *constant says if all its values are equal. */
static jem_status widen(double *wide, bool *constant, const float *map, int64_t pixels)
{
    *constant = true;
    for (int64_t i = 0; i < pixels; i++) {
        if (!isfinite(map[i]))
            return jem_error(JEM_EDATA, "pixel %lld of a saliency map is %g", (long long)i,
                             (double)map[i]);
        wide[i] = (double)map[i];
        if (map[i] != map[0]) *constant = false;
    }
    return JEM_OK;
}

typedef struct spearman_run {
    double *rho;
    const float *human, *model;
    int64_t pixels;
} spearman_run;

static jem_status one_image(void *ctx, int task, int worker)
{
    jem_status st;
    const spearman_run *run = ctx;
    double *both = NULL, *human, *model;
    bool flat_human, flat_model;
    int64_t pixels = run->pixels;

    (void)worker;
    TRY(MEM_NEW(both, 2 * pixels));
    human = both;
    model = both + pixels;
    TRY(widen(human, &flat_human, run->human + task * pixels, pixels));
    TRY(widen(model, &flat_model, run->model + task * pixels, pixels));
    run->rho[task] = NAN;
    if (!flat_human && !flat_model) TRY(stats_spearman(run->rho + task, human, model, pixels));
done:
    mem_free(both);
    return st == JEM_OK ? st : jem_error_context(st, "image %d", task);
}

jem_status stats_saliency_spearman(double *rho, const float *human, const float *model, int64_t n,
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

jem_status stats_saliency_overlap(double *iou, double *dice, const float *human, const float *model,
                                  int64_t pixels)
{
    jem_status st;
    double *sorted = NULL, threshold[2];
    const float *maps[] = {human, model};
    bool constant;

    if (pixels < 1) return jem_error(JEM_EDATA, "an overlap of empty maps is undefined");
    TRY(MEM_NEW(sorted, pixels));
    for (int m = 0; m < 2; m++) {
        TRY(widen(sorted, &constant, maps[m], pixels));
        stats_sort(sorted, pixels);
        threshold[m] = stats_quantile(sorted, pixels, 0.9);
    }
    double both = 0, a = 0, b = 0;
    for (int64_t i = 0; i < pixels; i++) {
        bool in_human = (double)human[i] > threshold[0], in_model = (double)model[i] > threshold[1];
        a += in_human;
        b += in_model;
        both += in_human && in_model;
    }
    *iou = both / (a + b - both + 1e-9);
    *dice = 2 * both / (a + b + 1e-9);
done:
    mem_free(sorted);
    return st;
}
