/* The report of a run or a study: one page, and every figure with its numbers. */
#ifndef JEM_REPORT_H
#define JEM_REPORT_H

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads `folder`, writes one self-contained HTML page to `page` (NULL:
 * FOLDER/report.html) and the figures to FOLDER/figures/NAME.{svg,pdf,png,tsv},
 * or to figures/ beside the page where FOLDER cannot be written.
 * Reads files only, never a network.  JEM_EDATA if the folder holds no run. */
JEM_API jem_status jem_report(const char *folder, const char *page);

#ifdef __cplusplus
}
#endif
#endif
