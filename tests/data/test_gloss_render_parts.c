/* The pieces under the gloss renderer against direct computation. */
#include "support/check.h"

#include "data/gloss/envmap.h"
#include "data/gloss/relief.h"

static const double PI = 3.14159265358979;

/* Points spread evenly over the sphere. */
static void sphere_point(float d[3], int k, int n)
{
    double z = 1.0 - (2.0 * k + 1.0) / n, a = 2.39996323 * k, r = sqrt(1.0 - z * z);
    d[0] = (float)(r * cos(a));
    d[1] = (float)(r * sin(a));
    d[2] = (float)z;
}

static void irradiance_agrees_with_direct_integration(void **state)
{
    (void)state;
    enum { N = 40000 };
    static const int lights[] = {0, 1, 5}; /* overcast, sunny, forest */
    for (size_t l = 0; l < sizeof lights / sizeof *lights; l++) {
        gloss_envmap e;
        check_ok(gloss_envmap_init(&e, lights[l]));
        for (int m = 0; m < 8; m++) {
            float n[3], d[3];
            double sum = 0;
            sphere_point(n, m, 8);
            for (int k = 0; k < N; k++) {
                sphere_point(d, k, N);
                double c = n[0] * d[0] + n[1] * d[1] + n[2] * d[2];
                if (c > 0) sum += c * gloss_luminance(gloss_light_radiance(lights[l], d).rest);
            }
            check_near(gloss_luminance(gloss_envmap_diffuse(&e, n)), sum * 4.0 / N, 0.08,
                       gloss_luminance(e.mean) * 0.5);
        }
        gloss_envmap_clear(&e);
    }
}

static void the_sharpest_level_is_the_light_and_the_roughest_is_smooth(void **state)
{
    (void)state;
    gloss_envmap e;
    check_ok(gloss_envmap_init(&e, 0));
    double worst = 0, spread[2] = {0};
    for (int k = 0; k < 2000; k++) {
        float d[3];
        sphere_point(d, k, 2000);
        gloss_radiance r = gloss_light_radiance(0, d);
        double exact = gloss_luminance(r.rest + r.key);
        double sharp = gloss_luminance(gloss_envmap_specular(&e, d, 0.0f));
        double rough = gloss_luminance(gloss_envmap_specular(&e, d, 1.0f));
        double mean = gloss_luminance(e.mean);
        worst += fabs(sharp - exact) / 2000;
        spread[0] += (sharp - mean) * (sharp - mean);
        spread[1] += (rough - mean) * (rough - mean);
    }
    assert_true(worst < 0.05 * gloss_luminance(e.mean));
    assert_true(spread[1] < 0.5 * spread[0]);
    gloss_envmap_clear(&e);
}

static void the_key_of_the_sunny_light_is_its_sun(void **state)
{
    (void)state;
    gloss_envmap e;
    check_ok(gloss_envmap_init(&e, 1));
    assert_true(e.key_direction[1] > sin(46 * PI / 180));
    assert_true(e.key_direction[1] < sin(50 * PI / 180));
    assert_true(e.key_direction[0] < 0); /* left */
    assert_true(gloss_luminance(e.key_irradiance) > gloss_luminance(e.mean));
    gloss_envmap_clear(&e);
}

static void the_lobe_never_reflects_more_than_it_receives(void **state)
{
    (void)state;
    static float table[GLOSS_SPLIT_SIDE][GLOSS_SPLIT_SIDE][2];
    gloss_split_sum(table);
    for (int r = 0; r < GLOSS_SPLIT_SIDE; r++)
        for (int c = 1; c < GLOSS_SPLIT_SIDE; c++) {
            float all = table[r][c][0] + table[r][c][1];
            if (all > 1.02f || all < 0.3f) fail_msg("albedo %.3f at [%d][%d]", all, r, c);
        }
    /* a mirror seen face on: F0 and nothing else */
    check_near(table[0][GLOSS_SPLIT_SIDE - 1][0], 1.0, 0.02, 0);
    assert_true(table[0][GLOSS_SPLIT_SIDE - 1][1] < 0.01f);
}

static const gloss_relief_shape shape = {
    .rms = 0.08f, .wavelength = 0.8f, .persistence = 0.25f, .skew = 0.2f};

static void relief_has_the_height_and_the_slopes_it_says(void **state)
{
    (void)state;
    enum { S = GLOSS_RELIEF_SIDE };
    const double step = 2.0 * GLOSS_RELIEF_HALF / (S - 1);
    double square = 0;
    gloss_relief r;
    check_ok(gloss_relief_init(&r));
    for (uint32_t scene = 1; scene <= 20; scene++) {
        gloss_relief_draw(&r, &shape, 9, scene);
        for (int i = 0; i < S * S; i++) square += r.height[i] * r.height[i] / (20.0 * S * S);
        for (int j = 1; j < S - 1; j += 17)
            for (int i = 1; i < S - 1; i += 13) {
                const float *h = r.height + j * S + i;
                check_near(r.slope_x[j * S + i], (h[1] - h[-1]) / (2 * step), 0.1, 0.5);
                check_near(r.slope_y[j * S + i], (h[S] - h[-S]) / (2 * step), 0.1, 0.5);
            }
    }
    check_near(sqrt(square), shape.rms, 0.15, 0);
    gloss_relief_clear(&r);
}

static void hollows_see_less_sky_and_shadows_fall_away_from_the_light(void **state)
{
    (void)state;
    enum { C = GLOSS_HORIZON_SIDE, S = GLOSS_RELIEF_SIDE };
    gloss_relief r;
    double open[2] = {0}, lit[2] = {0};
    int n[2] = {0}, m[2] = {0};
    check_ok(gloss_relief_init(&r));
    gloss_relief_draw(&r, &shape, 9, 1);
    gloss_relief_look_around(&r, (const float[3]){0.9f, 0.0f, 0.43589f}, 0.1f);
    for (int j = 20; j < C - 20; j++)
        for (int i = 20; i < C - 20; i++) {
            const gloss_visibility *v = &r.visibility[j * C + i];
            int k = 2 * j * S + 2 * i, high = r.height[k] > 0, away = r.slope_x[k] > 0;
            assert_true(v->open_key[0] > 0 && v->open_key[0] <= 1);
            open[high] += v->open_key[0];
            n[high]++;
            lit[away] += v->open_key[1];
            m[away]++;
        }
    assert_true(open[1] / n[1] > open[0] / n[0] + 0.05);
    assert_true(lit[1] / m[1] < lit[0] / m[0] - 0.02);
    gloss_relief_clear(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(irradiance_agrees_with_direct_integration),
        cmocka_unit_test(the_sharpest_level_is_the_light_and_the_roughest_is_smooth),
        cmocka_unit_test(the_key_of_the_sunny_light_is_its_sun),
        cmocka_unit_test(the_lobe_never_reflects_more_than_it_receives),
        cmocka_unit_test(relief_has_the_height_and_the_slopes_it_says),
        cmocka_unit_test(hollows_see_less_sky_and_shadows_fall_away_from_the_light),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
