/* Placing names (labels.h): the first place of a few that touches nothing taken. */
#include "report/labels.h"

#include <math.h>

#include "report/marks.h"

enum { LINE = 10 };
static const double size = 9.4; /* 7 pt: the least that journals print */

static text_style label_style(void) { return style_of(size, LEFT, MIDDLE, MUTED); }

label_list label_list_in(const axes *a)
{
    return (label_list){.left = a->left, .right = a->left + a->width, .top = a->top, .bottom = a->top + a->height};
}

void label_reserve(label_list *l, double x, double y, double w, double h)
{
    if (l->count < LABELS_MAX) l->taken[l->count++] = (label_box){x, y, w, h};
}

void label_reserve_line(label_list *l, double x0, double y0, double x1, double y1)
{
    enum { STEP = 5 };
    int steps = (int)fmin(hypot(x1 - x0, y1 - y0) / STEP, 100) + 1;
    for (int i = 0; i <= steps; i++) {
        double t = (double)i / steps;
        label_reserve(l, x0 + t * (x1 - x0) - 1, y0 + t * (y1 - y0) - 1, 2, 2);
    }
}

void label_reserve_level(label_list *l, double y)
{
    if (isfinite(y)) label_reserve(l, l->left, y - 1, l->right - l->left, 2);
}

void label_reserve_band(label_list *l, double x0, const double y0[2], double x1, const double y1[2])
{
    enum { STEP = 5 };
    const int steps = (int)fmin((x1 - x0) / STEP, 100) + 1;
    const double width = (x1 - x0) / steps;
    for (int i = 0; i < steps; i++) {
        double top = INFINITY, bottom = -INFINITY;
        for (int k = 0; k < 4; k++) { /* both edges at both ends of the step */
            const double t = (i + k / 2) / (double)steps, y = y0[k % 2] + t * (y1[k % 2] - y0[k % 2]);
            top = fmin(top, y);
            bottom = fmax(bottom, y);
        }
        label_reserve(l, x0 + i * width, top - 1, width, bottom - top + 2);
    }
}

static bool is_free(const label_list *l, label_box b)
{
    if (b.x < l->left || b.x + b.w > l->right || b.y < l->top || b.y + b.h > l->bottom)
        return false;
    for (int i = 0; i < l->count; i++) {
        const label_box *t = &l->taken[i];
        if (b.x < t->x + t->w && t->x < b.x + b.w && b.y < t->y + t->h && t->y < b.y + b.h)
            return false;
    }
    return true;
}

bool label_near(draw *d, label_list *l, double x, double y, const char *text)
{
    double w = draw_text_width(d, label_style(), text);
    const label_box places[] = {{x + 6, y - LINE / 2.0, w, LINE},
                                {x - 6 - w, y - LINE / 2.0, w, LINE},
                                {x - w / 2, y - 6 - LINE, w, LINE},
                                {x - w / 2, y + 6, w, LINE},
                                {x + 4 - w, y - 6 - LINE, w, LINE},
                                {x + 4 - w, y + 6, w, LINE}};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!is_free(l, places[i])) continue;
        draw_text(d, places[i].x, places[i].y + LINE / 2.0, label_style(), text);
        label_reserve(l, places[i].x, places[i].y, w, LINE);
        return true;
    }
    return false;
}

void label_with_line(draw *d, label_list *l, double x, double y, const char *text)
{
    enum { NEAREST = 14, FARTHEST = 50 };
    const double w = draw_text_width(d, label_style(), text);
    for (double away = NEAREST; away <= FARTHEST; away += LINE)
        for (int side = -1; side <= 1; side += 2) {
            const double middle = y + side * (away + LINE / 2.0);
            const label_box b = {fmax(l->left, fmin(x - w / 2, l->right - w)), middle - LINE / 2.0, w, LINE};
            if (!is_free(l, b)) continue;
            draw_segment(d, x, y + side * 5, x, y + side * away, 0.8, 0, faded(MUTED, 0.6));
            draw_text(d, b.x, middle, label_style(), text);
            label_reserve(l, b.x, b.y, w, LINE);
            return;
        }
}

