/* Scales, ticks, labels and the marks in a plot. */
#include "report/axes.h"
#include "report/marks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

text_style style_of(double size, h_align h, v_align v, colour ink)
{
    return (text_style){.size = size, .h = h, .v = v, .ink = ink};
}

/* Bytes of the longest beginning of text, up to n - 1 of them, that ends with a whole character. */
static size_t shorter(const char *text, size_t n)
{
    n--;
    while (n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80) n--;
    return n;
}

void draw_fitting(draw *d, double x, double y, double room, text_style style, const char *text)
{
    static const char dots[] = "…";
    char line[512];
    size_t n = strlen(text), most = sizeof line - sizeof dots;

    if (draw_text_width(d, style, text) <= room) {
        draw_text(d, x, y, style, text);
        return;
    }
    if (n > most) n = shorter(text, most + 1);
    do {
        memcpy(line, text, n);
        memcpy(line + n, dots, sizeof dots);
        if (n == 0 || draw_text_width(d, style, line) <= room) break;
        n = shorter(text, n);
    } while (true);
    draw_text(d, x, y, style, line);
}

int axes_ticks(double *first, double *step, double lo, double hi, int most)
{
    static const double mantissas[] = {1, 2, 2.5, 5, 10};
    double span = hi - lo;
    if (!(span > 0) || !isfinite(span)) {
        *first = lo;
        *step = 1;
        return 1;
    }
    double decade = pow(10, floor(log10(span / most)));
    for (int m = 0; m < 5; m++) {
        *step = mantissas[m] * decade;
        *first = ceil(lo / *step - 1e-9) * *step;
        int count = (int)floor((hi - *first) / *step + 1e-9) + 1;
        if (count <= most) return count;
    }
    *step = 20 * decade;
    *first = ceil(lo / *step - 1e-9) * *step;
    return (int)floor((hi - *first) / *step + 1e-9) + 1;
}

void axes_pad(double *lo, double *hi, double least, double most)
{
    if (!(*hi >= *lo)) {
        *lo = fmax(least, 0);
        *hi = fmin(most, *lo + 1);
        return;
    }
    double margin = *hi > *lo ? 0.06 * (*hi - *lo) : fmax(0.05 * fabs(*hi), 1e-3);
    *lo = fmax(least, *lo - margin);
    *hi = fmin(most, *hi + margin);
    if (!(*hi > *lo)) *hi = *lo + 1;
}

double axes_x(const axes *a, double x)
{
    return a->left + (x - a->x0) / (a->x1 - a->x0) * a->width;
}

double axes_y(const axes *a, double y)
{
    double t = a->log_y ? log(y / a->y0) / log(a->y1 / a->y0) : (y - a->y0) / (a->y1 - a->y0);
    return a->top + (1 - t) * a->height;
}

void axes_tick_text(char *text, size_t size, double value, double step)
{
    if (fabs(value) < 1e-9 * step) value = 0;
    int decimals = 0;
    double s = step;
    while (decimals < 6 && fabs(s - nearbyint(s)) > 1e-6 * s) {
        s *= 10;
        decimals++;
    }
    if (fabs(value) >= 1e6 || decimals == 6)
        snprintf(text, size, "%.2g", value);
    else if (fabs(value) >= 1e4 && decimals == 0 && fmod(value, 1000) == 0)
        snprintf(text, size, "%gk", value / 1000);
    else
        snprintf(text, size, "%.*f", decimals, value);
    size_t length = strlen(text);
    if (text[0] == '-' && length + 3 <= size) { /* a true minus sign takes three bytes */
        memmove(text + 3, text + 1, length);
        memcpy(text, "−", 3);
    }
}

enum { TICKS_MAX = 24 };

/* Lines of a grid, which are one element of a drawing. */
typedef struct grid_lines {
    int n;
    double x[3 * TICKS_MAX], y[3 * TICKS_MAX];
} grid_lines;

static void add_line(grid_lines *g, double x0, double y0, double x1, double y1)
{
    if (g->n + 3 > 3 * TICKS_MAX) return;
    g->x[g->n] = x0, g->y[g->n++] = y0;
    g->x[g->n] = x1, g->y[g->n++] = y1;
    g->x[g->n] = g->y[g->n] = NAN;
    g->n++;
}

