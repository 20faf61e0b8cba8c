/* Resizing gives Pillow's bytes: the check numbers of the rule itself, and
 * pictures resized by Pillow 9.4 (Image.resize(size, Image.BILINEAR or BICUBIC)). */
#include "data/pictures/image.h"
#include "support/check.h"

/* The picture that the recorded values were made from. */
static image pattern(int64_t height, int64_t width)
{
    image m = IMAGE_INIT;
    check_ok(image_init(&m, height, width, 3));
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int64_t c = 0; c < 3; c++)
                m.pixels[(y * width + x) * 3 + c] =
                    (uint8_t)(y * y * 31 + x * 57 + c * 101 + x * y * 13);
    return m;
}

static void expect(int64_t height, int64_t width, const uint8_t *values, size_t count)
{
    uint8_t square[] = {0, 100, 200, 50, 10, 20, 30, 40, 255, 0, 255, 0, 7, 77, 177, 247};
    const image src = {4, 4, 1, square};
    image out = IMAGE_INIT;
    check_ok(image_resize(&out, &src, height, width));
    assert_int_equal(out.height, height);
    assert_int_equal(out.width, width);
    assert_memory_equal(out.pixels, values, count);
    image_clear(&out);
}

static void the_check_numbers_of_the_rule_come_out(void **state)
{
    (void)state;
    expect(2, 2, (const uint8_t[]){59, 82, 91, 134}, 4);
    expect(3, 3, (const uint8_t[]){25, 113, 78, 96, 77, 57, 73, 127, 181}, 9);
    expect(6, 6, (const uint8_t[]){0, 50, 117, 183, 125, 50}, 6);
}

static void a_small_picture_resizes_as_in_pillow(void **state)
{
    static const uint8_t expected[] = {
        14,  115, 152, 81,  182, 27,  147, 99,  93,  214, 59,  160, 37,  138, 175, 114, 143, 60,
        190, 71,  136, 139, 112, 85,  92,  164, 144, 132, 108, 126, 154, 113, 148, 136, 116, 82,
        123, 174, 112, 140, 102, 170, 91,  168, 120, 167, 119, 113, 47,  148, 185, 159, 153, 105,
        122, 116, 68,  127, 228, 73,  168, 120, 157, 143, 137, 89,  117, 112, 63,  135, 86,  81,
        111, 127, 164, 161, 156, 107, 148, 142, 94,  177, 86,  123, 67,  147, 141, 179, 159, 125,
        177, 157, 123, 189, 141, 135, 126, 163, 72,  177, 128, 123, 185, 136, 131, 150, 187, 96};
    image src = pattern(7, 5), out = IMAGE_INIT;
    (void)state;
    check_ok(image_resize(&out, &src, 9, 4));
    assert_memory_equal(out.pixels, expected, sizeof expected);
    image_clear(&src);
    image_clear(&out);
}

static void expect_digest(int64_t from_h, int64_t from_w, int64_t h, int64_t w, image_kernel kernel,
                          uint32_t digest, int64_t sum)
{
    image src = pattern(from_h, from_w), out = IMAGE_INIT;
    uint32_t d = 0;
    int64_t s = 0;
    check_ok(image_resize_by(&out, &src, h, w, kernel));
    for (int64_t i = 0; i < h * w * 3; i++) {
        d = d * 31 + out.pixels[i];
        s += out.pixels[i];
    }
    assert_int_equal(s, sum);
    assert_int_equal(d, digest);
    image_clear(&src);
    image_clear(&out);
}

static void larger_pictures_shrink_and_grow_as_in_pillow(void **state)
{
    (void)state;
    expect_digest(61, 83, 32, 20, IMAGE_BILINEAR, 1050818176u, 243820);
    expect_digest(61, 83, 32, 20, IMAGE_BICUBIC, 1767310610u, 243850);
    expect_digest(33, 21, 50, 100, IMAGE_BILINEAR, 1194626796u, 1905106);
    expect_digest(33, 21, 50, 100, IMAGE_BICUBIC, 1777219767u, 1903543);
    expect_digest(7, 5, 9, 4, IMAGE_BICUBIC, 2297182887u, 13803);
}

