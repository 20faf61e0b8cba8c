/* Pictures with a palette: exact where they have few colours, close where they have many, the same bytes each time. */
#include "report/palette.h"

#include <math.h>

#include "base/mem.h"
#include "data/pictures/image.h"
#include "support/check.h"

enum { SIDE = 128, PIXELS = SIDE * SIDE };

/* *root <- of the mean squared difference of a channel, *worst <- the largest distance, between rgb and its file. */
static void compare(double *root, double *worst, const uint8_t *rgb)
{
    char *png;
    size_t size;
    image back = IMAGE_INIT;
    check_ok(palette_png(&png, &size, rgb, SIDE, SIDE));
    check_ok(image_decode(&back, png, size, "palette"));
    assert_true(back.width == SIDE && back.height == SIDE);
    double sum = *worst = 0;
    for (int i = 0; i < PIXELS; i++) {
        double d = 0;
        for (int k = 0; k < 3; k++) d += pow(rgb[3 * i + k] - back.pixels[3 * i + k], 2);
        sum += d;
        *worst = fmax(*worst, sqrt(d));
    }
    *root = sqrt(sum / (3.0 * PIXELS));
    image_clear(&back);
    mem_free(png);
}

static void few_colours_stay_what_they_are(void **state)
{
    (void)state;
    static uint8_t rgb[3 * PIXELS];
    double root, worst;
    for (int i = 0; i < PIXELS; i++) /* 256 of them, not grey */
        rgb[3 * i] = (uint8_t)i, rgb[3 * i + 1] = (uint8_t)(255 - i % 256), rgb[3 * i + 2] = (uint8_t)(7 * (i % 256));
    compare(&root, &worst, rgb);
    assert_true(worst == 0);
    memset(rgb, 77, sizeof rgb); /* one */
    compare(&root, &worst, rgb);
    assert_true(worst == 0);
}

/* Colours anywhere in the cube are the worst case: 256 boxes of side 40.3 leave 40.3 / sqrt(12) = 11.6 at best. */
static void any_colours_are_as_close_as_boxes_can_be(void **state)
{
    (void)state;
    static uint8_t rgb[3 * PIXELS];
    double root, worst;
    uint32_t random = 1;
    for (int i = 0; i < 3 * PIXELS; i++) {
        random = random * 1664525u + 1013904223u;
        rgb[i] = (uint8_t)(random >> 24);
    }
    compare(&root, &worst, rgb);
    assert_true(root < 12);
    assert_true(worst < 50);
}

/* Like a photograph: colours along a surface, here of 141,000 units; 256 squares of that leave
 * sqrt(141000 / 256 / 6 / 3) = 5.5 at best. */
static void smooth_pictures_are_close(void **state)
{
    (void)state;
    static uint8_t rgb[3 * PIXELS];
    double root, worst;
    for (int i = 0; i < PIXELS; i++) {
        const double x = i % SIDE / (double)SIDE, y = i / SIDE / (double)SIDE;
        rgb[3 * i] = (uint8_t)(255 * x);
        rgb[3 * i + 1] = (uint8_t)(255 * y);
        rgb[3 * i + 2] = (uint8_t)(127 + 127 * sin(5 * x + 3 * y));
    }
    compare(&root, &worst, rgb);
    assert_true(root < 6);
    assert_true(worst < 25);
}

static void the_same_picture_gives_the_same_bytes_and_fewer(void **state)
{
    (void)state;
    static uint8_t rgb[3 * PIXELS];
    char *a, *b;
    size_t size, again;
    for (int i = 0; i < 3 * PIXELS; i++) rgb[i] = (uint8_t)((int64_t)i * i % 251);
    check_ok(palette_png(&a, &size, rgb, SIDE, SIDE));
    check_ok(palette_png(&b, &again, rgb, SIDE, SIDE));
    assert_int_equal(size, again);
    assert_memory_equal(a, b, size);
    assert_true(size < PIXELS + PALETTE_MOST * 3 + 512); /* a byte for a pixel, or less */
    mem_free(a);
    mem_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_colours_stay_what_they_are),
        cmocka_unit_test(any_colours_are_as_close_as_boxes_can_be),
        cmocka_unit_test(smooth_pictures_are_close),
        cmocka_unit_test(the_same_picture_gives_the_same_bytes_and_fewer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
