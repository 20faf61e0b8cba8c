/* Scores of a model against human label distributions.  A resample is turned into how often
 * each image was drawn, so that a round is one pass over the rows and, for the rank
 * correlation, one over images sorted beforehand. */
#include "stats/soft_label_scores.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"
#include "stats/classify.h"
#include "stats/soft_label.h"
#include "stats/sort_order.h"
#include "stats/summary.h"

enum { BINS = 15, CELL_SUMS = 3 };

int64_t stats_soft_values(int64_t k) { return SOFT_METRICS + SOFT_CLASS_METRICS * k; }

void stats_soft_scores_clear(stats_soft_scores *s)
{
    void *const owned[] = {s->rows,         s->cells,       s->human_entropy, s->gap,
                           s->bin,          s->label,       s->human_order,   s->model_order,
                           s->human_sorted, s->model_sorted};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
    *s = (stats_soft_scores){0};
}

static jem_status reserve(stats_soft_scores *s)
{
    jem_status st;
    TRY(MEM_NEW(s->rows, s->n * SOFT_MEANS));
    TRY(MEM_NEW(s->cells, s->n * CELL_SUMS));
    TRY(MEM_NEW(s->human_entropy, s->n));
    TRY(MEM_NEW(s->gap, s->n));
    TRY(MEM_NEW(s->bin, s->n));
    TRY(MEM_NEW(s->label, s->n));
    TRY(MEM_NEW(s->human_order, s->n));
    TRY(MEM_NEW(s->model_order, s->n));
    TRY(MEM_NEW(s->human_sorted, s->n));
    TRY(MEM_NEW(s->model_sorted, s->n));
done:
    return st;
}

/* Everything of image i but the columns that are computed for all images at once. */
static void fill_image(stats_soft_scores *s, int64_t i, const double *p, const double *q,
                       const double *logq)
{
    double *row = s->rows + i * SOFT_MEANS, *cell = s->cells + i * CELL_SUMS;
    double uniform = 1 / (double)s->k;
    int64_t best = stats_argmax(q, s->k);

    row[SOFT_LABEL_LOSS] = 0 - logq[s->label[i]];
    row[SOFT_ACCURACY] = best == s->label[i];
    row[SOFT_ACCURACY_HUMAN] = best == stats_argmax(p, s->k);
    for (int64_t j = 0; j < s->k; j++) {
        double dp = p[j] - uniform, dq = q[j] - uniform;
        cell[0] += dp * dp;
        cell[1] += dq * dq;
        cell[2] += dp * dq;
    }
    s->bin[i] = (int32_t)fmin(floor(BINS * q[best]), BINS - 1);
    s->gap[i] = q[best] - row[SOFT_ACCURACY];
}

static jem_status sort_entropies(int64_t *order, double *sorted, const double *x, int64_t n)
{
    jem_status st = stats_sort_order(order, x, n);
    for (int64_t i = 0; st == JEM_OK && i < n; i++) sorted[i] = x[order[i]];
    return st;
}

/* No variation beyond rounding, as in stats_entropy_correlation. */
static bool is_flat(const double *x, int64_t n)
{
    return !(stats_sd_population(x, n) > 1e-12 * fabs(stats_mean(x, n)));
}

static jem_status fill(stats_soft_scores *s, const double *p, const double *logq)
{
    jem_status st;
    double *q = NULL, *column = NULL;

    TRY(MEM_NEW(q, s->n * s->k));
    TRY(MEM_NEW(column, s->n));
    for (int64_t i = 0; i < s->n * s->k; i++) q[i] = exp(logq[i]);
    for (int64_t i = 0; i < s->n; i++)
        fill_image(s, i, p + i * s->k, q + i * s->k, logq + i * s->k);
    TRY(stats_entropy(s->human_entropy, p, s->n, s->k));
    stats_cross_entropy(column, p, logq, s->n, s->k);
    for (int64_t i = 0; i < s->n; i++) {
        s->rows[i * SOFT_MEANS + SOFT_CROSS_ENTROPY] = column[i];
        s->rows[i * SOFT_MEANS + SOFT_KL] = column[i] - s->human_entropy[i];
    }
    stats_js_divergence(column, p, q, s->n, s->k);
    for (int64_t i = 0; i < s->n; i++) s->rows[i * SOFT_MEANS + SOFT_JS] = column[i];
    TRY(stats_entropy(column, q, s->n, s->k));
    for (int64_t i = 0; i < s->n; i++) s->rows[i * SOFT_MEANS + SOFT_ENTROPY] = column[i];
    s->flat = is_flat(s->human_entropy, s->n) || is_flat(column, s->n);
    TRY(sort_entropies(s->human_order, s->human_sorted, s->human_entropy, s->n));
    TRY(sort_entropies(s->model_order, s->model_sorted, column, s->n));
done:
    mem_free(column);
    mem_free(q);
    return st;
}

