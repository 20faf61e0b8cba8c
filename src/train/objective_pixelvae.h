/* The loss of Storrs et al.'s PixelVAE (model/pixelvae.h): the sum over a batch's pictures of -log p of their pixels
 * given the code that the encoder draws, in nats; without a term that keeps the code near a prior ("no_reg").
 *
 * Gradients are sums over pictures as well, not means.  Dropout and the code's noise are drawn for each step and
 * picture; validation draws the same noise each time. */
#ifndef TRAIN_OBJECTIVE_PIXELVAE_H
#define TRAIN_OBJECTIVE_PIXELVAE_H

#include "train/trainer.h"

extern const objective objective_pixelvae;

/* One picture: *loss <- -log p(x) in nats, where `out` [10 mixtures][area] is what the network says of the pixels of
 * x [3][area]; cotangent [10 mixtures][area] <- its gradient, NULL: not wanted. */
void pixelvae_loss(double *loss, float *cotangent, const float *out, const float *x, int64_t mixtures, int64_t area);

/* The stream of a step's dropout and code noise. */
static inline rng_stream pixelvae_noise_of(const trainer *t)
{
    return (rng_stream){(uint64_t)t->cfg->seed, RNG_DROPOUT, (uint32_t)t->iteration, 0};
}

/* Before the first step: model.data_init on the host's parameters, of a training that begins with weights of its own. */
jem_status pixelvae_begin(trainer *t);

/* *r <- what a step says whose losses have the mean `nll` (nats a picture) and whose gradient has the norm
 * `gradient`.  JEM_EDIVERGED, saying so, if that is not finite or too large to be used. */
jem_status pixelvae_report(objective_report *r, const trainer *t, double nll, double gradient);

extern const objective_device pixelvae_on_device; /* resident_pixelvae.c */

/* Losses of n pictures x [n][3][h][w] into loss [n] in evaluation mode, with code noise of `seed`, the first one
 * being picture `image0` of its set.  JEM_EINTERRUPTED if the model was stopped. */
jem_status pixelvae_losses(double *loss, model *m, const float *x, int64_t n, uint64_t seed, int64_t image0);

#endif
