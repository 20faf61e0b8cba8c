/* Sweet spots of made-up studies: what is compared, what is claimed, and in which words. */
#include <jansson.h>

#include "base/file.h"
#include "base/mem.h"
#include "sweetspot/spot_runs.h"
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

/* What training logged of a run that was rescued; "" of others. */
static const char *events = "";

/* A finished run; adds to its scores one of this benchmark. */
static void put(double alpha, int seed, const char *benchmark, const char *metric,
                const char *dataset, const char *condition, double value)
{
    char path[256], text[512];
    score_list list = SCORE_LIST_INIT;
    score s = SCORE_INIT;
    snprintf(path, sizeof path, "%s/run.json", run_path(alpha, seed));
    check_ok(dir_make(run_path(alpha, seed)));
    snprintf(text, sizeof text,
             "{\"status\": \"finished\", \"model\": \"m\", \"alpha\": %g, \"seed\": %d%s}", alpha, seed,
             events);
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

static sweetspot_options options(pool *threads)
{
    return (sweetspot_options){.draws = 20000, .rounds = 500, .seed = 7, .level = 0.95,
                               .threads = threads, .measures = all_measures()};
}

static sweetspot_list find_by(study **s, const sweetspot_options *o)
{
    sweetspot_list list;
    check_ok(study_read(s, folder));
    check_ok(sweetspots_find(&list, *s, o));
    return list;
}

static sweetspot_list find(study **s)
{
    const sweetspot_options o = options(NULL);
    return find_by(s, &o);
}

/* Are these its words? */
static void check_words(const sweetspot *p, const char *text)
{
    strbuf words = STRBUF_INIT;
    sweetspot_words(&words, p);
    if (!strstr(words.data, text)) fail_msg("'%s' lacks '%s'", words.data, text);
    strbuf_clear(&words);
}

/* ---- claims */

static const double five[] = {0, 0.25, 0.5, 0.75, 0.9};

static void put_peak(int seeds, double spread)
{
    const double value[] = {0.9, 0.7, 0.4, 0.6, 0.8};
    for (int a = 0; a < 5; a++)
        for (int seed = 1; seed <= seeds; seed++)
            put_entropy(five[a], seed, value[a] + spread * seed);
}

static void a_clear_peak_is_shown(void **state)
{
    (void)state;
    study *s;
    put_peak(2, 0.01);
    sweetspot_list list = find(&s);
    assert_int_equal(list.count, 1);
    const sweetspot *p = &list.spots[0];
    assert_string_equal(p->line->title, "CIFAR-10H");
    assert_true(p->alpha[p->at.best] == 0.5);
    check_near(p->value[2], 0.415, 1e-12, 1);
    check_near(p->sem[2], 0.005, 1e-9, 1);
    assert_int_equal(p->verdict, SPOT_SHOWN);
    assert_true(p->at.p < 0.001 && p->at.p_drop < 0.05 && p->primary && p->p_holm == p->at.p);
    check_near(p->at.margin, 0.4, 1e-9, 1);
    assert_true(p->at.margin_low > 0.3 && p->at.margin_low < 0.4);
    check_near(p->margin_cv, 0.4, 1e-9, 1); /* a choice that no noise can sway */
    for (int a = 0; a < 5; a++) assert_true(p->at.in_set[a] == (a == 2));
    assert_int_equal(p->images, 0);
    assert_string_equal(p->basis, "2 seeds alone");
    check_words(p, "shown (p < .001, without any one run ");
    check_words(p, "0.5 beats 0 and 0.9 by .400 (cross-validated .400, at least .3");
    check_words(p, "best alpha within {0.5}; equal variances assumed");
    assert_true(list.primaries == 1 && list.shown == 1 && list.serves_count == 3);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void what_is_not_shown_says_what_would_have_been(void **state)
{
    (void)state;
    study *s;
    put_peak(3, 0.3);
    sweetspot_list list = find(&s);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->verdict, SPOT_NOT_SHOWN);
    check_near(p->at.detectable, 3.15 * 0.3, 0.02, 1); /* three seeds, three alphas between: 3.15 spreads */
    check_words(p, "not shown (p = ");
    check_words(p, "; with 3 seeds a margin of .9");
    check_words(p, ") would have been");
    strbuf words = STRBUF_INIT;
    sweetspots_sentence(&words, &list);
    assert_non_null(strstr(words.data, "In none of 1 benchmark (Holm, .050)"));
    strbuf_clear(&words);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void a_claim_that_hangs_on_one_run_is_none(void **state)
{
    (void)state;
    study *s;
    const sweetspot_options o = {.variance = STATS_VARIANCE_POOLED, .draws = 20000, .rounds = 500,
                                 .level = 0.95, .measures = all_measures()};
    for (int a = 0; a < 5; a++)
        for (int seed = 1; seed <= 3; seed++)
            put_entropy(five[a], seed, 0.5 + 0.01 * seed + (a == 0) * 0.5 + (a == 4 && seed == 3) * 0.3);
    sweetspot_list list = find_by(&s, &o);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->verdict, SPOT_NOT_SHOWN);
    assert_true(p->at.p_drop > 0.3);
    assert_string_equal(p->drop_name, "alpha-0.9-seed-3");
    if (p->at.p <= 0.05) check_words(p, "without alpha-0.9-seed-3: it hangs on one run");
    sweetspot_list_clear(&list);
    study_free(s);
}

static void rescued_runs_are_another_experiment(void **state)
{
    (void)state;
    study *s;
    put_peak(3, 0.01);
    events = ", \"events\": [{\"iteration\": 9, \"back_to\": 5, \"reason\": \"diverged\", \"change\": \"x\"}]";
    put_entropy(0.5, 2, 0.42);
    put_entropy(0.75, 1, 0.61);
    events = "";
    sweetspot_list list = find(&s);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->verdict, SPOT_UNEQUAL);
    assert_int_equal(p->unequal_count, 2);
    assert_string_equal(p->unequal[0], "alpha-0.5-seed-2 (rescued)");
    assert_true(p->at.p <= 0.05 && p->p_equal <= 0.05); /* .25 still leads */
    check_words(p, "unequal settings (p < .001");
    check_words(p, "alpha-0.5-seed-2 (rescued), alpha-0.75-seed-1 (rescued); without their alphas p ");
    assert_int_equal(list.shown, 0);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void one_seed_is_never_shown(void **state)
{
    (void)state;
    study *s;
    double x[3][40];
    put_peak(1, 0);
    sweetspot_list list = find(&s);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->verdict, SPOT_ONE_SEED);
    assert_true(isnan(p->sem[0]) && isnan(p->margin_cv) && isnan(p->p_holm) && list.primaries == 0);
    check_near(p->at.margin, 0.4, 1e-12, 1);
    assert_string_equal(p->basis, "1 seed alone");
    check_words(p, "one seed, and no images to draw: nothing is known of noise");
    sweetspot_list_clear(&list);
    study_free(s);
    check_tmp_remove(folder);
    check_ok(dir_make(folder));
    for (int a = 0; a < 3; a++) {
        for (int i = 0; i < 40; i++) x[a][i] = (a == 1 ? 0.2 : 0.5) + 0.01 * ((i * (a + 3)) % 7);
        put_images(a * 0.45, 1, x[a], 40);
    }
    list = find(&s);
    p = &list.spots[0];
    assert_int_equal(p->verdict, SPOT_ONE_SEED);
    assert_string_equal(p->basis, "1 seed, 40 images");
    check_words(p, "one seed (p < .001 from images alone): these networks only");
    check_near(p->margin_cv, 0.3, 0.05, 1); /* on the half of the images that did not choose */
    sweetspot_list_clear(&list);
    study_free(s);
}

