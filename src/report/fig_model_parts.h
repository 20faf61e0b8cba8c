/* Figures of a benchmark's parts: models share a row per set of images or category. */
#ifndef REPORT_FIG_MODEL_PARTS_H
#define REPORT_FIG_MODEL_PARTS_H

#include "report/figures.h"
#include "report/model_rows.h"

/* model-vs-human set by set, cue conflict category by category, each where models have two parts or
 * more.  Rows and entries must outlive the list. */
jem_status figures_of_model_parts(figure_list *list, const score_rows *rows, const model_list *entries,
                                  const measures *const *known);

#endif
