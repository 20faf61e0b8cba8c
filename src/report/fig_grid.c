/* Scores along alpha of several studies, a line for each: those of a grid of settings (record/grid.h).  One figure per
 * benchmark, a panel for each of the scores that it shows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/try.h"
#include "report/axes.h"
#include "report/figures.h"
#include "report/marks.h"
#include "report/study_names.h"
#include "sweetspot/trend.h"

enum { PANELS_MAX = 12, COLUMNS = 3, FOOT = 50, TITLE_ROOM = 26, LEFT_ROOM = 62 };

typedef struct grid_panel {
    const measure *of;
    trend lines[STUDIES_MAX]; /* of the studies */
    double lo, hi;
} grid_panel;

typedef struct grid_chart {
    int studies, count;       /* lines, panels */
    char file[NAME_MOST], title[NAME_MOST]; /* of the figure */
    study_names own;
    const char *names[STUDIES_MAX]; /* of that */
    colour colours[STUDIES_MAX];
    grid_panel panels[PANELS_MAX];
    panel_grid grid;
} grid_chart;

static void chart_free(void *ctx)
{
    grid_chart *c = ctx;
    for (int i = 0; i < PANELS_MAX; i++)
        for (int k = 0; k < STUDIES_MAX; k++) trend_clear(&c->panels[i].lines[k]);
    mem_free(c);
}

/* A network at alpha = 1 never trained a classifier: its scores of one would set the range. */
static bool is_shown(const measure *m, const trend_point *q)
{
    return !(m->needs_head && q->alpha >= 1);
}

static void take_range(grid_panel *p, const trend *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *q = &t->points[i];
        const double sem = isfinite(q->sem) ? q->sem : 0;
        if (!is_shown(p->of, q)) continue;
        p->lo = fmin(p->lo, q->mean - sem);
        p->hi = fmax(p->hi, q->mean + sem);
    }
}

/* A panel where two studies at least have the score. */
static jem_status collect_panel(grid_chart *c, const measures *of, const measure *m, study *const *studies)
{
    jem_status st = JEM_OK;
    grid_panel *p = &c->panels[c->count];
    int with = 0;

    *p = (grid_panel){.of = m, .lo = INFINITY, .hi = -INFINITY};
    for (int k = 0; k < c->studies; k++) {
        TRY(trend_collect_in(&p->lines[k], studies[k], of->benchmark, m->dataset, m->metric, m->condition));
        trend_mark_chance(&p->lines[k], studies[k], of);
        take_range(p, &p->lines[k]);
        with += p->lines[k].count > 0;
    }
    if (with >= 2 && p->lo <= p->hi) {
        axes_pad(&p->lo, &p->hi, m->least, m->most);
        c->count++;
    } else {
        for (int k = 0; k < c->studies; k++) trend_clear(&p->lines[k]);
    }
done:
    return st;
}

/* ---- drawing */

static void lay_out(figure *f, double width)
{
    grid_chart *c = f->ctx;
    const double legend = 8 + LEGEND_ROW * draw_legend_rows(width - LEFT_ROOM, c->studies);
    c->grid = panel_grid_make(&(panel_cells){.panels = c->count, .most_columns = COLUMNS, .least_width = 200,
                                             .narrowest = 160, .height = 240, .top = legend, .most_height = f->most_height},
                              width);
    f->width = c->grid.cell_width * c->grid.columns;
    f->height = c->grid.top + c->grid.cell_height * c->grid.rows;
}

static void draw_line_of(draw *d, const axes *a, const grid_chart *c, const grid_panel *p, int k)
{
    const trend *t = &p->lines[k];
    const colour ink = c->colours[k];
    double before[2] = {NAN, NAN};

    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *q = &t->points[i];
        const double at[2] = {axes_x(a, q->alpha), axes_y(a, q->mean)};
        if (!is_shown(p->of, q)) continue;
        if (!isnan(before[0])) draw_segment(d, before[0], before[1], at[0], at[1], 1.8, 0, ink);
        draw_value_note(d, q->alpha, c->names[k], q->mean);
        if (isfinite(q->sem))
            draw_segment(d, at[0], axes_y(a, q->mean - q->sem), at[0], axes_y(a, q->mean + q->sem), 1.4, 0, ink);
        draw_mark(d, q->place, at[0], at[1], 3, q->at_chance ? PAPER : ink, q->at_chance ? ink : faded(ink, 0));
        draw_unnote(d);
        memcpy(before, at, sizeof at);
    }
}

