/* The two gradients of Eq. 8 (energy/eq8.h), of one batch.  c needs both anyway, so the direction
 * of the update is formed from them without a third backward pass. */
#ifndef TRAIN_EQ8_BATCH_H
#define TRAIN_EQ8_BATCH_H

#include "energy/eq8.h"
#include "model/model.h"
#include "model/running.h"
#include "train/optimizer.h"

typedef enum eq8_loss { LOSS_BALANCED, LOSS_SUM } eq8_loss;

typedef struct eq8_batch_options {
    int64_t batch;          /* B, labelled images */
    double alpha;
    double label_smoothing;
    double energy_l2;       /* adds energy_l2 * (mean LSE(x+)^2 + mean LSE(x-)^2) to l_G */
    bool share_batch;       /* labelled images are x+ too */
    int64_t generative_batch; /* as many x+ and as many x-; 0: batch */
    int loss;               /* eq8_loss */
} eq8_batch_options;

/* All images of a step lie in one array x [rows][c][h][w]: the labelled ones, x+
 * and x-, a batch each; a part that alpha makes superfluous has first row -1, and
 * shared batches have labelled == positive. */
typedef struct eq8_batch {
    eq8_batch_options o;
    int64_t labelled, positive, negative; /* first rows */
    int64_t rows;
    float *x;               /* [rows][c][h][w]: to be filled before eq8_batch_gradients */
    int32_t *y;             /* [B]: labels of the labelled rows */
    float *grad_d, *grad_g; /* flat vectors: the two gradients; NULL where not needed */
    float *lse;             /* [rows] */
    double *loss_terms;     /* [B]: cross-entropy of each labelled image */
    int32_t *hit;           /* [B]: argmax of the logits is the label */
    float *running;         /* flat vector: new running statistics; NULL without batch norm */
    float *batch_stats;
    running_trace chain;    /* what chains in training mode do to the running statistics:
                               passes between that of x+ and that of x-; NULL without batch norm */
} eq8_batch;

/* Sizes everything for the model; later calls allocate nothing.  JEM_EUSAGE where a batch norm would see
 * one value per channel. */
jem_status eq8_batch_init(eq8_batch *s, model *m, const eq8_batch_options *o);
void eq8_batch_clear(eq8_batch *s); /* a zeroed one is fine */

/* Losses and gradients at the model's present parameters.  `dropout` is the stream
 * of the step's dropout masks.  The result may hold values that are not finite. */
jem_status eq8_batch_gradients(eq8_result *r, eq8_batch *s, model *m, rng_stream dropout);
/* The same, but for the running statistics: they stay what the call before made of them. */
jem_status eq8_batch_gradients_again(eq8_result *r, eq8_batch *s, model *m,
                                     rng_stream dropout);

/* What the losses are taken from. */
eq8_terms eq8_batch_terms(const eq8_batch *s);

/* What the optimiser descends: alpha c G_G + (1 - alpha) G_D, or as the loss says. */
direction eq8_batch_direction(const eq8_batch *s, const eq8_result *r);

/* Writes the batch norms' new running statistics into the parameters. */
void eq8_batch_update_running(const eq8_batch *s, model *m);

#endif
