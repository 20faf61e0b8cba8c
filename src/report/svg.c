/* Drawings as SVG (svg.h), one element for each mark. */
#include "report/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

/* ---- numbers and colours */

/* Decimals of coordinates: of a page as fine as screens are, of a file finer. */
static int decimals_of(const svg_writer *s) { return s->ids ? 1 : 2; }

/* Without zeros at the end. */
static void put_number(svg_writer *s, double x)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%.*f", decimals_of(s), fmax(-1e6, fmin(x, 1e6)));
    while (text[n - 1] == '0') n--;
    if (text[n - 1] == '.') n--;
    strbuf_put(s->to, text, (size_t)n);
}

static void put_value(svg_writer *s, const char *name, double x)
{
    html_printf(s->to, " %s=\"", name);
    put_number(s, x);
    strbuf_add(s->to, "\"");
}

static bool is_same(colour a, colour b) { return a.r == b.r && a.g == b.g && a.b == b.b; }

/* The page's variable for an ink; NULL: it is a colour of its own. */
static const char *variable_of(colour c)
{
    return is_same(c, INK)     ? "ink"
           : is_same(c, MUTED) ? "muted"
           : is_same(c, GRID)  ? "grid"
           : is_same(c, PAPER) ? "paper"
                               : NULL;
}

/* what: "fill" or "stroke". */
static void put_colour(svg_writer *s, const char *what, colour c)
{
    const char *variable = s->ids ? variable_of(c) : NULL;
    if (c.a <= 0)
        html_printf(s->to, " %s=\"none\"", what);
    else if (variable)
        html_printf(s->to, " %s=\"var(--%s)\"", what, variable);
    else
        html_printf(s->to, " %s=\"#%02x%02x%02x\"", what, (unsigned)lround(255 * c.r),
                    (unsigned)lround(255 * c.g), (unsigned)lround(255 * c.b));
    if (c.a <= 0 || c.a >= 1) return;
    html_printf(s->to, " %s-opacity=\"%.3g\"", what, c.a);
}

/* Darker than the middle of the scale of alphas: the page draws a halo around it in the dark (page.css). */
static bool is_deep(colour c) { return 0.2126 * c.r + 0.7152 * c.g + 0.0722 * c.b < 0.36; }

static void put_stroke(svg_writer *s, double width, double dash, colour c)
{
    if (s->ids && c.a > 0 && !variable_of(c) && is_deep(c)) strbuf_add(s->to, " class=\"deep\"");
    put_colour(s, "stroke", c);
    if (width != 1) put_value(s, "stroke-width", width);
    if (dash <= 0) return;
    put_value(s, "stroke-dasharray", dash);
    strbuf_add(s->to, " stroke-linecap=\"butt\"");
}

static void put_box(svg_writer *s, double x, double y, double w, double h)
{
    put_value(s, "x", fmin(x, x + w));
    put_value(s, "y", fmin(y, y + h));
    put_value(s, "width", fabs(w));
    put_value(s, "height", fabs(h));
}

/* ---- the root */

