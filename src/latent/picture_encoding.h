/* A folder of pictures into shards of latents by an autoencoder: what jem data encode does. */
#ifndef LATENT_PICTURE_ENCODING_H
#define LATENT_PICTURE_ENCODING_H

#include "data/shards/encode.h"
#include "model/autoencoder.h"

typedef struct picture_encoding {
    const char *folder;  /* of ImageNet's layout (imagenet.h), or of classes */
    const char *labels;  /* of its validation pictures; NULL: looked for */
    const char *out;     /* folder of the latents */
    autoencoder *vae;    /* borrowed */
    int64_t side;        /* that pictures are resized to: a multiple of the autoencoder's factor, up to
                            PICTURE_ENCODING_SIDE */
    image_kernel kernel; /* how */
    double scale;        /* factor of the latents; NaN: the autoencoder's */
    jem_dtype dtype;     /* JEM_F16 or JEM_F32, as they are stored */
    bool flip;           /* mirrored pictures, too */
    bool skip_damaged;   /* leave damaged pictures out instead of failing */
    int64_t batch;       /* pictures at once; 0: as fit */
    int64_t per_shard, noise;          /* as of a latent_job */
    const volatile sig_atomic_t *stop; /* as of a latent_job */
    shard_watch watch;
} picture_encoding;
enum { PICTURE_ENCODING_SIDE = 16384 };

/* *index <- the folder's, owned (shard_index_clear).  Fails as latent_encode; JEM_EUSAGE for a side that the autoencoder
 * does not take. */
jem_status pictures_encode(shard_index *index, const picture_encoding *q);

#endif
