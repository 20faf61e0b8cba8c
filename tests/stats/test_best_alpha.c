/* Claims about the best alpha: against scipy's multivariate t, by hand, and in what cannot be
 * claimed. */
#include "support/check.h"

#include "base/rng.h"
#include "stats/best_alpha.h"
#include "stats/golden_best_alpha.h"

enum { K = 11, MOST = 110 };

static const stats_best_alpha_options pooled = {
    .variance = STATS_VARIANCE_POOLED, .level = 0.95, .draws = STATS_ALPHA_DRAWS, .seed = 1};

/* Scores of n networks at each of K alphas whose spread is 1 and whose means are mean [K]. */
static stats_alphas unit_study(int64_t *networks, double *score, const double *mean, int64_t n)
{
    for (int64_t i = 0; i < K; i++) {
        networks[i] = n;
        for (int64_t j = 0; j < n; j++)
            score[i * n + j] = mean[i] + (j == 0) * sqrt((double)(n - 1) / 2) -
                               (j == 1) * sqrt((double)(n - 1) / 2);
    }
    return (stats_alphas){K, networks, score, NULL, NAN};
}

static void critical_values_and_p_are_those_of_the_multivariate_t(void **state)
{
    (void)state;
    const int64_t seeds[] = {2, 3, 5, 10};
    for (int s = 0; s < 4; s++) {
        int64_t networks[K];
        double score[MOST], mean[K] = {0}, se = sqrt(2.0 / (double)seeds[s]);
        mean[3] = 2 * se; /* t = 2 to either end */
        mean[5] = 4 * se;
        const stats_alphas data = unit_study(networks, score, mean, seeds[s]);
        stats_best_alpha b;
        check_ok(stats_best_alpha_find(&b, &data, &pooled));
        /* three standard deviations of 100,000 draws */
        const double p2 = golden_p_at_2[s], p4 = golden_p_at_4[s];
        assert_true(fabs(b.p_alpha[3] - p2) < 3 * sqrt(p2 * (1 - p2) / 1e5));
        assert_true(fabs(b.p_alpha[5] - p4) < 3 * sqrt(p4 * (1 - p4) / 1e5) + 2e-5);
        assert_true(b.p == b.p_alpha[5] && b.best == 5 && b.leader == 5);
        check_near(b.margin, 4 * se, 1e-12, 1);
        /* the 95 % point: a density of some .1 there makes its error some .007 */
        check_near((4 * se - b.margin_low) / se, golden_point[s], 0.02, 0);
        stats_best_alpha_clear(&b);
    }
}

static void what_a_design_can_show_is_the_published_table(void **state)
{
    (void)state;
    /* margin 1 to 4 spreads; 6 and 11 alphas; one end far below or not */
    const int64_t expected[2][2][4] = {{{23, 6, 3, 2}, {19, 5, 3, 2}}, {{26, 7, 4, 3}, {22, 6, 3, 2}}};
    for (int k = 0; k < 2; k++)
        for (int far = 0; far < 2; far++)
            for (int m = 0; m < 4; m++) {
                int64_t n;
                check_ok(stats_alpha_networks(&n, m + 1, &(stats_alpha_design){k ? 11 : 6, 0, far}, &pooled));
                /* at 11 alphas and one spread the 26 needed stand at 1.00 spreads */
                assert_true(llabs(n - expected[k][far][m]) <= (m == 0));
            }
    const int64_t two[K] = {2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2}, six[K] = {6, 2, 2, 2, 2, 2, 2, 2, 2, 2, 6};
    const int64_t three[K] = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};
    const stats_alpha_design all = {.alphas = K};
    double margin, margin_six, margin_three;
    check_ok(stats_alpha_detectable(&margin, two, &all, &pooled));
    check_near(margin, 4.03, 0.01, 1);
    check_ok(stats_alpha_detectable(&margin_six, six, &all, &pooled)); /* 30 networks */
    check_ok(stats_alpha_detectable(&margin_three, three, &all, &pooled)); /* 33 */
    check_near(margin_six, margin_three, 0.05, 1);
    int64_t n;
    check_fails(stats_alpha_networks(&n, 1e-6, &all, &(stats_best_alpha_options){
                    .variance = STATS_VARIANCE_POOLED, .level = 0.95, .draws = 1000}),
                JEM_EDATA, "1000 networks");
}

