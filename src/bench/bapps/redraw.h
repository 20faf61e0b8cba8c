/* How the score is drawn again: the mean 2AFC score and the mean JND area of the distortion sets, over the items of each set. */
#ifndef BENCH_BAPPS_REDRAW_H
#define BENCH_BAPPS_REDRAW_H

#include "measure/trials.h"

extern const trial_rule bapps_trials;

#endif
