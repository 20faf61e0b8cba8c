/* Drawings as SVG: text stays text, as wide as it was measured, and a page's inks follow its scheme.
 * What draw.h says of its functions holds here; coordinates beyond a million are cut there. */
#ifndef REPORT_SVG_H
#define REPORT_SVG_H

#include "base/strbuf.h"
#include "report/draw.h"

typedef struct svg_writer {
    strbuf *to;
    const char *ids; /* NULL: a file; else part of a page, where ids begin with it */
    int clips, pictures; /* so many were named */
    const char *pictures_of; /* NULL, or the ids of a drawing of this page whose pictures and notes, in their order, are this one's, too */
} svg_writer;

/* The root element: of a page it takes the size that the page has for it, at most `width`. */
void svg_begin(svg_writer *s, double width, double height);
void svg_end(svg_writer *s);

/* width: as it was measured. */
void svg_text(svg_writer *s, double x, double y, double width, text_style style, const char *text);
/* Points that are not finite interrupt the line. */
void svg_line(svg_writer *s, const double *x, const double *y, int n, double width, double dash, colour c);
void svg_area(svg_writer *s, const double *x, const double *y, int n, colour fill, colour edge);
void svg_rectangle(svg_writer *s, double x, double y, double w, double h, colour fill);
void svg_frame(svg_writer *s, double x, double y, double w, double h, colour c);
void svg_disc(svg_writer *s, double x, double y, double radius, colour fill, colour edge,
              double width);
void svg_clip(svg_writer *s, double x, double y, double w, double h);
void svg_unclip(svg_writer *s);
void svg_note(svg_writer *s, const draw_subject *of, const char *note); /* what it is about: in pages alone */
void svg_unnote(svg_writer *s);
/* bytes [size]: a PNG or JPEG file; sharp: its pixels are shown as they are. */
void svg_picture(svg_writer *s, const char *bytes, size_t size, bool sharp, double x, double y, double w, double h);
/* The next one of pictures_of, of any width in its own proportions. */
void svg_picture_again(svg_writer *s, double x, double y, double w);

#endif
