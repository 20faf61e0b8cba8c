/* Sweet spots of made-up studies whose peak and distribution are known. */
#include <jansson.h>

#include "base/file.h"
#include "base/mem.h"
#include "sweetspot/sweetspot.h"
#include "stats/bootstrap.h"
#include "support/folder.h"
#include "support/measures.h"

static const char *run_path(double alpha, int seed)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/alpha-%g-seed-%d", folder, alpha, seed);
    return path;
}

/* A finished run; adds to its scores one of this benchmark. */
static void put(double alpha, int seed, const char *benchmark, const char *metric,
                const char *dataset, const char *condition, double value)
{
    char path[256], text[256];
    score_list list = SCORE_LIST_INIT;
    score s = SCORE_INIT;
    snprintf(path, sizeof path, "%s/run.json", run_path(alpha, seed));
    check_ok(dir_make(run_path(alpha, seed)));
    snprintf(text, sizeof text,
             "{\"status\": \"finished\", \"model\": \"m\", \"alpha\": %g, \"seed\": %d}", alpha, seed);
    check_ok(file_write(path, text, strlen(text)));
    snprintf(path, sizeof path, "%s/config.yaml", run_path(alpha, seed));
    snprintf(text, sizeof text, "alpha: %g\nseed: %d\n", alpha, seed);
    check_ok(file_write(path, text, strlen(text)));
    s.benchmark = benchmark;
    s.metric = metric;
    s.model = "m";
    s.alpha = alpha;
    s.seed = seed;
    s.dataset = dataset;
    s.condition = condition;
    s.value = value;
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, run_path(alpha, seed)));
    score_list_clear(&list);
}

static void put_entropy(double alpha, int seed, double value)
{
    put(alpha, seed, "cifar10h", "cross_entropy_human", NULL, NULL, value);
}

/* RUN/trials/NAME.csv with one row per image: response, category and, unless it is NULL, a
 * column cross_entropy. */
static void put_trials(double alpha, int seed, const char *name, const char *const *response,
                       const char *const *category, const char *const *image,
                       const char *const *loss, int n)
{
    char path[256], text[8192];
    size_t used = (size_t)snprintf(
        text, sizeof text,
        "subj,session,trial,rt,object_response,category,condition,imagename%s\n",
        loss ? ",cross_entropy" : "");
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "m,1,%d,NaN,%s,%s,0,%s%s%s\n",
                                 i + 1, response[i], category[i], image[i], loss ? "," : "",
                                 loss ? loss[i] : "");
    snprintf(path, sizeof path, "%s/trials", run_path(alpha, seed));
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/trials/%s.csv", run_path(alpha, seed), name);
    check_ok(file_write(path, text, used));
}

/* Per-image cross-entropies, and the score that is their mean. */
static void put_images(double alpha, int seed, const double *value, int n)
{
    static char text[64][32], names[64][16];
    const char *category[64], *image[64], *loss[64];
    double sum = 0;
    for (int i = 0; i < n; i++) {
        snprintf(text[i], sizeof text[i], "%.17g", value[i]);
        snprintf(names[i], sizeof names[i], "%02d.png", i);
        loss[i] = text[i];
        category[i] = "cat";
        image[i] = names[i];
        sum += value[i];
    }
    put_entropy(alpha, seed, sum / n);
    put_trials(alpha, seed, "cifar10h", category, category, image, loss, n);
}

static sweetspot_list find(study **s, int64_t rounds, pool *threads)
{
    sweetspot_list list;
    const sweetspot_options o = {.rounds = rounds, .seed = 7, .level = 0.95, .threads = threads,
                                 .measures = all_measures()};
    check_ok(study_read(s, folder));
    check_ok(sweetspots_find(&list, *s, &o));
    return list;
}