void svg_begin(svg_writer *s, double width, double height)
{
    if (!s->ids) strbuf_add(s->to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    strbuf_add(s->to, "<svg xmlns=\"http://www.w3.org/2000/svg\" "
                      "xmlns:xlink=\"http://www.w3.org/1999/xlink\"");
    if (!s->ids) { /* the page has a font of its own */
        put_value(s, "width", width);
        put_value(s, "height", height);
        strbuf_add(s->to, " font-family=\"-apple-system,'Segoe UI','Helvetica Neue','Liberation "
                          "Sans',Arial,sans-serif\"");
    }
    html_printf(s->to, " viewBox=\"0 0 %g %g\" fill=\"none\" stroke-linecap=\"round\" stroke-linejoin=\"round\">\n",
                width, height);
}

void svg_end(svg_writer *s) { strbuf_add(s->to, "</svg>\n"); }

/* ---- marks */

void svg_text(svg_writer *s, double x, double y, double width, text_style style, const char *text)
{
    if (!*text || !(width > 0)) return;
    strbuf_add(s->to, "<text");
    if (style.upwards) {
        strbuf_add(s->to, " transform=\"rotate(-90 ");
        put_number(s, x);
        strbuf_add(s->to, " ");
        put_number(s, y);
        strbuf_add(s->to, ")\"");
    }
    put_value(s, "x", x);
    put_value(s, "y", y + text_drop(style));
    put_value(s, "font-size", style.size);
    if (style.bold) strbuf_add(s->to, " font-weight=\"bold\"");
    if (style.h == CENTRE) strbuf_add(s->to, " text-anchor=\"middle\"");
    if (style.h == RIGHT) strbuf_add(s->to, " text-anchor=\"end\"");
    put_value(s, "textLength", width);
    put_colour(s, "fill", style.ink);
    html_printf(s->to, ">%s</text>\n", text);
}

/* In units of the last decimal. */
static long rounded(const svg_writer *s, double x) { return lround((s->ids ? 10 : 100) * fmax(-1e6, fmin(x, 1e6))); }

/* "12.3", or "-.05" without a blank before it: as short as a path's syntax has it. */
static void put_step(svg_writer *s, long step, bool apart)
{
    char text[64], whole[24] = "";
    const long unit = s->ids ? 10 : 100;
    if (labs(step) >= unit || step == 0) snprintf(whole, sizeof whole, "%ld", labs(step) / unit);
    int n = snprintf(text, sizeof text, "%s%s%s.%0*ld", apart && step >= 0 ? " " : "", step < 0 ? "-" : "", whole,
                     decimals_of(s), labs(step) % unit);
    while (text[n - 1] == '0') n--;
    if (text[n - 1] == '.') n--;
    strbuf_put(s->to, text, (size_t)n);
}

/* Points of a long line after the first of a stretch are steps from the one before, which takes half the bytes; those of
 * short ones, as marks have them, stand by themselves for the page's script. */
void svg_line(svg_writer *s, const double *x, const double *y, int n, double width, double dash, colour c)
{
    enum { LONG = 16 };
    const bool by_steps = n > LONG;
    bool pen_down = false;
    long from_x = 0, from_y = 0;
    strbuf_add(s->to, "<path d=\"");
    for (int i = 0; i < n; i++) {
        const bool is_there = isfinite(x[i]) && isfinite(y[i]);
        if (is_there) {
            const long at_x = rounded(s, x[i]), at_y = rounded(s, y[i]);
            html_printf(s->to, "%c", !pen_down ? 'M' : by_steps ? 'l' : 'L');
            put_step(s, pen_down ? at_x - from_x : at_x, false);
            put_step(s, pen_down ? at_y - from_y : at_y, true);
            if (by_steps) from_x = at_x, from_y = at_y;
        }
        if (!is_there) from_x = from_y = 0;
        pen_down = is_there;
    }
    strbuf_add(s->to, "\"");
    put_stroke(s, width, dash, c);
    strbuf_add(s->to, "/>\n");
}

void svg_area(svg_writer *s, const double *x, const double *y, int n, colour fill, colour edge)
{
    strbuf_add(s->to, "<polygon points=\"");
    for (int i = 0; i < n; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i])) continue;
        put_number(s, x[i]);
        strbuf_add(s->to, ",");
        put_number(s, y[i]);
        strbuf_add(s->to, " ");
    }
    strbuf_add(s->to, "\"");
    put_colour(s, "fill", fill);
    if (edge.a > 0) put_stroke(s, 1, 0, edge);
    strbuf_add(s->to, "/>\n");
}

void svg_rectangle(svg_writer *s, double x, double y, double w, double h, colour fill)
{
    strbuf_add(s->to, "<rect");
    put_box(s, x, y, w, h);
    put_colour(s, "fill", fill);
    strbuf_add(s->to, "/>\n");
}

