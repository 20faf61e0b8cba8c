/* Drawing on Cairo surfaces, which also measure the texts of SVG: with page_picture.c the only file that knows Cairo (draw.h). */
#include "report/draw.h"

#include <cairo-pdf.h>
#include <cairo.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "base/strbuf.h"
#include "report/page_picture.h"
#include "report/png_file.h"
#include "report/svg.h"

struct draw {
    cairo_t *cr;     /* draws, or only measures */
    svg_writer *svg; /* draws instead; or NULL */
};

struct picture {
    cairo_surface_t *surface;
    char *png; /* [size], owned */
    size_t size;
};

const colour INK = {0.2, 0.2, 0.2, 1}, MUTED = {0.45, 0.45, 0.45, 1}, GRID = {0.88, 0.88, 0.88, 1},
             PAPER = {1, 1, 1, 1};

colour series_colour(int index)
{
    static const colour colours[] = {{0.04, 0.43, 0.40, 1}, {0.80, 0.55, 0.12, 1},
                                     {0.58, 0.43, 0.75, 1}, {0.36, 0.58, 0.20, 1},
                                     {0.75, 0.30, 0.48, 1}, {0.42, 0.36, 0.32, 1}};
    return colours[index % (int)(sizeof colours / sizeof *colours)];
}

colour faded(colour c, double opacity)
{
    c.a *= opacity;
    return c;
}

/* ---- marks */

static void use_colour(draw *d, colour c) { cairo_set_source_rgba(d->cr, c.r, c.g, c.b, c.a); }

