/* Scores against alpha: one figure per benchmark, one panel per metric (score_chart.h). */
#include "report/fig_scores.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "report/axes.h"
#include "report/labels.h"
#include "report/marks.h"
#include "report/says.h"
#include "report/score_chart.h"
#include "sweetspot/trend.h"

enum { LEFT_ROOM = 52, NARROWEST = 160, UNKNOWN_MOST = 32 };

/* ---- names beside the panels */

static bool has_edge(const score_chart *c, const score_panel *p)
{
    for (int64_t i = 0; i < c->other_count; i++)
        if (!isnan(score_beside_value(c, p, i))) return true;
    return score_panel_first(c, p) != NULL;
}

/* Right of the panels, all of which are equally wide; 0: no panel has names there. */
static double edge_room(const score_chart *c)
{
    size_t longest = 0;
    bool any = false;
    for (int i = 0; i < c->panel_count; i++) any |= has_edge(c, &c->panels[i]);
    for (int64_t i = 0; i < c->other_count; i++) longest = strlen(c->others[i].name) > longest ? strlen(c->others[i].name) : longest;
    return any ? label_edge_room(longest) : 0;
}

/* Marks with names at the right edge: models that were scored beside the study, and published ones. */
static void draw_edge(draw *d, const axes *a, const score_chart *c, const score_panel *p)
{
    label_list labels = label_list_in(a);
    const double x = a->left + a->width + 7;
    for (int64_t i = 0; i < c->other_count; i++) {
        const double value = score_beside_value(c, p, i), y = axes_y(a, value);
        if (isnan(value)) continue;
        label_at_edge(&labels, &(label_edge){.x = x, .y = y, .text = c->others[i].name,
                                             .spread = y - axes_y(a, value + score_beside_spread(c, p, i))});
    }
    for (const published_score *b = score_panel_first(c, p); b; b = score_panel_next(c, p, b + 1))
        label_at_edge(&labels, &(label_edge){.x = x, .y = axes_y(a, b->value), .text = b->model, .open = true});
    label_draw_edge(d, &labels, edge_room(c));
}

/* ---- drawing */

/* A line for each seed: "seed 1: 0.837, 95 % interval 0.812 to 0.862, n = 1000". */
static void note_seed(strbuf *note, const score *sc, int64_t seed)
{
    char value[40], low[40], high[40];
    trend_number(value, sizeof value, sc->value);
    plain_printf(note, "\nseed %lld: %s", (long long)seed, value);
    if (isfinite(sc->low) && isfinite(sc->high)) {
        trend_number(low, sizeof low, sc->low);
        trend_number(high, sizeof high, sc->high);
        plain_printf(note, ", 95 %% interval %s to %s", low, high);
    }
    if (sc->n) plain_printf(note, ", n = %lld", (long long)sc->n);
}

/* Of a point: what it shows, and its seeds. */
static jem_status note_point(draw *d, const score_panel *p, const trend *t, const trend_point *q)
{
    char mean[40], spread[40];
    strbuf note = STRBUF_INIT;
    trend_number(mean, sizeof mean, q->mean);
    plain_printf(&note, "%s, α = %g: %s", t->label ? t->label : p->title, q->alpha, mean);
    if (isfinite(q->sem)) {
        trend_number(spread, sizeof spread, q->sem);
        plain_printf(&note, " ± %s, mean of %d seeds", spread, q->seeds);
    }
    for (int v = 0; v < q->seeds; v++) note_seed(&note, q->scores[v], q->runs[v]->seed);
    if (q->at_chance) strbuf_add(&note, "\na network decides at chance");
    if (score_panel_is_grey(p, q)) strbuf_add(&note, "\nits classifier was never trained");
    const jem_status st = strbuf_status(&note);
    draw_note(d, DRAW_ALPHA(q->alpha), st == JEM_OK ? note.data : NULL);
    strbuf_clear(&note);
    return st;
}

