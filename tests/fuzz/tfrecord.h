/* TFRecords for a fuzz target, which no mutation would give the right checksums. */
#ifndef FUZZ_TFRECORD_H
#define FUZZ_TFRECORD_H

#include <string.h>

#include "base/crc32c.h"

static inline void tfrecord_put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

/* Writes the checksums into data[0..size) for the records that it claims to hold. */
static inline void tfrecord_seal(uint8_t *data, size_t size)
{
    for (size_t at = 0; size - at >= 12;) {
        uint64_t length = 0;
        for (int i = 7; i >= 0; i--) length = length << 8 | data[at + (size_t)i];
        tfrecord_put32(data + at + 8, crc32c_mask(crc32c(0, data + at, 8)));
        if (length > size - at - 12 || size - at - 12 - length < 4) return;
        at += 12 + (size_t)length;
        tfrecord_put32(data + at, crc32c_mask(crc32c(0, data + at - length, (size_t)length)));
        at += 4;
    }
}

#endif
