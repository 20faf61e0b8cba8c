/* Which figures a report has: each with its drawing, its table and its numbers. */
#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include "measure/measure.h"
#include "report/draw.h"
#include "base/strbuf.h"
#include "record/study.h"

typedef struct figure figure;
struct figure {
    const char *file;    /* its name: of files below figures/, without extension */
    const char *section; /* heading; figures of one section follow one another */
    const char *title;
    const char *about; /* how to read it: a sentence or two of plain text */
    char *missing;     /* why there is nothing to draw, or NULL; owned */
    double width, height;
    double most_height; /* that lay_out keeps to where it can, by narrower and lower parts: a sheet of paper; 0: any */
    /* Arranges what is drawn on a canvas so wide (FIGURE_WIDTH_LEAST or more): sets height, and width to what it takes. */
    void (*lay_out)(figure *f, double width);
    /* Leaves of it what `part` names, "NAME:PART" to those who ask; false: it has no such part.  NULL: it has none at all. */
    bool (*take_part)(figure *f, const char *part);
    draw_fn draw;
    void *ctx; /* owned; may borrow from the study */
    void (*free_ctx)(void *ctx);
    strbuf says;   /* what is to be seen, in plain sentences from its numbers (says.h); may be empty */
    strbuf table;  /* HTML, may be empty */
    strbuf tsv;    /* with header, may be empty */
};

typedef struct figure_list {
    int64_t count;
    figure *figures;
} figure_list;
#define FIGURE_LIST_INIT                                                                           \
    {                                                                                              \
        0, NULL                                                                                    \
    }

/* Lays f out for a page, unless it is missing.  Takes over f's owned members, also on failure. */
jem_status figure_list_add(figure_list *list, figure *f);
void figure_clear(figure *f);               /* a zeroed one is fine */
void figure_list_clear(figure_list *list);  /* FIGURE_LIST_INIT is fine */

/* Appends the figure's drawing so wide and, where that is wider than they are, one for tablets and one for phones; the page's
 * style shows one of them.  ids: as draw_inline's, at most 30 characters.  It stays laid out as it was drawn first. */
jem_status figure_plots(strbuf *html, figure *f, const char *ids, double width);

/* Widths of figures, in CSS pixels: in a page, in one on a tablet and on a phone, and the least that one is laid out
 * for, a narrow column.
 * Studies in one report, the page's own and those beside it. */
enum { FIGURE_WIDTH = 1040, FIGURE_WIDTH_MEDIUM = 640, FIGURE_WIDTH_PHONE = 340, FIGURE_WIDTH_LEAST = 300, STUDIES_MAX = 8 };

/* Makers, in the order of the page.  The study must outlive the list; warnings are
 * added to it.  known: what scores mean (measure/measure.h). */
jem_status figures_of_sweetspots(figure_list *list, study *s, const measures *const *known);
/* Closeness to people against other scores; none where nothing was compared with people. */
jem_status figures_of_people(figure_list *list, study *s, const measures *const *known);
/* One per benchmark, of those that are known and of others that have scores. */
jem_status figures_of_scores(figure_list *list, study *s, const measures *const *known);
/* Gloss of 2 to STUDIES_MAX studies with different model.proj, a panel for each; nothing of one. */
jem_status figures_of_dimensions(figure_list *list, study *const *studies, int count,
                                 const measures *const *known);
/* One per benchmark of which 2 to STUDIES_MAX studies have scores, "grid-BENCHMARK": a line for each study. */
jem_status figures_of_grid(figure_list *list, study *const *studies, int count, const measures *const *known);
/* Where along alpha each of 2 to STUDIES_MAX studies is best, "grid-sweetspots": the sets of sweetspot.h side by side. */
jem_status figures_of_grid_spots(figure_list *list, study *const *studies, int count, const measures *const *known);
/* Sets, categories, steps. */
jem_status figures_of_details(figure_list *list, study *s, const measures *const *known);
jem_status figures_of_calibration(figure_list *list, study *s); /* reliability diagrams */
/* Accuracy over radii of attacks; none where nothing was attacked. */
jem_status figures_of_robustness(figure_list *list, study *s, const measures *const *known);
jem_status figures_of_energies(figure_list *list, study *s); /* log-sum-exp: data, samples, noise */
jem_status figures_of_training(figure_list *list, study *s); /* curves from metrics.csv */
jem_status figures_of_samples(figure_list *list, study *s);  /* a sheet for each kind of picture */
jem_status figures_of_pictures(figure_list *list, study *s); /* refined, noise, saliency */

typedef struct panel_grid {
    int columns, rows;
    double cell_width, cell_height, left, top;
} panel_grid;
typedef struct panel_cells {
    int panels, most_columns;     /* at least 1 */
    double least_width, height;   /* of a cell: what its panel can do with, and in a page's full row */
    double top;                   /* above the first row */
    double most_height;           /* the figure's, 0: any; to keep to it */
    double narrowest;             /* cells get as narrow as this, and lower */
} panel_cells;
/* Cells of equal size in rows as equal as can be, on a canvas so wide.  Lower where they are narrower. */
panel_grid panel_grid_make(const panel_cells *cells, double width);

#endif
