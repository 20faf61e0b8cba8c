/* The discretised mixture of logistics against values of two independent programs in double, central differences,
 * and what makes it a distribution. */
#include "energy/logistic_mixture.h"

#include <string.h>

#include "support/check.h"

enum { PIXELS = 6, ROOM = 10 * 12 };

static const int levels[PIXELS][3] = {{0, 255, 128}, {1, 254, 64},  {200, 30, 0},
                                      {255, 255, 255}, {0, 0, 0}, {127, 126, 129}};

static double value_of(int level)
{
    return (level - 127.5) / 127.5;
}

/* The deterministic values of golden files: model/init.h, which lies above. */
static void hash_fill(double *v, int n, const char *name)
{
    uint32_t h = 2166136261u;
    for (const char *c = name; *c; c++) h = (h ^ (uint8_t)*c) * 16777619u;
    for (int i = 0; i < n; i++) {
        uint32_t u = (uint32_t)i * 2654435761u + h;
        u ^= u >> 15;
        u *= 2246822519u;
        u ^= u >> 13;
        v[i] = u / 2147483648.0 - 1.0;
    }
}

typedef struct totals {
    double pixel[PIXELS], all, norm, sum, first[8];
} totals;

static totals losses(const double *l, int mixtures)
{
    totals t;
    double d[ROOM], squares = 0;
    memset(&t, 0, sizeof t);
    for (int p = 0; p < PIXELS; p++) {
        const double x[3] = {value_of(levels[p][0]), value_of(levels[p][1]), value_of(levels[p][2])};
        t.pixel[p] = mixture_loss(d, l + p * 10 * mixtures, x, mixtures);
        check_near(mixture_loss(NULL, l + p * 10 * mixtures, x, mixtures), t.pixel[p], 0, 1);
        t.all += t.pixel[p];
        for (int i = 0; i < 10 * mixtures; i++) {
            squares += d[i] * d[i];
            t.sum += d[i];
        }
        if (p == 0) memcpy(t.first, d, sizeof t.first);
    }
    t.norm = sqrt(squares);
    return t;
}

static void two_mixtures_have_the_golden_values(void **state)
{
    static const double want[PIXELS] = {10.41095229, 23.32230092, 14.05191942, 8.047800266, 18.80683043, 24.02681047};
    static const double first[8] = {-0.693403347, 0.693403347, 0.7129692421, 0.01592000103,
                                    -1.789755445, -0.02114379611, 0.2189321257, 0.003297004148};
    double l[PIXELS * 20];
    (void)state;
    hash_fill(l, PIXELS * 20, "l");
    for (int i = 0; i < PIXELS * 20; i++) l[i] *= 2;
    const totals t = losses(l, 2);
    for (int p = 0; p < PIXELS; p++) check_near(t.pixel[p], want[p], 1e-9, want[p]);
    check_near(t.all, 98.6666137973, 1e-11, 100);
    check_near(t.all / (log(2) * PIXELS * 3), 7.908101913, 1e-9, 8);
    check_near(t.norm, 20.4819072, 1e-8, 20);
    check_near(t.sum, -35.10415675, 1e-9, 35);
    for (int i = 0; i < 8; i++) check_near(t.first[i], first[i], 1e-9, 1);
}

static void twelve_mixtures_have_the_golden_values(void **state)
{
    static const double want[PIXELS] = {8.690291761, 18.66978673, 15.68346382, 3.600565194, 3.426738393, 19.13140355};
    double l[PIXELS * 120];
    (void)state;
    hash_fill(l, PIXELS * 120, "l12");
    for (int i = 0; i < PIXELS * 120; i++) l[i] *= 1.5;
    const totals t = losses(l, 12);
    for (int p = 0; p < PIXELS; p++) check_near(t.pixel[p], want[p], 1e-9, want[p]);
    check_near(t.all, 69.2022494508, 1e-11, 69);
    check_near(t.norm, 3.937365045, 1e-9, 4);
    check_near(t.sum, 2.146834421, 1e-9, 2);
}

/* Narrow scales, far from the means: the branch of low probabilities, and log-scales that are held at -7. */
static void extreme_scales_have_the_golden_values(void **state)
{
    static const double want[PIXELS] = {1737.389129, 3219.71317, 1712.759241, 1450.403356, 1743.102194, 1583.869282};
    double logits[PIXELS * 2], means[PIXELS * 6], coefficients[PIXELS * 6], l[PIXELS * 20], d[20];
    (void)state;
    hash_fill(logits, PIXELS * 2, "p");
    hash_fill(means, PIXELS * 6, "m");
    hash_fill(coefficients, PIXELS * 6, "c");
    for (int p = 0; p < PIXELS; p++) {
        double *at = l + p * 20;
        for (int k = 0; k < 2; k++) {
            at[k] = logits[p * 2 + k];
            for (int j = 0; j < 3; j++) {
                at[2 + j * 6 + k] = 0.9 * means[(p * 3 + j) * 2 + k];
                at[2 + j * 6 + 2 + k] = -10;
                at[2 + j * 6 + 4 + k] = 0.5 * coefficients[(p * 3 + j) * 2 + k];
            }
        }
    }
    const totals t = losses(l, 2);
    for (int p = 0; p < PIXELS; p++) check_near(t.pixel[p], want[p], 1e-9, want[p]);
    check_near(t.all, 11447.2363728, 1e-11, 11447);
    check_near(t.norm, 5895.33813, 1e-8, 5895);
    mixture_loss(d, l, (double[3]){-1, 1, 0.00392156862745098}, 2);
    for (int j = 0; j < 3; j++)
        for (int k = 0; k < 2; k++) assert_true(d[2 + j * 6 + 2 + k] == 0);
}

