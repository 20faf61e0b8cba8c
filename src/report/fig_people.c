/* Each benchmark as the paper's Fig. 2 shows it: one panel, what people do on the vertical
 * axis against another ability, a marker per alpha joined in order, other models that were scored,
 * published models and the human reference beside them. */
#include "report/fig_people.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "base/fields.h"
#include "report/labels.h"
#include "report/marks.h"
#include "report/scatter_chart.h"

static void draw_published(draw *d, const axes *a, const scatter_panel *p, label_list *labels)
{
    for (const published_score *b = scatter_panel_first(p); b; b = scatter_panel_next(p, b + 1)) {
        const double x = axes_x(a, scatter_published_x(p, b)), y = axes_y(a, b->value);
        if (isnan(x)) continue;
        draw_open_square(d, x, y, 3);
        label_reserve(labels, x - 4, y - 4, 8, 8);
    }
}

/* After all marks. */
static void name_published(draw *d, const axes *a, const scatter_panel *p, double room, label_list *labels)
{
    for (const published_score *b = scatter_panel_first(p); b; b = scatter_panel_next(p, b + 1)) {
        const double x = axes_x(a, scatter_published_x(p, b)), y = axes_y(a, b->value);
        if (isnan(x))
            label_at_edge(labels, &(label_edge){.x = a->left + a->width + 3, .y = y, .text = b->model, .open = true});
        else if (!label_near(d, labels, x, y, b->model))
            label_with_line(d, labels, x, y, b->model);
    }
    label_draw_edge(d, labels, room);
}

static void draw_alone(draw *d, const axes *a, const scatter_panel *p, label_list *labels)
{
    const double x = axes_x(a, p->alone_x), y = axes_y(a, p->alone_y);
    if (!scatter_has_alone(p)) return;
    draw_rectangle(d, x - 4, y - 4, 8, 8, INK);
    label_reserve(labels, x - 5, y - 5, 10, 10);
}

static void name_alone(draw *d, const axes *a, const scatter_panel *p, label_list *labels)
{
    const double x = axes_x(a, p->alone_x), y = axes_y(a, p->alone_y);
    if (scatter_has_alone(p) && !label_near(d, labels, x, y, AUTOENCODER_NAME)) label_with_line(d, labels, x, y, AUTOENCODER_NAME);
}

static void draw_line_of(draw *d, const axes *a, const scatter_panel *p, const scatter_series *s, label_list *labels)
{
    for (int i = 0; i + 1 < s->count; i++) {
        const mark *m = &s->marks[i], *n = m + 1;
        if (scatter_is_grey(p, n)) continue;
        double x0 = axes_x(a, m->x), y0 = axes_y(a, m->y), x1 = axes_x(a, n->x),
               y1 = axes_y(a, n->y);
        colour between = alpha_colour((m->alpha + n->alpha) / 2);
        draw_segment(d, x0, y0, x1, y1, 1.4, 0, faded(between, 0.6));
        label_reserve_line(labels, x0, y0, x1, y1);
    }
}

/* "BAPPS, MODEL", and its scores. */
static void note_mark(draw *d, const scatter_panel *p, const scatter_series *s, const mark *m)
{
    char note[512], of[32];
    snprintf(of, sizeof of, "α = %g", m->alpha);
    plain_format(note, sizeof note, "%s, %s\n%s: %.4g\n%s: %.4g", p->of->name, s->along ? of : s->name,
                 p->y_axis.label, m->y, p->x_is_alpha ? "α" : p->x_axis.label, m->x);
    draw_note(d, DRAW_ALPHA(s->along ? m->alpha : NAN), note);
}

static void draw_series(draw *d, const axes *a, const scatter_panel *p, const scatter_series *s, label_list *labels)
{
    if (s->along) draw_line_of(d, a, p, s, labels);
    for (int i = 0; i < s->count; i++) {
        const mark *m = &s->marks[i];
        double x = axes_x(a, m->x), y = axes_y(a, m->y);
        if (isnan(m->x)) {
            label_at_edge(labels, &(label_edge){.x = a->left + a->width + 3, .y = y, .text = s->name});
            continue;
        }
        note_mark(d, p, s, m);
        if (scatter_is_grey(p, m))
            axes_untrained(d, a, m->x, m->y, m->place, &x, &y);
        else if (s->along && m->at_chance)
            draw_chance_mark(d, m->alpha, m->place, x, y, 4.2);
        else if (s->along)
            draw_alpha_mark(d, m->alpha, m->place, x, y, 4.2);
        else
            draw_disc(d, x, y, 4.2, m->at_chance ? PAPER : INK, INK);
        draw_unnote(d);
        label_reserve(labels, x - 5, y - 5, 10, 10);
    }
}

