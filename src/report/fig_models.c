/* Models side by side: a row per model with a dot per score (fig_models.h). */
#include "report/fig_models.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/mem.h"
#include "base/try.h"
#include "report/fig_model_parts.h"
#include "report/fig_people.h"
#include "report/fig_scores.h"
#include "report/marks.h"
#include "report/model_rows.h"

static void put_interval(strbuf *html, double low, double high)
{
    char text[2][40];
    if (!isfinite(low) || !isfinite(high)) return;
    trend_number(text[0], sizeof text[0], low);
    trend_number(text[1], sizeof text[1], high);
    html_printf(html, "<small>%s–%s</small>", text[0], text[1]);
}

/* ---- a benchmark */

typedef struct score_panel {
    const measure *meaning; /* NULL: nobody says */
    score_wanted score;
} score_panel;

typedef struct bench_chart {
    const measures *of; /* NULL: nobody says */
    const char *benchmark;
    const score_rows *rows;
    const model_list *entries;
    int panel_count;
    score_panel panels[DOT_PANELS_MAX];
    dot_chart *dots;
    strbuf table, tsv;
} bench_chart;

static bool has_scores(const score_rows *rows, const score_wanted *w)
{
    for (int64_t i = 0; i < rows->count; i++)
        if (score_is_wanted(rows->rows[i].score, w) && !score_row_is_people(&rows->rows[i])) return true;
    return false;
}

static bool has_panel(const bench_chart *c, const char *metric)
{
    for (int i = 0; i < c->panel_count; i++)
        if (strcmp(c->panels[i].score.metric, metric) == 0) return true;
    return false;
}

static void add_panel(bench_chart *c, const measure *m, const score_wanted *w)
{
    if (c->panel_count == DOT_PANELS_MAX || !has_scores(c->rows, w)) return;
    c->panels[c->panel_count++] = (score_panel){m, *w};
    dot_panel *p = &c->dots->panels[c->dots->panel_count++];
    *p = (dot_panel){.unit = m ? m->unit : NULL, .least = m ? m->least : -INFINITY, .most = m ? m->most : INFINITY,
                     .people = people_dot(c->rows, w).x,
                     .chance = m && m->level.kind == LEVEL_FIXED ? m->level.at : NAN};
    snprintf(p->title, sizeof p->title, "%s%s", m && m->title[0] ? m->title : w->metric,
             m && m->lower_is_better ? " ↓" : "");
}

/* The scores that its list of measures shows; of a benchmark that nobody described all without a condition. */
static void find_panels(bench_chart *c)
{
    for (const measure *m = c->of ? c->of->scores : NULL; m && m->metric; m++)
        add_panel(c, m, &(score_wanted){c->benchmark, m->metric, m->dataset, m->condition});
    for (int64_t i = 0; !c->of && i < c->rows->count; i++) {
        const score *s = c->rows->rows[i].score;
        if (strcmp(s->benchmark, c->benchmark) == 0 && !s->condition && !has_panel(c, s->metric))
            add_panel(c, NULL, &(score_wanted){c->benchmark, s->metric, NULL, NULL});
    }
}

/* A cell of the table for a value that may be missing. */
static void put_cell(strbuf *html, double value, double low, double high)
{
    char text[40];
    if (!isfinite(value)) {
        strbuf_add(html, "<td class=\"none\">–</td>");
        return;
    }
    trend_number(text, sizeof text, value);
    html_printf(html, "<td>%s", text);
    put_interval(html, low, high);
    strbuf_add(html, "</td>");
}

/* Rows of the table: one for answers, one per alpha for runs. */
static void put_entry(bench_chart *c, const model_entry *e, const trend *t)
{
    const trend *longest = &t[0];
    for (int k = 1; k < c->panel_count; k++)
        if (t[k].count > longest->count) longest = &t[k];
    for (int64_t i = 0; i < longest->count; i++) {
        const double alpha = longest->points[i].alpha;
        html_printf(&c->table, "<tr><th>%s", e->name);
        if (!isnan(alpha)) html_printf(&c->table, ", α = %g", alpha);
        strbuf_add(&c->table, "</th>");
        for (int k = 0; k < c->panel_count; k++) {
            const trend_point *p = isnan(alpha) ? t[k].points : trend_at(&t[k], alpha);
            put_cell(&c->table, p ? p->mean : NAN, p ? p->low : NAN, p ? p->high : NAN);
        }
        html_printf(&c->table, "<td class=\"text\">%s</td></tr>", e->from->path);
    }
}

