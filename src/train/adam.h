/* Adam's state for a flat parameter vector.  Kingma & Ba 2015; the formula is
 * the backend's. */
#ifndef TRAIN_ADAM_H
#define TRAIN_ADAM_H

#include "model/model.h"

typedef struct adam {
    float *m, *v; /* [n] first and second moments */
    int64_t n;
} adam;
#define ADAM_INIT {NULL, NULL, 0}

jem_status adam_init(adam *a, int64_t n);
void adam_clear(adam *a);

/* A gradient as the sum of two: a*g + b*h (h NULL: only a*g). */
typedef struct direction {
    const float *g, *h;
    double a, b;
} direction;

/* One step on theta [n], spread over the pool; u->step counts from 1. */
jem_status adam_step(adam *a, const backend *b, pool *p, float *theta, const direction *d,
                     const adam_update *u);

#endif
