/* The chains of a training: where they begin, the replay buffer in which they go on, one draw per
 * step.  Part of the state of an objective that needs samples of the model. */
#ifndef TRAIN_CHAINS_H
#define TRAIN_CHAINS_H

#include "sample/replay_buffer.h"
#include "train/class_gaussian.h"
#include "train/config.h"
#include "train/noise_bank.h"

typedef struct chains {
    sampler_options sampler; /* the settings' with the rescue's changes */
    uint64_t seed;           /* of all that is random about chains */
    replay_buffer replay;
    class_gaussian starts;   /* of sampler.start class_gaussian, else empty; */
    bool starts_new;         /* fitted by this process */
    noise_bank bank;         /* of sampler.start encoded_noise, else empty */
    int64_t n;               /* chains per step */
    float *start;            /* [n][c][h][w]: where the step's chains began */
    int64_t *index;          /* [n] */
    bool *fresh;             /* [n] */
    int32_t *class;          /* [n]: class-conditional chains, else NULL */
} chains;

/* The data of d and the settings say where chains begin.  `kept`: of a training that goes on, the
 * file that chains_keep has left (without it starts are fitted anew, with a warning if it is damaged or
 * of other images), and the buffer is not filled; else NULL.  *c is zeroed before and must stay where
 * it is.  JEM_EDATA, JEM_EUSAGE, JEM_ENOMEM; chains_clear then, too. */
jem_status chains_init(chains *c, const config *cfg, const dataset *d, pool *p, const char *kept);
void chains_clear(chains *c); /* a zeroed one is fine */
void chains_reset(chains *c, const config *cfg); /* the buffer as it was at first */
void chains_rescued(chains *c, const config *cfg, const rescue_state *s); /* settings from now on */
/* Writes fitted starts, if this process has fitted them to d. */
jem_status chains_keep(const chains *c, const dataset *d, const char *path);

/* x [n][c][h][w] <- the ends of the chains of `iteration` at the model's present parameters; `trace`
 * as in sgld_call.  JEM_EDIVERGED, JEM_EINTERRUPTED as sgld_chain. */
jem_status chains_draw(chains *c, sgld_report *r, model *m, int64_t iteration, double step_size,
                       running_trace *trace, float *x);
void chains_store(chains *c, const float *x); /* the ends go back into the buffer */

/* The buffer and the bank as replay_buffer.h and noise_bank.h have them in files. */
jem_status chains_save(const chains *c, safetensors_writer *w);
jem_status chains_restore(chains *c, const safetensors *f); /* JEM_EDATA: nothing has changed */

#endif