static void equal_scores_tell_nothing_of_noise(void **state)
{
    (void)state;
    study *s;
    put_entropy(0, 1, 0.9);
    put_entropy(0, 2, 0.9);
    for (int seed = 1; seed <= 2; seed++) {
        put_entropy(0.3, seed, 0.5);
        put_entropy(0.6, seed, 0.5);
        put_entropy(0.9, seed, 0.5);
    }
    sweetspot_list list = find(&s);
    const sweetspot *p = &list.spots[0];
    assert_true(p->alpha[p->at.best] == 0.3); /* of equal alphas the smaller one */
    assert_true(p->at.p == 1 && p->verdict == SPOT_NOT_SHOWN);
    check_words(p, "not shown: the scores of each alpha are all equal, so nothing is known of noise");
    sweetspot_list_clear(&list);
    study_free(s);
}

static void the_upper_end_has_a_trained_head(void **state)
{
    (void)state;
    study *s;
    const double bias[] = {0.3, 0.7, 0.6, 0.96}, alpha[] = {0, 0.5, 0.9, 1};
    for (int a = 0; a < 4; a++)
        for (int seed = 1; seed <= 3; seed++)
            put(alpha[a], seed, "cue-conflict", "shape_bias", "cue-conflict", NULL,
                bias[a] + 0.001 * seed);
    sweetspot_list list = find(&s);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->alphas, 3);
    assert_true(p->alpha[p->at.best] == 0.5 && p->alpha[2] == 0.9);
    assert_int_equal(p->verdict, SPOT_SHOWN);
    check_words(p, "0.5 beats 0 and 0.9 by .100");
    sweetspot_list_clear(&list);
    study_free(s);
}

