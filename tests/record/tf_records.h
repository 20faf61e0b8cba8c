/* The TFRecords of a file, CRCs checked. */
#ifndef RECORD_TF_RECORDS_H
#define RECORD_TF_RECORDS_H

#include "support/check.h"

#include "base/crc32c.h"
#include "base/file.h"
#include "base/mem.h"

enum { TF_RECORDS_MAX = 64 };

typedef struct tf_records {
    char *file;
    size_t size;
    int count;
    const uint8_t *data[TF_RECORDS_MAX];
    size_t length[TF_RECORDS_MAX];
} tf_records;

static inline uint64_t tf_number(const uint8_t *p, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes; i-- > 0;) v = v << 8 | p[i];
    return v;
}

static inline void tf_records_read(tf_records *r, const char *path)
{
    *r = (tf_records){0};
    check_ok(file_read(&r->file, &r->size, path, 0));
    const uint8_t *p = (const uint8_t *)r->file, *end = p + r->size;
    while (p < end) {
        assert_true(end - p >= 16 && r->count < TF_RECORDS_MAX);
        size_t n = (size_t)tf_number(p, 8);
        assert_int_equal(crc32c_unmask((uint32_t)tf_number(p + 8, 4)), crc32c(0, p, 8));
        assert_true(n <= (size_t)(end - p) - 16);
        assert_int_equal(crc32c_unmask((uint32_t)tf_number(p + 12 + n, 4)), crc32c(0, p + 12, n));
        r->data[r->count] = p + 12;
        r->length[r->count++] = n;
        p += n + 16;
    }
}

/* Record i is an event (its time aside) with these bytes. */
static inline void tf_records_equal(const tf_records *r, int i, const void *bytes, size_t size)
{
    assert_true(i < r->count);
    assert_int_equal(r->data[i][0], 0x09); /* wall_time, a double */
    assert_int_equal(r->length[i], 9 + size);
    assert_memory_equal(r->data[i] + 9, bytes, size);
}

#endif
