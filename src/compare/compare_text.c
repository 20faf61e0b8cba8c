/* What jem compare prints: a table of differences, and how to read it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/plain.h"
#include "compare/compare.h"
#include "sweetspot/sweetspot.h"
#include "sweetspot/trend.h"

/* ---- the table */

enum { COLUMNS = 9, CELL = 96, NAME = 28 };
typedef struct row {
    char cell[COLUMNS][CELL];
} row;

/* Characters, not bytes. */
static int width_of(const char *text)
{
    int n = 0;
    for (; *text; text++) n += ((unsigned char)*text & 0xC0) != 0x80;
    return n;
}

static void drawn_text(char *out, size_t size, const comparison *c, const compare_models *models)
{
    size_t used = (size_t)snprintf(out, size, "%lld against %lld network%s",
                                   (long long)models->model[c->model].count, (long long)models->model[0].count,
                                   models->model[0].count == 1 ? "" : "s");
    if (c->shared_images)
        used += (size_t)snprintf(out + used, size - used, ", %lld", (long long)c->shared_images);
    if (c->shared_images && c->shared_images < c->most_images)
        used += (size_t)snprintf(out + used, size - used, " of %lld", (long long)c->most_images);
    if (c->shared_images) used += (size_t)snprintf(out + used, size - used, " images");
    if (c->shared_people) snprintf(out + used, size - used, ", %lld people", (long long)c->shared_people);
}

static void fill_row(row *r, const comparison *c, double level, const compare_models *models)
{
    char low[24], high[24], gap[24];
    int k = 0;
    snprintf(r->cell[k++], CELL, "%s", c->line->title);
    snprintf(r->cell[k++], CELL, "%s", measure_spot_name(c->line, c->score));
    trend_number(r->cell[k++], CELL, c->first);
    trend_number(r->cell[k++], CELL, c->other);
    sweetspot_number(gap, sizeof gap, c->gap.value);
    sweetspot_number(low, sizeof low, c->gap.interval.low);
    sweetspot_number(high, sizeof high, c->gap.interval.high);
    snprintf(r->cell[k++], CELL, "%s [%s, %s]", gap, low, high);
    sweetspot_p(r->cell[k++], CELL, c->gap.p);
    sweetspot_p(r->cell[k++], CELL, c->p_holm);
    snprintf(r->cell[k++], CELL, "%s", compare_verdict_text(compare_verdict_of(c, level)));
    drawn_text(r->cell[k], CELL, c, models);
}

static void fill_head(row *r, const compare_list *list, const compare_models *models, int64_t model)
{
    static const char *const names[COLUMNS] = {"benchmark", "measure", "", "", "", "p", "Holm", "", "drawn"};
    for (int k = 0; k < COLUMNS; k++) snprintf(r->cell[k], CELL, "%s", names[k]);
    plain_format(r->cell[2], NAME, "%s", models->model[0].name);
    plain_format(r->cell[3], NAME, "%s", models->model[model].name);
    snprintf(r->cell[4], CELL, "difference [%g %%]", 100 * list->level);
    plain_format(r->cell[7], NAME, "%s is", models->model[model].name);
}

static void put_row(strbuf *out, const row *r, const int *width)
{
    for (int k = 0; k < COLUMNS; k++) {
        plain_printf(out, "%s", r->cell[k]);
        for (int i = width_of(r->cell[k]); k + 1 < COLUMNS && i < width[k] + 2; i++) strbuf_add(out, " ");
    }
    strbuf_add(out, "\n");
}

static int64_t rows_of(const compare_list *list, int64_t model)
{
    int64_t n = 0;
    for (int64_t i = 0; i < list->count; i++) n += list->rows[i].model == model;
    return n;
}

