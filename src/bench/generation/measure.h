/* What the scores mean: see measure.c. */
#ifndef BENCH_GENERATION_MEASURE_H
#define BENCH_GENERATION_MEASURE_H

#include "measure/measure.h"

extern const measures generation_measures;

#endif
