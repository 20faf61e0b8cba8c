/* Everything one training owns, and its step.  A step is a pure function of the
 * state and the iteration's number: all random numbers come from counters. */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "sample/replay_buffer.h"
#include "train/class_gaussian.h"
#include "train/config.h"
#include "train/noise_bank.h"
#include "train/objective.h"
#include "train/rescue.h"
#include "train/step_report.h"

typedef struct resident resident; /* resident.h */

/* Somebody who reads weights, moments, averages and buffer while the next step computes.
 * `wait` returns when they may change; NULL: there is nobody. */
typedef struct trainer_reader {
    void (*wait)(void *ctx);
    void *ctx;
} trainer_reader;

typedef struct trainer {
    const config *cfg;       /* borrowed */
    const splits *data;      /* borrowed */
    model *m;                /* borrowed */
    batcher labelled, generative;
    objective objective;
    optimizer optimizer;
    sharpness sharpness;
    float *ema;              /* averaged parameters; NULL if train.ema is 0 */
    replay_buffer replay;    /* empty at alpha = 0 */
    class_gaussian starts;   /* of sampler.start class_gaussian, else empty; */
    bool starts_new;         /* fitted by this process */
    noise_bank bank;         /* of sampler.start encoded_noise, else empty */
    float *start;            /* [B][c][h][w]: where the step's chains began */
    int64_t *index;          /* [B] */
    bool *fresh;             /* [B] */
    int32_t *chain_class;    /* [B]: class-conditional chains, else NULL */
    int64_t iteration;       /* the next one, from 0 */
    int64_t iterations;      /* in all */
    int64_t per_epoch;
    rescue_state rescue;     /* set by trainer_set_rescue */
    sampler_options sampler; /* cfg's with the rescue's changes */
    uint64_t chain_seed;     /* of all that is random about chains */
    resident *resident;      /* on a device: steps happen there, and the arrays above and
                                model_params are what trainer_fetch last brought; else NULL */
    trainer_reader reader;
} trainer;

/* What a trainer's arrays hold, for those who read or write them between steps. */
typedef enum trainer_part {
    TRAINER_WEIGHTS = 1, /* the model's parameters, and ema */
    TRAINER_MOMENTS = 2, /* the optimiser's */
    TRAINER_REPLAY = 4,
    TRAINER_ALL = 7
} trainer_part;
/* Brings these parts up to date (trainer_part, several with |), before they are read. */
jem_status trainer_fetch(trainer *t, int parts);
/* Before weights, moments, averages or buffer are written: waits for the reader.  Steps and
 * trainer_fetch do so themselves. */
void trainer_wait_for_reader(const trainer *t);
/* After moments, averages or buffer have been written. */
void trainer_changed(trainer *t);

/* Fresh parameters, moments, buffer: iteration 0.  JEM_EUSAGE if the data are fewer
 * than one batch. */
jem_status trainer_init(trainer *t, const config *cfg, const splits *data, model *m);
/* For a training that goes on: checkpoint_load or trainer_reset must follow, since the buffer is
 * not filled, and `starts` are read from the file in which trainer_keep_starts has left them.
 * Without that file they are fitted anew, with a warning if it is damaged or of other images. */
jem_status trainer_init_resumed(trainer *t, const config *cfg, const splits *data, model *m,
                                const char *starts);
/* Writes `starts` if this process has fitted them. */
jem_status trainer_keep_starts(const trainer *t, const char *path);
void trainer_clear(trainer *t); /* a zeroed one is fine; config, data and model stay */

/* Back to iteration 0, as trainer_init left it: no rescue either. */
jem_status trainer_reset(trainer *t);

/* From the next step on, settings are cfg's with these changes.  To be called after
 * rescue_next and with what a checkpoint held; s is copied. */
void trainer_set_rescue(trainer *t, const rescue_state *s);

/* One iteration: batches, chains, gradients, update.  Allocates nothing after the
 * first.  JEM_EDIVERGED if anything is not finite: the message says what and how many
 * values.  JEM_EINTERRUPTED if the model was stopped.  A step that fails changes
 * nothing (but for ActNorm layers taking their first values in iteration 0, which a
 * repetition does again); whether finite values are healthy is for health.h to say. */
jem_status trainer_step(step_report *r, trainer *t);

#endif
