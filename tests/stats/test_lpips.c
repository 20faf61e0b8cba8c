/* LPIPS-style distance: worked maps, the authors' example patches, and hostile maps. */
#include "published.h"

#include "data/pictures/image.h"
#include "stats/lpips.h"

static void directions_are_compared_not_lengths(void **state)
{
    (void)state;
    /* Two pixels of two channels: (3,4) against (1,0), and (2,0) against (5,0). */
    const float a[] = {3, 2, 4, 0}, b[] = {1, 5, 0, 0};
    const lpips_layer layer = {a, b, 2, 2, NULL};
    /* (0.6,0.8) - (1,0) has the squared length 0.8; the second pixel adds nothing. */
    check_near(lpips_distance(&layer, 1), 0.4, 1e-7, 1);
}

static void layers_add_up_with_a_mean_over_pixels_in_each(void **state)
{
    (void)state;
    const float one[] = {1, 0}, other[] = {0, 1};
    const float a[] = {1, 1, 1, 1, 0, 0, 0, 0}, b[] = {1, 1, 1, 0, 0, 0, 0, 1};
    const lpips_layer layers[] = {{one, other, 2, 1, NULL}, {a, b, 2, 4, NULL}};
    check_near(lpips_distance(layers, 1), 2, 1e-9, 1);
    check_near(lpips_distance(layers, 2), 2.5, 1e-9, 1);
}

static void weights_are_of_channels_squared_differences(void **state)
{
    (void)state;
    const float a[] = {3, 4, 0}, b[] = {0, 0, 2}, w[] = {0, 2, 0.5f};
    const lpips_layer layer = {a, b, 3, 1, w};
    /* (0.6, 0.8, 0) - (0, 0, 1): 2 * 0.64 + 0.5 */
    check_near(lpips_distance(&layer, 1), 1.78, 1e-7, 1);
}

static void a_silent_pixel_is_a_zero_vector(void **state)
{
    (void)state;
    const float zero[] = {0, 0}, a[] = {0, 7};
    const lpips_layer layer = {zero, a, 2, 1, NULL}, both = {zero, zero, 2, 1, NULL};
    check_near(lpips_distance(&layer, 1), 1, 1e-7, 1);
    assert_true(lpips_distance(&both, 1) == 0);
}

static void equal_maps_are_at_distance_0_and_nan_is_handed_on(void **state)
{
    (void)state;
    const float a[] = {0.3f, -1.7f, 2e30f}, bad[] = {0.3f, NAN, 1}, huge[] = {INFINITY, 0, 0};
    const lpips_layer same = {a, a, 3, 1, NULL}, nan = {a, bad, 3, 1, NULL}, infinite = {a, huge, 3, 1, NULL};
    assert_true(lpips_distance(&same, 1) == 0);
    assert_true(isnan(lpips_distance(&nan, 1)));
    assert_true(isnan(lpips_distance(&infinite, 1)));
}

enum { SIDE = 64, BLOCK = 8 };

/* Two layers of a picture: its colours, and their means over blocks of 8 x 8. */
static void layers_of(float *colours, float *blocks, const char *name)
{
    char path[4096];
    image m = IMAGE_INIT;
    check_data(path, sizeof path, name);
    check_ok(image_read(&m, path));
    assert_true(m.height == SIDE && m.width == SIDE);
    memset(blocks, 0, sizeof(float) * 3 * BLOCK * BLOCK);
    for (int c = 0; c < 3; c++)
        for (int p = 0; p < SIDE * SIDE; p++) {
            const float level = m.pixels[3 * p + c];
            colours[c * SIDE * SIDE + p] = level;
            blocks[c * BLOCK * BLOCK + p / SIDE / BLOCK * BLOCK + p % SIDE / BLOCK] += level / 64;
        }
    image_clear(&m);
}

/* Expected: the formula in plain Python on the decoded pixels. */
static void the_example_patches_get_the_distances_of_the_formula(void **state)
{
    (void)state;
    const char *const names[] = {"samples/lpips/ex_ref.png", "samples/lpips/ex_p0.png",
                                 "samples/lpips/ex_p1.png"};
    const double one[] = {0.01098506434524469, 0.025397686949254487};
    const double two[] = {0.011792961046829314, 0.031127939342373522};
    static float colours[3][3 * SIDE * SIDE], blocks[3][3 * BLOCK * BLOCK];
    for (int i = 0; i < 3; i++) layers_of(colours[i], blocks[i], names[i]);
    for (int i = 0; i < 2; i++) {
        const lpips_layer layers[] = {{colours[0], colours[1 + i], 3, SIDE * SIDE, NULL},
                                      {blocks[0], blocks[1 + i], 3, BLOCK * BLOCK, NULL}};
        check_near(lpips_distance(layers, 1), one[i], 1e-7, 1e-2);
        check_near(lpips_distance(layers, 2), two[i], 1e-7, 1e-2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_are_compared_not_lengths),
        cmocka_unit_test(layers_add_up_with_a_mean_over_pixels_in_each),
        cmocka_unit_test(weights_are_of_channels_squared_differences),
        cmocka_unit_test(a_silent_pixel_is_a_zero_vector),
        cmocka_unit_test(equal_maps_are_at_distance_0_and_nan_is_handed_on),
        cmocka_unit_test(the_example_patches_get_the_distances_of_the_formula),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
