/* The parts of an evaluation, one file each, and what they share. */
#ifndef EVAL_EVAL_PARTS_H
#define EVAL_EVAL_PARTS_H

#include "eval/eval.h"
#include "stats/summary.h"

typedef struct evaluation {
    const eval_subject *s;
    const eval_options *o;
    score_list *scores;
    shape image;
    char test_hash[20]; /* of the test images, in hex */
} evaluation;

/* One result; strings are borrowed and copied by evaluation_add. */
typedef struct result {
    const char *benchmark, *metric, *condition; /* condition may be NULL */
    double value;
    stats_interval interval; /* of 95 % */
    int64_t n;
    const char *formula;
} result;

/* Appends the result with all that describes the model. */
jem_status evaluation_add(evaluation *e, const result *r);

/* JEM_EDATA of something that need not be there becomes a warning. */
jem_status evaluation_tolerate(const evaluation *e, const char *what, jem_status st);

typedef enum chain_part { CHAINS_SHARED = 0, CHAINS_CLASSES = 256 } chain_part;
/* Chains of `steps` constant steps on x [n][c][h][w] in place, climbing log-sum-exp (y NULL) or
 * the logits of classes y [n].  Chains with the same part and stage have the same noise
 * in every run.  Fails as sgld_chain. */
jem_status evaluation_chain(const evaluation *e, float *x, int64_t n, const int32_t *y,
                            int64_t steps, chain_part part, int stage);

jem_status eval_classification(evaluation *e); /* accuracy, NLL, calibration, trials */
jem_status eval_scenes(evaluation *e);         /* gloss, light field, relief of rendered scenes */
jem_status eval_energies(evaluation *e);       /* histograms, mean LSE, OOD */
jem_status eval_generation(evaluation *e);     /* FD-pix, FD-own */
jem_status eval_samples(evaluation *e);        /* pictures */

#endif
