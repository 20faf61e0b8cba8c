/* What one training step did. */
#ifndef TRAIN_STEP_REPORT_H
#define TRAIN_STEP_REPORT_H

#include "sample/sgld.h"
#include "train/objective.h"

/* NaN where a part is not active. */
typedef struct step_report {
    eq8_result loss;
    sgld_report chain;
    double diffusion;        /* how far noise alone would have moved the chains */
    double lr, step_size;
    double lse_min, lse_max; /* over x+ and x- and the labelled images */
} step_report;

#endif
