/* The report of a run, a study, a grid of studies, or of models side by side: one page, and every figure with its numbers. */
#ifndef JEM_REPORT_H
#define JEM_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads `folder`, writes one self-contained HTML page to `page` (NULL:
 * FOLDER/report.html) and the figures to FOLDER/figures/NAME.{svg,pdf,png,tsv},
 * or to figures/ beside the page where FOLDER cannot be written.
 * Reads files only, never a network.  JEM_EDATA if the folder holds no run. */
JEM_API jem_status jem_report(const char *folder, const char *page);

/* NULL and 0 mean the defaults. */
typedef struct jem_report_options {
    size_t size;               /* of this struct; JEM_REPORT_INIT sets it */
    const char *page;          /* the file; NULL: FOLDER/report.html of one folder, ./models.html of several */
    const char *const *beside; /* studies with other dimensions of the gloss head, whose gloss is shown beside */
    int beside_count;          /* 7 at most */
} jem_report_options;

#define JEM_REPORT_INIT {sizeof(jem_report_options), NULL, NULL, 0}

/* The same of `count` folders: one study or run along alpha; a grid, whose studies are drawn side by side; or several
 * studies, runs and folders of recorded answers side by side.  `o` may be NULL. */
JEM_API jem_status jem_report_all(const char *const *folders, int64_t count, const jem_report_options *o);

/* One figure of that report alone, for print: as `jem report FOLDER... --figure NAME -o FILE`.  name: "training",
 * "cifar10h", "sweetspot", of one benchmark "sweetspot:cifar10h" (`--figure list` gives them).  file: .svg, .pdf or .png, so
 * wide (80 to 420 mm; 0: 183), text of 7 pt and more; or .tsv, its numbers.  o->page does not matter.  JEM_EUSAGE with the
 * names there are if there is no such figure; JEM_EDATA where it has nothing to draw. */
JEM_API jem_status jem_report_figure(const char *const *folders, int64_t count, const char *name, const char *file,
                                     double width_mm, const jem_report_options *o);

#ifdef __cplusplus
}
#endif
#endif