/* The first, the last and every other alpha say which they are, unless the axis does; models say their names. */
static void name_marks(draw *d, const axes *a, const scatter_panel *p, const scatter_series *s, label_list *labels)
{
    for (int i = 0; i < s->count; i++) {
        char text[UNTRAINED_TEXT];
        const mark *m = &s->marks[i];
        double x = axes_x(a, m->x), y = axes_y(a, m->y);
        if (!isnan(m->x) && scatter_is_grey(p, m) && axes_beyond(a, m->x, m->y, &x, &y, text)) {
            if (!label_near(d, labels, x, y, text)) label_with_line(d, labels, x, y, text);
            continue;
        }
        if (isnan(m->x) || (s->along && (p->x_is_alpha || (i % 2 && i + 1 < s->count)))) continue;
        snprintf(text, sizeof text, "%g", m->alpha);
        if (!label_near(d, labels, x, y, s->along ? text : s->name) && !s->along)
            label_with_line(d, labels, x, y, s->name);
    }
}

/* Does a model's name stand at the right edge? */
static bool has_edge(const scatter_panel *p)
{
    for (const published_score *b = scatter_panel_first(p); b; b = scatter_panel_next(p, b + 1))
        if (isnan(scatter_published_x(p, b))) return true;
    for (int64_t i = 0; i < p->count; i++)
        for (int k = 0; k < p->series[i].count; k++)
            if (isnan(p->series[i].marks[k].x)) return true;
    return false;
}

/* Right of the panels, all of which are equally wide; 0: no panel has names there. */
static double edge_room(const scatter_chart *c)
{
    size_t longest = 0;
    bool any = false;
    for (int i = 0; i < c->count; i++) {
        any |= has_edge(&c->panels[i]);
        for (int64_t k = 0; k < c->panels[i].count; k++) {
            const scatter_series *s = &c->panels[i].series[k];
            if (s->count && isnan(s->marks[0].x) && strlen(s->name) > longest) longest = strlen(s->name);
        }
    }
    return any ? label_edge_room(longest) : 0;
}

enum { SCALE_ROOM = 34, NARROWEST = 160 };

/* The panel of one benchmark. */
static bool take_benchmark(figure *f, const char *part)
{
    scatter_chart *c = f->ctx;
    for (int i = 0; i < c->count; i++) {
        if (strcmp(c->panels[i].of->benchmark, part) != 0) continue;
        const scatter_panel taken = c->panels[i];
        c->panels[i] = c->panels[0];
        c->panels[0] = taken;
        while (c->count > 1) scatter_panel_clear(&c->panels[--c->count]);
        return true;
    }
    return false;
}

static void lay_out_scatters(figure *f, double width)
{
    scatter_chart *c = f->ctx;
    c->grid = panel_grid_make(&(panel_cells){.panels = c->count, .most_columns = 3, .least_width = 270,
                                             .narrowest = NARROWEST + edge_room(c), .height = 300,
                                             .top = SCALE_ROOM, .most_height = f->most_height}, width);
    f->width = c->grid.cell_width * c->grid.columns;
    f->height = c->grid.top + c->grid.cell_height * c->grid.rows;
}

static jem_status draw_scatters(draw *d, const void *ctx)
{
    const scatter_chart *c = ctx;
    const panel_grid g = c->grid;
    const double edge = edge_room(c);
    draw_alpha_scale(d, 52, 8, 220);
    for (int i = 0; i < c->count; i++) {
        const scatter_panel *p = &c->panels[i];
        axes a = {.left = 52 + (i % g.columns) * g.cell_width,
                  .top = g.top + (double)(i / g.columns) * g.cell_height + 36,
                  .width = g.cell_width - 72 - edge,
                  .height = g.cell_height - 86,
                  .title = p->of->name,
                  .x_label = p->x_is_alpha ? "α" : p->x_axis.label,
                  .y_label = p->y_axis.label};
        label_list labels = label_list_in(&a);
        scatter_panel_range(&a, p);
        axes_draw(d, &a);
        axes_reference(d, &a, p->y_axis.score->human);
        label_reserve_level(&labels, axes_y(&a, p->y_axis.score->human));
        for (int64_t k = 0; k < p->count; k++) draw_series(d, &a, p, &p->series[k], &labels);
        draw_alone(d, &a, p, &labels);
        draw_published(d, &a, p, &labels);
        name_alone(d, &a, p, &labels);
        label_along(d, &labels, axes_y(&a, p->y_axis.score->human), p->human_label);
        for (int64_t k = 0; k < p->count; k++) name_marks(d, &a, p, &p->series[k], &labels);
        name_published(d, &a, p, edge, &labels);
    }
    return JEM_OK;
}

