/* Cue conflict through the benchmark: published decisions of people and networks, pictures
 * of both sizes, refinement, and what is refused. */
#include "asking.h"
#include "stats/published.h"
#include "support/made_data.h"

#include "base/file.h"
#include "base/sha256.h"
#include "bench/cue_conflict/images.h"
#include "record/image_name.h"

static char folder[4096];

static const char *data_folder(void)
{
    check_data(folder, sizeof folder, "cue-conflict");
    return folder;
}

static const char *made_folder(void)
{
    made_data(folder, sizeof folder, "cue-conflict");
    return folder;
}

/* who NULL: the subject's own scores. */
static const score *find(const asking *a, const char *metric, const char *dataset,
                         const char *condition, const char *who)
{
    for (int64_t i = 0; i < a->scores.count; i++) {
        const score *s = &a->scores.scores[i];
        if (strcmp(s->metric, metric) != 0 || strcmp(s->dataset, dataset) != 0) continue;
        if (strcmp(s->model, who ? who : a->request.subject->name) != 0) continue;
        if (condition ? s->condition && strcmp(s->condition, condition) == 0 : !s->condition)
            return s;
    }
    fail_msg("no score %s of %s, condition %s, of %s", metric, dataset,
             condition ? condition : "none", who ? who : "the subject");
    return NULL;
}

static double value_of(const asking *a, const char *metric, const char *condition, const char *who)
{
    return find(a, metric, "cue-conflict", condition, who)->value;
}

static void begin(asking *a, const subject *who, const char *data, const char *set)
{
    asking_begin(a, &bench_cue_conflict, who, data, set);
    check_ok(options_assign(a->groups, "bench.rounds=100"));
}

static void run(asking *a) { check_ok(a->bench->run(&a->request)); }

/* ---- recorded decisions */

static void check_decisions(const asking *a, json_t *values, const char *who)
{
    check_published(value_of(a, "shape_bias", NULL, who), values, "shape_bias");
    check_published(value_of(a, "conflict_trials", NULL, who), values, "conflict_trials");
    check_published(value_of(a, "shape_decisions", NULL, who), values, "shape_decisions");
    check_published(value_of(a, "texture_decisions", NULL, who), values, "texture_decisions");
    check_published(value_of(a, "mean_of_category_biases", NULL, who), values,
                    "mean_of_category_biases");
    for (int c = 0; c < CATEGORY_COUNT; c++) {
        const char *name = category_names[c];
        json_t *category = published_get(values, "by_category", name, NULL);
        check_published(value_of(a, "shape_bias", name, who), category, "shape_bias");
        check_published(value_of(a, "shape_decisions", name, who), category, "shape");
        check_published(value_of(a, "texture_decisions", name, who), category, "texture");
    }
}

static void check_network(json_t *root, const char *file, const char *kind, const char *name)
{
    char path[4200];
    subject s;
    asking a;
    check_data(path, sizeof path, file);
    check_ok(subject_of_answers(&s, path, kind));
    begin(&a, &s, data_folder(), NULL);
    run(&a);
    check_decisions(&a, published_get(root, "shape_bias", name, NULL), NULL);
    const score *bias = find(&a, "shape_bias", "cue-conflict", NULL, NULL);
    assert_int_equal(bias->n, 1200);
    assert_true(bias->low < bias->value && bias->value < bias->high);
    check_near(bias->ceiling, 0.958688, 6e-7, 1);
    /* the pictures that are there are not those that these networks saw */
    assert_null(strstr(bias->formula, "32 x 32"));
    asking_end(&a);
    subject_clear(&s);
}

static void networks_have_the_published_biases(void **state)
{
    (void)state;
    static const char *const recorded[] = {"alexnet-caffe", "googlenet-caffe",
                                           "resnet50-torchvision", "vgg16-caffe"};
    json_t *root = published_open();
    for (int i = 0; i < 4; i++) {
        char file[100];
        snprintf(file, sizeof file, "cue-conflict/decisions/%s.csv", recorded[i]);
        check_network(root, file, "auto", recorded[i]);
    }
    check_network(root, "model-vs-human/raw-data", "trials:resnet50", "resnet50");
    check_network(root, "model-vs-human/raw-data", "trials:bagnet33", "bagnet33");
    check_network(root, "model-vs-human/raw-data", "trials:simclr_resnet50x1", "simclr-resnet50x1");
    json_decref(root);
}