static void a_clear_peak_is_found_and_is_certain(void **state)
{
    (void)state;
    study *s;
    const double alpha[] = {0, 0.25, 0.5, 0.75, 1}, value[] = {0.9, 0.7, 0.4, 0.6, 0.8};
    for (int a = 0; a < 5; a++)
        for (int seed = 1; seed <= 2; seed++) put_entropy(alpha[a], seed, value[a] + 0.01 * seed);
    sweetspot_list list = find(&s, 500, NULL);
    assert_int_equal(list.count, 1);
    const sweetspot *p = &list.spots[0];
    assert_string_equal(p->line->title, "CIFAR-10H");
    assert_true(p->alpha[p->at.best] == 0.5);
    check_near(p->value[2], 0.415, 1e-12, 1);
    check_near(p->sem[2], 0.005, 1e-9, 1);
    assert_true(p->at.interval.low == 0.5 && p->at.interval.high == 0.5);
    assert_true(p->at.inside == 1 && p->share[2] == 1);
    check_near(p->at.margin, 0.4, 1e-9, 1);
    assert_int_equal(p->images, 0);
    assert_int_equal(p->rounds, 500);
    assert_string_equal(p->basis, "2 seeds alone");
    sweetspot_list_clear(&list);
    study_free(s);
}

static void of_equal_alphas_the_smaller_one_is_best(void **state)
{
    (void)state;
    study *s;
    for (int seed = 1; seed <= 2; seed++) {
        put_entropy(0, seed, 0.9);
        put_entropy(0.3, seed, 0.5);
        put_entropy(0.6, seed, 0.5);
        put_entropy(1, seed, 0.5);
    }
    sweetspot_list list = find(&s, 200, NULL);
    const sweetspot *p = &list.spots[0];
    assert_true(p->alpha[p->at.best] == 0.3);
    assert_true(p->share[1] == 1 && p->share[2] == 0);
    assert_true(p->at.inside == 0); /* equal to an end is not better than it */
    sweetspot_list_clear(&list);
    study_free(s);
}

static void an_untrained_classifier_takes_no_part(void **state)
{
    (void)state;
    study *s;
    const double bias[] = {0.3, 0.7, 0.6, 0.96}, alpha[] = {0, 0.5, 0.9, 1};
    for (int a = 0; a < 4; a++)
        for (int seed = 1; seed <= 2; seed++)
            put(alpha[a], seed, "cue-conflict", "shape_bias", "cue-conflict", NULL, bias[a]);
    sweetspot_list list = find(&s, 200, NULL);
    const sweetspot *p = &list.spots[0];
    assert_true(p->alpha[p->at.best] == 0.5);
    assert_true(isnan(p->loss[3]) && p->share[3] == 0);
    check_near(p->loss[1], 0.26, 1e-12, 1);
    assert_true(p->at.inside == 1); /* the end that cannot be scored counts as beaten */
    sweetspot_list_clear(&list);
    study_free(s);
}

static void two_metrics_are_compared_by_their_distance_in_the_plane(void **state)
{
    (void)state;
    study *s;
    const double two_afc[] = {0.80, 0.70, 0.60}, jnd[] = {0.50, 0.60, 0.55};
    for (int a = 0; a < 3; a++)
        for (int seed = 1; seed <= 2; seed++) {
            put(a / 2.0, seed, "bapps", "2afc", "bapps", "distortion", two_afc[a]);
            put(a / 2.0, seed, "bapps", "2afc", "bapps", "cnn", 0.1); /* another condition */
            put(a / 2.0, seed, "bapps", "jnd_map", "bapps", "distortion", jnd[a]);
        }
    sweetspot_list list = find(&s, 100, NULL);
    const sweetspot *p = &list.spots[0];
    assert_true(p->alpha[p->at.best] == 0.5);
    check_near(p->loss[0], hypot(0.03, 0.5), 1e-12, 1);
    check_near(p->loss[1], hypot(0.13, 0.4), 1e-12, 1);
    sweetspot_list_clear(&list);
    study_free(s);
}

