/* Layers with weight norm take their first gains and biases from data: what a layer says, before gain and bias, of the
 * first pictures has mean m and variance v in a channel; then g = s / sqrt(v + 1e-8), b = -m g, so that its values begin
 * with mean 0 and deviation s (Salimans & Kingma 2016).  In the PixelVAE's code s is 0.1 for a gated block's second
 * convolution, behind which the code's vector is added, else 1; and a transposed convolution is looked at in the frame that
 * TensorFlow gives it, stride n + kernel - 1 rows (columns) of which the last hold nothing. */
#ifndef TRAIN_GAIN_INIT_H
#define TRAIN_GAIN_INIT_H

#include <signal.h>

#include "nn/plan.h"

typedef struct gain_init {
    graph *g;         /* nodes that have no name are given some */
    const backend *b;
    jem_dtype dtype;  /* of params and x: JEM_F32 or JEM_F64 */
    void *params;     /* [g->param_elements]; gains and biases are written, layer after layer */
    const void *x;    /* [n][c][h][w] */
    int64_t n;
    rng_stream noise; /* of evaluation: what OP_NOISE draws, picture i being image i */
    void (*each)(void *ctx, int64_t picture); /* before each picture of each layer; NULL: nothing */
    void *ctx;
    const volatile sig_atomic_t *stop; /* nonzero: stop; NULL: never */
} gain_init;

/* A forward pass as far as each layer, for each picture, on the calling thread.  JEM_EINTERRUPTED */
jem_status gain_init_from_data(const gain_init *q);

#endif
