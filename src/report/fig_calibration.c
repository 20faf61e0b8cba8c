/* Reliability diagrams, one small panel per alpha; seeds are pooled. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "base/fields.h"
#include "report/axes.h"
#include "report/figures.h"
#include "report/marks.h"
#include "sweetspot/trend.h"

enum { BINS_MAX = 100, COLUMNS = 6, LEFT_ROOM = 44, FOOT = 14 };
static const double NOTE_SIZE = 9.4; /* 7 pt */

typedef struct diagram {
    double alpha, ece, n;
    int bins;
    double lo[BINS_MAX], hi[BINS_MAX];
    double confidence[BINS_MAX], accuracy[BINS_MAX], count[BINS_MAX];
} diagram;

typedef struct diagrams {
    int count;
    diagram *panels;
    panel_grid grid;
} diagrams;

static void diagrams_free(void *ctx)
{
    diagrams *c = ctx;
    mem_free(c->panels);
    mem_free(c);
}

/* Adds a run's bins to the diagram of its alpha; false if the table lacks columns or
 * has other bins than the first seed's. */
static bool pool(diagram *g, const table *t)
{
    const char *const names[] = {"lo", "hi", "confidence", "accuracy", "count"};
    int64_t column[5];
    for (int c = 0; c < 5; c++)
        if ((column[c] = table_find(t, names[c])) < 0) return false;
    if (t->rows > BINS_MAX || (g->bins && g->bins != t->rows)) return false;
    g->bins = (int)t->rows;
    for (int b = 0; b < g->bins; b++) {
        double count = table_get(t, b, column[4]);
        g->lo[b] = table_get(t, b, column[0]);
        g->hi[b] = table_get(t, b, column[1]);
        if (!(count > 0)) continue;
        g->count[b] += count;
        g->confidence[b] += count * table_get(t, b, column[2]); /* sums for now */
        g->accuracy[b] += count * table_get(t, b, column[3]);
    }
    return true;
}

static void finish(diagram *g)
{
    double gap = 0;
    for (int b = 0; b < g->bins; b++) {
        gap += fabs(g->accuracy[b] - g->confidence[b]);
        g->n += g->count[b];
        g->confidence[b] = g->count[b] > 0 ? g->confidence[b] / g->count[b] : NAN;
        g->accuracy[b] = g->count[b] > 0 ? g->accuracy[b] / g->count[b] : NAN;
    }
    g->ece = g->n > 0 ? gap / g->n : NAN;
}

static jem_status collect(diagrams *c, study *s)
{
    for (int64_t i = 0; i < s->count; i++) {
        const study_run *r = &s->runs[i];
        if (!r->reliability.rows || isnan(r->alpha)) continue;
        diagram *g = c->count ? &c->panels[c->count - 1] : NULL;
        if (!g || g->alpha != r->alpha) {
            g = &c->panels[c->count++];
            *g = (diagram){.alpha = r->alpha};
        }
        if (pool(g, &r->reliability)) continue;
        jem_status st = study_warn(s,
                                   "%s/scores/reliability.tsv lacks a column or has other bins "
                                   "than the other seeds; it is left out.",
                                   r->name);
        if (st != JEM_OK) return st;
    }
    for (int i = 0; i < c->count; i++) finish(&c->panels[i]);
    return JEM_OK;
}

static void draw_diagram(draw *d, const axes *a, const diagram *g)
{
    colour c = alpha_colour(g->alpha);
    char note[40], ece[24];
    for (int b = 0; b < g->bins; b++) {
        if (!(g->count[b] > 0)) continue;
        axes_bar(d, a, g->lo[b], g->hi[b], 0, g->accuracy[b], faded(c, 0.35));
        double y = axes_y(a, g->accuracy[b]);
        draw_segment(d, axes_x(a, g->lo[b]), y, axes_x(a, g->hi[b]), y, 1.6, 0, c);
    }
    draw_segment(d, axes_x(a, 0), axes_y(a, 0), axes_x(a, 1), axes_y(a, 1), 1.1, 4, MUTED);
    trend_number(ece, sizeof ece, g->ece);
    snprintf(note, sizeof note, "ECE %s", ece);
    text_style title = style_of(LABEL_SIZE, LEFT, BASELINE, INK);
    title.bold = true;
    draw_text(d, a->left + draw_text_width(d, title, a->title) + 8, a->top - 10, /* beside its title */
              style_of(NOTE_SIZE, LEFT, BASELINE, MUTED), note);
}