/* ---- numbers */

/* The published values that the panels show, below those of the study: benchmarks in the order of
 * panels. */
static void published_lines(strbuf *tsv, const scatter_chart *c, const measures *const *known)
{
    char text[NUMBER_TEXT_MAX];
    for (int i = 0; i < c->count; i++)
        for (const measures *const *m = known; *m; m++)
            for (const published_score *b = (*m)->published; b && b->metric; b++) {
                const axis_spec *x = &c->panels[i].x_axis, *y = &c->panels[i].y_axis;
                if (!(x->of == *m && published_is_model(b, *m, x->score)) &&
                    !(y->of == *m && published_is_model(b, *m, y->score)))
                    continue;
                plain_printf(tsv, "%s\t%s\t%s\tnan\t-1\t%s\t%s\n", (*m)->benchmark, b->metric,
                             b->model, number_text(text, b->value), b->condition ? b->condition : "");
            }
}

static void sources(strbuf *html, const scatter_chart *c)
{
    strbuf_add(html, "<table><thead><tr><th>published</th><th>benchmark</th><th>metric</th>"
                     "<th>value</th><th class=\"text\">source</th></tr></thead><tbody>");
    for (int i = 0; i < c->count; i++)
        for (const published_score *b = scatter_panel_first(&c->panels[i]); b;
             b = scatter_panel_next(&c->panels[i], b + 1)) {
            char value[40];
            trend_number(value, sizeof value, b->value);
            html_printf(html,
                        "<tr><th>%s</th><td>%s</td><td>%s</td><td>%s</td>"
                        "<td class=\"text\">%s</td></tr>",
                        b->model, c->panels[i].of->benchmark, b->metric, value, b->source);
        }
    strbuf_add(html, "</tbody></table>");
}

/* A row for each network beside the study in each panel. */
static void write_beside(strbuf *html, const scatter_chart *c)
{
    bool any = false;
    char x[40], y[40];
    for (int i = 0; i < c->count; i++) {
        const scatter_panel *p = &c->panels[i];
        for (int64_t k = 1; k < p->count; k++) {
            const scatter_series *s = &p->series[k];
            if (!s->count) continue;
            if (!any)
                strbuf_add(html, "<table><thead><tr><th>beside the study</th><th>benchmark</th><th>horizontal</th>"
                                 "<th>vertical</th></tr></thead><tbody>");
            any = true;
            trend_number(x, sizeof x, s->marks[0].x);
            trend_number(y, sizeof y, s->marks[0].y);
            html_printf(html, "<tr><th>%s</th><td>%s</td><td>%s</td><td>%s</td></tr>", s->name, p->of->name,
                        isnan(s->marks[0].x) ? "–" : x, y);
        }
    }
    if (any) strbuf_add(html, "</tbody></table>");
}

/* Of a study: rows of one table, what was measured on each axis of a panel. */
static void write_numbers(figure *f, const study *s, const scatter_chart *c,
                          const measures *const *known)
{
    trend rows[2 * SCATTERS];
    char labels[2 * SCATTERS][96];
    int count = 0;

    trend_tsv_header(&f->tsv);
    for (int i = 0; i < c->count; i++) {
        const scatter_panel *p = &c->panels[i];
        const scatter_series *own = &p->series[0];
        trend_tsv(&f->tsv, s, &own->x, 1);
        trend_tsv(&f->tsv, s, &own->y, 1);
        for (int axis = own->x.count ? 0 : 1; axis < 2; axis++) {
            const char *label = axis ? p->y_axis.label : p->x_axis.label;
            snprintf(labels[count], sizeof *labels, "%s, %s", p->of->name, label);
            rows[count] = axis ? own->y : own->x;
            rows[count].label = labels[count];
            count++;
        }
    }
    trend_table(&f->table, s, rows, count);
    write_beside(&f->table, c);
    published_lines(&f->tsv, c, known);
    sources(&f->table, c);
}

