/* Soft labels: the worked row, CIFAR-10H's counts with two published networks and
 * made-up predictors, and what must be refused. */
#include "published.h"

#include "stats/calibration.h"
#include "stats/classify.h"
#include "stats/rank.h"
#include "stats/soft_label.h"
#include "stats/summary.h"

enum { N = 10000, K = 10, CELLS = N * K };

static void a_single_row_gives_the_worked_values(void **state)
{
    (void)state;
    const int64_t counts[] = {0, 1, 1, 48, 0, 1, 0, 0, 0, 0};
    double q[] = {.05, .05, .05, .55, .05, .05, .05, .05, .05, .05};
    double p[K], logq[K], ce, h;
    int64_t clipped;
    check_ok(stats_label_distribution(p, counts, 1, K));
    check_ok(stats_log_clipped(logq, &clipped, q, 1e-12, 1, K));
    stats_cross_entropy(&ce, p, logq, 1, K);
    check_ok(stats_entropy(&h, p, 1, K));
    assert_int_equal(clipped, 0);
    check_near(ce, 0.7388896639, 1e-10, 1);
    check_near(h, 0.2883423283, 1e-10, 1);
    check_near(ce - h, 0.4505473355, 1e-10, 1);
}

static void nobody_expecting_a_class_costs_nothing_even_at_probability_zero(void **state)
{
    (void)state;
    const double p[] = {1, 0, 0, 1}, q[] = {1, 0, 1, 0}, zero[] = {0, -INFINITY, 0, -INFINITY};
    double ce[2], logq[4];
    int64_t clipped;
    stats_cross_entropy(ce, p, zero, 2, 2);
    assert_true(ce[0] == 0 && isinf(ce[1]));
    check_ok(stats_log_clipped(logq, &clipped, q, 1e-12, 2, 2));
    assert_int_equal(clipped, 2);
    stats_cross_entropy(ce, p, logq, 2, 2);
    check_near(ce[1], -log(1e-12), 1e-15, 1);
}

static void logits_need_no_floor(void **state)
{
    (void)state;
    const double logits[] = {0, -5000, 1e4, 0}, bad[] = {1, NAN}, inf[] = {INFINITY, 0};
    const double p[] = {0.5, 0.5, 0.5, 0.5};
    double logq[4], ce[2];
    check_ok(stats_log_softmax(logq, logits, 2, 2));
    stats_cross_entropy(ce, p, logq, 2, 2);
    check_near(ce[0], 2500, 1e-15, 1);
    check_near(ce[1], 5000, 1e-15, 1);
    check_fails(stats_log_softmax(logq, bad, 1, 2), JEM_EDATA, "row 0, class 1");
    check_fails(stats_log_softmax(logq, inf, 1, 2), JEM_EDATA, "not finite");
}

static void divergence_is_zero_for_equal_rows_and_log_two_for_disjoint_ones(void **state)
{
    (void)state;
    const double p[] = {.25, .75, 1, 0}, q[] = {.25, .75, 0, 1};
    double js[2];
    stats_js_divergence(js, p, q, 2, 2);
    assert_true(js[0] == 0);
    check_near(js[1], log(2), 1e-15, 1);
}

static void reordered_probabilities_have_the_same_entropy_to_the_bit(void **state)
{
    (void)state;
    const double p[] = {.1, .2, .7, .7, .1, .2, .2, .7, .1};
    double h[3];
    check_ok(stats_entropy(h, p, 3, 3));
    assert_true(h[0] == h[1] && h[1] == h[2]);
}

