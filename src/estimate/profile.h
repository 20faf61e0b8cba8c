/* Timing a few steps of a training that is not begun: the real trainer on the real data, or
 * on noise of the same size.  Writes nothing. */
#ifndef ESTIMATE_PROFILE_H
#define ESTIMATE_PROFILE_H

#include "estimate/forecast.h"

/* Uniform noise in place of data that are not there: enough for two batches and a
 * validation.  Owned: splits_free. */
jem_status profile_noise(splits *out, const config *cfg, const data_facts *d);

/* Times steps and a validation for about `seconds`, after one of each to warm up; at least
 * one step is timed.  If three whole steps would take longer, a step's time is put together
 * from Langevin steps and from small batches with short chains.  `d` tells the real sizes
 * where `data` are noise. */
jem_status profile_training(step_times *out, const config *cfg, const splits *data, const data_facts *d,
                    double seconds);

/* ---- the parts, for those who look closer (speed.h) */

typedef struct profile {
    const config *cfg;       /* borrowed; its alpha decides what a step computes */
    const splits *data;      /* borrowed */
    const data_facts *facts; /* borrowed */
    model *m;
    int64_t round;           /* images that keep every thread busy, in chains and gradients */
    bool by_step;            /* the model notes the times of its steps, too, without warming up */
} profile;

typedef struct repeated {
    double seconds; /* once */
    double alone_s; /* the least that this is without other programs; NaN: unknown */
    int64_t count;  /* how often it was timed */
} repeated;

/* Closed by the caller, also after a failure. */
jem_status profile_open(profile *g, const config *cfg, const splits *data, const data_facts *d);
void profile_close(profile *g); /* frees the model; cfg, data and facts are the caller's */

/* Each of these warms up, then repeats for about `seconds`, at least once. */
/* Logits of n training images. */
jem_status profile_inference(repeated *out, const profile *g, int64_t n, double seconds);
/* One Langevin step of n images. */
jem_status profile_chain(repeated *out, const profile *g, int64_t n, double seconds);
/* The gradients of `batch` labelled images and generative ones in proportion. */
jem_status profile_gradients(repeated *out, const profile *g, int64_t batch, double seconds);
/* Training steps: whole ones if three of them pass within `seconds`, else from their parts. */
jem_status profile_steps(step_times *t, const profile *g, double seconds);

#endif
