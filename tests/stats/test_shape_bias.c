/* Cue conflict: 1000 classes to 16 categories, and shape against texture. */
#include "published.h"
#include "trials.h"

#include "stats/category_map.h"
#include "stats/shape_bias.h"

enum { CAT = 7, DOG = 10, CAR = 6, BEAR = 1, OVEN = 14, AIRPLANE = 0, TRUCK = 15 };

static void bias_gives_the_worked_value_and_ignores_images_without_conflict(void **state)
{
    (void)state;
    const int32_t shape[] = {CAT, CAT, CAT, CAR, CAR}, texture[] = {DOG, DOG, CAT, BEAR, BEAR},
                  answer[] = {CAT, DOG, CAT, OVEN, CAR};
    stats_shape_counts total, by[16], texture_by[16];
    int64_t defined;
    double bias;
    check_ok(stats_shape_count(&total, by, texture_by, shape, texture, answer, NULL, 5, 16));
    assert_true(total.conflicts == 4 && total.shape == 2 && total.texture == 1);
    assert_true(by[CAT].conflicts == 2 && by[CAR].conflicts == 2 && by[CAR].texture == 0);
    assert_true(texture_by[DOG].conflicts == 2 && texture_by[DOG].shape == 1 && texture_by[DOG].texture == 1);
    assert_true(texture_by[BEAR].conflicts == 2 && texture_by[BEAR].shape == 1 && texture_by[CAT].conflicts == 0);
    check_ok(stats_shape_bias(&bias, &total));
    check_near(bias, 2. / 3, 1e-15, 1);
    check_ok(stats_shape_bias_mean(&bias, &defined, by, 16));
    check_near(bias, 0.75, 1e-15, 1);
    assert_int_equal(defined, 2);
    const int64_t drawn[] = {0, 0, 2, 3, 0};
    check_ok(stats_shape_count(&total, NULL, NULL, shape, texture, answer, drawn, 5, 16));
    assert_true(total.conflicts == 4 && total.shape == 3 && total.texture == 0);
}

static void bias_without_a_decision_is_an_error_with_its_counts(void **state)
{
    (void)state;
    const int32_t shape[] = {0, 1}, texture[] = {1, 1}, answer[] = {-1, 1}, bad[] = {0, 16},
                  low[] = {-2, 0};
    stats_shape_counts total, by[2];
    double bias = 7;
    check_ok(stats_shape_count(&total, by, NULL, shape, texture, answer, NULL, 2, 2));
    check_fails(stats_shape_bias(&bias, &total), JEM_EDATA, "of 1 conflict images none");
    check_fails(stats_shape_bias_mean(&bias, NULL, by, 2), JEM_EDATA, "every category");
    check_fails(stats_shape_count(&total, NULL, NULL, bad, texture, answer, NULL, 2, 16), JEM_EDATA,
                "image 1: shape 16");
    check_fails(stats_shape_count(&total, NULL, NULL, shape, bad, answer, NULL, 2, 16), JEM_EDATA,
                "texture 16");
    check_fails(stats_shape_count(&total, NULL, NULL, shape, texture, low, NULL, 2, 16), JEM_EDATA,
                "answer -2");
    assert_true(bias == 7);
}

/* ---- 1000 to 16 */

typedef struct imagenet16 {
    int64_t start[17];
    int32_t index[207];
    stats_category_map map;
} imagenet16;

static void read_map(imagenet16 *m)
{
    char path[4096], name[32];
    int index, c = 0, n = 0;
    check_data(path, sizeof path, "../reference/imagenet16.tsv");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*[^\n]"), 0);
    m->start[0] = 0;
    for (; fscanf(f, "%31s %d", name, &index) == 2; n++) {
        while (strcmp(category_names[c], name) != 0) m->start[++c] = n;
        m->index[n] = index;
    }
    fclose(f);
    assert_true(c == 15 && n == 207);
    m->start[16] = n;
    m->map = (stats_category_map){1000, 16, m->start, m->index};
}

static void mapping_takes_means_and_the_last_of_tied_categories(void **state)
{
    (void)state;
    imagenet16 m;
    read_map(&m);
    check_ok(stats_category_map_check(&m.map));
    const int64_t sizes[] = {1, 4, 2, 49, 5, 7, 3, 6, 4, 3, 109, 2, 2, 1, 1, 8};
    for (int c = 0; c < 16; c++) assert_int_equal(m.start[c + 1] - m.start[c], sizes[c]);
    double p[3000] = {0}, means[48];
    int32_t answer[3];
    p[404] = .3;
    p[444] = p[671] = .2;
    p[999] = .3;
    p[1000 + 999] = 1;
    p[2000 + 281] = 1;
    check_ok(stats_category_means(means, p, 3, &m.map));
    check_near(means[AIRPLANE], .3, 1e-15, 1);
    check_near(means[2], .2, 1e-15, 1);
    check_near(means[32 + CAT], 1. / 6, 1e-15, 1);
    for (int c = 0; c < 16; c++) assert_true(means[16 + c] == 0);
    stats_category_decide(answer, means, 3, 16);
    assert_int_equal(answer[0], AIRPLANE);
    assert_int_equal(answer[1], TRUCK);
    assert_int_equal(answer[2], CAT);
}

