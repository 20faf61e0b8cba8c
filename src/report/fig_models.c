/* Models side by side: a row per model with a dot per score (fig_models.h). */
#include "report/fig_models.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "measure/standing.h"
#include "record/image_name.h"
#include "record/image_sets.h"
#include "report/dot_chart.h"
#include "report/marks.h"
#include "sweetspot/trend.h"

/* Whose scores stand beside each other: a model that answered, or a study or run. */
typedef struct entry {
    char *name; /* owned */
    const score_source *from;
    const char *model; /* of answers; NULL: of runs */
} entry;

typedef struct entry_list {
    int64_t count, capacity;
    entry *entries;
} entry_list;

/* Rows of a benchmark's figure. */
enum { GROUP_OWN, GROUP_PEOPLE, GROUP_PUBLISHED };

/* Which score: that of a panel, or of one of its parts. */
typedef struct wanted {
    const char *benchmark, *metric, *dataset, *condition; /* dataset NULL: any; condition NULL: none */
} wanted;

/* ---- who is there */

static const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static bool is_people(const char *model) { return model && strcmp(model, "human") == 0; }

/* One of the people, as `jem bench` names them. */
static bool is_person(const char *model) { return model && strncmp(model, "subject-", 8) == 0; }

static void entries_clear(entry_list *list)
{
    for (int64_t i = 0; i < list->count; i++) mem_free(list->entries[i].name);
    mem_free(list->entries);
    *list = (entry_list){.count = 0};
}

static jem_status add_entry(entry_list *list, const score_source *from, const char *model)
{
    jem_status st;
    TRY(MEM_GROW(list->entries, list->count, list->capacity));
    list->entries[list->count] = (entry){.from = from, .model = model};
    TRY(mem_strdup(&list->entries[list->count].name, model ? model : path_name(from->path)));
    list->count++;
done:
    return st;
}

static bool has_entry(const entry_list *list, const score_source *from, const char *model)
{
    for (int64_t i = 0; i < list->count; i++)
        if (list->entries[i].from == from && list->entries[i].model && strcmp(list->entries[i].model, model) == 0)
            return true;
    return false;
}

/* Names that several have get the folder beside them. */
static jem_status tell_apart(entry_list *list)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < list->count; i++) {
        const char *name = list->entries[i].model ? list->entries[i].model : path_name(list->entries[i].from->path);
        int64_t same = 0;
        for (int64_t k = 0; k < list->count; k++) {
            const entry *e = &list->entries[k];
            same += strcmp(e->model ? e->model : path_name(e->from->path), name) == 0;
        }
        if (same < 2) continue;
        mem_free(list->entries[i].name);
        list->entries[i].name = NULL;
        TRY(str_format(&list->entries[i].name, "%s (%s)", name, list->entries[i].from->path));
    }
done:
    return st;
}

/* In the order in which folders were named. */
static jem_status find_entries(entry_list *list, const score_rows *rows)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < rows->sources; i++) {
        const score_source *from = &rows->source[i];
        if (from->runs) TRY(add_entry(list, from, NULL));
        for (int64_t k = 0; k < from->answers.count; k++) {
            const char *model = from->answers.scores[k].model;
            if (!model || is_people(model) || is_person(model) || has_entry(list, from, model)) continue;
            TRY(add_entry(list, from, model));
        }
    }
    TRY(tell_apart(list));
done:
    return st;
}

/* ---- their scores */

static bool is_wanted(const score *s, const wanted *w)
{
    return str_same(s->benchmark, w->benchmark) && str_same(s->metric, w->metric) &&
           (!w->dataset || str_same(s->dataset, w->dataset)) && str_same(s->condition, w->condition);
}

static const score *answer_score(const score_list *list, const char *model, const wanted *w)
{
    for (int64_t i = 0; i < list->count; i++)
        if (str_same(list->scores[i].model, model) && is_wanted(&list->scores[i], w)) return &list->scores[i];
    return NULL;
}

/* Of answers a single point whose alpha is NaN.  For trend_clear. */
static jem_status scores_of(trend *t, const entry *e, const wanted *w, const measures *of)
{
    jem_status st;
    if (!e->model) {
        st = trend_collect_in(t, e->from->runs, w->benchmark, w->dataset, w->metric, w->condition);
        if (st == JEM_OK) trend_mark_chance(t, e->from->runs, of);
        return st;
    }
    *t = (trend){.benchmark = w->benchmark, .metric = w->metric, .dataset = w->dataset, .condition = w->condition};
    const score *s = answer_score(&e->from->answers, e->model, w);
    if (!s || !isfinite(s->value)) return JEM_OK;
    TRY(MEM_NEW(t->points, 1));
    t->points[t->count++] = (trend_point){.alpha = NAN, .mean = s->value, .sem = NAN, .low = s->low,
                                          .high = s->high, .seeds = 1, .values = {s->value},
                                          .at_chance = standing_chance(&e->from->answers, of, s) == CHANCE_AT};
done:
    return st;
}

