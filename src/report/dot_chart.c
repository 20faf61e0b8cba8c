/* Drawing dots in rows: see dot_chart.h. */
#include "report/dot_chart.h"

#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "report/axes.h"
#include "report/marks.h"
#include "sweetspot/trend.h"

const colour people_ink = {165 / 255.0, 30 / 255.0, 55 / 255.0, 1};

/* A panel, from its top: title, rows, ticks, unit. */
enum { ROW = 18, TITLE = 26, FOOT = 46, SPACE = 22, SCALE = 34, PANEL_LEAST = 150, PANEL_MOST = 420, LEVEL_NAME = 12 };
static const double names_share = 0.36; /* of the canvas, at most */
enum { NAMES_MOST = 260, NAMES_GAP = 10 };

jem_status dot_chart_add_row(dot_chart *c, const char *name, int group)
{
    jem_status st;
    TRY(MEM_GROW(c->rows, c->row_count, c->row_room));
    c->rows[c->row_count] = (dot_row){.group = group};
    TRY(mem_strdup(&c->rows[c->row_count].name, name));
    c->row_count++;
done:
    return st;
}

jem_status dot_chart_add(dot_chart *c, const dot *d)
{
    jem_status st = JEM_OK;
    if (!isfinite(d->x)) return st;
    TRY(MEM_GROW(c->dots, c->dot_count, c->dot_room));
    c->dots[c->dot_count++] = *d;
done:
    return st;
}

void dot_chart_free(void *ctx)
{
    dot_chart *c = ctx;
    for (int64_t i = 0; i < c->row_count; i++) mem_free(c->rows[i].name);
    mem_free(c->rows);
    mem_free(c->dots);
    mem_free(c);
}

/* Has panel a row of this number? */
static bool has_row(const dot_chart *c, int panel, int64_t row)
{
    for (int64_t i = 0; i < c->dot_count; i++)
        if (c->dots[i].row == row && c->dots[i].panel == panel) return true;
    return c->columns > 1;
}

/* Rows of the panel before this one. */
static int64_t place_of(const dot_chart *c, int panel, int64_t row)
{
    int64_t n = 0;
    for (int64_t i = 0; i < row; i++) n += has_row(c, panel, i);
    return n;
}

/* With room below the rows for what a level is called. */
static double height_of(const dot_chart *c, int panel)
{
    bool named = false;
    for (int i = 0; i < c->panel_count; i++) named |= isfinite(c->panels[i].chance);
    return (double)place_of(c, panel, c->row_count) * ROW + (named ? LEVEL_NAME : 0);
}

/* Of the cells of its row of panels. */
static double cell_height(const dot_chart *c, int panel) { return TITLE + height_of(c, panel) + FOOT; }

void dot_chart_lay_out(figure *f, double width)
{
    dot_chart *c = f->ctx;
    const double names = fmin(names_share * width, NAMES_MOST);
    const int fit = (int)fmax(1, floor((width - names) / (PANEL_LEAST + SPACE)));
    const int rows = (c->panel_count + fit - 1) / fit;

    c->columns = (c->panel_count + rows - 1) / rows;
    c->names = names;
    c->cell_width = (width - names) / c->columns;
    if (width >= FIGURE_WIDTH) c->cell_width = fmin(c->cell_width, PANEL_MOST);
    c->width = names + c->columns * c->cell_width;
    c->top = 0;
    if (c->has_alpha) c->top += SCALE;
    if (c->key_count) c->top += 8 + LEGEND_ROW * draw_legend_rows(c->width - 20, c->key_count);
    f->width = c->width;
    f->height = c->top;
    for (int i = 0; i < c->panel_count; i += c->columns) f->height += cell_height(c, i);
}

/* ---- marks */

static void draw_dot(draw *d, double x, double y, const dot *p)
{
    const double r = p->small ? 2.2 : p->shape == DOT_DIAMOND ? 5 : p->shape == DOT_SQUARE ? 3 : 4;
    const colour fill = faded(p->ink, p->small ? 0.35 : 0.85);
    if (p->shape == DOT_DIAMOND)
        draw_area(d, (const double[]){x, x + r, x, x - r}, (const double[]){y - r, y, y + r, y}, 4, fill);
    else if (p->shape == DOT_SQUARE)
        draw_open_square(d, x, y, r);
    else
        draw_disc(d, x, y, r, p->hollow ? PAPER : fill, p->ink);
}

static void range_of(axes *a, const dot_chart *c, int panel)
{
    const dot_panel *p = &c->panels[panel];
    const double lines[] = {p->people, p->chance};
    a->x0 = INFINITY;
    a->x1 = -INFINITY;
    for (int64_t i = 0; i < c->dot_count; i++) {
        const double all[] = {c->dots[i].x, c->dots[i].low, c->dots[i].high};
        for (int k = 0; k < 3 && c->dots[i].panel == panel; k++)
            if (isfinite(all[k])) a->x0 = fmin(a->x0, all[k]), a->x1 = fmax(a->x1, all[k]);
    }
    for (int k = 0; k < 2; k++)
        if (isfinite(lines[k])) a->x0 = fmin(a->x0, lines[k]), a->x1 = fmax(a->x1, lines[k]);
    axes_pad(&a->x0, &a->x1, p->least, p->most);
}

