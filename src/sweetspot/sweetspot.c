/* The lines of a study, each with its claim. */
#include "sweetspot/sweetspot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/shell_line.h"
#include "base/try.h"
#include "measure/standing.h"
#include "sweetspot/spot_equal.h"
#include "sweetspot/spot_runs.h"
#include "sweetspot/trend.h"

const option sweetspot_settings[] = {
    {"variance", OPTION_CHOICE, offsetof(sweetspot_options, variance), "guarded", 0, 0,
     "guarded|pooled|each", "whose spread is the training noise of an alpha (docs/benchmarks.md)"},
    {"rule", OPTION_CHOICE, offsetof(sweetspot_options, rule), "best", 0, 0, "best|distance",
     "best: the largest score (the lowest of a loss); distance: nearest to people"},
    {"draws", OPTION_INT, offsetof(sweetspot_options, draws), "100000", 1000, 100000000, NULL,
     "draws of the noise for p and the set of best alphas"},
    {"rounds", OPTION_INT, offsetof(sweetspot_options, rounds), "10000", 100, 10000000, NULL,
     "rounds of the bootstrap of images and people"},
    {"level", OPTION_REAL, offsetof(sweetspot_options, level), "0.95", 0.5, 0.9999, NULL,
     "confidence of the set and of the lower bound; 1 - level is shown as p at most"},
    {"seed", OPTION_INT, offsetof(sweetspot_options, seed), "0", 0, 1e15, NULL,
     "of all draws"},
    {"most_alpha", OPTION_REAL, offsetof(sweetspot_options, most_alpha), "1", 0.01, 1, NULL,
     "networks of larger alphas are left out"},
    {"accuracy_within", OPTION_REAL, offsetof(sweetspot_options, accuracy_within), "1", 0.0001, 1, NULL,
     "networks whose test accuracy is farther from that at the smallest alpha are left out"},
    {.key = NULL},
};

stats_best_alpha_options sweetspot_statistics(const sweetspot_options *o)
{
    return (stats_best_alpha_options){.variance = (stats_variance)o->variance, .level = o->level,
                                      .draws = o->draws, .seed = (uint64_t)o->seed, .threads = o->threads};
}

const char *spot_verdict_text(spot_verdict v)
{
    static const char *const text[] = {"not shown", "shown", "unequal settings", "one seed"};
    return text[v];
}

/* ---- scores along alpha */

static void spot_clear(sweetspot *p)
{
    void *const owned[] = {p->alpha, p->value, p->sem, p->seeds, p->network, p->among, p->seed_of,
                           p->unequal_alpha, p->drop_name, p->at_chance};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
    strings_free(p->unequal, (int)p->unequal_count);
    stats_best_alpha_clear(&p->at);
}

jem_status sweetspots_check(const sweetspot_list *list, const study *s)
{
    char *eval = NULL, *bench = NULL;
    jem_status st = JEM_OK;

    if (list->count > 0) return JEM_OK;
    TRY(shell_line(&eval, (const char *[]){"jem", "eval", s->path, NULL}));
    TRY(shell_line(&bench, (const char *[]){"jem", "bench", "all", s->path, NULL}));
    st = jem_error(JEM_EDATA, "%s: no benchmark has scores at two values of alpha; make them with %s or "
                              "%s", s->path, eval, bench);
done:
    mem_free(eval);
    mem_free(bench);
    return st;
}

void sweetspot_list_clear(sweetspot_list *list)
{
    for (int64_t i = 0; i < list->count; i++) spot_clear(&list->spots[i]);
    mem_free(list->spots);
    if (list->declared) declaration_clear(list->declared);
    mem_free(list->declared);
    *list = (sweetspot_list)SWEETSPOT_LIST_INIT;
}

static bool is_at_chance(const spot_runs *r, const spot_network *n)
{
    const measure *m = r->line->score[0];
    const score *of = trend_score(n->run, r->of->benchmark, m->dataset, m->metric, m->condition);
    return of && standing_chance(&n->run->scores, r->of, of) == CHANCE_AT;
}

