/* The two halves of an AutoencoderKL as graphs (Rombach et al. 2022; sd-vae-ft-mse).
 * Parameters have the names of diffusers' state dict; their order and places in the flat
 * vector do not depend on the images' size. */
#ifndef MODEL_AUTOENCODER_GRAPH_H
#define MODEL_AUTOENCODER_GRAPH_H

#include "model/autoencoder.h"

/* Picture [image_channels,h,w] in [-1,1] -> moments [2 latent,h/f,w/f]: the posterior's mean,
 * then its log-variance (not clamped), f = autoencoder_factor.  Values "down0", "down1", ...
 * are the outputs of the down blocks.  JEM_EUSAGE if f does not divide h and w. */
jem_status autoencoder_encoder_graph(graph **out, const autoencoder_spec *spec, int64_t height,
                                     int64_t width);

/* Latent [latent,h,w] -> picture [image_channels,f h,f w], neither clamped nor bounded. */
jem_status autoencoder_decoder_graph(graph **out, const autoencoder_spec *spec, int64_t height,
                                     int64_t width);

#endif
