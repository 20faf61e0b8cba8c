/* Many-to-one comparisons by quadrature: see dunnett.h. */
#include "stats/dunnett.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"

/* What lies beyond these points of an integral is less than 1e-16 of it. */
static const double z_most = 8.5, log_least = -38;

/* The null distribution of one design. */
typedef struct null_law {
    int64_t groups;
    double *slope, *scale; /* [groups] l_i / sqrt(1 - l_i^2), 1 / sqrt(1 - l_i^2) */
    double df;
    bool two_sided;
    int64_t points;        /* of s */
    double *s, *weight;    /* [points] */
    double z_step;
} null_law;

static double phi(double x) { return erfc(-x / sqrt(2)) / 2; }

static void null_law_clear(null_law *law)
{
    mem_free(law->slope);
    mem_free(law->scale);
    mem_free(law->s);
    mem_free(law->weight);
}

/* log of the density of x = log s, up to a constant, 0 where it is largest: chi with df, scaled. */
static double log_density(double x, double df) { return df * (x - expm1(2 * x) / 2); }

/* Equidistant in log s: the density falls off on both sides and is smooth, so that the sum converges
 * exponentially. */
static jem_status scale_points(null_law *law)
{
    jem_status st;
    const double step = fmin(0.08, 0.25 / sqrt(2 * law->df));
    int64_t low = 0, high = 0;
    double all = 0;

    while (log_density(-(double)low * step, law->df) > log_least) low++;
    while (log_density((double)high * step, law->df) > log_least) high++;
    law->points = low + high + 1;
    TRY(MEM_NEW(law->s, law->points));
    TRY(MEM_NEW(law->weight, law->points));
    for (int64_t k = 0; k < law->points; k++) {
        const double x = (double)(k - low) * step;
        law->s[k] = exp(x);
        law->weight[k] = exp(log_density(x, law->df));
        all += law->weight[k];
    }
    for (int64_t k = 0; k < law->points; k++) law->weight[k] /= all;
done:
    return st;
}

static jem_status null_law_init(null_law *law, const int64_t *counts, int64_t groups, double df, bool two_sided)
{
    jem_status st;
    double steep = 1;

    *law = (null_law){.groups = groups, .df = df, .two_sided = two_sided};
    TRY(MEM_NEW(law->slope, groups));
    TRY(MEM_NEW(law->scale, groups));
    for (int64_t i = 0; i < groups; i++) {
        const double share = (double)counts[i + 1] / (double)(counts[i + 1] + counts[0]); /* l_i^2 */
        law->slope[i] = sqrt(share / (1 - share));
        law->scale[i] = sqrt(1 / (1 - share));
        steep += share / (1 - share);
    }
    /* The sum's error is exp(-2 pi^2 / step^2 / steep): the integrand grows like exp(steep y^2 / 2) off the real axis. */
    law->z_step = 3.141592653589793 * sqrt(2 / (28 * steep));
    TRY(scale_points(law));
done:
    return st;
}

/* Probability of all groups within the limit for one s and z. */
static double within(const null_law *law, double z, double ts)
{
    double product = 1;
    for (int64_t i = 0; i < law->groups && product > 0; i++) {
        const double at = law->slope[i] * z, limit = law->scale[i] * ts;
        product *= law->two_sided ? phi(at + limit) - phi(at - limit) : phi(at + limit);
    }
    return product;
}

/* P(max t_i > t), of |t_i| where two-sided. */
static double exceeds(const null_law *law, double t)
{
    const int64_t half = (int64_t)ceil(z_most / law->z_step);
    double all = 0;

    if (law->two_sided && t <= 0) return 1;
    for (int64_t k = 0; k < law->points; k++) {
        double mean = 0, density = 0;
        for (int64_t j = -half; j <= half; j++) {
            const double z = (double)j * law->z_step, w = exp(-z * z / 2);
            mean += w * within(law, z, t * law->s[k]);
            density += w;
        }
        all += law->weight[k] * mean / density;
    }
    return fmin(fmax(1 - all, 0), 1);
}

/* The t that is exceeded with probability q. */
static double point_of(const null_law *law, double q)
{
    double low = -1, high = 1;
    while (exceeds(law, high) > q && high < 1e9) high *= 2;
    while (exceeds(law, low) < q && low > -1e9) low *= 2;
    while (high - low > 1e-10 * fmax(1, fabs(high))) {
        const double middle = low + (high - low) / 2;
        if (exceeds(law, middle) > q)
            low = middle;
        else
            high = middle;
    }
    return low + (high - low) / 2;
}

/* mean [groups + 1]; returns the pooled variance, whose degrees of freedom are *df. */
static double pooled(double *mean, double *df, const double *score, const int64_t *counts, int64_t groups)
{
    double squares = 0;
    *df = 0;
    for (int64_t g = 0; g <= groups; g++) {
        mean[g] = stats_mean(score, counts[g]);
        for (int64_t i = 0; i < counts[g]; i++) squares += (score[i] - mean[g]) * (score[i] - mean[g]);
        *df += (double)(counts[g] - 1);
        score += counts[g];
    }
    return squares / *df;
}

static jem_status check(const double *score, const int64_t *counts, int64_t groups)
{
    int64_t all = 0;
    for (int64_t g = 0; g <= groups; g++) {
        if (counts[g] < 1)
            return g ? jem_error(JEM_EDATA, "group %lld has no value", (long long)g)
                     : jem_error(JEM_EDATA, "the control has no value");
        all += counts[g];
    }
    if (all <= groups + 1)
        return jem_error(JEM_EDATA, "one value in every group: how much they vary is unknown; give one of them two");
    for (int64_t i = 0; i < all; i++)
        if (!isfinite(score[i])) return jem_error(JEM_EDATA, "value %lld is %g; expected finite numbers", (long long)i, score[i]);
    return JEM_OK;
}

jem_status stats_dunnett(stats_contrast *out, const double *score, const int64_t *counts, int64_t groups,
                         stats_side side, double level)
{
    jem_status st;
    double *mean = NULL, df;
    null_law law = {.groups = 0};
    const double sign = side == STATS_LESS ? -1 : 1;

    TRY(check(score, counts, groups));
    TRY(MEM_NEW(mean, groups + 1));
    const double variance = pooled(mean, &df, score, counts, groups);
    if (!(variance > 0)) {
        st = jem_error(JEM_EDATA, "no group varies: there is nothing to compare differences with");
        goto done;
    }
    TRY(null_law_init(&law, counts, groups, df, side == STATS_TWO_SIDED));
    const double point = point_of(&law, 1 - level);
    for (int64_t i = 0; i < groups; i++) {
        const double se = sqrt(variance * (1 / (double)counts[i + 1] + 1 / (double)counts[0]));
        stats_contrast c = {.difference = mean[i + 1] - mean[0], .interval = {-INFINITY, INFINITY}};
        c.t = c.difference / se;
        c.p = exceeds(&law, side == STATS_TWO_SIDED ? fabs(c.t) : sign * c.t);
        if (side != STATS_LESS) c.interval.low = c.difference - point * se;
        if (side != STATS_GREATER) c.interval.high = c.difference + point * se;
        out[i] = c;
    }
done:
    null_law_clear(&law);
    mem_free(mean);
    return st;
}
