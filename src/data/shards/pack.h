/* Pictures into shards of pictures of one size, 8 bits a channel: what jem data pack does. */
#ifndef DATA_SHARDS_PACK_H
#define DATA_SHARDS_PACK_H

#include "data/shards/fill.h"

enum { PACK_SIDE_LEAST = 8, PACK_SIDE_MOST = 4096, PACK_SHARD_MOST = 1 << 20 };

typedef struct picture_packing {
    const char *folder;  /* of ImageNet's layout (imagenet.h), or of classes */
    const char *labels;  /* of its validation pictures; NULL: looked for */
    const char *out;     /* folder of the shards */
    int64_t side;        /* of the packed pictures, PACK_SIDE_LEAST to PACK_SIDE_MOST: shorter side resized
                            to it, then the central square */
    image_kernel kernel; /* how */
    bool skip_damaged;   /* leave damaged pictures out instead of failing */
    int64_t per_shard;   /* pictures of a file, up to PACK_SHARD_MOST; 0: as many as 128 MiB hold */
    int64_t threads;     /* that decode; 0: one per processor.  They change no bit */
    const volatile sig_atomic_t *stop; /* nonzero: stop soon; NULL: never */
    shard_watch watch;
} picture_packing;

/* *index <- the folder's, owned (shard_index_clear).  Fails as shard_fill; JEM_EUSAGE for a number out of
 * range.  One class is packed with a warning: it is enough for alpha = 1. */
jem_status pictures_pack(shard_index *index, const picture_packing *q);

#endif
