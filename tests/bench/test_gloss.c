/* Gloss through the benchmark itself: all published values of people and models, trials, and what
 * must be refused. */
#include "asking.h"
#include "support/made_data.h"
#include "stats/published.h"

#include "base/pool.h"
#include "stats/rank.h"

enum { IMAGES = 50, OBSERVERS = 20 };

static void folder_of(char path[4096]) { check_data(path, 4096, "gloss"); }
static void made_folder(char path[4096]) { made_data(path, 4096, "gloss"); }

static void open_predictions(subject *out, void (*find)(char *, size_t, const char *), const char *name,
                             const char *kind)
{
    char path[4096], file[200];
    snprintf(file, sizeof file, "gloss/predicted/%s%s_expt1.npy",
             strncmp(name, "ground", 6) == 0 ? "" : "gloss_vals_", name);
    find(path, sizeof path, file);
    check_ok(subject_of_answers(out, path, kind));
}

static void predictions(subject *out, const char *name, const char *kind)
{
    open_predictions(out, check_data, name, kind);
}

static void made_predictions(subject *out, const char *name, const char *kind)
{
    open_predictions(out, made_data, name, kind);
}

/* ---- published values */

static void people_have_the_published_values(void **state)
{
    (void)state;
    /* sums of all 60 ratings per image, counted in the published files */
    static const int sums[IMAGES] = {
        233, 340, 273, 220, 88,  84,  324, 131, 99,  86,  104, 82,  100, 153, 106, 207, 323,
        105, 88,  95,  351, 142, 89,  218, 132, 158, 138, 339, 149, 331, 106, 95,  182, 315,
        336, 96,  96,  312, 89,  124, 97,  233, 100, 345, 227, 132, 236, 337, 201, 195};
    static const char *const metrics[] = {"observers",
                                          "grand_mean",
                                          "mean_pairwise_pearson",
                                          "min_pairwise_pearson",
                                          "max_pairwise_pearson",
                                          "leave_one_out_pearson_mean",
                                          "with_own_rating_pearson_mean",
                                          "leave_one_out_rmse_mean",
                                          "odd_even_split_pearson",
                                          "odd_even_spearman_brown"};
    char folder[4096], condition[40];
    asking a;
    folder_of(folder);
    json_t *root = published_open(), *values = published_get(root, "gloss", "human", NULL);
    asking_begin(&a, &bench_gloss, NULL, folder, NULL);
    check_ok(bench_gloss.run(&a.request));
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++)
        check_published(asking_score(&a, metrics[i], NULL, "human")->value, values, metrics[i]);
    check_near(asking_score(&a, "with_own_rating_rmse_mean", NULL, "human")->value, 0.119602, 6e-7,
               1);
    for (int i = 0; i < IMAGES; i++) {
        snprintf(condition, sizeof condition, "scene%06d", i + 1);
        double mean = asking_score(&a, "mean_rating", condition, "human")->value;
        check_near(mean, sums[i] / 60.0, 1e-12, 1);
        check_near(mean,
                   json_number_value(json_array_get(
                       published_get(values, "mean_rating_per_image", NULL), (size_t)i)),
                   1e-9, 1);
    }
    for (int o = 0; o < OBSERVERS; o++) {
        snprintf(condition, sizeof condition, "observer %d", o + 1);
        check_near(asking_score(&a, "leave_one_out_pearson", condition, "human")->value,
                   json_number_value(json_array_get(
                       published_get(values, "leave_one_out_pearson", NULL), (size_t)o)),
                   1e-9, 1);
    }
    asking_end(&a);
    json_decref(root);
}

