/* One drawing API for SVG (svg.h), and PDF and PNG over Cairo (only draw.c and page_picture.c include it).
 * Coordinates are CSS pixels, x to the right, y down. */
#ifndef REPORT_DRAW_H
#define REPORT_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

typedef struct draw draw;

typedef struct colour {
    double r, g, b, a;
} colour;

/* The inks of every figure, and what they are on.  Inside a page they follow its light or dark scheme. */
extern const colour INK, MUTED, GRID, PAPER;

/* Colours for things that are not an alpha: up to 6, then repeating.  The first three differ in grey, too. */
colour series_colour(int index);
colour faded(colour c, double opacity); /* opacity in [0, 1], times what c has already */

/* ---- figures */

/* Draws a whole figure; must draw the same every time it is called. */
typedef jem_status (*draw_fn)(draw *d, const void *ctx);

/* *svg <- owned text for inclusion in a page: no XML header, no fixed size, ids
 * starting with `id`, which must differ between the figures of a page. */
jem_status draw_inline(char **svg, const char *id, double width, double height, draw_fn fn,
                       const void *ctx);
/* The same figure once more in that page, in another layout: its pictures, drawn in the same order and proportions, are
 * those of the drawing whose ids start with `of`. */
jem_status draw_again(char **svg, const char *id, const char *of, double width, double height, draw_fn fn,
                      const void *ctx);
/* Writes one file on white, of the kind that its ending says: .svg, .pdf, .png (600 dpi, which it says
 * itself).  JEM_EUSAGE for another ending. */
jem_status draw_file(const char *path, double width, double height, draw_fn fn, const void *ctx);
/* *png [*size] (owned) <- a PNG file with a pixel for each unit of the canvas. */
jem_status draw_pixels(char **png, size_t *size, double width, double height, draw_fn fn, const void *ctx);
/* Writes STEM.svg, STEM.pdf and STEM.png (192 dpi) on white. */
jem_status draw_files(const char *stem, double width, double height, draw_fn fn, const void *ctx);

/* ---- marks */

typedef enum h_align { LEFT, CENTRE, RIGHT } h_align;
typedef enum v_align { BASELINE, MIDDLE, TOP } v_align;

typedef struct text_style {
    double size;
    bool bold;
    h_align h;
    v_align v;
    bool upwards; /* turned by 90 degrees */
    colour ink;
} text_style;

/* One line, aligned to (x, y) as the style says; made plain first (base/plain.h).  Nothing where no
 * drawing can reach: x or y not finite, or beyond a billion. */
void draw_text(draw *d, double x, double y, text_style style, const char *text);
double draw_text_width(draw *d, text_style style, const char *text); /* of that line, unturned */
double text_drop(text_style style); /* from y to the baseline */

/* Points that are not finite interrupt the line.  dash 0: solid. */
void draw_line(draw *d, const double *x, const double *y, int n, double width, double dash,
               colour c);
/* From one point to another, as draw_line. */
void draw_segment(draw *d, double x0, double y0, double x1, double y1, double width, double dash,
                  colour c);
/* Fills the polygon through the points that are finite. */
void draw_area(draw *d, const double *x, const double *y, int n, colour c);
/* The same with an edge, 1 wide. */
void draw_edged_area(draw *d, const double *x, const double *y, int n, colour fill, colour edge);
void draw_rectangle(draw *d, double x, double y, double w, double h, colour fill); /* no edge */
void draw_frame(draw *d, double x, double y, double w, double h, colour c); /* its edge, 1 wide */
/* Nothing if x or y is not finite. */
void draw_disc(draw *d, double x, double y, double radius, colour fill, colour edge);
/* What marks are about: the page's script finds them by it (page.js). */
typedef struct draw_subject {
    double alpha;      /* NaN: none */
    int64_t seed;      /* -1: none, or several */
    const char *sheet; /* the kind of samples that a picture shows (fig_samples.c); NULL: none */
} draw_subject;
#define DRAW_ALPHA(a) (&(draw_subject){.alpha = (a), .seed = -1})

/* What is drawn until draw_unnote is about this subject and has a note of one line or several, which viewers of
 * SVG show beside it; NULL: none.  PDF and PNG have neither. */
void draw_note(draw *d, const draw_subject *of, const char *note);
void draw_unnote(draw *d);
/* Until draw_unclip, only what lies within is drawn; clips nest. */
void draw_clip(draw *d, double x, double y, double w, double h);
void draw_unclip(draw *d); /* ends the innermost clip */

/* ---- pictures */

typedef struct picture picture;
/* Reads a PNG file.  JEM_EDATA if it is not one. */
jem_status picture_read(picture **out, const char *path);
/* The same of bytes, which it takes over (mem_free), also where it fails; `name` opens messages. */
jem_status picture_decode(picture **out, char *png, size_t size, const char *name);
void picture_free(picture *p); /* NULL is fine */
double picture_width(const picture *p);  /* in its own pixels */
double picture_height(const picture *p); /* the same */
/* Leaves its left upper part, so wide and high at most.  JEM_ENOMEM */
jem_status picture_cut(picture *p, int width, int height);
/* Scaled to w by h, pixels kept sharp when enlarged. */
void draw_picture(draw *d, const picture *p, double x, double y, double w, double h);

#endif