/* The same draw of images for every alpha, done here by hand. */
static void images_are_drawn_once_for_all_alphas(void **state)
{
    (void)state;
    enum { N = 12, ROUNDS = 300 };
    study *s;
    double x[3][N], share[3] = {0}, inside = 0;
    for (int i = 0; i < N; i++) {
        x[0][i] = 0.5 + 0.3 * (i % 3);
        x[1][i] = 0.2 + 0.1 * sqrt(1 + i * 5 % 12);
        x[2][i] = 0.21 + 0.1 * sqrt(2 + i * 7 % 12);
    }
    for (int a = 0; a < 3; a++) put_images(a / 2.0, 1, x[a], N);
    for (int r = 0; r < ROUNDS; r++) {
        int64_t index[N];
        double mean[3] = {0};
        stats_resample(index, N, 7, r, 1); /* factor 0: seeds */
        for (int a = 0; a < 3; a++)
            for (int i = 0; i < N; i++) mean[a] += x[a][index[i]] / N;
        int best = 0;
        for (int a = 1; a < 3; a++)
            if (mean[a] < mean[best]) best = a;
        share[best] += 1.0 / ROUNDS;
        inside += (double)(mean[1] < fmin(mean[0], mean[2])) / ROUNDS;
    }
    sweetspot_list list = find(&s, ROUNDS, NULL);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->images, N);
    assert_string_equal(p->basis, "12 images, 1 seed");
    assert_true(share[1] > 0.05 && share[2] > 0.05); /* not a trivial case */
    for (int a = 0; a < 3; a++) check_near(p->share[a], share[a], 1e-9, 1);
    check_near(p->at.inside, inside, 1e-9, 1);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void any_number_of_threads_gives_the_same_bits(void **state)
{
    (void)state;
    enum { N = 20 };
    double x[N];
    char *text[3];
    for (int a = 0; a < 4; a++)
        for (int seed = 1; seed <= 3; seed++) {
            for (int i = 0; i < N; i++) x[i] = 0.1 * ((i * (a + 3) + seed) % 11) + 0.02 * a;
            put_images(a / 3.0, seed, x, N);
        }
    for (int t = 0; t < 3; t++) {
        study *s;
        pool *threads;
        check_ok(pool_new(&threads, t + 1));
        sweetspot_list list = find(&s, 257, threads);
        check_ok(sweetspots_json(&text[t], &list));
        sweetspot_list_clear(&list);
        study_free(s);
        pool_free(threads);
    }
    assert_string_equal(text[0], text[1]);
    assert_string_equal(text[0], text[2]);
    for (int t = 0; t < 3; t++) mem_free(text[t]);
}

static void trials_that_contradict_the_score_are_set_aside_and_named(void **state)
{
    (void)state;
    study *s;
    const double good[] = {0.1, 0.2, 0.3, 0.4}, more[] = {0.1, 0.2, 0.3, 0.4, 0.5};
    put_images(0, 1, good, 4);
    put_images(0.5, 1, good, 4);
    put_entropy(0.5, 1, 0.9);   /* scored again, with other trials */
    put_images(1, 1, more, 5);  /* other images */
    sweetspot_list list = find(&s, 100, NULL);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->runs_with_trials, 1);
    assert_string_equal(p->basis, "4 images, 1 seed; 2 of 3 runs by score");
    assert_int_equal(s->warning_count, 1);
    assert_non_null(strstr(s->warnings[0], "trials/cifar10h.csv of 2 runs "
                                           "(alpha-0.5-seed-1, ...)"));
    sweetspot_list_clear(&list);
    study_free(s);
}

