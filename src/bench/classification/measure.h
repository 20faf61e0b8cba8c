/* What the scores mean: see measure.c. */
#ifndef BENCH_CLASSIFICATION_MEASURE_H
#define BENCH_CLASSIFICATION_MEASURE_H

#include "measure/measure.h"

extern const measures classification_measures;

#endif
