/* Pictures as JPEG: close to what they were, grey where they are, the same bytes each time. */
#include "report/jpeg_bytes.h"

#include <math.h>

#include "base/mem.h"
#include "data/pictures/image.h"
#include "report/palette.h"
#include "support/check.h"

enum { SIDE = 96, PIXELS = SIDE * SIDE };

static uint8_t rgb[3 * PIXELS];

/* Like a photograph. */
static void paint(bool grey)
{
    for (int i = 0; i < PIXELS; i++) {
        const double x = i % SIDE / (double)SIDE, y = i / SIDE / (double)SIDE;
        const double of[] = {x, grey ? x : y, grey ? x : 0.5 + 0.5 * sin(5 * x + 3 * y)};
        for (int k = 0; k < 3; k++) rgb[3 * i + k] = (uint8_t)(255 * of[k]);
    }
}

/* The root of the mean squared difference of a channel. */
static double apart(const char *jpeg, size_t size)
{
    image back = IMAGE_INIT;
    double sum = 0;
    check_ok(image_decode(&back, jpeg, size, "jpeg"));
    assert_true(back.width == SIDE && back.height == SIDE);
    for (int i = 0; i < 3 * PIXELS; i++) sum += pow(rgb[i] - back.pixels[i], 2);
    image_clear(&back);
    return sqrt(sum / (3.0 * PIXELS));
}

static void smooth_pictures_are_close_in_fewer_bytes_than_a_palette_takes(void **state)
{
    (void)state;
    char *jpeg, *again, *png;
    size_t size, same, indexed;
    paint(false);
    check_ok(jpeg_bytes(&jpeg, &size, rgb, SIDE, SIDE));
    check_ok(jpeg_bytes(&again, &same, rgb, SIDE, SIDE));
    check_ok(palette_png(&png, &indexed, rgb, SIDE, SIDE));
    assert_int_equal(size, same);
    assert_memory_equal(jpeg, again, size);
    assert_true(apart(jpeg, size) < 3);
    assert_true(size < indexed / 2);
    mem_free(jpeg);
    mem_free(again);
    mem_free(png);
}

/* How many components a file has: SOF0's, of 8 bits, behind height and width. */
static int components(const char *jpeg, size_t size)
{
    const char *frame = memmem(jpeg, size, "\xff\xc0", 2);
    assert_non_null(frame);
    return frame[9];
}

static void grey_stays_grey(void **state)
{
    (void)state;
    char *jpeg;
    size_t size;
    paint(true);
    check_ok(jpeg_bytes(&jpeg, &size, rgb, SIDE, SIDE));
    assert_int_equal(components(jpeg, size), 1);
    assert_true(apart(jpeg, size) < 2);
    mem_free(jpeg);
    paint(false);
    check_ok(jpeg_bytes(&jpeg, &size, rgb, SIDE, SIDE));
    assert_int_equal(components(jpeg, size), 3);
    mem_free(jpeg);
}

static void every_pixel_has_its_colour(void **state)
{
    (void)state;
    char *jpeg;
    size_t size;
    image back = IMAGE_INIT;
    memset(rgb, 0, sizeof rgb);
    for (int i = 0; i < PIXELS; i++) rgb[3 * i + (i / 8 % 2 ? 0 : 2)] = 200; /* stripes of blue and red, eight wide */
    check_ok(jpeg_bytes(&jpeg, &size, rgb, SIDE, SIDE));
    check_ok(image_decode(&back, jpeg, size, "jpeg"));
    for (int k = 0; k < 3; k++) { /* at both sides of an edge */
        assert_in_range(back.pixels[3 * (SIDE + 7) + k], k == 2 ? 180 : 0, k == 2 ? 220 : 30);
        assert_in_range(back.pixels[3 * (SIDE + 8) + k], k == 0 ? 180 : 0, k == 0 ? 220 : 30);
    }
    image_clear(&back);
    mem_free(jpeg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smooth_pictures_are_close_in_fewer_bytes_than_a_palette_takes),
        cmocka_unit_test(grey_stays_grey),
        cmocka_unit_test(every_pixel_has_its_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
