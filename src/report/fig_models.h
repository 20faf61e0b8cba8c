/* Figures that compare models: recorded answers, runs and studies in any mix, with people and published models. */
#ifndef REPORT_FIG_MODELS_H
#define REPORT_FIG_MODELS_H

#include "report/figures.h"
#include "report/score_rows.h"

/* Panels of closeness to people (fig_people.h), the first study along alpha (fig_scores.h), one figure per benchmark of which they have scores, named like it, then model-vs-human set by set and
 * cue conflict category by category.  The rows must outlive the list. */
jem_status figures_of_models(figure_list *list, const score_rows *rows, const measures *const *known);

#endif
