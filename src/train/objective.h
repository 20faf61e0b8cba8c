/* The study's objective and its two gradients (Eq. 8):
 *
 *   l_D = -(1/B) sum log softmax(f(x_i))[y_i]                   (label smoothing optional)
 *   l_G = -((1/B) sum LSE(x+_i) - (1/B) sum LSE(x-_i))          (+ energy penalty, optional)
 *   l   = alpha c l_G + (1 - alpha) l_D,   c = |grad l_D| / (|grad l_G| + 1e-8), a number
 *   l   = 2 alpha l_G + 2 (1 - alpha) l_D  (LOSS_SUM), at alpha 1/2 the l_G + l_D of the JEM
 *                                          code, JEM++ and SADA-JEM; c = 1
 *
 * c needs both gradients anyway, so the direction of the update is formed from
 * them without a third backward pass.  At alpha = 0 and alpha = 1 only one loss is
 * active and c = 1. */
#ifndef TRAIN_OBJECTIVE_H
#define TRAIN_OBJECTIVE_H

#include "model/model.h"
#include "model/running.h"
#include "train/optimizer.h"

typedef enum objective_loss { LOSS_BALANCED, LOSS_SUM } objective_loss;

typedef struct objective_options {
    int64_t batch;          /* B, labelled images */
    double alpha;
    double label_smoothing;
    double energy_l2;       /* adds energy_l2 * (mean LSE(x+)^2 + mean LSE(x-)^2) to l_G */
    bool share_batch;       /* labelled images are x+ too */
    int64_t generative_batch; /* as many x+ and as many x-; 0: batch */
    int loss;               /* objective_loss */
} objective_options;

/* All images of a step lie in one array x [rows][c][h][w]: the labelled ones, x+
 * and x-, a batch each; a part that alpha makes superfluous has first row -1, and
 * shared batches have labelled == positive. */
typedef struct objective {
    objective_options o;
    int64_t labelled, positive, negative; /* first rows */
    int64_t rows;
    float *x;               /* [rows][c][h][w]: to be filled before objective_gradients */
    int32_t *y;             /* [B]: labels of the labelled rows */
    float *grad_d, *grad_g; /* flat vectors: the two gradients; NULL where not needed */
    float *lse;             /* [rows] */
    double *loss_terms;     /* [B]: cross-entropy of each labelled image */
    bool *hit;              /* [B]: argmax of the logits is the label */
    float *running;         /* flat vector: new running statistics; NULL without batch norm */
    float *batch_stats;
    running_trace chain;    /* what chains in training mode do to the running statistics:
                               passes between that of x+ and that of x-; NULL without batch norm */
} objective;

typedef struct objective_result {
    double loss_d, loss_g;       /* NaN where the loss is not active */
    double g_d, g_g, c, cosine;  /* norms of the gradients and the cosine between them */
    double lse_pos, lse_neg;     /* batch means */
    double accuracy;             /* on the labelled batch */
} objective_result;

/* Sizes everything for the model; later calls allocate nothing. */
jem_status objective_init(objective *s, model *m, const objective_options *o);
void objective_clear(objective *s);

/* Losses and gradients at the model's present parameters.  `dropout` is the stream
 * of the step's dropout masks.  The result may hold values that are not finite. */
jem_status objective_gradients(objective_result *r, objective *s, model *m, rng_stream dropout);
/* The same, but for the running statistics: they stay what the call before made of them. */
jem_status objective_gradients_again(objective_result *r, objective *s, model *m,
                                     rng_stream dropout);

/* What the optimiser descends: alpha c G_G + (1 - alpha) G_D, or as the loss says. */
direction objective_direction(const objective *s, const objective_result *r);

/* Writes the batch norms' new running statistics into the parameters. */
void objective_update_running(const objective *s, model *m);

#endif
