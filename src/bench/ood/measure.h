/* What the scores mean: see measure.c. */
#ifndef BENCH_OOD_MEASURE_H
#define BENCH_OOD_MEASURE_H

#include "measure/measure.h"

extern const measures ood_measures;

#endif
