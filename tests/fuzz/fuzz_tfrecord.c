/* TFRecord files.  The first byte says how the checksums are:
 *   x  as they come        o  made right, so that whatever they guard is read too */
#include <string.h>

#include "base/mem.h"
#include "bench/clickme/tfrecord.h"
#include "fuzz.h"
#include "tfrecord.h"

#define PATH "fuzz.tfrecord"

static void read_records(size_t size)
{
    tfrecord_reader r = TFRECORD_READER_INIT;
    const uint8_t *record;
    size_t length, total = 0;
    bool more = true;

    if (fuzz_refused(tfrecord_open(&r, PATH), PATH)) {
        fuzz_expect(!r.bytes);
        return;
    }
    while (!fuzz_refused(tfrecord_next(&r, &record, &length, &more), PATH) && more) {
        fuzz_expect(length > 0);
        fuzz_touch(record, length);
        total += length;
    }
    fuzz_expect(total < size);
    tfrecord_close(&r);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    uint8_t *copy = NULL;

    if (size == 0 || (data[0] != 'x' && data[0] != 'o')) return;
    if (MEM_NEW(copy, size) != JEM_OK) return;
    memcpy(copy, data + 1, size - 1);
    if (data[0] == 'o') tfrecord_seal(copy, size - 1);
    fuzz_file(PATH, copy, size - 1);
    read_records(size);
    mem_free(copy);
}