static void recorded_networks_answer_edges_and_silhouettes_where_they_have_them(void **state)
{
    (void)state;
    char path[4200];
    subject s;
    asking a;
    check_data(path, sizeof path, "model-vs-human/raw-data");
    check_ok(subject_of_answers(&s, path, "trials:resnet50"));
    begin(&a, &s, data_folder(), NULL);
    run(&a);
    const score *edge = find(&a, "accuracy", "edge", NULL, NULL),
                *filled = find(&a, "accuracy", "silhouette", NULL, NULL);
    check_near(edge->value, 0.1375, 1e-12, 1);
    check_near(edge->ceiling, 0.871250, 6e-7, 1);
    assert_null(strstr(edge->formula, "32 x 32"));
    check_near(filled->value, 0.54375, 1e-12, 1);
    check_near(filled->ceiling, 0.753125, 6e-7, 1);
    check_near(value_of(&a, "accuracy", NULL, NULL), 0.18203, 6e-6, 1);
    check_near(value_of(&a, "shape_or_texture", NULL, NULL), (169 + 620) / 1200., 1e-12, 1);
    double conflicts = 0, texture = 0; /* grouped by texture they are the same trials */
    for (int c = 0; c < CATEGORY_COUNT; c++) {
        char of[40];
        snprintf(of, sizeof of, "texture=%s", category_names[c]);
        check_near(value_of(&a, "conflict_trials", of, NULL), 75, 0, 1);
        conflicts += value_of(&a, "conflict_trials", of, NULL);
        texture += value_of(&a, "texture_decisions", of, NULL);
    }
    assert_true(conflicts == 1200 && texture == 620);
    asking_end(&a);
    subject_clear(&s);
}

static void people_have_the_published_biases(void **state)
{
    (void)state;
    static const double each[] = {.961717, .943809, .967308, .919090, .963981,
                                  .976000, .940810, .957688, .986603, .958861};
    static const double categories[] = {.8931, .9347, .9972, .9683, .8722, .9868, .9739, .9590,
                                        .9913, .9958, .9413, .9634, .9422, .8911, .9680, .9833};
    json_t *root = published_open();
    asking a;
    char who[20];
    begin(&a, NULL, data_folder(), "cue-conflict.people=true");
    run(&a);
    json_t *values = published_get(root, "shape_bias", NULL);
    check_decisions(&a, published_get(values, "humans-pooled", NULL), "human");
    json_t *mean = published_get(values, "humans-mean", NULL);
    check_published(value_of(&a, "mean_of_observer_biases", NULL, "human"), mean, "shape_bias");
    for (int c = 0; c < CATEGORY_COUNT; c++) {
        check_near(value_of(&a, "shape_bias", category_names[c], "human"), categories[c], 5.1e-5,
                   1);
        check_published(value_of(&a, "mean_of_observer_biases", category_names[c], "human"), mean,
                        "by_category", category_names[c]);
    }
    for (int o = 0; o < 10; o++) {
        snprintf(who, sizeof who, "subject-%02d", o + 1);
        check_decisions(&a, published_get(values, who, NULL), who);
        check_near(value_of(&a, "shape_bias", NULL, who), each[o], 6e-7, 1);
    }
    check_near(value_of(&a, "shape_bias", NULL, "human"), 0.958688, 6e-7, 1);
    check_near(value_of(&a, "mean_of_observer_biases", NULL, "human"), 0.957587, 6e-7, 1);
    check_near(value_of(&a, "mean_of_category_biases", NULL, "human"), 0.953847, 6e-7, 1);
    check_near(value_of(&a, "accuracy", NULL, "human"), 0.775547, 6e-7, 1);
    const score *pooled = find(&a, "shape_bias", "cue-conflict", NULL, "human");
    assert_true(pooled->n == 12000 && pooled->low < pooled->value && pooled->value < pooled->high);
    asking_end(&a);
    json_decref(root);
}

/* ---- subjects that see */

typedef struct seer {
    int64_t steps, shown, side;
    double sum; /* of all pixels shown */
} seer;