/* *at <- the first free place from the right end to the left, of a text so wide; false: there is none. */
static bool find_in_row(label_box *at, const label_list *l, double top, double width)
{
    enum { STEP = 6, EDGE_SPACE = 3 };
    *at = (label_box){l->right - EDGE_SPACE - width, top, width, LINE};
    while (at->x >= l->left && !is_free(l, *at)) at->x -= STEP;
    return at->x >= l->left;
}

void label_along(draw *d, label_list *l, double y, const char *text)
{
    enum { NEAR = 3 };
    label_box b;
    if (!text || !*text || !(y >= l->top && y <= l->bottom)) return;
    const double w = draw_text_width(d, label_style(), text);
    for (double away = NEAR; away < l->bottom - l->top; away += LINE / 2.0)
        for (int side = -1; side <= 1; side += 2) {
            if (!find_in_row(&b, l, side < 0 ? y - away - LINE : y + away, w)) continue;
            if (away > NEAR) draw_segment(d, b.x + w / 2, y, b.x + w / 2, side < 0 ? b.y + LINE : b.y, 0.8, 0, faded(MUTED, 0.6));
            draw_text(d, b.x, b.y + LINE / 2.0, label_style(), text);
            label_reserve(l, b.x, b.y, b.w, b.h);
            return;
        }
}

void label_at_edge(label_list *l, const label_edge *e)
{
    if (l->edge_count < EDGE_MAX) l->edge[l->edge_count++] = *e;
}

/* By height, from the top; insertion keeps equal ones in their order. */
static void sort_edge(label_list *l)
{
    for (int i = 1; i < l->edge_count; i++)
        for (int j = i; j > 0 && l->edge[j].y < l->edge[j - 1].y; j--) {
            const label_edge held = l->edge[j];
            l->edge[j] = l->edge[j - 1];
            l->edge[j - 1] = held;
        }
}

/* at [edge_count] <- heights of the names, a line apart: halfway between moving them down as
 * little as needed and moving them up, so that a bundle stays around its ticks. */
static void spread(double *at, const label_list *l)
{
    double last = l->top - LINE;
    for (int i = 0; i < l->edge_count; i++) {
        last = l->edge[i].y < last + LINE ? last + LINE : l->edge[i].y;
        at[i] = last;
    }
    last = l->bottom + LINE;
    for (int i = l->edge_count - 1; i >= 0; i--) {
        last = l->edge[i].y > last - LINE ? last - LINE : l->edge[i].y;
        at[i] = (at[i] + last) / 2;
    }
    last = l->top - LINE; /* neither end may leave the box while there is room */
    for (int i = 0; i < l->edge_count; i++) {
        if (at[i] < last + LINE) at[i] = last + LINE;
        last = at[i];
    }
    last = l->bottom + LINE;
    for (int i = l->edge_count - 1; i >= 0; i--) {
        if (at[i] > last - LINE) at[i] = last - LINE;
        last = at[i];
    }
}

enum { NAME_AT = 14 }; /* behind its mark */

double label_edge_room(size_t longest)
{
    const double LEAST = 88, MOST = 170, MARK = 32, LETTER = 5;
    return fmin(fmax(LEAST, MARK + LETTER * (double)longest), MOST);
}

void label_draw_edge(draw *d, label_list *l, double room)
{
    double at[EDGE_MAX];
    sort_edge(l);
    spread(at, l);
    for (int i = 0; i < l->edge_count; i++) {
        const label_edge *e = &l->edge[i];
        const double x = e->x, y = e->y;
        const colour ink = e->ink ? *e->ink : INK;
        if (!e->open && e->spread > 0) draw_segment(d, x + 3, y - e->spread, x + 3, y + e->spread, 1.4, 0, ink);
        if (e->open)
            draw_open_square(d, x + 3, y, 3);
        else
            draw_disc(d, x + 3, y, 3.4, ink, ink);
        draw_segment(d, x + 6, y, x + 12, at[i], 0.8, 0, faded(MUTED, 0.6));
        draw_fitting(d, x + NAME_AT, at[i], l->right + room - x - NAME_AT, label_style(), e->text);
    }
}
