/* Runs that are another experiment than the others, and what differs between alphas beside the score. */
#ifndef SWEETSPOT_SPOT_EQUAL_H
#define SWEETSPOT_SPOT_EQUAL_H

#include "sweetspot/spot_runs.h"
#include "sweetspot/sweetspot.h"

/* p->unequal <- runs that were rescued, have other settings (alpha and seed apart) or data than most, or
 * were trained for another number of iterations. */
jem_status spot_find_unequal(sweetspot *p, const spot_runs *r);
/* *out <- p without the alphas that have such a run; NaN: there are none, or fewer than three alphas
 * are left. */
jem_status spot_p_equal(double *out, const sweetspot *p, const stats_alphas *data,
                        const stats_best_alpha_options *o);
/* Test accuracy of the networks at the lower end, the best alpha and the upper end; NaN where it was
 * not measured. */
void spot_accuracy(double accuracy[3], const sweetspot *p, const spot_runs *r);

#endif
