/* Resize and blur of importance maps: the check numbers of the protocol. */
#include "bench/map_prepare.h"
#include "support/check.h"

static const double square[] = {0, 100, 200, 50, 10, 20, 30, 40, 255, 0, 255, 0, 7, 77, 177, 247};

static void half_pixel_resize_gives_the_check_numbers(void **state)
{
    (void)state;
    const double two[] = {32.5, 80, 84.75, 169.75},
                 three[] = {15.8333333333, 129.1666666667, 68.8888888889},
                 six[] = {0, 50, 116.6666666667, 183.3333333333, 125, 50};
    double out[36];
    check_ok(map_resize(out, 2, 2, square, 4, 4));
    for (int i = 0; i < 4; i++) check_near(out[i], two[i], 1e-10, 1);
    check_ok(map_resize(out, 3, 3, square, 4, 4));
    for (int i = 0; i < 3; i++) check_near(out[i], three[i], 1e-10, 1);
    check_ok(map_resize(out, 6, 6, square, 4, 4));
    for (int i = 0; i < 6; i++) check_near(out[i], six[i], 1e-10, 1);
    check_ok(map_resize(out, 4, 4, square, 4, 4));
    assert_memory_equal(out, square, sizeof square);
    check_ok(map_resize(out, 2, 3, square, 1, 1));
    for (int i = 0; i < 6; i++) assert_true(out[i] == 0);
    check_fails(map_resize(out, 0, 3, square, 4, 4), JEM_EDATA, "4 x 4 cannot become one of 0 x 3");
}

static void the_blur_is_the_lopsided_kernel(void **state)
{
    (void)state;
    enum { N = 21 };
    double in[N * N] = {0}, out[N * N];
    in[10 * N + 10] = 1;
    check_ok(map_blur_clickme(out, in, N, N));
    /* out(i, j) = k[u][v] where i + u - 4 = j + v - 4 = 10 */
    check_near(out[14 * N + 14], 0.008855815274, 1e-10, 1); /* k[0][0] */
    check_near(out[14 * N + 5], 0.009263429499, 1e-10, 1);  /* k[0][9] */
    check_near(out[5 * N + 14], 0.008466137102, 1e-10, 1);  /* k[9][0] */
    check_near(out[5 * N + 5], 0.008855815274, 1e-10, 1);
    check_near(out[10 * N + 9], 0.010870735220, 1e-10, 1); /* k[4][5]: one pixel left */
    double sum = 0, most = 0;
    for (int i = 0; i < N * N; i++) {
        sum += out[i];
        most = fmax(most, out[i]);
    }
    check_near(sum, 1, 1e-14, 1);
    assert_true(most == out[10 * N + 9]);
    in[0] = in[N * N - 1] = 1; /* borders lose what lies beyond them */
    check_ok(map_blur_clickme(out, in, N, N));
    assert_true(out[0] > 0 && out[0] < 0.011);
}

/* A patch of ink, as the published preparation has it after each of its first two steps. */
static void a_patch_keeps_its_sum_until_the_last_step(void **state)
{
    (void)state;
    enum { N = 64 };
    double *heat = calloc(256 * 256, sizeof *heat), small[N * N], out[N * N];
    double before = 0, after = 0;
    int top = 0;
    assert_non_null(heat);
    for (int y = 100; y < 120; y++)
        for (int x = 60; x < 90; x++) heat[y * 256 + x] = 255;
    check_ok(map_resize(small, N, N, heat, 256, 256));
    check_ok(map_blur_clickme(out, small, N, N));
    for (int i = 0; i < N * N; i++) {
        before += small[i], after += out[i];
        if (out[i] > out[top]) top = i;
    }
    check_near(before, 9562.5, 1e-14, 1);
    check_near(after, 9562.5, 1e-13, 1);
    assert_true(top / N == 27 && top % N == 17);
    check_near(out[top], 100.505129158, 1e-9, 1);
    check_near(out[top], 100.50512922915838, 1e-14, 1); /* the same kernel in NumPy */
    free(heat);
}

static void a_patch_comes_out_as_the_protocol_says(void **state)
{
    (void)state;
    uint8_t *heat = calloc(256, 256);
    double *out = malloc(sizeof *out * 224 * 224);
    double wide[256 * 4], small[4];
    assert_true(heat && out);
    for (int y = 100; y < 120; y++) memset(heat + y * 256 + 60, 255, 30);
    check_ok(map_prepare_clickme(out, heat));
    int64_t top = 0;
    for (int64_t i = 0; i < 224 * 224; i++)
        if (out[i] > out[top]) top = i;
    assert_true(top / 224 == 96 && top % 224 == 61);
    check_near(out[top], 100.453924, 1e-7, 1);
    check_near(out[95 * 224 + 65], 99.923014, 1e-7, 1);
    check_near(out[100 * 224 + 80], 50.987527, 1e-7, 1);
    assert_true(out[112 * 224 + 112] == 0);
    /* 256 to 64 is the mean of rows and columns 4i+1 and 4i+2 */
    for (int i = 0; i < 256 * 4; i++) wide[i] = i * i % 97;
    check_ok(map_resize(small, 1, 4, wide, 4, 16));
    for (int i = 0; i < 4; i++)
        check_near(small[i],
                   (wide[16 + 4 * i + 1] + wide[16 + 4 * i + 2] + wide[32 + 4 * i + 1] +
                    wide[32 + 4 * i + 2]) /
                       4,
                   1e-15, 1);
    free(out);
    free(heat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_pixel_resize_gives_the_check_numbers),
        cmocka_unit_test(the_blur_is_the_lopsided_kernel),
        cmocka_unit_test(a_patch_keeps_its_sum_until_the_last_step),
        cmocka_unit_test(a_patch_comes_out_as_the_protocol_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