/* `own` NULL: points and line take the colour of their alpha. */
static jem_status draw_trend(draw *d, const axes *a, const score_panel *p, const trend *t, const colour *own)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i + 1 < t->count; i++) {
        const trend_point *q = &t->points[i], *r = q + 1;
        if (score_panel_is_grey(p, r)) continue;
        colour c = own ? *own : alpha_colour((q->alpha + r->alpha) / 2);
        const double x[] = {q->alpha, r->alpha}, y[] = {q->mean, r->mean};
        const double low[] = {q->mean - q->sem, r->mean - r->sem};
        const double high[] = {q->mean + q->sem, r->mean + r->sem};
        axes_band(d, a, x, low, high, 2, faded(c, 0.2));
        axes_curve(d, a, x, y, 2, 1.8, c);
    }
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *q = &t->points[i];
        double x = axes_x(a, q->alpha), y = axes_y(a, q->mean);
        TRY(note_point(d, p, t, q));
        if (score_panel_is_grey(p, q)) {
            axes_untrained(d, a, q->alpha, q->mean, q->place, &x, &y);
            draw_unnote(d);
            continue;
        }
        const colour c = own ? *own : alpha_colour(q->alpha);
        for (int v = 0; v < q->seeds && q->seeds > 1; v++)
            draw_disc(d, x, axes_y(a, q->values[v]), 1.4, faded(c, 0.5), faded(c, 0));
        if (isfinite(q->sem))
            draw_segment(d, x, axes_y(a, q->mean - q->sem), x, axes_y(a, q->mean + q->sem), 1.4, 0,
                         c);
        if (q->at_chance)
            draw_mark(d, q->place, x, y, own ? 3 : 4.2, PAPER, c);
        else if (own)
            draw_mark(d, q->place, x, y, 3, c, faded(c, 0));
        else
            draw_alpha_mark(d, q->alpha, q->place, x, y, 4.2);
        draw_unnote(d);
    }
done:
    return st;
}

/* y <- where the mean's error begins and ends, the mean itself where it has none. */
static void error_ends(double y[2], const axes *a, const trend_point *q)
{
    const double spread = isfinite(q->sem) ? q->sem : 0;
    y[0] = axes_y(a, q->mean + spread);
    y[1] = axes_y(a, q->mean - spread);
}

/* No name on marks, whiskers, bands and lines. */
static void reserve_trend(label_list *l, const axes *a, const score_panel *p, const trend *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *q = &t->points[i], *r = q + 1;
        const double x = axes_x(a, q->alpha);
        double ends[2], next[2];
        if (score_panel_is_grey(p, q)) {
            double at_x, at_y;
            char text[UNTRAINED_TEXT];
            axes_beyond(a, q->alpha, q->mean, &at_x, &at_y, text);
            label_reserve(l, at_x - 6, at_y - 6, 12, 12);
            continue;
        }
        error_ends(ends, a, q);
        double top = ends[0], bottom = ends[1];
        for (int v = 0; v < q->seeds; v++) {
            top = fmin(top, axes_y(a, q->values[v]));
            bottom = fmax(bottom, axes_y(a, q->values[v]));
        }
        label_reserve(l, x - 6, top - 6, 12, bottom - top + 12);
        if (i + 1 == t->count || score_panel_is_grey(p, r)) continue;
        error_ends(next, a, r);
        label_reserve_band(l, x, ends, axes_x(a, r->alpha), next);
    }
}

/* Values of ends that lie beyond the box. */
static void name_beyond(draw *d, label_list *l, const axes *a, const score_panel *p, const trend *t)
{
    double x, y;
    char text[UNTRAINED_TEXT];
    for (int64_t i = 0; i < t->count; i++)
        if (score_panel_is_grey(p, &t->points[i]) && axes_beyond(a, t->points[i].alpha, t->points[i].mean, &x, &y, text) &&
            !label_near(d, l, x, y, text))
            label_with_line(d, l, x, y, text);
}

