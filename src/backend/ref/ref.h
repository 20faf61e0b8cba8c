/* The reference backend: plain loops that say what every step means.  Other
 * backends delegate to it what they do not specialise.
 *
 * LOAD, STORE, COPY, ACCUMULATE and all ops but convolutions and attention accept slots of
 * any block; these two want block = 1.  Masks hold one byte per element, in memory
 * order of the step's dst.  An op may work in place (dst over src) where its output
 * element depends on the same input element alone: LRELU, ADD, DROPOUT, SILU, GELU, SCALE,
 * COPY, ACCUMULATE; and NORM, whose statistics are taken first. */
#ifndef BACKEND_REF_H
#define BACKEND_REF_H

#include "backend/backend.h"

/* Executes one step on slots of dtype JEM_F32 (or JEM_F64); the arrays of `io`
 * have the same element type.  Weights are read from io->params.  A STORE whose
 * outside array is NULL does nothing.  Allocates nothing and never fails on a
 * well-formed step. */
jem_status ref_run_f32(const step *s, char *arena, const step_io *io);
jem_status ref_run_f64(const step *s, char *arena, const step_io *io); /* the same in double */

/* Bytes of a mask of n images: one per element. */
size_t ref_mask_bytes(format f, shape s, int64_t n);

/* The elementary steps of energy models, as `struct backend` describes them. */

/* x [n] <- one Langevin step along g [n] (energy/langevin.h); noise [n] or NULL. */
void ref_langevin(float *x, const float *g, const float *noise, int64_t n,
                  const langevin_update *u);
/* lse [n] <- log-sum-exp of logits [n][k]: -E(x), the study's Eq. 6; softmax [n][k], or NULL. */
void ref_logsumexp(float *lse, float *softmax, const float *logits, int64_t n, int64_t k);
/* Adam (Kingma and Ba 2015) on theta [n] with moments m, v [n], gradient a g + b h (h or NULL). */
void ref_adam(float *theta, float *m, float *v, const float *g, const float *h, double a, double b,
              int64_t n, const adam_update *u);
/* SGD with momentum m [n] and weight decay, as PyTorch's; gradient as above. */
void ref_sgd(float *theta, float *m, const float *g, const float *h, double a, double b, int64_t n,
             const sgd_update *u);
double ref_sum_squares(const float *x, int64_t n); /* of x [n], in a fixed order of eight lanes */

#endif
