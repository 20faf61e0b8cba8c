/* What the scores mean: see measure.c. */
#ifndef BENCH_CLICKME_MEASURE_H
#define BENCH_CLICKME_MEASURE_H

#include "measure/measure.h"

extern const measures clickme_measures;

#endif
