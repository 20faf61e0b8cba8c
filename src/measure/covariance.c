/* What images and people share between networks: bootstraps of all networks' scores.
 *
 * Of score x_ip of image i and person p, drawing both gives the variance of images, that of people
 * and their interaction, G_i + G_p + G_ip (Owen 2007), which two further bootstraps, of images with
 * all people and of people with all images, take apart.  Of b people a bootstrap finds (b - 1) / b
 * of their variance.  The covariance is
 *
 *   G_i + b / (b - 1) (G_p - G_ip)          G_i and G_p have the interaction in them, each once
 */
#include "measure/covariance.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

typedef struct job {
    const trial_draws *d;
    const trial_numbers *of;
} job;

/* A stats_resampled: numbers [count] of a draw. */
static jem_status resampled(double *y, const void *ctx, const stats_draw *draw)
{
    const job *j = ctx;
    double *value = NULL;
    jem_status st = MEM_NEW(value, j->d->columns * j->of->scores);
    if (st == JEM_OK) st = j->d->values(value, j->d->state, draw);
    if (st == JEM_OK) st = j->of->make(y, j->of->ctx, value, draw);
    mem_free(value);
    return st;
}

/* g [n][n] <- covariance of y [rounds][n] over the rounds in which all are defined. */
static jem_status covariance_of(double *g, const double *y, int64_t rounds, int64_t n)
{
    jem_status st;
    int64_t used = 0;
    double *mean = NULL;
    bool *defined = NULL;

    TRY(MEM_NEW(mean, n));
    TRY(MEM_NEW(defined, rounds));
    for (int64_t t = 0; t < rounds; t++) {
        defined[t] = true;
        for (int64_t j = 0; j < n; j++) defined[t] = defined[t] && isfinite(y[t * n + j]);
        used += defined[t];
        for (int64_t j = 0; defined[t] && j < n; j++) mean[j] += y[t * n + j];
    }
    if (2 * used < rounds) {
        st = jem_error(JEM_EDATA, "the score is defined in %lld of %lld draws of images",
                       (long long)used, (long long)rounds);
        goto done;
    }
    for (int64_t j = 0; j < n; j++) mean[j] /= (double)used;
    memset(g, 0, (size_t)(n * n) * sizeof *g);
    for (int64_t t = 0; t < rounds; t++)
        for (int64_t j = 0; defined[t] && j < n; j++) {
            const double gap = y[t * n + j] - mean[j];
            for (int64_t k = 0; k <= j; k++) g[j * n + k] += gap * (y[t * n + k] - mean[k]);
        }
    for (int64_t j = 0; j < n; j++)
        for (int64_t k = 0; k <= j; k++)
            g[k * n + j] = g[j * n + k] = g[j * n + k] / (double)(used - 1);
done:
    mem_free(defined);
    mem_free(mean);
    return st;
}

/* Of draws of images, of people, or of both. */
static jem_status bootstrap(double *g, const job *j, bool images, bool people, const trial_bootstrap *by)
{
    jem_status st;
    const trial_draws *d = j->d;
    double *y = NULL;
    bool *kept = NULL;
    stats_bootstrap_plan plan = {.factors = d->factors, .sizes = d->sizes, .values = j->of->count,
                                 .statistic = resampled, .ctx = j, .rounds = by->rounds, .seed = by->seed,
                                 .threads = by->threads};

    TRY(MEM_NEW(kept, d->factors));
    TRY(MEM_NEW(y, by->rounds * j->of->count));
    for (int64_t f = 0; f < d->factors; f++) kept[f] = d->of_people && d->of_people[f] ? !people : !images;
    plan.kept = kept;
    TRY(stats_bootstrap_distribution(y, &plan));
    TRY(covariance_of(g, y, by->rounds, j->of->count));
done:
    mem_free(kept);
    mem_free(y);
    return st;
}

/* b / (b - 1) of the factor with the fewest people: too wide where others have more. */
static double people_factor(const trial_draws *d)
{
    double most = 1;
    for (int64_t f = 0; f < d->factors; f++)
        if (d->of_people && d->of_people[f] && d->sizes[f] > 1)
            most = fmax(most, (double)d->sizes[f] / (double)(d->sizes[f] - 1));
    return most;
}

jem_status trial_covariance(double *images, double *people, const trial_draws *d, const trial_numbers *of,
                            const trial_bootstrap *by)
{
    jem_status st;
    const int64_t n = of->count;
    const job j = {d, of};
    double *both = NULL;

    TRY(bootstrap(images, &j, true, false, by));
    memset(people, 0, (size_t)(n * n) * sizeof *people);
    if (d->people == 0) goto done;
    TRY(MEM_NEW(both, n * n));
    TRY(bootstrap(people, &j, false, true, by));
    TRY(bootstrap(both, &j, true, true, by));
    const double factor = people_factor(d);
    for (int64_t i = 0; i < n * n; i++) people[i] = factor * (people[i] - (both[i] - images[i] - people[i]));
done:
    mem_free(both);
    return st;
}
