/* Sharpness-aware minimisation: the gradient that moves the weights w is taken at w + e,
 * where a step of fixed size along the gradient g at w has led.
 *
 *   plain      e = rho g / (|g|_2 + 1e-12)                   Foret et al. 2021
 *   adaptive   e = rho w^2 g / (| |w| g |_2 + 1e-12)         Kwon et al. 2021; SADA-JEM
 *
 * Products with w are element by element, norms over all parameters. */
#ifndef TRAIN_SHARPNESS_H
#define TRAIN_SHARPNESS_H

#include "train/optimizer.h"

typedef enum sharpness_kind {
    SHARPNESS_NONE, SHARPNESS_PLAIN, SHARPNESS_ADAPTIVE
} sharpness_kind;

typedef struct sharpness {
    int kind; /* sharpness_kind */
    double rho;
    int64_t n;
    float *kept; /* [n] w while the parameters are w + e; NULL for SHARPNESS_NONE */
} sharpness;

/* For n parameters; SHARPNESS_NONE takes no memory and is not to ascend.  JEM_ENOMEM */
jem_status sharpness_init(sharpness *s, int kind, double rho, int64_t n);
void sharpness_clear(sharpness *s); /* a zeroed one is fine */

/* theta [n] <- w + e, for theta = w and the gradient g at it. */
void sharpness_ascend(sharpness *s, float *theta, const direction *g);
void sharpness_return(const sharpness *s, float *theta); /* back to w, with the same bits */

#endif