static void put_table(strbuf *out, const compare_list *list, const compare_models *models, int64_t model)
{
    int width[COLUMNS];
    bool own = false;
    row r, head;

    fill_head(&head, list, models, model);
    for (int k = 0; k < COLUMNS; k++) width[k] = width_of(head.cell[k]);
    for (int64_t i = 0; i < list->count; i++) {
        if (list->rows[i].model != model) continue;
        fill_row(&r, &list->rows[i], list->level, models);
        for (int k = 0; k < COLUMNS; k++)
            if (width_of(r.cell[k]) > width[k]) width[k] = width_of(r.cell[k]);
    }
    put_row(out, &head, width);
    for (int64_t i = 0; i < list->count; i++) {
        if (list->rows[i].model != model) continue;
        if (!own && !list->rows[i].line->alignment) {
            strbuf_add(out, "not comparisons with people:\n");
            own = true;
        }
        fill_row(&r, &list->rows[i], list->level, models);
        put_row(out, &r, width);
    }
    strbuf_add(out, "\n");
}

/* ---- words */

static void put_model(strbuf *out, const compare_model *m, bool first)
{
    int64_t rescued = 0;
    for (int64_t j = 0; j < m->count; j++) rescued += m->network[j].rescued;
    plain_printf(out, "%s%s: ", m->name, first ? " (all others are compared with it)" : "");
    if (!m->runs)
        plain_printf(out, "recorded answers, %s", m->path);
    else if (m->count == 1)
        plain_printf(out, "the run %s", m->network[0].path);
    else
        plain_printf(out, "%lld runs at alpha %g, %s", (long long)m->count, m->network[0].alpha, m->path);
    if (rescued)
        plain_printf(out, "; %lld of them rescued: trained with settings that changed on the way",
                     (long long)rescued);
    strbuf_add(out, "\n");
}

static void put_gaps(strbuf *out, const compare_list *list, const compare_models *models)
{
    if (!list->gaps) return;
    strbuf_add(out, "not compared:\n");
    for (int64_t i = 0; i < list->gaps; i++) {
        const comparison_gap *g = &list->gap[i];
        plain_printf(out, "  %s, %s", g->line->title, measure_spot_name(g->line, g->score));
        if (models->count > 2) plain_printf(out, ", %s", models->model[g->model].name);
        plain_printf(out, ": %s\n", g->reason);
    }
    strbuf_add(out, "\n");
}

/* What the tests are about. */
static void put_meaning(strbuf *out, const compare_list *list, const compare_models *models)
{
    bool alone = false;
    for (int64_t i = 0; i < models->count; i++) alone = alone || models->model[i].count == 1;
    plain_printf(out, "A difference is taken on the same images and people, which are drawn anew for all models "
                      "at once. p is two-sided; Holm's is corrected over the %lld comparison%s of primary "
                      "scores, the others are exploratory.\n",
                 (long long)list->primaries, list->primaries == 1 ? "" : "s");
    if (alone)
        strbuf_add(out, "A single network stands for itself alone: nothing is said of training it again.\n");
}

static void put_sentence(strbuf *out, const compare_list *list, const compare_models *models, int64_t model)
{
    int64_t better = 0, worse = 0, all = 0;
    for (int64_t i = 0; i < list->count; i++) {
        const comparison *c = &list->rows[i];
        if (c->model != model || !c->primary) continue;
        const compare_verdict v = compare_verdict_of(c, list->level);
        all++;
        better += v == COMPARE_BETTER;
        worse += v == COMPARE_WORSE;
    }
    if (all)
        plain_printf(out, "In %lld of %lld benchmark%s %s was better than %s, in %lld worse (paired on common images, "
                          "Holm, %g).\n",
                     (long long)better, (long long)all, all == 1 ? "" : "s", models->model[model].name,
                     models->model[0].name, (long long)worse, 1 - list->level);
}

void compare_text(strbuf *out, const compare_list *list, const compare_models *models)
{
    for (int64_t i = 0; i < models->count; i++) put_model(out, &models->model[i], i == 0);
    strbuf_add(out, "\n");
    for (int64_t i = 1; i < models->count; i++)
        if (rows_of(list, i)) put_table(out, list, models, i);
    put_gaps(out, list, models);
    put_meaning(out, list, models);
    for (int64_t i = 1; i < models->count; i++) put_sentence(out, list, models, i);
}
