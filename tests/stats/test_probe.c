/* Linear probes against scikit-learn (golden_stats.h) and on hostile input. */
#include "golden_stats.h"
#include "stats/probe.h"
#include "support/check.h"

enum { ROWS = 90, DIMS = 4 };

static void wave(double *x, int n, int d, double a, double b, double c)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j < d; j++) x[i * d + j] = sin(a * i + b * j + c * i * j);
}

static double target(const double *row) { return row[0] - 2 * row[1] + 0.5 * row[2]; }

static void least_squares_agree_with_scikit_learn(void **state)
{
    (void)state;
    double x[70 * 4], y[70], w[5], yhat[20], r2;
    wave(x, 70, 4, 1.1, 2.2, 0.35);
    for (int i = 0; i < 70; i++) y[i] = target(x + 4 * i) + 3 + 0.3 * sin(5.3 * i);
    check_ok(stats_ols_fit(w, x, y, 50, 4));
    for (int j = 0; j < 5; j++) check_near(w[j], golden_ols[j], 1e-11, 1);
    stats_linear_predict(yhat, w, x + 200, 20, 4);
    check_ok(stats_r2(&r2, y + 50, yhat, 20));
    check_near(r2, golden_r2, 1e-11, 1);
    /* standardising changes neither predictions nor R2 */
    check_ok(stats_ols_probe(&r2, x, y, 50, x + 200, y + 50, 20, 4));
    check_near(r2, golden_r2, 1e-11, 1);
}

static void more_dimensions_than_rows_give_the_shortest_solution(void **state)
{
    (void)state;
    double x[54], first[6 * 4], y[6], w[10], yhat[6];
    wave(first, 6, 4, 1.1, 2.2, 0.35);
    for (int i = 0; i < 6; i++) y[i] = target(first + 4 * i) + 3 + 0.3 * sin(5.3 * i);
    wave(x, 6, 9, 0.8, 1.7, 0.45);
    check_ok(stats_ols_fit(w, x, y, 6, 9));
    stats_linear_predict(yhat, w, x, 6, 9);
    for (int i = 0; i < 6; i++) check_near(yhat[i], y[i], 1e-10, 1);
    for (int j = 0; j < 10; j++) check_near(w[j], golden_ols_wide[j], 1e-9, 1);
}

static void r2_of_constant_values_is_an_error(void **state)
{
    (void)state;
    const double y[] = {2, 2, 2}, yhat[] = {1, 2, 3};
    double r2 = 9;
    check_fails(stats_r2(&r2, y, yhat, 3), JEM_EDATA, "constant");
    assert_true(r2 == 9);
}

static void standardising_leaves_constant_dimensions_alone(void **state)
{
    (void)state;
    double x[] = {1, 0.1, 3, 0.1, 5, 0.1}, mean[2], sd[2];
    stats_standardise_fit(mean, sd, x, 3, 2);
    check_near(mean[0], 3, 1e-15, 1);
    check_near(sd[0], sqrt(8.0 / 3), 1e-15, 1);
    assert_true(sd[1] == 1);
    stats_standardise_apply(x, mean, sd, x, 3, 2);
    check_near(x[0], -2 / sqrt(8.0 / 3), 1e-15, 1);
    check_near(x[1], 0, 1e-15, 1);
}

/* Standardised features and labels cut from a noisy linear score. */
static void fill_classes(double *x, int32_t *labels, int classes)
{
    double mean[DIMS], sd[DIMS];
    wave(x, ROWS, DIMS, 1.1, 2.2, 0.35);
    stats_standardise_fit(mean, sd, x, ROWS, DIMS);
    stats_standardise_apply(x, mean, sd, x, ROWS, DIMS);
    for (int i = 0; i < ROWS; i++) {
        double score = target(x + DIMS * i) + 0.8 * sin(5.3 * i);
        labels[i] = classes == 2 ? score >= 0 : (score >= -0.7) + (score >= 0.7);
    }
}

static void support_vector_machines_agree_with_scikit_learn(void **state)
{
    (void)state;
    static const struct {
        int classes, rows;
        double c;
        const double *weights, accuracy;
    } cases[] = {{2, 1, 0.01, golden_svm_2_001, golden_svm_accuracy_2_001},
                 {2, 1, 1, golden_svm_2_1, golden_svm_accuracy_2_1},
                 {3, 3, 0.01, golden_svm_3_001, golden_svm_accuracy_3_001},
                 {3, 3, 1, golden_svm_3_1, golden_svm_accuracy_3_1}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        double x[ROWS * DIMS];
        int32_t labels[ROWS], answers[ROWS];
        stats_svm svm = STATS_SVM_INIT;
        fill_classes(x, labels, cases[k].classes);
        check_ok(stats_svm_fit(&svm, x, labels, ROWS, DIMS, cases[k].classes, cases[k].c));
        for (int j = 0; j < cases[k].rows * (DIMS + 1); j++)
            check_near(svm.weights[j], cases[k].weights[j], 1e-5, 1);
        check_ok(stats_svm_predict(answers, &svm, x, ROWS));
        int right = 0;
        for (int i = 0; i < ROWS; i++) right += answers[i] == labels[i];
        check_near(right / (double)ROWS, cases[k].accuracy, 1e-15, 1);
        stats_svm_clear(&svm);
    }
}