static void broken_trials_are_a_warning_with_file_and_place(void **state)
{
    (void)state;
    study *s;
    const char *const twice[] = {"a.png", "a.png"}, *const words[] = {"0.5", "cat"};
    const char *const numbers[] = {"0.5", "0.5"}, *const images[] = {"a.png", "b.png"};
    put_entropy(0, 1, 0.5);
    put_trials(0, 1, "cifar10h", numbers, numbers, twice, numbers, 2);
    put_entropy(1, 1, 0.5);
    put_trials(1, 1, "cifar10h", words, words, images, words, 2);
    put_entropy(0.5, 1, 0.5);
    put_trials(0.5, 1, "cifar10h", words, words, images, NULL, 2);
    sweetspot_list list = find(&s, 100, NULL);
    assert_int_equal(s->warning_count, 3);
    assert_non_null(strstr(s->warnings[0], "cifar10h.csv: image 0/a.png occurs twice"));
    assert_non_null(strstr(s->warnings[1], "expected the columns imagename, condition, "
                                           "cross_entropy and category"));
    assert_non_null(strstr(s->warnings[2], "cifar10h.csv:3: field 9 is 'cat', not a number"));
    assert_int_equal(list.spots[0].images, 0);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void without_anything_to_draw_there_is_no_interval(void **state)
{
    (void)state;
    study *s;
    put_entropy(0, 1, 0.9);
    put_entropy(0.5, 1, 0.4);
    put_entropy(1, 1, 0.8);
    sweetspot_list list = find(&s, 100, NULL);
    const sweetspot *p = &list.spots[0];
    assert_true(p->alpha[p->at.best] == 0.5 && p->rounds == 0);
    assert_true(isnan(p->at.interval.low) && isnan(p->at.inside) && isnan(p->share[1]));
    assert_true(isnan(p->sem[0]));
    check_near(p->at.margin, 0.4, 1e-12, 1);
    assert_string_equal(p->basis, "one seed, no trials: no interval");
    sweetspot_list_clear(&list);
    study_free(s);
}

static void a_missing_seed_and_a_repeated_run_do_not_stop_it(void **state)
{
    (void)state;
    study *s;
    char command[512];
    put_entropy(0, 1, 0.9);
    put_entropy(0, 2, 0.8);
    put_entropy(0.5, 2, 0.4); /* seed 1 is missing here */
    put_entropy(1, 1, 0.7);
    put_entropy(1, 2, 0.6);
    snprintf(command, sizeof command, "cp -r %s/alpha-1-seed-1 %s/copy", folder, folder);
    assert_int_equal(system(command), 0);
    sweetspot_list list = find(&s, 100, NULL);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->seeds[1], 1);
    assert_int_equal(p->seeds[2], 2);
    assert_true(p->share[1] == 1);
    assert_int_equal(s->warning_count, 1);
    assert_non_null(strstr(s->warnings[0], "copy has the alpha and seed of another run"));
    sweetspot_list_clear(&list);
    study_free(s);
}

