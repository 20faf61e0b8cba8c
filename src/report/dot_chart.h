/* Dots in rows: a row has a name at the left, a panel is a score from left to right.  Panels beside each
 * other share the rows; one below another has those of which it has dots. */
#ifndef REPORT_DOT_CHART_H
#define REPORT_DOT_CHART_H

#include "report/figures.h"

typedef enum dot_shape { DOT_DISC, DOT_SQUARE, DOT_DIAMOND } dot_shape; /* squares are open: published */

typedef struct dot {
    int64_t row;
    int panel;
    double x, low, high; /* with its interval; NaN: none */
    double shift;        /* up or down from the row's middle, -1/2 to 1/2 of its height */
    dot_shape shape;
    double alpha; /* NaN: none */
    bool small;  /* one of many that belong together */
    bool hollow; /* of a network at chance: a disc's edge alone */
    colour ink;
} dot;

typedef struct dot_row {
    char *name; /* owned */
    int group;  /* there is a line between groups */
} dot_row;

enum { DOT_PANELS_MAX = 8, DOT_KEYS_MAX = 6 };

typedef struct dot_panel {
    char title[96];
    const char *unit;      /* below the panel; NULL: none */
    double least, most;    /* what the score can be; may be infinite */
    double people, chance; /* lines over all rows; NaN: none */
} dot_panel;

typedef struct dot_chart {
    int panel_count;
    dot_panel panels[DOT_PANELS_MAX];
    int64_t row_count, row_room, dot_count, dot_room;
    dot_row *rows;
    dot *dots;
    bool has_alpha; /* some dots have the colour of their alpha: there is a scale */
    int key_count;  /* of dots in the colours of series */
    const char *keys[DOT_KEYS_MAX];
    colour key_inks[DOT_KEYS_MAX];
    /* the layout */
    int columns;
    double width, names, top, cell_width;
} dot_chart;

/* Copies the name.  JEM_ENOMEM */
jem_status dot_chart_add_row(dot_chart *c, const char *name, int group);
/* A dot that is not finite is left out.  JEM_ENOMEM */
jem_status dot_chart_add(dot_chart *c, const dot *d);
extern const colour people_ink; /* of diamonds and lines */

/* The three of a figure: ctx is a dot_chart. */
void dot_chart_lay_out(figure *f, double width);
jem_status dot_chart_draw(draw *d, const void *ctx);
void dot_chart_free(void *ctx);

#endif
