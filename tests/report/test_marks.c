/* The scale of alphas as eyes see it: in colour, in grey, and without one of the three cones. */
#include <math.h>

#include "base/mem.h"
#include "report/marks.h"
#include "support/check.h"

typedef struct lab {
    double l, a, b;
} lab;

static double linear(double v) { return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4); }

static double cube_root(double t) { return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116; }

/* Of linear sRGB, D65. */
static lab lab_of(const double c[3])
{
    const double x = cube_root((0.4124564 * c[0] + 0.3575761 * c[1] + 0.1804375 * c[2]) / 0.95047);
    const double y = cube_root(0.2126729 * c[0] + 0.7151522 * c[1] + 0.0721750 * c[2]);
    const double z = cube_root((0.0193339 * c[0] + 0.1191920 * c[1] + 0.9503041 * c[2]) / 1.08883);
    return (lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

static double radians(double degrees) { return degrees * 0.017453292519943295; }

static double hue(double a, double b)
{
    const double h = atan2(b, a) / 0.017453292519943295;
    return h < 0 ? h + 360 : h;
}

/* CIEDE2000: Sharma, Wu and Dalal 2005, of two colours that are both grey or both not. */
static double ciede2000(lab p, lab q)
{
    const double c7 = pow((hypot(p.a, p.b) + hypot(q.a, q.b)) / 2, 7);
    const double g = 1 + 0.5 * (1 - sqrt(c7 / (c7 + 6103515625.0)));
    const double c1 = hypot(g * p.a, p.b), c2 = hypot(g * q.a, q.b);
    const double h1 = hue(g * p.a, p.b), h2 = hue(g * q.a, q.b);
    const double apart = remainder(h2 - h1, 360), h = h1 + apart / 2;
    const double c = (c1 + c2) / 2, l = pow((p.l + q.l) / 2 - 50, 2);
    const double t = 1 - 0.17 * cos(radians(h - 30)) + 0.24 * cos(radians(2 * h)) +
                     0.32 * cos(radians(3 * h + 6)) - 0.2 * cos(radians(4 * h - 63));
    const double turned = remainder(h - 275, 360) / 25;
    const double turn = -2 * sqrt(pow(c, 7) / (pow(c, 7) + 6103515625.0)) *
                        sin(radians(60 * exp(-turned * turned)));
    const double dl = (q.l - p.l) / (1 + 0.015 * l / sqrt(20 + l)), dc = (c2 - c1) / (1 + 0.045 * c);
    const double dh = 2 * sqrt(c1 * c2) * sin(radians(apart / 2)) / (1 + 0.015 * c * t);
    return sqrt(dl * dl + dc * dc + dh * dh + turn * dc * dh);
}

static void the_difference_of_colours_is_the_published_one(void **state)
{
    (void)state;
    static const struct {
        lab p, q;
        double apart;
    } pairs[] = {{{50, 2.6772, -79.7751}, {50, 0, -82.7485}, 2.0425},
                 {{50, 2.5, 0}, {73, 25, -18}, 27.1492},
                 {{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
                 {{35.0831, -44.1164, 3.7933}, {35.0232, -40.0716, 1.5901}, 1.8645},
                 {{90.8027, -2.0831, 1.441}, {91.1528, -1.6435, 0.0447}, 1.4441}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        check_near(ciede2000(pairs[i].p, pairs[i].q), pairs[i].apart, 1e-4, 1);
}

/* Linear sRGB as it is seen: Machado, Oliveira and Fernandes 2009, severity 1; grey has its luminance. */
static const struct {
    const char *of;
    double row[3][3];
} eyes[] = {
    {"all cones", {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
    {"grey",
     {{0.2126729, 0.7151522, 0.0721750}, {0.2126729, 0.7151522, 0.0721750}, {0.2126729, 0.7151522, 0.0721750}}},
    {"no L cones",
     {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}}},
    {"no M cones",
     {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}}},
    {"no S cones",
     {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}}}};

static lab seen(double alpha, const double row[3][3])
{
    const colour c = alpha_colour(alpha);
    const double in[] = {linear(c.r), linear(c.g), linear(c.b)};
    double out[3];
    for (int k = 0; k < 3; k++)
        out[k] = fmin(fmax(row[k][0] * in[0] + row[k][1] * in[1] + row[k][2] * in[2], 0), 1);
    return lab_of(out);
}

static void eleven_alphas_can_be_told_apart_by_every_eye(void **state)
{
    (void)state;
    for (size_t e = 0; e < sizeof eyes / sizeof *eyes; e++)
        for (int i = 0; i < 10; i++) {
            const double apart = ciede2000(seen(i / 10.0, eyes[e].row), seen((i + 1) / 10.0, eyes[e].row));
            if (apart < 3) fail_msg("%s: alphas %g and %g are %.2f apart", eyes[e].of, i / 10.0, (i + 1) / 10.0, apart);
        }
}

static void lightness_rises_steadily(void **state)
{
    (void)state;
    const double first = seen(0, eyes[0].row).l, last = seen(1, eyes[0].row).l;
    assert_true(last - first >= 45);
    for (int i = 0; i < 100; i++) {
        const double step = seen((i + 1) / 100.0, eyes[0].row).l - seen(i / 100.0, eyes[0].row).l;
        assert_true(step > 0.7 * (last - first) / 100 && step < 1.3 * (last - first) / 100);
    }
    for (size_t e = 1; e < sizeof eyes / sizeof *eyes; e++) /* its order is that of alpha for everybody */
        for (int i = 0; i < 10; i++)
            assert_true(seen((i + 1) / 10.0, eyes[e].row).l > seen(i / 10.0, eyes[e].row).l);
}

static jem_status draw_one(draw *d, const void *place)
{
    draw_mark(d, *(const int *)place, 20, 20, 5, INK, faded(INK, 0));
    draw_mark(d, *(const int *)place, NAN, 20, 5, INK, INK);
    return JEM_OK;
}

static void neighbours_differ_in_shape(void **state)
{
    (void)state;
    char *svg[12];
    for (int i = 0; i < 12; i++) check_ok(draw_inline(&svg[i], "m", 40, 40, draw_one, &i));
    for (int i = 0; i < 11; i++) assert_string_not_equal(svg[i], svg[i + 1]);
    assert_string_equal(svg[1], svg[1 + MARK_SHAPES]);
    assert_null(strstr(svg[1], "nan"));
    for (int i = 0; i < 12; i++) mem_free(svg[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_difference_of_colours_is_the_published_one),
        cmocka_unit_test(eleven_alphas_can_be_told_apart_by_every_eye),
        cmocka_unit_test(lightness_rises_steadily),
        cmocka_unit_test(neighbours_differ_in_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
