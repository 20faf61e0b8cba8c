/* Differences of made-up models: what is paired, with which noise, and what is refused. */
#include "compare/compare.h"

#include "base/file.h"
#include "base/mem.h"
#include "bench/benchmarks.h"
#include "stats/bootstrap.h"
#include "support/folder.h"
#include "support/measures.h"

enum { IMAGES = 40 };

static const char *path_of(const char *name)
{
    static char path[2][400];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

/* A made-up loss: images differ, networks differ, and meet. */
static double loss_of(int which, int i)
{
    return 1 + 0.1 * which + 0.5 * sin(1.7 * i) + 0.12 * sin(2.3 * i * (which + 1) + which);
}

/* What a model's folder says of cifar10h; the usual is {.images = IMAGES}. */
typedef struct made {
    int network, first, images;
    const char *hash, *command, *model;
    bool wrong, no_trials;
} made;

static double put_loss(const char *name, double alpha, int seed, made m)
{
    char path[500], text[8192];
    score_list list = SCORE_LIST_INIT;
    double sum = 0;
    size_t used = (size_t)snprintf(text, sizeof text, "subj,session,trial,rt,object_response,category,condition,"
                                                      "imagename,cross_entropy\n");
    for (int i = m.first; i < m.first + m.images; i++) {
        sum += loss_of(m.network, i);
        used += (size_t)snprintf(text + used, sizeof text - used, "m,1,%d,NaN,cat,cat,0,%02d.png,%.17g\n", i, i,
                                 loss_of(m.network, i));
    }
    check_ok(dir_make(path_of(name)));
    snprintf(path, sizeof path, "%s/trials", path_of(name));
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/trials/cifar10h.csv", path_of(name));
    if (!m.no_trials) check_ok(file_write(path, text, used));
    const score s = {.benchmark = "cifar10h", .metric = "cross_entropy_human", .model = m.model ? m.model : "m",
                     .alpha = alpha, .seed = seed, .value = sum / m.images + (m.wrong ? 0.1 : 0), .low = NAN,
                     .high = NAN, .n = m.images, .ceiling = NAN, .data_hash = m.hash, .command = m.command};
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, path_of(name)));
    score_list_clear(&list);
    return sum / m.images;
}

static void put_run(const char *name, double alpha, int seed, made m)
{
    char path[500], text[200];
    put_loss(name, alpha, seed, m);
    snprintf(path, sizeof path, "%s/run.json", path_of(name));
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"model\": \"m\", \"alpha\": %g, \"seed\": %d}", alpha,
             seed);
    check_ok(file_write(path, text, strlen(text)));
    snprintf(path, sizeof path, "%s/config.yaml", path_of(name));
    snprintf(text, sizeof text, "alpha: %g\nseed: %d\n", alpha, seed);
    check_ok(file_write(path, text, strlen(text)));
}

static void put_answers(const char *name, made m) { put_loss(name, NAN, -1, m); }

/* Another score of the same folder: shape bias, `shapes` decisions of 40. */
static void put_shapes(const char *name, int shapes)
{
    char path[500], text[8192];
    score_list list = SCORE_LIST_INIT;
    size_t used = (size_t)snprintf(text, sizeof text,
                                   "subj,session,trial,rt,object_response,category,condition,imagename\n");
    for (int i = 0; i < IMAGES; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "m,1,%d,NaN,%s,cat,NaN,cat%d-dog%d.png\n", i + 1,
                                 i < shapes ? "cat" : "dog", i + 1, i + 1);
    snprintf(path, sizeof path, "%s/trials/cue-conflict/cue-conflict", path_of(name));
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/trials/cue-conflict/cue-conflict/cue-conflict_m_session-1.csv", path_of(name));
    check_ok(file_write(path, text, used));
    const score s = {.benchmark = "cue-conflict", .metric = "shape_bias", .model = "m", .alpha = NAN, .seed = -1,
                     .dataset = "cue-conflict", .value = shapes / (double)IMAGES, .low = NAN, .high = NAN,
                     .ceiling = NAN};
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, path_of(name)));
    score_list_clear(&list);
}

/* ---- comparing */

static compare_models models;
static compare_list list;

