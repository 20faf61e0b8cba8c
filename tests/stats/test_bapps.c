/* 2AFC, JND and average precision: worked examples, the published tables, the patches
 * in the layout of BAPPS, and what must be refused. */
#include "published.h"

#include "data/pictures/image.h"
#include "stats/bapps.h"
#include "stats/summary.h"

static void two_afc_gives_the_worked_values(void **state)
{
    (void)state;
    const double d0[] = {.1, .5, .3, .2}, d1[] = {.2, .4, .3, .1}, j[] = {.2, .6, .8, .4};
    const double expected[] = {.8, .6, .5, .4};
    double score[4];
    check_ok(stats_two_afc(score, d0, d1, j, 4));
    for (int i = 0; i < 4; i++) check_near(score[i], expected[i], 1e-15, 1);
    check_near(stats_mean(score, 4), 0.575, 1e-15, 1);
    check_ok(stats_two_afc_human(score, j, 4));
    check_near(stats_mean(score, 4), 0.60, 1e-15, 1);
    check_ok(stats_two_afc_oracle(score, j, 4));
    check_near(stats_mean(score, 4), 0.70, 1e-15, 1);
}

static void jnd_gives_the_worked_values(void **state)
{
    (void)state;
    const double rising[] = {.1, .2, .3, .4}, mixed[] = {.4, .1, .3, .2, .5};
    const double a[] = {1, 1. / 3, 2. / 3, 0}, b[] = {0, 2. / 3, 1, 0, 1. / 3}, c[] = {0, 0, 1, 1};
    double ap;
    int64_t ties;
    check_ok(stats_jnd_map(&ap, &ties, rising, a, 4));
    check_near(ap, 5. / 6, 1e-14, 1);
    assert_int_equal(ties, 0);
    check_ok(stats_jnd_map(&ap, NULL, mixed, b, 5));
    check_near(ap, 0.5666666666666667, 1e-14, 1);
    check_ok(stats_jnd_map(&ap, NULL, rising, c, 4));
    check_near(ap, 0.5, 1e-14, 1);
}

static void equal_distances_stay_in_file_order_and_are_counted(void **state)
{
    (void)state;
    const double flat[] = {2, 2, 2, 2}, first[] = {1, 1, 0, 0}, last[] = {0, 0, 1, 1};
    double ap;
    int64_t ties;
    check_ok(stats_jnd_map(&ap, &ties, flat, first, 4));
    check_near(ap, 1, 1e-15, 1);
    assert_int_equal(ties, 3);
    check_ok(stats_jnd_map(&ap, &ties, flat, last, 4));
    check_near(ap, 0.5, 1e-15, 1);
}

static void a_resample_counts_a_pair_as_often_as_it_is_drawn(void **state)
{
    (void)state;
    const double d[] = {.3, .1, .2}, same[] = {1. / 3, 0, 1};
    const double d2[] = {.3, .3, .2, .2, .2}, same2[] = {1. / 3, 1. / 3, 1, 1, 1};
    const int64_t times[] = {2, 0, 3}, nothing[] = {0, 3, 0};
    int64_t order[3];
    double ap;
    check_ok(stats_jnd_order(order, d, 3));
    check_ok(stats_jnd_map(&ap, NULL, d2, same2, 5));
    check_near(stats_jnd_resampled(order, same, times, 3), ap, 1e-14, 1);
    assert_true(isnan(stats_jnd_resampled(order, same, nothing, 3)));
}

static void bad_judgements_and_distances_are_refused(void **state)
{
    (void)state;
    const double d[] = {1, 2}, nan[] = {1, NAN}, inf[] = {INFINITY, 1}, ok[] = {0, 1},
                 high[] = {0.5, 1.2}, low[] = {-0.1, 0}, none[] = {0, 0};
    double out[2] = {7, 7};
    check_fails(stats_two_afc(out, d, nan, ok, 2), JEM_EDATA, "triplet 1 is nan");
    check_fails(stats_two_afc(out, inf, d, ok, 2), JEM_EDATA, "must be finite");
    check_fails(stats_two_afc(out, d, d, high, 2), JEM_EDATA, "judgement 1 is 1.2");
    check_fails(stats_two_afc(out, d, d, nan, 2), JEM_EDATA, "lies in [0,1]");
    check_fails(stats_two_afc(out, d, d, ok, 0), JEM_EDATA, "no judgement");
    check_fails(stats_two_afc_human(out, low, 2), JEM_EDATA, "judgement 0");
    check_fails(stats_two_afc_oracle(out, low, 2), JEM_EDATA, "judgement 0");
    check_fails(stats_jnd_map(out, NULL, d, none, 2), JEM_EDATA, "recall is undefined");
    check_fails(stats_jnd_map(out, NULL, nan, ok, 2), JEM_EDATA, "pair 1 is nan");
    check_fails(stats_jnd_map(out, NULL, d, high, 2), JEM_EDATA, "pair 1 is 1.2");
    check_fails(stats_jnd_map(out, NULL, d, ok, 0), JEM_EDATA, "no judgement");
    const uint8_t negative[] = {0, 0}, one[] = {0, 1};
    check_fails(stats_average_precision(out, d, negative, 2), JEM_EDATA, "undefined");
    check_fails(stats_average_precision(out, nan, one, 2), JEM_EDATA, "NaN");
    assert_true(out[0] == 7 && out[1] == 7);
}

