/* AutoencoderKL: a frozen network that turns pictures into latents and back, whose latents a
 * JEM of natural images lives in (sd-vae-ft-mse; Rombach et al. 2022).
 *
 * Arrays are plain NCHW float: pictures x in [-1,1], latents z without the factor
 * latent_scale.  What a JEM sees is latent_scale * mean: callers multiply after encoding and
 * divide before decoding.  Threads share the pictures and, where there are fewer pictures than
 * threads, the work on each; their number changes no bit.  A device computes several together.
 * The first batch of another size compiles plans anew. */
#ifndef MODEL_AUTOENCODER_H
#define MODEL_AUTOENCODER_H

#include "model/model.h"

enum { AUTOENCODER_LEVELS_MAX = 8, AUTOENCODER_HASH_SIZE = 33 };

typedef struct autoencoder_spec {
    int levels;                               /* of resolution, each half of the one before */
    int64_t channels[AUTOENCODER_LEVELS_MAX]; /* per level */
    int64_t layers;         /* residual blocks per down block; up blocks have one more */
    int64_t groups;         /* of the norms */
    int64_t latent;         /* channels of a latent */
    int64_t image_channels;
    double latent_scale;    /* brings latents to unit variance */
} autoencoder_spec;

/* sd-vae-ft-mse: 83,653,863 parameters in 248 tensors. */
extern const autoencoder_spec autoencoder_sd_vae;

/* Pixels per side of a latent's pixel: 2^(levels - 1). */
int64_t autoencoder_factor(const autoencoder_spec *spec);

typedef struct autoencoder autoencoder;

/* Parameters are zero until they are set.  JEM_EUSAGE for a spec that is no network. */
jem_status autoencoder_new(autoencoder **out, const autoencoder_spec *spec,
                           const engine_spec *engine);
void autoencoder_free(autoencoder *a); /* NULL is fine */
const autoencoder_spec *autoencoder_get_spec(const autoencoder *a); /* borrowed */
pool *autoencoder_pool(const autoencoder *a); /* borrowed */
/* Pictures that a call should be given at least to keep threads, or a device, busy. */
int64_t autoencoder_at_once(const autoencoder *a);
int64_t autoencoder_params_count(const autoencoder *a); /* elements, of encoder and decoder */

/* ---- parameters */

/* The values of params_init_hash with gain 1.5: a function of the names alone, for tests and
 * for measuring time. */
jem_status autoencoder_init(autoencoder *a);

/* Reads a safetensors file under the names of diffusers (of today, and before 0.17) or of the
 * latent-diffusion code.  What the network is follows from the tensors' shapes; groups and
 * latent_scale from the metadata jem.groups and jem.latent_scale, else 32 and 0.18215.
 * JEM_EDATA names a tensor that is missing, extra, misshapen or not finite. */
jem_status autoencoder_load(autoencoder **out, const char *path, const engine_spec *engine);
/* Writes the names that diffusers has today. */
jem_status autoencoder_save(const autoencoder *a, const char *path);

/* 32 hexadecimal digits, XXH3-128 of parameters and groups: the same for a network however
 * its file names and stores them. */
void autoencoder_hash(const autoencoder *a, char text[AUTOENCODER_HASH_SIZE]);

/* ---- computing.  f is autoencoder_factor */

/* How many pictures, or latents, of what size. */
typedef struct autoencoder_batch {
    int64_t n, height, width;
} autoencoder_batch;

/* The posterior of pictures x [n,image_channels,height,width]: mean and log-variance
 * [n,latent,height/f,width/f]; logvar may be NULL and is clamped to [-30, 20].
 * JEM_EUSAGE if f does not divide height and width. */
jem_status autoencoder_encode(autoencoder *a, autoencoder_batch b, const float *x, float *mean,
                              float *logvar);

/* The outputs of the down blocks for pictures x: dst[level] [n, autoencoder_feature_shape] or
 * NULL, for every level. */
jem_status autoencoder_features(autoencoder *a, autoencoder_batch b, const float *x,
                                float *const *dst);
/* Of one picture of height x width pixels; each level but the last halves both. */
shape autoencoder_feature_shape(const autoencoder_spec *spec, int level, int64_t height,
                                int64_t width);

/* Latents z [n,latent,height,width] -> pictures x [n,image_channels,f height,f width]. */
jem_status autoencoder_decode(autoencoder *a, autoencoder_batch b, const float *z, float *x);

/* x as autoencoder_decode (may be NULL) and dx = J_decode(z) v, exactly (forward mode).
 * v like z, dx like x. */
jem_status autoencoder_decode_jvp(autoencoder *a, autoencoder_batch b, const float *z,
                                  const float *v, float *x, float *dx);

/* dx = (decode(z + h v) - decode(z - h v)) / 2h with h max|v| = `reach` for each latent: the
 * check of autoencoder_decode_jvp.  v = 0 gives 0. */
jem_status autoencoder_decode_difference(autoencoder *a, autoencoder_batch b, const float *z,
                                         const float *v, double reach, float *dx);

/* x as autoencoder_decode (may be NULL) and dz = J_decode(z)^T w; w like x, dz like z. */
jem_status autoencoder_decode_vjp(autoencoder *a, autoencoder_batch b, const float *z,
                                  const float *w, float *x, float *dz);

#endif