static void name_references(draw *d, const axes *a, const score_chart *c, const score_panel *p)
{
    label_list labels = label_list_in(a);
    for (int k = 0; k < p->count; k++) reserve_trend(&labels, a, p, &c->trends[p->first + k]);
    const double levels[] = {axes_y(a, p->reference), axes_y(a, p->ceiling)};
    for (int i = 0; i < 2; i++) label_reserve_level(&labels, levels[i]);
    for (int k = 0; k < p->count; k++) name_beyond(d, &labels, a, p, &c->trends[p->first + k]);
    if (p->spec) label_along(d, &labels, levels[0], p->spec->level.label);
    label_along(d, &labels, levels[1], "human");
}

static void lay_out_chart(figure *f, double width)
{
    score_chart *c = f->ctx;
    const double legend = c->name_count ? 8 + LEGEND_ROW * draw_legend_rows(width - LEFT_ROOM, c->name_count) : 0;
    const double edge = edge_room(c);
    c->grid = panel_grid_make(&(panel_cells){.panels = c->panel_count, .most_columns = 3, .least_width = 270 + fmax(0, edge - label_edge_room(0)),
                                             .narrowest = NARROWEST + edge, .height = 265,
                                             .top = legend, .most_height = f->most_height}, width);
    f->width = c->grid.cell_width * c->grid.columns;
    f->height = c->grid.top + c->grid.cell_height * c->grid.rows;
}

static jem_status draw_chart(draw *d, const void *ctx)
{
    jem_status st = JEM_OK;
    const score_chart *c = ctx;
    const panel_grid g = c->grid;
    colour colours[TRENDS_MAX];
    for (int i = 0; i < TRENDS_MAX; i++) colours[i] = series_colour(i);
    if (c->name_count) draw_legend(d, LEFT_ROOM, 12, g.cell_width * g.columns - LEFT_ROOM, c->names, colours, c->name_count);
    for (int i = 0; i < c->panel_count; i++) {
        const score_panel *p = &c->panels[i];
        axes a = {.left = LEFT_ROOM + (i % g.columns) * g.cell_width,
                  .top = g.top + (double)(i / g.columns) * g.cell_height + 32,
                  .width = g.cell_width - 72 - (has_edge(c, p) ? edge_room(c) : 0),
                  .height = g.cell_height - 82,
                  .x0 = -0.02,
                  .x1 = 1.02,
                  .x_is_alpha = true,
                  .title = p->title,
                  .x_label = "α",
                  .y_label = p->spec ? p->spec->unit : NULL};
        score_panel_range(c, p, &a.y0, &a.y1);
        axes_draw(d, &a);
        axes_reference(d, &a, p->reference);
        axes_reference(d, &a, p->ceiling);
        draw_edge(d, &a, c, p);
        for (int k = 0; k < p->count; k++) {
            const trend *t = &c->trends[p->first + k];
            int name = score_chart_name(c, score_line_name(t));
            TRY(draw_trend(d, &a, p, t, name < 0 ? NULL : &colours[name]));
        }
        name_references(d, &a, c, p);
    }
done:
    return st;
}

/* What the first panel shows, where a score of it can be better than another: an energy has an arbitrary zero. */
static jem_status say_first(strbuf *to, const score_chart *c)
{
    const score_panel *p = &c->panels[0];
    const trend *t = &c->trends[p->first];
    bool at_chance[TREND_SEEDS_MAX] = {false};
    double alpha[TREND_SEEDS_MAX];
    int64_t n = 0;
    char name[160];
    const bool by = p->spec->unit && strcmp(p->spec->unit, "AUROC") == 0; /* its title is what tells images apart */
    snprintf(name, sizeof name, "%s%s", by ? "AUROC of " : "", p->title);
    jem_status st = say_trend(to, t, &(say_score){name, p->spec->lower_is_better, p->spec->needs_head});
    if (st != JEM_OK) return st;
    bool any = false;
    for (int64_t i = 0; i < t->count && n < TREND_SEEDS_MAX; i++) {
        alpha[n] = t->points[i].alpha;
        any = (at_chance[n++] = t->points[i].at_chance) || any;
    }
    if (!any) return JEM_OK;
    plain_printf(to, "%sHollow, with a network that decides at chance: ", to->used ? " " : "");
    say_alphas(to, alpha, at_chance, n);
    strbuf_add(to, ".");
    return strbuf_status(to);
}

