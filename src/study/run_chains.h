/* New Langevin chains from a trained run, which stays as it is. */
#ifndef STUDY_RUN_CHAINS_H
#define STUDY_RUN_CHAINS_H

#include "latent/latent_space.h"
#include "run/run.h"

typedef enum chains_from {
    CHAINS_USUAL,  /* the replay buffer where there is one (alpha > 0), else noise */
    CHAINS_BUFFER, /* images of the replay buffer */
    CHAINS_NOISE,  /* noise as the run's fresh chains have it */
    CHAINS_SHARED  /* all at one picture of noise, the same for every run */
} chains_from;

typedef struct chains_request {
    int64_t n, steps;
    int64_t chosen_class; /* whose logit is climbed; -1: log-sum-exp is */
    chains_from from;
    int64_t seed;
    const latent_space *space; /* of a run on latents, for what has to be encoded or decoded; or NULL */
} chains_request;

/* x [n][c][h][w] <- where they begin; q->steps and q->chosen_class do not matter.  JEM_EDATA if there is no
 * replay buffer to begin at; JEM_EUSAGE if there is no noise, which has to be encoded. */
jem_status run_chains_start(float *x, const chains_request *q, const run *r);
/* x [n][c][h][w] <- where the chains end, in the run's own units. */
jem_status run_chains(float *x, const chains_request *q, const run *r);

/* *pictures <- z [n][size] decoded, [n][3][side][side] in network units; owned (mem_free). */
jem_status run_chains_decode(float **pictures, shape *each, const chains_request *q, const float *z,
                             shape size);

#endif
