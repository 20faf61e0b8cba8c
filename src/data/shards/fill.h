/* A folder of pictures into a folder of shards: decoded by threads ahead of whoever makes rows of them,
 * written shard by shard, so that a kill loses at most one shard. */
#ifndef DATA_SHARDS_FILL_H
#define DATA_SHARDS_FILL_H

#include <signal.h>

#include "data/shards/index.h"
#include "data/sources/imagenet.h"

/* What becomes of the pictures.  Rows of a shard are asked for one by one from 0. */
typedef struct shard_maker {
    void *ctx;
    /* A shard of this part begins, without rows. */
    void (*begin)(void *ctx, int part);
    /* Row `row` is of picture i of the part; planar [3,s,s] of 8 bits, of noise NULL. */
    jem_status (*take)(void *ctx, const uint8_t *planar, int64_t i, int64_t row);
    /* rows->values or rows->pixels <- all rows that were taken; borrowed until the next shard. */
    jem_status (*finish)(void *ctx, shard_rows *rows);
} shard_maker;

/* Who looks on: pictures that are done, of so many; `tell` may be NULL. */
typedef struct shard_watch {
    void (*tell)(void *ctx, int64_t done, int64_t pictures);
    void *ctx;
} shard_watch;

typedef struct shard_job {
    const char *source, *out; /* folder of the pictures; folder of the shards */
    const imagenet *images;   /* of `source` */
    shard_format format;
    image_kernel kernel;
    int64_t per_shard; /* pictures */
    int64_t noise;     /* pictures of noise, of latents; 0: what the folder may have of them is enough */
    int threads;       /* that decode */
    int64_t ahead;     /* pictures that they are ahead at most */
    bool skip_damaged; /* leave damaged pictures out instead of failing */
    const volatile sig_atomic_t *stop; /* nonzero: stop soon; NULL: never */
    shard_watch watch; /* told after every picture */
    shard_maker maker;
} shard_job;

/* Makes what is still to be done; beginning, going on and having finished are one call, and however
 * often it was stopped, the folder ends with the same bytes.
 * *index <- the folder's, owned (shard_index_clear).
 * JEM_EUSAGE if the folder holds shards of other pictures or settings, or another process is writing into
 * it; JEM_EDATA names a damaged picture, or a finished shard that is gone; JEM_EIO if the disk has no room for what is left; JEM_EINTERRUPTED:
 * what is finished is safe, the same call goes on. */
jem_status shard_fill(shard_index *index, const shard_job *j);

/* JEM_EINTERRUPTED if the job is to stop. */
jem_status shard_check_stop(const volatile sig_atomic_t *stop);

#endif