static void more_networks_at_the_ends_spare_some(void **state)
{
    (void)state;
    const stats_best_alpha_options quick = {.variance = STATS_VARIANCE_POOLED, .level = 0.95, .draws = 20000,
                                            .seed = 1};
    const stats_alpha_design all = {.alphas = K}, images = {.alphas = K, .images = 1};
    int64_t equal, ends, between, networks[K];
    double margin;
    check_ok(stats_alpha_networks(&equal, 2, &all, &quick));
    check_ok(stats_alpha_fewest(&ends, &between, equal, 2, &all, &quick));
    assert_true(ends > between && between >= 2 && 2 * ends + (K - 2) * between < K * equal);
    for (int i = 0; i < K; i++) networks[i] = i % (K - 1) ? between : ends;
    check_ok(stats_alpha_detectable(&margin, networks, &all, &quick));
    assert_true(margin <= 2);
    /* two at each alpha are the fewest that know a spread */
    check_ok(stats_alpha_networks(&equal, 9, &all, &quick));
    check_ok(stats_alpha_fewest(&ends, &between, equal, 9, &all, &quick));
    assert_true(equal == 2 && ends == 2 && between == 2);
    /* what images leave does not shrink with seeds: with two normals of spread 1 a difference
     * of 2.77 sqrt(2) and more is needed whatever their number */
    check_fails(stats_alpha_networks(&equal, 3, &images, &quick), JEM_EDATA, "1000 networks");
    check_ok(stats_alpha_networks(&equal, 6, &images, &quick));
    check_ok(stats_alpha_networks(&ends, 6, &all, &quick));
    assert_true(equal > ends);
}

static void what_could_have_been_shown_is_as_uncertain_as_the_variance(void **state)
{
    (void)state;
    int64_t networks[K];
    double score[MOST], mean[K] = {0};
    const stats_alphas data = unit_study(networks, score, mean, 2);
    stats_best_alpha b;
    check_ok(stats_best_alpha_find(&b, &data, &pooled));
    check_near(b.detectable, 4.03, 0.01, 1);
    assert_true(fabs(b.spread - 1) < 1e-12 && b.images == 0);
    check_near(b.detectable_range.low, 2.6, 0.02, 1);
    check_near(b.detectable_range.high, 5.4, 0.02, 1);
    assert_true(b.p > 0.5 && b.margin == 0);
    for (int i = 0; i < K; i++) assert_true(b.in_set[i]);
    stats_best_alpha_clear(&b);
}

static void spreads_are_pooled_guarded_or_each_ones_own(void **state)
{
    (void)state;
    /* spread (variance) 2, 2, 8, 0.5 with two networks; 2 at the upper end with three */
    const int64_t networks[] = {2, 2, 2, 2, 3};
    const double score[] = {-1, 1, -1, 1, -2, 2, -.5, .5, -sqrt(2), 0, sqrt(2)};
    const stats_alphas data = {5, networks, score, NULL, NAN};
    stats_alpha_noise n;
    const double inner = (2 + 8 + 0.5) / 3, all = (2 + 2 + 8 + 0.5 + 2 * 2) / 6;
    check_ok(stats_alpha_noise_init(&n, &data, STATS_VARIANCE_GUARDED, -1));
    const double guarded[] = {2 / 2., inner / 2, 8 / 2., inner / 2, 2 / 3.};
    for (int i = 0; i < 5; i++) check_near(n.variance[i], guarded[i], 1e-12, 1);
    assert_true(n.df[0] == 3 && n.df[n.group[0]] == 1 && n.df[n.group[4]] == 2 && n.group[2] == 0);
    stats_alpha_noise_clear(&n);
    check_ok(stats_alpha_noise_init(&n, &data, STATS_VARIANCE_POOLED, -1));
    for (int i = 0; i < 5; i++) check_near(n.variance[i], all / (double)networks[i], 1e-12, 1);
    assert_true(n.df[0] == 6 && n.group[4] == 0);
    stats_alpha_noise_clear(&n);
    check_ok(stats_alpha_noise_init(&n, &data, STATS_VARIANCE_EACH, -1));
    check_near(n.variance[3], 0.25, 1e-12, 1);
    assert_true(n.df[n.group[2]] == 1);
    stats_alpha_noise_clear(&n);
    /* an end that has one network left takes the pool of the others */
    check_ok(stats_alpha_noise_init(&n, &data, STATS_VARIANCE_GUARDED, 1));
    check_near(n.mean[0], -1, 0, 1);
    check_near(n.variance[0], inner, 1e-12, 1);
    assert_true(n.group[0] == 0);
    stats_alpha_noise_clear(&n);
}

