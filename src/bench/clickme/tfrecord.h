/* TFRecord files: a chain of { length, CRC of the length, bytes, CRC of the bytes }.
 *
 *   uint64  length          little endian
 *   uint32  masked CRC-32C of the 8 length bytes
 *   length bytes
 *   uint32  masked CRC-32C of them
 */
#ifndef BENCH_CLICKME_TFRECORD_H
#define BENCH_CLICKME_TFRECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

enum { TFRECORD_SIZE_MAX = 64 << 20 };

typedef struct tfrecord_reader {
    const char *path; /* borrowed */
    char *bytes;      /* the whole file */
    size_t size, at;
    int64_t record; /* number of the record last read, from 0; -1 before the first */
} tfrecord_reader;
#define TFRECORD_READER_INIT                                                                       \
    {                                                                                              \
        NULL, NULL, 0, 0, -1                                                                       \
    }

/* Reads the file, which must not be empty. */
jem_status tfrecord_open(tfrecord_reader *r, const char *path);
void tfrecord_close(tfrecord_reader *r); /* records end here; TFRECORD_READER_INIT is fine */

/* *data, *size <- the next record, borrowed until close; *more is false at the end of the
 * file.  JEM_EDATA naming file, record and offset for a wrong CRC, a record that is cut
 * short, empty, or longer than TFRECORD_SIZE_MAX. */
jem_status tfrecord_next(tfrecord_reader *r, const uint8_t **data, size_t *size, bool *more);

#endif
