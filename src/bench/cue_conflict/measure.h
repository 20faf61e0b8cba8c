/* What the scores mean: see measure.c. */
#ifndef BENCH_CUE_CONFLICT_MEASURE_H
#define BENCH_CUE_CONFLICT_MEASURE_H

#include "measure/measure.h"

extern const measures cue_conflict_measures;

#endif
