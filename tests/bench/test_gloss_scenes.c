/* Gloss on rendered scenes: what features say about them, and what must be refused. */
#include "asking.h"
#include "support/made_data.h"

#include "base/file.h"
#include "data/pictures/image.h"
#include "stats/rank.h"

enum { IMAGES = 50 };

static void folder_of(char path[4096]) { made_data(path, 4096, "gloss"); }

enum { SCENES = 60, SIDE = 4, LIGHTS = 6 };

/* Pictures in which red is high for glossy scenes, green tells the light and blue the bump;
 * `lights` different light fields, label 1 for odd scenes. */
static void paint(image *m, int64_t gloss, int64_t light, double bump)
{
    for (int64_t i = 0; i < SIDE * SIDE; i++) {
        m->pixels[3 * i] = (uint8_t)(gloss ? 200 + i : 40 + i);
        m->pixels[3 * i + 1] = (uint8_t)(20 * light + i);
        m->pixels[3 * i + 2] = (uint8_t)bump;
    }
}

static void write_scenes(const char *tmp, int lights, int last_matte)
{
    char path[200];
    image m;
    FILE *log;
    check_ok(image_init(&m, SIDE, SIDE, 3));
    snprintf(path, sizeof path, "%s/rgb", tmp);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/scene_log.csv", tmp);
    log = fopen(path, "w");
    assert_non_null(log);
    fprintf(log, "scene_num,gloss_cat,light,bump\n");
    for (int i = 0; i < SCENES; i++) {
        int gloss = i % 2 && i < SCENES - last_matte;
        double bump = (i * 37) % 101;
        fprintf(log, "scene%06d,%d,field %d,%g\n", i + 1, gloss, i * 7 % lights, bump);
        paint(&m, gloss, i * 7 % lights, bump);
        snprintf(path, sizeof path, "%s/rgb/rgb_scene%06d.png", tmp, i + 1);
        check_ok(image_write_png(&m, path));
    }
    fclose(log);
    image_clear(&m);
}

/* Rated images whose red grows with the number. */
static void write_rated(const char *tmp)
{
    char path[200];
    image m;
    check_ok(image_init(&m, SIDE, SIDE, 3));
    snprintf(path, sizeof path, "%s/rated", tmp);
    check_ok(dir_make(path));
    for (int i = 1; i <= IMAGES; i++) {
        paint(&m, 0, 0, 0);
        m.pixels[0] = (uint8_t)(4 * i);
        snprintf(path, sizeof path, "%s/rated/rgb_scene%06d.png", tmp, i);
        check_ok(image_write_png(&m, path));
    }
    image_clear(&m);
}

enum { DIM = 8 }; /* red, one-hot light, blue */

static jem_status see(void *ctx, const char *layer, const stimulus *s, int64_t n, float *out,
                      int64_t *dim)
{
    (void)ctx;
    if (layer && strcmp(layer, "proj") == 0) return jem_error(JEM_EUSAGE, "no projection");
    *dim = DIM;
    for (int64_t i = 0; out && i < n; i++) {
        const uint8_t *p = s[i].picture->pixels;
        float *to = out + i * DIM;
        memset(to, 0, DIM * sizeof *to);
        to[0] = p[0];
        if (p[1] / 20 < LIGHTS) to[1 + p[1] / 20] = 1;
        to[7] = p[2];
        if (!strcmp(s[i].set, "scenes"))
            assert_true(s[i].place + 1 == strtol(s[i].name + 9, NULL, 10));
    }
    return JEM_OK;
}

static jem_status answer_matte(void *ctx, const stimulus *s, int64_t n, double *out)
{
    (void)ctx, (void)s;
    for (int64_t i = 0; i < n; i++) {
        out[2 * i] = 1;
        out[2 * i + 1] = 0;
    }
    return JEM_OK;
}

static const subject_ops seeing = {.features = see, .logits = answer_matte};

static jem_status ask_seer(asking *a, const subject *who, const char *folder, const char *tmp,
                           const char *more)
{
    char set[200];
    asking_begin(a, &bench_gloss, who, folder, more);
    snprintf(set, sizeof set, "gloss.scenes=%s", tmp);
    check_ok(options_assign(a->groups, set));
    snprintf(set, sizeof set, "gloss.images=%s/rated", tmp);
    check_ok(options_assign(a->groups, set));
    return bench_gloss.run(&a->request);
}