static void draw_x_axis(draw *d, const axes *a)
{
    grid_lines whole = {.n = 0}, half = {.n = 0};
    double first, step, bottom = a->top + a->height;
    int count = axes_ticks(&first, &step, a->x0, a->x1,
                           a->width > 260   ? 6
                           : a->width > 180 ? 5
                                            : 3);
    int every = 1;
    if (a->x_is_alpha) {
        first = 0;
        step = 0.1;
        count = 11;
        every = a->width > 260 ? 1 : a->width > 120 ? 2 : 5;
    }
    for (int i = 0; i < count; i++) {
        char text[32];
        double value = first + i * step, x = axes_x(a, value);
        bool labelled = i % every == 0;
        add_line(labelled ? &whole : &half, x, a->top, x, bottom);
        if (!labelled || a->bare_x) continue;
        axes_tick_text(text, sizeof text, value, step);
        draw_text(d, x, bottom + 6, style_of(TICK_SIZE, CENTRE, TOP, MUTED), text);
    }
    draw_line(d, whole.x, whole.y, whole.n, 1, 0, GRID);
    if (half.n) draw_line(d, half.x, half.y, half.n, 1, 0, faded(GRID, 0.5));
    if (a->x_label)
        draw_text(d, a->left + a->width / 2, bottom + 22, style_of(LABEL_SIZE, CENTRE, TOP, INK),
                  a->x_label);
}

/* Returns the width of its label. */
static double draw_y_tick(draw *d, const axes *a, double value, double step, grid_lines *grid)
{
    char text[32];
    double y = axes_y(a, value);
    add_line(grid, a->left, y, a->left + a->width, y);
    if (a->bare_y) return 0;
    if (a->log_y)
        snprintf(text, sizeof text, "%g", value);
    else
        axes_tick_text(text, sizeof text, value, step);
    text_style style = style_of(TICK_SIZE, RIGHT, MIDDLE, MUTED);
    draw_text(d, a->left - 6, y, style, text);
    return draw_text_width(d, style, text);
}

static void draw_y_axis(draw *d, const axes *a)
{
    grid_lines grid = {.n = 0};
    double widest = 0;
    if (a->log_y) {
        double low = ceil(log10(a->y0) - 1e-9), high = floor(log10(a->y1) + 1e-9);
        double stride = fmax(1, ceil((high - low) / 5));
        for (double e = low; e <= high; e += stride)
            widest = fmax(widest, draw_y_tick(d, a, pow(10, e), 1, &grid));
    } else {
        double first, step;
        int count = axes_ticks(&first, &step, a->y0, a->y1, a->height > 130 ? 6 : 3);
        for (int i = 0; i < count; i++)
            widest = fmax(widest, draw_y_tick(d, a, first + i * step, step, &grid));
    }
    draw_line(d, grid.x, grid.y, grid.n, 1, 0, GRID);
    if (a->y_label) {
        text_style style = style_of(LABEL_SIZE, CENTRE, BASELINE, INK);
        style.upwards = true;
        double x = a->left - fmax(36, widest + 14); /* labels of one column stand in line */
        draw_text(d, fmax(x, 8), a->top + a->height / 2, style, a->y_label);
    }
}

enum { TITLE_BEYOND = 40 }; /* a title may reach over the ticks of the panel to the right */

void axes_draw(draw *d, const axes *a)
{
    draw_x_axis(d, a);
    draw_y_axis(d, a);
    double bottom = a->top + a->height;
    draw_segment(d, a->left, bottom, a->left + a->width, bottom, 1, 0, MUTED);
    if (a->title) {
        text_style style = style_of(a->width < 200 ? LABEL_SIZE : TITLE_SIZE, LEFT, BASELINE, INK);
        style.bold = true;
        draw_fitting(d, a->left - a->title_shift, a->top - 10, a->width + TITLE_BEYOND, style, a->title);
    }
}

void axes_reference(draw *d, const axes *a, double value)
{
    const double y = axes_y(a, value);
    if (!(y >= a->top - 0.5 && y <= a->top + a->height + 0.5)) return;
    draw_segment(d, a->left, y, a->left + a->width, y, 1.2, 4, MUTED);
}

static const double UNTRAINED = 4.2; /* radius */

