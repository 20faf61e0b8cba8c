/* What jem plan found (study/training_plan.h) as tables for people. */
#ifndef CLI_PLAN_REPORT_H
#define CLI_PLAN_REPORT_H

#include "study/training_plan.h"

/* On stdout: the network, memory and disk, which are known at once. */
void plan_print(const training_plan *r);
/* What a GPU that is not here would take: training_plan_on_gpu.  price: of an hour there, NaN: unknown. */
void plan_print_gpu(const training_plan *r, double price);
/* Then, once the steps of all alphas are timed: what a step, an epoch and a run take, and what
 * those times are worth. */
void plan_print_times(const training_plan *r);

#endif
