/* What the scores mean: see measure.c. */
#ifndef BENCH_BAPPS_MEASURE_H
#define BENCH_BAPPS_MEASURE_H

#include "measure/measure.h"

extern const measures bapps_measures;

#endif