static jem_status add_own(bench_chart *c, const model_entry *e)
{
    jem_status st = JEM_OK;
    trend t[DOT_PANELS_MAX] = {{.count = 0}};
    int64_t found = 0;

    for (int k = 0; k < c->panel_count; k++) {
        TRY(model_scores(&t[k], e, &c->panels[k].score, c->of));
        model_tsv_trend(&c->tsv, &c->panels[k].score, e, &t[k]);
        found += t[k].count;
    }
    if (!found) goto done;
    for (int k = 0; k < c->panel_count; k++)
        TRY(model_dots(c->dots, &t[k], (dot){.row = c->dots->row_count, .panel = k, .shape = DOT_DISC,
                                           .ink = series_colour((int)(c->dots->row_count % DOT_KEYS_MAX))},
                     c->panels[k].meaning));
    TRY(dot_chart_add_row(c->dots, e->name, GROUP_OWN));
    put_entry(c, e, t);
done:
    for (int k = 0; k < c->panel_count; k++) trend_clear(&t[k]);
    return st;
}

/* Each person whose scores are there, small, in the row of all. */
static jem_status add_persons(bench_chart *c, int panel)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < c->rows->count; i++) {
        const score *s = c->rows->rows[i].score;
        if (!model_is_person(s->model) || !score_is_wanted(s, &c->panels[panel].score)) continue;
        const dot d = {.row = c->dots->row_count, .panel = panel, .x = s->value, .alpha = NAN, .low = NAN, .high = NAN,
                       .shape = DOT_DIAMOND, .small = true, .ink = people_ink};
        TRY(dot_chart_add(c->dots, &d));
    }
done:
    return st;
}

static jem_status add_people(bench_chart *c)
{
    jem_status st = JEM_OK;
    bool any = false;

    for (int k = 0; k < c->panel_count; k++) any |= isfinite(people_dot(c->rows, &c->panels[k].score).x);
    if (!any) goto done;
    strbuf_add(&c->table, "<tr><th>people</th>");
    for (int k = 0; k < c->panel_count; k++) {
        dot d = people_dot(c->rows, &c->panels[k].score);
        d.row = c->dots->row_count;
        d.panel = k;
        TRY(add_persons(c, k));
        TRY(dot_chart_add(c->dots, &d));
        put_cell(&c->table, d.x, d.low, d.high);
        if (isfinite(d.x)) model_tsv_line(&c->tsv, &c->panels[k].score, "human", NAN, (const double[]){d.x, d.low, d.high}, "");
    }
    strbuf_add(&c->table, "<td class=\"text\">people, from the files or as published</td></tr>");
    TRY(dot_chart_add_row(c->dots, "people", GROUP_PEOPLE));
done:
    return st;
}

/* ---- published models */

static const published_score *published_of(const bench_chart *c, const char *model, int panel)
{
    const measure *m = c->panels[panel].meaning;
    for (const published_score *p = c->of->published; p && p->metric; p++)
        if (m && strcmp(p->model, model) == 0 && published_is_model(p, c->of, m)) return p;
    return NULL;
}

/* Is a better than b?  By the first panel that has both; equal ones keep their order. */
static bool is_better(const bench_chart *c, const char *a, const char *b)
{
    for (int k = 0; k < c->panel_count; k++) {
        const published_score *p = published_of(c, a, k), *q = published_of(c, b, k);
        if (!p && !q) continue;
        if (!p || !q) return p != NULL;
        return c->panels[k].meaning->lower_is_better ? p->value < q->value : p->value > q->value;
    }
    return false;
}

enum { PUBLISHED_MAX = 64 };

/* Those that have a score of a panel, the best first; returns how many. */
static int find_published(const char *names[PUBLISHED_MAX], const bench_chart *c)
{
    int n = 0;
    for (const published_score *p = c->of ? c->of->published : NULL; p && p->metric && n < PUBLISHED_MAX; p++) {
        bool shown = false, seen = false;
        for (int k = 0; k < c->panel_count; k++)
            shown |= c->panels[k].meaning && published_is_model(p, c->of, c->panels[k].meaning);
        for (int i = 0; i < n; i++) seen |= strcmp(names[i], p->model) == 0;
        if (!shown || seen) continue;
        int at = n++;
        for (; at > 0 && is_better(c, p->model, names[at - 1]); at--) names[at] = names[at - 1];
        names[at] = p->model;
    }
    return n;
}