/* What people reach: by the rows about them, else as a score says, else as published. */
static dot people_dot(const score_rows *rows, const wanted *w)
{
    dot d = {.x = NAN, .low = NAN, .high = NAN, .shape = DOT_DIAMOND, .ink = people_ink};
    for (int64_t i = 0; i < rows->count; i++) {
        const score_row *row = &rows->rows[i];
        if (!is_wanted(row->score, w)) continue;
        if (score_row_is_people(row) && is_people(row->score->model) && isfinite(row->score->value)) {
            d.x = row->score->value;
            d.low = row->score->low;
            d.high = row->score->high;
            return d;
        }
        if (isnan(d.x) && isfinite(row->score->ceiling)) d.x = row->score->ceiling;
    }
    for (int64_t i = 0; i < rows->count && isnan(d.x); i++)
        if (is_wanted(rows->rows[i].score, w)) d.x = rows->rows[i].reference;
    return d;
}

/* Did training reach what the score is of? */
static bool is_trained(const measure *m, double alpha) { return !(m && m->needs_head && alpha >= 1); }

/* Dots of an entry in a row.  All alphas of a study stand a little above each other. */
static jem_status add_dots(dot_chart *c, const trend *t, dot at, const measure *m)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *p = &t->points[i];
        const bool several = t->count > 1, along = !isnan(p->alpha);
        dot d = at;
        d.x = p->mean;
        d.hollow = p->at_chance;
        d.low = d.high = NAN;
        if (!several && isfinite(p->sem)) d.low = p->mean - p->sem, d.high = p->mean + p->sem;
        if (!several && !isfinite(p->sem)) d.low = p->low, d.high = p->high;
        d.ink = !along ? at.ink : is_trained(m, p->alpha) ? alpha_colour(p->alpha) : faded(MUTED, 0.6);
        if (several) d.shift = at.shift + (p->alpha - 0.5) * 0.4;
        c->has_alpha |= along;
        TRY(dot_chart_add(c, &d));
    }
done:
    return st;
}

/* ---- numbers */

static void put_interval(strbuf *html, double low, double high)
{
    char text[2][40];
    if (!isfinite(low) || !isfinite(high)) return;
    trend_number(text[0], sizeof text[0], low);
    trend_number(text[1], sizeof text[1], high);
    html_printf(html, "<small>%s–%s</small>", text[0], text[1]);
}

static void tsv_header(strbuf *tsv)
{
    strbuf_add(tsv, "benchmark\tmetric\tdataset\tcondition\tmodel\talpha\tvalue\tlow\thigh\tsource\n");
}

static void tsv_line(strbuf *tsv, const wanted *w, const char *model, double alpha, const double value[3],
                     const char *source)
{
    char text[4][NUMBER_TEXT_MAX];
    plain_printf(tsv, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", w->benchmark, w->metric,
                 w->dataset ? w->dataset : "", w->condition ? w->condition : "", model,
                 number_text(text[0], alpha), number_text(text[1], value[0]), number_text(text[2], value[1]),
                 number_text(text[3], value[2]), source);
}

static void tsv_trend(strbuf *tsv, const wanted *w, const entry *e, const trend *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *p = &t->points[i];
        const bool error = isfinite(p->sem);
        const double value[] = {p->mean, error ? p->mean - p->sem : p->low, error ? p->mean + p->sem : p->high};
        tsv_line(tsv, w, e->name, p->alpha, value, e->from->path);
    }
}

/* ---- a benchmark */

typedef struct score_panel {
    const measure *meaning; /* NULL: nobody says */
    wanted score;
} score_panel;

typedef struct bench_chart {
    const measures *of; /* NULL: nobody says */
    const char *benchmark;
    const score_rows *rows;
    const entry_list *entries;
    int panel_count;
    score_panel panels[DOT_PANELS_MAX];
    dot_chart *dots;
    strbuf table, tsv;
} bench_chart;

static bool has_scores(const score_rows *rows, const wanted *w)
{
    for (int64_t i = 0; i < rows->count; i++)
        if (is_wanted(rows->rows[i].score, w) && !score_row_is_people(&rows->rows[i])) return true;
    return false;
}

static bool has_panel(const bench_chart *c, const char *metric)
{
    for (int i = 0; i < c->panel_count; i++)
        if (strcmp(c->panels[i].score.metric, metric) == 0) return true;
    return false;
}