/* The texture without refinement, the shape of every second image with it. */
static jem_status see(void *ctx, const stimulus *s, int64_t n, int32_t *category)
{
    seer *k = ctx;
    for (int64_t i = 0; i < n; i++) {
        const image *m = s[i].picture;
        int texture = -1;
        assert_non_null(m);
        assert_int_equal(m->channels, 3);
        k->side = m->width;
        for (int64_t p = 0; p < m->height * m->width * 3; p++) k->sum += m->pixels[p];
        if (strcmp(s[i].set, "cue-conflict") == 0) check_ok(image_texture(&texture, s[i].name));
        char word[32];
        snprintf(word, sizeof word, "%.*s", (int)strcspn(s[i].name, "0123456789"), s[i].name);
        bool as_shape = texture < 0 || (k->steps > 0 && s[i].place % 2 == 0);
        category[i] = as_shape ? category_find(word) : texture;
        k->shown++;
    }
    return JEM_OK;
}

static jem_status refine(void *ctx, int64_t steps)
{
    ((seer *)ctx)->steps = steps;
    return JEM_OK;
}

static const subject_ops seeing = {.decide = see, .refine = refine};

static subject make_seer(seer *k)
{
    *k = (seer){0, 0, 0, 0};
    return (subject){
        .name = "seer_1", .alpha = 1, .seed = 0, .needs_pictures = true, .ops = &seeing, .ctx = k};
}

static const char *const small_sets[] = {"cue-conflict", "edge", "silhouette"};

/* The sum of all pixels that a seer is shown of records, without refinement and with it. */
static double show_records(const char *data)
{
    char out[64], path[300];
    seer k;
    subject s = make_seer(&k);
    asking a;
    check_tmp(out, sizeof out);
    begin(&a, &s, data, "cue-conflict.steps=[0, 7]");
    a.request.out = out;
    run(&a);
    assert_true(k.shown == 2 * 1280 + 320 && k.side == 32 && k.steps == 0);
    check_near(value_of(&a, "shape_bias", NULL, NULL), 0, 0, 1);
    const score *after = find(&a, "shape_bias", "cue-conflict", "steps=7", NULL);
    assert_true(after->value > 0.4 && after->value < 0.6);
    assert_non_null(strstr(after->formula, "32 x 32"));
    assert_non_null(strstr(after->formula, "alpha = 1 the classifier is not trained"));
    check_near(find(&a, "accuracy", "edge", NULL, NULL)->value, 1, 0, 1);
    check_near(value_of(&a, "accuracy", NULL, NULL), 80 / 1280., 1e-15, 1);

    trial_list list = TRIAL_LIST_INIT;
    snprintf(path, sizeof path,
             "%s/trials/cue-conflict/cue-conflict/cue-conflict_seer-1-steps-7_session-1.csv", out);
    check_ok(trial_list_read(&list, path));
    assert_int_equal(list.count, 1280);
    assert_string_equal(list.trials[0].imagename,
                        "0001_s5n_dnn_0_airplane_00_airplane1-bicycle2.png");
    trial_list_clear(&list);
    asking_end(&a);
    check_tmp_remove(out);
    return k.sum;
}

static void small_pictures_are_shown_whole_and_refinement_is_counted(void **state)
{
    (void)state;
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        char path[4200], *bytes;
        size_t size;
        snprintf(path, sizeof path, "%s/%s-32.bin", made_folder(), small_sets[i]);
        check_ok(file_read(&bytes, &size, path, 0));
        for (size_t at = 0; at < size; at++)
            if (at % 3074 > 1) sum += (i ? 1 : 2) * (unsigned char)bytes[at];
        mem_free(bytes);
    }
    check_near(show_records(made_folder()), sum, 0, 1);
}

static void small_pictures_are_the_published_ones(void **state)
{
    (void)state;
    json_t *root = published_open();
    double sum = 0;
    const double shown = show_records(data_folder());
    for (int i = 0; i < 3; i++) {
        char name[64], file[4200], hash[SHA256_HEX];
        snprintf(name, sizeof name, "cue-conflict/%s-32.bin", small_sets[i]);
        json_t *values = published_get(root, "files", name, NULL);
        sum += (i ? 1 : 2) * json_number_value(published_get(values, "pixel_sum", NULL));
        snprintf(file, sizeof file, "%s/%s-32.bin", data_folder(), small_sets[i]);
        check_ok(sha256_file(hash, file));
        assert_string_equal(hash, json_string_value(published_get(values, "sha256", NULL)));
    }
    check_near(shown, sum, 0, 1);
    json_decref(root);
}

