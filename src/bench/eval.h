/* What a trained model can do, measured: classification and its calibration, scene
 * properties in its features, energies, out-of-distribution scores, samples.
 *
 * Results go to RUN/scores, RUN/trials and RUN/samples (record/record.h).  Evaluation
 * reads a model and never changes it: nothing else in the run's folder is written.
 * Sources: Grathwohl et al. 2020 (energies, OOD), Guo et al. 2017 (calibration), Storrs
 * et al. 2021 (gloss). */
#ifndef BENCH_EVAL_H
#define BENCH_EVAL_H

#include "bench/generative.h"

/* The model and what belongs to it; all borrowed. */
typedef struct eval_subject {
    const char *folder;         /* RUN */
    model *m;
    double alpha;
    bool learned_labels;        /* by its training's objective */
    int64_t seed;
    const splits *data;
    const data_options *data_options;
    const float *replay;        /* [replay_count][c][h][w]; NULL: the run has no buffer */
    int64_t replay_count;
    const latent_space *latents; /* where the model lives; NULL: on pictures, or its autoencoder is
                                    not at hand and what needs it is left out */
    const sampler_options *sampler;
    model *first_epoch;         /* with the weights of the first epoch, whose chains are shown as
                                   well; NULL: not kept, or the same as m's */
    double step_size;           /* lambda when the weights were kept */
    model *features_of;         /* a classifier (alpha 0) of the same data, whose features FD-own
                                   compares; NULL: FD-own is not measured */
    const char *features_name;  /* what it is: goes with that score */
    const fid_network *fid;     /* Inception v3; NULL: FID is not measured */
    fid_statistics *fid_reference; /* as generative.h has it; kept from run to run by whoever lends it */
    const char *fid_reference_name;
    const char *command;        /* as typed: goes with every score */
    const char *note;           /* what every score's formula must say too; NULL: nothing */
} eval_subject;

/* Runs those of the list that describe a model without people.  Appends to `scores` and writes everything to the run's folder, the scores last.  What does not
 * apply (no light fields, no buffer, too few images for a probe) is left out with a message.
 * JEM_EINTERRUPTED if the model was stopped: the scores are then as they were.  JEM_EDATA if the test split is empty or a user's OOD set cannot be read. */
jem_status eval_run(score_list *scores, const benchmark *const *list, const eval_subject *s,
                    const eval_options *o);

#endif
