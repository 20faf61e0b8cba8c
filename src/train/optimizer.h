/* Optimisers of a flat parameter vector; the formulas are the backend's.
 *
 *   adam   Kingma & Ba 2015
 *   sgd    with momentum, which JEM++ and SADA-JEM train with
 * Both add weight_decay theta to the gradient, as in PyTorch: of every parameter, norms and biases
 * included, or of layers alone (optimizer_spare_norms). */
#ifndef TRAIN_OPTIMIZER_H
#define TRAIN_OPTIMIZER_H

#include "model/model.h"

typedef enum optimizer_kind { OPTIMIZER_ADAM, OPTIMIZER_SGD } optimizer_kind;
/* What a weight decay is of: every element, or weights and biases of layers, not scales and shifts of norms. */
typedef enum optimizer_decay { OPTIMIZER_DECAY_ALL, OPTIMIZER_DECAY_LAYERS } optimizer_decay;

/* Part of the keys train.*. */
typedef struct optimizer_options {
    int kind;                       /* optimizer_kind */
    double beta1, beta2, adam_eps;  /* Adam */
    bool eps_inside;                /* Adam: of the root */
    double momentum;                /* SGD */
    double weight_decay;
} optimizer_options;

typedef struct optimizer {
    optimizer_options o;
    float *m; /* [n] Adam's first moments, SGD's momentum */
    float *v; /* [n] Adam's second moments; NULL for SGD */
    int64_t n;
    const graph *g; /* borrowed: says which elements are decayed; NULL: all are */
} optimizer;

/* For n parameters: moments are zero.  Copies the options.  JEM_ENOMEM, then *a is unchanged. */
jem_status optimizer_init(optimizer *a, const optimizer_options *o, int64_t n);
/* Its weight decay is of layers alone from now on; the graph, borrowed, says which elements these are. */
void optimizer_spare_norms(optimizer *a, const graph *g);
void optimizer_reset(optimizer *a); /* as optimizer_init left it */
void optimizer_clear(optimizer *a); /* a zeroed one is fine */

/* decays [n] <- 1 where the weight decay acts, else 0. */
void optimizer_decays(uint8_t *decays, const optimizer *a);

/* A gradient as the sum of two: a*g + b*h (h NULL: only a*g). */
typedef struct direction {
    const float *g, *h;
    double a, b;
} direction;

/* Adam's step `number`, from 1, with learning rate lr. */
adam_update optimizer_adam(const optimizer *a, double lr, int64_t number);

/* One step on theta [n] with learning rate lr, spread over the pool; `number` is the step's, from 1.
 * A weight decay also moves elements that are not trained: whoever keeps running
 * statistics in theta writes them afterwards. */
jem_status optimizer_step(optimizer *a, const backend *b, pool *p, float *theta,
                          const direction *d, double lr, int64_t number);

#endif
