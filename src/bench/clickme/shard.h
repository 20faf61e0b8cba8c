/* One shard of ClickMe as Fel et al. (2022) packaged it: TFRecords of tf.train.Example with
 * `image` and `heatmap` (JPEG, 256 x 256, three channels and one) and `label` (0 .. 999). */
#ifndef BENCH_CLICKME_SHARD_H
#define BENCH_CLICKME_SHARD_H

#include "bench/clickme/tfrecord.h"
#include "data/pictures/image.h"

typedef struct clickme_item {
    image picture; /* 256 x 256 RGB */
    image heat;    /* 256 x 256, one channel */
    int64_t label; /* ImageNet class */
} clickme_item;
#define CLICKME_ITEM_INIT                                                                          \
    {                                                                                              \
        IMAGE_INIT, IMAGE_INIT, 0                                                                  \
    }

/* *item <- the next record of an open shard, in place of what it held; *more is false at
 * the end.  JEM_EDATA naming file and record for whatever is missing, of another type,
 * size or number of channels, or does not decode; the item is then empty. */
jem_status clickme_next(clickme_item *item, tfrecord_reader *r, bool *more);
void clickme_item_clear(clickme_item *item); /* CLICKME_ITEM_INIT is fine */

#endif
