/* What a benchmark's check says of its data: part by part, and in lines for people. */
#ifndef BENCH_DATA_PART_H
#define BENCH_DATA_PART_H

#include <stdint.h>

#include "jem/status.h"

/* How a part of a benchmark's data stands. */
typedef enum bench_state {
    BENCH_WHOLE,
    BENCH_UNPUBLISHED, /* it can be used; its numbers are not the published ones */
    BENCH_MISSING,
    BENCH_DAMAGED      /* it is there and cannot be used */
} bench_state;

/* What a check finds of a part: an image set, a file. */
typedef struct bench_part {
    const char *name;                  /* "colour", "2afc/cnn" */
    bench_state state;
    int64_t images, published_images;  /* (triplets, pairs) there, and as published; 0: none, of no known number */
    int64_t people, published_people;  /* whose answers are told apart */
    int64_t bad;                       /* images that cannot be scored */
    const char *line;                  /* the same for people; "" */
} bench_part;

/* Where a check says what it finds: parts, and lines beside them.  Nothing is kept of the arguments. */
typedef struct bench_finder {
    jem_status (*part)(void *ctx, const bench_part *part);
    void (*remark)(void *ctx, const char *line);
    void *ctx;
} bench_finder;

#endif