/* Score ij = common noise of the images at alpha i + own noise: G by hand. */
static void images_count_once(void **state)
{
    (void)state;
    const int64_t networks[] = {2, 2, 1};
    const double score[] = {0, 0, 1, 1, 0}, own = 0.7;
    const double c[3][3] = {{2, .5, .4}, {.5, 1, .3}, {.4, .3, 1.5}};
    const int at[] = {0, 0, 1, 1, 2};
    double g[25], difference;
    for (int j = 0; j < 5; j++)
        for (int k = 0; k < 5; k++) g[j * 5 + k] = c[at[j]][at[k]] + (j == k) * own;
    stats_alphas data = {3, networks, score, g, NAN};
    stats_alpha_noise n;
    check_ok(stats_alpha_noise_init(&n, &data, STATS_VARIANCE_POOLED, -1));
    for (int i = 0; i < 3; i++)
        for (int l = 0; l < 3; l++) {
            difference = c[i][i] + c[l][l] - 2 * c[i][l];
            if (i != l)
                check_near(stats_alpha_variance(&n, i, l, false), difference, 1e-9, 1);
            double root = 0;
            for (int r = 0; r < 3; r++) root += n.root[i * 3 + r] * n.root[l * 3 + r];
            check_near(root, n.shared[i * 3 + l], 1e-12, 1);
        }
    stats_alpha_noise_clear(&n);
    /* with a reference the common part stays: sums of scores are compared with it */
    data.reference = 2;
    check_ok(stats_alpha_noise_init(&n, &data, STATS_VARIANCE_POOLED, -1));
    check_near(stats_alpha_variance(&n, 0, 1, true), 2 + 1 + 2 * .5, 1e-9, 1);
    check_near(n.shared[8], 1.5, 1e-9, 1);
    stats_alpha_noise_clear(&n);
}

static void one_network_per_alpha_knows_images_alone(void **state)
{
    (void)state;
    const int64_t networks[] = {1, 1, 1};
    const double score[] = {0, .3, 0};
    const double g[] = {.01, 0, 0, 0, .01, 0, 0, 0, .01};
    stats_best_alpha b;
    check_ok(stats_best_alpha_find(&b, &(stats_alphas){3, networks, score, g, NAN}, &pooled));
    /* one alpha between two ends: a normal beyond .3 / sqrt(.02) = 2.12 */
    check_near(b.p, 0.01695, 0.08, 0);
    assert_true(isnan(b.p_drop) && isnan(b.detectable) && b.varies && b.leader == 1);
    stats_best_alpha_clear(&b);
    check_ok(stats_best_alpha_find(&b, &(stats_alphas){3, networks, score, NULL, NAN}, &pooled));
    assert_true(!b.varies && b.p == 1 && isnan(b.margin_low) && b.in_set[0]);
    check_near(b.margin, .3, 1e-12, 1);
    stats_best_alpha_clear(&b);
}

static void no_claim_hangs_on_one_run(void **state)
{
    (void)state;
    int64_t networks[K];
    double score[MOST], mean[K] = {0};
    const stats_alphas data = unit_study(networks, score, mean, 3);
    for (int i = 0; i < K * 3; i++) score[i] *= .01;
    for (int i = 0; i < 3; i++) score[i] -= 1;  /* the lower end is far below */
    score[10 * 3] -= 1;                         /* one bad run at the upper end */
    stats_best_alpha b;
    check_ok(stats_best_alpha_find(&b, &data, &(stats_best_alpha_options){
                 .variance = STATS_VARIANCE_EACH, .level = .95, .draws = 20000}));
    assert_true(b.p_drop > 0.2 && b.dropped == 30);
    stats_best_alpha_clear(&b);
}

static void the_nearest_to_a_reference_is_best_on_either_side(void **state)
{
    (void)state;
    const int64_t networks[] = {3, 3, 3, 3};
    const double mean[] = {.1, .45, .7, .9};
    double score[12];
    for (int i = 0; i < 12; i++) score[i] = mean[i / 3] + .01 * (i % 3 - 1);
    for (int side = 0; side < 2; side++) {
        stats_alphas data = {4, networks, score, NULL, side ? -.5 : .5};
        for (int i = 0; side && i < 12; i++) score[i] = -score[i];
        stats_best_alpha b;
        check_ok(stats_best_alpha_find(&b, &data, &pooled));
        assert_int_equal(b.best, 1);
        check_near(b.margin, .35, 1e-9, 1); /* .4 - .05 */
        check_near(b.advantage[2], .2, 1e-9, 1);
        assert_true(b.p < 0.001 && b.in_set[1] && !b.in_set[0] && !b.in_set[2] && !b.in_set[3]);
        assert_true(b.margin_low < .35 && b.margin_low > .3);
        stats_best_alpha_clear(&b);
    }
    /* an end that overshoots as far as the alpha falls short is not beaten */
    for (int i = 0; i < 12; i++) score[i] = mean[i / 3] + .01 * (i % 3 - 1) + (i >= 9 ? -.35 : 0);
    stats_best_alpha b;
    check_ok(stats_best_alpha_find(&b, &(stats_alphas){4, networks, score, NULL, .5}, &pooled));
    assert_true(b.p > .3 && b.in_set[1] && b.in_set[3]);
    stats_best_alpha_clear(&b);
}