static jem_status add_published(bench_chart *c)
{
    jem_status st = JEM_OK;
    const char *names[PUBLISHED_MAX];
    const int n = find_published(names, c);

    for (int i = 0; i < n; i++) {
        const char *source = "";
        html_printf(&c->table, "<tr><th>%s</th>", names[i]);
        for (int k = 0; k < c->panel_count; k++) {
            const published_score *p = published_of(c, names[i], k);
            const dot d = {.row = c->dots->row_count, .panel = k, .x = p ? p->value : NAN, .alpha = NAN, .low = NAN, .high = NAN,
                           .shape = DOT_SQUARE, .ink = MUTED};
            TRY(dot_chart_add(c->dots, &d));
            put_cell(&c->table, d.x, NAN, NAN);
            if (p) model_tsv_line(&c->tsv, &c->panels[k].score, names[i], NAN, (const double[]){d.x, NAN, NAN}, p->source);
            if (p) source = p->source;
        }
        html_printf(&c->table, "<td class=\"text\">%s</td></tr>", source);
        TRY(dot_chart_add_row(c->dots, names[i], GROUP_PUBLISHED));
    }
done:
    return st;
}

static jem_status fill(bench_chart *c)
{
    jem_status st;
    model_tsv_header(&c->tsv);
    strbuf_add(&c->table, "<table><thead><tr><th>model</th>");
    for (int k = 0; k < c->panel_count; k++) html_printf(&c->table, "<th>%s</th>", c->dots->panels[k].title);
    strbuf_add(&c->table, "<th class=\"text\">from</th></tr></thead><tbody>");
    for (int64_t i = 0; i < c->entries->count; i++) TRY(add_own(c, &c->entries->entries[i]));
    TRY(add_people(c));
    TRY(add_published(c));
    strbuf_add(&c->table, "</tbody></table>");
done:
    return st;
}

static jem_status figure_of_bench(figure_list *list, const score_rows *rows, const model_list *entries,
                                  const measures *of, const char *benchmark)
{
    jem_status st;
    bench_chart c = {.of = of, .benchmark = benchmark, .rows = rows, .entries = entries,
                     .table = STRBUF_INIT, .tsv = STRBUF_INIT};
    figure f = {.file = benchmark,
                .section = of ? of->section : "Other benchmarks",
                .title = of ? of->title : benchmark,
                .about = of ? of->about : "",
                .lay_out = dot_chart_lay_out,
                .draw = dot_chart_draw,
                .free_ctx = dot_chart_free};

    TRY(MEM_NEW(c.dots, 1));
    f.ctx = c.dots;
    find_panels(&c);
    if (!c.panel_count) goto done; /* nothing of this benchmark's headline */
    TRY(fill(&c));
    f.table = c.table;
    f.tsv = c.tsv;
    return figure_list_add(list, &f);
done:
    strbuf_clear(&c.table);
    strbuf_clear(&c.tsv);
    figure_clear(&f);
    return st;
}

/* ---- all */

/* Of the first study among them. */
static jem_status figures_along_alpha(figure_list *list, const model_list *entries, const measures *const *known)
{
    for (int64_t i = 0; i < entries->count; i++) {
        study *s = entries->entries[i].from->runs;
        if (s && !s->single) return figures_of_scores_beside(list, s, entries, known);
    }
    return JEM_OK;
}

jem_status figures_of_models(figure_list *list, const score_rows *rows, const measures *const *known)
{
    jem_status st;
    model_list entries = {.count = 0};

    TRY(model_list_find(&entries, rows));
    TRY(figures_of_people_beside(list, &entries, known));
    TRY(figures_along_alpha(list, &entries, known));
    for (int64_t i = 0; i < rows->count; i++) { /* benchmarks in the order of the list, the unknown ones last */
        const score_row *row = &rows->rows[i];
        if (i > 0 && strcmp(rows->rows[i - 1].score->benchmark, row->score->benchmark) == 0) continue;
        TRY(figure_of_bench(list, rows, &entries, row->of, row->score->benchmark));
    }
    TRY(figures_of_model_parts(list, rows, &entries, known));
done:
    model_list_clear(&entries);
    return st;
}
