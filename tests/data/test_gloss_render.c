/* The pictures of the built-in gloss set: what must not vary, and what must. */
#include "support/check.h"

#include "data/gloss/render.h"

enum { SIZE = 32, PIXELS = SIZE * SIZE, SCENES = 240 };

static gloss_renderer *renderer;
static gloss_scratch *scratch;

static int make_tables(void **state)
{
    (void)state;
    return gloss_renderer_new(&renderer) || gloss_scratch_new(&scratch);
}

static int drop_tables(void **state)
{
    (void)state;
    gloss_scratch_free(scratch);
    gloss_renderer_free(renderer);
    return 0;
}

static double luma(const uint8_t *rgb)
{
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
}

/* Mean, standard deviation and skewness of a picture's luma. */
static void moments(double m[3], const uint8_t *rgb)
{
    double sum = 0, square = 0, cube = 0;
    for (int i = 0; i < PIXELS; i++) sum += luma(rgb + 3 * i);
    m[0] = sum / PIXELS;
    for (int i = 0; i < PIXELS; i++) {
        double d = luma(rgb + 3 * i) - m[0];
        square += d * d;
        cube += d * d * d;
    }
    m[1] = sqrt(square / PIXELS);
    m[2] = cube / PIXELS / (m[1] * m[1] * m[1]);
}

/* Best accuracy of "glossy if x > threshold" or its opposite. */
static double threshold_accuracy(const double *x, const int *label, int n)
{
    double best = 0;
    for (int t = 0; t < n; t++) {
        int right = 0;
        for (int i = 0; i < n; i++) right += (x[i] > x[t]) == (label[i] == 1);
        best = fmax(best, fmax(right, n - right) / (double)n);
    }
    return best;
}

static void every_twelve_scenes_cross_category_with_light(void **state)
{
    (void)state;
    for (int block = 0; block < 20; block++) {
        int seen[GLOSS_LIGHTS][2] = {{0}};
        for (int k = 1; k <= 12; k++) {
            gloss_scene s;
            gloss_scene_draw(&s, 7, block * 12 + k);
            seen[s.light][s.gloss_cat]++;
        }
        for (int l = 0; l < GLOSS_LIGHTS; l++)
            for (int g = 0; g < 2; g++) assert_int_equal(seen[l][g], 1);
    }
}

static void reflectance_alone_follows_the_category(void **state)
{
    (void)state;
    double specular[2] = {0}, rough[2] = {0}, bump[2] = {0}, value[2] = {0}, bright[2] = {0};
    double matte_most = 0, glossy_least = 1;
    for (int k = 1; k <= 4800; k++) {
        gloss_scene s;
        gloss_scene_draw(&s, 3, k);
        int g = s.gloss_cat;
        specular[g] += s.specular / 2400;
        rough[g] += s.roughness / 2400;
        bump[g] += s.bump / 2400;
        value[g] += s.value / 2400;
        bright[g] += s.brightness / 2400;
        if (g) glossy_least = fmin(glossy_least, s.specular);
        else matte_most = fmax(matte_most, s.specular);
    }
    assert_true(glossy_least > matte_most);
    assert_true(specular[1] > specular[0] + 0.4);
    assert_true(rough[1] < rough[0] - 0.3);
    check_near(bump[0], bump[1], 0.03, 0);
    check_near(value[0], value[1], 0.03, 0);
    check_near(bright[0], bright[1], 0.03, 0);
}

static void a_scene_has_the_same_bytes_whatever_was_rendered_before(void **state)
{
    (void)state;
    uint8_t first[3 * PIXELS], again[3 * PIXELS];
    gloss_scene a, b;
    gloss_scene_draw(&a, 1, 5);
    gloss_render(first, SIZE, renderer, &a, scratch);
    gloss_scene_draw(&b, 2, 77);
    gloss_render(again, SIZE, renderer, &b, scratch);
    assert_memory_not_equal(first, again, sizeof first);
    gloss_scene_draw(&a, 1, 5);
    gloss_render(again, SIZE, renderer, &a, scratch);
    assert_memory_equal(first, again, sizeof first);
    gloss_scene_draw(&a, 2, 5); /* another seed, another picture */
    gloss_render(again, SIZE, renderer, &a, scratch);
    assert_memory_not_equal(first, again, sizeof first);
}