static jem_status read_models(const char *const *names, int count)
{
    char path[4][400];
    const char *given[4];
    static char kept[4][400]; /* models borrow them */
    for (int i = 0; i < count; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", folder, names[i]);
        memcpy(kept[i], path[i], sizeof path[i]);
        given[i] = kept[i];
    }
    return compare_models_read(&models, given, count);
}

static jem_status compare_on(const char *const *names, int count, pool *threads)
{
    jem_status st = read_models(names, count);
    if (st != JEM_OK) return st;
    return compare_find(&list, &models, &(compare_options){4000, 3, 0.95, threads, all_measures()});
}

static jem_status compare(const char *a, const char *b)
{
    return compare_on((const char *const[]){a, b}, 2, NULL);
}

static int done(void **state)
{
    compare_list_clear(&list);
    compare_models_clear(&models);
    return remove_folder(state);
}

static const made usual = {.images = IMAGES}, other = {.network = 1, .images = IMAGES};

/* The paired test's standard error with a bootstrap's n for n - 1. */
static double paired_error(int a, int b)
{
    double gap[IMAGES];
    for (int i = 0; i < IMAGES; i++) gap[i] = loss_of(b, i) - loss_of(a, i);
    return stats_sem(gap, IMAGES) * sqrt((IMAGES - 1.0) / IMAGES);
}

static void one_network_each_is_a_paired_test_over_images(void **state)
{
    (void)state;
    put_answers("a", usual);
    put_run("b", 0.3, 1, other);
    check_ok(compare("a", "b"));
    assert_int_equal(list.count, 1);
    assert_int_equal(list.gaps, 0);
    const comparison *c = &list.rows[0];
    double gap = 0;
    for (int i = 0; i < IMAGES; i++) gap += (loss_of(1, i) - loss_of(0, i)) / IMAGES;
    check_near(c->gap.value, gap, 1e-12, 0);
    check_near(c->gap.se, paired_error(0, 1), 0.03, 0);
    assert_true(c->gap.df == IMAGES - 1 && c->training == 0 && c->people == 0);
    assert_int_equal(c->shared_images, IMAGES);
    assert_true(c->primary && c->p_holm == c->gap.p && c->gap.p < 0.001);
    assert_int_equal(compare_verdict_of(c, 0.95), COMPARE_WORSE); /* a loss that is larger */
}

static void seeds_add_their_training_noise_and_images_what_they_share(void **state)
{
    (void)state;
    double value[3], mean = 0, shared = 0;
    for (int seed = 1; seed <= 3; seed++) {
        char name[64];
        snprintf(name, sizeof name, "study/alpha-0.3-seed-%d", seed);
        put_run(name, 0.3, seed, (made){.network = seed, .images = IMAGES});
        snprintf(name, sizeof name, "study/alpha-0.6-seed-%d", seed);
        put_run(name, 0.6, seed, (made){.network = 3 + seed, .images = IMAGES});
        value[seed - 1] = 0;
        for (int i = 0; i < IMAGES; i++) value[seed - 1] += loss_of(seed, i) / IMAGES;
        mean += value[seed - 1] / 3;
    }
    put_answers("a", usual);
    check_ok(compare("a", "study@0.3"));
    const comparison *c = &list.rows[0];
    check_near(c->other, mean, 1e-12, 0);
    check_near(c->training, pow(stats_sem(value, 3), 2), 1e-9, 0);
    /* network 0 alone: all of it; of the seeds what pairs share; by hand as plain covariances */
    for (int j = 0; j < 4; j++)
        for (int k = 0; k < 4; k++) {
            double m[2] = {0, 0}, product = 0;
            if (j == k && j > 0) continue;
            for (int i = 0; i < IMAGES; i++) m[0] += loss_of(j, i) / IMAGES, m[1] += loss_of(k, i) / IMAGES;
            for (int i = 0; i < IMAGES; i++) product += (loss_of(j, i) - m[0]) * (loss_of(k, i) - m[1]);
            product /= (double)IMAGES * IMAGES;
            shared += j == 0 && k == 0 ? product : j == 0 || k == 0 ? -product / 3 : product / 6;
        }
    check_near(c->images, shared, 0.1, 1e-5);
    assert_true(c->gap.df > 2 && c->gap.df < IMAGES + 1);
    assert_string_equal(models.model[1].name, "study@0.3");
}

