/* Differences between models as one figure: a row per score and model, zero in the middle, better to the
 * right. */
#ifndef REPORT_FIG_COMPARE_H
#define REPORT_FIG_COMPARE_H

#include "compare/compare.h"
#include "report/draw.h"

/* Writes the figure, as wide as a page of a journal (183 mm), as draw_file does. */
jem_status fig_compare_write(const char *path, const compare_list *list, const compare_models *models);

#endif
