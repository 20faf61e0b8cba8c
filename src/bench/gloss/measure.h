/* What the scores mean: see measure.c. */
#ifndef BENCH_GLOSS_MEASURE_H
#define BENCH_GLOSS_MEASURE_H

#include "measure/measure.h"

extern const measures gloss_measures;

#endif