/* Its tip points from (x, y) to where the value lies. */
static void draw_arrow(draw *d, double x, double y, double to_x, double to_y)
{
    const double length = hypot(to_x - x, to_y - y), u = (to_x - x) / length, v = (to_y - y) / length;
    const double px[] = {x + 5 * u, x - 3 * u - 4 * v, x - 3 * u + 4 * v};
    const double py[] = {y + 5 * v, y - 3 * v + 4 * u, y - 3 * v - 4 * u};
    draw_area(d, px, py, 3, faded(MUTED, 0.8));
}

bool axes_beyond(const axes *a, double at_x, double at_y, double *x, double *y, char text[UNTRAINED_TEXT])
{
    const double right = a->left + a->width, bottom = a->top + a->height;
    const double real_x = axes_x(a, at_x), real_y = axes_y(a, at_y);
    *text = '\0';
    *x = fmin(fmax(real_x, a->left), right);
    *y = fmin(fmax(real_y, a->top), bottom);
    if (hypot(real_x - *x, real_y - *y) < 1) return false;
    const bool beyond_x = real_x != *x, beyond_y = real_y != *y;
    if (beyond_x && beyond_y)
        snprintf(text, UNTRAINED_TEXT, "%.3g, %.3g", at_x, at_y);
    else
        snprintf(text, UNTRAINED_TEXT, "%.3g", beyond_x ? at_x : at_y);
    /* inside the box, away from the edges that it is at */
    *x = fmin(fmax(*x, a->left + 5 * beyond_x), right - 5 * beyond_x);
    *y = fmin(fmax(*y, a->top + 5), bottom - 5);
    return true;
}

void axes_untrained(draw *d, const axes *a, double at_x, double at_y, int place, double *x, double *y)
{
    const double real_x = axes_x(a, at_x), real_y = axes_y(a, at_y);
    const bool beyond_x = real_x < a->left || real_x > a->left + a->width, beyond_y = real_y < a->top || real_y > a->top + a->height;
    char text[UNTRAINED_TEXT];
    if (axes_beyond(a, at_x, at_y, x, y, text))
        draw_arrow(d, *x, *y, beyond_x ? real_x : *x, beyond_y ? real_y : *y);
    else
        draw_mark(d, place, *x, *y, UNTRAINED, faded(MUTED, 0.6), faded(MUTED, 0));
}

enum { CHUNK = 512, COLUMN = 4 };

/* x, y [n], on the canvas, without what no eye could tell from its neighbours: of points in a row that are finite and within
 * one column of the canvas the lowest and the highest are left.  Returns how many. */
static int thin_out(double *x, double *y, int n)
{
    int kept = 0;
    for (int from = 0, to; from < n; from = to) {
        int low = from, high = from;
        for (to = from + 1; to < n && floor(x[to] / COLUMN) == floor(x[from] / COLUMN) && isfinite(y[to]) && isfinite(y[from]); to++) {
            if (y[to] < y[low]) low = to;
            if (y[to] > y[high]) high = to;
        }
        for (int i = from; i < to; i++)
            if (i == low || i == high) x[kept] = x[i], y[kept++] = y[i];
    }
    return kept;
}

void axes_curve(draw *d, const axes *a, const double *x, const double *y, int n, double width,
                colour c)
{
    double px[CHUNK], py[CHUNK];
    draw_clip(d, a->left - 1, a->top - 2, a->width + 2, a->height + 4);
    /* Neighbouring chunks share a point, so the line stays whole. */
    for (int from = 0; from < n; from += CHUNK - 1) {
        int count = n - from < CHUNK ? n - from : CHUNK;
        for (int i = 0; i < count; i++) {
            px[i] = axes_x(a, x[from + i]);
            py[i] = axes_y(a, y[from + i]);
        }
        draw_line(d, px, py, thin_out(px, py, count), width, 0, c);
    }
    draw_unclip(d);
}

void axes_band(draw *d, const axes *a, const double *x, const double *low, const double *high,
               int n, colour c)
{
    for (int i = 0; i + 1 < n; i++) {
        const double px[] = {axes_x(a, x[i]), axes_x(a, x[i + 1]), axes_x(a, x[i + 1]),
                             axes_x(a, x[i])};
        const double py[] = {axes_y(a, low[i]), axes_y(a, low[i + 1]), axes_y(a, high[i + 1]),
                             axes_y(a, high[i])};
        if (isfinite(py[0]) && isfinite(py[1]) && isfinite(py[2]) && isfinite(py[3]))
            draw_area(d, px, py, 4, c);
    }
}

enum { BINS = 128 };

