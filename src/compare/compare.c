/* Differences and their noise: see compare.h. */
#include "compare/compare.h"

#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "compare/entrants.h"
#include "measure/covariance.h"
#include "stats/best_alpha.h"

/* ---- networks of all models side by side */

/* The columns of one score: of each model that is compared, its networks. */
typedef struct columns {
    int64_t count;
    int64_t *first;         /* [models] of its networks; -1: it is not compared */
    int64_t *networks;      /* [models] */
    double *value;          /* [count] over the common images */
    double *images, *people; /* [count][count] covariances; NULL: not drawn from images */
    int64_t shared_people;
    double images_df, people_df;
    int scores, score;      /* of the line, and which */
} columns;

static void columns_clear(columns *c)
{
    mem_free(c->first);
    mem_free(c->networks);
    mem_free(c->value);
    mem_free(c->images);
    mem_free(c->people);
}

/* One score of each column. */
static void take_score(double *number, const columns *c, const double *value)
{
    for (int64_t j = 0; j < c->count; j++) number[j] = value[j * c->scores + c->score];
}

/* Of a trial_numbers. */
static jem_status make_scores(double *number, const void *ctx, const double *value, const stats_draw *draw)
{
    (void)draw;
    take_score(number, ctx, value);
    return JEM_OK;
}

static void count_freedom(columns *c, const trial_draws *d)
{
    for (int64_t f = 0; f < d->factors; f++)
        *(d->of_people && d->of_people[f] ? &c->people_df : &c->images_df) += (double)(d->sizes[f] - 1);
    c->shared_people = d->people;
}

/* One draw of images and people for all networks of all models. */
static jem_status draw_jointly(columns *c, const entrants *e, const measure_spot *line, const compare_options *o)
{
    jem_status st;
    const trial_items **items = NULL;
    double *value = NULL;
    trial_draws d = {.columns = 0};
    const trial_numbers of = {c->count, c->scores, make_scores, c};
    const trial_bootstrap by = {o->rounds, (uint64_t)o->seed, o->threads};

    TRY(MEM_NEW(items, c->count));
    TRY(MEM_NEW(value, c->count * c->scores));
    TRY(MEM_NEW(c->images, c->count * c->count));
    TRY(MEM_NEW(c->people, c->count * c->count));
    for (int64_t i = 0; i < e->count; i++)
        for (int64_t j = 0; c->first[i] >= 0 && j < c->networks[i]; j++)
            items[c->first[i] + j] = &e->of[i].items[j];
    TRY(trial_draws_new(&d, line->rule, items, c->count));
    TRY(trial_draws_data(value, &d));
    take_score(c->value, c, value);
    count_freedom(c, &d);
    TRY(trial_covariance(c->images, c->people, &d, &of, &by));
done:
    trial_draws_clear(&d);
    mem_free(value);
    mem_free(items);
    return st;
}

static jem_status make_columns(columns *out, const entrants *e, const measure_spot *line, int which,
                               const compare_options *o)
{
    jem_status st;
    columns c = {.scores = line->count, .score = which};

    TRY(MEM_NEW(c.first, e->count));
    TRY(MEM_NEW(c.networks, e->count));
    for (int64_t i = 0; i < e->count; i++) {
        c.first[i] = e->of[i].reason ? -1 : c.count;
        c.networks[i] = e->of[i].networks;
        if (c.first[i] >= 0) c.count += c.networks[i];
    }
    TRY(MEM_NEW(c.value, c.count));
    for (int64_t i = 0; i < e->count; i++)
        for (int64_t j = 0; c.first[i] >= 0 && j < c.networks[i]; j++)
            c.value[c.first[i] + j] = e->of[i].row[j]->value;
    if (line->rule) TRY(draw_jointly(&c, e, line, o));
    *out = c;
    c = (columns){.count = 0};
done:
    columns_clear(&c);
    return st;
}

/* ---- one difference */

/* Of the means of models a and b: what networks share; of a single network all. */
static double shared(const double *g, const columns *c, int64_t a, int64_t b)
{
    double sum = 0;
    int64_t pairs = 0;
    for (int64_t j = 0; j < c->networks[a]; j++)
        for (int64_t k = 0; k < c->networks[b]; k++) {
            if (a == b && j == k && c->networks[a] > 1) continue;
            sum += g[(c->first[a] + j) * c->count + c->first[b] + k];
            pairs++;
        }
    return sum / (double)pairs;
}

static double of_gap(const double *g, const columns *c, int64_t a, int64_t b)
{
    return g ? fmax(0, shared(g, c, a, a) + shared(g, c, b, b) - 2 * shared(g, c, a, b)) : 0;
}

/* Of the mean over a model's networks; nothing is known of a single one's. */
static double of_training(const columns *c, int64_t model)
{
    if (c->networks[model] < 2) return 0;
    const double sem = stats_sem(c->value + c->first[model], c->networks[model]);
    return sem * sem;
}

static void find_gap(comparison *out, const columns *c, double level)
{
    const int64_t sides[2] = {0, out->model};
    stats_source source[4];

    out->first = stats_mean(c->value + c->first[0], c->networks[0]);
    out->other = stats_mean(c->value + c->first[out->model], c->networks[out->model]);
    out->images = of_gap(c->images, c, 0, out->model);
    out->people = of_gap(c->people, c, 0, out->model);
    out->shared_people = c->shared_people;
    source[0] = (stats_source){out->images, fmax(1, c->images_df)};
    source[1] = (stats_source){out->people, fmax(1, c->people_df)};
    for (int k = 0; k < 2; k++) {
        const double variance = of_training(c, sides[k]);
        source[2 + k] = (stats_source){variance, fmax(1, (double)(c->networks[sides[k]] - 1))};
        out->training += variance;
    }
    out->gap = stats_difference_find(out->other - out->first, source, 4, level);
}

