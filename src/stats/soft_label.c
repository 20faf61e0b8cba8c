/* Soft labels: distributions, divergences, human split halves, temperature. */
#include "stats/soft_label.h"

#include <math.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"
#include "stats/classify.h"
#include "stats/rank.h"
#include "stats/summary.h"

jem_status stats_label_distribution(double *p, const int64_t *counts, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t *row = counts + i * k;
        int64_t sum = 0;
        for (int64_t j = 0; j < k; j++) {
            if (row[j] < 0 || row[j] > INT32_MAX)
                return jem_error(JEM_EDATA,
                                 "image %lld, class %lld: %lld is not a number of people",
                                 (long long)i, (long long)j, (long long)row[j]);
            sum += row[j];
        }
        if (sum < 1) return jem_error(JEM_EDATA, "image %lld: nobody labelled it", (long long)i);
        for (int64_t j = 0; j < k; j++) p[i * k + j] = (double)row[j] / (double)sum;
    }
    return JEM_OK;
}

jem_status stats_check_distribution(const double *p, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++) {
            if (!(p[i * k + j] >= 0))
                return jem_error(JEM_EDATA, "row %lld, class %lld: %g is not a probability",
                                 (long long)i, (long long)j, p[i * k + j]);
            sum += p[i * k + j];
        }
        if (!(fabs(sum - 1) <= 1e-6))
            return jem_error(JEM_EDATA, "row %lld: probabilities sum to %.9g instead of 1",
                             (long long)i, sum);
    }
    return JEM_OK;
}

jem_status stats_log_softmax(double *logq, const double *logits, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n * k; i++)
        if (!isfinite(logits[i]))
            return jem_error(JEM_EDATA, "row %lld, class %lld: logit %g is not finite",
                             (long long)(i / k), (long long)(i % k), logits[i]);
    for (int64_t i = 0; i < n; i++) {
        double lse = stats_logsumexp(logits + i * k, k);
        for (int64_t j = 0; j < k; j++) logq[i * k + j] = logits[i * k + j] - lse;
    }
    return JEM_OK;
}

jem_status stats_log_clipped(double *logq, int64_t *clipped, const double *q, double floor,
                             int64_t n, int64_t k)
{
    jem_status st = stats_check_distribution(q, n, k);
    if (st != JEM_OK) return st;
    int64_t raised = 0;
    for (int64_t i = 0; i < n * k; i++) {
        raised += q[i] < floor;
        logq[i] = log(fmax(q[i], floor));
    }
    if (clipped) *clipped = raised;
    return JEM_OK;
}

void stats_cross_entropy(double *ce, const double *p, const double *logq, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = i * k; j < (i + 1) * k; j++)
            if (p[j] > 0) sum += p[j] * logq[j];
        ce[i] = 0 - sum;
    }
}

jem_status stats_entropy(double *h, const double *p, int64_t n, int64_t k)
{
    jem_status st;
    double *row = NULL;

    TRY(MEM_NEW(row, k));
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++) row[j] = p[i * k + j];
        stats_sort(row, k);
        for (int64_t j = 0; j < k; j++)
            if (row[j] > 0) sum += row[j] * log(row[j]);
        h[i] = 0 - sum;
    }
done:
    mem_free(row);
    return st;
}

void stats_js_divergence(double *js, const double *p, const double *q, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = i * k; j < (i + 1) * k; j++) {
            double m = 0.5 * (p[j] + q[j]);
            if (p[j] > 0) sum += p[j] * log(p[j] / m);
            if (q[j] > 0) sum += q[j] * log(q[j] / m);
        }
        js[i] = fmax(0.5 * sum, 0);
    }
}

jem_status stats_entropy_correlation(double *pearson, double *spearman, const double *hp,
                                     const double *hq, int64_t n)
{
    double r;
    const double *both[] = {hp, hq};
    const char *const whose[] = {"people", "the model"};
    for (int i = 0; i < 2; i++)
        if (!(stats_sd_population(both[i], n) > 1e-12 * fabs(stats_mean(both[i], n))))
            return jem_error(JEM_EDATA,
                             "all entropies of %s are equal: their correlation is "
                             "undefined",
                             whose[i]);
    jem_status st = stats_pearson(&r, hp, hq, n);
    if (st == JEM_OK) st = stats_spearman(spearman, hp, hq, n);
    if (st == JEM_OK) *pearson = r;
    return st;
}