static void the_rule_of_distance_is_the_study_s(void **state)
{
    (void)state;
    study *s;
    sweetspot_options o = options(NULL);
    const double kappa[] = {0.1, 0.38, 0.5}, alpha[] = {0, 0.5, 0.9};
    for (int a = 0; a < 3; a++)
        for (int seed = 1; seed <= 3; seed++)
            put(alpha[a], seed, "model-vs-human", "error_consistency", "mean", NULL,
                kappa[a] + 0.002 * seed);
    sweetspot_list list = find_by(&s, &o);
    assert_true(list.spots[0].alpha[list.spots[0].at.best] == 0.9); /* the largest */
    assert_int_equal(list.spots[0].verdict, SPOT_NOT_SHOWN);
    sweetspot_list_clear(&list);
    study_free(s);
    o.rule = 1;
    list = find_by(&s, &o);
    assert_true(list.spots[0].alpha[list.spots[0].at.best] == 0.5); /* nearest to .39 */
    assert_int_equal(list.spots[0].verdict, SPOT_SHOWN);
    check_near(list.spots[0].at.margin, 0.114 - 0.006, 1e-9, 1); /* of .504 and .384 */
    check_words(&list.spots[0], "nearest to .390");
    sweetspot_list_clear(&list);
    study_free(s);
    /* what the study's own files say of people goes before what is printed */
    char path[256];
    score_list scores = SCORE_LIST_INIT;
    score people = SCORE_INIT;
    snprintf(path, sizeof path, "%s", run_path(0.5, 2));
    check_ok(score_list_load(&scores, path));
    people.benchmark = "model-vs-human";
    people.metric = "error_consistency";
    people.dataset = "mean";
    people.model = "human";
    people.value = 0.45;
    check_ok(score_list_append(&scores, &people));
    check_ok(score_list_save(&scores, path));
    score_list_clear(&scores);
    list = find_by(&s, &o);
    assert_true(list.spots[0].alpha[list.spots[0].at.best] == 0.9);
    check_words(&list.spots[0], "nearest to .450 of people in these files (printed: .390)");
    sweetspot_list_clear(&list);
    study_free(s);
}

static void half_of_the_people_of_these_files_are_the_reference_of_cross_entropy(void **state)
{
    (void)state;
    study *s;
    static const char rows[] =
        "[{\"benchmark\": \"cifar10h\", \"metric\": \"split_half_cross_entropy\", \"model\": \"human\", "
        "\"condition\": \"floor 1e-12\", \"value\": 0.52}, {\"benchmark\": \"cifar10h\", \"metric\": "
        "\"cross_entropy_human\", \"model\": \"m\", \"alpha\": 0.5, \"seed\": 1, \"value\": 0.53}]";
    char path[256];
    put_entropy(0, 1, 0.7);
    put_entropy(0.9, 1, 0.6);
    put_entropy(0.5, 1, 0.53);
    snprintf(path, sizeof path, "%s/scores/scores.json", run_path(0.5, 1));
    check_ok(file_write(path, rows, strlen(rows)));
    sweetspot_options o = options(NULL);
    o.rule = 1;
    sweetspot_list list = find_by(&s, &o);
    check_words(&list.spots[0], "nearest to .520 of people in these files (printed: .550)");
    sweetspot_list_clear(&list);
    study_free(s);
}