/* The published specular reflectances of the rated surfaces, as the trials give them back. */
static void surfaces_have_the_published_reflectances(void **state)
{
    (void)state;
    static const double reflectance[IMAGES] = {
        .969, .996, .691, .633, .323, .211, .830, .539, .385, .299, .243, .471, .307,
        .566, .330, .558, .847, .472, .344, .311, .920, .514, .217, .561, .617, .677,
        .472, .958, .531, .961, .482, .324, .574, .864, .890, .390, .259, .820, .269,
        .605, .209, .909, .548, .852, .935, .631, .641, .910, .765, .753};
    char tmp[64], folder[4096], path[200], name[40];
    subject s;
    asking a;
    trial_list said = TRIAL_LIST_INIT;
    folder_of(folder);
    check_tmp(tmp, sizeof tmp);
    predictions(&s, "ground_truth_gloss", "auto");
    asking_begin(&a, &bench_gloss, &s, folder, NULL);
    a.request.out = tmp;
    check_ok(bench_gloss.run(&a.request));
    snprintf(path, sizeof path, "%s/trials/gloss.csv", tmp);
    check_ok(trial_list_read(&said, path));
    assert_int_equal(said.count, IMAGES);
    for (int i = 0; i < IMAGES; i++) {
        snprintf(name, sizeof name, "rgb_scene%06d.png", i + 1);
        assert_string_equal(said.trials[i].imagename, name);
        check_near(strtod(said.trials[i].object_response, NULL), reflectance[i], 5e-4, 1);
    }
    trial_list_clear(&said);
    asking_end(&a);
    subject_clear(&s);
    check_tmp_remove(tmp);
}

static void check_fit(const asking *a, json_t *values, const char *condition)
{
    const char *metric;
    json_t *value;
    json_object_foreach(values, metric, value)
    {
        const score *s = asking_score(a, metric, condition, a->request.subject->name);
        check_near(s->value, json_number_value(value), 1e-9, 1e-3);
        assert_true(s->low <= s->high && s->n == IMAGES && s->formula && s->data_hash);
    }
}

static void all_models_get_the_published_scores(void **state)
{
    (void)state;
    char folder[4096];
    folder_of(folder);
    json_t *root = published_open(), *values;
    const char *name;
    json_object_foreach(published_get(root, "gloss", "models", NULL), name, values)
    {
        subject s;
        asking a;
        predictions(&s, name, "auto");
        asking_begin(&a, &bench_gloss, &s, folder, NULL);
        check_ok(options_assign(a.groups, "bench.rounds=100"));
        check_ok(bench_gloss.run(&a.request));
        json_t *each = json_object_get(values, "instances");
        check_fit(&a, each ? json_object_get(values, "mean_over_instances") : values, NULL);
        assert_true(each || !asking_find(&a, "pearson", "instance 1", s.name));
        double mean = 0;
        for (size_t i = 0; i < json_array_size(each); i++) {
            char condition[40];
            snprintf(condition, sizeof condition, "instance %zu", i + 1);
            check_fit(&a, json_array_get(each, i), condition);
            mean += asking_score(&a, "pearson", condition, s.name)->value /
                    (double)json_array_size(each);
        }
        if (each)
            check_near(asking_score(&a, "pearson", "mean of instances", s.name)->value, mean, 1e-12,
                       1);
        assert_string_equal(a.scores.scores[0].metric, "pearson");
        asking_end(&a);
        subject_clear(&s);
    }
    json_decref(root);
}

static void the_document_is_reproduced_to_its_digits(void **state)
{
    (void)state;
    static const struct {
        const char *name, *condition, *metric;
        double value;
    } rows[] = {{"ground_truth_gloss", NULL, "pearson", 0.893033},
                {"all_pixelVAEs", NULL, "pearson", 0.962666},
                {"all_pixelVAEs", "mean of instances", "pearson", 0.941088},
                {"all_pixelVAEs", "instance 3", "pearson", 0.896857},
                {"all_Resnets", NULL, "pearson", 0.696562},
                {"all_Resnets", "mean of instances", "pearson", 0.683729},
                {"imagenetDNN", NULL, "pearson", 0.870016},
                {"ps_texturefeats", NULL, "pearson", 0.893405},
                {"pixel-10D-embedding_MDS", NULL, "pearson", 0.389099},
                {"pixel-10D-embedding_LLE", NULL, "pearson", 0.137104},
                {"pixel-10D-embedding_tSNE", NULL, "pearson", -0.011037},
                {"simpleAE", NULL, "pearson", 0.329235},
                {"skewness", NULL, "pearson", 0.307727},
                {"higher_variance_trained_pixelVAE", NULL, "pearson", 0.936851},
                {"all_pixelVAEs", NULL, "mean_observer_rmse_minmax", 0.152044},
                {"all_Resnets", NULL, "mean_observer_rmse_minmax", 0.262450},
                {"ground_truth_gloss", NULL, "mean_observer_rmse_minmax", 0.198706}};
    char folder[4096];
    folder_of(folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        subject s;
        asking a;
        predictions(&s, rows[i].name, "scalars");
        asking_begin(&a, &bench_gloss, &s, folder, NULL);
        check_ok(options_assign(a.groups, "bench.rounds=100"));
        check_ok(bench_gloss.run(&a.request));
        check_near(asking_score(&a, rows[i].metric, rows[i].condition, s.name)->value,
                   rows[i].value, 6e-7, 1);
        asking_end(&a);
        subject_clear(&s);
    }
}