static void only_common_images_count(void **state)
{
    (void)state;
    double mean = 0;
    put_answers("a", (made){.images = 30});
    put_answers("b", (made){.network = 1, .first = 10, .images = 30, .hash = "1"});
    check_ok(compare("a", "b"));
    const comparison *c = &list.rows[0];
    for (int i = 10; i < 30; i++) mean += loss_of(0, i) / 20;
    assert_int_equal(c->shared_images, 20);
    assert_int_equal(c->most_images, 30);
    check_near(c->first, mean, 1e-12, 0);
}

static void one_more_model_changes_no_other_comparison(void **state)
{
    (void)state;
    put_answers("a", usual);
    put_answers("b", other);
    put_answers("c", (made){.network = 2, .images = IMAGES});
    check_ok(compare("a", "b"));
    const comparison alone = list.rows[0];
    compare_list_clear(&list);
    compare_models_clear(&models);
    check_ok(compare_on((const char *const[]){"a", "b", "c"}, 3, NULL));
    assert_int_equal(list.count, 2);
    assert_true(list.rows[0].gap.se == alone.gap.se && list.rows[0].gap.p == alone.gap.p);
    assert_true(list.rows[0].p_holm >= alone.p_holm && list.rows[1].model == 2);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    pool *threads = NULL;
    put_answers("a", usual);
    put_answers("b", other);
    check_ok(compare("a", "b"));
    const double se = list.rows[0].gap.se;
    compare_list_clear(&list);
    compare_models_clear(&models);
    check_ok(pool_new(&threads, 3));
    check_ok(compare_on((const char *const[]){"a", "b"}, 2, threads));
    assert_true(list.rows[0].gap.se == se);
    pool_free(threads);
}

static void holm_is_over_benchmarks(void **state)
{
    (void)state;
    put_answers("a", usual);
    put_answers("b", other);
    put_shapes("a", 20);
    put_shapes("b", 24);
    check_ok(compare("a", "b"));
    assert_int_equal(list.count, 2);
    assert_int_equal(list.primaries, 2);
    const comparison *loss = &list.rows[0], *bias = &list.rows[1];
    assert_string_equal(bias->of->benchmark, "cue-conflict");
    check_near(bias->gap.value, 0.1, 1e-12, 0);
    assert_true(loss->gap.p < bias->gap.p);
    check_near(loss->p_holm, 2 * loss->gap.p, 1e-12, 0);
    check_near(bias->p_holm, bias->gap.p, 1e-12, 0);
}

static void what_only_one_has_is_said(void **state)
{
    (void)state;
    put_answers("a", usual);
    put_answers("b", other);
    put_shapes("b", 24);
    check_ok(compare("a", "b"));
    assert_int_equal(list.count, 1);
    assert_int_equal(list.gaps, 1);
    assert_string_equal(list.gap[0].reason, "a has no such score (jem bench cue-conflict)");
}

static void check_refused(made second, const char *reason)
{
    put_answers("a", (made){.images = IMAGES, .hash = "1"});
    put_answers("b", second);
    check_fails(compare("a", "b"), JEM_EDATA, reason);
    compare_models_clear(&models);
}

static void what_does_not_belong_together_is_refused(void **state)
{
    (void)state;
    check_refused((made){.first = IMAGES, .images = 10}, "no images in common with a");
    check_refused((made){.first = IMAGES - 1, .images = 10}, "one image in common with a");
    check_refused((made){.images = IMAGES, .hash = "2"}, "scored on other data than a: data_hash 2, not 1");
    check_refused((made){.images = IMAGES, .command = "jem bench cifar10h --set cifar10h.clip=0.01 --answers x"},
                  "scored with other settings: cifar10h.clip is 0.01, of the first model 1e-12");
    check_refused((made){.images = IMAGES, .wrong = true}, "does not give the score beside it: score it again");
}

