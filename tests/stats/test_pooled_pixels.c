/* Pooled pixels: means over an 8x8 grid, worked by hand. */
#include "support/check.h"

#include "stats/pooled_pixels.h"

static void sides_below_eight_stay_as_they_are(void **state)
{
    (void)state;
    const float x[6] = {1, 2, 3, 4, 5, 6};
    double f[6];
    assert_int_equal(stats_pooled_pixels_dim(1, 2, 3), 6);
    stats_pooled_pixels(f, x, 1, 2, 3);
    for (int i = 0; i < 6; i++) assert_true(f[i] == (double)x[i]);
}

static void sixteen_pixels_become_means_of_two_by_two(void **state)
{
    (void)state;
    float x[2 * 256];
    double f[128];
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < 256; i++)
            x[c * 256 + i] = (float)(1000 * c + i / 16 * 10 + i % 16);
    assert_int_equal(stats_pooled_pixels_dim(2, 16, 16), 128);
    stats_pooled_pixels(f, x, 2, 16, 16);
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < 8; i++)
            for (int j = 0; j < 8; j++)
                check_near(f[c * 64 + i * 8 + j], 1000 * c + (2 * i + 0.5) * 10 + 2 * j + 0.5,
                           1e-12, 1);
}

static void uneven_sides_use_every_pixel_once(void **state)
{
    (void)state;
    float x[100];
    double f[64], sum = 0;
    for (int i = 0; i < 100; i++) x[i] = 1;
    x[9] = 5; /* first row, last column: the last cell of the first row is 1 x 2 pixels */
    stats_pooled_pixels(f, x, 1, 10, 10);
    for (int i = 0; i < 64; i++) sum += f[i];
    check_near(f[7], 3, 1e-12, 1);
    check_near(sum, 63 + 3, 1e-12, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides_below_eight_stay_as_they_are),
        cmocka_unit_test(sixteen_pixels_become_means_of_two_by_two),
        cmocka_unit_test(uneven_sides_use_every_pixel_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
