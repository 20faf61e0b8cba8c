/* How the score is drawn again: error consistency with people, mean over sets, over the people of each set and the images of each
 * of its conditions. */
#ifndef BENCH_MODEL_VS_HUMAN_REDRAW_H
#define BENCH_MODEL_VS_HUMAN_REDRAW_H

#include "measure/trials.h"

extern const trial_rule model_vs_human_trials;

#endif
