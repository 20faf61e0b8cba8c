/* Scores, trials and pictures of a trained run, or of every run of a study, in the runs' folders.
 *
 * RUN/scores/evaluated.txt, written last, names the weights, the buffer and the settings
 * behind them: a run that still has these is not evaluated again. */
#ifndef STUDY_EVALUATE_H
#define STUDY_EVALUATE_H

#include <signal.h>

#include "bench/eval.h"
#include "latent/latent_space.h"
#include "run/run.h"

typedef struct evaluate_request {
    const config_lists *lists;
    const benchmark *const *benchmarks; /* of which those without people are run */
    const char *path;               /* RUN or STUDY */
    const eval_options *options;
    const char *const *assignments; /* [assignment_count] for the runs: engine.*, data.path */
    int assignment_count;
    latent_codec *codec;            /* of runs on latents; without a vae: no pictures of them */
    const char *features_of;        /* the run with alpha = 0 of FD-own; NULL: none */
    bool force;                     /* also what has been evaluated already */
    const volatile sig_atomic_t *stop; /* becomes nonzero to stop; may be NULL */
    const char *command;            /* what is recorded as having made the scores */
    void (*done)(void *ctx, const run *r, const score_list *scores); /* of every run; may be NULL */
    void *ctx;
} evaluate_request;

/* Fails as each_run (each_run.h): if runs of a study failed, with the first one's code, naming all. */
jem_status evaluate_runs(const evaluate_request *q);

#endif