static void add_panel(bench_chart *c, const measure *m, const wanted *w)
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
        add_panel(c, m, &(wanted){c->benchmark, m->metric, m->dataset, m->condition});
    for (int64_t i = 0; !c->of && i < c->rows->count; i++) {
        const score *s = c->rows->rows[i].score;
        if (strcmp(s->benchmark, c->benchmark) == 0 && !s->condition && !has_panel(c, s->metric))
            add_panel(c, NULL, &(wanted){c->benchmark, s->metric, NULL, NULL});
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
static void put_entry(bench_chart *c, const entry *e, const trend *t)
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

static jem_status add_own(bench_chart *c, const entry *e)
{
    jem_status st = JEM_OK;
    trend t[DOT_PANELS_MAX] = {{.count = 0}};
    int64_t found = 0;

    for (int k = 0; k < c->panel_count; k++) {
        TRY(scores_of(&t[k], e, &c->panels[k].score, c->of));
        tsv_trend(&c->tsv, &c->panels[k].score, e, &t[k]);
        found += t[k].count;
    }
    if (!found) goto done;
    for (int k = 0; k < c->panel_count; k++)
        TRY(add_dots(c->dots, &t[k], (dot){.row = c->dots->row_count, .panel = k, .shape = DOT_DISC,
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
        if (!is_person(s->model) || !is_wanted(s, &c->panels[panel].score)) continue;
        const dot d = {.row = c->dots->row_count, .panel = panel, .x = s->value, .low = NAN, .high = NAN,
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
        if (isfinite(d.x)) tsv_line(&c->tsv, &c->panels[k].score, "human", NAN, (const double[]){d.x, d.low, d.high}, "");
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
            const dot d = {.row = c->dots->row_count, .panel = k, .x = p ? p->value : NAN, .low = NAN, .high = NAN,
                           .shape = DOT_SQUARE, .ink = MUTED};
            TRY(dot_chart_add(c->dots, &d));
            put_cell(&c->table, d.x, NAN, NAN);
            if (p) tsv_line(&c->tsv, &c->panels[k].score, names[i], NAN, (const double[]){d.x, NAN, NAN}, p->source);
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
    tsv_header(&c->tsv);
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

static jem_status figure_of_bench(figure_list *list, const score_rows *rows, const entry_list *entries,
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

/* ---- parts of a benchmark: models share a row per set or category */

typedef struct part_spec {
    const char *file, *title, *about, *benchmark, *metrics[2], *titles[2], *units[2];
    const char *dataset; /* NULL: the parts are data sets; else conditions of this one */
    int count;
    const char *(*name)(int i);
} part_spec;

static const char *set_name(int i) { return mvh_sets[i].name; }
static const char *category_name(int i) { return category_names[i]; }

static const part_spec part_specs[] = {
    {"model-vs-human-sets", "model-vs-human, set by set",
     "Accuracy and error consistency of each model on each set of images; diamonds are people.", "model-vs-human",
     {"accuracy", "error_consistency"}, {"Accuracy", "Error consistency"}, {"share right", "κ with people"}, NULL, MVH_SETS, set_name},
    {"cue-conflict-categories", "Shape or texture, category by category",
     "Share of decisions for the shape on images of each shape category; diamonds are people.", "cue-conflict",
     {"shape_bias", NULL}, {"Shape bias", NULL}, {"shape / (shape + texture)", NULL}, "cue-conflict", CATEGORY_COUNT, category_name},
};

static wanted part_of(const part_spec *spec, int metric, int part)
{
    return (wanted){spec->benchmark, spec->metrics[metric], spec->dataset ? spec->dataset : spec->name(part),
                    spec->dataset ? spec->name(part) : NULL};
}

/* Does it have any part? */
static bool has_parts(const part_spec *spec, const entry *e)
{
    for (int part = 0; part < spec->count; part++) {
        const wanted w = part_of(spec, 0, part);
        if (e->model && answer_score(&e->from->answers, e->model, &w)) return true;
        for (int64_t i = 0; !e->model && i < e->from->runs->count; i++)
            if (trend_score(&e->from->runs->runs[i], w.benchmark, w.dataset, w.metric, w.condition)) return true;
    }
    return false;
}

/* Whose parts are drawn: studies, and as many models as colours tell apart. */
typedef struct part_entries {
    int64_t count;
    const entry **of; /* [count] owned */
    int *key;         /* [count] of the legend; owned */
    bool left_out;
} part_entries;

static jem_status choose_entries(part_entries *chosen, dot_chart *c, const part_spec *spec, const entry_list *entries)
{
    jem_status st;
    TRY(MEM_NEW(chosen->of, entries->count + 1));
    TRY(MEM_NEW(chosen->key, entries->count + 1));
    for (int64_t i = 0; i < entries->count; i++) {
        const entry *e = &entries->entries[i];
        if (!has_parts(spec, e)) continue;
        if (e->model && c->key_count == DOT_KEYS_MAX) {
            chosen->left_out = true;
            continue;
        }
        chosen->key[chosen->count] = c->key_count;
        chosen->of[chosen->count++] = e;
        if (!e->model) continue;
        c->key_inks[c->key_count] = series_colour(c->key_count);
        c->keys[c->key_count++] = e->model;
    }
done:
    return st;
}

static jem_status add_part(figure *f, const part_spec *spec, int part, const score_rows *rows,
                           const part_entries *entries, const measures *of)
{
    jem_status st = JEM_OK;
    dot_chart *c = f->ctx;
    const int64_t before = c->dot_count;

    for (int k = 0; k < c->panel_count; k++) {
        const wanted w = part_of(spec, k, part);
        for (int64_t i = 0; i < entries->count; i++) {
            const double shift = entries->count > 1 ? 0.4 * ((double)i / (double)(entries->count - 1) - 0.5) : 0;
            trend t;
            TRY(scores_of(&t, entries->of[i], &w, of));
            tsv_trend(&f->tsv, &w, entries->of[i], &t);
            for (int64_t p = 0; p < t.count; p++) t.points[p].low = t.points[p].high = t.points[p].sem = NAN;
            st = add_dots(c, &t, (dot){.row = c->row_count, .panel = k, .shape = DOT_DISC, .shift = shift,
                                       .ink = series_colour(entries->key[i])},
                          measure_find(of, spec->metrics[k]));
            trend_clear(&t);
            if (st != JEM_OK) goto done;
        }
        dot people = people_dot(rows, &w);
        people.row = c->row_count;
        people.panel = k;
        people.low = people.high = NAN;
        if (c->dot_count > before) TRY(dot_chart_add(c, &people));
    }
    if (c->dot_count > before) TRY(dot_chart_add_row(c, spec->name(part), GROUP_OWN));
done:
    return st;
}

static jem_status figure_of_parts(figure_list *list, const score_rows *rows, const entry_list *entries,
                                  const part_spec *spec, const measures *of)
{
    jem_status st;
    dot_chart *c = NULL;
    part_entries chosen = {.count = 0};
    figure f = {.file = spec->file, .section = measure_people, .title = spec->title, .about = spec->about,
                .lay_out = dot_chart_lay_out, .draw = dot_chart_draw, .free_ctx = dot_chart_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    TRY(choose_entries(&chosen, c, spec, entries));
    for (int k = 0; k < 2 && spec->metrics[k]; k++) {
        const measure *m = measure_find(of, spec->metrics[k]);
        dot_panel *p = &c->panels[c->panel_count++];
        *p = (dot_panel){.unit = spec->units[k], .least = m ? m->least : -INFINITY,
                         .most = m ? m->most : INFINITY, .people = NAN, .chance = NAN};
        snprintf(p->title, sizeof p->title, "%s", spec->titles[k]);
    }
    tsv_header(&f.tsv);
    for (int part = 0; part < spec->count; part++) TRY(add_part(&f, spec, part, rows, &chosen, of));
    if (c->row_count < 2) goto done; /* one part is the whole */
    if (chosen.left_out)
        log_warning("%s: colours tell %d models apart; the others are left out, the table of jem table has them",
                    spec->file, DOT_KEYS_MAX);
    st = figure_list_add(list, &f);
done:
    mem_free(chosen.of);
    mem_free(chosen.key);
    figure_clear(&f);
    return st;
}

/* ---- all */

jem_status figures_of_models(figure_list *list, const score_rows *rows, const measures *const *known)
{
    jem_status st;
    entry_list entries = {.count = 0};

    TRY(find_entries(&entries, rows));
    for (int64_t i = 0; i < rows->count; i++) { /* benchmarks in the order of the list, the unknown ones last */
        const score_row *row = &rows->rows[i];
        if (i > 0 && strcmp(rows->rows[i - 1].score->benchmark, row->score->benchmark) == 0) continue;
        TRY(figure_of_bench(list, rows, &entries, row->of, row->score->benchmark));
    }
    for (size_t i = 0; i < sizeof part_specs / sizeof *part_specs; i++) {
        const measures *of = measures_find(known, part_specs[i].benchmark);
        if (of) TRY(figure_of_parts(list, rows, &entries, &part_specs[i], of));
    }
done:
    entries_clear(&entries);
    return st;
}