/* A page lets the last panel reach beyond its column; paper and phones end there. */
static void lay_out_diagrams(figure *f, double width)
{
    diagrams *c = f->ctx;
    const double room = width < FIGURE_WIDTH ? width - LEFT_ROOM : width;
    c->grid = panel_grid_make(&(panel_cells){.panels = c->count, .most_columns = COLUMNS, .least_width = 130,
                                             .narrowest = 120, .height = 190, .top = FOOT, .most_height = f->most_height}, room);
    f->width = fmin(c->grid.columns * (c->grid.cell_width - 5) + LEFT_ROOM, width + (width < FIGURE_WIDTH ? 0 : 20));
    f->height = c->grid.top + c->grid.rows * c->grid.cell_height;
}

static jem_status draw_diagrams(draw *d, const void *ctx)
{
    const diagrams *c = ctx;
    const panel_grid grid = c->grid;
    for (int i = 0; i < c->count; i++) {
        char title[32];
        snprintf(title, sizeof title, "α = %g", c->panels[i].alpha);
        bool lowest = i + grid.columns >= c->count, leftmost = i % grid.columns == 0;
        axes a = {.left = LEFT_ROOM + (i % grid.columns) * (grid.cell_width - 5),
                  .top = (double)(i / grid.columns) * grid.cell_height + 28,
                  .width = grid.cell_width - 32,
                  .height = grid.cell_height - 58,
                  .x1 = 1,
                  .y1 = 1,
                  .title = title,
                  .bare_x = !lowest,
                  .bare_y = !leftmost,
                  .x_label = lowest ? "confidence" : NULL,
                  .y_label = leftmost ? "accuracy" : NULL};
        draw_note(d, DRAW_ALPHA(c->panels[i].alpha), NULL);
        axes_draw(d, &a);
        draw_diagram(d, &a, &c->panels[i]);
        draw_unnote(d);
    }
    return JEM_OK;
}

static void write_numbers(figure *f, const diagrams *c, const study *s)
{
    char alpha[NUMBER_TEXT_MAX], value[NUMBER_TEXT_MAX];
    trend_tsv_header(&f->tsv);
    strbuf_add(&f->table, "<table><thead><tr><th>α</th>");
    for (int i = 0; i < c->count; i++) html_printf(&f->table, "<th data-alpha=\"%g\">%g</th>", c->panels[i].alpha, c->panels[i].alpha);
    strbuf_add(&f->table, "</tr></thead><tbody><tr><th>ECE, seeds pooled</th>");
    for (int i = 0; i < c->count; i++) {
        trend_number(value, sizeof value, c->panels[i].ece);
        html_printf(&f->table, "<td>%s</td>", value);
    }
    strbuf_add(&f->table, "</tr><tr><th>images</th>");
    for (int i = 0; i < c->count; i++) html_printf(&f->table, "<td>%.0f</td>", c->panels[i].n);
    strbuf_add(&f->table, "</tr></tbody></table>");
    for (int i = 0; i < c->count; i++)
        for (int b = 0; b < c->panels[i].bins; b++) {
            const diagram *g = &c->panels[i];
            plain_printf(&f->tsv,
                         "classification\tbin_accuracy\t%s\t%s\tall\t%s\t(%g, %g] n=%.0f\n",
                         s->runs[0].model, number_text(alpha, g->alpha),
                         number_text(value, g->accuracy[b]), g->lo[b], g->hi[b], g->count[b]);
        }
}

/* "The calibration error is least at α = 0.2 (0.021) and largest at α = 0.9 (0.310)." */
static void say_least(strbuf *to, const diagrams *c)
{
    const diagram *least = NULL, *most = NULL;
    char low[24], high[24];
    for (int i = 0; i < c->count; i++) {
        const diagram *g = &c->panels[i];
        if (g->alpha >= 1 || !isfinite(g->ece)) continue; /* its classifier was never trained */
        if (!least || g->ece < least->ece) least = g;
        if (!most || g->ece > most->ece) most = g;
    }
    if (least == most) return;
    trend_number(low, sizeof low, least->ece);
    trend_number(high, sizeof high, most->ece);
    plain_printf(to, "The calibration error (ECE) is least at α = %g (%s) and largest at α = %g (%s).", least->alpha, low,
                 most->alpha, high);
}

jem_status figures_of_calibration(figure_list *list, study *s)
{
    jem_status st;
    diagrams *c = NULL;
    figure f = {.file = "reliability",
                .section = "Classification",
                .title = "Reliability diagrams",
                .about =
                    "Share of right answers among images whose largest class probability falls "
                    "into a bin. Bars on the dashed diagonal mean that the probabilities can be "
                    "believed; bars below it, that the network is too sure.",
                .lay_out = lay_out_diagrams,
                .draw = draw_diagrams,
                .free_ctx = diagrams_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    TRY(MEM_NEW(c->panels, s->count));
    TRY(collect(c, s));
    if (!c->count) {
        TRY(mem_strdup(&f.missing, "No run of this study has scores/reliability.tsv."));
        return figure_list_add(list, &f);
    }
    write_numbers(&f, c, s);
    say_least(&f.says, c);
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}
