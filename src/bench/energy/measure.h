/* What the scores mean: see measure.c. */
#ifndef BENCH_ENERGY_MEASURE_H
#define BENCH_ENERGY_MEASURE_H

#include "measure/measure.h"

extern const measures energy_measures, ood_measures;

#endif
