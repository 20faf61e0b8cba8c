/* How the score is drawn again: correlation of object_response with the mean rating, over raters and images. */
#ifndef BENCH_GLOSS_REDRAW_H
#define BENCH_GLOSS_REDRAW_H

#include "measure/trials.h"

extern const trial_rule gloss_ratings_trials;

#endif
