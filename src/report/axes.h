/* Plots: a box with scales, ticks and labels, and what is drawn in it. */
#ifndef REPORT_AXES_H
#define REPORT_AXES_H

#include "report/draw.h"

typedef struct axes {
    double left, top, width, height; /* the box inside the labels, canvas units */
    double x0, x1, y0, y1;           /* data at its edges; y0 > 0 for log_y */
    bool log_y;
    bool x_is_alpha;                       /* ticks every 0.1 */
    bool bare_x, bare_y;                   /* no tick labels on that axis (small multiples) */
    const char *title, *x_label, *y_label; /* NULL: none */
    double title_shift;                    /* how far left of the box the title begins */
} axes;

/* Font sizes shared by all figures. */
enum { TITLE_SIZE = 13, LABEL_SIZE = 11, TICK_SIZE = 10 };
/* Upright text that is not bold. */
text_style style_of(double size, h_align h, v_align v, colour ink);

/* At most `most` round numbers covering [lo, hi]: *first, *step; returns how many. */
int axes_ticks(double *first, double *step, double lo, double hi, int most);
/* Widens [lo, hi] by 6 % and keeps it in [least, most] (either may be infinite). */
void axes_pad(double *lo, double *hi, double least, double most);

/* Canvas position of a data value, outside the box too. */
double axes_x(const axes *a, double x);
double axes_y(const axes *a, double y); /* log_y: y > 0, else NaN or infinite */

/* Grid, ticks, labels, title: before the data. */
void axes_draw(draw *d, const axes *a);
/* A tick's value with as few decimals as the step needs, and a true minus sign. */
void axes_tick_text(char *text, size_t size, double value, double step);
/* Horizontal reference (chance, human), whose name labels.h places. */
void axes_reference(draw *d, const axes *a, double y);
enum { UNTRAINED_TEXT = 48 };
/* Where the mark of an end that was never trained stands, which sets no range: *x, *y <- within the box where it is, else at
 * the edge, and text <- the values that lie beyond, "" within.  Is it beyond? */
bool axes_beyond(const axes *a, double at_x, double at_y, double *x, double *y, char text[UNTRAINED_TEXT]);
/* That mark, grey, or an arrow at the edge, beside which its text belongs (labels.h).  *x, *y: where it was drawn; place: as
 * draw_mark's. */
void axes_untrained(draw *d, const axes *a, double at_x, double at_y, int place, double *x, double *y);
/* Line through x, y [n], cut at the box; values that are not finite interrupt it. */
void axes_curve(draw *d, const axes *a, const double *x, const double *y, int n, double width,
                colour c);
/* Area between low and high, n points. */
void axes_band(draw *d, const axes *a, const double *x, const double *low, const double *high,
               int n, colour c);
/* Histogram of n bins with edges lo[i], hi[i]: its outline over its area. */
void axes_steps(draw *d, const axes *a, const double *lo, const double *hi, const double *y, int n,
                colour c);
/* Rectangle over lo .. hi of x, from .. to of y, either way up. */
void axes_bar(draw *d, const axes *a, double lo, double hi, double from, double to, colour c);

/* As draw_text; what is wider than the room ends in "…". */
void draw_fitting(draw *d, double x, double y, double room, text_style style, const char *text);

enum { LEGEND_ROW = 18 };
/* Rows, LEGEND_ROW high, that a legend of n keys may need. */
int draw_legend_rows(double width, int n);
/* Coloured keys from (x, y), the middle of the first row, on: in one row where they fit, else in columns;
 * names [n], colours [n]. */
void draw_legend(draw *d, double x, double y, double width, const char *const *names,
                 const colour *colours, int n);
/* The alpha scale as a bar with its end points named. */
void draw_alpha_scale(draw *d, double x, double y, double width);

#endif