/* Means and errors of all scores of the line. */
static jem_status describe(sweetspot *p, const spot_runs *r)
{
    jem_status st;
    double *values = NULL;

    p->alphas = r->alphas;
    p->networks = r->count;
    p->images = r->draws.images;
    p->people = r->draws.people;
    p->with_trials = r->with_trials;
    for (int e = 0; e < 2; e++) p->beyond[e] = r->beyond[e];
    for (int m = 0; m < r->line->count; m++) {
        p->human[m] = r->human[m];
        p->from_files[m] = r->from_files[m];
    }
    TRY(MEM_NEW(p->alpha, p->alphas));
    TRY(MEM_NEW(p->seeds, p->alphas));
    TRY(MEM_NEW(p->value, r->line->count * p->alphas));
    TRY(MEM_NEW(p->sem, r->line->count * p->alphas));
    TRY(MEM_NEW(p->network, r->count));
    TRY(MEM_NEW(p->among, r->count));
    TRY(MEM_NEW(p->at_chance, r->count));
    TRY(MEM_NEW(p->seed_of, r->count));
    TRY(MEM_NEW(values, r->count));
    for (int64_t j = 0; j < r->count; j++) p->at_chance[j] = is_at_chance(r, &r->network[j]);
    p->fewest = p->most = r->networks[0];
    for (int64_t i = 0, first = 0; i < p->alphas; first += r->networks[i++]) {
        const int64_t n = r->networks[i];
        p->alpha[i] = r->alpha[i];
        p->seeds[i] = n;
        if (n < p->fewest) p->fewest = n;
        if (n > p->most) p->most = n;
        for (int m = 0; m < r->line->count; m++) {
            for (int64_t j = 0; j < n; j++) values[j] = r->network[first + j].value[m];
            p->value[m * p->alphas + i] = stats_mean(values, n);
            p->sem[m * p->alphas + i] = stats_sem(values, n);
        }
        for (int64_t j = first; j < first + n; j++) {
            p->among[j] = r->alpha[i];
            p->seed_of[j] = r->network[j].run->seed;
        }
    }
done:
    mem_free(values);
    return st;
}

/* ---- larger is better */

static void scale_clear(spot_scale *scale)
{
    mem_free(scale->offset);
    mem_free(scale->weight);
}

/* In the plane: minus the distance of alpha i's mean, and how a network's scores change it. */
static void project(spot_scale *scale, const sweetspot *p)
{
    for (int64_t i = 0; i < p->alphas; i++) {
        double square = 0;
        for (int m = 0; m < p->line->count; m++) {
            const double gap = p->human[m] - p->value[m * p->alphas + i];
            scale->weight[i][m] = gap;
            square += gap * gap;
        }
        const double far = sqrt(square);
        scale->offset[i] = -far;
        for (int m = 0; m < p->line->count; m++) {
            scale->weight[i][m] = far > 0 ? scale->weight[i][m] / far : 0;
            scale->offset[i] -= scale->weight[i][m] * p->value[m * p->alphas + i];
        }
    }
}

static jem_status scale_init(spot_scale *scale, const sweetspot *p)
{
    jem_status st;
    *scale = (spot_scale){.reference = NAN};
    TRY(MEM_NEW(scale->offset, p->alphas));
    TRY(MEM_NEW(scale->weight, p->alphas));
    if (p->score < 0) {
        project(scale, p);
        goto done;
    }
    const measure *m = p->line->score[p->score];
    for (int64_t i = 0; i < p->alphas; i++)
        scale->weight[i][p->score] = m->lower_is_better && !p->distance ? -1 : 1;
    if (p->distance) scale->reference = p->human[p->score];
done:
    return st;
}

/* What a dot of the figure shows. */
static double shown_value(const sweetspot *p, const double *value)
{
    double square = 0;
    if (p->score >= 0) return value[p->score];
    for (int m = 0; m < p->line->count; m++) {
        const double gap = value[m] - p->human[m];
        square += gap * gap;
    }
    return sqrt(square);
}

/* ---- the claim */

static void say_basis(sweetspot *p)
{
    char people[40] = "", seeds[60];
    const char *plural = p->most == 1 ? "" : "s";
    if (p->people) snprintf(people, sizeof people, ", %lld people", (long long)p->people);
    if (p->fewest == p->most)
        snprintf(seeds, sizeof seeds, "%lld seed%s", (long long)p->most, plural);
    else
        snprintf(seeds, sizeof seeds, "%lld to %lld seeds", (long long)p->fewest, (long long)p->most);
    if (p->images)
        snprintf(p->basis, sizeof p->basis, "%s, %lld images%s", seeds, (long long)p->images, people);
    else if (p->with_trials)
        snprintf(p->basis, sizeof p->basis, "%s alone; %lld of %lld runs have no trials", seeds,
                 (long long)(p->networks - p->with_trials), (long long)p->networks);
    else
        snprintf(p->basis, sizeof p->basis, "%s alone", seeds);
}

static spot_verdict verdict_of(const sweetspot *p)
{
    const double most = 1 - p->level;
    if (p->most == 1) return SPOT_ONE_SEED;
    if (!(p->at.p <= most + 1e-12 && p->at.p_drop <= most + 1e-12)) return SPOT_NOT_SHOWN;
    return p->unequal_count ? SPOT_UNEQUAL : SPOT_SHOWN;
}

