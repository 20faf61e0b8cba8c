/* A thousand random cases against scipy and scikit-learn (golden_cases.h), and the sort
 * behind the ranks. */
#include "golden_cases.h"
#include "support/check.h"

#include "stats/bapps.h"
#include "stats/consistency.h"
#include "stats/probe.h"
#include "stats/rank.h"
#include "stats/sort_order.h"

enum {
    CASES = sizeof golden_case_kappa / sizeof *golden_case_kappa,
    LENGTH_MAX = 40,
    KINDS = 8,
    SVM_KINDS = 6,
    FEATURES_MAX = 4
};

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
    case 4:
        return 1e8 + next(state) % 1000;
    case 5:
        return 0.1 + next(state) / (2147483648U - 134217728U);
    default:
        unit = next(state) / 2147483648.0 - 0.5;
        return ldexp(unit, (kind == 6 ? 900 : -1000) + (int)(next(state) % 100));
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
    c->n = 1 + next(&state) % 40;
    for (int64_t i = 0; i < c->n; i++) c->x[i] = draw(&state, number % KINDS);
    for (int64_t i = 0; i < c->n; i++) c->y[i] = draw(&state, number / KINDS % KINDS);
    for (int64_t i = 0; i < c->n; i++) c->a[i] = next(&state) % 2;
    for (int64_t i = 0; i < c->n; i++) c->b[i] = next(&state) % 2;
}

/* What is undefined is refused, what is defined agrees to `tolerance`. */
static void check_case(jem_status st, double value, double expected, double tolerance,
                       const char *what, int number)
{
    if (isnan(expected) != (st == JEM_EDATA) || (!isnan(expected) && st != JEM_OK))
        fail_msg("%s of case %d: status %d, expected %g", what, number, st, expected);
    if (!isnan(expected) && !(fabs(value - expected) <= tolerance * fmax(fabs(expected), 1)))
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
        check_case(st, value, golden_case_spearman[i], 1e-9, "Spearman", i);
        st = stats_pearson(&value, c.x, c.y, c.n);
        check_case(st, value, golden_case_pearson[i], 1e-9, "Pearson", i);
        st = stats_average_precision(&value, c.x, c.a, c.n);
        check_case(st, value, golden_case_average_precision[i], 1e-9, "average precision", i);
        st = stats_r2(&value, c.x, c.y, c.n);
        check_case(st, value, golden_case_r2[i], 1e-9, "R2", i);
        st = stats_consistency_pair(&pair, c.a, c.b, c.n);
        check_case(st, pair.kappa, golden_case_kappa[i], 1e-9, "kappa", i);
    }
}

/* What the machine minimises, summed over its rows. */
static double objective(const stats_svm *svm, const double *x, const int32_t *y, int64_t n)
{
    double f[3 * LENGTH_MAX], total = 0;
    int64_t rows = svm->classes == 2 ? 1 : svm->classes;
    stats_svm_decide(f, svm, x, n);
    for (int64_t r = 0; r < rows; r++) {
        const double *w = svm->weights + r * (svm->d + 1);
        for (int64_t j = 0; j <= svm->d; j++) total += 0.5 * w[j] * w[j];
        for (int64_t i = 0; i < n; i++) {
            double sign = y[i] == (svm->classes == 2 ? 1 : r) ? 1 : -1;
            double margin = fmax(1 - sign * f[i * rows + r], 0);
            total += svm->c * margin * margin;
        }
    }
    return total;
}

static void a_thousand_support_vector_machines_reach_scikit_learns_minimum(void **state)
{
    (void)state;
    const double costs[] = {1e-3, 1e-2, 1e-1, 1, 10, 100};
    double x[LENGTH_MAX * FEATURES_MAX], mean[FEATURES_MAX], sd[FEATURES_MAX];
    int32_t y[LENGTH_MAX];
    for (int i = 0; i < CASES; i++) {
        uint64_t seed = (uint64_t)i;
        int64_t n = 1 + next(&seed) % 40, d = 1 + i % 4, classes = 2 + i / 4 % 2;
        for (int64_t j = 0; j < d; j++)
            for (int64_t k = 0; k < n; k++) x[k * d + j] = draw(&seed, (int)(i + j) % SVM_KINDS);
        for (int64_t k = 0; k < n; k++) y[k] = (int32_t)(next(&seed) % classes);
        stats_standardise_fit(mean, sd, x, n, d);
        stats_standardise_apply(x, mean, sd, x, n, d);
        stats_svm svm = STATS_SVM_INIT;
        jem_status st = stats_svm_fit(&svm, x, y, n, d, classes, costs[i / 8 % 6]);
        double value = st == JEM_OK ? objective(&svm, x, y, n) : NAN, expected = golden_case_svm[i];
        check_case(st, value / expected, isnan(expected) ? NAN : 1, 1e-6, "SVM objective", i);
        stats_svm_clear(&svm);
    }
}

static void values_that_are_not_finite_are_refused(void **state)
{
    (void)state;
    const double bad[] = {1, NAN, 3}, far[] = {1, 2, INFINITY}, good[] = {1, 2, 4};
    const int32_t labels[] = {0, 1, 1};
    double value = 7;
    stats_svm svm = STATS_SVM_INIT;
    check_fails(stats_pearson(&value, bad, good, 3), JEM_EDATA, "value 1 is nan");
    check_fails(stats_pearson(&value, good, far, 3), JEM_EDATA, "value 2 is inf");
    check_fails(stats_spearman(&value, good, bad, 3), JEM_EDATA, "value 1 is NaN");
    check_fails(stats_r2(&value, good, bad, 3), JEM_EDATA, "value 1 is nan");
    check_fails(stats_r2(&value, far, good, 3), JEM_EDATA, "value 2 is inf");
    check_fails(stats_svm_fit(&svm, bad, labels, 3, 1, 2, 1), JEM_EDATA,
                "feature 0 of training image 1 is nan");
    assert_true(value == 7);
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
        cmocka_unit_test(a_thousand_support_vector_machines_reach_scikit_learns_minimum),
        cmocka_unit_test(values_that_are_not_finite_are_refused),
        cmocka_unit_test(the_sorted_order_is_ascending_and_stable_at_every_length),
        cmocka_unit_test(signs_zeros_infinities_and_denormals_are_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
