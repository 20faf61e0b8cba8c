/* ClickMe's validation images with the maps of where people painted what matters, one by
 * one, prepared for comparison.  A folder holds either
 *
 *   val-0.tfrecords ... val-16.tfrecords   as Fel et al. (2022) packaged them: maps are
 *                                          prepared here (bench/map_prepare.h)
 * or maps that are prepared already:
 *   maps-224.npy    [n][224][224]
 *   images-224.npy  uint8 [n][224][224][3]
 *   index.tsv       [n] lines with the columns name and source */
#ifndef BENCH_CLICKME_DATA_H
#define BENCH_CLICKME_DATA_H

#include <stdbool.h>

#include "bench/clickme/index.h"
#include "bench/clickme/shard.h"
#include "bench/map_prepare.h"
#include "jem/tensor.h"

enum { CLICKME_SHARDS = 17, CLICKME_PIXELS = CLICKME_SIDE * CLICKME_SIDE };

typedef struct clickme_image {
    char name[96];   /* "val-3/17": shard and record; or as the index says */
    char source[48]; /* "val", or as the index says */
    int64_t label;   /* ImageNet class; -1: unknown */
    image picture;   /* 224 x 224 RGB; rounded to 8 bits where it was resized */
    double map[CLICKME_PIXELS]; /* a float copy would make and break ties */
} clickme_image;

typedef struct clickme_reader {
    char *folder;
    int64_t at;             /* images read */
    bool arrays;            /* the second form */
    int64_t shard, shards;
    bool open;              /* file is in use */
    char *path;             /* of the shard that is read */
    tfrecord_reader file;
    clickme_item item;
    jem_tensor pictures, maps; /* U8; F64 where the file has it, else F32 */
    clickme_index index;
} clickme_reader;
#define CLICKME_READER_INIT                                                                        \
    {                                                                                              \
        NULL, 0, false, 0, 0, false, NULL, TFRECORD_READER_INIT, CLICKME_ITEM_INIT,                \
            JEM_TENSOR_INIT, JEM_TENSOR_INIT, CLICKME_INDEX_INIT                                           \
    }

/* JEM_EDATA if the folder has neither form, lacks one of the first `shards` shards, or holds
 * arrays that do not fit each other. */
jem_status clickme_data_open(clickme_reader *r, const char *folder, int64_t shards);
/* *m (zeroed at first, cleared by the caller) <- the next image in place of what it held;
 * *more is false at the end.  JEM_EDATA names file and record. */
jem_status clickme_data_next(clickme_image *m, clickme_reader *r, bool *more);
void clickme_data_close(clickme_reader *r); /* CLICKME_READER_INIT is fine; images stay */

#endif