static void the_set_need_not_be_connected(void **state)
{
    (void)state;
    int64_t networks[K];
    double score[MOST], mean[K] = {-9, -9, 0, -9, -9, -9, 0, -9, -9, -9, -9};
    const stats_alphas data = unit_study(networks, score, mean, 3);
    stats_best_alpha b;
    check_ok(stats_best_alpha_find(&b, &data, &pooled));
    for (int i = 0; i < K; i++) assert_true(b.in_set[i] == (i == 2 || i == 6));
    stats_best_alpha_clear(&b);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    int64_t networks[K];
    double score[MOST], mean[K] = {0, 1, 2, 3, 4, 5, 4, 3, 2, 1, 0}, g[33 * 33];
    const stats_alphas unit = unit_study(networks, score, mean, 3);
    for (int i = 0; i < 33 * 33; i++) g[i] = (i / 33 == i % 33) * .2 + .1 / (1 + abs(i / 33 - i % 33));
    stats_best_alpha b[2];
    for (int t = 0; t < 2; t++) {
        stats_alphas data = unit;
        stats_best_alpha_options o = {.variance = STATS_VARIANCE_GUARDED, .level = .9, .draws = 5000, .seed = 3};
        check_ok(pool_new(&o.threads, 1 + 2 * t));
        data.covariance = g;
        check_ok(stats_best_alpha_find(&b[t], &data, &o));
        pool_free(o.threads);
    }
    assert_true(b[0].p == b[1].p && b[0].p_drop == b[1].p_drop && b[0].margin_low == b[1].margin_low &&
                b[0].detectable == b[1].detectable);
    assert_memory_equal(b[0].least, b[1].least, sizeof(double) * K);
    for (int t = 0; t < 2; t++) stats_best_alpha_clear(&b[t]);
}

static void holm_steps_down_and_stays_monotone(void **state)
{
    (void)state;
    const double p[] = {.01, NAN, .04, .03, .005, .04}, expected[] = {.04, NAN, .09, .09, .025, .09};
    double adjusted[6];
    stats_holm(adjusted, p, 6);
    for (int i = 0; i < 6; i++)
        if (isnan(expected[i]))
            assert_true(isnan(adjusted[i]));
        else
            check_near(adjusted[i], expected[i], 1e-12, 1);
}

static void two_alphas_a_constant_score_and_nothing_are_said(void **state)
{
    (void)state;
    const int64_t networks[] = {2, 2, 2}, none[] = {2, 0, 2};
    const double equal[] = {1, 1, 1, 1, 1, 1}, two[] = {1, 2, 3, 4};
    stats_best_alpha b;
    check_ok(stats_best_alpha_find(&b, &(stats_alphas){3, networks, equal, NULL, NAN}, &pooled));
    assert_true(b.p == 1 && !b.varies && b.best == 0 && b.margin == 0);
    stats_best_alpha_clear(&b);
    check_ok(stats_best_alpha_find(&b, &(stats_alphas){2, networks, two, NULL, NAN}, &pooled));
    assert_true(b.p == 1 && b.leader == -1 && isnan(b.margin) && isnan(b.margin_low) && b.best == 1);
    stats_best_alpha_clear(&b);
    check_fails(stats_best_alpha_find(&b, &(stats_alphas){1, networks, two, NULL, NAN}, &pooled), JEM_EDATA,
                "two or more");
    check_fails(stats_best_alpha_find(&b, &(stats_alphas){3, none, equal, NULL, NAN}, &pooled), JEM_EDATA,
                "number 2 has no network");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(critical_values_and_p_are_those_of_the_multivariate_t),
        cmocka_unit_test(what_a_design_can_show_is_the_published_table),
        cmocka_unit_test(more_networks_at_the_ends_spare_some),
        cmocka_unit_test(what_could_have_been_shown_is_as_uncertain_as_the_variance),
        cmocka_unit_test(spreads_are_pooled_guarded_or_each_ones_own),
        cmocka_unit_test(images_count_once),
        cmocka_unit_test(one_network_per_alpha_knows_images_alone),
        cmocka_unit_test(no_claim_hangs_on_one_run),
        cmocka_unit_test(the_nearest_to_a_reference_is_best_on_either_side),
        cmocka_unit_test(the_set_need_not_be_connected),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(holm_steps_down_and_stays_monotone),
        cmocka_unit_test(two_alphas_a_constant_score_and_nothing_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