static void settings_that_change_no_score_and_defaults_are_no_difference(void **state)
{
    (void)state;
    put_answers("a", usual);
    put_answers("b", (made){.network = 1, .images = IMAGES,
                            .command = "jem bench cifar10h --set cifar10h.clip=1e-12 --set=cifar10h.splits=9"});
    check_ok(compare("a", "b"));
    assert_int_equal(list.gaps, 0);
}

/* Agreement with people on 40 triplets, of which the second model gets every third wrong. */
static jem_status compare_bapps(const char *first, const char *second)
{
    static const char *const names[] = {"a", "b"};
    const char *const said[] = {first, second};
    for (int k = 0; k < 2; k++) {
        char path[500], text[8192];
        score_list scores = SCORE_LIST_INIT;
        double sum = 0;
        size_t used = (size_t)snprintf(text, sizeof text,
                                       "subj,session,trial,rt,object_response,category,condition,imagename\n");
        for (int i = 0; i < IMAGES; i++) {
            const double share = 0.6 + 0.005 * i;
            const bool wrong = k == 1 && i % 3 == 0;
            sum += wrong ? 1 - share : share;
            used += (size_t)snprintf(text + used, sizeof text - used, "m,1,%d,NaN,%s,%.3f,2afc/traditional,%03d\n", i + 1,
                                     wrong ? "p0" : "p1", share, i);
        }
        put_answers(names[k], usual);
        snprintf(path, sizeof path, "%s/trials/bapps.csv", path_of(names[k]));
        check_ok(file_write(path, text, used));
        const score s = {.benchmark = "bapps", .metric = "2afc", .condition = "distortion", .model = "m", .alpha = NAN,
                         .seed = -1, .value = sum / IMAGES, .low = NAN, .high = NAN, .n = IMAGES, .ceiling = NAN,
                         .command = said[k]};
        check_ok(score_list_append(&scores, &s));
        check_ok(score_list_save(&scores, path_of(names[k])));
        score_list_clear(&scores);
    }
    return compare("a", "b");
}

/* Distances that linear weights calibrate are not compared with those of features alone; which weights, differs
 * between networks. */
static void calibrated_distances_are_compared_among_themselves(void **state)
{
    static const char plain[] = "jem bench bapps --model alexnet --weights a.pth",
                      calibrated[] = "jem bench bapps --model alexnet --weights a.pth --lpips alex.pth",
                      otherwise[] = "jem bench bapps --model vgg16 --weights v.pth --set bapps.lpips=vgg.pth";
    static const char reason[] = "scored with other settings: bapps.lpips is given, of the first model not";
    (void)state;
    bool seen = false;
    check_ok(compare_bapps(plain, calibrated));
    for (int64_t i = 0; i < list.gaps; i++) seen |= strcmp(list.gap[i].reason, reason) == 0;
    assert_true(seen);
    seen = false;
    done(NULL);
    check_ok(compare_bapps(calibrated, otherwise));
    for (int64_t i = 0; i < list.gaps; i++) seen |= strstr(list.gap[i].reason, "bapps.lpips") != NULL;
    assert_false(seen);
}

static void trials_that_are_missing_are_asked_for(void **state)
{
    (void)state;
    put_answers("a", usual);
    put_answers("b", (made){.images = IMAGES, .no_trials = true});
    check_fails(compare("a", "b"), JEM_EDATA, "has no trials/cifar10h.csv: score it again");
}

static void two_models_in_one_folder_are_refused(void **state)
{
    (void)state;
    put_answers("a", usual);
    put_answers("b", other);
    put_answers("b", (made){.network = 2, .images = IMAGES, .model = "n"});
    check_fails(compare("a", "b"), JEM_EDATA, "has scores of two models, m and n");
}

static void an_untrained_classifier_is_compared_with_nobody(void **state)
{
    (void)state;
    put_answers("a", usual);
    put_run("b", 1, 1, other);
    check_fails(compare("a", "b"), JEM_EDATA, "has alpha = 1, which never trained a classifier");
}