/* ---- what goes with the scores */

static void the_ceiling_is_the_one_that_was_asked_for(void **state)
{
    (void)state;
    static const struct {
        const char *set, *said, *metric;
    } kinds[] = {{NULL, "the metric's bound", NULL},
                 {"gloss.ceiling=others", "with the others", "leave_one_out_pearson_mean"},
                 {"gloss.ceiling=all", "with all", "with_own_rating_pearson_mean"}};
    char folder[4096];
    subject s;
    asking people;
    made_folder(folder);
    asking_begin(&people, &bench_gloss, NULL, folder, NULL);
    check_ok(bench_gloss.run(&people.request));
    made_predictions(&s, "imagenetDNN", "auto");
    for (int i = 0; i < 3; i++) {
        asking a;
        asking_begin(&a, &bench_gloss, &s, folder, kinds[i].set);
        check_ok(bench_gloss.run(&a.request));
        const score *r = asking_score(&a, "pearson", NULL, s.name);
        const char *metric = kinds[i].metric;
        check_near(r->ceiling, metric ? asking_score(&people, metric, NULL, "human")->value : 1, 1e-12, 1);
        assert_non_null(strstr(r->formula, kinds[i].said));
        assert_true(r->low < r->value && r->value < r->high);
        asking_end(&a);
    }
    asking_end(&people);
    subject_clear(&s);
}

static void scores_follow_from_the_trials_alone_on_any_number_of_threads(void **state)
{
    (void)state;
    char tmp[64], folder[4096], path[200];
    subject s, again;
    asking a, b;
    pool *threads = NULL;
    made_folder(folder);
    check_tmp(tmp, sizeof tmp);
    made_predictions(&s, "continuous_gloss_trained_pixelVAEs", "auto");
    asking_begin(&a, &bench_gloss, &s, folder, NULL);
    a.request.out = tmp;
    check_ok(bench_gloss.run(&a.request));
    snprintf(path, sizeof path, "%s/trials/gloss-predictions.npy", tmp);
    check_ok(subject_of_answers(&again, path, "scalars"));
    asking_begin(&b, &bench_gloss, &again, folder, NULL);
    check_ok(pool_new(&threads, 3));
    b.request.threads = threads;
    check_ok(bench_gloss.run(&b.request));
    asking_same_scores(&a.scores, &b.scores);
    /* the correlation from the two lists of trials */
    trial_list said = TRIAL_LIST_INIT, people = TRIAL_LIST_INIT;
    snprintf(path, sizeof path, "%s/trials/gloss.csv", tmp);
    check_ok(trial_list_read(&said, path));
    snprintf(path, sizeof path, "%s/trials/gloss-human.csv", tmp);
    check_ok(trial_list_read(&people, path));
    assert_true(said.count == 5 * IMAGES && people.count == OBSERVERS * IMAGES);
    double x[IMAGES] = {0}, y[IMAGES] = {0}, r;
    for (int64_t i = 0; i < said.count; i++)
        x[i % IMAGES] += strtod(said.trials[i].object_response, NULL);
    for (int64_t i = 0; i < people.count; i++)
        y[i % IMAGES] += strtod(people.trials[i].object_response, NULL);
    check_ok(stats_pearson(&r, x, y, IMAGES));
    check_near(r, asking_score(&a, "pearson", NULL, s.name)->value, 1e-12, 1);
    assert_string_equal(said.trials[4].imagename, "rgb_scene000005.png");
    trial_list_clear(&said);
    trial_list_clear(&people);
    pool_free(threads);
    asking_end(&a);
    asking_end(&b);
    subject_clear(&s);
    subject_clear(&again);
    check_tmp_remove(tmp);
}

