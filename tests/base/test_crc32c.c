/* CRC-32C against published vectors and the definition. */
#include "base/crc32c.h"
#include "support/check.h"

static void published_vectors_are_met(void **state)
{
    (void)state;
    /* RFC 3720, B.4 */
    uint8_t b[32];
    memset(b, 0, sizeof b);
    assert_int_equal(crc32c(0, b, sizeof b), 0x8a9136aa);
    memset(b, 0xff, sizeof b);
    assert_int_equal(crc32c(0, b, sizeof b), 0x62a8ab43);
    for (int i = 0; i < 32; i++) b[i] = (uint8_t)i;
    assert_int_equal(crc32c(0, b, sizeof b), 0x46dd794e);
    for (int i = 0; i < 32; i++) b[i] = (uint8_t)(31 - i);
    assert_int_equal(crc32c(0, b, sizeof b), 0x113fdb5c);
    assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(crc32c(0, "", 0), 0);
}

/* Bit by bit. */
static uint32_t defined(const uint8_t *p, size_t size)
{
    uint32_t c = 0xffffffff;
    for (; size > 0; p++, size--) {
        c ^= *p;
        for (int k = 0; k < 8; k++) c = c >> 1 ^ (c & 1 ? 0x82f63b78u : 0u);
    }
    return ~c;
}

static void every_length_start_and_cut_agrees_with_the_definition(void **state)
{
    (void)state;
    uint8_t b[300];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof b; i++) b[i] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
    for (size_t from = 0; from < 9; from++)
        for (size_t n = 0; n + from <= sizeof b; n += 1 + n / 30) {
            uint32_t whole = defined(b + from, n);
            size_t cut = n * 2 / 3;
            assert_int_equal(crc32c(0, b + from, n), whole);
            assert_int_equal(crc32c(crc32c(0, b + from, cut), b + from + cut, n - cut), whole);
        }
    for (int i = 0; i < 256; i++) { /* every byte in every table */
        uint8_t one[16] = {0};
        for (int k = 0; k < 16; k++) {
            one[k] = (uint8_t)i;
            assert_int_equal(crc32c(0, one, sizeof one), defined(one, sizeof one));
            one[k] = 0;
        }
    }
}

static void masks_are_tensorflows_and_come_off_again(void **state)
{
    (void)state;
    /* the length 24 of a TFRecord; expected values by TensorBoard's masked_crc32c */
    const uint8_t length[8] = {24};
    assert_int_equal(crc32c_mask(crc32c(0, length, 8)), 0x224b7fa3);
    assert_int_equal(crc32c_mask(crc32c(0, "brain.Event:2", 13)), 0x7c0601ee);
    for (uint32_t c = 1; c != 0 && c < 0xf0000000u; c = c * 3 + 7)
        assert_int_equal(crc32c_unmask(crc32c_mask(c)), c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_vectors_are_met),
        cmocka_unit_test(every_length_start_and_cut_agrees_with_the_definition),
        cmocka_unit_test(masks_are_tensorflows_and_come_off_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
