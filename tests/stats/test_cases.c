/* A thousand random cases against scipy and scikit-learn (golden_cases.h), and the sort
 * behind the ranks. */
#include "golden_cases.h"
#include "support/check.h"

#include "stats/bapps.h"
#include "stats/consistency.h"
#include "stats/probe.h"
#include "stats/rank.h"
#include "stats/sort_order.h"

enum { CASES = sizeof golden_case_kappa / sizeof *golden_case_kappa, LENGTH_MAX = 40 };

/* The generator of scripts/golden_random.py. */
static uint32_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*state >> 33);
}

static double draw(uint64_t *state, int kind)
{
    double unit;
    switch (kind) {
    case 0:
        return next(state) % 5;
    case 1:
        return next(state) / 2147483648.0;
    case 2:
        unit = next(state) / 2147483648.0 - 0.5;
        return ldexp(unit, (int)(next(state) % 121) - 60);
    case 3:
        return next(state) % 2;
    default:
        return 1e8 + next(state) % 1000;
    }
}

typedef struct random_case {
    int64_t n;
    double x[LENGTH_MAX], y[LENGTH_MAX];
    uint8_t a[LENGTH_MAX], b[LENGTH_MAX];
} random_case;

static void make_case(random_case *c, int number)
{
    uint64_t state = (uint64_t)number;
    c->n = 3 + next(&state) % 38;
    for (int64_t i = 0; i < c->n; i++) c->x[i] = draw(&state, number % 5);
    for (int64_t i = 0; i < c->n; i++) c->y[i] = draw(&state, number / 5 % 5);
    for (int64_t i = 0; i < c->n; i++) c->a[i] = next(&state) % 2;
    for (int64_t i = 0; i < c->n; i++) c->b[i] = next(&state) % 2;
}

/* What is undefined is refused, what is defined agrees to 1e-9. */
static void check_case(jem_status st, double value, double expected, const char *what, int number)
{
    if (isnan(expected) != (st == JEM_EDATA) || (!isnan(expected) && st != JEM_OK))
        fail_msg("%s of case %d: status %d, expected %g", what, number, st, expected);
    if (!isnan(expected) && !(fabs(value - expected) <= 1e-9 * fmax(fabs(expected), 1)))
        fail_msg("%s of case %d: %.12g, expected %.12g", what, number, value, expected);
}

static void a_thousand_random_cases_agree_with_scipy_and_scikit_learn(void **state)
{
    (void)state;
    random_case c;
    double value = 0;
    stats_consistency pair;
    assert_int_equal(CASES, 1000);
    for (int i = 0; i < CASES; i++) {
        make_case(&c, i);
        jem_status st = stats_spearman(&value, c.x, c.y, c.n);
        check_case(st, value, golden_case_spearman[i], "Spearman", i);
        st = stats_pearson(&value, c.x, c.y, c.n);
        check_case(st, value, golden_case_pearson[i], "Pearson", i);
        st = stats_average_precision(&value, c.x, c.a, c.n);
        check_case(st, value, golden_case_average_precision[i], "average precision", i);
        st = stats_r2(&value, c.x, c.y, c.n);
        check_case(st, value, golden_case_r2[i], "R2", i);
        st = stats_consistency_pair(&pair, c.a, c.b, c.n);
        check_case(st, pair.kappa, golden_case_kappa[i], "kappa", i);
    }
}

static void the_sorted_order_is_ascending_and_stable_at_every_length(void **state)
{
    (void)state;
    enum { LONGEST = 3000 };
    static double x[LONGEST];
    static int64_t order[LONGEST];
    const int64_t lengths[] = {0, 1, 2, 64, 65, LONGEST};
    for (int kind = 0; kind < 5; kind++)
        for (int l = 0; l < 6; l++) {
            uint64_t seed = (uint64_t)(kind * 10 + l);
            for (int64_t i = 0; i < lengths[l]; i++) x[i] = draw(&seed, kind) - (kind == 0) * 2;
            check_ok(stats_sort_order(order, x, lengths[l]));
            for (int64_t i = 1; i < lengths[l]; i++) {
                assert_true(x[order[i - 1]] <= x[order[i]]);
                if (x[order[i - 1]] == x[order[i]]) assert_true(order[i - 1] < order[i]);
            }
        }
}

static void signs_zeros_infinities_and_denormals_are_in_order(void **state)
{
    (void)state;
    const double x[] = {0.0, -0.0, INFINITY, -INFINITY, 5e-324, -5e-324, 1, -1, 1e308, -1e308};
    const int64_t expected[] = {3, 9, 7, 5, 0, 1, 4, 6, 8, 2};
    double many[200];
    int64_t order[200];
    check_ok(stats_sort_order(order, x, 10));
    assert_memory_equal(order, expected, sizeof expected);
    for (int i = 0; i < 200; i++) many[i] = x[i % 10]; /* long enough for the radix sort */
    check_ok(stats_sort_order(order, many, 200));
    for (int i = 0; i < 20; i++) assert_int_equal(order[i], 3 + 10 * i);
    for (int i = 0; i < 40; i++) /* zeros of either sign are equal: order of places */
        assert_int_equal(order[80 + i], i / 2 * 10 + i % 2);
    many[77] = NAN;
    check_fails(stats_sort_order(order, many, 200), JEM_EDATA, "value 77 is NaN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thousand_random_cases_agree_with_scipy_and_scikit_learn),
        cmocka_unit_test(the_sorted_order_is_ascending_and_stable_at_every_length),
        cmocka_unit_test(signs_zeros_infinities_and_denormals_are_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
