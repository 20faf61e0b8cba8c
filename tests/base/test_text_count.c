/* Counting characters eight at a time gives what one at a time gives. */
#include "support/check.h"

#include "base/text_count.h"

static void characters_of_any_value_are_counted_at_any_place(void **state)
{
    char text[67];
    uint32_t noise = 1;

    (void)state;
    for (int round = 0; round < 200; round++) {
        for (size_t i = 0; i < sizeof text; i++) {
            noise = noise * 1664525 + 1013904223;
            text[i] = (char)(noise >> (round % 2 ? 24 : 31)); /* of 256 values, or of two */
        }
        for (int c = 0; c < 256; c++)
            for (size_t from = 0; from < 9; from++) {
                size_t size = sizeof text - from - (size_t)round % 9, expected = 0;
                for (size_t i = 0; i < size; i++) expected += text[from + i] == (char)c;
                assert_int_equal(text_count(text + from, size, (char)c), expected);
            }
    }
}

static void neighbours_do_not_disturb_each_other(void **state)
{
    (void)state;
    /* a byte that differs in the lowest bit beside one that is equal, and in the highest */
    assert_int_equal(text_count("\x01\x00\x01\x00\x80\x00\x7f\xff", 8, '\x00'), 3);
    assert_int_equal(text_count("\xff\xff\xff\xff\xff\xff\xff\xff", 8, '\xff'), 8);
    assert_int_equal(text_count("", 0, 'a'), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_any_value_are_counted_at_any_place),
        cmocka_unit_test(neighbours_do_not_disturb_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