static void a_small_picture_is_the_large_one_averaged(void **state)
{
    (void)state;
    static uint8_t large[128 * 128 * 3], small[SIZE * SIZE * 3];
    for (int k = 1; k <= 12; k++) {
        gloss_scene s;
        gloss_scene_draw(&s, 0, k);
        gloss_render(large, 128, renderer, &s, scratch);
        gloss_render(small, SIZE, renderer, &s, scratch);
        double difference = 0;
        for (int i = 0; i < PIXELS; i++) {
            double sum = 0;
            for (int c = 0; c < 16; c++)
                sum += luma(large + 3 * ((i / SIZE * 4 + c / 4) * 128 + i % SIZE * 4 + c % 4));
            difference += fabs(sum / 16 - luma(small + 3 * i)) / PIXELS;
        }
        if (difference > 8) fail_msg("scene %d differs by %.1f grey levels", k, difference);
    }
}

static void each_light_changes_the_picture(void **state)
{
    (void)state;
    static uint8_t seen[GLOSS_LIGHTS][3 * PIXELS];
    gloss_scene s;
    gloss_scene_draw(&s, 0, 2);
    for (s.light = 0; s.light < GLOSS_LIGHTS; s.light++)
        gloss_render(seen[s.light], SIZE, renderer, &s, scratch);
    for (int a = 0; a < GLOSS_LIGHTS; a++)
        for (int b = 0; b < a; b++) {
            double difference = 0;
            for (int i = 0; i < 3 * PIXELS; i++)
                difference += abs(seen[a][i] - seen[b][i]) / (3.0 * PIXELS);
            if (difference < 8)
                fail_msg("%s and %s differ by %.1f grey levels only", gloss_light_name(a),
                         gloss_light_name(b), difference);
        }
}

/* The label must be about gloss: not readable from brightness, but visible in
 * the highlights, whose signature is a skewed luminance histogram. */
static void highlights_tell_gloss_and_brightness_does_not(void **state)
{
    (void)state;
    static double mean[SCENES], skew[SCENES], tail[SCENES];
    static int label[SCENES];
    double by_class[2] = {0};
    uint8_t rgb[3 * PIXELS];
    for (int k = 0; k < SCENES; k++) {
        gloss_scene s;
        double m[3], top = 0;
        gloss_scene_draw(&s, 11, k + 1);
        gloss_render(rgb, SIZE, renderer, &s, scratch);
        moments(m, rgb);
        for (int i = 0; i < PIXELS; i++) top += fmax(luma(rgb + 3 * i) - m[0] - 40, 0);
        mean[k] = m[0];
        skew[k] = m[2];
        tail[k] = top;
        label[k] = s.gloss_cat;
        by_class[label[k]] += m[2] / (SCENES / 2);
        if (m[1] < 3) fail_msg("scene %d is flat: standard deviation %.1f", k + 1, m[1]);
        if (m[0] < 75 || m[0] > 145) fail_msg("scene %d has mean %.0f", k + 1, m[0]);
    }
    print_message("accuracy by mean %.2f, skewness %.2f, highlights %.2f\n",
                  threshold_accuracy(mean, label, SCENES), threshold_accuracy(skew, label, SCENES),
                  threshold_accuracy(tail, label, SCENES));
    assert_true(threshold_accuracy(mean, label, SCENES) < 0.65);
    assert_true(threshold_accuracy(tail, label, SCENES) > 0.8);
    assert_true(by_class[1] > by_class[0] + 0.5);
}

/* A relief's height must be visible: taller ones have more contrast. */
static void taller_relief_has_more_contrast(void **state)
{
    (void)state;
    uint8_t rgb[3 * PIXELS];
    double contrast[2] = {0};
    for (int k = 1; k <= 24; k++)
        for (int tall = 0; tall < 2; tall++) {
            gloss_scene s;
            double m[3];
            gloss_scene_draw(&s, 4, k);
            s.bump = tall ? 1.0 : 0.4;
            gloss_render(rgb, SIZE, renderer, &s, scratch);
            moments(m, rgb);
            contrast[tall] += m[1] / 24;
        }
    assert_true(contrast[1] > 1.2 * contrast[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_twelve_scenes_cross_category_with_light),
        cmocka_unit_test(reflectance_alone_follows_the_category),
        cmocka_unit_test(a_scene_has_the_same_bytes_whatever_was_rendered_before),
        cmocka_unit_test(a_small_picture_is_the_large_one_averaged),
        cmocka_unit_test(each_light_changes_the_picture),
        cmocka_unit_test(highlights_tell_gloss_and_brightness_does_not),
        cmocka_unit_test(taller_relief_has_more_contrast),
    };
    return cmocka_run_group_tests(tests, make_tables, drop_tables);
}
