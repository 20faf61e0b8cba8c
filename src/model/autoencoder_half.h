/* The parameters of an autoencoder, half by half: for the files that read and write them. */
#ifndef MODEL_AUTOENCODER_HALF_H
#define MODEL_AUTOENCODER_HALF_H

#include "model/autoencoder.h"

enum { AUTOENCODER_HALVES = 2 }; /* encoder with quant_conv, decoder with post_quant_conv */

typedef struct autoencoder_half {
    graph *layout; /* for the smallest picture: the parameters' names, shapes and places */
    float *params; /* [layout->param_elements] */
} autoencoder_half;

/* [AUTOENCODER_HALVES], borrowed.  The values may be written before anything is computed. */
const autoencoder_half *autoencoder_halves(const autoencoder *a);

#endif