jem_status stats_soft_scores_init(stats_soft_scores *out, const double *p, const double *logq,
                                  const int32_t *label, int64_t n, int64_t k)
{
    jem_status st;
    stats_soft_scores s = {.n = n, .k = k};

    TRY(stats_check_distribution(p, n, k));
    for (int64_t i = 0; i < n; i++)
        if (label[i] < 0 || label[i] >= k) {
            st = jem_error(JEM_EDATA, "image %lld: label %d, expected 0 to %lld", (long long)i,
                           (int)label[i], (long long)k - 1);
            goto done;
        }
    TRY(reserve(&s));
    memcpy(s.label, label, (size_t)n * sizeof *label);
    TRY(fill(&s, p, logq));
    *out = s;
    s = (stats_soft_scores){0};
done:
    stats_soft_scores_clear(&s);
    return st;
}

/* ---- one resample */

/* Which images were drawn, in their order, and how often. */
typedef struct resample {
    int64_t count;
    int64_t *image; /* [count] */
    double *times;  /* [n], of every image */
} resample;

static double correlation(double xx, double yy, double xy)
{
    return xx > 0 && yy > 0 ? xy / (sqrt(xx) * sqrt(yy)) : NAN;
}

static void means(double *values, const stats_soft_scores *s, const resample *r)
{
    double sum[SOFT_MEANS] = {0}, cell[CELL_SUMS] = {0}, bin[BINS] = {0}, error = 0;
    for (int64_t d = 0; d < r->count; d++) {
        int64_t i = r->image[d];
        double times = r->times[i];
        for (int m = 0; m < SOFT_MEANS; m++) sum[m] += times * s->rows[i * SOFT_MEANS + m];
        for (int m = 0; m < CELL_SUMS; m++) cell[m] += times * s->cells[i * CELL_SUMS + m];
        bin[s->bin[i]] += times * s->gap[i];
    }
    for (int m = 0; m < SOFT_MEANS; m++) values[m] = sum[m] / (double)s->n;
    for (int b = 0; b < BINS; b++) error += fabs(bin[b]);
    values[SOFT_ECE] = error / (double)s->n;
    values[SOFT_CELL_PEARSON] = correlation(cell[0], cell[1], cell[2]);
}

static double entropy_pearson(const stats_soft_scores *s, const resample *r, double model_mean)
{
    double human_mean = 0, xx = 0, yy = 0, xy = 0;
    for (int64_t d = 0; d < r->count; d++)
        human_mean += r->times[r->image[d]] * s->human_entropy[r->image[d]];
    human_mean /= (double)s->n;
    for (int64_t d = 0; d < r->count; d++) {
        int64_t i = r->image[d];
        double x = s->human_entropy[i] - human_mean;
        double y = s->rows[i * SOFT_MEANS + SOFT_ENTROPY] - model_mean;
        xx += r->times[i] * x * x;
        yy += r->times[i] * y * y;
        xy += r->times[i] * x * y;
    }
    return correlation(xx, yy, xy);
}

/* rank [n] <- average rank, minus the mean rank, of each image among those drawn. */
static void drawn_ranks(double *rank, const int64_t *order, const double *sorted,
                        const double *times, int64_t n)
{
    double below = 0, middle = 0.5 * (double)(n + 1);
    for (int64_t i = 0, end; i < n; i = end) {
        double tied = 0;
        for (end = i; end < n && sorted[end] == sorted[i]; end++) tied += times[order[end]];
        for (int64_t j = i; j < end; j++) rank[order[j]] = below + 0.5 * (tied + 1) - middle;
        below += tied;
    }
}

/* ranks [2n] is scratch. */
static double entropy_spearman(const stats_soft_scores *s, const resample *r, double *ranks)
{
    double *x = ranks, *y = ranks + s->n, xx = 0, yy = 0, xy = 0;
    drawn_ranks(x, s->human_order, s->human_sorted, r->times, s->n);
    drawn_ranks(y, s->model_order, s->model_sorted, r->times, s->n);
    for (int64_t d = 0; d < r->count; d++) {
        int64_t i = r->image[d];
        xx += r->times[i] * x[i] * x[i];
        yy += r->times[i] * y[i] * y[i];
        xy += r->times[i] * x[i] * y[i];
    }
    return correlation(xx, yy, xy);
}