static void gradients_agree_with_central_differences(void **state)
{
    double l[30], d[30];
    const double reach = 1e-6;
    (void)state;
    for (int p = 0; p < PIXELS; p++) {
        const double x[3] = {value_of(levels[p][0]), value_of(levels[p][1]), value_of(levels[p][2])};
        hash_fill(l, 30, p % 2 ? "odd" : "even");
        for (int i = 0; i < 30; i++) l[i] *= 3; /* log-scales to -3: all branches but the lowest */
        mixture_loss(d, l, x, 3);
        for (int i = 0; i < 30; i++) {
            const double kept = l[i];
            l[i] = kept + reach;
            const double above = mixture_loss(NULL, l, x, 3);
            l[i] = kept - reach;
            const double below = mixture_loss(NULL, l, x, 3);
            l[i] = kept;
            check_near(d[i], (above - below) / (2 * reach), 1e-7, 10);
        }
    }
}

/* Of each colour given the ones before, and so of the pixel. */
static void probabilities_of_the_levels_sum_to_one(void **state)
{
    (void)state;
    for (double s = -4; s <= 1; s += 0.5) {
        double sum = 0;
        for (int level = 0; level < 256; level++) sum += exp(mixture_colour(value_of(level), 0.3, s).log_p);
        check_near(sum, 1, 1e-4, 1); /* the centre's density stands in for small differences */
    }
    double wide = 0;
    for (int level = 0; level < 256; level++) wide += exp(mixture_colour(value_of(level), -0.2, -0.5).log_p);
    check_near(wide, 1, 1e-14, 1);
}

static void low_probabilities_are_continuous(void **state)
{
    (void)state;
    /* where sigmoid(p) - sigmoid(q) passes 1e-5 */
    double low = 0.05, high = 1.2;
    for (int i = 0; i < 60; i++) {
        const double mean = (low + high) / 2, is = exp(2.0);
        const double apart = mixture_sigmoid(is * (1.0 / 255 - mean)) - mixture_sigmoid(is * (-1.0 / 255 - mean));
        *(apart > 1e-5 ? &low : &high) = mean;
    }
    const mixture_term a = mixture_colour(0, low - 1e-9, -2), b = mixture_colour(0, high + 1e-9, -2);
    check_near(a.log_p, b.log_p, 1e-3, 1);
    check_near(a.to_mean, b.to_mean, 1e-3, 7);
    check_near(a.to_scale, b.to_scale, 1e-3, 7);
}

/* Draws of a narrow mixture lie at its means, which see the colours before. */
static void draws_follow_the_means(void **state)
{
    double l[20] = {0}, x[3];
    (void)state;
    l[0] = 9; /* the first mixture, but for one draw in 8,000 */
    for (int j = 0; j < 3; j++) l[2 + 6 * j + 2] = l[2 + 6 * j + 3] = -9; /* exp(-7) */
    l[2] = 0.5;
    l[2 + 4] = 1;
    l[8] = -0.25;
    l[14] = 3; /* blue beyond 1 */
    mixture_draw(x, l, 2, (double[]){0.5, 0.5}, (double[]){0.5, 0.75, 0.5});
    check_near(x[0], 0.5, 1e-12, 1);
    check_near(x[1], -0.25 + tanh(1) * 0.5 + exp(-7) * log(3), 1e-12, 1);
    assert_true(x[2] == 1);
    mixture_draw(x, l, 2, (double[]){1e-5, 1 - 1e-5}, (double[]){0.5, 0.5, 0.5});
    check_near(x[0], 0, 1e-12, 1); /* the second, whose logit is 0 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_mixtures_have_the_golden_values),
        cmocka_unit_test(twelve_mixtures_have_the_golden_values),
        cmocka_unit_test(extreme_scales_have_the_golden_values),
        cmocka_unit_test(gradients_agree_with_central_differences),
        cmocka_unit_test(probabilities_of_the_levels_sum_to_one),
        cmocka_unit_test(low_probabilities_are_continuous),
        cmocka_unit_test(draws_follow_the_means),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
