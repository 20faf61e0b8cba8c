/* Scores along alpha with the models that stand beside a study: the paper's Figs. 8, 18, 22, 25. */
#ifndef REPORT_FIG_SCORES_H
#define REPORT_FIG_SCORES_H

#include "report/figures.h"
#include "report/model_rows.h"

/* One figure per headline benchmark of comparisons with people of which the study has scores, named NAME-along-alpha;
 * of the models those are in it that have one score of a panel.  The study must outlive the list. */
jem_status figures_of_scores_beside(figure_list *list, study *s, const model_list *models, const measures *const *known);

#endif
