/* Moments of rows in parts against those of all rows at once. */
#include "stats/moments.h"

#include <math.h>

#include "stats/frechet.h"
#include "support/check.h"

enum { N = 50, D = 4 };

static void parts_give_the_moments_of_the_whole(void **state)
{
    (void)state;
    float x[N * D];
    double rows[N * D], mean[D], covariance[D * D], mean_parts[D], covariance_parts[D * D];
    moments m = MOMENTS_INIT;

    for (int i = 0; i < N * D; i++) {
        x[i] = (float)(1000 + sin(i * 0.7) + 0.3 * (i % D)); /* far from 0 */
        rows[i] = (double)x[i];
    }
    check_ok(stats_covariance(mean, covariance, rows, N, D));
    check_ok(moments_init(&m, D));
    check_ok(moments_add(&m, x, 1));
    check_fails(moments_get(&m, mean_parts, covariance_parts), JEM_EDATA, "at least 2 rows");
    check_ok(moments_add(&m, x + D, 30));
    check_ok(moments_add(&m, x + 31 * D, N - 31));
    check_ok(moments_get(&m, mean_parts, covariance_parts));
    for (int i = 0; i < D; i++) check_near(mean_parts[i], mean[i], 1e-13, 1000);
    for (int i = 0; i < D * D; i++) check_near(covariance_parts[i], covariance[i], 1e-11, 1);
    moments_clear(&m);
}

static void values_that_are_no_numbers_are_refused(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, NAN};
    moments m = MOMENTS_INIT;

    check_ok(moments_init(&m, 2));
    check_fails(moments_add(&m, x, 2), JEM_EDATA, "feature 1 of row 1");
    assert_int_equal(m.n, 0);
    moments_clear(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_give_the_moments_of_the_whole),
        cmocka_unit_test(values_that_are_no_numbers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
