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

/* A bootstrap in which some factors stay as they are. */
typedef struct partly {
    const trial_draws *d;
    const trial_numbers *of;
    bool images, people; /* are drawn */
    int64_t *each;       /* 0, 1, 2, ...: the draw of a factor that is not drawn */
} partly;

/* A stats_resampled: numbers [count] of a draw. */
static jem_status resampled(double *y, const void *ctx, const stats_draw *draw)
{
    jem_status st;
    const partly *p = ctx;
    const trial_draws *d = p->d;
    const int64_t **index = NULL;
    double *value = NULL;

    TRY(MEM_NEW(index, d->factors));
    TRY(MEM_NEW(value, d->columns * p->of->scores));
    for (int64_t f = 0; f < d->factors; f++) {
        const bool person = d->of_people && d->of_people[f];
        index[f] = (person ? p->people : p->images) ? draw->index[f] : p->each;
    }
    TRY(d->values(value, d->state, &(const stats_draw){draw->sizes, index}));
    TRY(p->of->make(y, p->of->ctx, value, &(const stats_draw){draw->sizes, index}));
done:
    mem_free(value);
    mem_free(index);
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

static jem_status bootstrap(double *g, partly *p, bool images, bool people, const trial_bootstrap *by)
{
    jem_status st;
    double *y = NULL;
    const stats_bootstrap_plan plan = {
        .factors = p->d->factors, .sizes = p->d->sizes, .values = p->of->count,
        .statistic = resampled, .ctx = p, .rounds = by->rounds, .seed = by->seed, .threads = by->threads};

    p->images = images;
    p->people = people;
    TRY(MEM_NEW(y, by->rounds * p->of->count));
    TRY(stats_bootstrap_distribution(y, &plan));
    TRY(covariance_of(g, y, by->rounds, p->of->count));
done:
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
    int64_t most = 0;
    double *both = NULL;
    partly p = {.d = d, .of = of};

    for (int64_t f = 0; f < d->factors; f++)
        if (d->sizes[f] > most) most = d->sizes[f];
    TRY(MEM_NEW(p.each, most));
    for (int64_t i = 0; i < most; i++) p.each[i] = i;
    TRY(bootstrap(images, &p, true, false, by));
    memset(people, 0, (size_t)(n * n) * sizeof *people);
    if (d->people == 0) goto done;
    TRY(MEM_NEW(both, n * n));
    TRY(bootstrap(people, &p, false, true, by));
    TRY(bootstrap(both, &p, true, true, by));
    const double factor = people_factor(d);
    for (int64_t i = 0; i < n * n; i++) people[i] = factor * (people[i] - (both[i] - images[i] - people[i]));
done:
    mem_free(both);
    mem_free(p.each);
    return st;
}