static void features_of_scenes_are_probed_and_rate_the_rated_images(void **state)
{
    (void)state;
    char tmp[64], folder[4096], path[200];
    asking a;
    folder_of(folder);
    check_tmp(tmp, sizeof tmp);
    write_scenes(tmp, LIGHTS, 0);
    write_rated(tmp);
    for (int head = 0; head < 2; head++) { /* alpha = 1: the head was never trained */
        const subject s = {.name = "seer",
                           .alpha = head ? 0.5 : 1,
                           .seed = 0,
                           .classes = 2,
                           .needs_pictures = true,
                           .ops = &seeing};
        check_ok(ask_seer(&a, &s, folder, tmp, NULL));
        const score *accuracy = asking_score(&a, "accuracy", NULL, "seer");
        assert_true(accuracy->value == (head ? 0.5 : 1) && accuracy->n == 6);
        assert_non_null(strstr(accuracy->formula, head ? "argmax" : "linear SVM"));
        assert_true(asking_score(&a, "light_accuracy", NULL, "seer")->value == 1);
        check_near(asking_score(&a, "relief_r2", NULL, "seer")->value, 1, 1e-9, 1);
        /* decision values are linear in red, hence in the image's number */
        double number[IMAGES], mean[IMAGES], r;
        char scene[40];
        asking people;
        asking_begin(&people, &bench_gloss, NULL, folder, NULL);
        check_ok(bench_gloss.run(&people.request));
        for (int i = 0; i < IMAGES; i++) {
            number[i] = i;
            snprintf(scene, sizeof scene, "scene%06d", i + 1);
            mean[i] = asking_score(&people, "mean_rating", scene, "human")->value;
        }
        asking_end(&people);
        check_ok(stats_pearson(&r, number, mean, IMAGES));
        check_near(asking_score(&a, "pearson", NULL, "seer")->value, r, 1e-6, 1);
        asking_end(&a);
    }
    const subject s = {
        .name = "seer", .alpha = 1, .classes = 2, .needs_pictures = true, .ops = &seeing};
    check_ok(ask_seer(&a, &s, folder, tmp, "gloss.split=[40, 8, 12]"));
    assert_true(asking_score(&a, "accuracy", NULL, "seer")->n == 12);
    asking_end(&a);
    /* one trial per image and question */
    asking_begin(&a, &bench_gloss, &s, folder, NULL);
    snprintf(path, sizeof path, "gloss.scenes=%s", tmp);
    check_ok(options_assign(a.groups, path));
    a.request.out = tmp;
    check_ok(bench_gloss.run(&a.request)); /* without rated images: only the probes */
    assert_null(asking_find(&a, "pearson", NULL, "seer"));
    asking_end(&a);
    trial_list trials = TRIAL_LIST_INIT;
    snprintf(path, sizeof path, "%s/trials/gloss-scenes.csv", tmp);
    check_ok(trial_list_read(&trials, path));
    assert_true(trials.count == 3 * 6);
    assert_string_equal(trials.trials[0].imagename, "rgb_scene000055.png");
    for (int i = 12; i < 18; i++) { /* R2 is 1: heights are predicted as they are */
        const trial *t = &trials.trials[i];
        assert_string_equal(t->condition, "relief");
        check_near(strtod(t->object_response, NULL), strtod(t->category, NULL), 1e-6, 1);
    }
    trial_list_clear(&trials);
    check_tmp_remove(tmp);
}