/* Of at most BINS bins, from the height before the first to the one after the last; none along the foot. */
static void draw_bins(draw *d, const axes *a, const double *lo, const double *hi, const double *y, int n, double before,
                      double after, colour c)
{
    double px[3 * BINS + 4], py[3 * BINS + 4];
    const double zero = axes_y(a, a->y0);
    int k = 0;
    px[k] = axes_x(a, lo[0]), py[k++] = zero;
    px[k] = axes_x(a, lo[0]), py[k++] = before;
    for (int i = 0; i < n; i++) {
        const double left = axes_x(a, lo[i]), right = axes_x(a, hi[i]), top = axes_y(a, y[i]), at = isfinite(top) ? top : zero;
        if (i == 0 || py[k - 1] != at || px[k - 1] != left) { /* higher or lower than the one before */
            px[k] = left, py[k++] = at;
            if (at == zero) px[k] = NAN, py[k++] = at;
            px[k] = right, py[k++] = at;
        }
        px[k - 1] = right;
    }
    px[k] = px[k - 1], py[k++] = after;
    px[k] = px[k - 1], py[k++] = zero;
    draw_area(d, px, py, k, faded(c, 0.22));
    const int first = before == py[2], last = after == py[k - 3]; /* no edge there */
    draw_line(d, px + 1 + first, py + 1 + first, k - 2 - first - last, 1.4, 0, c);
}

void axes_steps(draw *d, const axes *a, const double *lo, const double *hi, const double *y, int n, colour c)
{
    const double zero = axes_y(a, a->y0);
    double before = zero;
    draw_clip(d, a->left, a->top - 2, a->width, a->height + 3);
    for (int from = 0; from < n; from += BINS) {
        const int count = n - from < BINS ? n - from : BINS;
        const double own = axes_y(a, y[from + count - 1]), after = from + count < n && isfinite(own) ? own : zero;
        draw_bins(d, a, lo + from, hi + from, y + from, count, before, after, c);
        before = after;
    }
    draw_unclip(d);
}

void axes_bar(draw *d, const axes *a, double lo, double hi, double from, double to, colour c)
{
    double left = axes_x(a, lo), right = axes_x(a, hi), y0 = axes_y(a, from), y1 = axes_y(a, to);
    double top = fmin(y0, y1);
    draw_rectangle(d, left, top, right - left, fabs(y1 - y0), c);
}

/* A key: its line and its name, and the space to the next one. */
enum { KEY_LINE = 12, KEY_NAME = 17, KEY_SPACE = 14, KEY_COLUMN = 120 };

static int legend_columns(double width) { return width < 2 * KEY_COLUMN ? 1 : (int)(width / KEY_COLUMN); }

int draw_legend_rows(double width, int n)
{
    const int columns = legend_columns(width);
    return (n + columns - 1) / columns;
}

void draw_legend(draw *d, double x, double y, double width, const char *const *names,
                 const colour *colours, int n)
{
    const text_style style = style_of(TICK_SIZE, LEFT, MIDDLE, INK);
    const int columns = legend_columns(width);
    double whole = -KEY_SPACE, at = x;

    for (int i = 0; i < n; i++) whole += KEY_NAME + draw_text_width(d, style, names[i]) + KEY_SPACE;
    for (int i = 0; i < n; i++) {
        const double room = whole <= width ? INFINITY : width / columns - KEY_NAME - KEY_SPACE;
        if (whole > width && i > 0) {
            at = x + i % columns * width / columns;
            if (i % columns == 0) y += LEGEND_ROW;
        }
        draw_segment(d, at, y, at + KEY_LINE, y, 2.5, 0, colours[i]);
        draw_fitting(d, at + KEY_NAME, y, room, style, names[i]);
        at += KEY_NAME + draw_text_width(d, style, names[i]) + KEY_SPACE;
    }
}

void draw_alpha_scale(draw *d, double x, double y, double width)
{
    enum { STEPS = 48 };
    for (int i = 0; i < STEPS; i++)
        draw_rectangle(d, x + width * i / STEPS, y, width / STEPS + 0.5, 7,
                       alpha_colour((i + 0.5) / STEPS));
    draw_text(d, x, y + 11, style_of(TICK_SIZE, LEFT, TOP, MUTED), "α = 0 classifier");
    draw_text(d, x + width, y + 11, style_of(TICK_SIZE, RIGHT, TOP, MUTED), "1 energy model");
}
