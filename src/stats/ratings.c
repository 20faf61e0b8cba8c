/* Ratings: noise ceilings, and a model against the mean and each observer. */
#include "stats/ratings.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/probe.h"
#include "stats/rank.h"
#include "stats/summary.h"

/* sums [images] <- sum over observers first, first + step, .. */
static void sum_ratings(double *sums, const double *rating, int64_t first, int64_t step,
                        int64_t observers, int64_t images)
{
    for (int64_t i = 0; i < images; i++) {
        sums[i] = 0;
        for (int64_t o = first; o < observers; o += step) sums[i] += rating[o * images + i];
    }
}

void stats_rating_mean(double *mean, const double *rating, int64_t observers, int64_t images)
{
    sum_ratings(mean, rating, 0, 1, observers, images);
    for (int64_t i = 0; i < images; i++) mean[i] /= (double)observers;
}

/* Root mean square of (a - b) / width. */
static double rmse(const double *a, const double *b, double width, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (a[i] - b[i]) / width * ((a[i] - b[i]) / width);
    return sqrt(sum / (double)n);
}

static jem_status observer_pearson(double *r, const double *rating, int64_t o, const double *other,
                                   int64_t images)
{
    jem_status st = stats_pearson(r, rating + o * images, other, images);
    return st == JEM_OK ? st : jem_error_context(st, "ratings of observer %lld", (long long)o);
}

static jem_status pairwise(stats_rating_ceiling *out, const double *rating, int64_t observers,
                           int64_t images)
{
    double sum = 0, low = INFINITY, high = -INFINITY, r;
    for (int64_t a = 0; a < observers; a++)
        for (int64_t b = a + 1; b < observers; b++) {
            jem_status st = observer_pearson(&r, rating, a, rating + b * images, images);
            if (st != JEM_OK) return st;
            sum += r;
            low = fmin(low, r);
            high = fmax(high, r);
        }
    out->pairwise = 2 * sum / (double)(observers * (observers - 1));
    out->pairwise_min = low;
    out->pairwise_max = high;
    return JEM_OK;
}

static jem_status odd_even(stats_rating_ceiling *out, double *scratch, const double *rating,
                           int64_t observers, int64_t images)
{
    sum_ratings(scratch, rating, 0, 2, observers, images);
    sum_ratings(scratch + images, rating, 1, 2, observers, images);
    jem_status st = stats_pearson(&out->odd_even, scratch, scratch + images, images);
    out->spearman_brown = 2 * out->odd_even / (1 + out->odd_even);
    return st;
}

jem_status stats_rating_noise(stats_rating_ceiling *out, double *one_out, const double *rating,
                              int64_t observers, int64_t images, double lowest, double highest)
{
    jem_status st;
    double *scratch = NULL, r, width = highest - lowest, count = (double)observers;
    stats_rating_ceiling c = {0};

    if (observers < 2)
        return jem_error(JEM_EDATA, "a noise ceiling needs two observers, not %lld",
                         (long long)observers);
    TRY(MEM_NEW(scratch, 3 * images));
    double *mean = scratch, *others = scratch + images;
    TRY(pairwise(&c, rating, observers, images));
    stats_rating_mean(mean, rating, observers, images);
    for (int64_t o = 0; o < observers; o++) {
        const double *own = rating + o * images;
        for (int64_t i = 0; i < images; i++) others[i] = (mean[i] * count - own[i]) / (count - 1);
        TRY(observer_pearson(&r, rating, o, others, images));
        if (one_out) one_out[o] = r;
        c.leave_one_out += r / count;
        c.leave_one_out_rmse += rmse(own, others, width, images) / count;
        TRY(observer_pearson(&r, rating, o, mean, images));
        c.with_own += r / count;
        c.with_own_rmse += rmse(own, mean, width, images) / count;
    }
    TRY(odd_even(&c, others, rating, observers, images));
    *out = c;
done:
    mem_free(scratch);
    return st;
}

jem_status stats_rating_compare(stats_rating_fit *out, const double *model, const double *rating,
                                int64_t observers, int64_t images, double lowest, double highest)
{
    jem_status st;
    double *scratch = NULL, low = INFINITY, high = -INFINITY, r, width = highest - lowest;
    stats_rating_fit fit = {0};

    if (observers < 1 || images < 2)
        return jem_error(JEM_EDATA, "%lld images rated by %lld people allow no correlation",
                         (long long)images, (long long)observers);
    TRY(MEM_NEW(scratch, 2 * images));
    double *mean = scratch, *scaled = scratch + images;
    stats_rating_mean(mean, rating, observers, images);
    TRY(stats_pearson(&fit.pearson, model, mean, images));
    TRY(stats_spearman(&fit.spearman, model, mean, images));
    /* The model on the people's scale, so that only one of the two is moved. */
    stats_range_extend(&low, &high, model, images);
    for (int64_t i = 0; i < images; i++)
        scaled[i] = lowest + width * ((model[i] - low) / (high - low));
    TRY(stats_r2(&fit.r2, mean, scaled, images));
    fit.rmse = rmse(mean, scaled, width, images);
    for (int64_t o = 0; o < observers; o++) {
        TRY(observer_pearson(&r, rating, o, model, images));
        fit.observer_pearson += r / (double)observers;
        fit.observer_rmse += rmse(rating + o * images, scaled, width, images) / (double)observers;
    }
    *out = fit;
done:
    mem_free(scratch);
    return st;
}

jem_status stats_rating_resampled(double *out, const double *model, const double *rating,
                                  const stats_draw *draw, int64_t images)
{
    jem_status st;
    double *both = NULL;
    int64_t observers = draw->sizes[0];

    TRY(MEM_NEW(both, 2 * images));
    double *mean = both, *predicted = both + images;
    for (int64_t i = 0; i < images; i++) {
        int64_t image = draw->index[1][i];
        for (int64_t o = 0; o < observers; o++)
            mean[i] += rating[draw->index[0][o] * images + image];
        predicted[i] = model[image];
    }
    /* Means differ from sums by a factor, which a correlation does not see. */
    if (stats_pearson(out, predicted, mean, images) != JEM_OK) *out = NAN;
done:
    mem_free(both);
    return st;
}

jem_status stats_rating_fit_resampled(stats_rating_fit *out, const double *model,
                                      const double *rating, const stats_draw *draw, int64_t images,
                                      double lowest, double highest)
{
    jem_status st;
    double *drawn = NULL;
    int64_t observers = draw->sizes[0];

    TRY(MEM_NEW(drawn, (observers + 1) * images));
    double *predicted = drawn + observers * images;
    for (int64_t i = 0; i < images; i++) {
        int64_t image = draw->index[1][i];
        predicted[i] = model[image];
        for (int64_t o = 0; o < observers; o++)
            drawn[o * images + i] = rating[draw->index[0][o] * images + image];
    }
    st = stats_rating_compare(out, predicted, drawn, observers, images, lowest, highest);
    if (st == JEM_EDATA) {
        *out = (stats_rating_fit){NAN, NAN, NAN, NAN, NAN, NAN};
        st = JEM_OK;
    }
done:
    mem_free(drawn);
    return st;
}