static void the_published_repository_is_found_as_it_lies(void **state)
{
    (void)state;
    char tmp[64], folder[4096], command[9000], path[200];
    asking a;
    made_folder(folder);
    check_tmp(tmp, sizeof tmp);
    snprintf(command, sizeof command,
             "mkdir -p %s/analysis_data/psychophysics && ln -s '%s/ratings' "
             "%s/analysis_data/psychophysics/expt1",
             tmp, folder, tmp);
    assert_int_equal(system(command), 0);
    snprintf(path, sizeof path, "%s/analysis_data/psychophysics/expt1", tmp);
    for (int i = 0; i < 3; i++) { /* as data, as the folder itself, as --humans */
        asking_begin(&a, &bench_gloss, NULL, i == 1 ? path : i ? "/nowhere" : tmp, NULL);
        if (i == 2) a.request.humans = tmp;
        check_ok(bench_gloss.run(&a.request));
        assert_true(asking_score(&a, "observers", NULL, "human")->value == 20);
        asking_end(&a);
    }
    check_tmp_remove(tmp);
}

/* ---- what is refused of predictions and ratings */

static void predictions_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    char tmp[64], folder[4096], path[200];
    double x[3 * IMAGES];
    subject s;
    made_folder(folder);
    check_tmp(tmp, sizeof tmp);
    snprintf(path, sizeof path, "%s/model.npy", tmp);
    for (int i = 0; i < 3 * IMAGES; i++) x[i] = i % 7;
    static const struct {
        int dims;
        int64_t n, k;
        const char *text;
    } shapes[] = {{1, 49, 0, "predictions of 49 images, people rated 50"},
                  {1, 60, 0, "predictions of 60 images"},
                  {2, 3, 40, "predictions of 40 images"},
                  {2, 2, 51, "predictions of 51 images"}};
    for (int i = 0; i < 4; i++) {
        asking_write_array(path, x, shapes[i].dims, shapes[i].n, shapes[i].k);
        for (int scalars = 0; scalars < 2; scalars++) {
            check_ok(subject_of_answers(&s, path, scalars ? "scalars" : "auto"));
            check_fails(asking_status(&bench_gloss, &s, folder, NULL), JEM_EDATA, shapes[i].text);
            subject_clear(&s);
        }
    }
    for (int i = 0; i < IMAGES; i++) x[IMAGES + i] = 3; /* the second instance is constant */
    asking_write_array(path, x, 2, 2, IMAGES);
    check_ok(subject_of_answers(&s, path, "auto"));
    check_fails(asking_status(&bench_gloss, &s, folder, NULL), JEM_EDATA,
                "model, instance 2: a correlation with constant values is undefined");
    subject_clear(&s);
    static const subject_ops nothing = {.free = NULL};
    const subject mute = {.name = "mute", .ops = &nothing};
    check_fails(asking_status(&bench_gloss, &mute, folder, NULL), JEM_EUSAGE, "features");
    check_tmp_remove(tmp);
}

static jem_status rate_nan(void *ctx, const stimulus *s, int64_t n, double *out)
{
    (void)ctx;
    for (int64_t i = 0; i < n; i++) out[i] = s[i].place == 6 ? NAN : (double)i;
    return JEM_OK;
}

static void a_prediction_that_is_not_finite_is_refused_with_its_image(void **state)
{
    (void)state;
    static const subject_ops ops = {.rate = rate_nan};
    const subject s = {.name = "nan", .ops = &ops};
    const subject looks = {.name = "looker", .ops = &ops, .needs_pictures = true};
    char folder[4096];
    made_folder(folder);
    check_fails(asking_status(&bench_gloss, &s, folder, NULL), JEM_EDATA,
                "instance 1 for scene000007 is not finite");
    check_fails(asking_status(&bench_gloss, &looks, folder, NULL), JEM_EUSAGE, "set gloss.images");
}

