/* Pictures to the latents that a JEM sees, and back: a frozen autoencoder with what it has
 * encoded before, and the scale and size of pictures a run was trained with.
 *
 * A JEM sees z = scale * mean of the posterior; pictures are floats in [-1,1], NCHW.  Used by
 * one thread; the autoencoder has threads of its own. */
#ifndef LATENT_LATENT_SPACE_H
#define LATENT_LATENT_SPACE_H

#include <signal.h>

#include "base/rng.h"
#include "data/pictures/image.h"
#include "latent/latent_cache.h"
#include "model/autoencoder.h"

typedef struct latent_codec {
    autoencoder *vae;
    char hash[AUTOENCODER_HASH_SIZE]; /* autoencoder_hash */
    engine_spec engine;
    latent_cache *kept;               /* NULL: every picture is encoded anew */
    const volatile sig_atomic_t *stop; /* nonzero: encoding stops soon; NULL: never.  Borrowed. */
} latent_codec;
#define LATENT_CODEC_INIT {.vae = NULL}

/* Loads the weights; nothing is kept yet. */
jem_status latent_codec_open(latent_codec *out, const char *vae, const engine_spec *engine);
/* From now on latents are kept in the file (latent_cache_open). */
jem_status latent_codec_keep(latent_codec *c, const char *path, int64_t most);
void latent_codec_clear(latent_codec *c); /* LATENT_CODEC_INIT is fine */

/* mean [n][latent][h/f][w/f] <- the posterior's means of n RGB pictures of one size h x w, from
 * what was kept as far as it is there.  JEM_EINTERRUPTED: what is encoded by then is kept. */
jem_status latent_codec_encode(latent_codec *c, float *mean, const image *const *pictures,
                               int64_t n);

/* The latents of one run. */
typedef struct latent_space {
    latent_codec *codec; /* borrowed */
    double scale;        /* latent_scale: z = scale * mean */
    int64_t picture;     /* side of the pictures it was trained on */
} latent_space;

/* JEM_EDATA unless `hash` is that of the codec's autoencoder; `whose` for the message. */
jem_status latent_space_init(latent_space *out, latent_codec *codec, const char *hash,
                             double scale, int64_t picture, const char *whose);

/* z [n] latents of pictures as latent_codec_encode. */
jem_status latent_space_encode(const latent_space *s, float *z, const image *const *pictures,
                               int64_t n);
/* z <- the latent of a picture of uniform noise on [-1,1], s->picture pixels a side: where
 * chains start (the study's Figures 5 and 6). */
jem_status latent_space_encode_noise(const latent_space *s, float *z, const rng_stream *stream,
                                     uint32_t number);

/* Shape of the latents of pictures of height x width. */
shape latent_space_shape(const latent_space *s, int64_t height, int64_t width);

/* x [n,3,f h,f w] <- decoded z [n,latent,h,w]; z_size.c is `latent`.  Shows progress as `label`;
 * NULL: none.  JEM_EINTERRUPTED if codec->stop says so. */
jem_status latent_space_decode(const latent_space *s, const char *label, float *x, const float *z,
                               int64_t n, shape z_size);

/* dx [3,f h,f w] <- J_decode(z) v up to a positive factor, for one latent: how the picture
 * moves when its latent moves along v.  Exact, in forward mode; by a central difference if
 * `difference`, which reaches 1e-2 of the latent's largest value. */
jem_status latent_space_push(const latent_space *s, float *dx, const float *z, const float *v,
                             shape z_size, bool difference);

#endif
