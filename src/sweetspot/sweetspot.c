/* Collecting scores and trials of a study, and the bootstrap of the sweet spot. */
#include "sweetspot/sweetspot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "measure/trials.h"
#include "sweetspot/trend.h"

/* ---- the grid of runs */

typedef struct cell {
    const study_run *run; /* NULL: no run at this alpha and seed */
    const char *model;    /* of its score */
    double value[SPOT_SCORES_MAX];
    int64_t column; /* of the draws; -1: no trials */
} cell;

/* Everything a round needs. */
typedef struct grid {
    const measures *of;
    const measure_spot *line;
    int64_t alphas, seeds;
    const double *alpha; /* [alphas] */
    cell *cells;         /* [alphas][seeds] */
    int64_t *present;    /* [alphas][seeds] seeds of each alpha, the first present_count[a] */
    int64_t *present_count;
    trial_draws draws; /* columns 0: no trials */
} grid;

static void grid_clear(grid *g)
{
    mem_free(g->cells);
    mem_free(g->present);
    mem_free(g->present_count);
    trial_draws_clear(&g->draws);
}

static bool values_of(cell *c, const study_run *r, const measures *of, const measure_spot *line)
{
    if (isnan(r->alpha)) return false;
    for (int m = 0; m < line->count; m++) {
        const measure *wanted = line->score[m];
        const score *s = trend_score(r, of->benchmark, wanted->dataset, wanted->metric,
                                     wanted->condition);
        if (!s || !isfinite(s->value)) return false;
        c->value[m] = s->value;
        c->model = s->model;
    }
    return true;
}

/* Place of x in the ascending list, which it joins if it is new. */
static int64_t place_in(double *list, int64_t *count, double x)
{
    int64_t at = 0;
    while (at < *count && list[at] < x) at++;
    if (at < *count && list[at] == x) return at;
    memmove(list + at + 1, list + at, (size_t)(*count - at) * sizeof *list);
    list[at] = x;
    ++*count;
    return at;
}

/* alpha and seed (room for one per run) <- what the scored runs have. */
static void find_axes(int64_t *alphas, double *alpha, int64_t *seeds, double *seed, const study *s,
                      const measures *of, const measure_spot *line)
{
    cell c;
    *alphas = *seeds = 0;
    for (int64_t i = 0; i < s->count; i++) {
        if (!values_of(&c, &s->runs[i], of, line)) continue;
        place_in(alpha, alphas, s->runs[i].alpha);
        place_in(seed, seeds, (double)s->runs[i].seed);
    }
}