/* "MODEL", and "SHAPE BIAS, α = 0.25: 0.812 (0.790 to 0.834)". */
static void note_dot(draw *d, const dot_chart *c, const dot *p)
{
    char note[512], value[40], alpha[24] = "", interval[96] = "", low[40], high[40];
    trend_number(value, sizeof value, p->x);
    if (!isnan(p->alpha)) snprintf(alpha, sizeof alpha, ", α = %g", p->alpha);
    if (isfinite(p->low) && isfinite(p->high)) {
        trend_number(low, sizeof low, p->low);
        trend_number(high, sizeof high, p->high);
        snprintf(interval, sizeof interval, " (%s to %s)", low, high);
    }
    plain_format(note, sizeof note, "%s\n%s%s: %s%s", c->rows[p->row].name, c->panels[p->panel].title, alpha, value,
                 interval);
    draw_note(d, DRAW_ALPHA(p->alpha), note);
}

static void draw_dots(draw *d, const axes *a, const dot_chart *c, int panel)
{
    for (int64_t i = 0; i < c->dot_count; i++) {
        const dot *p = &c->dots[i];
        if (p->panel != panel) continue;
        const double y = a->top + ((double)place_of(c, panel, p->row) + 0.5 + p->shift) * ROW;
        note_dot(d, c, p);
        if (isfinite(p->low) && isfinite(p->high))
            draw_segment(d, axes_x(a, p->low), y, axes_x(a, p->high), y, 1.4, 0, faded(p->ink, 0.7));
        draw_dot(d, axes_x(a, p->x), y, p);
        draw_unnote(d);
    }
}

static void draw_level(draw *d, const axes *a, double x, const char *label, colour ink)
{
    const double at = axes_x(a, x);
    if (!isfinite(x)) return;
    draw_segment(d, at, a->top, at, a->top + a->height, 1.2, 4, ink);
    if (label) {
        const bool left = at > a->left + a->width / 2;
        draw_text(d, left ? at - 3 : at + 3, a->top + a->height - 3,
                  style_of(TICK_SIZE, left ? RIGHT : LEFT, BASELINE, MUTED), label);
    }
}

static void draw_ticks(draw *d, const axes *a, const char *unit)
{
    const double bottom = a->top + a->height;
    double first, step;
    const int count = axes_ticks(&first, &step, a->x0, a->x1, a->width > 260 ? 6 : a->width > 160 ? 4 : 3);
    for (int i = 0; i < count; i++) {
        char text[32];
        const double value = first + i * step, x = axes_x(a, value);
        axes_tick_text(text, sizeof text, value, step);
        draw_segment(d, x, a->top, x, bottom, 1, 0, GRID);
        draw_text(d, x, bottom + 6, style_of(TICK_SIZE, CENTRE, TOP, MUTED), text);
    }
    if (unit)
        draw_text(d, a->left + a->width / 2, bottom + 21, style_of(LABEL_SIZE, CENTRE, TOP, INK), unit);
}

/* ---- the whole */

/* As wide as the longest name needs, at most what was laid out. */
static double names_width(draw *d, const dot_chart *c)
{
    double widest = 0;
    const text_style style = style_of(TICK_SIZE, RIGHT, MIDDLE, INK);
    for (int64_t i = 0; i < c->row_count; i++) widest = fmax(widest, draw_text_width(d, style, c->rows[i].name));
    return fmin(c->names, widest + 2 * NAMES_GAP);
}

static void draw_rows(draw *d, const axes *a, const dot_chart *c, int panel)
{
    const bool named = panel % c->columns == 0;
    const dot_row *last = NULL;
    for (int64_t i = 0; i < c->row_count; i++) {
        const double y = a->top + ((double)place_of(c, panel, i) + 0.5) * ROW;
        if (!has_row(c, panel, i)) continue;
        draw_segment(d, a->left, y, a->left + a->width, y, 1, 0, faded(GRID, 0.6));
        if (last && last->group != c->rows[i].group)
            draw_segment(d, named ? 0 : a->left, y - ROW / 2.0, a->left + a->width, y - ROW / 2.0, 1, 0,
                         faded(MUTED, 0.5));
        if (named)
            draw_fitting(d, a->left - NAMES_GAP, y, a->left - NAMES_GAP, style_of(TICK_SIZE, RIGHT, MIDDLE, INK),
                         c->rows[i].name);
        last = &c->rows[i];
    }
}

static void draw_heading(draw *d, const dot_chart *c)
{
    if (c->has_alpha) draw_alpha_scale(d, NAMES_GAP, 6, 200);
    if (c->key_count)
        draw_legend(d, NAMES_GAP, (c->has_alpha ? SCALE : 0) + 12, c->width - 2 * NAMES_GAP, c->keys, c->key_inks,
                    c->key_count);
}

jem_status dot_chart_draw(draw *d, const void *ctx)
{
    const dot_chart *c = ctx;
    const double names = names_width(d, c), spare = (c->names - names) / c->columns;
    double top = c->top;

    draw_heading(d, c);
    for (int i = 0; i < c->panel_count; i++) {
        const dot_panel *p = &c->panels[i];
        const double cell = c->cell_width + spare;
        axes a = {.left = names + (i % c->columns) * cell,
                  .top = top + TITLE,
                  .width = cell - SPACE,
                  .height = height_of(c, i)};
        text_style title = style_of(a.width < 200 ? LABEL_SIZE : TITLE_SIZE, LEFT, BASELINE, INK);
        title.bold = true;
        range_of(&a, c, i);
        draw_ticks(d, &a, p->unit);
        draw_rows(d, &a, c, i);
        draw_segment(d, a.left, a.top + a.height, a.left + a.width, a.top + a.height, 1, 0, MUTED);
        draw_fitting(d, a.left, a.top - 9, a.width + SPACE - 6, title, p->title);
        draw_level(d, &a, p->chance, "chance", MUTED);
        draw_level(d, &a, p->people, NULL, faded(people_ink, 0.6));
        draw_dots(d, &a, c, i);
        if ((i + 1) % c->columns == 0) top += cell_height(c, i);
    }
    return JEM_OK;
}