static void malformed_rows_are_refused_with_their_place(void **state)
{
    (void)state;
    const int64_t negative[] = {1, 2, 3, -1}, empty[] = {1, 2, 0, 0}, one[] = {1, 0},
                  huge[] = {INT64_MAX, 1};
    const double sum[] = {.5, .5, .5, .6}, minus[] = {1.1, -.1}, nan[] = {NAN, 1};
    double out[4];
    check_fails(stats_label_distribution(out, negative, 2, 2), JEM_EDATA, "image 1, class 1");
    check_fails(stats_label_distribution(out, empty, 2, 2), JEM_EDATA, "image 1: nobody");
    check_fails(stats_label_distribution(out, huge, 1, 2), JEM_EDATA, "number of people");
    check_fails(stats_check_distribution(sum, 2, 2), JEM_EDATA, "row 1: probabilities sum to 1.1");
    check_fails(stats_check_distribution(minus, 1, 2), JEM_EDATA, "class 1");
    check_fails(stats_log_clipped(out, NULL, nan, 1e-12, 1, 2), JEM_EDATA, "row 0, class 0");
    check_fails(stats_split_half(out, one, 1e-12, 1, 1, 2), JEM_EDATA, "cannot be split");
    check_fails(stats_split_half(out, empty, 1e-12, 1, 2, 2), JEM_EDATA, "nobody");
    double r = 7, rho = 7;
    const double vary[] = {1, 2}, flat[] = {3, 3 + 1e-15};
    check_fails(stats_entropy_correlation(&r, &rho, vary, flat, 2), JEM_EDATA, "of the model");
    check_fails(stats_entropy_correlation(&r, &rho, flat, vary, 2), JEM_EDATA, "of people");
    assert_true(r == 7 && rho == 7);
}

static void the_fitted_temperature_is_where_the_loss_is_flat(void **state)
{
    (void)state;
    const double f[] = {2, 0, 0, 1}, p[] = {.7, .3, .4, .6};
    double t, logq[4], ce[2], loss[3], scaled[4];
    check_ok(stats_fit_temperature(&t, f, p, 2, 2));
    for (int i = 0; i < 3; i++) {
        for (int j = 0; j < 4; j++) scaled[j] = f[j] / (t * (1 + 1e-3 * (i - 1)));
        check_ok(stats_log_softmax(logq, scaled, 2, 2));
        stats_cross_entropy(ce, p, logq, 2, 2);
        loss[i] = ce[0] + ce[1];
    }
    assert_true(loss[1] < loss[0] && loss[1] < loss[2]);
    /* logits that are the logarithms of p: already at temperature 1 */
    for (int j = 0; j < 4; j++) scaled[j] = log(p[j]);
    check_ok(stats_fit_temperature(&t, scaled, p, 2, 2));
    check_near(t, 1, 1e-7, 1);
    check_fails(stats_fit_temperature(&t, f, p, 0, 2), JEM_EDATA, "no images");
}

/* ---- CIFAR-10H */

typedef struct cifar10h {
    int64_t *counts;         /* [N][K] */
    double *p, *hp;          /* [N][K], [N] */
    double *q, *logq, *rows; /* [N][K], [N][K], [N] */
    double *hq;              /* [N] */
    int32_t labels[N], modal[N];
    json_t *values;
} cifar10h;

static double *doubles(int64_t n)
{
    double *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    return x;
}

static cifar10h *open_cifar10h(void)
{
    json_t *values = published_open();
    jem_tensor t = published_array("cifar10h/cifar10h-counts.npy", false);
    assert_int_equal(t.dtype, JEM_I64);
    assert_int_equal(jem_tensor_count(&t), CELLS);
    cifar10h *c = malloc(sizeof *c);
    assert_non_null(c);
    c->counts = t.data;
    c->p = doubles(CELLS);
    c->q = doubles(CELLS);
    c->logq = doubles(CELLS);
    c->hp = doubles(N);
    c->hq = doubles(N);
    c->rows = doubles(N);
    c->values = values;
    check_ok(stats_label_distribution(c->p, c->counts, N, K));
    check_ok(stats_entropy(c->hp, c->p, N, K));
    char path[4096];
    check_data(path, sizeof path, "cifar10h/test-images.tsv");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*[^\n]"), 0);
    for (int i = 0; i < N; i++) {
        int label = -1;
        assert_int_equal(fscanf(f, "%*d %d%*[^\n]", &label), 1);
        c->labels[i] = label;
        c->modal[i] = (int32_t)stats_argmax(c->p + i * K, K);
    }
    fclose(f);
    return c;
}

static void close_cifar10h(cifar10h *c)
{
    jem_tensor t = {.data = c->counts};
    jem_tensor_clear(&t);
    json_decref(c->values);
    free(c->p);
    free(c->q);
    free(c->logq);
    free(c->hp);
    free(c->hq);
    free(c->rows);
    free(c);
}

