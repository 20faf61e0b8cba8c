/* The report of a study or a run along alpha, or of models side by side: one self-contained HTML page, and every figure
 * with its numbers below STUDY/figures, or beside the page where the study cannot be written.
 * Reads files only, never a network. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"
#include "jem/status.h"
#include "measure/measure.h"
#include "report/page_live.h"

typedef struct report_result {
    int64_t runs, figures, warnings; /* runs: of models side by side folders */
    char folder[PATH_MAX]; /* of the figures */
} report_result;

/* What is reported. */
typedef struct report_call {
    const char *folder;  /* a study or a run, or recorded answers' scores */
    const char *page;    /* the file to write */
    const char *command; /* printed on the page */
    const measures *const *measures; /* what scores mean; a score of which nobody says so is drawn, too */
    /* At most 7 studies with other dimensions of the gloss head, whose gloss scores are shown
     * beside this one's. */
    int beside_count;
    const char *const *beside;
    /* Further folders of these kinds: then, and of recorded answers, the report is of models side by side. */
    int other_count;
    const char *const *others;
    /* Of a study or run that is being trained: the page says how runs stand, reloads itself, and has no files of figures
     * beside it.  NULL: nobody trains, or it does not matter. */
    const report_live *live;
    bool grid; /* all of them are studies of a grid (record/grid.h): their scores are drawn along alpha, a line each */
} report_call;

/* Writes the page, and the figures to FOLDER/figures/NAME.{svg,pdf,png,tsv}, or to figures/ beside the
 * page.  Warnings are shown on the page and logged.  JEM_EDATA if the folder holds no run and no scores. */
jem_status report_write(report_result *out, const report_call *call);

/* *page (owned) <- where the report of `count` named folders goes unless somebody says so: report.html in the one,
 * ./models.html of several. */
jem_status report_default_page(char **page, const char *const *folders, int count);
/* *line (owned) <- the call as it is printed on the page: "jem report FOLDER ... --beside STUDY2 ... -o PAGE". */
jem_status report_command(char **line, const char *const *folders, int count, const char *const *beside, int beside_count,
                          const char *page);

/* One of its figures alone, for print: a file so wide, text of at least 7 pt, fonts embedded; *height_mm
 * says how high it became.  Or its numbers, as a .tsv; *height_mm is 0 then.  JEM_EUSAGE with the names there are if it
 * has no such figure, and for an ending that is none of .svg, .pdf, .png, .tsv; JEM_EDATA if there is nothing to draw. */
jem_status report_draw(double *height_mm, const report_call *call, const char *name, const char *path,
                       double width_mm);
/* A line for each figure that it has: name, tab, title. */
jem_status report_figures(strbuf *out, const report_call *call);
/* A line for each figure that a report may have: name and what it shows. */
void report_figure_names(strbuf *out, const measures *const *list);
/* Widths that a figure may be printed with, the usual one, and the height that it keeps to where it can: that of many
 * journals' pages. */
enum { REPORT_WIDTH_LEAST_MM = 80, REPORT_WIDTH_MM = 183, REPORT_WIDTH_MOST_MM = 420, REPORT_PAGE_MM = 247 };

#endif
