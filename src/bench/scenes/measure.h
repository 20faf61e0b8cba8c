/* What the scores mean: see measure.c. */
#ifndef BENCH_SCENES_MEASURE_H
#define BENCH_SCENES_MEASURE_H

#include "measure/measure.h"

extern const measures scenes_measures;

#endif
