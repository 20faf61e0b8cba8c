/* ClickMe shards: a record comes back, and what a record may not hold. */
#include "clickme_maker.h"

#include "base/file.h"
#include "bench/clickme/shard.h"

/* The first item of a shard with this one record. */
static jem_status read_shard(clickme_item *item, bool *more, const buffer *example)
{
    static buffer b;
    char folder[64], path[100];
    tfrecord_reader r = TFRECORD_READER_INIT;
    b.size = 0;
    put_record(&b, example);
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
