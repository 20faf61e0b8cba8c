/* Ratings: the gloss experiment of 20 people with all published model predictions. */
#include "published.h"

#include "bench/gloss/ratings.h"
#include "stats/bootstrap.h"
#include "stats/ratings.h"
#include "stats/summary.h"

enum { OBSERVERS = 20, IMAGES = 50 };

static void read_ratings(double *rating)
{
    char folder[4096];
    gloss_ratings r = GLOSS_RATINGS_INIT;
    check_data(folder, sizeof folder, "gloss/ratings");
    check_ok(gloss_ratings_read(&r, folder));
    assert_true(r.observers == OBSERVERS && r.images == IMAGES);
    memcpy(rating, r.rating, OBSERVERS * IMAGES * sizeof *rating);
    gloss_ratings_clear(&r);
}

static void people_agree_as_published(void **state)
{
    (void)state;
    json_t *root = published_open();
    json_t *human = published_get(root, "gloss", "human", NULL);
    double rating[OBSERVERS * IMAGES], mean[IMAGES], one_out[OBSERVERS];
    stats_rating_ceiling c;
    read_ratings(rating);
    stats_rating_mean(mean, rating, OBSERVERS, IMAGES);
    json_t *means = published_get(human, "mean_rating_per_image", NULL);
    for (size_t i = 0; i < IMAGES; i++)
        check_near(mean[i], json_number_value(json_array_get(means, i)), 1e-9, 1);
    check_published(stats_mean(mean, IMAGES), human, "grand_mean");
    check_ok(stats_rating_noise(&c, one_out, rating, OBSERVERS, IMAGES, 1, 6));
    check_published(c.pairwise, human, "mean_pairwise_pearson");
    check_published(c.pairwise_min, human, "min_pairwise_pearson");
    check_published(c.pairwise_max, human, "max_pairwise_pearson");
    check_published(c.leave_one_out, human, "leave_one_out_pearson_mean");
    check_published(c.with_own, human, "with_own_rating_pearson_mean");
    check_published(c.leave_one_out_rmse, human, "leave_one_out_rmse_mean");
    check_near(c.with_own_rmse, 0.119602, 6e-7, 1); /* six decimals are given */
    check_published(c.odd_even, human, "odd_even_split_pearson");
    check_published(c.spearman_brown, human, "odd_even_spearman_brown");
    json_t *each = published_get(human, "leave_one_out_pearson", NULL);
    for (size_t o = 0; o < OBSERVERS; o++)
        check_near(one_out[o], json_number_value(json_array_get(each, o)), 1e-9, 1);
    json_decref(root);
}

static void check_fit(const stats_rating_fit *f, json_t *values)
{
    check_published(f->pearson, values, "pearson");
    check_published(f->spearman, values, "spearman");
    check_published(f->r2, values, "r2_minmax");
    check_published(f->rmse, values, "rmse_minmax");
    check_published(f->observer_pearson, values, "mean_observer_pearson");
    check_published(f->observer_rmse, values, "mean_observer_rmse_minmax");
}

static void models_predict_people_as_published(void **state)
{
    (void)state;
    json_t *root = published_open();
    json_t *models = published_get(root, "gloss", "models", NULL), *values;
    const char *name;
    double rating[OBSERVERS * IMAGES], mean[IMAGES];
    stats_rating_fit fit;
    read_ratings(rating);
    json_object_foreach(models, name, values)
    {
        char path[300];
        snprintf(path, sizeof path, "gloss/predicted/%s%s_expt1.npy",
                 strncmp(name, "ground", 6) == 0 ? "" : "gloss_vals_", name);
        jem_tensor t = published_array(path, true);
        const double *x = t.data;
        int64_t instances = jem_tensor_count(&t) / IMAGES;
        json_t *each = json_object_get(values, "instances");
        stats_rating_mean(mean, x, instances, IMAGES); /* of instances, not observers */
        check_ok(stats_rating_compare(&fit, mean, rating, OBSERVERS, IMAGES, 1, 6));
        check_fit(&fit, each ? json_object_get(values, "mean_over_instances") : values);
        for (int64_t i = 0; each && i < instances; i++) {
            check_ok(stats_rating_compare(&fit, x + i * IMAGES, rating, OBSERVERS, IMAGES, 1, 6));
            check_fit(&fit, json_array_get(each, (size_t)i));
        }
        jem_tensor_clear(&t);
    }
    json_decref(root);
}

static void ratings_that_do_not_vary_are_refused(void **state)
{
    (void)state;
    const double rating[] = {1, 2, 3, 4, 4, 4}, model[] = {1, 5, 2}, flat[] = {2, 2, 2};
    stats_rating_fit fit = {.pearson = 7};
    stats_rating_ceiling c = {.pairwise = 7};
    check_fails(stats_rating_compare(&fit, flat, rating, 1, 3, 1, 6), JEM_EDATA, "constant");
    check_fails(stats_rating_compare(&fit, model, rating, 2, 3, 1, 6), JEM_EDATA, "observer 1");
    check_fails(stats_rating_compare(&fit, model, rating, 1, 1, 1, 6), JEM_EDATA, "no correlation");
    check_fails(stats_rating_noise(&c, NULL, rating, 1, 3, 1, 6), JEM_EDATA, "two observers");
    check_fails(stats_rating_noise(&c, NULL, rating, 2, 3, 1, 6), JEM_EDATA, "observer 0");
    assert_true(fit.pearson == 7 && c.pairwise == 7);
}

static void a_resample_is_the_correlation_of_drawn_people_and_images(void **state)
{
    (void)state;
    const double rating[] = {1, 2, 4, 5, 3, 3, 6, 1}, model[] = {.1, .5, .2, .9};
    const int64_t who[] = {1, 1}, which[] = {0, 3, 3, 2}, same[] = {2, 2, 2, 2}, sizes[] = {2, 4};
    const int64_t *index[] = {who, which}, *flat[] = {who, same};
    const double drawn[] = {3, 1, 1, 6}, predicted[] = {.1, .9, .9, .2};
    double r;
    stats_rating_fit fit;
    check_ok(stats_rating_resampled(&r, model, rating, &(stats_draw){sizes, index}, 4));
    check_ok(stats_rating_compare(&fit, predicted, drawn, 1, 4, 1, 6));
    check_near(r, fit.pearson, 1e-14, 1);
    check_ok(stats_rating_resampled(&r, model, rating, &(stats_draw){sizes, flat}, 4));
    assert_true(isnan(r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_agree_as_published),
        cmocka_unit_test(models_predict_people_as_published),
        cmocka_unit_test(ratings_that_do_not_vary_are_refused),
        cmocka_unit_test(a_resample_is_the_correlation_of_drawn_people_and_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