/* TMP/SET/CATEGORY/NAME.png: those of one category (-1: all). */
static void write_pictures(const char *tmp, const char *name, int category)
{
    const mvh_set *set = mvh_set_find(name);
    char path[4400], picture[64];
    image m = IMAGE_INIT;
    check_ok(image_init(&m, 224, 224, 3));
    memset(m.pixels, 90, 224 * 224 * 3);
    for (int64_t i = 0; i < set->images; i++) {
        const int of = made_image(picture, set, i);
        if (category >= 0 && of != category) continue;
        snprintf(path, sizeof path, "%s/%s/%s", tmp, name, category_names[of]);
        check_ok(dir_make(path));
        strcat(path, "/");
        strcat(path, picture);
        check_ok(image_write_png(&m, path));
    }
    image_clear(&m);
}

static void files_are_preferred_and_a_part_of_them_only_scored_on_purpose(void **state)
{
    (void)state;
    char tmp[64];
    seer k;
    subject s = make_seer(&k);
    asking a;
    check_tmp(tmp, sizeof tmp);
    write_pictures(tmp, "cue-conflict", 0);
    write_pictures(tmp, "edge", -1);
    begin(&a, &s, tmp, "cue-conflict.steps=[0]");
    check_fails(a.bench->run(&a.request), JEM_EDATA, "cue-conflict: 80 images instead of 1280");
    check_ok(options_assign(a.groups, "cue-conflict.subset=true"));
    run(&a);
    assert_true(k.shown == 80 + 160 && k.side == 224);
    assert_int_equal(find(&a, "shape_bias", "cue-conflict", NULL, NULL)->n, 75);
    const score *bias = find(&a, "shape_bias", "cue-conflict", NULL, NULL);
    assert_true(bias->value == 0 && isnan(bias->ceiling));
    assert_non_null(strstr(bias->formula, "a subset of the images"));
    /* no decision in the other categories: undefined, with its counts */
    assert_true(isnan(value_of(&a, "shape_bias", "truck", NULL)));
    check_near(value_of(&a, "mean_of_category_biases", NULL, NULL), 0, 0, 1);
    check_near(value_of(&a, "conflict_trials", "truck", NULL), 0, 0, 1);
    check_ok(options_assign(a.groups, "cue-conflict.pictures=records"));
    check_fails(a.bench->run(&a.request), JEM_EDATA, "cue-conflict-32.bin");
    asking_end(&a);
    check_tmp_remove(tmp);
}

/* ---- what is refused */

static void write_text(const char *tmp, const char *name, const char *text, size_t size)
{
    char path[4400], *slash;
    snprintf(path, sizeof path, "%s/%s", tmp, name);
    slash = strrchr(path, '/');
    *slash = '\0';
    check_ok(dir_make(path));
    *slash = '/';
    check_ok(file_write(path, text, size));
}

/* Image files (empty: they are named, not opened) whose names are these. */
static void check_names(const char *const *names, const char *message)
{
    char tmp[64];
    cue_images c = CUE_IMAGES_INIT;
    check_tmp(tmp, sizeof tmp);
    for (int i = 0; names[i]; i++) write_text(tmp, names[i], "", 0);
    check_fails(cue_images_read_files(&c, tmp, mvh_set_find("cue-conflict"), false), JEM_EDATA,
                message);
    check_tmp_remove(tmp);
}
#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define IN         "cue-conflict/"

static void names_that_are_no_shape_and_texture_are_refused(void **state)
{
    (void)state;
    check_names(NAMES(IN "cat/cat7.png"),
                "'cat7.png' among the shapes of category cat; expected a name such as "
                "cat7-elephant1.png");
    check_names(NAMES(IN "cat/cat-dog1.png"), "'cat-dog1.png' among the shapes of category cat");
    check_names(NAMES(IN "cat/cat1-dog.png"), "'cat1-dog.png'");
    check_names(NAMES(IN "cat/cat1-wolf1.png"), "'cat1-wolf1.png' does not name");
    check_names(NAMES(IN "cat/Cat1-dog1.png"), "among the shapes of category cat");
    check_names(NAMES(IN "cat/cat1-dog1-dog2.png"), "two textures");
    check_names(NAMES(IN "cat/cat1-dog1x.png"), "cat1-dog1x.png");
    check_names(NAMES(IN "cat/dog1-cat1.png"), "'dog1-cat1.png' among the shapes of category cat");
    check_names(NAMES(IN "cat/car1-dog1.png"), "among the shapes of category cat");
    check_names(NAMES(IN "wolf/wolf1-dog1.png"), "'wolf' is not one of the 16");
    check_names(NAMES(IN "cat/cat1-dog1.png", IN "cat/cat1-dog1.jpg"), "the same image as");
    check_names(NAMES(IN "cat/readme"), "is not a PNG or JPEG");
    check_names(NAMES("edge/cat/cat1.png"), "no folder 'cue-conflict' with pictures");
}

