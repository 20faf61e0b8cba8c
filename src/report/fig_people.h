/* Panels of closeness to people against another ability: the paper's Fig. 2. */
#ifndef REPORT_FIG_PEOPLE_H
#define REPORT_FIG_PEOPLE_H

#include "report/figures.h"
#include "report/model_rows.h"

/* figures_of_people (figures.h) of any models, studies among them; none where nothing was compared with people. */
jem_status figures_of_people_beside(figure_list *list, const model_list *models, const measures *const *known);

#endif
