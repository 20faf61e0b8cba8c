/* Shards of ClickMe.  The checksums are made right (fuzz_tfrecord has wrong ones), and
 * pictures are not decoded (fuzz_jpeg does): the first byte says what decoding ends with,
 *   p  the picture that ClickMe has    s  a smaller one    d  a refusal */
#include <string.h>

#include "base/mem.h"
#include "bench/clickme/shard.h"
#include "data/pictures/codec.h"
#include "fuzz.h"
#include "tfrecord.h"

#define PATH "fuzz.tfrecords"

jem_status __wrap_image_decode(image *out, const uint8_t *data, size_t size, const char *name);

static int64_t side; /* of the pictures, 0 for a refusal */

jem_status __wrap_image_decode(image *out, const uint8_t *data, size_t size, const char *name)
{
    fuzz_touch(data, size);
    if (side == 0) return jem_error(JEM_EDATA, "%s: damaged", name);
    return image_init(out, side, side, 3);
}

static void read_items(void)
{
    tfrecord_reader r = TFRECORD_READER_INIT;
    clickme_item item = CLICKME_ITEM_INIT;
    bool more = true;

    if (fuzz_refused(tfrecord_open(&r, PATH), PATH)) return;
    while (!fuzz_refused(clickme_next(&item, &r, &more), PATH) && more) {
        fuzz_expect(item.picture.channels == 3 && item.heat.channels == 1);
        fuzz_expect(item.label >= 0 && item.label < 1000);
    }
    clickme_item_clear(&item);
    tfrecord_close(&r);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    uint8_t *copy = NULL;

    if (size == 0 || !strchr("psd", data[0]) || MEM_NEW(copy, size) != JEM_OK) return;
    side = data[0] == 'p' ? 256 : data[0] == 's' ? 8 : 0;
    memcpy(copy, data + 1, size - 1);
    tfrecord_seal(copy, size - 1);
    fuzz_file(PATH, copy, size - 1);
    read_items();
    mem_free(copy);
}