/* ---- one score of all models */

static jem_status leave_out(compare_list *list, const comparison *what, const char *reason)
{
    jem_status st;
    comparison_gap gap = {what->of, what->line, what->score, what->model, NULL};

    TRY(mem_strdup(&gap.reason, reason));
    TRY(MEM_GROW(list->gap, list->gaps, list->gap_capacity));
    list->gap[list->gaps++] = gap;
    gap.reason = NULL;
done:
    mem_free(gap.reason);
    return st;
}

static bool is_primary(const compare_list *list, const comparison *c)
{
    if (!c->line->alignment || c->score != 0) return false;
    for (int64_t i = 0; i < list->count; i++)
        if (list->rows[i].of == c->of && list->rows[i].primary && list->rows[i].line != c->line) return false;
    return true;
}

/* All against the first, as far as they have no reason. */
static jem_status add_rows(compare_list *list, const entrants *e, comparison row, const compare_options *o)
{
    jem_status st = JEM_OK;
    columns c = {.count = 0};
    int64_t able = 0;

    for (int64_t i = 1; i < e->count; i++) able += !e->of[0].reason && !e->of[i].reason;
    if (able) st = make_columns(&c, e, row.line, row.score, o);
    const bool undrawn = st == JEM_EDATA;
    if (!undrawn) TRY(st);
    for (row.model = 1; row.model < e->count; row.model++) {
        const char *reason = e->of[0].reason ? e->of[0].reason : e->of[row.model].reason;
        if (!reason && undrawn) reason = jem_error_message();
        if (reason) {
            TRY(leave_out(list, &row, reason));
            continue;
        }
        comparison own = row;
        find_gap(&own, &c, o->level);
        own.shared_images = e->images;
        own.most_images = e->of[0].images > e->of[row.model].images ? e->of[0].images : e->of[row.model].images;
        own.primary = is_primary(list, &own);
        TRY(MEM_GROW(list->rows, list->count, list->capacity));
        list->rows[list->count++] = own;
    }
    st = JEM_OK;
done:
    columns_clear(&c);
    return st;
}

static jem_status compare_score(compare_list *list, const compare_models *models, const measures *of,
                                const measure_spot *line, int which, const compare_options *o)
{
    jem_status st;
    entrants e = {.count = 0};
    bool anybody = false;

    TRY(entrants_find(&e, models, of, line, which));
    for (int64_t i = 0; i < e.count; i++) anybody = anybody || e.of[i].has;
    if (anybody) TRY(add_rows(list, &e, (comparison){.of = of, .line = line, .score = which, .p_holm = NAN}, o));
done:
    entrants_clear(&e);
    return st;
}

/* ---- the whole */

static jem_status correct(compare_list *list)
{
    jem_status st;
    double *p = NULL, *adjusted = NULL;

    TRY(MEM_NEW(p, list->count));
    TRY(MEM_NEW(adjusted, list->count));
    for (int64_t i = 0; i < list->count; i++) {
        p[i] = list->rows[i].primary ? list->rows[i].gap.p : NAN;
        list->primaries += list->rows[i].primary;
    }
    stats_holm(adjusted, p, list->count);
    for (int64_t i = 0; i < list->count; i++) list->rows[i].p_holm = adjusted[i];
done:
    mem_free(adjusted);
    mem_free(p);
    return st;
}

static jem_status nothing(const compare_list *list, const compare_models *models)
{
    if (!list->gaps)
        return jem_error(JEM_EDATA, "%s and the others have no scores that can be compared; jem bench makes them",
                         models->model[0].given);
    const comparison_gap *g = &list->gap[0];
    return jem_error(JEM_EDATA, "nothing can be compared; %s, %s: %s%s", g->line->title,
                     measure_spot_name(g->line, g->score), g->reason,
                     list->gaps > 1 ? "; others likewise" : "");
}

jem_status compare_find(compare_list *out, const compare_models *models, const compare_options *o)
{
    jem_status st = JEM_OK;
    compare_list list = COMPARE_LIST_INIT;

    list.level = o->level;
    for (int pass = 0; pass < 2; pass++) /* comparisons with people, then all others */
        for (const measures *const *of = o->measures; *of; of++)
            for (const measure_spot *line = (*of)->spots; line && line->title; line++)
                for (int k = 0; k < line->count && line->alignment == (pass == 0); k++)
                    TRY(compare_score(&list, models, *of, line, k, o));
    if (!list.count) {
        st = nothing(&list, models);
        goto done;
    }
    TRY(correct(&list));
    *out = list;
    list = (compare_list)COMPARE_LIST_INIT;
done:
    compare_list_clear(&list);
    return st;
}

void compare_list_clear(compare_list *list)
{
    for (int64_t i = 0; i < list->gaps; i++) mem_free(list->gap[i].reason);
    mem_free(list->gap);
    mem_free(list->rows);
    *list = (compare_list)COMPARE_LIST_INIT;
}

compare_verdict compare_verdict_of(const comparison *c, double level)
{
    const double p = c->primary ? c->p_holm : c->gap.p;
    if (!(p <= 1 - level + 1e-12)) return COMPARE_NOT_SHOWN;
    return (c->gap.value > 0) != c->line->score[c->score]->lower_is_better ? COMPARE_BETTER : COMPARE_WORSE;
}

const char *compare_verdict_text(compare_verdict v)
{
    static const char *const text[] = {"not shown", "better", "worse"};
    return text[v];
}