static jem_status fill_cells(grid *g, double *alpha, double *seed, study *s)
{
    jem_status st = JEM_OK;
    int64_t alphas = g->alphas, seeds = g->seeds;
    for (int64_t i = 0; i < s->count; i++) {
        const study_run *r = &s->runs[i];
        cell c = {.run = r, .column = -1};
        if (!values_of(&c, r, g->of, g->line)) continue;
        int64_t a = place_in(alpha, &alphas, r->alpha);
        int64_t k = place_in(seed, &seeds, (double)r->seed);
        if (g->cells[a * g->seeds + k].run) {
            TRY(study_warn(s,
                           "%s has the alpha and seed of another run; sweet spots leave it out.",
                           r->name));
            continue;
        }
        g->cells[a * g->seeds + k] = c;
        g->present[a * g->seeds + g->present_count[a]++] = k;
    }
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
static jem_status give_scores(bool *agree, const trial_items *items, const cell *c,
                              const measure_spot *line)
{
    jem_status st;
    double found[SPOT_SCORES_MAX];
    trial_draws alone = {.columns = 0};

    TRY(trial_draws_new(&alone, line->rule, &items, 1));
    TRY(trial_draws_data(found, &alone));
    *agree = true;
    for (int m = 0; m < line->count; m++)
        *agree = *agree && fabs(found[m] - c->value[m]) <= 1e-6 * fmax(1, fabs(c->value[m]));
done:
    trial_draws_clear(&alone);
    return st;
}

/* Reads the trials of a cell; items->count 0 unless they can be used together with
 * those of `first` (NULL: these are the first). */
static jem_status usable_items(trial_items *items, set_aside *aside, const cell *c,
                               const measure_spot *line, const trial_items *first, study *s)
{
    bool agrees;
    jem_status st = trial_items_read(items, line, c->run->path, c->model);
    if (st == JEM_EDATA)
        return study_warn(s, "%s; sweet spots use the run's score alone.", jem_error_message());
    if (st != JEM_OK || items->count == 0) return st;
    TRY(give_scores(&agrees, items, c, line));
    if (agrees && (!first || trial_items_match(first, items))) return JEM_OK;
    trial_items_clear(items);
    /* At alpha = 1 another classifier takes the place of the untrained head. */
    if (!agrees && c->run->alpha >= 1) return JEM_OK;
    if (!aside->run) aside->run = c->run->name;
    *(agrees ? &aside->others : &aside->differ) += 1;
done:
    return st;
}

static jem_status warn_aside(const set_aside *aside, const measure_spot *line, study *s)
{
    if (!aside->run) return JEM_OK;
    return study_warn(s,
                      "trials/%s.csv of %lld run%s (%s%s) %s; for the sweet spot of %s, %s, their "
                      "scores are taken without drawing images.",
                      line->trials, (long long)(aside->differ + aside->others),
                      aside->differ + aside->others == 1 ? "" : "s", aside->run,
                      aside->differ + aside->others == 1 ? "" : ", ...",
                      aside->others == 0   ? "does not give the score beside it"
                      : aside->differ == 0 ? "has other images than the first run"
                                           : "has other images or does not give the score",
                      line->title, line->measure);
}

/* The trials of all cells side by side. */
static jem_status read_trials(grid *g, study *s)
{
    jem_status st;
    int64_t cells = g->alphas * g->seeds, columns = 0;
    const trial_items **used = NULL;
    trial_items *items = NULL;
    set_aside aside = {0, 0, NULL};

    if (!g->line->rule) return JEM_OK;
    TRY(MEM_NEW(items, cells));
    TRY(MEM_NEW(used, cells));
    for (int64_t i = 0; i < cells; i++) {
        if (!g->cells[i].run) continue;
        TRY(usable_items(&items[i], &aside, &g->cells[i], g->line, columns ? used[0] : NULL, s));
        if (items[i].count == 0) continue;
        g->cells[i].column = columns;
        used[columns++] = &items[i];
    }
    TRY(warn_aside(&aside, g->line, s));
    if (columns) TRY(trial_draws_new(&g->draws, g->line->rule, used, columns));
done:
    for (int64_t i = 0; items && i < cells; i++) trial_items_clear(&items[i]);
    mem_free(items);
    mem_free(used);
    return st;
}

/* ---- one round */

static double loss_of(const grid *g, int64_t a, const double *metric)
{
    double loss, human[SPOT_SCORES_MAX];
    if (g->line->skip_one && g->alpha[a] >= 1) return NAN;
    if (g->line->score[0]->lower_is_better) return metric[0];
    for (int m = 0; m < g->line->count; m++) human[m] = g->line->score[m]->human;
    stats_distance_to_human(&loss, metric, human, g->line->count, 1);
    return loss;
}

/* drawn [columns][metrics], or NULL. */
static double metric_of(const grid *g, const cell *c, int m, const double *drawn)
{
    return c->column < 0 ? c->value[m] : drawn[c->column * g->line->count + m];
}

/* An alpha that lacks a drawn seed number takes one of its own instead. */
static const cell *drawn_cell(const grid *g, int64_t a, int64_t k)
{
    const cell *c = &g->cells[a * g->seeds + k];
    return c->run ? c : &g->cells[a * g->seeds + g->present[a * g->seeds + k % g->present_count[a]]];
}

/* A stats_resampled: factor 0 = seed numbers, then those of the trials. */
static jem_status resampled_losses(double *loss, const void *ctx, const stats_draw *draw)
{
    jem_status st = JEM_OK;
    const grid *g = ctx;
    double *drawn = NULL;

    if (g->draws.columns) {
        TRY(MEM_NEW(drawn, g->draws.columns * g->line->count));
        TRY(g->draws.values(drawn, g->draws.state,
                            &(const stats_draw){draw->sizes + 1, draw->index + 1}));
    }
    for (int64_t a = 0; a < g->alphas; a++) {
        double metric[SPOT_SCORES_MAX] = {0};
        for (int m = 0; m < g->line->count; m++) {
            for (int64_t j = 0; j < g->seeds; j++)
                metric[m] += metric_of(g, drawn_cell(g, a, draw->index[0][j]), m, drawn);
            metric[m] /= (double)g->seeds;
        }
        loss[a] = loss_of(g, a, metric);
    }
done:
    mem_free(drawn);
    return st;
}

/* ---- one benchmark */

static void spot_clear(sweetspot *p)
{
    void *const owned[] = {p->alpha, p->value, p->sem, p->loss, p->share, p->seeds};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
}

void sweetspot_list_clear(sweetspot_list *list)
{
    for (int64_t i = 0; i < list->count; i++) spot_clear(&list->spots[i]);
    mem_free(list->spots);
    *list = (sweetspot_list)SWEETSPOT_LIST_INIT;
}

static jem_status grid_init(grid *g, sweetspot *p, study *s, double *seed)
{
    jem_status st;
    g->alpha = p->alpha;
    g->alphas = p->alphas;
    g->seeds = p->seed_numbers;
    TRY(MEM_NEW(g->cells, g->alphas * g->seeds));
    TRY(MEM_NEW(g->present, g->alphas * g->seeds));
    TRY(MEM_NEW(g->present_count, g->alphas));
    TRY(fill_cells(g, p->alpha, seed, s));
    TRY(read_trials(g, s));
done:
    return st;
}

/* Means, errors and losses of the data. */
static jem_status describe(sweetspot *p, const grid *g)
{
    jem_status st;
    double *values = NULL;

    TRY(MEM_NEW(p->value, p->line->count * p->alphas));
    TRY(MEM_NEW(p->sem, p->line->count * p->alphas));
    TRY(MEM_NEW(p->loss, p->alphas));
    TRY(MEM_NEW(p->share, p->alphas));
    TRY(MEM_NEW(p->seeds, p->alphas));
    TRY(MEM_NEW(values, g->seeds));
    for (int64_t a = 0; a < p->alphas; a++) {
        double metric[SPOT_SCORES_MAX];
        int64_t n = p->seeds[a] = g->present_count[a];
        for (int m = 0; m < p->line->count; m++) {
            for (int64_t j = 0; j < n; j++)
                values[j] = g->cells[a * g->seeds + g->present[a * g->seeds + j]].value[m];
            metric[m] = stats_mean(values, n);
            p->value[m * p->alphas + a] = metric[m];
            p->sem[m * p->alphas + a] = stats_sem(values, n);
        }
        p->loss[a] = loss_of(g, a, metric);
        p->share[a] = NAN;
        p->runs += n;
    }
    p->runs_with_trials = g->draws.columns;
    p->images = g->draws.images;
    p->people = g->draws.people;
done:
    mem_free(values);
    return st;
}

static void say_basis(sweetspot *p)
{
    char people[40] = "";
    int used;
    const char *plural = p->seed_numbers == 1 ? "" : "s";
    if (p->people) snprintf(people, sizeof people, ", %lld people", (long long)p->people);
    if (p->images)
        used = snprintf(p->basis, sizeof p->basis, "%lld images%s, %lld seed%s",
                        (long long)p->images, people, (long long)p->seed_numbers, plural);
    else if (p->rounds)
        used = snprintf(p->basis, sizeof p->basis, "%lld seeds alone", (long long)p->seed_numbers);
    else
        used = snprintf(p->basis, sizeof p->basis, "one seed, no trials: no interval");
    if (p->images && p->runs_with_trials < p->runs)
        snprintf(p->basis + used, sizeof p->basis - (size_t)used, "; %lld of %lld runs by score",
                 (long long)(p->runs - p->runs_with_trials), (long long)p->runs);
}

static jem_status draw_rounds(double *resampled, const grid *g, const sweetspot_options *o)
{
    jem_status st;
    int64_t *sizes = NULL;

    TRY(MEM_NEW(sizes, 1 + g->draws.factors));
    sizes[0] = g->seeds;
    for (int64_t f = 0; f < g->draws.factors; f++) sizes[1 + f] = g->draws.sizes[f];
    const stats_bootstrap_plan plan = {.factors = 1 + g->draws.factors, .sizes = sizes,
                                       .values = g->alphas, .statistic = resampled_losses,
                                       .ctx = g, .rounds = o->rounds, .seed = o->seed,
                                       .threads = o->threads};
    TRY(stats_bootstrap_distribution(resampled, &plan));
done:
    mem_free(sizes);
    return st;
}

static jem_status locate(sweetspot *p, const grid *g, const sweetspot_options *o)
{
    jem_status st;
    double *resampled = NULL;

    if (g->seeds < 2 && !g->draws.columns) { /* nothing to draw: the data are their only round */
        TRY(stats_sweet_spot_find(&p->at, NULL, p->alpha, p->loss, p->loss, p->alphas, 1,
                                  o->level));
        p->at.interval = p->at.margin_interval = (stats_interval){NAN, NAN};
        p->at.inside = NAN;
    } else {
        TRY(MEM_NEW(resampled, o->rounds * g->alphas));
        TRY(draw_rounds(resampled, g, o));
        TRY(stats_sweet_spot_find(&p->at, p->share, p->alpha, p->loss, resampled, p->alphas,
                                  o->rounds, o->level));
        p->rounds = o->rounds;
    }
    p->level = o->level;
    say_basis(p);
done:
    mem_free(resampled);
    return st;
}

static jem_status find_one(sweetspot_list *list, const measures *of, const measure_spot *line,
                           study *s, const sweetspot_options *o)
{
    jem_status st;
    sweetspot p = {.of = of, .line = line};
    grid g = {.of = of, .line = line};
    double *seed = NULL;

    TRY(MEM_NEW(p.alpha, s->count));
    TRY(MEM_NEW(seed, s->count));
    find_axes(&p.alphas, p.alpha, &p.seed_numbers, seed, s, of, line);
    if (p.alphas < 2) goto done;
    TRY(grid_init(&g, &p, s, seed));
    TRY(describe(&p, &g));
    st = locate(&p, &g, o);
    if (st == JEM_EDATA) { /* no alpha, or no draw, has a score that can be compared */
        st = study_warn(s, "The sweet spot of %s, %s, is left out: %s.", line->title,
                        line->measure, jem_error_message());
        goto done;
    }
    if (st != JEM_OK) goto done;
    TRY(MEM_GROW(list->spots, list->count, list->capacity));
    list->spots[list->count++] = p;
    p = (sweetspot){.line = NULL};
done:
    spot_clear(&p);
    grid_clear(&g);
    mem_free(seed);
    return st;
}

jem_status sweetspots_find(sweetspot_list *out, study *s, const sweetspot_options *o)
{
    jem_status st = JEM_OK;
    sweetspot_list list = SWEETSPOT_LIST_INIT;
    for (int pass = 0; pass < 2; pass++) /* comparisons with people, then all others */
        for (const measures *const *of = o->measures; *of; of++)
            for (const measure_spot *line = (*of)->spots; line && line->title; line++)
                if (line->alignment == (pass == 0)) TRY(find_one(&list, *of, line, s, o));
    *out = list;
    list = (sweetspot_list)SWEETSPOT_LIST_INIT;
done:
    sweetspot_list_clear(&list);
    return st;
}