static void recorded_features_hold_scenes_then_rated_images(void **state)
{
    (void)state;
    char tmp[64], folder[4096], path[200];
    asking a;
    subject s;
    double *x = calloc((SCENES + IMAGES) * DIM, sizeof *x);
    assert_non_null(x);
    folder_of(folder);
    check_tmp(tmp, sizeof tmp);
    write_scenes(tmp, LIGHTS, 0);
    for (int i = 0; i < SCENES + IMAGES; i++) {
        x[i * DIM] = i < SCENES ? i % 2 : i / 10.0;
        x[i * DIM + 1 + i * 7 % LIGHTS] = 1;
        x[i * DIM + 7] = (i * 37) % 101;
    }
    snprintf(path, sizeof path, "%s/features.npy", tmp);
    for (int rated = 0; rated < 2; rated++) {
        asking_write_array(path, x, 2, SCENES + rated * IMAGES, DIM);
        check_ok(subject_of_answers(&s, path, "features"));
        check_ok(ask_seer(&a, &s, folder, tmp, NULL));
        assert_true(asking_score(&a, "accuracy", NULL, s.name)->value == 1);
        check_near(asking_score(&a, "relief_r2", NULL, s.name)->value, 1, 1e-6, 1);
        assert_true(!asking_find(&a, "pearson", NULL, s.name) == !rated);
        asking_end(&a);
        subject_clear(&s);
    }
    free(x);
    check_tmp_remove(tmp);
}

static jem_status see_nan(void *ctx, const char *layer, const stimulus *s, int64_t n, float *out,
                          int64_t *dim)
{
    jem_status st = see(ctx, "features", s, n, out, dim);
    (void)layer;
    if (out && s[0].place == 0) out[DIM * 3 + 2] = NAN;
    return st;
}

/* One feature less of the rated images. */
static jem_status see_less(void *ctx, const char *layer, const stimulus *s, int64_t n, float *out,
                           int64_t *dim)
{
    jem_status st = see(ctx, layer, s, n, out, dim);
    if (out && strcmp(s[0].set, "rated") == 0) --*dim;
    return st;
}

static void scenes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const subject_ops broken = {.features = see_nan}, narrow = {.features = see_less};
    const subject other = {.name = "narrow", .alpha = 1, .needs_pictures = true, .ops = &narrow};
    const subject s = {.name = "seer", .alpha = 1, .needs_pictures = true, .ops = &seeing};
    const subject blind = {.name = "blind", .alpha = 1, .needs_pictures = true, .ops = &broken};
    static const struct {
        const char *set, *text;
        int lights, last_matte;
        jem_status status;
    } cases[] = {
        {NULL, "column 'light' has 5 different light fields, expected 6", 5, 0, JEM_EDATA},
        {NULL, "no glossy (1) image among the 6 of the test part", 6, 10, JEM_EDATA},
        {"gloss.split=[50, 9, 1]", "no matte (0) image among the 1 of the test part", 6, 0,
         JEM_EDATA},
        {"gloss.split=[40, 8, 11]", "40 + 8 + 11 = 59 images", 6, 0, JEM_EUSAGE},
        {"gloss.split=[40, 20]", "2 numbers, expected [train, val, test]", 6, 0, JEM_EUSAGE},
        {"gloss.split=[40, 7.5, 12.5]", "7.5 is not a number of images", 6, 0, JEM_EUSAGE},
        {"gloss.label=shine", "shine", 6, 0, JEM_EDATA},
        {"gloss.label=bump", "labels are 0 (matte) or 1 (glossy)", 6, 0, JEM_EDATA},
    };
    char tmp[64], folder[4096];
    asking a;
    folder_of(folder);
    check_tmp(tmp, sizeof tmp);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_scenes(tmp, cases[i].lights, cases[i].last_matte);
        check_fails(ask_seer(&a, &s, folder, tmp, cases[i].set), cases[i].status, cases[i].text);
        asking_end(&a);
    }
    check_fails(ask_seer(&a, &s, folder, tmp, NULL), JEM_EDATA, "rgb_scene000001.png"); /* rated */
    asking_end(&a);
    write_rated(tmp);
    check_fails(ask_seer(&a, &blind, folder, tmp, NULL), JEM_EDATA,
                "blind: feature 2 of image 3 is not finite");
    asking_end(&a);
    check_fails(ask_seer(&a, &other, folder, tmp, NULL), JEM_EDATA,
                "narrow: 7 features of rated images, 8 of scenes");
    asking_end(&a);
    check_fails(asking_status(&bench_gloss, &s, folder, NULL), JEM_EUSAGE, "set gloss.scenes");
    check_tmp_remove(tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_of_scenes_are_probed_and_rate_the_rated_images),
        cmocka_unit_test(recorded_features_hold_scenes_then_rated_images),
        cmocka_unit_test(scenes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