static void people_have_the_published_entropies(void **state)
{
    (void)state;
    cifar10h *c = open_cifar10h();
    json_t *human = published_get(c->values, "cifar10h", "human", NULL);
    int64_t total = 0, positive = 0, top = 0, modal = 0;
    double of_label = 0;
    for (int64_t i = 0; i < N; i++) {
        for (int64_t k = 0; k < K; k++) total += c->counts[i * K + k];
        positive += c->hp[i] > 0;
        if (c->hp[i] > c->hp[top]) top = i;
        of_label += c->p[i * K + c->labels[i]];
        modal += c->modal[i] == c->labels[i];
    }
    check_published((double)total, human, "judgements");
    check_published(stats_mean(c->hp, N), human, "mean_entropy_nats");
    check_published(c->hp[top], human, "max_entropy_nats");
    check_published((double)top, human, "argmax_max_entropy");
    check_published((double)positive, human, "images_with_entropy");
    check_published(of_label / N, human, "mean_prob_of_label");
    check_published((double)modal / N, human, "argmax_accuracy");
    json_t *first = published_get(human, "first_10_entropies_nats", NULL);
    for (size_t i = 0; i < 10; i++)
        check_near(c->hp[i], json_number_value(json_array_get(first, i)), 1e-9, 1e-4);
    close_cifar10h(c);
}

/* Everything that is published about one set of predictions c->q, c->logq. */
static void check_predictions(cifar10h *c, json_t *values, bool noisy_ties)
{
    int64_t right = 0, modal = 0;
    double label = 0, pearson, spearman;
    for (int64_t i = 0; i < N; i++) {
        int64_t best = stats_argmax(c->q + i * K, K);
        right += best == c->labels[i];
        modal += best == c->modal[i];
        label -= c->logq[i * K + c->labels[i]];
    }
    stats_cross_entropy(c->rows, c->p, c->logq, N, K);
    check_published(stats_mean(c->rows, N), values, "cross_entropy_human");
    check_published(stats_mean(c->rows, N) - stats_mean(c->hp, N), values, "kl_human_model");
    stats_js_divergence(c->rows, c->p, c->q, N, K);
    check_published(stats_mean(c->rows, N), values, "js_divergence");
    if (!json_object_get(values, "accuracy")) return; /* "uniform" has no more */
    check_published(label / N, values, "cross_entropy_label");
    check_published((double)right / N, values, "accuracy");
    check_published((double)modal / N, values, "accuracy_human_argmax");
    check_ok(stats_entropy(c->hq, c->q, N, K));
    check_published(stats_mean(c->hq, N), values, "mean_model_entropy");
    check_published(stats_ece_floor(c->q, c->labels, N, K, 15), values, "ece_15");
    check_ok(stats_pearson(&pearson, c->p, c->q, CELLS));
    check_near(pearson, json_number_value(published_get(values, "prob_pearson_all_cells", NULL)),
               1e-9, 1e-3);
    jem_status st = stats_entropy_correlation(&pearson, &spearman, c->hp, c->hq, N);
    if (json_is_null(json_object_get(values, "entropy_pearson"))) {
        assert_int_equal(st, JEM_EDATA);
        return;
    }
    assert_int_equal(st, JEM_OK);
    check_published(pearson, values, "entropy_pearson");
    /* The published ranks saw ties broken by the rounding of sums in class order; ours
     * are exact, which moves the correlation by up to 1e-4. */
    check_near(spearman, json_number_value(published_get(values, "entropy_spearman", NULL)),
               noisy_ties ? 1e-4 : 1e-9, 1);
}

