/* A small autoencoder with the values of params_init_hash, for tests of what uses one. */
#ifndef SUPPORT_SMALL_VAE_H
#define SUPPORT_SMALL_VAE_H

#include "model/autoencoder.h"
#include "support/check.h"

/* Latents are a quarter of a picture's side. */
static const autoencoder_spec small_vae = {.levels = 3, .channels = {8, 8, 16}, .layers = 1,
                                           .groups = 4, .latent = 4, .image_channels = 3,
                                           .latent_scale = 0.5};

/* Writes DIR/NAME with this many channels per level. */
static inline void write_small_vae(const char *dir, const char *name, int64_t channels)
{
    const engine_spec engine = {.threads = 1, .device = "cpu"};
    autoencoder_spec spec = small_vae;
    autoencoder *a = NULL;
    char path[256];

    spec.channels[0] = channels;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(autoencoder_new(&a, &spec, &engine));
    check_ok(autoencoder_init(a));
    check_ok(autoencoder_save(a, path));
    autoencoder_free(a);
}

#endif
