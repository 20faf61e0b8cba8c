/* The PixelVAE of Storrs et al. 2021 (Gulrajani et al. 2017; PixelCNN++, Salimans et al. 2017): a picture's code of
 * a few numbers, and a decoder that says of each pixel, given the code and the pixels before it, how likely its
 * levels are.
 *
 *   encoder   picture -> mean and standard deviation of the code; "latents" is the mean
 *   code      mean + std z, z standard normal: operators like all others, keyed by the call's stream
 *   decoder   the same picture, shifted so that output (r, c) depends on the pixels before (r, c) in raster order
 *             alone -> [10 mixtures, height, width]: energy/logistic_mixture.h
 *
 * Layers have weight norm, and the names of the authors' TensorFlow variables with dots.  Their layouts are those
 * of all layers here: kernels (out, in, height, width), matrices (out, in) over maps flattened (C, H, W). */
#ifndef MODEL_PIXELVAE_H
#define MODEL_PIXELVAE_H

#include "model/network.h"

typedef struct pixelvae_settings {
    int64_t latents;         /* numbers of the code */
    int64_t filters;         /* channels of the decoder's maps */
    int64_t encoder_filters; /* of the encoder's first; then twice and four times as many */
    int64_t blocks;          /* gated blocks of a stage */
    int64_t mixtures;
    double dropout;
    bool data_init;          /* first gains and biases from data (train/gain_init.h) instead of 1 and 0 */
} pixelvae_settings;

extern const network network_pixelvae;

/* Its graph, as network.build; with `noise` the code's z is not drawn: z[d] = noise[d][0], and noise[d][1] is 0.
 * noise [latents] is borrowed for as long as the graph and its plans. */
jem_status pixelvae_graph(graph **out, const model_spec *spec, const double (*noise)[2]);

/* The same graph with a given code: code[d][1] is its number d, and code[d][0] is 0; borrowed likewise. */
jem_status pixelvae_decoder(graph **out, const model_spec *spec, const double (*code)[2]);

/* The settings of a spec whose network this is. */
const pixelvae_settings *pixelvae_settings_of(const model_spec *spec);

#endif