static void the_same_size_changes_nothing(void **state)
{
    image src = pattern(9, 6), out = IMAGE_INIT;
    (void)state;
    check_ok(image_resize(&out, &src, 9, 6));
    assert_memory_equal(out.pixels, src.pixels, 9 * 6 * 3);
    image_clear(&src);
    image_clear(&out);
}

static void a_square_is_the_centre_of_the_scaled_picture(void **state)
{
    image src = pattern(4, 7), out = IMAGE_INIT;
    (void)state;
    /* shorter side stays 4, excess 3, offset 1.5 rounds to the even 2 */
    check_ok(image_resize_square(&out, &src, 4));
    for (int64_t y = 0; y < 4; y++)
        assert_memory_equal(out.pixels + y * 12, src.pixels + (y * 7 + 2) * 3, 12);
    image_clear(&src);
    image_clear(&out);
    src = pattern(9, 4);
    /* excess 5, offset 2.5 rounds to the even 2 */
    check_ok(image_resize_square(&out, &src, 4));
    assert_memory_equal(out.pixels, src.pixels + 2 * 12, 4 * 12);
    image_clear(&src);
    image_clear(&out);
}

static void check_photograph(int64_t height, int64_t width, int64_t sum, const uint8_t *first, const uint8_t *last)
{
    enum { BYTES = 224 * 224 * 3 };
    image src = pattern(height, width), out = IMAGE_INIT;
    int64_t levels = 0, weighted = 0;

    check_ok(image_photograph(&out, &src, 224));
    assert_true(out.height == 224 && out.width == 224 && out.channels == 3);
    for (int64_t i = 0; i < BYTES; i++) {
        levels += out.pixels[i];
        weighted += out.pixels[i] * (i % 251);
    }
    assert_true(levels == sum / INT64_C(10000000000) && weighted == sum % INT64_C(10000000000));
    assert_memory_equal(out.pixels, first, 9);
    assert_memory_equal(out.pixels + BYTES - 9, last, 9);
    image_clear(&src);
    image_clear(&out);
}

/* Expected: Pillow 13, shorter side to 256, longer to 256 * longer // shorter, crop by round((side - 224) / 2); its
 * sum of levels, and, behind ten digits, that of levels times i % 251. */
static void a_photograph_is_scaled_and_cut_as_in_pillow(void **state)
{
    (void)state;
    check_photograph(300, 451, INT64_C(191948882398282679), (const uint8_t[]){80, 174, 91, 128, 173, 75, 179, 89, 125},
                     (const uint8_t[]){92, 156, 149, 98, 179, 100, 199, 105, 146});
    check_photograph(317, 190, INT64_C(192072602398394382), (const uint8_t[]){115, 216, 61, 127, 228, 73, 138, 239, 84},
                     (const uint8_t[]){134, 156, 80, 153, 124, 99, 168, 97, 114});
}

static void impossible_sizes_are_refused(void **state)
{
    image src = pattern(4, 4), out = IMAGE_INIT;
    (void)state;
    check_fails(image_resize(&out, &src, 0, 4), JEM_EDATA, "each side");
    check_fails(image_resize(&out, &src, 4, 20000), JEM_EDATA, "20000");
    assert_null(out.pixels);
    image_clear(&src);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_check_numbers_of_the_rule_come_out),
        cmocka_unit_test(a_small_picture_resizes_as_in_pillow),
        cmocka_unit_test(larger_pictures_shrink_and_grow_as_in_pillow),
        cmocka_unit_test(the_same_size_changes_nothing),
        cmocka_unit_test(a_square_is_the_centre_of_the_scaled_picture),
        cmocka_unit_test(a_photograph_is_scaled_and_cut_as_in_pillow),
        cmocka_unit_test(impossible_sizes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
