/* The cross-validated margin: an alpha chosen where it is not measured. */
#include <math.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"
#include "sweetspot/spot_runs.h"

/* Of the images; their halves differ by chance, so several are averaged over. */
enum { SPLITS = 20 };


/* index of each image factor <- a random half, over and over to the factor's length; people stay. */
static jem_status draw_half(int64_t **index, const trial_draws *d, int split, int half,
                            const trial_bootstrap *o)
{
    jem_status st = JEM_OK;
    int64_t *order = NULL;

    for (int64_t f = 0; f < d->factors; f++) {
        const int64_t n = d->sizes[f], middle = n / 2;
        const int64_t first = half ? middle : 0, length = half ? n - middle : middle;
        const rng_stream s = {o->seed, RNG_SPLIT, (uint32_t)split, (uint32_t)f};
        if ((d->of_people && d->of_people[f]) || n < 2) {
            for (int64_t i = 0; i < n; i++) index[f][i] = i;
            continue;
        }
        mem_free(order);
        order = NULL;
        TRY(MEM_NEW(order, n));
        rng_permutation(order, n, &s);
        for (int64_t i = 0; i < n; i++) index[f][i] = order[first + i % length];
    }
done:
    mem_free(order);
    return st;
}

static jem_status score_half(double *y, const spot_runs *r, const spot_scale *scale, int split,
                             int half, const trial_bootstrap *o)
{
    jem_status st;
    const trial_draws *d = &r->draws;
    const int scores = r->line->count;
    int64_t **index = NULL;
    double *value = NULL;

    TRY(MEM_NEW(value, d->columns * scores));
    TRY(MEM_NEW(index, d->factors));
    for (int64_t f = 0; f < d->factors; f++) TRY(MEM_NEW(index[f], d->sizes[f]));
    TRY(draw_half(index, d, split, half, o));
    TRY(d->values(value, d->state,
                  &(const stats_draw){d->sizes, (const int64_t *const *)index}));
    for (int64_t j = 0; j < r->count; j++)
        y[j] = spot_scaled(scale, r, r->network[j].at, value + j * scores);
done:
    for (int64_t f = 0; index && f < d->factors; f++) mem_free(index[f]);
    mem_free(index);
    mem_free(value);
    return st;
}

/* Number of the network of alpha i that fold leaves out; networks of alpha i begin at start. */
static int64_t left_out(const spot_runs *r, int64_t i, int64_t start, int64_t fold)
{
    return start + fold % r->networks[i];
}

/* Mean of alpha i without the network that the fold leaves out, where there is another. */
static double mean_without(const spot_runs *r, const double *y, int64_t i, int64_t start,
                           int64_t fold)
{
    double sum = 0;
    const int64_t n = r->networks[i];
    for (int64_t j = start; j < start + n; j++)
        if (n == 1 || j != left_out(r, i, start, fold)) sum += y[j];
    return sum / (double)(n == 1 ? 1 : n - 1);
}

static double badness(double y, double reference)
{
    return isnan(reference) ? -y : fabs(y - reference);
}

/* The alpha between the ends that is best in y but for what the fold leaves out; *at <- its network
 * that is left out. */
static int64_t choose(const spot_runs *r, const double *y, double reference, int64_t fold,
                      int64_t *at)
{
    int64_t best = -1, start = r->networks[0];
    double least = INFINITY;
    for (int64_t i = 1; i + 1 < r->alphas; start += r->networks[i++]) {
        const double bad = badness(mean_without(r, y, i, start, fold), reference);
        if (!(bad < least)) continue;
        least = bad;
        best = i;
        *at = left_out(r, i, start, fold);
    }
    return best;
}

/* Of mean differences m_i - m_e and 2r - m_i - m_e: how much nearer. */
static double folded(double difference, double sum, double reference)
{
    if (isnan(reference)) return difference;
    if (difference > 0 && sum > 0) return fmin(difference, sum);
    if (difference < 0 && sum < 0) return fmin(-difference, -sum);
    return -fmin(fabs(difference), fabs(sum));
}

/* Differences of the chosen alpha to both ends, summed over folds. */
typedef struct fold_sums {
    double difference[2], sum[2]; /* m_i - m_e, 2r - m_i - m_e */
    int64_t used;
} fold_sums;

/* Chosen in y[0], measured in y[1]. */
static void add_fold(fold_sums *f, const spot_runs *r, const double *const y[2], double reference,
                     int64_t fold)
{
    const int64_t last = r->count - r->networks[r->alphas - 1];
    int64_t at = 0;
    if (choose(r, y[0], reference, fold, &at) < 0) return;
    const double own = y[1][at];
    const double end[2] = {y[1][left_out(r, 0, 0, fold)],
                           y[1][left_out(r, r->alphas - 1, last, fold)]};
    if (!isfinite(own) || !isfinite(end[0]) || !isfinite(end[1])) return;
    for (int e = 0; e < 2; e++) {
        f->difference[e] += own - end[e];
        f->sum[e] += 2 * reference - own - end[e];
    }
    f->used++;
}

jem_status spot_margin_cv(double *margin, const spot_runs *r, const spot_scale *scale,
                          const trial_bootstrap *d)
{
    jem_status st = JEM_OK;
    const bool images = r->draws.columns > 0;
    const double reference = scale->reference;
    int64_t folds = 1, fewest = r->networks[0];
    fold_sums f = {.used = 0};
    double *y[2] = {NULL, NULL};

    for (int64_t i = 0; i < r->alphas; i++) {
        if (r->networks[i] > folds) folds = r->networks[i];
        if (r->networks[i] < fewest) fewest = r->networks[i];
    }
    *margin = NAN;
    if (r->alphas < 3 || (!images && fewest < 2)) return JEM_OK;
    for (int h = 0; h < 2; h++) TRY(MEM_NEW(y[h], r->count));
    for (int split = 0; split < (images ? SPLITS : 1); split++) {
        for (int h = 0; h < 2; h++) {
            if (images) TRY(score_half(y[h], r, scale, split, h, d));
            for (int64_t j = 0; !images && j < r->count; j++)
                y[h][j] = spot_scaled(scale, r, r->network[j].at, r->network[j].value);
        }
        for (int64_t fold = 0; fold < folds; fold++)
            for (int h = 0; h < (images ? 2 : 1); h++)
                add_fold(&f, r, (const double *const[]){y[h], y[1 - h]}, reference, fold);
    }
    if (f.used == 0) goto done;
    const double n = (double)f.used;
    *margin = fmin(folded(f.difference[0] / n, f.sum[0] / n, reference),
                   folded(f.difference[1] / n, f.sum[1] / n, reference));
done:
    for (int h = 0; h < 2; h++) mem_free(y[h]);
    return st;
}
