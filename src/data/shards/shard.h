/* Files of rows made of pictures once, so that training needs neither decoders nor an autoencoder:
 * latents, or the pictures themselves.
 *
 * A shard is a safetensors file with a checksum (safetensors.h) and these tensors:
 *
 *   latents   [n,o,c,h,w]  F16 or F32: latent_scale times the posterior's mean; o = 1, or 2 with
 *                          the mirrored picture's latent behind that of the picture
 *   pictures  [n,c,h,w]    U8, instead of latents
 *   labels    [n]          I32
 *   images    [n]          I32: numbers in the list of pictures, ascending; those of damaged ones
 *                          are left out
 *   hashes    [n]          I64, with pictures: XXH3-64 of each
 *
 * and metadata: jem.picture; with latents jem.vae and jem.latent_scale; with pictures jem.resize and
 * jem.rows, the XXH3-128 of labels, images and hashes one behind the other. */
#ifndef DATA_SHARDS_SHARD_H
#define DATA_SHARDS_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "data/pictures/image_kernel.h"
#include "jem/tensor.h"
#include "tensor/safetensors.h"

enum { SHARD_VAE_SIZE = 33, SHARD_CHECKSUM_SIZE = 33 };

typedef enum shard_kind { SHARD_LATENTS, SHARD_PICTURES, SHARD_KINDS } shard_kind;

/* What all shards of a set have in common. */
typedef struct shard_format {
    shard_kind kind;
    int64_t picture;                 /* side of the pictures in pixels */
    int64_t channels, height, width; /* of a row */
    jem_dtype dtype;                 /* of latents JEM_F16 or JEM_F32; of pictures JEM_U8 */
    /* Of latents. */
    char vae[SHARD_VAE_SIZE];        /* the autoencoder's hash, 32 hexadecimal digits */
    double scale;                    /* latent_scale */
    bool flip;                       /* mirrored pictures are there as well */
    /* Of pictures. */
    image_kernel resize;
} shard_format;

int64_t shard_values(const shard_format *f);    /* c * h * w */
int64_t shard_row_bytes(const shard_format *f); /* in the file, with the mirrored picture's latent */

/* How files and messages call what a set holds. */
typedef struct shard_words {
    const char *format;   /* of index.json: "jem latents 1" */
    const char *rows, *row; /* "latents", also the tensor; "latent" */
    const char *verb, *done; /* "encode", "encoded" */
    const char *command;  /* that writes them: "jem data encode" */
    const char *kind;     /* of data (data.kind) that reads them: "latents" */
} shard_words;
const shard_words *shard_words_of(shard_kind kind);

/* Rows to be written, borrowed. */
typedef struct shard_rows {
    int64_t n;
    const float *values;   /* latents [n,o,c,h,w] */
    const uint8_t *pixels; /* or pictures [n,c,h,w] */
    const int32_t *labels, *images;
} shard_rows;

/* Writes a shard atomically; its checksum goes to `checksum`.  JEM_EDATA if a latent is not
 * finite, or too large for F16. */
jem_status shard_file_write(const char *path, const shard_format *f, const shard_rows *rows,
                            char checksum[SHARD_CHECKSUM_SIZE]);

/* A shard to be read row by row: each is compared with what it was when it was written (pictures), or
 * when all of the shard was verified (latents), so that a damaged file is an error and never other
 * numbers. */
typedef struct shard_file {
    char *path;
    shard_kind kind;
    int fd;            /* -1: opened for each row */
    int64_t n, place;  /* rows; byte of the file where they begin */
    int64_t bytes;     /* of a latent or picture */
    uint64_t *hashes;  /* [n,o]: XXH3-64 of them */
    int32_t *labels;   /* [n] */
} shard_file;
#define SHARD_FILE_INIT {.path = NULL, .fd = -1}

/* Opens a shard, and keeps the file open if `keep`.  Of latents all is read and verified; of pictures,
 * which are many times as large, all but the pictures.  JEM_EDATA if it is damaged, is not the one with
 * this checksum, or has another format than `f`. */
jem_status shard_file_open(shard_file *out, const char *path, const shard_format *f,
                           const char *checksum, bool keep);
void shard_file_clear(shard_file *s); /* SHARD_FILE_INIT is fine */

/* Reads all of a file: JEM_EDATA unless it is whole and the one with this checksum. */
jem_status shard_file_verify(const char *path, const char *checksum);

/* dst [bytes] <- latent or picture i of the n * o.  JEM_EDATA if the file is damaged there, was cut
 * short, changed or removed since the shard was opened, JEM_EIO if it cannot be read; `dst` is then
 * undefined.  Safe on several threads. */
jem_status shard_file_read(const shard_file *s, int64_t i, void *dst);

#endif
