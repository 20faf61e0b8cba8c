/* Records of a ClickMe shard, decoded and checked one at a time: see shard.h. */
#include "bench/clickme/shard.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/clickme/tf_example.h"
#include "bench/map_prepare.h"
#include "data/pictures/codec.h"

enum { CLASSES = 1000 };

/* Channels that a JPEG's frame header promises; 0 if there is none.  Decoding turns
 * all pictures to RGB, after which a grey map cannot be told from a coloured one. */
static int jpeg_channels(const uint8_t *b, size_t size)
{
    size_t at = 2; /* after the start marker */
    while (at + 10 <= size && b[at] == 0xff) {
        int marker = b[at + 1];
        bool frame =
            marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame) return b[at + 9];
        if (marker == 0xff) {
            at++; /* a fill byte */
            continue;
        }
        at += 2 + ((size_t)b[at + 2] << 8 | b[at + 3]);
    }
    return 0;
}

/* *out <- the JPEG of feature `key`, which must have `channels`. */
static jem_status read_picture(image *out, const uint8_t *record, size_t record_size,
                               const char *key, int channels, const char *name)
{
    const uint8_t *jpeg;
    size_t size;
    jem_status st = tf_example_bytes(&jpeg, &size, record, record_size, key, name);
    if (st != JEM_OK) return st;
    if (!image_is_jpeg(jpeg, size) || jpeg_channels(jpeg, size) != channels)
        return jem_error(JEM_EDATA, "%s: '%s' is not a JPEG with %d channel%s", name, key, channels,
                         channels == 1 ? "" : "s");
    st = image_decode(out, jpeg, size, name);
    if (st != JEM_OK) return jem_error_context(st, "'%s'", key);
    if (out->height == CLICKME_SIDE_IN && out->width == CLICKME_SIDE_IN) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: '%s' has %lld x %lld pixels, expected %d x %d", name, key,
                     (long long)out->width, (long long)out->height, CLICKME_SIDE_IN,
                     CLICKME_SIDE_IN);
}

/* Keeps the first of the three equal channels. */
static jem_status to_grey(image *m)
{
    image grey = IMAGE_INIT;
    jem_status st = image_init(&grey, m->height, m->width, 1);
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < m->height * m->width; i++) grey.pixels[i] = m->pixels[3 * i];
    image_clear(m);
    *m = grey;
    return JEM_OK;
}

jem_status clickme_next(clickme_item *item, tfrecord_reader *r, bool *more)
{
    jem_status st;
    clickme_item next = CLICKME_ITEM_INIT;
    const uint8_t *record;
    size_t size;
    char *name = NULL;

    clickme_item_clear(item);
    TRY(tfrecord_next(r, &record, &size, more));
    if (!*more) goto done;
    TRY(str_format(&name, "%s: record %lld", r->path, (long long)r->record));
    TRY(read_picture(&next.picture, record, size, "image", 3, name));
    TRY(read_picture(&next.heat, record, size, "heatmap", 1, name));
    TRY(to_grey(&next.heat));
    TRY(tf_example_int64(&next.label, record, size, "label", name));
    if (next.label < 0 || next.label >= CLASSES) {
        st = jem_error(JEM_EDATA, "%s: label %lld, expected 0 to %d", name, (long long)next.label,
                       CLASSES - 1);
        goto done;
    }
    *item = next;
    next = (clickme_item)CLICKME_ITEM_INIT;
done:
    mem_free(name);
    clickme_item_clear(&next);
    return st;
}

void clickme_item_clear(clickme_item *item)
{
    image_clear(&item->picture);
    image_clear(&item->heat);
    *item = (clickme_item)CLICKME_ITEM_INIT;
}