static void the_sign_means_class_one_whatever_class_comes_first(void **state)
{
    (void)state;
    const double x[] = {-2, -1, 1, 2};
    for (int flip = 0; flip < 2; flip++) {
        const int32_t labels[] = {flip, flip, 1 - flip, 1 - flip};
        stats_svm svm = STATS_SVM_INIT;
        double f[4];
        check_ok(stats_svm_fit(&svm, x, labels, 4, 1, 2, 1));
        stats_svm_decide(f, &svm, x, 4);
        for (int i = 0; i < 4; i++) assert_true((f[i] > 0) == (labels[i] == 1));
        stats_svm_clear(&svm);
    }
}

/* Fitted on the first 60 rows, asked about the others. */
static stats_svm_probe probe_of(const double *x, const int32_t *labels, uint64_t seed)
{
    return (stats_svm_probe){.train = x, .labels = labels, .n = 60, .test = x + 60 * DIMS, .m = ROWS - 60,
                             .d = DIMS, .classes = 3, .seed = seed};
}

static void the_probe_chooses_c(void **state)
{
    (void)state;
    double x[ROWS * DIMS], accuracy = 0, c;
    int32_t labels[ROWS], answers[30];
    fill_classes(x, labels, 3);
    const stats_svm_probe probe = probe_of(x, labels, 1);
    check_ok(stats_svm_probe_predict(answers, NULL, &c, &probe));
    for (int i = 0; i < 30; i++) accuracy += (answers[i] == labels[60 + i]) / 30.0;
    int exponent = (int)nearbyint(log10(c)) + 3;
    assert_in_range(exponent, 0, 5);
    check_near(accuracy, golden_svm_probe[exponent], 1e-12, 1);
    /* separable without effort: every C is perfect, the smallest wins */
    double easy[20];
    int32_t sides[20];
    for (int i = 0; i < 20; i++) {
        sides[i] = i % 2;
        easy[i] = (sides[i] ? 5 : -5) + 0.01 * i;
    }
    check_ok(stats_svm_choose_c(&c, &(stats_svm_probe){.train = easy, .labels = sides, .n = 20, .d = 1, .classes = 2, .seed = 3}));
    check_near(c, 1e-3, 1e-15, 0);
}

static void threads_change_no_bit_of_a_probe(void **state)
{
    (void)state;
    double x[ROWS * DIMS], f[30 * 3], others_f[30 * 3], c, others_c;
    int32_t labels[ROWS], answers[30], others[30];
    fill_classes(x, labels, 3);
    for (uint64_t seed = 1; seed <= 4; seed++) {
        stats_svm_probe probe = probe_of(x, labels, seed);
        check_ok(stats_svm_probe_predict(answers, f, &c, &probe));
        for (int threads = 1; threads <= 7; threads += 2) {
            check_ok(pool_new(&probe.threads, threads));
            check_ok(stats_svm_probe_predict(others, others_f, &others_c, &probe));
            pool_free(probe.threads);
            assert_memory_equal(answers, others, sizeof answers);
            assert_memory_equal(f, others_f, sizeof f);
            assert_true(c == others_c);
        }
    }
}

static void missing_and_unknown_classes_are_refused(void **state)
{
    (void)state;
    const double x[] = {1, 2, 3};
    const int32_t one_class[] = {0, 0, 0}, beyond[] = {0, 1, 2};
    stats_svm svm = STATS_SVM_INIT;
    double c;
    check_fails(stats_svm_fit(&svm, x, one_class, 3, 1, 2, 1), JEM_EDATA, "class 1");
    check_fails(stats_svm_fit(&svm, x, beyond, 3, 1, 2, 1), JEM_EDATA, "label 2");
    check_fails(stats_svm_choose_c(&c, &(stats_svm_probe){.train = x, .labels = beyond, .n = 3, .d = 1, .classes = 3}),
                JEM_EDATA, "at least 5");
    assert_null(svm.weights);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_squares_agree_with_scikit_learn),
        cmocka_unit_test(more_dimensions_than_rows_give_the_shortest_solution),
        cmocka_unit_test(r2_of_constant_values_is_an_error),
        cmocka_unit_test(standardising_leaves_constant_dimensions_alone),
        cmocka_unit_test(support_vector_machines_agree_with_scikit_learn),
        cmocka_unit_test(the_sign_means_class_one_whatever_class_comes_first),
        cmocka_unit_test(the_probe_chooses_c),
        cmocka_unit_test(threads_change_no_bit_of_a_probe),
        cmocka_unit_test(missing_and_unknown_classes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
