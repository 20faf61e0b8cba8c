/* The mark of an alpha: its colour on the scale that all figures share, and a shape that differs from its neighbours'. */
#ifndef REPORT_MARKS_H
#define REPORT_MARKS_H

#include "report/draw.h"

/* The scale: blue at 0, amber at 1, over purple and red; lightness rises evenly from L* 27 to 77, so that it keeps its order
 * in grey and for every kind of colour vision.  The same in the light and in the dark. */
colour alpha_colour(double alpha);

enum { MARK_SHAPES = 4 };

/* place: that of the alpha among those of the study; shapes (disc, square, triangle, diamond) of one area follow one another.
 * Nothing if x or y is not finite. */
void draw_mark(draw *d, int place, double x, double y, double radius, colour fill, colour edge);
/* Of a model that others published: an open square of this half side. */
void draw_open_square(draw *d, double x, double y, double half);
/* As draw_note: "WHAT, α = 0.25: 0.812". */
void draw_value_note(draw *d, double alpha, const char *what, double value);
/* In the colour of its alpha, with an edge that shows on every ground. */
void draw_alpha_mark(draw *d, double alpha, int place, double x, double y, double radius);
/* The same where a network of the alpha decides at chance: hollow. */
void draw_chance_mark(draw *d, double alpha, int place, double x, double y, double radius);

#endif
