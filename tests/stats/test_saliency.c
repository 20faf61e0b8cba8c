/* Saliency: the ClickMe sample with stand-in maps, overlaps, and what is refused. */
#include "published.h"

#include "base/pool.h"
#include "stats/rank.h"
#include "stats/saliency.h"

enum { SIDE = 224, PIXELS = SIDE * SIDE, ROWS = 51 };

static void centre(float *map)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            map[y * SIDE + x] =
                (float)-((2 * x - 223) * (2 * x - 223) + (2 * y - 223) * (2 * y - 223));
}

static int luminance(const uint8_t *image, int y, int x)
{
    y = y < 0 ? 0 : y > SIDE - 1 ? SIDE - 1 : y;
    x = x < 0 ? 0 : x > SIDE - 1 ? SIDE - 1 : x;
    const uint8_t *p = image + 3 * (y * SIDE + x);
    return 299 * p[0] + 587 * p[1] + 114 * p[2];
}

static void edges(float *map, const uint8_t *image)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            map[y * SIDE + x] =
                (float)(abs(luminance(image, y, x + 1) - luminance(image, y, x - 1)) +
                        abs(luminance(image, y + 1, x) - luminance(image, y - 1, x)));
}

static void check_map(json_t *values, const double *rho)
{
    stats_alignment a;
    json_t *each = published_get(values, "per_row", NULL);
    for (size_t i = 0; i < ROWS; i++)
        check_near(rho[i], json_number_value(json_array_get(each, i)), 1e-9, 1);
    check_ok(stats_saliency_alignment(&a, rho, ROWS, STATS_CLICKME_CEILING));
    check_published(a.mean, values, "mean_spearman");
    check_published(a.alignment, values, "alignment");
    assert_true(a.images == ROWS && a.undefined == 0);
}

static void stand_in_maps_get_the_published_alignments(void **state)
{
    (void)state;
    json_t *root = published_open();
    json_t *values = published_get(root, "clickme", NULL);
    jem_tensor maps = published_array("clickme/maps-224.npy", false);
    jem_tensor images = published_array("clickme/images-224.npy", false);
    const uint8_t *m = maps.data;
    const size_t size = (size_t)ROWS * PIXELS;
    double *human = malloc(size * sizeof *human);
    float *model = malloc(size * sizeof *model);
    assert_true(human && model);
    double rho[ROWS], alone[ROWS];
    pool *threads;
    check_ok(pool_new(&threads, 3));
    for (int64_t i = 0; i < ROWS * (int64_t)PIXELS; i++) human[i] = m[i];

    for (int i = 0; i < ROWS; i++) centre(model + i * PIXELS);
    check_ok(stats_saliency_spearman(rho, human, model, ROWS, PIXELS, threads));
    check_map(published_get(values, "centre", NULL), rho);

    for (int i = 0; i < ROWS; i++)
        edges(model + i * PIXELS, (const uint8_t *)images.data + 3 * (int64_t)i * PIXELS);
    check_ok(stats_saliency_spearman(rho, human, model, ROWS, PIXELS, threads));
    check_map(published_get(values, "edges", NULL), rho);

    for (int i = 0; i < ROWS; i++)
        for (int p = 0; p < PIXELS; p++)
            model[i * PIXELS + p] = m[(i + 1) % ROWS * (int64_t)PIXELS + p];
    check_ok(stats_saliency_spearman(rho, human, model, ROWS, PIXELS, threads));
    check_map(published_get(values, "next-map", NULL), rho);
    check_ok(stats_saliency_spearman(alone, human, model, ROWS, PIXELS, NULL));
    assert_memory_equal(rho, alone, sizeof rho);

    pool_free(threads);
    free(model);
    free(human);
    jem_tensor_clear(&images);
    jem_tensor_clear(&maps);
    json_decref(root);
}