static void two_scores_have_a_line_each_and_one_of_their_distance(void **state)
{
    (void)state;
    study *s;
    const double two_afc[] = {0.80, 0.70, 0.60}, jnd[] = {0.50, 0.60, 0.55};
    for (int a = 0; a < 3; a++)
        for (int seed = 1; seed <= 2; seed++) {
            put(a / 2.0, seed, "bapps", "2afc", "bapps", "distortion", two_afc[a] + 0.001 * seed);
            put(a / 2.0, seed, "bapps", "2afc", "bapps", "cnn", 0.1); /* another condition */
            put(a / 2.0, seed, "bapps", "jnd_map", "bapps", "distortion", jnd[a] + 0.001 * seed);
        }
    sweetspot_list list = find(&s);
    assert_int_equal(list.count, 3);
    const sweetspot *one = &list.spots[0], *two = &list.spots[1], *plane = &list.spots[2];
    assert_true(one->alpha[one->at.best] == 0 && one->verdict == SPOT_NOT_SHOWN && one->primary);
    assert_true(two->alpha[two->at.best] == 0.5 && two->verdict == SPOT_SHOWN && !two->primary);
    assert_true(plane->score == -1 && plane->alpha[plane->at.best] == 0.5 && !plane->primary);
    check_near(plane->network[0], hypot(0.83 - 0.801, 1 - 0.501), 1e-12, 1);
    check_near(plane->at.margin, hypot(0.0285, 0.4985) - hypot(0.1285, 0.3985), 1e-9, 1);
    assert_int_equal(list.primaries, 1);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void several_benchmarks_share_one_error_rate(void **state)
{
    (void)state;
    study *s;
    strbuf words = STRBUF_INIT;
    const double shape[] = {0.1, 0.2, 0.3, 0.25, 0.1};
    put_peak(3, 0.01);
    for (int a = 0; a < 5; a++)
        for (int seed = 1; seed <= 3; seed++)
            put(five[a] * 0.8, seed, "cue-conflict", "shape_bias", "cue-conflict", NULL,
                shape[a] + 0.001 * seed);
    sweetspot_list list = find(&s);
    assert_int_equal(list.primaries, 2);
    for (int i = 0; i < 2; i++) {
        assert_true(list.spots[i].p_holm >= list.spots[i].at.p);
        assert_true(list.spots[i].verdict == SPOT_SHOWN);
    }
    assert_int_equal(list.shown, 2);
    assert_true(isnan(list.serves_p)); /* no alpha lies between the ends of both */
    sweetspots_sentence(&words, &list);
    assert_non_null(strstr(words.data, "In 2 of 2 benchmarks (Holm, .050) an intermediate alpha exceeded"));
    assert_non_null(strstr(words.data, "(Cue conflict, shape bias; ends 0 and 0.72)"));
    strbuf_clear(&words);
    sweetspot_list_clear(&list);
    study_free(s);
}

/* ---- images */

/* Of means: the covariance of the images' numbers, over their count. */
static void what_images_share_is_their_covariance(void **state)
{
    (void)state;
    enum { N = 60 };
    study *s;
    double x[3][N], mean[3] = {0}, g[9], offset[3] = {0}, weight[3][SPOT_SCORES_MAX] = {{1}, {1}, {1}};
    spot_runs r;
    const measures *of = measures_find(all_measures(), "cifar10h");
    for (int a = 0; a < 3; a++) {
        for (int i = 0; i < N; i++) {
            x[a][i] = 0.1 * ((i * 7) % 11) + 0.05 * ((i * (a + 2)) % 5);
            mean[a] += x[a][i] / N;
        }
        put_images(a * 0.45, 1, x[a], N);
    }
    check_ok(study_read(&s, folder));
    check_ok(spot_runs_find(&r, of, &of->spots[0], &(spot_only){.most_alpha = 0}, s));
    check_ok(spot_covariance(g, &r, &(const spot_scale){offset, weight, NAN},
                             &(const trial_bootstrap){20000, 7, NULL}));
    for (int a = 0; a < 3; a++)
        for (int b = 0; b < 3; b++) {
            double sum = 0;
            for (int i = 0; i < N; i++) sum += (x[a][i] - mean[a]) * (x[b][i] - mean[b]) / N;
            check_near(g[a * 3 + b], sum / N, 0.04, 0);
        }
    spot_runs_clear(&r);
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
            put_images(a * 0.3, seed, x, N);
        }
    for (int t = 0; t < 3; t++) {
        study *s;
        pool *threads;
        check_ok(pool_new(&threads, t + 1));
        const sweetspot_options o = options(threads);
        sweetspot_list list = find_by(&s, &o);
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
    put_images(0.9, 1, more, 5);  /* other images */
    sweetspot_list list = find(&s);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->with_trials, 1);
    assert_string_equal(p->basis, "1 seed alone; 2 of 3 runs have no trials");
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
    put_entropy(0.9, 1, 0.5);
    put_trials(0.9, 1, "cifar10h", words, words, images, words, 2);
    put_entropy(0.5, 1, 0.5);
    put_trials(0.5, 1, "cifar10h", words, words, images, NULL, 2);
    sweetspot_list list = find(&s);
    assert_int_equal(s->warning_count, 3);
    assert_non_null(strstr(s->warnings[0], "cifar10h.csv: image 0/a.png occurs twice"));
    assert_non_null(strstr(s->warnings[1], "expected the columns imagename, condition, "
                                           "cross_entropy and category"));
    assert_non_null(strstr(s->warnings[2], "cifar10h.csv:3: field 9 is 'cat', not a number"));
    assert_int_equal(list.spots[0].images, 0);
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
    put_entropy(0.9, 1, 0.7);
    put_entropy(0.9, 2, 0.6);
    snprintf(command, sizeof command, "cp -r %s/alpha-0.9-seed-1 %s/copy", folder, folder);
    assert_int_equal(system(command), 0);
    sweetspot_list list = find(&s);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->seeds[1], 1);
    assert_int_equal(p->seeds[2], 2);
    assert_true(p->fewest == 1 && p->most == 2 && p->alpha[p->at.best] == 0.5);
    assert_string_equal(p->basis, "1 to 2 seeds alone");
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
    put_entropy(0.9, 1, 0.6);
    snprintf(path, sizeof path, "%s/scores/scores.json", run_path(0, 1));
    check_ok(file_write(path, people, strlen(people)));
    sweetspot_list list = find(&s);
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
    sweetspot_list list = find(&s);
    assert_int_equal(s->warning_count, 0);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.spots[0].line->title, "Light field");
    assert_true(list.spots[0].alpha[list.spots[0].at.best] == 0.5);
    assert_string_equal(list.spots[1].line->title, "Scenes: light field");
    assert_true(list.spots[1].alpha[list.spots[1].at.best] == 1);
    sweetspot_list_clear(&list);
    study_free(s);
}

