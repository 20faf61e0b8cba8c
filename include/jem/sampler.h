/* Langevin chains: walks uphill on log p(x), or on one class's logit.
 *
 *   jem_sampler s = JEM_SAMPLER_INIT;
 *   jem_sampler_of(&s, m);
 *   jem_sampler_start(x, n, m, 1);
 *   jem_sampler_run(&s, m, x, n);
 *
 * x may hold anything at the start: noise, the run's replay buffer, pictures of one's own. */
#ifndef JEM_SAMPLER_H
#define JEM_SAMPLER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/model.h"
#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jem_sampler_decay {
    JEM_SAMPLER_LINEAR,  /* step size lambda (1 - t/steps) in step t */
    JEM_SAMPLER_CONSTANT
} jem_sampler_decay;

typedef enum jem_sampler_update {
    JEM_SAMPLER_ALGORITHM1, /* x + lambda g + noise_std z */
    JEM_SAMPLER_LANGEVIN,   /* x + lambda/2 g + sqrt(lambda) z; noise_std is not used */
    JEM_SAMPLER_CLAMPED     /* clip(x + lambda clamp(g, -1, 1)) + noise_std z */
} jem_sampler_update;

/* The settings of a chain; keys sampler.* of a config have the same names. */
typedef struct jem_sampler {
    size_t size;               /* of this struct; JEM_SAMPLER_INIT sets it */
    int64_t steps;             /* at least 1 */
    double step_size;          /* lambda, in network units */
    jem_sampler_decay decay;
    jem_sampler_update update;
    double noise_std;          /* a standard deviation, in network units */
    bool clip;                 /* after every step, to [clip_min, clip_max] */
    double clip_min, clip_max;
    uint64_t seed;             /* of the noise: image i of a seed gets the same in any batch */
    const int32_t *y;          /* [n] climb the logit of this class; NULL: climb log p(x) */

    /* Where the chains are on their way. */
    const int64_t *at; /* [at_count] ascending numbers of steps, 0 (the start) to `steps` */
    int64_t at_count;
    float *states;     /* [at_count, n, channels, height, width] <- the images then; NULL: not wanted */
    float *energies;   /* [at_count, n] <- E(x) = -lse then, as the chains see it; NULL: not wanted */

    const volatile sig_atomic_t *stop; /* polled; nonzero: JEM_EINTERRUPTED, x holds what was reached */
} jem_sampler;

/* The study's values. */
#define JEM_SAMPLER_INIT                                                                            \
    {                                                                                               \
        sizeof(jem_sampler), 20, 1.0, JEM_SAMPLER_LINEAR, JEM_SAMPLER_ALGORITHM1, 0.01, true, -1.0, \
            1.0, 0, NULL, NULL, 0, NULL, NULL, NULL                                                 \
    }

/* Sets *s to what the model's run was trained with, at the step size of its selected
 * epoch; to JEM_SAMPLER_INIT for a model from a weights file.  s->size must be set. */
JEM_API void jem_sampler_of(jem_sampler *s, const jem_model *m);

/* Fills n images x with uniform noise in [-1, 1]: where a chain may start.  JEM_EUSAGE for
 * mistakes in the call (jem.h). */
JEM_API jem_status jem_sampler_start(float *x, int64_t n, const jem_model *m, uint64_t seed);

typedef enum jem_chain_start {
    JEM_START_BUFFER, /* images drawn from the replay buffer, with replacement */
    JEM_START_NOISE   /* noise as the fresh chains of the training had it: encoded, for runs on latents */
} jem_chain_start;

/* Fills n images x with starts of the run that m came from, the same as `jem sample` with this seed.
 * JEM_EUSAGE for a model from a file of weights; JEM_EDATA for a run that has none of what is asked for
 * (a classifier has no replay buffer). */
JEM_API jem_status jem_sampler_start_of(float *x, int64_t n, jem_model *m, jem_chain_start from, uint64_t seed);

/* Walks n images x [n, channels, height, width] through all steps, in place.
 * JEM_EUSAGE for settings out of range; JEM_EDIVERGED, naming image and step, if a
 * gradient is not finite: x then holds what was reached, states and energies what lay before. */
JEM_API jem_status jem_sampler_run(const jem_sampler *s, jem_model *m, float *x, int64_t n);

#ifdef __cplusplus
}
#endif
#endif