static void constant_maps_are_counted_out_and_too_many_are_an_error(void **state)
{
    (void)state;
    const double human[] = {1, 2, 3, 1, 1, 1};
    const float model[] = {1, 3, 2, 1, 2, 3};
    double rho[200];
    stats_alignment a;
    check_ok(stats_saliency_spearman(rho, human, model, 2, 3, NULL));
    check_near(rho[0], 0.5, 1e-15, 1);
    assert_true(isnan(rho[1]));
    check_fails(stats_saliency_alignment(&a, rho, 2, 0.5), JEM_EDATA, "1 of 2 images");
    for (int i = 0; i < 200; i++) rho[i] = i == 7 || i == 8 ? NAN : -0.25;
    check_ok(stats_saliency_alignment(&a, rho, 200, 0.5));
    assert_true(a.undefined == 2 && a.mean == -0.25 && a.alignment == -0.5);
    rho[9] = NAN;
    check_fails(stats_saliency_alignment(&a, rho, 200, 0.5), JEM_EDATA, "3 of 200");
    check_fails(stats_saliency_alignment(&a, rho, 0, 0.5), JEM_EDATA, "no image");
}

/* A copy in float32 would tie what differs. */
static void people_s_maps_are_not_rounded(void **state)
{
    (void)state;
    const double human[] = {1, 1 + 1e-12, 1 + 2e-12, 2};
    const float model[] = {1, 2, 3, 4};
    double rho;
    check_ok(stats_saliency_spearman(&rho, human, model, 1, 4, NULL));
    check_near(rho, 1, 1e-15, 1);
}

static void maps_that_are_not_finite_are_refused_with_their_image(void **state)
{
    (void)state;
    const double human[] = {1, 2, 3, 1, 2, 3};
    const float model[] = {1, 3, 2, 1, NAN, 3}, inf[] = {INFINITY, 0, 1};
    double rho[2], iou, dice;
    check_fails(stats_saliency_spearman(rho, human, model, 2, 3, NULL), JEM_EDATA,
                "image 1: pixel 1");
    check_fails(stats_saliency_spearman(rho, human, model, 6, 1, NULL), JEM_EDATA, "undefined");
    check_fails(stats_saliency_overlap(&iou, &dice, human, inf, 3), JEM_EDATA, "pixel 0");
    check_fails(stats_saliency_overlap(&iou, &dice, human, inf, 0), JEM_EDATA, "empty");
}

static void overlap_compares_the_pixels_above_the_ninetieth_percentile(void **state)
{
    (void)state;
    double a[100];
    float same[100], b[100], flat[100];
    double iou, dice;
    for (int i = 0; i < 100; i++) {
        a[i] = same[i] = (float)i;     /* percentile 89.1: pixels 90..99 */
        b[i] = (float)((i + 5) % 100); /* pixels 85..94 */
        flat[i] = 1;
    }
    check_ok(stats_saliency_overlap(&iou, &dice, a, b, 100));
    check_near(iou, 5. / 15, 1e-9, 1);
    check_near(dice, 10. / 20, 1e-9, 1);
    /* of 11 values the percentile is the second largest itself, which is not above it */
    check_ok(stats_saliency_overlap(&iou, &dice, a, same, 11));
    check_near(iou, 1, 1e-8, 1);
    const float shared[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 9};
    check_ok(stats_saliency_overlap(&iou, &dice, a, shared, 11));
    assert_true(iou == 0 && dice == 0);
    check_ok(stats_saliency_overlap(&iou, &dice, a, flat, 100));
    assert_true(iou == 0 && dice == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stand_in_maps_get_the_published_alignments),
        cmocka_unit_test(constant_maps_are_counted_out_and_too_many_are_an_error),
        cmocka_unit_test(people_s_maps_are_not_rounded),
        cmocka_unit_test(maps_that_are_not_finite_are_refused_with_their_image),
        cmocka_unit_test(overlap_compares_the_pixels_above_the_ninetieth_percentile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