void svg_frame(svg_writer *s, double x, double y, double w, double h, colour c)
{
    strbuf_add(s->to, "<rect");
    put_box(s, x, y, w, h);
    put_stroke(s, 1, 0, c);
    strbuf_add(s->to, "/>\n");
}

void svg_disc(svg_writer *s, double x, double y, double radius, colour fill, colour edge, double width)
{
    strbuf_add(s->to, "<circle");
    put_value(s, "cx", x);
    put_value(s, "cy", y);
    put_value(s, "r", radius);
    put_colour(s, "fill", fill);
    put_stroke(s, width, 0, edge);
    strbuf_add(s->to, "/>\n");
}

void svg_clip(svg_writer *s, double x, double y, double w, double h)
{
    const char *ids = s->ids ? s->ids : "";
    html_printf(s->to, "<clipPath id=\"%sc%d\"><rect", ids, s->clips);
    put_box(s, x, y, w, h);
    html_printf(s->to, "/></clipPath><g clip-path=\"url(#%sc%d)\">\n", ids, s->clips++);
}

void svg_unclip(svg_writer *s) { strbuf_add(s->to, "</g>\n"); }

void svg_note(svg_writer *s, const draw_subject *of, const char *note)
{
    strbuf_add(s->to, "<g");
    if (s->ids && !isnan(of->alpha)) html_printf(s->to, " data-alpha=\"%g\"", of->alpha);
    if (s->ids && of->seed >= 0) html_printf(s->to, " data-seed=\"%lld\"", (long long)of->seed);
    if (s->ids && of->sheet) html_printf(s->to, " data-sheet=\"%s\"", of->sheet);
    if (note && s->pictures_of) strbuf_add(s->to, " data-note=\"\""); /* page.js has the notes of the drawing that is shown again */
    strbuf_add(s->to, ">");
    if (note && !s->pictures_of) html_printf(s->to, "<title>%s</title>", note);
    strbuf_add(s->to, "\n");
}

void svg_unnote(svg_writer *s) { strbuf_add(s->to, "</g>\n"); }

/* ---- pictures */

/* Pictures of a page are this wide and are put in place by a transformation, so that they can be shown again. */
enum { PICTURE_WIDTH = 100 };

static void put_place(svg_writer *s, double x, double y, double w)
{
    strbuf_add(s->to, " transform=\"translate(");
    put_number(s, x);
    strbuf_add(s->to, " ");
    put_number(s, y);
    html_printf(s->to, ") scale(%.6g)\"", w / PICTURE_WIDTH);
}

void svg_picture(svg_writer *s, const char *bytes, size_t size, bool sharp, double x, double y, double w, double h)
{
    if (s->ids) {
        strbuf_add(s->to, "<g");
        put_place(s, x, y, w);
        html_printf(s->to, "><image id=\"%sp%d\" width=\"%d\" height=\"%.6g\"", s->ids, s->pictures++, PICTURE_WIDTH,
                    PICTURE_WIDTH * h / w);
    } else {
        strbuf_add(s->to, "<image");
        put_box(s, x, y, w, h);
    }
    strbuf_add(s->to, " preserveAspectRatio=\"none\"");
    if (sharp) strbuf_add(s->to, " style=\"image-rendering:pixelated\"");
    html_printf(s->to, " xlink:href=\"data:image/%s;base64,", bytes[0] == '\xff' ? "jpeg" : "png");
    base64_put(s->to, bytes, size);
    strbuf_add(s->to, "\"/>");
    if (s->ids) strbuf_add(s->to, "</g>");
    strbuf_add(s->to, "\n");
}

void svg_picture_again(svg_writer *s, double x, double y, double w)
{
    html_printf(s->to, "<use xlink:href=\"#%sp%d\"", s->pictures_of, s->pictures++);
    put_place(s, x, y, w);
    strbuf_add(s->to, "/>\n");
}