double stats_ece_floor(const double *q, const int32_t *labels, int64_t n, int64_t k, int64_t bins)
{
    double error = 0;
    for (int64_t b = 0; b < bins; b++) {
        double gap = 0;
        for (int64_t i = 0; i < n; i++) {
            const double *row = q + i * k;
            int64_t best = stats_argmax(row, k);
            double place = fmin(floor((double)bins * row[best]), (double)(bins - 1));
            if (place == (double)b) gap += row[best] - (best == labels[i]);
        }
        error += fabs(gap);
    }
    return n > 0 ? error / (double)n : NAN;
}

/* first [k] <- how `half` of the people counted in row [k] answered, drawn without
 * replacement: one by one, each in proportion to who is left. */
static void draw_half(int64_t *first, const int64_t *row, int64_t *left, int64_t people,
                      int64_t half, const rng_stream *stream, uint32_t image, int64_t k)
{
    for (int64_t j = 0; j < k; j++) {
        left[j] = row[j];
        first[j] = 0;
    }
    for (int64_t t = 0; t < half; t++) {
        int64_t pick = rng_below(stream, image, (uint32_t)t, (uint32_t)(people - t)), j = 0;
        while (pick >= left[j]) pick -= left[j++];
        left[j]--;
        first[j]++;
    }
}

jem_status stats_split_half(double *out, const int64_t *counts, double floor, uint64_t seed,
                            int64_t n, int64_t k)
{
    jem_status st;
    double *p = NULL;
    int64_t *first = NULL, *second = NULL;
    const rng_stream stream = {.seed = seed, .purpose = RNG_SPLIT};

    TRY(MEM_NEW(p, n * k));
    TRY(stats_label_distribution(p, counts, n, k)); /* for its checks */
    TRY(MEM_NEW(first, k));
    TRY(MEM_NEW(second, k));
    for (int64_t i = 0; i < n; i++) {
        int64_t people = 0;
        for (int64_t j = 0; j < k; j++) people += counts[i * k + j];
        if (people < 2) {
            st = jem_error(JEM_EDATA, "image %lld: one annotator cannot be split", (long long)i);
            goto done;
        }
        int64_t half = people / 2;
        draw_half(first, counts + i * k, second, people, half, &stream, (uint32_t)i, k);
        double sum = 0;
        for (int64_t j = 0; j < k; j++) {
            double q = (double)second[j] / (double)(people - half);
            sum += (double)first[j] / (double)half * log(fmax(q, floor));
        }
        out[i] = 0 - sum;
    }
done:
    mem_free(second);
    mem_free(first);
    mem_free(p);
    return st;
}

/* d/db of the mean cross-entropy of p with softmax(b f): mean of E_q f - E_p f. */
static double slope(const double *logits, const double *p, double *q, double b, int64_t n,
                    int64_t k)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double *f = logits + i * k;
        for (int64_t j = 0; j < k; j++) q[j] = b * f[j];
        stats_softmax(q, q, 1, k);
        for (int64_t j = 0; j < k; j++) sum += (q[j] - p[i * k + j]) * f[j];
    }
    return sum / (double)n;
}

jem_status stats_fit_temperature(double *temperature, const double *logits, const double *p,
                                 int64_t n, int64_t k)
{
    jem_status st;
    double *q = NULL;

    if (n < 1) return jem_error(JEM_EDATA, "no images to fit a temperature to");
    for (int64_t i = 0; i < n * k; i++)
        if (!isfinite(logits[i]))
            return jem_error(JEM_EDATA, "row %lld, class %lld: logit %g is not finite",
                             (long long)(i / k), (long long)(i % k), logits[i]);
    TRY(stats_check_distribution(p, n, k));
    TRY(MEM_NEW(q, k));
    /* The slope grows with b = 1/T: halve the interval of log b. */
    double low = log(1e-3), high = log(1e3);
    for (int i = 0; i < 60 && high - low > 1e-13; i++) {
        double middle = 0.5 * (low + high);
        if (slope(logits, p, q, exp(middle), n, k) < 0)
            low = middle;
        else
            high = middle;
    }
    *temperature = exp(-0.5 * (low + high));
done:
    mem_free(q);
    return st;
}
