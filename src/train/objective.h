/* The study's objective and its two gradients (Eq. 8):
 *
 *   l_D = -(1/B) sum log softmax(f(x_i))[y_i]                   (label smoothing optional)
 *   l_G = -((1/B) sum LSE(x+_i) - (1/B) sum LSE(x-_i))          (+ energy penalty, optional)
 *   l   = alpha c l_G + (1 - alpha) l_D,   c = |grad l_D| / (|grad l_G| + 1e-8), a number
 *
 * c needs both gradients anyway, so the direction of the update is formed from
 * them without a third backward pass.  At alpha = 0 and alpha = 1 only one loss is
 * active and c = 1. */
#ifndef TRAIN_OBJECTIVE_H
#define TRAIN_OBJECTIVE_H

#include "model/model.h"
#include "train/adam.h"

typedef struct objective_options {
    int64_t batch;          /* B */
    double alpha;
    double label_smoothing;
    double energy_l2;       /* adds energy_l2 * (mean LSE(x+)^2 + mean LSE(x-)^2) to l_G */
    bool share_batch;       /* labelled images are x+ too */
} objective_options;

/* All images of a step lie in one array x [rows][c][h][w]: the labelled ones, x+
 * and x-, B rows each; a part that alpha makes superfluous has first row -1, and
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

/* alpha c G_G + (1 - alpha) G_D. */
direction objective_direction(const objective *s, const objective_result *r);

/* Writes the batch norms' new running statistics into the parameters. */
void objective_update_running(const objective *s, model *m);

#endif