/* Three seeds at each of five alphas, accurate to .9 up to alpha .5, .7 above; the last alpha differs. */
static void put_accurate_study(void)
{
    for (int a = 0; a < 5; a++)
        for (int seed = 0; seed < 3; seed++) {
            const double alpha = a / 4.0 * 0.95;
            put_entropy(alpha, seed, (a == 0 ? 0.9 : a == 4 ? 0.5 : 0.7) + 0.01 * seed);
            put(alpha, seed, "classification", "accuracy", NULL, NULL, (a < 3 ? 0.9 : 0.7) + 0.01 * seed);
        }
}

static void networks_of_large_alphas_may_be_left_out(void **state)
{
    (void)state;
    study *s;
    strbuf words = STRBUF_INIT;
    sweetspot_options o = options(NULL);
    put_accurate_study();
    o.most_alpha = 0.9;
    sweetspot_list list = find_by(&s, &o);
    assert_int_equal(list.spots[0].alphas, 4);
    check_near(list.spots[0].alpha[3], 0.7125, 1e-12, 1);
    spot_only_words(&words, &list.only);
    assert_string_equal(words.data, "α up to 0.9");
    strbuf_clear(&words);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void networks_may_be_matched_by_accuracy(void **state)
{
    (void)state;
    study *s;
    char *suffix;
    strbuf words = STRBUF_INIT;
    sweetspot_options o = options(NULL);
    put_accurate_study();
    put(0.475, 2, "classification", "accuracy", NULL, NULL, 0.97); /* farther than .05 from .91, above it */
    o.accuracy_within = 0.05;
    sweetspot_list list = find_by(&s, &o);
    const sweetspot *p = &list.spots[0];
    assert_int_equal(p->alphas, 3);
    assert_int_equal(p->seeds[0], 3);
    assert_int_equal(p->seeds[2], 2);
    spot_only_words(&words, &list.only);
    assert_string_equal(words.data, "accuracy within .050 of .910, that at α = 0");
    check_ok(spot_only_suffix(&suffix, &list.only));
    assert_string_equal(suffix, "-matched");
    assert_true(spot_only_leaves_out(&list.only, s));
    mem_free(suffix);
    strbuf_clear(&words);
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
    sweetspot_list list = find(&s);
    assert_int_equal(list.count, 0);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void scores_that_are_no_numbers_are_left_out(void **state)
{
    (void)state;
    study *s;
    put_peak(2, 0.01);
    put_entropy(0.5, 1, NAN);
    put_entropy(0.25, 1, INFINITY);
    sweetspot_list list = find(&s);
    const sweetspot *p = &list.spots[0];
    assert_true(p->seeds[1] == 1 && p->seeds[2] == 1 && p->networks == 8);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void two_alphas_have_nothing_in_between(void **state)
{
    (void)state;
    study *s;
    for (int seed = 1; seed <= 2; seed++) {
        put_entropy(0, seed, 0.9 + 0.01 * seed);
        put_entropy(0.9, seed, 0.8 + 0.01 * seed);
    }
    sweetspot_list list = find(&s);
    const sweetspot *p = &list.spots[0];
    assert_true(p->verdict == SPOT_NOT_SHOWN && p->at.p == 1 && p->at.best == 1);
    check_words(p, "not shown: no alpha between 0 and 0.9 was scored");
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
    for (int seed = 1; seed <= 3; seed++) {
        put_entropy(0, seed, 0.9 + 0.01 * seed);
        put_entropy(0.5, seed, 0.4 + 0.01 * seed);
        put_entropy(0.9, seed, 0.8 + 0.01 * seed);
        put(0, seed, "cue-conflict", "shape_bias", "cue-conflict", NULL, 0.2);
        put(0.5, seed, "cue-conflict", "shape_bias", "cue-conflict", NULL, 0.9);
    }
    sweetspot_list list = find(&s);
    assert_int_equal(list.count, 2);
    sweetspots_table(&lines, &list);
    assert_non_null(strstr(lines.data, "CIFAR-10H"));
    assert_non_null(strstr(lines.data, "·█·"));
    assert_non_null(strstr(lines.data, "CIFAR-10H, cross-entropy, nats: shown (p < .001"));
    assert_non_null(strstr(lines.data, "over 2 benchmarks p < .001"));
    assert_non_null(strstr(lines.data, "In 1 of 2 benchmarks"));
    assert_null(strstr(lines.data, "inside"));
    sweetspots_tsv(&tsv, &list);
    assert_non_null(strstr(tsv.data, "\ncifar10h\tcross_entropy_human\tbest\t0\t0.9\t0.5\t{0.5}\t"));
    sweetspots_curves_tsv(&curves, &list);
    assert_non_null(strstr(curves.data, "cue-conflict\tshape_bias\t0.5\t0.9\t0\t3\tnan\tnan\tnan\t1\t0.9;0.9;0.9\n"));
    check_ok(sweetspots_json(&text, &list));
    json_t *root = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(root), 2);
    const json_t *first = json_array_get(root, 0);
    static const char *const keys[] = {
        "benchmark", "metric", "ends", "best_alpha", "best_set", "p", "p_drop", "margin", "margin_cv",
        "margin_low", "detectable", "seeds", "verdict"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) assert_non_null(json_object_get(first, keys[k]));
    assert_string_equal(json_string_value(json_object_get(first, "verdict")), "shown");
    assert_true(json_real_value(json_object_get(first, "best_alpha")) == 0.5);
    assert_int_equal(json_array_size(json_object_get(first, "best_set")), 1);
    assert_int_equal(json_array_size(json_object_get(first, "curve")), 3);
    const json_t *end = json_array_get(json_object_get(first, "curve"), 0);
    assert_true(json_is_null(json_object_get(end, "least"))); /* an end is compared with nothing */
    json_decref(root);
    mem_free(text);
    strbuf_clear(&lines);
    strbuf_clear(&tsv);
    strbuf_clear(&curves);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void names_that_steer_a_terminal_are_made_plain(void **state)
{
    (void)state;
    study *s;
    char command[512], *text;
    strbuf lines = STRBUF_INIT;
    put_peak(3, 0.01);
    events = ", \"events\": [{\"iteration\": 9, \"back_to\": 5, \"reason\": \"\", \"change\": \"\"}]";
    put_entropy(0.5, 2, 0.42);
    events = "";
    snprintf(command, sizeof command,
             "mv %s/alpha-0.5-seed-2 \"$(printf '%s/a\\033[31m\\377\\342\\200\\256\"b')\"", folder, folder);
    assert_int_equal(system(command), 0);
    sweetspot_list list = find(&s);
    sweetspots_table(&lines, &list);
    assert_non_null(strstr(lines.data, "(rescued)"));
    assert_null(strchr(lines.data, '\033'));
    assert_null(strstr(lines.data, "\342\200\256"));
    check_ok(sweetspots_json(&text, &list));
    json_t *root = json_loads(text, 0, NULL);
    assert_int_equal(json_array_size(json_object_get(json_array_get(root, 0), "unequal")), 1);
    json_decref(root);
    mem_free(text);
    strbuf_clear(&lines);
    sweetspot_list_clear(&list);
    study_free(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
        const struct CMUnitTest tests[] = {
        TEST(a_clear_peak_is_shown),
        TEST(what_is_not_shown_says_what_would_have_been),
        TEST(a_claim_that_hangs_on_one_run_is_none),
        TEST(rescued_runs_are_another_experiment),
        TEST(one_seed_is_never_shown),
        TEST(equal_scores_tell_nothing_of_noise),
        TEST(the_upper_end_has_a_trained_head),
        TEST(the_rule_of_distance_is_the_study_s),
        TEST(half_of_the_people_of_these_files_are_the_reference_of_cross_entropy),
        TEST(two_scores_have_a_line_each_and_one_of_their_distance),
        TEST(several_benchmarks_share_one_error_rate),
        TEST(what_images_share_is_their_covariance),
        TEST(any_number_of_threads_gives_the_same_bits),
        TEST(trials_that_contradict_the_score_are_set_aside_and_named),
        TEST(broken_trials_are_a_warning_with_file_and_place),
        TEST(a_missing_seed_and_a_repeated_run_do_not_stop_it),
        TEST(rows_about_people_are_not_the_networks),
        TEST(scenes_of_the_benchmark_and_of_the_run_have_a_spot_each),
        TEST(networks_of_large_alphas_may_be_left_out),
        TEST(networks_may_be_matched_by_accuracy),
        TEST(one_alpha_is_no_curve),
        TEST(scores_that_are_no_numbers_are_left_out),
        TEST(two_alphas_have_nothing_in_between),
        TEST(tables_say_what_was_found),
        TEST(names_that_steer_a_terminal_are_made_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
