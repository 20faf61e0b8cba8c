/* Equal settings or no claim: see spot_equal.h. */
#include "sweetspot/spot_equal.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "sweetspot/trend.h"

static bool same_settings(const study_run *a, const study_run *b)
{
    return strcmp(a->settings_hash, b->settings_hash) == 0;
}

static bool same_length(const study_run *a, const study_run *b) { return a->iteration == b->iteration; }

/* The run that most others are like; NULL where nothing is known of any. */
static const study_run *usual(const spot_runs *r, bool (*alike)(const study_run *, const study_run *),
                              bool (*known)(const study_run *))
{
    const study_run *best = NULL;
    int64_t most = 0;
    for (int64_t j = 0; j < r->count; j++) {
        int64_t count = 0;
        if (!known(r->network[j].run)) continue;
        for (int64_t k = 0; k < r->count; k++) count += alike(r->network[j].run, r->network[k].run);
        if (count > most) best = r->network[j].run, most = count;
    }
    return best;
}

static bool has_settings(const study_run *r) { return r->settings_hash[0] != '\0'; }
static bool has_length(const study_run *r) { return r->iteration > 0; }

/* NULL: it is one of the others. */
static const char *what_differs(const study_run *run, const study_run *settings,
                                const study_run *length)
{
    if (run->rescue_count) return "rescued";
    if (settings && has_settings(run) && !same_settings(run, settings)) return "other settings or data";
    if (length && has_length(run) && !same_length(run, length)) return "other number of iterations";
    return NULL;
}

jem_status spot_find_unequal(sweetspot *p, const spot_runs *r)
{
    jem_status st;
    const study_run *settings = usual(r, same_settings, has_settings);
    const study_run *length = usual(r, same_length, has_length);

    TRY(MEM_NEW(p->unequal, r->count));
    TRY(MEM_NEW(p->unequal_alpha, p->alphas));
    for (int64_t j = 0; j < r->count; j++) {
        const study_run *run = r->network[j].run;
        const char *why = what_differs(run, settings, length);
        if (!why) continue;
        TRY(str_format(&p->unequal[p->unequal_count], "%s (%s)", run->name, why));
        p->unequal_count++;
        p->unequal_alpha[r->network[j].at] = true;
    }
done:
    return st;
}

jem_status spot_p_equal(double *out, const sweetspot *p, const stats_alphas *data,
                        const stats_best_alpha_options *o)
{
    jem_status st = JEM_OK;
    int64_t *networks = NULL, *kept = NULL, count = 0, alphas = 0;
    double *y = NULL, *g = NULL;
    stats_best_alpha rest = {.alphas = 0};

    *out = NAN;
    if (p->unequal_count == 0) return JEM_OK;
    TRY(MEM_NEW(networks, p->alphas));
    TRY(MEM_NEW(kept, p->networks));
    TRY(MEM_NEW(y, p->networks));
    for (int64_t i = 0, first = 0; i < p->alphas; first += p->seeds[i++]) {
        if (p->unequal_alpha[i]) continue;
        networks[alphas++] = p->seeds[i];
        for (int64_t j = 0; j < p->seeds[i]; j++) kept[count++] = first + j;
    }
    if (alphas < 3) goto done;
    for (int64_t j = 0; j < count; j++) y[j] = data->score[kept[j]];
    if (data->covariance) {
        TRY(MEM_NEW(g, count * count));
        for (int64_t j = 0; j < count; j++)
            for (int64_t k = 0; k < count; k++)
                g[j * count + k] = data->covariance[kept[j] * p->networks + kept[k]];
    }
    TRY(stats_best_alpha_find(&rest, &(const stats_alphas){alphas, networks, y, g, data->reference}, o));
    *out = rest.p;
done:
    stats_best_alpha_clear(&rest);
    mem_free(g);
    mem_free(y);
    mem_free(kept);
    mem_free(networks);
    return st;
}

static double mean_accuracy(const spot_runs *r, int64_t at)
{
    double sum = 0;
    for (int64_t j = 0; j < r->count; j++) {
        if (r->network[j].at != at) continue;
        const score *s = trend_score(r->network[j].run, "classification", NULL, "accuracy", NULL);
        sum += s ? s->value : NAN;
    }
    return sum / (double)r->networks[at];
}

void spot_accuracy(double accuracy[3], const sweetspot *p, const spot_runs *r)
{
    const int64_t at[3] = {0, p->at.leader >= 0 ? p->at.leader : p->at.best, p->alphas - 1};
    for (int k = 0; k < 3; k++) accuracy[k] = mean_accuracy(r, at[k]);
}