static void use_font(draw *d, text_style style)
{
    cairo_select_font_face(d->cr, "Liberation Sans", CAIRO_FONT_SLANT_NORMAL,
                           style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(d->cr, style.size);
}

/* Cairo gives up a whole drawing over one byte that is no UTF-8. */
enum { TEXT_MOST = 1024 };

double draw_text_width(draw *d, text_style style, const char *text)
{
    cairo_text_extents_t extents;
    char plain[TEXT_MOST];

    plain_format(plain, sizeof plain, "%s", text);
    use_font(d, style);
    cairo_text_extents(d->cr, plain, &extents);
    return extents.x_advance;
}

/* 0.72 em: the height of capitals and digits in the usual sans fonts. */
double text_drop(text_style style)
{
    return style.v == MIDDLE ? 0.36 * style.size : style.v == TOP ? 0.72 * style.size : 0;
}

void draw_text(draw *d, double x, double y, text_style style, const char *text)
{
    char plain[TEXT_MOST];
    if (!(fabs(x) < 1e9 && fabs(y) < 1e9)) return; /* Cairo would give up the whole drawing */
    double width = draw_text_width(d, style, text);
    double dx = style.h == CENTRE ? -width / 2 : style.h == RIGHT ? -width : 0;
    plain_format(plain, sizeof plain, "%s", text);
    if (d->svg) {
        svg_text(d->svg, x, y, width, style, plain);
        return;
    }
    cairo_save(d->cr);
    cairo_translate(d->cr, x, y);
    if (style.upwards) cairo_rotate(d->cr, -1.5707963267948966);
    use_colour(d, style.ink);
    cairo_move_to(d->cr, dx, text_drop(style));
    cairo_show_text(d->cr, plain);
    cairo_new_path(d->cr); /* text leaves a current point that areas would start from */
    cairo_restore(d->cr);
}

static void stroke(draw *d, double width, double dash, colour c)
{
    use_colour(d, c);
    cairo_set_line_width(d->cr, width);
    cairo_set_dash(d->cr, &dash, dash > 0, 0);
    cairo_set_line_join(d->cr, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_cap(d->cr, dash > 0 ? CAIRO_LINE_CAP_BUTT : CAIRO_LINE_CAP_ROUND);
    cairo_stroke(d->cr);
}

void draw_line(draw *d, const double *x, const double *y, int n, double width, double dash,
               colour c)
{
    bool pen_down = false;
    if (d->svg) {
        svg_line(d->svg, x, y, n, width, dash, c);
        return;
    }
    for (int i = 0; i < n; i++) {
        if (!isfinite(x[i]) || !isfinite(y[i])) {
            pen_down = false;
            continue;
        }
        if (pen_down)
            cairo_line_to(d->cr, x[i], y[i]);
        else
            cairo_move_to(d->cr, x[i], y[i]);
        pen_down = true;
    }
    stroke(d, width, dash, c);
}

void draw_segment(draw *d, double x0, double y0, double x1, double y1, double width, double dash,
                  colour c)
{
    draw_line(d, (const double[]){x0, x1}, (const double[]){y0, y1}, 2, width, dash, c);
}

void draw_edged_area(draw *d, const double *x, const double *y, int n, colour fill, colour edge)
{
    if (d->svg) {
        svg_area(d->svg, x, y, n, fill, edge);
        return;
    }
    for (int i = 0; i < n; i++)
        if (isfinite(x[i]) && isfinite(y[i])) cairo_line_to(d->cr, x[i], y[i]);
    cairo_close_path(d->cr);
    use_colour(d, fill);
    cairo_fill_preserve(d->cr);
    if (edge.a > 0)
        stroke(d, 1, 0, edge);
    else
        cairo_new_path(d->cr);
}

void draw_area(draw *d, const double *x, const double *y, int n, colour c)
{
    draw_edged_area(d, x, y, n, c, faded(c, 0));
}

void draw_rectangle(draw *d, double x, double y, double w, double h, colour fill)
{
    if (d->svg) {
        svg_rectangle(d->svg, x, y, w, h, fill);
        return;
    }
    cairo_rectangle(d->cr, x, y, w, h);
    use_colour(d, fill);
    cairo_fill(d->cr);
}

void draw_frame(draw *d, double x, double y, double w, double h, colour c)
{
    if (d->svg) {
        svg_frame(d->svg, x, y, w, h, c);
        return;
    }
    cairo_rectangle(d->cr, x, y, w, h);
    stroke(d, 1, 0, c);
}

static const double DISC_EDGE = 1.2;

void draw_disc(draw *d, double x, double y, double radius, colour fill, colour edge)
{
    if (!isfinite(x) || !isfinite(y)) return;
    if (d->svg) {
        svg_disc(d->svg, x, y, radius, fill, edge, DISC_EDGE);
        return;
    }
    cairo_new_sub_path(d->cr);
    cairo_arc(d->cr, x, y, radius, 0, 6.283185307179586);
    use_colour(d, fill);
    cairo_fill_preserve(d->cr);
    stroke(d, DISC_EDGE, 0, edge);
}

void draw_note(draw *d, const draw_subject *of, const char *note)
{
    if (d->svg) svg_note(d->svg, of, note);
}

void draw_unnote(draw *d)
{
    if (d->svg) svg_unnote(d->svg);
}

void draw_clip(draw *d, double x, double y, double w, double h)
{
    if (d->svg) {
        svg_clip(d->svg, x, y, w, h);
        return;
    }
    cairo_save(d->cr);
    cairo_rectangle(d->cr, x, y, w, h);
    cairo_clip(d->cr);
}

void draw_unclip(draw *d)
{
    if (d->svg)
        svg_unclip(d->svg);
    else
        cairo_restore(d->cr);
}

/* ---- pictures */

static cairo_status_t collect(void *ctx, const unsigned char *data, unsigned int size)
{
    strbuf *t = ctx;
    strbuf_put(t, (const char *)data, size);
    return strbuf_status(t) == JEM_OK ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_NO_MEMORY;
}

typedef struct png_source {
    const char *next;
    size_t left;
} png_source;

static cairo_status_t take_png(void *ctx, unsigned char *to, unsigned int size)
{
    png_source *s = ctx;
    if (size > s->left) return CAIRO_STATUS_READ_ERROR;
    memcpy(to, s->next, size);
    s->next += size;
    s->left -= size;
    return CAIRO_STATUS_SUCCESS;
}

/* Cairo says "out of memory" of damaged files, too: is there none for their pixels? */
static bool is_short_of_memory(const char *png)
{
    char *room = NULL;
    bool is_short = mem_alloc(&room, png_pixels(png), 4) != JEM_OK;
    mem_free(room);
    return is_short;
}

/* Takes over the bytes. */
static jem_status decode(picture **out, char *bytes, size_t size, const char *name)
{
    jem_status st;
    picture *p = NULL;

    TRY(MEM_NEW(p, 1));
    p->surface = cairo_image_surface_create_from_png_stream(take_png, &(png_source){bytes, size});
    cairo_status_t status = cairo_surface_status(p->surface);
    if (status != CAIRO_STATUS_SUCCESS) {
        st = is_short_of_memory(bytes)
                 ? jem_error(JEM_ENOMEM, "%s: out of memory", name)
                 : jem_error(JEM_EDATA, "%s: not a readable PNG file (%s)", name,
                             status == CAIRO_STATUS_NO_MEMORY ? "damaged"
                                                              : cairo_status_to_string(status));
        goto done;
    }
    p->png = bytes;
    p->size = size;
    bytes = NULL;
    *out = p;
    p = NULL;
done:
    picture_free(p);
    mem_free(bytes);
    return st;
}

jem_status picture_read(picture **out, const char *path)
{
    char *bytes;
    size_t size;
    jem_status st = png_file_read(&bytes, &size, path);
    return st == JEM_OK ? decode(out, bytes, size, path) : st;
}

jem_status picture_decode(picture **out, char *png, size_t size, const char *name)
{
    jem_status st = png_file_clean(png, &size, name);
    if (st == JEM_OK) return decode(out, png, size, name);
    mem_free(png);
    return st;
}

void picture_free(picture *p)
{
    if (!p) return;
    if (p->surface) cairo_surface_destroy(p->surface);
    mem_free(p->png);
    mem_free(p);
}

double picture_width(const picture *p) { return cairo_image_surface_get_width(p->surface); }

double picture_height(const picture *p) { return cairo_image_surface_get_height(p->surface); }

jem_status picture_cut(picture *p, int width, int height)
{
    jem_status st;
    strbuf png = STRBUF_INIT;
    cairo_surface_t *part = cairo_image_surface_create(cairo_image_surface_get_format(p->surface),
                                                       (int)fmin(width, picture_width(p)), (int)fmin(height, picture_height(p)));
    cairo_t *cr = cairo_create(part);

    cairo_set_source_surface(cr, p->surface, 0, 0);
    cairo_set_operator(cr, CAIRO_OPERATOR_SOURCE);
    cairo_paint(cr);
    cairo_destroy(cr);
    if (cairo_surface_write_to_png_stream(part, collect, &png) != CAIRO_STATUS_SUCCESS) { /* it goes to memory */
        st = jem_error(JEM_ENOMEM, "a picture of %d x %d pixels: out of memory", width, height);
        goto done;
    }
    TRY(strbuf_status(&png));
    mem_free(p->png);
    p->png = png.data;
    p->size = png.used;
    png = (strbuf)STRBUF_INIT;
    cairo_surface_t *whole = p->surface;
    p->surface = part;
    part = whole;
done:
    strbuf_clear(&png);
    cairo_surface_destroy(part);
    return st;
}

/* The picture with `times` x `times` pixels for each; owned.  In error: Cairo hands that on. */
static cairo_surface_t *blocks_of(const picture *p, int times)
{
    cairo_surface_t *s = cairo_image_surface_create(
        CAIRO_FORMAT_ARGB32, times * (int)picture_width(p), times * (int)picture_height(p));
    cairo_t *cr = cairo_create(s);
    cairo_scale(cr, times, times);
    cairo_set_source_surface(cr, p->surface, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_paint(cr);
    cairo_destroy(cr);
    return s;
}

static void draw_svg_picture(svg_writer *svg, const picture *p, double x, double y, double w, double h)
{
    char *png = NULL;
    size_t size;
    int width;
    if (svg->pictures_of) {
        svg_picture_again(svg, x, y, w);
        return;
    }
    if (svg->ids && page_picture_make(&png, &size, &width, p->surface, w, h) && size < p->size)
        svg_picture(svg, png, size, w >= width, x, y, w, h);
    else
        svg_picture(svg, p->png, p->size, w > picture_width(p), x, y, w, h);
    mem_free(png);
}

void draw_picture(draw *d, const picture *p, double x, double y, double w, double h)
{
    if (d->svg) {
        draw_svg_picture(d->svg, p, x, y, w, h);
        return;
    }
    /* Viewers of PDF smooth what they enlarge, whatever the filter: hence blocks. */
    int times = w > picture_width(p) ? (int)ceil(w / picture_width(p)) : 1;
    cairo_surface_t *s = times > 1 ? blocks_of(p, times) : cairo_surface_reference(p->surface);

    cairo_save(d->cr);
    cairo_translate(d->cr, x, y);
    cairo_scale(d->cr, w / (times * picture_width(p)), h / (times * picture_height(p)));
    cairo_set_source_surface(d->cr, s, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(d->cr),
                             times > 1 ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_paint(d->cr);
    cairo_restore(d->cr);
    cairo_surface_destroy(s);
}

/* ---- figures */

/* With so many dots per inch. */
static cairo_surface_t *png_surface(double dpi, double width, double height)
{
    const double zoom = dpi / 96;
    cairo_surface_t *s = cairo_image_surface_create(
        CAIRO_FORMAT_RGB24, (int)lround(zoom * width), (int)lround(zoom * height));
    cairo_surface_set_device_scale(s, zoom, zoom);
    return s;
}

static cairo_surface_t *pdf_surface(strbuf *out, double width, double height)
{
    /* a pixel is 1/96 inch, a PDF unit 1/72 */
    cairo_surface_t *s =
        cairo_pdf_surface_create_for_stream(collect, out, width * 0.75, height * 0.75);
    cairo_surface_set_device_scale(s, 0.75, 0.75);
    cairo_pdf_surface_restrict_to_version(s, CAIRO_PDF_VERSION_1_4); /* that every reader knows */
    /* The same scores give the same bytes: no time of day in the file. */
    cairo_pdf_surface_set_metadata(s, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
    return s;
}

/* Texts as wide on every surface as on paper, not rounded to its pixels. */
static cairo_t *context_of(cairo_surface_t *surface)
{
    cairo_t *cr = cairo_create(surface);
    cairo_font_options_t *o = cairo_font_options_create();
    cairo_font_options_set_hint_metrics(o, CAIRO_HINT_METRICS_OFF);
    cairo_set_font_options(cr, o);
    cairo_font_options_destroy(o);
    return cr;
}

/* Draws on `surface` (taken over), or with it as a measure in SVG; files have paper behind, a page its own.
 * png: NULL, or where the surface's pixels go. */
static jem_status draw_on(cairo_surface_t *surface, svg_writer *svg, strbuf *png, double width,
                          double height, draw_fn fn, const void *ctx)
{
    draw d = {context_of(surface), svg};

    if (!svg || !svg->ids) draw_rectangle(&d, 0, 0, width, height, PAPER);
    jem_status st = fn(&d, ctx);
    cairo_status_t status = cairo_status(d.cr);
    cairo_destroy(d.cr);
    if (png && status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png_stream(surface, collect, png);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS) status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    /* what libpng writes goes to memory: nothing but its lack can stop it */
    const bool no_memory = status == CAIRO_STATUS_NO_MEMORY || status == CAIRO_STATUS_PNG_ERROR;
    if (st == JEM_OK && status != CAIRO_STATUS_SUCCESS)
        st = jem_error(no_memory ? JEM_ENOMEM : JEM_EINTERNAL,
                       "cannot draw a figure: %s", cairo_status_to_string(status));
    return st;
}

/* svg: what it has written is nothing yet. */
static jem_status draw_svg(svg_writer *svg, double width, double height, draw_fn fn, const void *ctx)
{
    svg_begin(svg, width, height);
    jem_status st =
        draw_on(cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1), svg, NULL, width, height, fn, ctx);
    svg_end(svg);
    return st == JEM_OK ? strbuf_status(svg->to) : st;
}

enum { PIXELS_DPI = 96, PAGE_DPI = 192, PRINT_DPI = 600, PNG_HEAD = 33 }; /* bytes of signature and first chunk */
/* That a picture has 23622 pixels a metre: what follows PNG_HEAD at PRINT_DPI. */
static const char png_density[] = "\x00\x00\x00\x09\x70\x48\x59\x73\x00\x00\x5c\x46\x00\x00\x5c\x46\x01\x14\x94\x43\x41";

static jem_status draw_png(strbuf *out, double dpi, double width, double height, draw_fn fn,
                           const void *ctx)
{
    jem_status st;
    strbuf raw = STRBUF_INIT;

    TRY(draw_on(png_surface(dpi, width, height), NULL, &raw, width, height, fn, ctx));
    TRY(strbuf_status(&raw));
    const size_t head = dpi == PRINT_DPI ? PNG_HEAD : 0;
    strbuf_put(out, raw.data, head);
    if (head) strbuf_put(out, png_density, sizeof png_density - 1);
    strbuf_put(out, raw.data + head, raw.used - head);
    st = strbuf_status(out);
done:
    strbuf_clear(&raw);
    return st;
}

static jem_status draw_pdf(strbuf *out, double width, double height, draw_fn fn, const void *ctx)
{
    jem_status st = draw_on(pdf_surface(out, width, height), NULL, NULL, width, height, fn, ctx);
    return st == JEM_OK ? strbuf_status(out) : st;
}

typedef enum format { SVG, PDF, PNG } format;
static const char *const endings[] = {".svg", ".pdf", ".png"};

static jem_status write_file(const char *path, format f, double dpi, double width, double height,
                             draw_fn fn, const void *ctx)
{
    jem_status st;
    strbuf bytes = STRBUF_INIT;

    TRY(f == SVG   ? draw_svg(&(svg_writer){.to = &bytes}, width, height, fn, ctx)
        : f == PDF ? draw_pdf(&bytes, width, height, fn, ctx)
                   : draw_png(&bytes, dpi, width, height, fn, ctx));
    TRY(file_write(path, bytes.data, bytes.used));
done:
    strbuf_clear(&bytes);
    return st;
}

jem_status draw_file(const char *path, double width, double height, draw_fn fn, const void *ctx)
{
    const char *dot = strrchr(path, '.');
    for (int f = SVG; dot && f <= PNG; f++)
        if (strcmp(dot, endings[f]) == 0)
            return write_file(path, (format)f, PRINT_DPI, width, height, fn, ctx);
    return jem_error(JEM_EUSAGE, "%s: a figure is written as .svg, .pdf or .png: end its name so", path);
}

jem_status draw_pixels(char **png, size_t *size, double width, double height, draw_fn fn, const void *ctx)
{
    jem_status st;
    strbuf bytes = STRBUF_INIT;

    TRY(draw_png(&bytes, PIXELS_DPI, width, height, fn, ctx));
    *png = bytes.data;
    *size = bytes.used;
    bytes = (strbuf)STRBUF_INIT;
done:
    strbuf_clear(&bytes);
    return st;
}

jem_status draw_files(const char *stem, double width, double height, draw_fn fn, const void *ctx)
{
    jem_status st = JEM_OK;
    char *path = NULL;

    for (int f = SVG; f <= PNG; f++) {
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s%s", stem, endings[f]));
        TRY(write_file(path, (format)f, PAGE_DPI, width, height, fn, ctx));
    }
done:
    mem_free(path);
    return st;
}

jem_status draw_inline(char **svg, const char *id, double width, double height, draw_fn fn,
                       const void *ctx)
{
    return draw_again(svg, id, NULL, width, height, fn, ctx);
}

jem_status draw_again(char **svg, const char *id, const char *of, double width, double height, draw_fn fn, const void *ctx)
{
    strbuf page = STRBUF_INIT;
    jem_status st = draw_svg(&(svg_writer){.to = &page, .ids = id, .pictures_of = of}, width, height, fn, ctx);
    if (st == JEM_OK) {
        *svg = page.data;
        page = (strbuf)STRBUF_INIT;
    }
    strbuf_clear(&page);
    return st;
}