/* The records of edges with `at` of the bytes changed to `value`, `size` bytes of them. */
static void check_records(size_t at, char value, size_t size, const char *line, const char *message)
{
    char tmp[64], path[4200], *bytes = NULL, *rows = NULL;
    size_t whole, length;
    cue_images c = CUE_IMAGES_INIT;
    check_tmp(tmp, sizeof tmp);
    snprintf(path, sizeof path, "%s/edge-32.bin", made_folder());
    check_ok(file_read(&bytes, &whole, path, 0));
    snprintf(path, sizeof path, "%s/records-32.tsv", made_folder());
    check_ok(file_read(&rows, &length, path, 0));
    bytes[at] = value;
    write_text(tmp, "edge-32.bin", bytes, size < whole ? size : whole);
    if (line)
        write_text(tmp, "records-32.tsv", line, strlen(line));
    else
        write_text(tmp, "records-32.tsv", rows, length);
    check_fails(cue_images_read_records(&c, tmp, mvh_set_find("edge"), true), JEM_EDATA, message);
    mem_free(bytes);
    mem_free(rows);
    check_tmp_remove(tmp);
}

static void records_that_do_not_fit_their_table_are_refused(void **state)
{
    (void)state;
    static const char head[] = "set\trecord\tshape\ttexture\timagename\n";
    char text[300];
#define LINE(x) (snprintf(text, sizeof text, "%s%s", head, x), text)
    check_records(0, 5, SIZE_MAX, NULL, "record 0 of edge-32.bin has shape 5 and texture 255");
    check_records(1, 5, SIZE_MAX, NULL, "texture 5");
    check_records(2, 0, 3074 * 159, NULL, "488766 bytes instead of 160 records of 3074");
    check_records(2, 0, SIZE_MAX, "a\tb\n", "expected the columns set, record");
    check_records(2, 0, SIZE_MAX, LINE("edge\t160\tairplane\t-\tairplane1.png\n"),
                  "records-32.tsv:2: there is no record 160");
    check_records(2, 0, SIZE_MAX, LINE("edge\t0\twolf\t-\tairplane1.png\n"), "'wolf'");
    check_records(2, 0, SIZE_MAX, LINE("edge\t0\tairplane\t-\tairplane.png\n"),
                  "records-32.tsv:2: edge: 'airplane.png' among");
    check_records(2, 0, SIZE_MAX, LINE("edge\t0\tairplane\t-\n"), "records-32.tsv:2");
    check_records(
        2, 0, SIZE_MAX,
        LINE("edge\t0\tairplane\t-\tairplane1.png\nedge\t1\tairplane\t-\tairplane1.png\n"),
        "airplane1.png occurs twice");
    check_records(2, 0, SIZE_MAX, LINE("edge\t0\tairplane\t-\tairplane1.png\n"),
                  "edge: 1 images instead of 160");
    check_records(2, 0, SIZE_MAX, head, "edge: no images");
}

static void pairs_of_shape_and_texture_must_be_balanced(void **state)
{
    (void)state;
    char path[4200], *rows = NULL, *bytes = NULL, tmp[64];
    size_t length, size;
    cue_images c = CUE_IMAGES_INIT;
    check_tmp(tmp, sizeof tmp);
    snprintf(path, sizeof path, "%s/records-32.tsv", made_folder());
    check_ok(file_read(&rows, &length, path, 0));
    snprintf(path, sizeof path, "%s/cue-conflict-32.bin", made_folder());
    check_ok(file_read(&bytes, &size, path, 0));
    /* one bicycle becomes another chair, in table and record */
    char *line = strstr(rows, "airplane\tbicycle\tairplane1-bicycle2.png");
    assert_non_null(line);
    memcpy(line, "airplane\tchair\tairplane1-chair999.png", 37);
    memmove(line + 37, line + 39, strlen(line + 39) + 1);
    bytes[1] = 8;
    write_text(tmp, "records-32.tsv", rows, strlen(rows));
    write_text(tmp, "cue-conflict-32.bin", bytes, size);
    check_fails(cue_images_read_records(&c, tmp, mvh_set_find("cue-conflict"), true), JEM_EDATA,
                "4 images of shape airplane with texture bicycle instead of 5");
    mem_free(rows);
    mem_free(bytes);
    check_tmp_remove(tmp);
}