/* covariance (room for all networks) <- of y, or *covariance <- NULL where images are not drawn. */
static jem_status find_covariance(double **covariance, sweetspot *p, const spot_runs *r,
                                  const spot_scale *scale, const trial_bootstrap *d, study *s)
{
    jem_status st = JEM_OK;

    *covariance = NULL;
    if (r->draws.columns == 0) goto done;
    TRY(MEM_NEW(*covariance, r->count * r->count));
    st = spot_covariance(*covariance, r, scale, d);
    if (st != JEM_EDATA) goto done;
    mem_free(*covariance);
    *covariance = NULL;
    p->images = p->people = 0;
    st = study_warn(s, "The sweet spot of %s, %s, is found without drawing images: %s.", p->line->title,
                    sweetspot_measure(p), jem_error_message());
done:
    return st;
}

static jem_status take_drop_name(sweetspot *p, const spot_runs *r)
{
    if (p->at.dropped < 0) return JEM_OK;
    return mem_strdup(&p->drop_name, r->network[p->at.dropped].run->name);
}

static jem_status claim(sweetspot *p, const spot_runs *r, study *s, const sweetspot_options *o)
{
    jem_status st;
    const trial_bootstrap d = {o->rounds, (uint64_t)o->seed, o->threads};
    const stats_best_alpha_options so = sweetspot_statistics(o);
    spot_scale scale = {.reference = NAN};
    double *y = NULL, *covariance = NULL;

    TRY(describe(p, r));
    TRY(scale_init(&scale, p));
    TRY(MEM_NEW(y, r->count));
    for (int64_t j = 0; j < r->count; j++) {
        y[j] = spot_scaled(&scale, r, r->network[j].at, r->network[j].value);
        p->network[j] = shown_value(p, r->network[j].value);
    }
    TRY(find_covariance(&covariance, p, r, &scale, &d, s));
    const stats_alphas data = {r->alphas, r->networks, y, covariance, scale.reference};
    TRY(stats_best_alpha_find(&p->at, &data, &so));
    TRY(take_drop_name(p, r));
    TRY(spot_margin_cv(&p->margin_cv, r, &scale, &d));
    TRY(spot_find_unequal(p, r));
    TRY(spot_p_equal(&p->p_equal, p, &data, &so));
    spot_accuracy(p->accuracy, p, r);
    stats_two_lines(&p->below, &p->above, p->among, y, p->networks,
                    p->alpha[p->at.leader >= 0 ? p->at.leader : p->at.best]);
    p->verdict = verdict_of(p);
    say_basis(p);
done:
    mem_free(covariance);
    mem_free(y);
    scale_clear(&scale);
    return st;
}

/* ---- all lines */

/* The entry that names this line; NULL: none does. */
static const declared_score *entry_of(const declaration *d, const spot_runs *r, int which)
{
    char metric[256];
    const declared_score *e = d ? declaration_find(d, r->of) : NULL;
    spot_metric(metric, sizeof metric, r->line, which);
    return e && strcmp(e->score, metric) == 0 ? e : NULL;
}

static jem_status add_spot(sweetspot_list *list, const spot_runs *r, int which, study *s,
                           const sweetspot_options *o)
{
    jem_status st;
    const declared_score *entry = entry_of(list->declared, r, which);
    const int rule = entry ? entry->rule : o->rule;
    sweetspot p = {.of = r->of, .line = r->line, .score = which, .distance = rule == 1 || which < 0,
                   .level = o->level, .variance = (stats_variance)o->variance, .p_holm = NAN,
                   .margin_cv = NAN, .p_equal = NAN, .declared = list->declared};

    TRY(claim(&p, r, s, o));
    p.primary = list->declared ? entry != NULL : r->line->alignment && which == 0;
    for (int64_t j = 0; entry && entry->latent && j < r->count; j++)
        p.other_latent += r->network[j].run->proj != entry->latent;
    for (int64_t i = 0; i < list->count; i++)
        if (list->spots[i].of == r->of && list->spots[i].primary) p.primary = false;
    TRY(MEM_GROW(list->spots, list->count, list->capacity));
    list->spots[list->count++] = p;
    p = (sweetspot){.line = NULL};
done:
    spot_clear(&p);
    return st;
}

/* Do other lines say the same already: this metric with these values of these networks, as where `jem bench gloss` was given
 * a run's own test scenes?  Not where the study names it. */
