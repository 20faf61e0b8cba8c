/* Everything one training owns, and its step.  A step is a pure function of the
 * state and the iteration's number: all random numbers come from counters. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "sample/replay_buffer.h"
#include "train/adam.h"
#include "train/objective.h"
#include "train/config.h"

typedef struct trainer {
    const config *cfg;       /* borrowed */
    const splits *data;      /* borrowed */
    model *m;                /* borrowed */
    batcher labelled, generative;
    objective objective;
    adam adam;
    float *ema;              /* averaged parameters; NULL if train.ema is 0 */
    replay_buffer replay;    /* empty at alpha = 0 */
    float *start;            /* [B][c][h][w]: where the step's chains began */
    int64_t *index;          /* [B] */
    bool *fresh;             /* [B] */
    int32_t *chain_class;    /* [B]: class-conditional chains, else NULL */
    int64_t iteration;       /* the next one, from 0 */
    int64_t iterations;      /* in all */
    int64_t per_epoch;
} trainer;

/* What one step did; NaN where a part is not active. */
typedef struct step_report {
    objective_result loss;
    sgld_report chain;
    double lr, step_size;
} step_report;

/* Fresh parameters, moments, buffer: iteration 0.  JEM_EUSAGE if the data are fewer
 * than one batch. */
jem_status trainer_init(trainer *t, const config *cfg, const splits *data, model *m);
void trainer_clear(trainer *t);

/* One iteration: batches, chains, gradients, update.  Allocates nothing after the
 * first.  JEM_EDIVERGED if a loss is not finite or |l_G| exceeds 1e4: the
 * parameters are then those before the step. */
jem_status trainer_step(step_report *r, trainer *t);

#endif
