/* The report of a study or a run: one self-contained HTML page, and every figure
 * with its numbers below STUDY/figures.  Reads files only, never a network. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdint.h>

#include "jem/status.h"

typedef struct report_result {
    int64_t runs, figures, warnings;
} report_result;

/* Reads `folder` (a study or a run), writes the page to `page` and the figures to
 * FOLDER/figures/NAME.{svg,pdf,png,tsv}.  Warnings are shown on the page and logged.
 * `command` is printed on the page.  JEM_EDATA if the folder holds no run. */
jem_status report_write(report_result *out, const char *folder, const char *page,
                        const char *command);

#endif
