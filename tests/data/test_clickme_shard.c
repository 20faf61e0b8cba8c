/* ClickMe shards: a record comes back, and what a record may not hold. */
#include "pictures.h"

#include "base/crc32c.h"
#include "base/file.h"
#include "data/clickme_shard.h"

/* A growing buffer, filled front to back. */
typedef struct buffer {
    size_t size;
    uint8_t data[1 << 17];
} buffer;

static void put(buffer *b, const void *data, size_t size)
{
    assert_true(b->size + size <= sizeof b->data);
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void put_varint(buffer *b, uint64_t value)
{
    for (; value >= 128; value >>= 7) put(b, &(uint8_t){(uint8_t)(value | 128)}, 1);
    put(b, &(uint8_t){(uint8_t)value}, 1);
}

/* Puts a tag and the length before what b holds from `start` on. */
static void wrap(buffer *b, size_t start, int number)
{
    buffer head = {.size = 0};
    put_varint(&head, (uint64_t)number << 3 | 2);
    put_varint(&head, b->size - start);
    assert_true(b->size + head.size <= sizeof b->data);
    memmove(b->data + start + head.size, b->data + start, b->size - start);
    memcpy(b->data + start, head.data, head.size);
    b->size += head.size;
}

static void put_feature(buffer *b, const char *key, int kind, const void *data, size_t size)
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

/* The first item of a shard with this one record. */
static jem_status read_shard(clickme_item *item, bool *more, const buffer *example)
{
    static buffer b;
    char folder[64], path[100];
    uint64_t length = example->size; /* this test runs on little-endian machines, like jem */
    uint32_t crc = crc32c_mask(crc32c(0, &length, 8));
    tfrecord_reader r = TFRECORD_READER_INIT;
    b.size = 0;
    put(&b, &length, 8);
    put(&b, &crc, 4);
    put(&b, example->data, example->size);
    crc = crc32c_mask(crc32c(0, example->data, example->size));
    put(&b, &crc, 4);
    check_tmp(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/val-0.tfrecords", folder);
    check_ok(file_write(path, b.data, b.size));
    check_ok(tfrecord_open(&r, path));
    jem_status st = clickme_next(item, &r, more);
    if (st == JEM_OK && *more) {
        clickme_item end = CLICKME_ITEM_INIT;
        bool another = true;
        check_ok(clickme_next(&end, &r, &another));
        assert_false(another);
    }
    tfrecord_close(&r);
    check_tmp_remove(folder);
    return st;
}

static void make_example(buffer *b, int side, int channels, int heat_channels, uint64_t label)
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

static void a_record_comes_back_as_picture_map_and_label(void **state)
{
    (void)state;
    static buffer b;
    clickme_item item = CLICKME_ITEM_INIT;
    image heat = IMAGE_INIT;
    bool more = false;
    make_example(&b, 256, 3, 1, 999);
    check_ok(read_shard(&item, &more, &b));
    assert_true(more && item.label == 999);
    assert_true(item.picture.height == 256 && item.picture.channels == 3);
    assert_true(item.heat.width == 256 && item.heat.channels == 1);
    bytes jpeg = jpeg_bytes(256, 256, 1);
    check_ok(image_decode(&heat, jpeg.data, jpeg.size, "map"));
    for (int i = 0; i < 256 * 256; i++)
        assert_int_equal(item.heat.pixels[i], heat.pixels[3 * i + 2]);
    free(jpeg.data);
    image_clear(&heat);
    clickme_item_clear(&item);
}

static void records_that_are_not_clickme_are_refused(void **state)
{
    (void)state;
    static buffer b;
    clickme_item item = CLICKME_ITEM_INIT;
    bool more;
    make_example(&b, 224, 3, 1, 5);
    check_fails(read_shard(&item, &more, &b), JEM_EDATA, "'image' has 224 x 224 pixels");
    make_example(&b, 256, 1, 1, 5);
    check_fails(read_shard(&item, &more, &b), JEM_EDATA, "'image' is not a JPEG with 3 channels");
    make_example(&b, 256, 3, 3, 5);
    check_fails(read_shard(&item, &more, &b), JEM_EDATA, "'heatmap' is not a JPEG with 1 channel");
    make_example(&b, 256, 3, 1, 1000);
    check_fails(read_shard(&item, &more, &b), JEM_EDATA, "record 0: label 1000, expected 0 to 999");
    make_example(&b, 256, 3, 1, UINT64_MAX);
    check_fails(read_shard(&item, &more, &b), JEM_EDATA, "label -1");
    b.size = 0;
    put_feature(&b, "image", 1, "x", 1);
    wrap(&b, 0, 1);
    check_fails(read_shard(&item, &more, &b), JEM_EDATA,
                "val-0.tfrecords: record 0: 'image' is not");
    b.size = 0;
    put_feature(&b, "label", 1, "x", 1);
    wrap(&b, 0, 1);
    check_fails(read_shard(&item, &more, &b), JEM_EDATA, "0 features named 'image'");
    assert_null(item.picture.pixels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_as_picture_map_and_label),
        cmocka_unit_test(records_that_are_not_clickme_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