/* ---- beside other models */

static jem_status collect_one(score_chart *c, strbuf *tsv, const char *benchmark, const model_entry *e, bool of_study)
{
    jem_status st = JEM_OK;
    score_beside o = {.name = NULL};
    bool any = false;

    for (int k = 0; k < c->panel_count; k++) {
        const measure *m = c->panels[k].spec;
        const score_wanted w = {benchmark, c->panels[k].metric, m ? m->dataset : NULL, m ? m->condition : NULL};
        char text[NUMBER_TEXT_MAX];
        trend t = {.count = 0};
        o.value[k] = o.sem[k] = NAN;
        TRY(model_scores(&t, e, &w, c->of));
        if (t.count == 1) { /* of several alphas none stands for the study */
            any = true;
            o.value[k] = t.points->mean;
            o.sem[k] = t.points->sem;
            o.at_chance[k] = t.points->at_chance;
        }
        if (t.count == 1 && !of_study) /* which has rows of its own */
            plain_printf(tsv, "%s\t%s\t%s\tnan\t-1\t%s\t%s\n", w.benchmark, w.metric, e->name,
                         number_text(text, o.value[k]), w.condition ? w.condition : "");
        trend_clear(&t);
    }
    if (!any) goto done;
    TRY(mem_strdup(&o.name, e->name));
    c->others[c->other_count++] = o;
done:
    return st;
}

/* What the others have in the panels, and their numbers. */
static jem_status collect_beside(score_chart *c, strbuf *tsv, const study *s, const char *benchmark, const model_list *models)
{
    jem_status st;

    TRY(MEM_NEW(c->others, models->count + 1));
    for (int64_t i = 0; i < models->count; i++) {
        const model_entry *e = &models->entries[i];
        if (e->from->runs != s || e->network) TRY(collect_one(c, tsv, benchmark, e, e->from->runs == s));
    }
done:
    return st;
}

/* A row for each of the others. */
static void write_beside(strbuf *html, const score_chart *c)
{
    if (!c->other_count) return;
    strbuf_add(html, "<table><thead><tr><th>beside the study</th>");
    for (int k = 0; k < c->panel_count; k++) html_printf(html, "<th>%s</th>", c->panels[k].title);
    strbuf_add(html, "</tr></thead><tbody>");
    for (int64_t i = 0; i < c->other_count; i++) {
        const score_beside *o = &c->others[i];
        html_printf(html, "<tr><th>%s</th>", o->name);
        for (int k = 0; k < c->panel_count; k++) {
            char mean[40], spread[40];
            trend_number(mean, sizeof mean, o->value[k]);
            trend_number(spread, sizeof spread, o->sem[k]);
            if (isnan(o->value[k]))
                strbuf_add(html, "<td class=\"none\">–</td>");
            else if (isnan(o->sem[k]))
                html_printf(html, "<td>%s</td>", mean);
            else
                html_printf(html, "<td>%s<small>±%s</small></td>", mean, spread);
        }
        strbuf_add(html, "</tr>");
    }
    strbuf_add(html, "</tbody></table>");
}

/* Which discs those are, which of them decide at chance, and whose choice a probe is. */
static jem_status say_beside(strbuf *to, const score_chart *c, const study *s)
{
    const char *between = " At chance: ";
    if (!c->other_count || s->single) return JEM_OK;
    plain_printf(to, "%sDiscs at the right edge are what was scored beside the study.", to->used ? " " : "");
    for (int64_t i = 0; i < c->other_count; i++) {
        bool at_chance = false;
        for (int k = 0; k < c->panel_count; k++) at_chance |= c->others[i].at_chance[k];
        if (at_chance) plain_printf(to, "%s%s", between, c->others[i].name);
        if (at_chance) between = ", ";
    }
    if (*between == ',') strbuf_add(to, ".");
    for (int64_t i = 0; i < c->other_count; i++) model_say_probe(to, c->others[i].name);
    return strbuf_status(to);
}

/* ---- the figure */

