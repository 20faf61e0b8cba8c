/* What a report is about: a study or run along alpha, or models side by side. */
#ifndef REPORT_REPORT_SOURCE_H
#define REPORT_REPORT_SOURCE_H

#include "report/figures.h"
#include "report/report.h"
#include "report/score_rows.h"

typedef struct report_source {
    bool models;             /* side by side: `rows`; else `all` */
    study *all[STUDIES_MAX]; /* the study of the page, and those beside it; of a grid's models its studies */
    int count;
    score_rows rows;
    const measures *const *known;
} report_source;

/* Reads the folders of the call.  For report_source_clear, after a failure too.  JEM_EDATA, JEM_EUSAGE */
jem_status report_source_read(report_source *s, const report_call *call);
void report_source_clear(report_source *s);
/* Its figures; those that `only` does not name may be left out (NULL: none is).  They borrow from the source. */
jem_status report_source_figures(figure_list *list, const report_source *from, const char *only);
/* Logs what is wrong with the folders. */
void report_source_warn(const report_source *s);

#endif