static void subjects_and_keys_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    char path[4200], tmp[64];
    seer k;
    subject s = make_seer(&k), recorded;
    static const subject_ops none = {.free = NULL};
    asking a;
    made_data(path, sizeof path, "cue-conflict/decisions/vgg16-caffe.csv");
    check_ok(subject_of_answers(&recorded, path, "auto"));
    check_fails(
        asking_status(&bench_cue_conflict, &recorded, made_folder(), "cue-conflict.steps=[5]"),
        JEM_EUSAGE, "cue-conflict.steps has no 0");
    check_fails(asking_status(&bench_cue_conflict, &s, made_folder(), "cue-conflict.steps=[2.5]"),
                JEM_EUSAGE, "2.5 is not a whole number");
    s.ops = &none;
    check_fails(asking_status(&bench_cue_conflict, &s, made_folder(), NULL), JEM_EUSAGE,
                "decisions among 16 categories");
    begin(&a, &recorded, made_folder(), NULL);
    run(&a);
    const double bias = value_of(&a, "shape_bias", NULL, NULL);
    asking_end(&a);
    check_tmp(tmp, sizeof tmp);
    check_fails(asking_status(&bench_cue_conflict, NULL, tmp, NULL), JEM_EDATA,
                "neither a subject nor people");
    check_fails(asking_status(&bench_cue_conflict, &recorded, tmp, NULL), JEM_EDATA,
                "no images of cue-conflict");
    /* people alone give the names that recorded answers need, but no pictures */
    made_data(path, sizeof path, "model-vs-human");
    begin(&a, &recorded, tmp, NULL);
    a.request.humans = path;
    run(&a);
    check_near(value_of(&a, "shape_bias", NULL, NULL), bias, 1e-12, 1);
    asking_end(&a);
    s.ops = &seeing;
    begin(&a, &s, tmp, NULL);
    a.request.humans = path;
    check_fails(a.bench->run(&a.request), JEM_EUSAGE, "needs the pictures of 'cue-conflict'");
    asking_end(&a);
    subject_clear(&recorded);
    check_tmp_remove(tmp);
}

/* ---- check */

static void collect(void *ctx, const char *line)
{
    char *text = ctx;
    snprintf(text + strlen(text), 4000 - strlen(text), "%s\n", line);
}

static void checking_says_what_is_there(void **state)
{
    (void)state;
    char text[4000] = "", tmp[64], people[4200];
    made_data(people, sizeof people, "model-vs-human"); /* beside it */
    check_ok(asking_check(&bench_cue_conflict, made_folder(), collect, text));
    assert_non_null(strstr(text, "cue-conflict: 1280 images, 32 x 32 records\n"));
    assert_non_null(strstr(text, "silhouette: 160 images, 32 x 32 records\n"));
    assert_non_null(strstr(text, "edge: 10 people, 160 images\n"));
    check_tmp(tmp, sizeof tmp);
    check_fails(asking_check(&bench_cue_conflict, tmp, collect, text), JEM_EDATA,
                "neither whole cue-conflict images nor people's trials");
    check_tmp_remove(tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_have_the_published_biases),
        cmocka_unit_test(recorded_networks_answer_edges_and_silhouettes_where_they_have_them),
        cmocka_unit_test(people_have_the_published_biases),
        cmocka_unit_test(small_pictures_are_shown_whole_and_refinement_is_counted),
        cmocka_unit_test(small_pictures_are_the_published_ones),
        cmocka_unit_test(files_are_preferred_and_a_part_of_them_only_scored_on_purpose),
        cmocka_unit_test(names_that_are_no_shape_and_texture_are_refused),
        cmocka_unit_test(records_that_do_not_fit_their_table_are_refused),
        cmocka_unit_test(pairs_of_shape_and_texture_must_be_balanced),
        cmocka_unit_test(subjects_and_keys_that_do_not_fit_are_refused),
        cmocka_unit_test(checking_says_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