static void ratings_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *shell, *text; /* in a copy of ratings/ */
    } cases[] = {
        {"sed -i 151d 01_*", "01_gloss_ratings_task_2019_Apr_03_1151.csv: image"},
        {"sed -i '2s/scene0000/scene00/' 03_*", "1446.csv:2: expected an image name with six"},
        {"for f in 04_*; do awk -F, -v OFS=, 'NR==5{$6=7}1' $f > x; cat x > $f; done; rm x",
         "1552.csv:5: expected a whole rating from 1 to 6, found '7'"},
        {"for f in 04_*; do awk -F, -v OFS=, 'NR==5{$6=0}1' $f > x; cat x > $f; done; rm x",
         "found '0'"},
        {"for f in 04_*; do awk -F, -v OFS=, 'NR==5{$6=2.5}1' $f > x; cat x > $f; done; rm x",
         "found '2.5'"},
        {"cp 05_* 05_gloss_ratings_task_2020.csv", "two files of observer 05"},
        {"rm 0* 11* 12* 13* 14* 15* 16* 17* 19* 20* 21*", "expected at least 2 observers"},
        {"for f in *; do awk '!/scene000050/' $f > x; cat x > $f; done; rm x",
         "147 ratings of 49 images per observer, expected 150"},
        {"for f in 02_*; do awk -F, -v OFS=, 'NR>1{$6=3}1' $f > x; cat x > $f; done; rm x",
         "observer 2 (in order of the files) rates all images alike"},
    };
    char tmp[64], folder[4096], command[9000];
    made_folder(folder);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_tmp(tmp, sizeof tmp);
        snprintf(command, sizeof command, "cp '%s'/ratings/* %s && chmod +w %s/* && cd %s && (%s)",
                 folder, tmp, tmp, tmp, cases[i].shell);
        assert_int_equal(system(command), 0);
        check_fails(asking_status(&bench_gloss, NULL, tmp, NULL), JEM_EDATA, cases[i].text);
        check_tmp_remove(tmp);
    }
}

static void keep_lines(void *ctx, const char *line)
{
    strncat(ctx, line, 2000);
    strncat(ctx, "\n", 2);
}

static void the_check_says_what_there_is_and_what_is_odd(void **state)
{
    (void)state;
    char tmp[64], folder[4096], lines[9000] = "", command[9000];
    made_folder(folder);
    check_ok(asking_check(&bench_gloss, folder, keep_lines, lines));
    assert_string_equal(lines, "ratings of 50 images by 20 observers, three times each\n");
    check_tmp(tmp, sizeof tmp);
    snprintf(command, sizeof command, "cp '%s'/ratings/0* %s", folder, tmp);
    assert_int_equal(system(command), 0);
    lines[0] = '\0';
    check_ok(asking_check(&bench_gloss, tmp, keep_lines, lines));
    assert_non_null(strstr(lines, "the published experiment has 20 observers"));
    assert_non_null(strstr(lines, "here are 9"));
    check_tmp_remove(tmp);
    check_fails(asking_check(&bench_gloss, "/nowhere", keep_lines, lines), JEM_EDATA, "/nowhere");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_have_the_published_values),
        cmocka_unit_test(surfaces_have_the_published_reflectances),
        cmocka_unit_test(all_models_get_the_published_scores),
        cmocka_unit_test(the_document_is_reproduced_to_its_digits),
        cmocka_unit_test(the_ceiling_is_the_one_that_was_asked_for),
        cmocka_unit_test(scores_follow_from_the_trials_alone_on_any_number_of_threads),
        cmocka_unit_test(the_published_repository_is_found_as_it_lies),
        cmocka_unit_test(predictions_that_do_not_fit_are_refused),
        cmocka_unit_test(a_prediction_that_is_not_finite_is_refused_with_its_image),
        cmocka_unit_test(ratings_that_do_not_fit_are_refused),
        cmocka_unit_test(the_check_says_what_there_is_and_what_is_odd),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
