/* Resizing without quantisation against Pillow's mode F, bit for bit (scripts/golden_resize.py). */
#include <string.h>

#include "base/mem.h"
#include "data/pictures/image.h"
#include "support/check.h"

static const struct {
    int64_t from_h, from_w, h, w;
    uint32_t digest; /* over the bits of the floats */
    double sum;
} pillow[] = {
    {7, 5, 9, 4, 1257207621u, 13474.411927819252},
    {1, 1, 3, 2, 1367343104u, 1746.0},
    {32, 32, 299, 299, 667199129u, 33791373.13469595},
    {61, 83, 299, 299, 4229028730u, 34061366.66752119},
    {400, 500, 299, 299, 1590840089u, 34074960.12520206},
    {299, 640, 299, 299, 729860710u, 34070132.764467515},
};

static image levels(int64_t height, int64_t width)
{
    image m = IMAGE_INIT;
    check_ok(image_init(&m, height, width, 3));
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++)
            for (int64_t c = 0; c < 3; c++)
                m.pixels[(y * width + x) * 3 + c] = (uint8_t)(17 * x + 31 * y + 97 * c + 7 * x * y);
    return m;
}

static void floats_are_pillows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pillow / sizeof *pillow; i++) {
        image src = levels(pillow[i].from_h, pillow[i].from_w);
        const int64_t n = 3 * pillow[i].h * pillow[i].w;
        float *x = NULL;
        uint32_t digest = 0;
        double sum = 0;

        check_ok(MEM_NEW(x, n));
        check_ok(image_resize_floats(x, &src, pillow[i].h, pillow[i].w, IMAGE_BICUBIC));
        for (int64_t k = 0; k < n; k++) {
            uint32_t bits;
            memcpy(&bits, &x[k], sizeof bits);
            digest = digest * 31 + bits;
            sum += (double)x[k];
        }
        check_near(sum, pillow[i].sum, 1e-12, pillow[i].sum);
        assert_int_equal(digest, pillow[i].digest);
        mem_free(x);
        image_clear(&src);
    }
}

static void the_same_size_is_the_same_levels(void **state)
{
    (void)state;
    image src = levels(6, 5);
    float x[3 * 6 * 5];
    check_ok(image_resize_floats(x, &src, 6, 5, IMAGE_BICUBIC));
    for (int k = 0; k < 6 * 5; k++)
        for (int c = 0; c < 3; c++) assert_true(x[c * 30 + k] == (float)src.pixels[3 * k + c]);
    image_clear(&src);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_are_pillows),
        cmocka_unit_test(the_same_size_is_the_same_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
