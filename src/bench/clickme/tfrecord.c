/* TFRecord framing: lengths and checksums are checked before a record is handed out. */
#include "bench/clickme/tfrecord.h"

#include "base/crc32c.h"
#include "base/file.h"
#include "base/mem.h"

enum { HEAD = 12, TAIL = 4 };

static uint64_t little_endian(const uint8_t *p, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--) value = value << 8 | p[i];
    return value;
}

jem_status tfrecord_open(tfrecord_reader *r, const char *path)
{
    tfrecord_reader opened = TFRECORD_READER_INIT;
    opened.path = path;
    jem_status st = file_read(&opened.bytes, &opened.size, path, 0);
    if (st != JEM_OK) return st;
    if (opened.size == 0) {
        tfrecord_close(&opened);
        return jem_error(JEM_EDATA, "%s: empty; expected TFRecords: fetch the file again", path);
    }
    *r = opened;
    return JEM_OK;
}

void tfrecord_close(tfrecord_reader *r)
{
    mem_free(r->bytes);
    *r = (tfrecord_reader)TFRECORD_READER_INIT;
}

static jem_status damaged(const tfrecord_reader *r, const char *what)
{
    return jem_error(JEM_EDATA, "%s: record %lld at byte %zu %s: fetch the file again", r->path,
                     (long long)(r->record + 1), r->at, what);
}

jem_status tfrecord_next(tfrecord_reader *r, const uint8_t **data, size_t *size, bool *more)
{
    const uint8_t *head = (const uint8_t *)r->bytes + r->at;
    size_t left = r->size - r->at;

    if (left == 0) {
        *more = false;
        return JEM_OK;
    }
    if (left < HEAD) return damaged(r, "is cut short in its head");
    uint64_t length = little_endian(head, 8);
    if (crc32c_mask(crc32c(0, head, 8)) != little_endian(head + 8, 4))
        return damaged(r, "has a wrong checksum of its length");
    if (length == 0 || length > TFRECORD_SIZE_MAX)
        return jem_error(
            JEM_EDATA, "%s: record %lld at byte %zu holds %llu bytes; expected 1 to %d", r->path,
            (long long)(r->record + 1), r->at, (unsigned long long)length, TFRECORD_SIZE_MAX);
    if (left - HEAD < length || left - HEAD - length < TAIL) return damaged(r, "is cut short");
    if (crc32c_mask(crc32c(0, head + HEAD, (size_t)length)) !=
        little_endian(head + HEAD + length, TAIL))
        return damaged(r, "has a wrong checksum");
    *data = head + HEAD;
    *size = (size_t)length;
    *more = true;
    r->at += HEAD + (size_t)length + TAIL;
    r->record++;
    return JEM_OK;
}