/* A baseline in a study's folder is no run of it at its alpha. */
static void networks_beside_a_study_are_no_runs_of_it(void **state)
{
    (void)state;
    char path[500];
    put_run("study/a", 0.5, 1, usual);
    put_run("study/b", 0.5, 2, usual);
    put_run("study/c", 0.5, 1, other);
    snprintf(path, sizeof path, "%s/run.json", path_of("study/c"));
    static const char text[] = "{\"status\": \"finished\", \"model\": \"vgg-15\", \"alpha\": 0.5, \"seed\": 1}";
    check_ok(file_write(path, text, strlen(text)));
    check_ok(read_models((const char *const[]){"study", "study/c"}, 2));
    assert_int_equal(models.model[0].count, 2);
    assert_int_equal(models.model[1].count, 1);
}

static void models_are_named_without_doubt(void **state)
{
    (void)state;
    put_run("study/alpha-0-seed-1", 0, 1, usual);
    put_run("study/alpha-0.5-seed-1", 0.5, 1, other);
    put_answers("s@0.5", usual);
    check_fails(read_models((const char *const[]){"study", "s@0.5"}, 2), JEM_EDATA,
                "has runs at several alphas (0, 0.5); name one: ");
    check_fails(read_models((const char *const[]){"study@0.4", "s@0.5"}, 2), JEM_EDATA,
                "has no run at alpha 0.4; there are 0, 0.5");
    check_fails(read_models((const char *const[]){"study@half", "s@0.5"}, 2), JEM_EUSAGE,
                "'half' is no alpha from 0 to 1");
    check_fails(read_models((const char *const[]){"study@0", "study/alpha-0-seed-1/"}, 2), JEM_EDATA,
                "a model is not compared with itself");
    check_ok(read_models((const char *const[]){"s@0.5", "study@0.5", "study/alpha-0-seed-1/"}, 3));
    assert_null(models.model[0].runs); /* the folder of that name */
    assert_string_equal(models.model[2].name, "alpha-0-seed-1");
}

static void names_that_are_alike_are_given_in_full(void **state)
{
    (void)state;
    put_answers("x/m", usual);
    put_answers("y/m", other);
    check_ok(read_models((const char *const[]){"x/m", "y/m"}, 2));
    assert_string_equal(models.model[0].name, path_of("x/m"));
    assert_string_equal(models.model[1].name, path_of("y/m"));
}

/* What measure.settings says of defaults is what the benchmark's own table says. */
static void settings_of_measures_are_the_benchmarks_own(void **state)
{
    (void)state;
    int seen = 0;
    for (const benchmark *const *b = benchmark_list; *b; b++) {
        char text[256], *rest = NULL;
        if (!(*b)->meaning || !(*b)->meaning->settings) continue;
        snprintf(text, sizeof text, "%s", (*b)->meaning->settings);
        for (char *word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest), seen++) {
            char *value = strchr(word, '=');
            const option *own = (*b)->options;
            *value++ = '\0';
            while (own->key && strcmp(own->key, word) != 0) own++;
            assert_non_null(own->key);
            assert_string_equal(own->default_text, value);
        }
    }
    assert_true(seen >= 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, done)
        IN_A_FOLDER(one_network_each_is_a_paired_test_over_images),
        IN_A_FOLDER(seeds_add_their_training_noise_and_images_what_they_share),
        IN_A_FOLDER(only_common_images_count),
        IN_A_FOLDER(one_more_model_changes_no_other_comparison),
        IN_A_FOLDER(threads_change_no_bit),
        IN_A_FOLDER(holm_is_over_benchmarks),
        IN_A_FOLDER(what_only_one_has_is_said),
        IN_A_FOLDER(what_does_not_belong_together_is_refused),
        IN_A_FOLDER(settings_that_change_no_score_and_defaults_are_no_difference),
        IN_A_FOLDER(calibrated_distances_are_compared_among_themselves),
        IN_A_FOLDER(trials_that_are_missing_are_asked_for),
        IN_A_FOLDER(two_models_in_one_folder_are_refused),
        IN_A_FOLDER(an_untrained_classifier_is_compared_with_nobody),
        IN_A_FOLDER(networks_beside_a_study_are_no_runs_of_it),
        IN_A_FOLDER(models_are_named_without_doubt),
        IN_A_FOLDER(names_that_are_alike_are_given_in_full),
        cmocka_unit_test(settings_of_measures_are_the_benchmarks_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
