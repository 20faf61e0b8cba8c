/* What the scores mean: see measure.c. */
#ifndef BENCH_ROBUSTNESS_MEASURE_H
#define BENCH_ROBUSTNESS_MEASURE_H

#include "measure/measure.h"

extern const measures robustness_measures;

#endif