static void rows_about_people_are_not_the_networks(void **state)
{
    (void)state;
    study *s;
    static const char people[] =
        "[{\"benchmark\": \"cifar10h\", \"metric\": \"cross_entropy_human\", \"model\": \"human\", "
        "\"value\": 0.01}, {\"benchmark\": \"cifar10h\", \"metric\": \"cross_entropy_human\", "
        "\"model\": \"m\", \"alpha\": 0, \"seed\": 1, \"value\": 0.7}]";
    char path[256];
    put_entropy(0, 1, 0.7);
    put_entropy(1, 1, 0.6);
    snprintf(path, sizeof path, "%s/scores/scores.json", run_path(0, 1));
    check_ok(file_write(path, people, strlen(people)));
    sweetspot_list list = find(&s, 100, NULL);
    check_near(list.spots[0].value[0], 0.7, 1e-12, 1);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void scenes_of_the_benchmark_and_of_the_run_have_a_spot_each(void **state)
{
    (void)state;
    study *s;
    for (int a = 0; a < 3; a++) {
        put(a / 2.0, 1, "gloss", "light_accuracy", NULL, NULL, a == 1 ? 0.9 : 0.5);
        put(a / 2.0, 1, "scenes", "light_accuracy", NULL, NULL, a == 2 ? 0.8 : 0.4);
    }
    sweetspot_list list = find(&s, 100, NULL);
    assert_int_equal(s->warning_count, 0);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.spots[0].line->title, "Light field");
    assert_true(list.spots[0].alpha[list.spots[0].at.best] == 0.5);
    assert_string_equal(list.spots[1].line->title, "Scenes: light field");
    assert_true(list.spots[1].alpha[list.spots[1].at.best] == 1);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void one_alpha_is_no_curve(void **state)
{
    (void)state;
    study *s;
    put_entropy(0.5, 1, 0.7);
    put_entropy(0.5, 2, 0.7);
    put(0.5, 1, "ood", "auroc", NULL, NULL, 0.5); /* nothing that has a sweet spot */
    sweetspot_list list = find(&s, 100, NULL);
    assert_int_equal(list.count, 0);
    sweetspot_list_clear(&list);
    study_free(s);
}

/* ---- text */

static void tables_say_what_was_found(void **state)
{
    (void)state;
    study *s;
    strbuf lines = STRBUF_INIT, tsv = STRBUF_INIT, curves = STRBUF_INIT;
    char *text;
    for (int seed = 1; seed <= 2; seed++) {
        put_entropy(0, seed, 0.9);
        put_entropy(0.5, seed, 0.4 + 0.01 * seed);
        put_entropy(1, seed, 0.8);
        put(0, seed, "cue-conflict", "shape_bias", "cue-conflict", NULL, 0.2);
        put(1, seed, "cue-conflict", "shape_bias", "cue-conflict", NULL, 0.9);
    }
    sweetspot_list list = find(&s, 100, NULL);
    assert_int_equal(list.count, 2);
    sweetspots_table(&lines, &list);
    assert_non_null(strstr(lines.data, "CIFAR-10H"));
    assert_non_null(strstr(lines.data, "·█·"));
    assert_non_null(strstr(lines.data, "left out"));
    assert_non_null(strstr(lines.data, "in 95 % of the rounds"));
    sweetspots_tsv(&tsv, &list);
    assert_non_null(strstr(tsv.data, "\ncifar10h\tcross_entropy_human\t0.5\t0.5\t0.5\t1\t"));
    sweetspots_curves_tsv(&curves, &list);
    assert_non_null(strstr(curves.data, "cue-conflict\tshape_bias\t1\t0.9\t0\t2\tnan\t0\n"));
    check_ok(sweetspots_json(&text, &list));
    json_t *root = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(root), 2);
    const json_t *first = json_array_get(root, 0);
    assert_true(json_real_value(json_object_get(first, "best_alpha")) == 0.5);
    assert_int_equal(json_array_size(json_object_get(first, "curve")), 3);
    const json_t *last = json_array_get(json_object_get(json_array_get(root, 1), "curve"), 1);
    assert_true(json_is_null(json_object_get(last, "loss"))); /* alpha = 1 was left out */
    json_decref(root);
    mem_free(text);
    strbuf_clear(&lines);
    strbuf_clear(&tsv);
    strbuf_clear(&curves);
    sweetspot_list_clear(&list);
    study_free(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_clear_peak_is_found_and_is_certain),
        TEST(of_equal_alphas_the_smaller_one_is_best),
        TEST(an_untrained_classifier_takes_no_part),
        TEST(two_metrics_are_compared_by_their_distance_in_the_plane),
        TEST(images_are_drawn_once_for_all_alphas),
        TEST(any_number_of_threads_gives_the_same_bits),
        TEST(trials_that_contradict_the_score_are_set_aside_and_named),
        TEST(broken_trials_are_a_warning_with_file_and_place),
        TEST(without_anything_to_draw_there_is_no_interval),
        TEST(a_missing_seed_and_a_repeated_run_do_not_stop_it),
        TEST(rows_about_people_are_not_the_networks),
        TEST(scenes_of_the_benchmark_and_of_the_run_have_a_spot_each),
        TEST(one_alpha_is_no_curve),
        TEST(tables_say_what_was_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