/* Of models side by side: every value of each panel's axes, and where published ones are from. */
static void write_values(figure *f, const scatter_chart *c, const model_list *models)
{
    model_tsv_header(&f->tsv);
    for (int i = 0; i < c->count; i++) {
        const scatter_panel *p = &c->panels[i];
        const score_wanted x = axis_wanted(&p->x_axis), y = axis_wanted(&p->y_axis);
        for (int64_t k = 0; k < p->count; k++) {
            model_tsv_trend(&f->tsv, &x, &models->entries[k], &p->series[k].x);
            model_tsv_trend(&f->tsv, &y, &models->entries[k], &p->series[k].y);
        }
        for (const published_score *b = scatter_panel_first(p); b; b = scatter_panel_next(p, b + 1)) {
            const double there = scatter_published_x(p, b);
            model_tsv_line(&f->tsv, &y, b->model, NAN, (const double[]){b->value, NAN, NAN}, b->source);
            if (!isnan(there)) model_tsv_line(&f->tsv, &x, b->model, NAN, (const double[]){there, NAN, NAN}, b->source);
        }
    }
    sources(&f->table, c);
}

/* "Nearest to people: α = 0.2 in Cue conflict (0.410, people 0.960); ...", or the model's name. */
static void say_nearest(strbuf *to, const scatter_chart *c)
{
    const char *between = "Nearest to people: ";
    for (int i = 0; i < c->count; i++) {
        const scatter_panel *p = &c->panels[i];
        const measure *shown = p->y_axis.score;
        const mark *best = NULL;
        const char *name = "";
        int compared = 0;
        char value[40], people[40];
        for (int64_t n = 0; n < p->count; n++)
            for (int k = 0; k < p->series[n].count; k++) {
                const mark *m = &p->series[n].marks[k];
                if (scatter_is_grey(p, m)) continue;
                compared++;
                if (!best || fabs(m->y - shown->human) < fabs(best->y - shown->human)) best = m, name = p->series[n].name;
            }
        if (compared < 2) continue;
        trend_number(value, sizeof value, best->y);
        trend_number(people, sizeof people, shown->human);
        plain_printf(to, "%s%s%s", between, name, *name && !isnan(best->alpha) ? ", " : "");
        if (!isnan(best->alpha)) plain_printf(to, "α = %g", best->alpha);
        plain_printf(to, " in %s (%s, %s %s)", p->of->name, value, shown->human_is_bound ? "the bound" : "people", people);
        between = "; ";
    }
    if (to->used) strbuf_add(to, ".");
}

/* ---- the figure */

/* f.about and what follows it are the caller's; own: the study that all is of, or NULL. */
static jem_status add_scatters(figure_list *list, figure f, const model_list *models, const study *own,
                               const measures *const *known)
{
    jem_status st;
    scatter_chart *c = NULL;

    f.file = "people";
    f.section = measure_people;
    f.title = "How close to people, and at what other price";
    f.lay_out = lay_out_scatters;
    f.take_part = take_benchmark;
    f.draw = draw_scatters;
    f.free_ctx = scatter_chart_free;
    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    TRY(scatter_chart_collect(c, models, own != NULL, known));
    if (!c->count) { /* nothing was compared with people: no reason to speak of it */
        figure_clear(&f);
        return JEM_OK;
    }
    if (own)
        write_numbers(&f, own, c, known);
    else
        write_values(&f, c, models);
    say_nearest(&f.says, c);
    for (int64_t i = 0; i < models->count; i++) model_say_probe(&f.says, model_own_name(&models->entries[i]));
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}

jem_status figures_of_people(figure_list *list, study *s, const measures *const *known)
{
    static const char about[] = "One marker per α, the mean over seeds, joined in order; open squares, and "
                                "names at the right edge where the horizontal value is not published, "
                                "are published models, dashed lines the human reference. A grey marker "
                                "is α = 1, whose classifier was never trained; a hollow one has a network that decides at chance. "
                                "Black discs with names are networks beside the study, imported or trained.";
    jem_status st;
    const score_source from = {.path = s->path, .runs = s};
    model_list models = {.count = 0};

    TRY(model_list_with_beside(&models, &from));
    TRY(add_scatters(list, (figure){.about = about}, &models, s, known));
done:
    model_list_clear(&models);
    return st;
}

jem_status figures_of_people_beside(figure_list *list, const model_list *models, const measures *const *known)
{
    static const char about[] = "A study has one marker per α, the mean over seeds, joined in order; discs with names "
                                "are the other models that were scored. Open squares are models that others published, "
                                "sources below; names at the right edge have no horizontal value. Dashed "
                                "lines are people.";
    return add_scatters(list, (figure){.about = about}, models, NULL, known);
}