static void the_published_tables_give_the_published_scores(void **state)
{
    (void)state;
    json_t *root = published_open();
    json_t *values = published_get(root, "bapps", "tables", NULL);
    int64_t n, ties = 0;
    double a[100], b[100], share[100], score[100], value;
    uint8_t majority[100];

    double *t = published_table(&n, 4, "../reference/tables/twoafc.csv");
    assert_true(n <= 100);
    for (int64_t i = 0; i < n; i++) {
        a[i] = t[4 * i];
        b[i] = t[4 * i + 1];
        share[i] = t[4 * i + 2] / t[4 * i + 3];
        ties += a[i] == b[i];
    }
    free(t);
    check_ok(stats_two_afc(score, a, b, share, n));
    check_published(stats_mean(score, n), values, "twoafc.csv", "two_afc_score");
    check_published((double)ties, values, "twoafc.csv", "ties");
    check_ok(stats_two_afc_oracle(score, share, n));
    check_published(stats_mean(score, n), values, "twoafc.csv", "human_ceiling");

    t = published_table(&n, 3, "../reference/tables/jnd.csv");
    assert_true(n <= 100);
    for (int64_t i = 0; i < n; i++) {
        a[i] = t[3 * i];
        b[i] = -a[i];
        share[i] = t[3 * i + 1] / t[3 * i + 2];
        majority[i] = share[i] > 0.5;
    }
    free(t);
    check_ok(stats_jnd_map(&value, NULL, a, share, n));
    check_published(value, values, "jnd.csv", "jnd_map");
    check_ok(stats_average_precision(&value, b, majority, n));
    check_published(value, values, "jnd.csv", "average_precision_majority");
    json_decref(root);
}

/* Sum of squared 8-bit differences of two pictures of an item. */
static double squared_error(const char *set, const char *x, const char *y, int item)
{
    const char *parts[] = {x, y};
    image m[2] = {IMAGE_INIT, IMAGE_INIT};
    for (int i = 0; i < 2; i++) {
        char name[200], path[4096];
        snprintf(name, sizeof name, "bapps-layout/%s/%s/%06d.png", set, parts[i], item);
        check_data(path, sizeof path, name);
        check_ok(image_read(&m[i], path));
    }
    double sum = 0;
    for (int64_t i = 0; i < m[0].height * m[0].width * 3; i++) {
        double gap = (double)m[0].pixels[i] - (double)m[1].pixels[i];
        sum += gap * gap;
    }
    image_clear(&m[0]);
    image_clear(&m[1]);
    return sum;
}

static double answer(const char *set, const char *what, int item)
{
    char name[200];
    snprintf(name, sizeof name, "bapps-layout/%s/%s/%06d.npy", set, what, item);
    jem_tensor t = published_array(name, true);
    double value = *(double *)t.data;
    jem_tensor_clear(&t);
    return value;
}

static void pixel_distances_on_real_patches_give_the_published_scores(void **state)
{
    (void)state;
    enum { ITEMS = 24 };
    json_t *root = published_open();
    json_t *values = published_get(root, "bapps", "layout", NULL);
    const char *const afc[] = {"2afc/val/traditional", "2afc/val/cnn"};
    const char *const jnd[] = {"jnd/val/traditional", "jnd/val/cnn"};
    double d0[ITEMS], d1[ITEMS], share[ITEMS], score[ITEMS], value;
    int64_t ties;
    for (int s = 0; s < 2; s++) {
        for (int i = 0; i < ITEMS; i++) {
            d0[i] = squared_error(afc[s], "ref", "p0", i);
            d1[i] = squared_error(afc[s], "ref", "p1", i);
            share[i] = answer(afc[s], "judge", i);
        }
        check_ok(stats_two_afc(score, d0, d1, share, ITEMS));
        check_published(stats_mean(score, ITEMS), values, afc[s], "l2_score");
        check_ok(stats_two_afc_oracle(score, share, ITEMS));
        check_published(stats_mean(score, ITEMS), values, afc[s], "human_ceiling");
        for (int i = 0; i < ITEMS; i++) {
            d0[i] = squared_error(jnd[s], "p0", "p1", i);
            share[i] = answer(jnd[s], "same", i);
        }
        check_ok(stats_jnd_map(&value, &ties, d0, share, ITEMS));
        check_published(value, values, jnd[s], "l2_map");
        check_published((double)ties, values, jnd[s], "ties");
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_afc_gives_the_worked_values),
        cmocka_unit_test(jnd_gives_the_worked_values),
        cmocka_unit_test(equal_distances_stay_in_file_order_and_are_counted),
        cmocka_unit_test(a_resample_counts_a_pair_as_often_as_it_is_drawn),
        cmocka_unit_test(bad_judgements_and_distances_are_refused),
        cmocka_unit_test(the_published_tables_give_the_published_scores),
        cmocka_unit_test(pixel_distances_on_real_patches_give_the_published_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
