/* TFRecord framing and tf.train.Example, well formed and hostile. */
#include "base/crc32c.h"
#include "base/file.h"
#include "bench/clickme/tf_example.h"
#include "bench/clickme/tfrecord.h"
#include "support/check.h"

typedef struct bytes {
    size_t size;
    uint8_t data[4096];
} bytes;

static void put(bytes *b, const void *data, size_t size)
{
    assert_true(b->size + size <= sizeof b->data);
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

static void put_byte(bytes *b, int value)
{
    uint8_t byte = (uint8_t)value;
    put(b, &byte, 1);
}

static void put_little(bytes *b, uint64_t value, int size)
{
    for (int i = 0; i < size; i++) put_byte(b, (int)(value >> 8 * i & 0xff));
}

static void put_record(bytes *b, const void *data, size_t size)
{
    size_t head = b->size;
    put_little(b, size, 8);
    put_little(b, crc32c_mask(crc32c(0, b->data + head, 8)), 4);
    put(b, data, size);
    put_little(b, crc32c_mask(crc32c(0, data, size)), 4);
}

/* A field of a protobuf message: tag, length, bytes. */
static void put_span(bytes *b, int number, const void *data, size_t size)
{
    assert_true(size < 128);
    put_byte(b, number << 3 | 2);
    put_byte(b, (int)size);
    put(b, data, size);
}

static void put_feature(bytes *example, const char *key, const void *feature, size_t size)
{
    bytes entry = {0}, features = {0};
    put_span(&entry, 1, key, strlen(key));
    put_span(&entry, 2, feature, size);
    put_span(&features, 1, entry.data, entry.size);
    put_span(example, 1, features.data, features.size);
}

/* Writes b to a file and reads its first record. */
static jem_status first_record(const bytes *b, const char *text)
{
    char folder[64], path[100];
    const uint8_t *data;
    size_t size;
    bool more;
    tfrecord_reader r = TFRECORD_READER_INIT;
    check_tmp(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/a.tfrecords", folder);
    check_ok(file_write(path, b->data, b->size));
    jem_status st = tfrecord_open(&r, path);
    if (st == JEM_OK) st = tfrecord_next(&r, &data, &size, &more);
    if (st != JEM_OK && !strstr(jem_error_message(), text))
        fail_msg("message '%s' lacks '%s'", jem_error_message(), text);
    if (st == JEM_OK) assert_int_equal(r.record, 0);
    tfrecord_close(&r);
    check_tmp_remove(folder);
    return st;
}

static void lengths_have_the_checksum_that_tensorflow_writes(void **state)
{
    (void)state;
    /* the first record of every TensorBoard event file: 24 bytes */
    const uint8_t head[] = {0x18, 0, 0, 0, 0, 0, 0, 0, 0xa3, 0x7f, 0x4b, 0x22};
    bytes b = {0};
    put_record(&b, "123456789012345678901234", 24);
    assert_memory_equal(b.data, head, sizeof head);
}

static void records_come_back_in_order(void **state)
{
    (void)state;
    char folder[64], path[100];
    bytes b = {0};
    const uint8_t *data;
    size_t size;
    bool more = false;
    tfrecord_reader r = TFRECORD_READER_INIT;
    put_record(&b, "one", 3);
    put_record(&b, "second", 6);
    check_tmp(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/a.tfrecords", folder);
    check_ok(file_write(path, b.data, b.size));
    check_ok(tfrecord_open(&r, path));
    check_ok(tfrecord_next(&r, &data, &size, &more));
    assert_true(more && size == 3 && memcmp(data, "one", 3) == 0);
    check_ok(tfrecord_next(&r, &data, &size, &more));
    assert_true(more && size == 6 && r.record == 1);
    check_ok(tfrecord_next(&r, &data, &size, &more));
    assert_false(more);
    tfrecord_close(&r);
    check_tmp_remove(folder);
}

static void damaged_records_are_refused(void **state)
{
    (void)state;
    bytes good = {0}, b = {0};
    put_record(&good, "abc", 3);
    for (size_t cut = 0; cut < good.size; cut++) { /* every truncation */
        b = good;
        b.size = cut;
        assert_int_equal(first_record(&b, cut ? "cut short" : "empty"), JEM_EDATA);
    }
    for (size_t i = 0; i < good.size; i++) { /* every byte changed */
        b = good;
        b.data[i] ^= 0x40;
        assert_int_equal(first_record(&b, "wrong checksum"), JEM_EDATA);
    }
    const uint64_t lengths[] = {0, (64 << 20) + 1, (uint64_t)1 << 62, UINT64_MAX};
    for (int i = 0; i < 4; i++) {
        b.size = 0;
        put_little(&b, lengths[i], 8);
        put_little(&b, crc32c_mask(crc32c(0, b.data, 8)), 4);
        put(&b, good.data + 12, 7);
        assert_int_equal(first_record(&b, "expected 1 to 67108864"), JEM_EDATA);
    }
}

static void features_are_found_by_key(void **state)
{
    (void)state;
    const uint8_t image[] = {0x0a, 4, 0x0a, 2, 'h', 'i'};
    const uint8_t packed[] = {0x1a, 4, 0x0a, 2, 0xe7, 0x07}, plain[] = {0x1a, 2, 0x08, 7};
    const uint8_t negative[] = {0x1a, 11, 8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1};
    bytes e = {0};
    const uint8_t *data;
    size_t size;
    int64_t label;
    put_byte(&e, 5 << 3 | 0); /* an unknown field */
    put_byte(&e, 3);
    put_feature(&e, "image", image, sizeof image);
    put_feature(&e, "label", packed, sizeof packed);
    put_feature(&e, "plain", plain, sizeof plain);
    put_feature(&e, "negative", negative, sizeof negative);
    check_ok(tf_example_bytes(&data, &size, e.data, e.size, "image", "f"));
    assert_true(size == 2 && memcmp(data, "hi", 2) == 0);
    check_ok(tf_example_int64(&label, e.data, e.size, "label", "f"));
    assert_int_equal(label, 999);
    check_ok(tf_example_int64(&label, e.data, e.size, "plain", "f"));
    assert_int_equal(label, 7);
    check_ok(tf_example_int64(&label, e.data, e.size, "negative", "f"));
    assert_int_equal(label, -1);
}

static void missing_repeated_and_mistyped_features_are_refused(void **state)
{
    (void)state;
    const uint8_t one[] = {0x0a, 3, 0x0a, 1, 'x'}, two[] = {0x0a, 6, 0x0a, 1, 'x', 0x0a, 1, 'y'},
                  none[] = {0x0a, 0}, floats[] = {0x12, 6, 0x0a, 4, 0, 0, 0, 0},
                  numbers[] = {0x1a, 4, 0x0a, 2, 1, 2}, cut[] = {0x0a, 9, 0x0a, 1, 'x'};
    bytes e = {0};
    const uint8_t *data = NULL;
    size_t size = 7;
    int64_t value = 7;
    put_feature(&e, "one", one, sizeof one);
    put_feature(&e, "two", two, sizeof two);
    put_feature(&e, "none", none, sizeof none);
    put_feature(&e, "empty", none, 0);
    put_feature(&e, "floats", floats, sizeof floats);
    put_feature(&e, "numbers", numbers, sizeof numbers);
    put_feature(&e, "twice", one, sizeof one);
    put_feature(&e, "twice", one, sizeof one);
    put_feature(&e, "cut", cut, sizeof cut);
    const struct {
        const char *key, *text;
    } bad[] = {{"on", "f: 0 features named 'on'"},
               {"two", "'two' holds 2 values"},
               {"none", "'none' holds 0 values"},
               {"empty", "'empty' holds 0 lists"},
               {"floats", "not a list of bytes"},
               {"numbers", "not a list of bytes"},
               {"twice", "2 features"},
               {"cut", "not a well-formed"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_fails(tf_example_bytes(&data, &size, e.data, e.size, bad[i].key, "f"), JEM_EDATA,
                    bad[i].text);
    check_fails(tf_example_int64(&value, e.data, e.size, "one", "f"), JEM_EDATA,
                "list of integers");
    check_fails(tf_example_int64(&value, e.data, e.size, "numbers", "f"), JEM_EDATA, "2 values");
    assert_true(!data && size == 7 && value == 7);
}

static void a_message_of_nothing_but_fields_is_refused(void **state)
{
    const uint8_t one[] = {0x0a, 3, 0x0a, 1, 'x'};
    bytes e = {0};
    const uint8_t *data;
    size_t size;
    (void)state;
    put_feature(&e, "one", one, sizeof one); /* 6 fields: features, entry, key, value, list, x */
    for (int i = 0; i < 994; i++) {
        put_byte(&e, 15 << 3);
        put_byte(&e, 0);
    }
    check_ok(tf_example_bytes(&data, &size, e.data, e.size, "one", "f"));
    put_byte(&e, 15 << 3);
    put_byte(&e, 0);
    check_fails(tf_example_bytes(&data, &size, e.data, e.size, "one", "f"), JEM_EDATA,
                "not a well-formed");
}

static void no_cut_or_changed_message_is_read_beyond_its_end(void **state)
{
    (void)state;
    const uint8_t image[] = {0x0a, 4, 0x0a, 2, 'h', 'i'}, label[] = {0x1a, 4, 0x0a, 2, 0xe7, 0x07};
    bytes e = {0};
    const uint8_t *data;
    size_t size;
    int64_t value;
    put_feature(&e, "image", image, sizeof image);
    put_feature(&e, "label", label, sizeof label);
    for (size_t n = 0; n <= e.size; n++)
        for (size_t i = 0; i < n; i++)
            for (int bit = 0; bit < 8; bit++) {
                uint8_t *copy = malloc(n); /* so that a sanitizer sees the end */
                assert_non_null(copy);
                memcpy(copy, e.data, n);
                copy[i] ^= (uint8_t)(1 << bit);
                if (tf_example_bytes(&data, &size, copy, n, "image", "f") == JEM_OK)
                    assert_true(data >= copy && data + size <= copy + n);
                (void)tf_example_int64(&value, copy, n, "label", "f");
                free(copy);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_have_the_checksum_that_tensorflow_writes),
        cmocka_unit_test(records_come_back_in_order),
        cmocka_unit_test(damaged_records_are_refused),
        cmocka_unit_test(features_are_found_by_key),
        cmocka_unit_test(missing_repeated_and_mistyped_features_are_refused),
        cmocka_unit_test(a_message_of_nothing_but_fields_is_refused),
        cmocka_unit_test(no_cut_or_changed_message_is_read_beyond_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
