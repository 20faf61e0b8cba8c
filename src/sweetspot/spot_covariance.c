/* What images and people share between networks: bootstraps of all networks' scores.
 *
 * Of score x_ip of image i and person p, drawing both gives the variance of images, that of people
 * and their interaction, G_i + G_p + G_ip (Owen 2007), which two further bootstraps, of images with
 * all people and of people with all images, take apart.  Of b people a bootstrap finds (b - 1) / b
 * of their variance.  The covariance is
 *
 *   G_i + b / (b - 1) (G_p - G_ip)          G_i and G_p have the interaction in them, each once
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/bootstrap.h"
#include "sweetspot/spot_runs.h"

/* Is the reference drawn with the scores?  Where people's value is from the same files and the score is best
 * nearest to it, y less the reference of the draw takes the place of y: that changes no covariance of differences
 * m_i - m_l, and in that of 2r - m_i - m_l it counts what images and people do to r. */
static bool draws_reference(const spot_runs *r, const spot_scale *scale)
{
    return !isnan(scale->reference) && r->from_files[0] && r->line->count == 1 && r->draws.among_people;
}

/* A bootstrap in which some factors stay as they are. */
typedef struct partly {
    const spot_runs *r;
    const spot_scale *scale;
    bool images, people; /* are drawn */
    int64_t *each;       /* 0, 1, 2, ...: the draw of a factor that is not drawn */
} partly;

/* A stats_resampled: y [count] of a draw. */
static jem_status resampled(double *y, const void *ctx, const stats_draw *draw)
{
    jem_status st;
    const partly *p = ctx;
    const trial_draws *d = &p->r->draws;
    const int scores = p->r->line->count;
    const int64_t **index = NULL;
    double *value = NULL, reference = 0;

    TRY(MEM_NEW(index, d->factors));
    TRY(MEM_NEW(value, d->columns * scores));
    for (int64_t f = 0; f < d->factors; f++) {
        const bool person = d->of_people && d->of_people[f];
        index[f] = (person ? p->people : p->images) ? draw->index[f] : p->each;
    }
    TRY(d->values(value, d->state, &(const stats_draw){draw->sizes, index}));
    if (draws_reference(p->r, p->scale))
        TRY(d->among_people(&reference, d->state, &(const stats_draw){draw->sizes, index}));
    for (int64_t j = 0; j < p->r->count; j++)
        y[j] = spot_scaled(p->scale, p->r, p->r->network[j].at, value + j * scores) - reference;
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

static jem_status bootstrap(double *g, partly *p, bool images, bool people, const spot_draws *d)
{
    jem_status st;
    double *y = NULL;
    const stats_bootstrap_plan plan = {
        .factors = p->r->draws.factors, .sizes = p->r->draws.sizes, .values = p->r->count,
        .statistic = resampled, .ctx = p, .rounds = d->rounds, .seed = d->seed, .threads = d->threads};

    p->images = images;
    p->people = people;
    TRY(MEM_NEW(y, d->rounds * p->r->count));
    TRY(stats_bootstrap_distribution(y, &plan));
    TRY(covariance_of(g, y, d->rounds, p->r->count));
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

jem_status spot_covariance(double *covariance, const spot_runs *r, const spot_scale *scale,
                           const spot_draws *d)
{
    jem_status st;
    const int64_t n = r->count;
    int64_t most = 0;
    double *people = NULL, *both = NULL;
    partly p = {.r = r, .scale = scale};

    for (int64_t f = 0; f < r->draws.factors; f++)
        if (r->draws.sizes[f] > most) most = r->draws.sizes[f];
    TRY(MEM_NEW(p.each, most));
    for (int64_t i = 0; i < most; i++) p.each[i] = i;
    TRY(bootstrap(covariance, &p, true, false, d));
    if (r->draws.people == 0) goto done;
    TRY(MEM_NEW(people, n * n));
    TRY(MEM_NEW(both, n * n));
    TRY(bootstrap(people, &p, false, true, d));
    TRY(bootstrap(both, &p, true, true, d));
    const double factor = people_factor(&r->draws);
    for (int64_t i = 0; i < n * n; i++)
        covariance[i] += factor * (people[i] - (both[i] - covariance[i] - people[i]));
done:
    mem_free(both);
    mem_free(people);
    mem_free(p.each);
    return st;
}
