/* Collecting scores and trials of a study's runs. */
#include "sweetspot/spot_runs.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "sweetspot/trend.h"

/* ---- scores */

static bool values_of(spot_network *n, const study_run *r, const measures *of,
                      const measure_spot *line)
{
    *n = (spot_network){.run = r};
    if (isnan(r->alpha)) return false;
    for (int m = 0; m < line->count; m++) {
        const measure *wanted = line->score[m];
        if (wanted->needs_head && r->alpha >= 1) return false;
        const score *s =
            trend_score(r, of->benchmark, wanted->dataset, wanted->metric, wanted->condition);
        if (!s || !isfinite(s->value)) return false;
        n->value[m] = s->value;
        n->model = s->model;
    }
    return true;
}

static bool same(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

/* The row about people that belongs to a score: what these files say of them. */
static const score *people_row(const study_run *run, const char *benchmark, const measure *m)
{
    for (int64_t k = 0; k < run->scores.count; k++) {
        const score *s = &run->scores.scores[k];
        if (trend_is_reference(s) && strcmp(s->model, "human") == 0 && same(s->benchmark, benchmark) &&
            same(s->metric, m->human_metric ? m->human_metric : m->metric) &&
            (!m->dataset || same(s->dataset, m->dataset)) &&
            (m->human_metric || same(s->condition, m->condition)) && isfinite(s->value))
            return s;
    }
    return NULL;
}

static void find_people(spot_runs *r)
{
    for (int m = 0; m < r->line->count; m++) {
        r->human[m] = r->line->score[m]->human;
        for (int64_t j = 0; j < r->count && !r->from_files[m]; j++) {
            const score *s = people_row(r->network[j].run, r->of->benchmark, r->line->score[m]);
            if (!s) continue;
            r->human[m] = s->value;
            r->from_files[m] = true;
        }
    }
}

/* Runs that lack the score, and the first of those that have one like it. */
typedef struct left_runs {
    int64_t count;
    const char *first, *why;
} left_runs;

/* Why a run whose alpha can have the score has none; NULL: nobody scored it. */
static const char *what_lacks(const study_run *run, const spot_runs *r)
{
    for (int m = 0; m < r->line->count; m++) {
        const measure *wanted = r->line->score[m];
        const score *s = trend_score(run, r->of->benchmark, wanted->dataset, wanted->metric, wanted->condition);
        if (s && isfinite(s->value)) continue;
        if (s) return "is no number";
        if (trend_score(run, r->of->benchmark, NULL, wanted->metric, wanted->condition)) return "is of other data";
    }
    return NULL;
}

static bool can_have(const study_run *run, const measure_spot *line)
{
    for (int m = 0; m < line->count; m++)
        if (line->score[m]->needs_head && run->alpha >= 1) return false;
    return !isnan(run->alpha);
}

static void note_left(left_runs *left, spot_runs *r, const study_run *run)
{
    const char *why = can_have(run, r->line) ? what_lacks(run, r) : NULL;
    if (!why) return;
    if (left->count++ == 0) left->first = run->name, left->why = why;
}

/* Is an end missing?  Runs beyond those that have the score. */
static void find_beyond(spot_runs *r, const spot_only *only, const study *s)
{
    r->beyond[0] = r->beyond[1] = NAN;
    for (int64_t i = 0; r->count && i < s->count; i++) {
        const double alpha = s->runs[i].alpha;
        if (!spot_is_taken(&s->runs[i], only) || !can_have(&s->runs[i], r->line)) continue;
        if (alpha < r->alpha[0]) r->beyond[0] = fmin(r->beyond[0], alpha);
        if (alpha > r->alpha[r->alphas - 1]) r->beyond[1] = fmax(r->beyond[1], alpha);
    }
}

/* Runs of a study come by alpha, then seed. */
static jem_status collect(spot_runs *r, const spot_only *only, study *s)
{
    jem_status st = JEM_OK;
    left_runs left = {.count = 0};
    for (int64_t i = 0; i < s->count; i++) {
        const spot_network *last = r->count ? &r->network[r->count - 1] : NULL;
        spot_network n;
        if (!spot_is_taken(&s->runs[i], only)) continue;
        if (!values_of(&n, &s->runs[i], r->of, r->line)) {
            note_left(&left, r, &s->runs[i]);
            continue;
        }
        if (last && last->run->alpha == n.run->alpha && last->run->seed == n.run->seed) {
            TRY(study_warn(s, "%s has the alpha and seed of another run; sweet spots leave it out.",
                           n.run->name));
            continue;
        }
        if (!last || last->run->alpha != n.run->alpha) r->alpha[r->alphas++] = n.run->alpha;
        n.at = r->alphas - 1;
        r->networks[n.at]++;
        r->network[r->count++] = n;
    }
    find_beyond(r, only, s);
    if (left.count && r->count)
        TRY(study_warn(s, "%s, %s, leaves out %lld run%s (%s%s): its score %s.", r->line->title, r->line->measure,
                       (long long)left.count, left.count == 1 ? "" : "s", left.first,
                       left.count == 1 ? "" : ", ...", left.why));
done:
    return st;
}

/* ---- trials */

/* Trials that were set aside, and the first run they are of. */
typedef struct set_aside {
    int64_t differ, others; /* they do not give the score; are of other images */
    const char *run;
} set_aside;

/* Do the trials give the scores? */
static jem_status give_scores(bool *agree, const trial_items *items, const spot_network *n,
                              const measure_spot *line)
{
    jem_status st = JEM_OK;
    bool one;

    *agree = true;
    for (int m = 0; m < line->count && *agree; m++) {
        TRY(trial_items_give(&one, items, line, m, n->value[m]));
        *agree = one;
    }
done:
    return st;
}

/* Reads the trials of a network; items->count 0 unless they can be used together with
 * those of `first` (NULL: these are the first). */
static jem_status usable_items(trial_items *items, set_aside *aside, const spot_network *n,
                               const measure_spot *line, const trial_items *first, study *s)
{
    bool agrees;
    jem_status st = trial_items_read(items, line, n->run->path, n->model);
    if (st == JEM_EDATA)
        return study_warn(s, "%s; sweet spots use the run's score alone.", jem_error_message());
    if (st != JEM_OK || items->count == 0) return st;
    TRY(give_scores(&agrees, items, n, line));
    if (agrees && (!first || trial_items_match(first, items))) return JEM_OK;
    trial_items_clear(items);
    if (!aside->run) aside->run = n->run->name;
    *(agrees ? &aside->others : &aside->differ) += 1;
done:
    return st;
}

static jem_status warn_aside(const set_aside *aside, const measure_spot *line, study *s)
{
    const long long runs = (long long)(aside->differ + aside->others);
    if (!aside->run) return JEM_OK;
    return study_warn(s, "trials/%s.csv of %lld run%s (%s%s) %s; for the sweet spot of %s, %s, scores "
                         "are taken without drawing images.",
                      line->trials, runs, runs == 1 ? "" : "s", aside->run,
                      runs == 1 ? "" : ", ...",
                      aside->others == 0   ? "does not give the score beside it"
                      : aside->differ == 0 ? "has other images than the first run"
                                           : "has other images or does not give the score",
                      line->title, line->measure);
}

static jem_status read_trials(spot_runs *r, study *s)
{
    jem_status st;
    const trial_items **used = NULL;
    trial_items *items = NULL;
    set_aside aside = {0, 0, NULL};

    if (!r->line->rule || r->count == 0) return JEM_OK;
    TRY(MEM_NEW(items, r->count));
    TRY(MEM_NEW(used, r->count));
    for (int64_t j = 0; j < r->count; j++) {
        TRY(usable_items(&items[j], &aside, &r->network[j], r->line,
                         r->with_trials ? used[0] : NULL, s));
        if (items[j].count > 0) used[r->with_trials++] = &items[j];
    }
    TRY(warn_aside(&aside, r->line, s));
    if (r->with_trials == r->count)
        TRY(trial_draws_new(&r->draws, r->line->rule, used, r->count));
done:
    for (int64_t j = 0; items && j < r->count; j++) trial_items_clear(&items[j]);
    mem_free(items);
    mem_free(used);
    return st;
}

/* ---- the whole */

jem_status spot_runs_find(spot_runs *out, const measures *of, const measure_spot *line,
                          const spot_only *only, study *s)
{
    jem_status st;
    spot_runs r = {.of = of, .line = line};

    TRY(MEM_NEW(r.alpha, s->count));
    TRY(MEM_NEW(r.networks, s->count));
    TRY(MEM_NEW(r.network, s->count));
    TRY(collect(&r, only, s));
    find_people(&r);
    if (r.alphas > 1) TRY(read_trials(&r, s));
    *out = r;
    r = (spot_runs){.alphas = 0};
done:
    spot_runs_clear(&r);
    return st;
}

void spot_runs_clear(spot_runs *r)
{
    mem_free(r->alpha);
    mem_free(r->networks);
    mem_free(r->network);
    trial_draws_clear(&r->draws);
    *r = (spot_runs){.alphas = 0};
}

double spot_scaled(const spot_scale *scale, const spot_runs *r, int64_t i, const double *value)
{
    double y = scale->offset[i];
    for (int m = 0; m < r->line->count; m++)
        if (scale->weight[i][m] != 0) y += scale->weight[i][m] * value[m];
    return y;
}

typedef struct turned {
    const spot_runs *r;
    const spot_scale *scale;
} turned;

/* Is the reference drawn with the scores?  Where people's value is from the same files and the score is best
 * nearest to it, y less the reference of the draw takes the place of y: that changes no covariance of differences
 * m_i - m_l, and in that of 2r - m_i - m_l it counts what images and people do to r. */
static bool draws_reference(const spot_runs *r, const spot_scale *scale)
{
    return !isnan(scale->reference) && r->from_files[0] && r->line->count == 1 && r->draws.among_people;
}

/* Of a trial_numbers: y of every network. */
static jem_status make_turned(double *y, const void *ctx, const double *value, const stats_draw *draw)
{
    const turned *t = ctx;
    const trial_draws *d = &t->r->draws;
    double reference = 0;
    const jem_status st =
        draws_reference(t->r, t->scale) ? d->among_people(&reference, d->state, draw) : JEM_OK;
    for (int64_t j = 0; j < t->r->count; j++)
        y[j] = spot_scaled(t->scale, t->r, t->r->network[j].at, value + j * t->r->line->count) - reference;
    return st;
}

jem_status spot_covariance(double *covariance, const spot_runs *r, const spot_scale *scale,
                           const trial_bootstrap *by)
{
    jem_status st;
    double *people = NULL;
    const turned t = {r, scale};
    const trial_numbers of = {r->count, r->line->count, make_turned, &t};

    TRY(MEM_NEW(people, r->count * r->count));
    TRY(trial_covariance(covariance, people, &r->draws, &of, by));
    for (int64_t i = 0; i < r->count * r->count; i++) covariance[i] += people[i];
done:
    mem_free(people);
    return st;
}