static jem_status draw_grid(draw *d, const void *ctx)
{
    const grid_chart *c = ctx;
    const panel_grid g = c->grid;

    draw_legend(d, LEFT_ROOM, 12, g.cell_width * g.columns - LEFT_ROOM, c->names, c->colours, c->studies);
    for (int i = 0; i < c->count; i++) {
        const grid_panel *p = &c->panels[i];
        const axes a = {.left = LEFT_ROOM + (i % g.columns) * g.cell_width,
                        .top = g.top + (double)(i / g.columns) * g.cell_height + TITLE_ROOM,
                        .width = g.cell_width - LEFT_ROOM - 14,
                        .height = g.cell_height - TITLE_ROOM - FOOT,
                        .x1 = 1, .y0 = p->lo, .y1 = p->hi, .x_is_alpha = true, .x_label = "α",
                        .y_label = p->of->unit, .title = p->of->title[0] ? p->of->title : p->of->metric};
        axes_draw(d, &a);
        for (int k = 0; k < c->studies; k++) draw_line_of(d, &a, c, p, k);
    }
    return JEM_OK;
}

/* ---- numbers */

static void write_numbers(strbuf *tsv, const grid_chart *c, const char *benchmark)
{
    strbuf_add(tsv, "benchmark\tmetric\tstudy\talpha\tmean\tsem\tseeds\n");
    for (int i = 0; i < c->count; i++)
        for (int k = 0; k < c->studies; k++) {
            const trend *t = &c->panels[i].lines[k];
            for (int64_t n = 0; n < t->count; n++) {
                char alpha[NUMBER_TEXT_MAX], mean[NUMBER_TEXT_MAX], sem[NUMBER_TEXT_MAX];
                const trend_point *q = &t->points[n];
                plain_printf(tsv, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", benchmark, t->metric, c->names[k],
                             number_text(alpha, q->alpha), number_text(mean, q->mean), number_text(sem, q->sem), q->seeds);
            }
        }
}

static jem_status figure_of(figure_list *list, study *const *studies, int count, const measures *of)
{
    jem_status st;
    grid_chart *c = NULL;
    figure f = {.title = NULL};

    TRY(MEM_NEW(c, 1));
    f = (figure){.section = of->section, .draw = draw_grid, .lay_out = lay_out, .ctx = c,
                 .free_ctx = chart_free,
                 .about = "A line for each study of the grid, which is named by its settings; whiskers are the standard error "
                          "over at least two seeds; hollow: a network that decides at chance.  An energy model (α = 1) is left "
                          "out where a score needs a classifier."};
    snprintf(c->file, sizeof c->file, "grid-%s", of->benchmark);
    snprintf(c->title, sizeof c->title, "%s: a line for each setting", of->title);
    f.file = c->file;
    f.title = c->title;
    c->studies = count;
    study_names_make(&c->own, studies, count);
    for (int k = 0; k < count; k++) {
        c->names[k] = c->own.of[k];
        c->colours[k] = series_colour(k);
    }
    for (const measure *m = of->scores; m->metric && c->count < PANELS_MAX; m++) TRY(collect_panel(c, of, m, studies));
    if (c->count == 0) goto done;
    write_numbers(&f.tsv, c, of->benchmark);
    st = figure_list_add(list, &f);
    return st;
done:
    figure_clear(&f);
    return st;
}

jem_status figures_of_grid(figure_list *list, study *const *studies, int count, const measures *const *known)
{
    jem_status st = JEM_OK;
    for (const measures *const *m = known; count >= 2 && *m; m++) TRY(figure_of(list, studies, count, *m));
done:
    return st;
}