/* drawn [k] is scratch, zero. */
static void class_means(double *values, const stats_soft_scores *s, const resample *r,
                        double *drawn)
{
    static const stats_soft_metric column[SOFT_CLASS_METRICS] = {SOFT_CROSS_ENTROPY, SOFT_KL,
                                                                 SOFT_ACCURACY, SOFT_ENTROPY};
    for (int64_t i = 0; i < s->k * SOFT_CLASS_METRICS; i++) values[i] = 0;
    for (int64_t d = 0; d < r->count; d++) {
        int64_t i = r->image[d];
        double *sum = values + s->label[i] * SOFT_CLASS_METRICS, times = r->times[i];
        drawn[s->label[i]] += times;
        for (int m = 0; m < SOFT_CLASS_METRICS; m++)
            sum[m] += times * s->rows[i * SOFT_MEANS + column[m]];
    }
    for (int64_t i = 0; i < s->k * SOFT_CLASS_METRICS; i++) /* 0 / 0: no image of the class */
        values[i] /= drawn[i / SOFT_CLASS_METRICS];
}

jem_status stats_soft_scores_draw(double *values, const void *ctx, const stats_draw *draw)
{
    jem_status st;
    const stats_soft_scores *s = ctx;
    resample r = {0, NULL, NULL};

    TRY(MEM_NEW(r.times, 3 * s->n + s->k));
    TRY(MEM_NEW(r.image, s->n));
    double *ranks = r.times + s->n, *of_class = r.times + 3 * s->n;
    for (int64_t i = 0; i < s->n; i++) r.times[draw ? draw->index[0][i] : i] += 1;
    for (int64_t i = 0; i < s->n; i++) { /* no branch: a third is never drawn, at random */
        r.image[r.count] = i;
        r.count += r.times[i] > 0;
    }
    means(values, s, &r);
    values[SOFT_ENTROPY_PEARSON] = values[SOFT_ENTROPY_SPEARMAN] = NAN;
    if (!s->flat) {
        values[SOFT_ENTROPY_PEARSON] = entropy_pearson(s, &r, values[SOFT_ENTROPY]);
        values[SOFT_ENTROPY_SPEARMAN] = entropy_spearman(s, &r, ranks);
    }
    class_means(values + SOFT_METRICS, s, &r, of_class);
done:
    mem_free(r.image);
    mem_free(r.times);
    return st;
}

/* ---- temperature */

/* Fits on the images of one half and scales those of the other. */
static jem_status scale_half(double *scaled, double *temperature, const double *logits,
                             const double *p, const int32_t *half, int32_t which, int64_t n,
                             int64_t k)
{
    jem_status st;
    double *fit_logits = NULL, *fit_p = NULL;
    int64_t m = 0;

    TRY(MEM_NEW(fit_logits, n * k));
    TRY(MEM_NEW(fit_p, n * k));
    for (int64_t i = 0; i < n; i++) {
        if (half[i] == which) continue;
        memcpy(fit_logits + m * k, logits + i * k, (size_t)k * sizeof *logits);
        memcpy(fit_p + m++ * k, p + i * k, (size_t)k * sizeof *p);
    }
    TRY(stats_fit_temperature(temperature, fit_logits, fit_p, m, k));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = i * k; half[i] == which && j < (i + 1) * k; j++)
            scaled[j] = logits[j] / *temperature;
done:
    mem_free(fit_p);
    mem_free(fit_logits);
    return st;
}

jem_status stats_soft_temperature(double *scaled, double temperature[2], int32_t *half,
                                  const double *logits, const double *p, uint64_t seed, int64_t n,
                                  int64_t k)
{
    jem_status st;
    const rng_stream stream = {.seed = seed, .purpose = RNG_SPLIT};
    int64_t *order = NULL;

    TRY(MEM_NEW(order, n));
    rng_permutation(order, n, &stream);
    for (int64_t i = 0; i < n; i++) half[order[i]] = (int32_t)(i % 2);
    for (int32_t h = 0; h < 2; h++)
        TRY(scale_half(scaled, &temperature[h], logits, p, half, h, n, k));
    TRY(stats_log_softmax(scaled, scaled, n, k));
done:
    mem_free(order);
    return st;
}
