/* Everything one training owns, and its step.  A step is a pure function of the
 * state and the iteration's number: all random numbers come from counters. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "train/config.h"
#include "train/objective.h"
#include "train/rescue.h"
#include "train/sharpness.h"

/* Somebody who reads weights, moments, averages and the objective's state while the next step computes.
 * `wait` returns when they may change; NULL: there is nobody. */
typedef struct trainer_reader {
    void (*wait)(void *ctx);
    void *ctx;
} trainer_reader;

typedef struct trainer {
    const config *cfg;       /* borrowed */
    const splits *data;      /* borrowed */
    model *m;                /* borrowed */
    batcher labelled;        /* train.batch images and their labels */
    batcher generative;      /* images alone; an epoch is a pass over them */
    const objective *objective; /* what the settings mean; borrowed */
    void *own;               /* its state */
    void *on_device;         /* not NULL: steps happen in a device's memory, and the arrays here,
                                the objective's and model_params are what trainer_fetch last brought */
    optimizer optimizer;
    sharpness sharpness;
    float *ema;              /* averaged parameters; NULL if train.ema is 0 */
    int64_t iteration;       /* the next one, from 0 */
    int64_t iterations;      /* in all */
    int64_t per_epoch;
    rescue_state rescue;     /* set by trainer_set_rescue */
    trainer_reader reader;
} trainer;

/* What a trainer's arrays hold, for those who read or write them between steps. */
typedef enum trainer_part {
    TRAINER_WEIGHTS = 1, /* the model's parameters, and ema */
    TRAINER_MOMENTS = 2, /* the optimiser's */
    TRAINER_OBJECTIVE = 4, /* the objective's state */
    TRAINER_ALL = 7
} trainer_part;
/* Brings these parts up to date (trainer_part, several with |), before they are read. */
jem_status trainer_fetch(trainer *t, int parts);
/* Before weights, moments, averages or the objective's state are written: waits for the reader.  Steps and
 * trainer_fetch do so themselves. */
void trainer_wait_for_reader(const trainer *t);
/* After moments, averages or the objective's state have been written. */
void trainer_changed(trainer *t);

/* Fresh parameters, moments, state of the objective: iteration 0.  JEM_EUSAGE if settings name no
 * objective, JEM_EDATA if the data are fewer than one batch or, where labels are learned, of one class. */
jem_status trainer_init(trainer *t, const config *cfg, const splits *data, model *m);
/* For a training that goes on: checkpoint_load or trainer_reset must follow, since what they
 * bring is not made; `kept` is the file that trainer_keep has left, which may be missing or damaged
 * (then its content is computed anew). */
jem_status trainer_init_resumed(trainer *t, const config *cfg, const splits *data, model *m,
                                const char *kept);
/* Writes what the objective would have to compute again (objective.keep), if there is anything. */
jem_status trainer_keep(const trainer *t, const char *path);
void trainer_clear(trainer *t); /* a zeroed one is fine; config, data and model stay */

/* Back to iteration 0, as trainer_init left it: no rescue either. */
jem_status trainer_reset(trainer *t);

/* From the next step on, settings are cfg's with these changes.  To be called after
 * rescue_next and with what a checkpoint held; s is copied. */
void trainer_set_rescue(trainer *t, const rescue_state *s);

/* One iteration: batches, gradients, update.  Allocates nothing after the
 * first.  JEM_EDIVERGED if anything is not finite: the message says what and how many
 * values.  JEM_EINTERRUPTED if the model was stopped.  A step that fails changes
 * nothing (but for ActNorm layers taking their first values in iteration 0, which a
 * repetition does again); whether finite values are healthy is for health.h to say. */
jem_status trainer_step(step_report *r, trainer *t);

/* Seconds that the data in files took so far: threads read them ahead of the steps, which wait for what is
 * not there yet.  Zeros of data in memory. */
batch_times trainer_times(const trainer *t);

/* The objective's replay buffer; NULL: it has none. */
const replay_buffer *trainer_samples(const trainer *t);

#endif
