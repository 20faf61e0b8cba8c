/* Records and shards of ClickMe, whole and spoilt, for the tests. */
#ifndef TESTS_BENCH_CLICKME_MAKER_H
#define TESTS_BENCH_CLICKME_MAKER_H

#include "data/pictures.h"

#include "base/crc32c.h"

/* A growing buffer, filled front to back. */
typedef struct buffer {
    size_t size;
    uint8_t data[1 << 17];
} buffer;

static inline void put(buffer *b, const void *data, size_t size)
{
    assert_true(b->size + size <= sizeof b->data);
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static inline void put_varint(buffer *b, uint64_t value)
{
    for (; value >= 128; value >>= 7) put(b, &(uint8_t){(uint8_t)(value | 128)}, 1);
    put(b, &(uint8_t){(uint8_t)value}, 1);
}

/* Puts a tag and the length before what b holds from `start` on. */
static inline void wrap(buffer *b, size_t start, int number)
{
    buffer head = {.size = 0};
    put_varint(&head, (uint64_t)number << 3 | 2);
    put_varint(&head, b->size - start);
    assert_true(b->size + head.size <= sizeof b->data);
    memmove(b->data + start + head.size, b->data + start, b->size - start);
    memcpy(b->data + start, head.data, head.size);
    b->size += head.size;
}

static inline void put_feature(buffer *b, const char *key, int kind, const void *data, size_t size)
{
    size_t start = b->size;
    put(b, key, strlen(key));
    wrap(b, start, 1);
    size_t value = b->size;
    put(b, data, size);
    wrap(b, value, 1);    /* the value in its list */
    wrap(b, value, kind); /* the list in the feature */
    wrap(b, value, 2);    /* the feature in the entry */
    wrap(b, start, 1);    /* the entry in the features */
}

/* A record with JPEGs of these sizes. */
static inline void make_example(buffer *b, int side, int channels, int heat_channels, uint64_t label)
{
    bytes picture = jpeg_bytes(side, side, channels), heat = jpeg_bytes(256, 256, heat_channels);
    buffer number = {.size = 0};
    put_varint(&number, label);
    b->size = 0;
    put_feature(b, "label", 3, number.data, number.size);
    put_feature(b, "heatmap", 1, heat.data, heat.size);
    put_feature(b, "image", 1, picture.data, picture.size);
    wrap(b, 0, 1);
    free(picture.data);
    free(heat.data);
}

/* Appends a record as TFRecord frames it. */
static inline void put_record(buffer *b, const buffer *example)
{
    uint64_t length = example->size; /* these tests run on little-endian machines, like jem */
    uint32_t crc = crc32c_mask(crc32c(0, &length, 8));
    put(b, &length, 8);
    put(b, &crc, 4);
    put(b, example->data, example->size);
    crc = crc32c_mask(crc32c(0, example->data, example->size));
    put(b, &crc, 4);
}

#endif
