/* Scores have units of their own, so each has a scale of its own; what they share is zero and which side
 * is better. */
#include "report/fig_compare.h"

#include <math.h>
#include <stdio.h>

#include "report/axes.h"
#include "sweetspot/sweetspot.h"

/* Of a canvas of 183 mm in CSS pixels; from the top: head, then groups of rows, each with its scale. */
enum {
    WIDTH = 692,
    HEAD = 44,
    ROW = 18,
    GROUP_TOP = 10,
    SCALE = 24,
    NAMES = 196,   /* on the left */
    NUMBERS = 212, /* on the right */
    MARGIN = 8
};

typedef struct canvas {
    const compare_list *list;
    const compare_models *models;
} canvas;

/* ---- groups: rows of one score */

/* Rows from `first` on that are of its score. */
static int64_t group_of(const compare_list *list, int64_t first)
{
    int64_t n = 1;
    while (first + n < list->count && list->rows[first + n].line == list->rows[first].line &&
           list->rows[first + n].score == list->rows[first].score)
        n++;
    return n;
}

static double height_of(const compare_list *list)
{
    double height = HEAD + LEGEND_ROW;
    for (int64_t i = 0, n; i < list->count; i += n) {
        n = group_of(list, i);
        height += GROUP_TOP + (double)n * ROW + SCALE;
    }
    return height;
}

/* The farthest end of an interval. */
static double reach_of(const comparison *row, int64_t n)
{
    double reach = 0;
    for (int64_t i = 0; i < n; i++)
        reach = fmax(reach, fmax(fabs(row[i].gap.interval.low), fabs(row[i].gap.interval.high)));
    return reach > 0 ? 1.08 * reach : 1;
}

/* Better is to the right, also where lower is better. */
static double x_of(const comparison *row, double value, double reach)
{
    const double half = (WIDTH - NAMES - NUMBERS) / 2.0;
    const double side = row->line->score[row->score]->lower_is_better ? -1 : 1;
    return NAMES + half + side * value / reach * half;
}

/* ---- marks */

static void draw_scale(draw *d, const comparison *row, double reach, double y)
{
    double first, step;
    const int ticks = axes_ticks(&first, &step, -reach, reach, 5);
    draw_segment(d, NAMES, y, WIDTH - NUMBERS, y, 1, 0, MUTED);
    for (int k = 0; k < ticks; k++) {
        char text[24];
        double value = first + k * step;
        if (fabs(value) < step / 2) value = 0;
        const double x = x_of(row, value, reach);
        snprintf(text, sizeof text, "%s%g", value < 0 ? "−" : "", fabs(value));
        draw_segment(d, x, y, x, y + 3, 1, 0, MUTED);
        draw_text(d, x, y + 13, style_of(TICK_SIZE, CENTRE, BASELINE, MUTED), text);
    }
}

/* "−.097 [−.123, −.071], p < .001" */
static void row_text(char *out, size_t size, const comparison *c)
{
    char gap[24], low[24], high[24], p[24];
    sweetspot_number(gap, sizeof gap, c->gap.value);
    sweetspot_number(low, sizeof low, c->gap.interval.low);
    sweetspot_number(high, sizeof high, c->gap.interval.high);
    sweetspot_p(p, sizeof p, c->primary ? c->p_holm : c->gap.p);
    snprintf(out, size, "%s [%s, %s], p %s%s%s", gap, low, high, p[0] == '<' ? "" : "= ", p,
             c->primary ? "" : "*");
}

static void draw_row(draw *d, const canvas *c, const comparison *row, double reach, double y)
{
    char text[120];
    const colour ink = series_colour((int)row->model - 1);
    const bool shown = compare_verdict_of(row, c->list->level) != COMPARE_NOT_SHOWN;
    const double low = x_of(row, row->gap.interval.low, reach), high = x_of(row, row->gap.interval.high, reach);
    draw_segment(d, low, y, high, y, 1.6, 0, ink);
    draw_disc(d, x_of(row, row->gap.value, reach), y, 3.6, shown ? ink : (colour){1, 1, 1, 1}, ink);
    row_text(text, sizeof text, row);
    draw_fitting(d, WIDTH - NUMBERS + MARGIN, y, NUMBERS - 2 * MARGIN, style_of(TICK_SIZE, LEFT, MIDDLE, INK), text);
}

static void draw_group(draw *d, const canvas *c, const comparison *row, int64_t n, double top)
{
    char text[160];
    const double reach = reach_of(row, n), zero = x_of(row, 0, reach), bottom = top + (double)n * ROW;
    text_style title = style_of(LABEL_SIZE, LEFT, MIDDLE, INK);

    title.bold = true;
    draw_segment(d, zero, top, zero, bottom, 1.2, 0, INK);
    draw_fitting(d, MARGIN, top + 2, NAMES - 2 * MARGIN, title, row->line->title);
    snprintf(text, sizeof text, "%s", measure_spot_name(row->line, row->score));
    draw_fitting(d, MARGIN, top + 16, NAMES - 2 * MARGIN, style_of(TICK_SIZE, LEFT, MIDDLE, MUTED), text);
    for (int64_t i = 0; i < n; i++) draw_row(d, c, &row[i], reach, top + ((double)i + 0.5) * ROW);
    draw_scale(d, row, reach, bottom);
}

/* Who is compared with whom, the sides, and what the marks are. */
static void draw_head(draw *d, const canvas *c)
{
    char text[400];
    const char *names[6];
    colour colours[6];
    const int others = (int)c->models->count - 1, keys = others < 6 ? others : 6;
    text_style title = style_of(TITLE_SIZE, LEFT, BASELINE, INK);

    title.bold = true;
    for (int k = 0; k < keys; k++) {
        names[k] = c->models->model[k + 1].name;
        colours[k] = series_colour(k);
    }
    snprintf(text, sizeof text, "Difference to %s", c->models->model[0].name);
    draw_fitting(d, MARGIN, 16, WIDTH / 2.0, title, text);
    snprintf(text, sizeof text, "mean and %g %% interval, p after Holm (*: exploratory)", 100 * c->list->level);
    draw_text(d, WIDTH - MARGIN, 16, style_of(TICK_SIZE, RIGHT, BASELINE, MUTED), text);
    draw_legend(d, MARGIN, 34, NAMES + 120, names, colours, keys);
    draw_text(d, WIDTH - NUMBERS, HEAD + LEGEND_ROW - 10, style_of(TICK_SIZE, RIGHT, BASELINE, MUTED), "better →");
    draw_text(d, NAMES, HEAD + LEGEND_ROW - 10, style_of(TICK_SIZE, LEFT, BASELINE, MUTED), "← worse");
}

/* A draw_fn. */
static jem_status draw_compare(draw *d, const void *ctx)
{
    const canvas *c = ctx;
    double top = HEAD + LEGEND_ROW;

    draw_head(d, c);
    for (int64_t i = 0, n; i < c->list->count; i += n) {
        n = group_of(c->list, i);
        draw_group(d, c, &c->list->rows[i], n, top + GROUP_TOP);
        top += GROUP_TOP + (double)n * ROW + SCALE;
    }
    return JEM_OK;
}

jem_status fig_compare_write(const char *path, const compare_list *list, const compare_models *models)
{
    return draw_file(path, WIDTH, height_of(list), draw_compare, &(const canvas){list, models});
}
