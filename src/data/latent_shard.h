/* Files of latents: pictures encoded once, so that training needs no autoencoder.
 *
 * A shard is a safetensors file with a checksum (safetensors.h) and three tensors:
 *
 *   latents  [n,o,c,h,w]  F16 or F32: latent_scale times the posterior's mean; o = 1, or 2 with
 *                         the mirrored picture's latent behind that of the picture
 *   labels   [n]          I32
 *   images   [n]          I32: numbers in the list that was encoded, ascending; those of
 *                         damaged pictures are left out
 *
 * and metadata jem.vae, jem.latent_scale, jem.picture. */
#ifndef DATA_LATENT_SHARD_H
#define DATA_LATENT_SHARD_H

#include <stdbool.h>

#include "jem/tensor.h"
#include "tensor/safetensors.h"

enum { LATENT_VAE_SIZE = 33, LATENT_CHECKSUM_SIZE = 33 };

/* What all shards of a set have in common. */
typedef struct latent_format {
    char vae[LATENT_VAE_SIZE]; /* the autoencoder's hash, 32 hexadecimal digits */
    double scale;              /* latent_scale */
    int64_t picture;           /* side of the pictures in pixels */
    int64_t channels, height, width;
    bool flip;                 /* mirrored pictures are there as well */
    jem_dtype dtype;           /* JEM_F16 or JEM_F32 */
} latent_format;

int64_t latent_values(const latent_format *f); /* c * h * w */

/* Rows to be written, borrowed. */
typedef struct latent_rows {
    int64_t n;
    const float *values; /* [n,o,c,h,w] */
    const int32_t *labels, *images;
} latent_rows;

/* Writes a shard atomically; its checksum goes to `checksum`.  JEM_EDATA if a value is not
 * finite, or too large for F16. */
jem_status latent_shard_write(const char *path, const latent_format *f, const latent_rows *rows,
                              char checksum[LATENT_CHECKSUM_SIZE]);

typedef struct latent_shard {
    safetensors *file;
    int64_t n;
    const void *values; /* mapped; [n,o,c,h,w] */
    const int32_t *labels, *images;
} latent_shard;
#define LATENT_SHARD_INIT {NULL, 0, NULL, NULL, NULL}

/* Maps a shard and verifies all of it.  JEM_EDATA if it is damaged, is not the one with this
 * checksum, or has another format than `f`. */
jem_status latent_shard_map(latent_shard *out, const char *path, const latent_format *f,
                            const char *checksum);
void latent_shard_clear(latent_shard *s);

#endif