/* beside: may hold the study itself. */
static jem_status make_figure(figure_list *list, study *s, const measures *b,
                              const char *benchmark, const model_list *beside)
{
    jem_status st;
    score_chart *c = NULL;
    figure f = {.file = benchmark,
                .section = b ? b->section : "Other benchmarks",
                .title = b ? b->title : benchmark,
                .about = b ? b->about : "",
                .lay_out = lay_out_chart,
                .draw = draw_chart,
                .free_ctx = score_chart_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    c->of = b;
    TRY(score_chart_collect(c, s, benchmark));
    if (c->left_out)
        TRY(study_warn(s,
                       "The figure of \"%s\" has no room for all of its scores; scores.tsv of "
                       "the runs has the rest.",
                       benchmark));
    if (!c->trend_count && b && b->headline) goto done; /* no reason to speak of it */
    if (!c->trend_count) {
        TRY(str_format(&f.missing, "No run of this study has scores of the benchmark \"%s\".",
                       benchmark));
        return figure_list_add(list, &f);
    }
    for (int i = 0; i < c->panel_count; i++) /* rows in the order of the panels */
        for (int k = 0; k < c->panels[i].count; k++) {
            if (!i && !k) trend_tsv_header(&f.tsv);
            trend_tsv(&f.tsv, s, &c->trends[c->panels[i].first + k], 1);
        }
    trend_table(&f.table, s, c->trends, c->trend_count);
    TRY(collect_beside(c, &f.tsv, s, benchmark, beside));
    write_beside(&f.table, c);
    if (c->panels[0].spec && strcmp(benchmark, "energy") != 0) TRY(say_first(&f.says, c));
    TRY(say_beside(&f.says, c, s));
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}

jem_status figures_of_scores_beside(figure_list *list, study *s, const model_list *models, const measures *const *known)
{
    jem_status st = JEM_OK;

    for (; *known; known++) {
        const int64_t before = list->count;
        if (!(*known)->headline || strcmp((*known)->section, measure_people) != 0) continue;
        TRY(make_figure(list, s, *known, (*known)->benchmark, models));
        if (list->count == before) continue;
        figure *f = &list->figures[before];
        score_chart *c = f->ctx;
        snprintf(c->file, sizeof c->file, "%s-along-alpha", (*known)->benchmark);
        f->file = c->file;
        f->about = "The study along α; discs at the right edge are the other models that were scored, open squares models that "
                   "others published, whose sources stand below the figure of all models.";
    }
done:
    return st;
}

/* Comparisons with people, or all others. */
static jem_status make_known(figure_list *list, study *s, const model_list *beside, const measures *const *known, bool people)
{
    for (; *known; known++) {
        if ((strcmp((*known)->section, measure_people) == 0) != people) continue;
        jem_status st = make_figure(list, s, *known, (*known)->benchmark, beside);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}

jem_status figures_of_scores(figure_list *list, study *s, const measures *const *known)
{
    jem_status st;
    const score_source from = {.path = s->path, .runs = s};
    model_list beside = {.count = 0};

    TRY(model_list_beside(&beside, &from));
    TRY(make_known(list, s, &beside, known, true));
    TRY(make_known(list, s, &beside, known, false));
    /* Benchmarks that nobody described are drawn all the same, as many as a page can show. */
    int unknown = 0;
    for (int64_t i = 0; i < s->count; i++)
        for (int64_t k = 0; k < s->runs[i].scores.count; k++) {
            const char *benchmark = s->runs[i].scores.scores[k].benchmark;
            bool seen = measures_find(known, benchmark) != NULL;
            for (int64_t f = 0; f < list->count && !seen; f++)
                seen = strcmp(list->figures[f].file, benchmark) == 0;
            if (seen) continue;
            if (unknown++ == UNKNOWN_MOST) {
                st = study_warn(s, "There are more than %d benchmarks that jem does not know; the "
                                   "rest has no figure, scores.tsv of the runs has it.",
                                UNKNOWN_MOST);
                goto done;
            }
            TRY(make_figure(list, s, NULL, benchmark, &beside));
        }
done:
    model_list_clear(&beside);
    return st;
}
