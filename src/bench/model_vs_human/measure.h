/* What the scores mean: see measure.c. */
#ifndef BENCH_MODEL_VS_HUMAN_MEASURE_H
#define BENCH_MODEL_VS_HUMAN_MEASURE_H

#include "measure/measure.h"

/* Error consistency of people, as the study draws it (arXiv 2605.23819); its source is not known. */
#define MVH_PAPER_KAPPA 0.39

extern const measures model_vs_human_measures;

#endif