static void broken_maps_and_probabilities_are_refused(void **state)
{
    (void)state;
    const int64_t start[] = {0, 1, 3}, empty[] = {0, 1, 1};
    const int32_t index[] = {2, 0, 3}, twice[] = {2, 1, 1}, beyond[] = {2, 0, 4};
    const double high[] = {.1, .2, 1.5, 0, 0, 0, 0, 0}, nan[] = {0, 0, 0, 0, 0, NAN, 0, 0};
    double means[4] = {7};
    check_ok(stats_category_map_check(&(stats_category_map){4, 2, start, index}));
    check_fails(stats_category_map_check(&(stats_category_map){4, 2, start, twice}), JEM_EDATA,
                "must ascend");
    check_fails(stats_category_map_check(&(stats_category_map){4, 2, start, beyond}), JEM_EDATA,
                "0..3");
    check_fails(stats_category_map_check(&(stats_category_map){4, 2, empty, index}), JEM_EDATA,
                "category 1 has no class");
    const stats_category_map map = {4, 2, start, index};
    check_fails(stats_category_means(means, high, 2, &map), JEM_EDATA, "row 0, class 2: 1.5");
    check_fails(stats_category_means(means, nan, 2, &map), JEM_EDATA, "row 1, class 1");
    assert_true(means[0] == 7);
}

/* ---- the published decisions */

enum { TRIALS_MAX = 12000 };
typedef struct decisions {
    int64_t n;
    int32_t shape[TRIALS_MAX], texture[TRIALS_MAX], answer[TRIALS_MAX];
} decisions;

static void add_decisions(decisions *d, const trial_list *list)
{
    for (int64_t i = 0; i < list->count; i++) {
        const trial *t = &list->trials[i];
        int texture, shape = category_find(t->category);
        check_ok(image_texture(&texture, t->imagename));
        if (texture == shape) continue; /* leaves room for ten people's conflicts */
        assert_true(d->n < TRIALS_MAX && shape >= 0);
        d->shape[d->n] = shape;
        d->texture[d->n] = texture;
        d->answer[d->n++] = category_find(t->object_response);
    }
}

static double check_decisions(const decisions *d, json_t *values)
{
    stats_shape_counts total, by[16];
    double bias, mean;
    check_ok(stats_shape_count(&total, by, NULL, d->shape, d->texture, d->answer, NULL, d->n, 16));
    check_published((double)total.conflicts, values, "conflict_trials");
    check_published((double)total.shape, values, "shape_decisions");
    check_published((double)total.texture, values, "texture_decisions");
    check_ok(stats_shape_bias(&bias, &total));
    check_published(bias, values, "shape_bias");
    check_ok(stats_shape_bias_mean(&mean, NULL, by, 16));
    check_published(mean, values, "mean_of_category_biases");
    for (int c = 0; c < 16; c++) {
        json_t *category = published_get(values, "by_category", category_names[c], NULL);
        check_published((double)by[c].shape, category, "shape");
        check_published((double)by[c].texture, category, "texture");
    }
    return bias;
}

static void decisions_of_people_and_networks_give_the_published_biases(void **state)
{
    (void)state;
    static const char *const models[] = {"resnet50", "bagnet33", "simclr-resnet50x1", NULL};
    static const char *const others[] = {"alexnet-caffe", "googlenet-caffe", "resnet50-torchvision",
                                         "vgg16-caffe"};
    json_t *root = published_open();
    json_t *values = published_get(root, "shape_bias", NULL);
    answers *a = answers_open("cue-conflict", models);
    decisions *one = calloc(1, sizeof *one), *pooled = calloc(1, sizeof *pooled);
    assert_true(one && pooled);
    double mean = 0;
    for (int64_t o = 0; o < a->people + a->models; o++) {
        const char *name = o < a->people ? a->lists[o].trials[0].subj : models[o - a->people];
        one->n = 0;
        add_decisions(one, &a->lists[o]);
        double bias = check_decisions(one, published_get(values, name, NULL));
        if (o >= a->people) continue;
        mean += bias / (double)a->people;
        add_decisions(pooled, &a->lists[o]);
    }
    check_decisions(pooled, published_get(values, "humans-pooled", NULL));
    check_published(mean, values, "humans-mean", "shape_bias");
    answers_close(a);
    for (int m = 0; m < 4; m++) {
        char path[4096], name[100];
        trial_list list = TRIAL_LIST_INIT;
        snprintf(name, sizeof name, "cue-conflict/decisions/%s.csv", others[m]);
        check_data(path, sizeof path, name);
        check_ok(trial_list_read(&list, path));
        one->n = 0;
        add_decisions(one, &list);
        check_decisions(one, published_get(values, others[m], NULL));
        trial_list_clear(&list);
    }
    free(pooled);
    free(one);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bias_gives_the_worked_value_and_ignores_images_without_conflict),
        cmocka_unit_test(bias_without_a_decision_is_an_error_with_its_counts),
        cmocka_unit_test(mapping_takes_means_and_the_last_of_tied_categories),
        cmocka_unit_test(broken_maps_and_probabilities_are_refused),
        cmocka_unit_test(decisions_of_people_and_networks_give_the_published_biases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