static bool is_repeat(const sweetspot_list *list, const spot_runs *r)
{
    if (r->line->count != 1 || r->line->alignment || entry_of(list->declared, r, 0)) return false;
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *p = &list->spots[i];
        bool same = p->score == 0 && p->networks == r->count && strcmp(p->line->score[0]->metric, r->line->score[0]->metric) == 0;
        for (int64_t j = 0; same && j < r->count; j++)
            same = p->among[j] == r->network[j].run->alpha && p->network[j] == r->network[j].value[0];
        if (same) return true;
    }
    return false;
}

static jem_status find_line(sweetspot_list *list, const measures *of, const measure_spot *line,
                            study *s, const sweetspot_options *o)
{
    jem_status st;
    spot_runs r = {.alphas = 0};

    TRY(spot_runs_find(&r, of, line, &list->only, s));
    if (r.alphas < 2 || is_repeat(list, &r)) goto done;
    for (int k = 0; k < line->count; k++) TRY(add_spot(list, &r, k, s, o));
    if (line->count > 1) TRY(add_spot(list, &r, -1, s, o));
done:
    spot_runs_clear(&r);
    return st;
}

/* Does the correction over benchmarks count it? */
static bool is_counted(const sweetspot *p) { return p->primary && p->verdict != SPOT_ONE_SEED; }

static jem_status correct(sweetspot_list *list)
{
    jem_status st;
    double *p = NULL, *adjusted = NULL;

    TRY(MEM_NEW(p, list->count + 1));
    TRY(MEM_NEW(adjusted, list->count + 1));
    for (int64_t i = 0; i < list->count; i++)
        p[i] = is_counted(&list->spots[i]) ? list->spots[i].at.p : NAN;
    stats_holm(adjusted, p, list->count);
    for (int64_t i = 0; i < list->count; i++) {
        sweetspot *spot = &list->spots[i];
        spot->p_holm = adjusted[i];
        list->primaries += is_counted(spot);
        list->shown += spot->verdict == SPOT_SHOWN && adjusted[i] <= 1 - list->level + 1e-12;
    }
done:
    mem_free(adjusted);
    mem_free(p);
    return st;
}

/* p that this alpha beats both ends in every primary line; NaN where it does not lie between them. */
static double p_everywhere(const sweetspot_list *list, double alpha)
{
    double p = 0;
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *spot = &list->spots[i];
        double own = NAN;
        if (!is_counted(spot)) continue;
        for (int64_t a = 0; a < spot->alphas; a++)
            if (spot->alpha[a] == alpha) own = spot->at.p_alpha[a];
        if (isnan(own)) return NAN;
        p = fmax(p, own);
    }
    return p;
}

/* One alpha for all: the smallest of the largest p. */
static void find_common(sweetspot_list *list)
{
    const sweetspot *first = NULL;
    list->serves_p = NAN;
    for (int64_t i = 0; i < list->count && !first; i++)
        if (is_counted(&list->spots[i])) first = &list->spots[i];
    for (int64_t a = 0; first && a < first->alphas; a++) {
        const double p = p_everywhere(list, first->alpha[a]);
        if (isnan(p)) continue;
        list->serves_p = isnan(list->serves_p) ? p : fmin(list->serves_p, p);
        if (p <= 1 - list->level + 1e-12 &&
            list->serves_count < (int64_t)(sizeof list->serves / sizeof *list->serves))
            list->serves[list->serves_count++] = first->alpha[a];
    }
}

static jem_status find_declaration(sweetspot_list *list, const study *s, const sweetspot_options *o)
{
    jem_status st;
    declaration d = {.score = NULL};

    TRY(declaration_of_study(&d, s->path, o->measures));
    if (!d.kept.path) goto done;
    TRY(MEM_NEW(list->declared, 1));
    *list->declared = d;
    d = (declaration){.score = NULL};
done:
    declaration_clear(&d);
    return st;
}

jem_status sweetspots_find(sweetspot_list *out, study *s, const sweetspot_options *o)
{
    jem_status st = JEM_OK;
    sweetspot_list list = SWEETSPOT_LIST_INIT;

    list.level = o->level;
    TRY(find_declaration(&list, s, o));
    list.only = spot_only_of(s, o->most_alpha > 0 ? o->most_alpha : 1, o->accuracy_within > 0 ? o->accuracy_within : 1);
    for (int pass = 0; pass < 2; pass++) /* comparisons with people, then all others */
        for (const measures *const *of = o->measures; *of; of++)
            for (const measure_spot *line = (*of)->spots; line && line->title; line++)
                if (line->alignment == (pass == 0)) TRY(find_line(&list, *of, line, s, o));
    TRY(correct(&list));
    find_common(&list);
    *out = list;
    list = (sweetspot_list)SWEETSPOT_LIST_INIT;
done:
    sweetspot_list_clear(&list);
    return st;
}
