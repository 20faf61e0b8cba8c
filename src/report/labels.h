/* Names beside marks, placed so that they cover neither marks nor each other; a name for
 * which there is no room is left out. */
#ifndef REPORT_LABELS_H
#define REPORT_LABELS_H

#include "report/axes.h"

enum { LABELS_MAX = 1024, EDGE_MAX = 32 };

typedef struct label_box {
    double x, y, w, h;
} label_box;

/* A mark at the right edge with a name beside it. */
typedef struct label_edge {
    double x, y;
    const char *text;  /* borrowed */
    bool open;         /* a square, of a model that others published; else a disc */
    double spread;     /* a whisker's length up and down; 0, NaN: none */
    const colour *ink; /* of a disc and its whisker; NULL: black */
} label_edge;

typedef struct label_list {
    double left, right, top, bottom; /* where names may be */
    int count;
    label_box taken[LABELS_MAX];
    int edge_count;
    label_edge edge[EDGE_MAX];
} label_list;

/* Names may be in the plot's box. */
label_list label_list_in(const axes *a);

/* Nothing will be written here. */
void label_reserve(label_list *l, double x, double y, double w, double h);
/* Nor along this line, */
void label_reserve_line(label_list *l, double x0, double y0, double x1, double y1);
/* along a level over all of the box, */
void label_reserve_level(label_list *l, double y);
/* nor between two of them, which have these heights at x0 and, right of it, at x1. */
void label_reserve_band(label_list *l, double x0, const double y0[2], double x1, const double y1[2]);
/* Writes beside the mark at (x, y): right, left, above or below; false: there is no room. */
bool label_near(draw *d, label_list *l, double x, double y, const char *text);

/* Writes farther above or below the mark, with a line to it. */
void label_with_line(draw *d, label_list *l, double x, double y, const char *text);

/* Writes at the line y, which spans the box: above or below it, at the first free place from its right end to its left; where
 * there is none, farther away with a line to it, as near as can be.  Nothing where the line is not within the box, the text is
 * NULL, or no place is free. */
void label_along(draw *d, label_list *l, double y, const char *text);

/* Keeps a copy for label_draw_edge, which keeps names apart and in order. */
void label_at_edge(label_list *l, const label_edge *e);
/* Draws all of them, sorted by y, after the last label_at_edge; room: right of the box, where longer names end in "…". */
void label_draw_edge(draw *d, label_list *l, double room);
/* That room, for names of which the longest has so many bytes. */
double label_edge_room(size_t longest);

#endif
