/* Langevin chains: short walks uphill on the log-density log p(x) = LSE(f(x)) + const.
 *
 *   algorithm1   x <- clip(x + lambda_t grad + sigma z),  lambda_t = lambda (1 - t/L)
 *                The study's Algorithm 1; sigma is set independently of lambda, so the
 *                chain is far colder than a true Langevin chain.
 *   langevin     x <- clip(x + (eta_t/2) grad + sqrt(eta_t) z),  eta_t the step size
 *                Eq. 7: stationary at p(x) for small eta; noise_std is not used.
 *   clamped      x <- clip(x + lambda_t clamp(grad, -1, 1)) + sigma z
 *                JEM++ and SADA-JEM, whose inner steps add up to this one.
 *
 * grad is each image's own gradient (no 1/batch) of LSE, or of one class's logit.
 * The network runs in evaluation mode (dropout would add noise that is not the chain's),
 * unless a call asks for training mode, in which batch norms use the statistics of the
 * chains' own images as in JEM++ and SADA-JEM.  Sources: the study's section 3 and B.2;
 * Grathwohl et al. 2020; Yang and Ji 2021 (JEM++), 2023 (SADA-JEM). */
#ifndef SAMPLE_SGLD_H
#define SAMPLE_SGLD_H

#include "base/options.h"
#include "model/model.h"
#include "model/running.h"

typedef enum sampler_decay { DECAY_LINEAR, DECAY_CONSTANT } sampler_decay;
typedef enum sampler_update { UPDATE_ALGORITHM1, UPDATE_LANGEVIN, UPDATE_CLAMPED } sampler_update;
typedef enum sampler_start {
    START_UNIFORM,
    START_CLASS_GAUSSIAN,
    START_ENCODED_NOISE
} sampler_start;
typedef enum sampler_batch_norm { BATCH_NORM_RUNNING, BATCH_NORM_BATCH } sampler_batch_norm;

/* Keys sampler.*; the replay buffer's are here too: one sampler, one table. */
typedef struct sampler_options {
    int64_t steps;            /* L */
    double step_size;         /* lambda at the start of training (eta for langevin) */
    int decay;                /* sampler_decay: within a chain */
    int update;               /* sampler_update */
    double noise_std;         /* sigma, a standard deviation */
    bool clip;                /* after every step, to [clip_min, clip_max] */
    double clip_min, clip_max;
    option_list milestones;   /* fractions of training after which lambda shrinks */
    double milestone_factor;
    int batch_norm;           /* sampler_batch_norm: in the chains of training */
    int start;                /* sampler_start */
    int64_t buffer_size;
    double reinit_prob;
    bool class_conditional;
} sampler_options;

extern const option sampler_option_table[];

/* lambda at a fraction in [0, 1] of the training: the multistep decay. */
double sgld_step_size(const sampler_options *o, double fraction);

/* Update of step t of a chain that starts with step size `step_size`. */
langevin_update sgld_update(const sampler_options *o, double step_size, int64_t t);

/* How far (|x - start|_2) the noise of a chain alone carries an image of `size` elements. */
double sgld_diffusion(const sampler_options *o, double step_size, int64_t size);

typedef struct sgld_call {
    const sampler_options *options;
    double step_size;   /* from sgld_step_size, or options->step_size */
    rng_stream noise;   /* sub is overwritten with the number of the step */
    const int32_t *y;   /* [n]: climb the logit of this class; NULL: LSE */
    /* Replaces the random stream: noise [size] <- standard normals for step t of
     * image i.  NULL: drawn from `noise`.  May be called by several threads. */
    void (*inject)(void *ctx, float *noise, int64_t size, int64_t t, int64_t i);
    void *inject_ctx;
    /* Training mode: batch norms use the statistics of the call's images, and *trace says
     * what all steps did to the running ones.  NULL: evaluation mode. */
    running_trace *trace;
    /* Told where the model's chains are: x [count][size] and lse [count] of the images first .. first + count - 1
     * after t steps, for t = 0 .. steps; steps costs a forward pass.  NULL: nobody.  Called by several threads, and
     * changes nothing.  Not with trace. */
    void (*visit)(void *ctx, const float *x, const float *lse, int64_t t, int64_t first, int64_t count);
    void *visit_ctx;
} sgld_call;

/* What a chain climbs.  grad [count][size] <- gradient at x [count][size] for the
 * images first .. first + count - 1 of the batch. */
typedef struct sgld_slope {
    jem_status (*gradient)(void *ctx, float *grad, const float *x, int64_t first, int64_t count);
    void *ctx;
} sgld_slope;

/* All L steps for images [first, first + count) of a batch, whose values of `size`
 * elements each lie at x; in place.  grad and noise are scratch of the same size
 * as x.  JEM_EDIVERGED, naming image and step, if a gradient is not finite. */
jem_status sgld_walk(const sgld_call *call, const sgld_slope *slope, const backend *b, float *x,
                     float *grad, float *noise, int64_t first, int64_t count, int64_t size);

/* All L steps for n images x [n][c][h][w] on the model's threads, in place.
 * Allocates nothing after the model's first chain.  JEM_EDIVERGED as above. */
jem_status sgld_chain(model *m, const sgld_call *call, float *x, int64_t n);

/* How far chains went: the mean over images of |x - start|_2, and the share of
 * values that lie on a clipping bound (0 without clipping). */
typedef struct sgld_report {
    double movement, clipped;
} sgld_report;
/* x, start [n][size]: where n >= 1 chains ended and began. */
sgld_report sgld_measure(const sampler_options *o, const float *x, const float *start, int64_t n,
                         int64_t size);

#endif
