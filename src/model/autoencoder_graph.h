/* The two halves of an AutoencoderKL, each a network (Rombach et al. 2022; sd-vae-ft-mse), and
 * their parameters: for the files that build, run, read and write them.
 * Parameters have the names of diffusers' state dict; their order and places in the flat
 * vector do not depend on the images' size. */
#ifndef MODEL_AUTOENCODER_GRAPH_H
#define MODEL_AUTOENCODER_GRAPH_H

#include "model/autoencoder.h"

/* Picture [image_channels,h,w] in [-1,1] -> moments [2 latent,h/f,w/f]: the posterior's mean,
 * then its log-variance (not clamped), f = autoencoder_factor.  Stages "down0", "down1", ...
 * are the outputs of the down blocks, as many as there are levels.  Settings: autoencoder_spec.
 * JEM_EUSAGE if f does not divide h and w. */
extern const network network_kl_encoder;

/* Latent [latent,h,w] -> picture [image_channels,f h,f w], neither clamped nor bounded. */
extern const network network_kl_decoder;

enum { AUTOENCODER_HALVES = 2 }; /* encoder with quant_conv, decoder with post_quant_conv */

/* One of them for the smallest picture there is. */
model_spec autoencoder_half_spec(const autoencoder_spec *spec, int half);

typedef struct autoencoder_half {
    model_spec spec; /* autoencoder_half_spec */
    graph *layout;   /* its graph: the parameters' names, shapes and places */
    float *params;   /* [layout->param_elements] */
} autoencoder_half;

/* [AUTOENCODER_HALVES], borrowed.  The values may be written before anything is computed. */
const autoencoder_half *autoencoder_halves(const autoencoder *a);

#endif
