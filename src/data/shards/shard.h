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
#ifndef DATA_SHARDS_SHARD_H
#define DATA_SHARDS_SHARD_H

#include <stdbool.h>

#include "jem/tensor.h"
#include "tensor/safetensors.h"

enum { SHARD_VAE_SIZE = 33, SHARD_CHECKSUM_SIZE = 33 };

/* What all shards of a set have in common. */
typedef struct shard_format {
    char vae[SHARD_VAE_SIZE]; /* the autoencoder's hash, 32 hexadecimal digits */
    double scale;              /* latent_scale */
    int64_t picture;           /* side of the pictures in pixels */
    int64_t channels, height, width;
    bool flip;                 /* mirrored pictures are there as well */
    jem_dtype dtype;           /* JEM_F16 or JEM_F32 */
} shard_format;

int64_t shard_values(const shard_format *f); /* c * h * w */

/* Rows to be written, borrowed. */
typedef struct shard_rows {
    int64_t n;
    const float *values; /* [n,o,c,h,w] */
    const int32_t *labels, *images;
} shard_rows;

/* Writes a shard atomically; its checksum goes to `checksum`.  JEM_EDATA if a value is not
 * finite, or too large for F16. */
jem_status shard_file_write(const char *path, const shard_format *f, const shard_rows *rows,
                              char checksum[SHARD_CHECKSUM_SIZE]);

/* A shard to be read latent by latent: each is compared with what it was when all of the shard
 * was verified, so that a file that changes meanwhile is an error and never other numbers. */
typedef struct shard_file {
    char *path;
    int fd;            /* -1: opened for each latent */
    int64_t n, place;  /* rows; byte of the file where the latents begin */
    int64_t bytes;     /* of a latent */
    uint64_t *hashes;  /* [n,o]: XXH3-64 of the latents */
    int32_t *labels;   /* [n] */
} shard_file;
#define SHARD_FILE_INIT {.path = NULL, .fd = -1}

/* Verifies all of a shard, and keeps the file open if `keep`.  JEM_EDATA if it is damaged, is not
 * the one with this checksum, or has another format than `f`. */
jem_status shard_file_open(shard_file *out, const char *path, const shard_format *f,
                             const char *checksum, bool keep);
void shard_file_clear(shard_file *s); /* SHARD_FILE_INIT is fine */

/* dst [bytes] <- latent i of the n * o.  JEM_EDATA if the file was cut short, changed or removed since
 * the shard was opened, JEM_EIO if it cannot be read; `dst` is then undefined.  Safe on several threads. */
jem_status shard_file_read(const shard_file *s, int64_t i, void *dst);

#endif