static void networks_get_the_published_scores(void **state)
{
    (void)state;
    cifar10h *c = open_cifar10h();
    const char *const names[] = {"resnet_basic_110", "vgg_15_BN_64"};
    for (int m = 0; m < 2; m++) {
        char path[200];
        snprintf(path, sizeof path, "cifar10h/predictions/%s-logits.npy", names[m]);
        jem_tensor t = published_array(path, true);
        check_ok(stats_log_softmax(c->logq, t.data, N, K));
        stats_softmax(c->q, t.data, N, K);
        jem_tensor_clear(&t);
        check_predictions(c, published_get(c->values, "cifar10h", "models", names[m], NULL), true);
        if (m == 0) continue;
        /* scipy on entropies with exact ties (numpy.longdouble rounded to double) */
        double r, rho;
        check_ok(stats_entropy_correlation(&r, &rho, c->hp, c->hq, N));
        check_near(rho, 0.30168701830157213, 1e-9, 1);
    }
    close_cifar10h(c);
}

static void made_up_predictors_get_the_published_scores(void **state)
{
    (void)state;
    cifar10h *c = open_cifar10h();
    json_t *values = published_get(c->values, "cifar10h", "synthetic", NULL);
    static const struct {
        const char *name;
        double on_label;
    } peaked[] = {{"0.9 on the label, rest uniform", 0.9},
                  {"0.99 on the label, rest uniform", 0.99},
                  {"0.5 on the label, rest uniform", 0.5},
                  {"uniform", 0.1}};
    for (int m = 0; m < 4; m++) {
        for (int64_t i = 0; i < CELLS; i++)
            c->q[i] = i % K == c->labels[i / K] ? peaked[m].on_label : (1 - peaked[m].on_label) / 9;
        check_ok(stats_log_clipped(c->logq, NULL, c->q, 1e-12, N, K));
        check_predictions(c, published_get(values, peaked[m].name, NULL), false);
    }
    for (int shift = 0; shift < 2; shift++) {
        for (int64_t i = 0; i < N; i++) {
            int64_t from = (i + N - shift) % N, sum = K;
            for (int64_t k = 0; k < K; k++) sum += c->counts[from * K + k];
            for (int64_t k = 0; k < K; k++)
                c->q[i * K + k] = (double)(c->counts[from * K + k] + 1) / (double)sum;
        }
        check_ok(stats_log_clipped(c->logq, NULL, c->q, 1e-12, N, K));
        check_predictions(c,
                          published_get(values,
                                        shift ? "the same, rows shifted by one (row i gets row "
                                                "i-1, row 0 gets row 9999)"
                                              : "human counts plus one, normalised",
                                        NULL),
                          true);
    }
    close_cifar10h(c);
}

static void half_of_the_people_predict_the_other_half_as_documented(void **state)
{
    (void)state;
    cifar10h *c = open_cifar10h();
    const struct {
        double floor, low, high;
    } expected[] = {{1e-12, .52, .53}, {1e-10, .45, .46}, {1e-8, .38, .39}, {1e-6, .31, .32}};
    double again;
    for (int f = 0; f < 4; f++) {
        check_ok(stats_split_half(c->rows, c->counts, expected[f].floor, 1, N, K));
        double mean = stats_mean(c->rows, N);
        /* the document gives two digits of "several random splits" */
        assert_true(mean > expected[f].low - 0.008 && mean < expected[f].high + 0.008);
    }
    again = stats_mean(c->rows, N);
    check_ok(stats_split_half(c->rows, c->counts, 1e-6, 1, N, K));
    assert_true(stats_mean(c->rows, N) == again);
    check_ok(stats_split_half(c->rows, c->counts, 1e-6, 2, N, K));
    assert_true(stats_mean(c->rows, N) != again);
    close_cifar10h(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_single_row_gives_the_worked_values),
        cmocka_unit_test(nobody_expecting_a_class_costs_nothing_even_at_probability_zero),
        cmocka_unit_test(logits_need_no_floor),
        cmocka_unit_test(divergence_is_zero_for_equal_rows_and_log_two_for_disjoint_ones),
        cmocka_unit_test(reordered_probabilities_have_the_same_entropy_to_the_bit),
        cmocka_unit_test(malformed_rows_are_refused_with_their_place),
        cmocka_unit_test(the_fitted_temperature_is_where_the_loss_is_flat),
        cmocka_unit_test(people_have_the_published_entropies),
        cmocka_unit_test(networks_get_the_published_scores),
        cmocka_unit_test(made_up_predictors_get_the_published_scores),
        cmocka_unit_test(half_of_the_people_predict_the_other_half_as_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
