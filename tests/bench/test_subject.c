/* Subjects: recorded answers of every kind. */
#include "support/folder.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "bench/bench.h"
#include "jem/tensor.h"
#include "record/image_name.h"

/* ---- files */

static const char *in_dir(const char *name)
{
    static char path[4][160];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", folder, name);
    return p;
}

static const char *text_file(const char *name, const char *text)
{
    const char *path = in_dir(name);
    char parent[160];
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    check_ok(dir_make(parent));
    check_ok(file_write(path, text, strlen(text)));
    return path;
}

/* npy of doubles; shape ends with 0. */
static const char *array_file(const char *name, const int64_t *sizes, const double *values)
{
    const char *path = in_dir(name);
    jem_tensor t = JEM_TENSOR_INIT;
    int ndim = 0;
    while (sizes[ndim]) ndim++;
    check_ok(jem_tensor_init(&t, JEM_F64, ndim, sizes));
    memcpy(t.data, values, (size_t)jem_tensor_count(&t) * sizeof *values);
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
    return path;
}
#define SIZES(...)                                                                                 \
    (const int64_t[]) { __VA_ARGS__, 0 }
#define VALUES(...)                                                                                \
    (const double[]) { __VA_ARGS__ }

static subject answers(const char *path, const char *kind)
{
    subject s;
    check_ok(subject_of_answers(&s, path, kind));
    return s;
}

static void refused(const char *path, const char *kind, jem_status code, const char *message)
{
    subject s;
    check_fails(subject_of_answers(&s, path, kind), code, message);
}

static stimulus named(const char *set, const char *name, const char *condition)
{
    return (stimulus){.set = set, .name = name, .condition = condition};
}

/* ---- trials */

#define HEADER "subj,session,trial,rt,object_response,category,condition,imagename\n"

static int32_t decision(const subject *s, const char *set, const char *name, const char *condition)
{
    int32_t category = -2;
    const stimulus x = named(set, name, condition);
    check_ok(s->ops->decide(s->ctx, &x, 1, &category));
    return category;
}

static void trials_are_found_by_image_whoever_saw_it(void **state)
{
    (void)state;
    subject s =
        answers(text_file("nse.csv", HEADER
                          "net,1,1,NaN,oven,oven,0.10,0001_nse_dnn_0.10_oven_40_n0411_14.png\n"
                          "net,1,2,NaN,na,cat,0.10,0002_nse_dnn_0.10_cat_40_n0211_7.png\n"
                          "net,1,3,NaN,dog,cat,0.35,0003_nse_dnn_0.35_cat_40_n0211_7.png\n"),
                "auto");
    assert_string_equal(s.name, "net");
    assert_null(s.ops->logits);
    assert_int_equal(decision(&s, NULL, "0777_nse_s01_0.1_oven_40_n0411_14.png", "0.1"),
                     category_find("oven"));
    assert_int_equal(decision(&s, NULL, "n0211_7.jpg", "0.1"), -1);
    assert_int_equal(decision(&s, "any-set", "n0211_7.png", "0.35"), category_find("dog"));

    int32_t category;
    stimulus x = named("any-set", "n0211_7.png", NULL);
    check_fails(s.ops->decide(s.ctx, &x, 1, &category), JEM_EDATA, "more than one answer");
    x = named("uniform-noise", "n0211_8.png", "0.35");
    check_fails(s.ops->decide(s.ctx, &x, 1, &category), JEM_EDATA,
                "no answer to 'n0211_8' of set 'uniform-noise', condition 0.35");
    subject_clear(&s);
}

static void trials_of_sets_come_from_folders(void **state)
{
    (void)state;
    text_file("mvh/edge/edge_my-net_session-1.csv",
              HEADER "my_net,1,1,NaN,boat,boat,0,0001_edg_dnn_0_boat_00_boat5.png\n");
    text_file("mvh/sketch/answers.csv",
              HEADER "my_net,1,1,NaN,car,boat,0,0001_ske_dnn_0_boat_00_boat5.png\n");
    text_file("mvh/edge/edge_subject-01_session_1.csv",
              HEADER "subject-01,1,1,0.5,clock,boat,0,0009_edg_s01_0_boat_00_boat5.png\n");
    subject s = answers(in_dir("mvh"), "auto");
    assert_string_equal(s.name, "my_net");
    assert_int_equal(decision(&s, "edge", "boat5.png", NULL), category_find("boat"));
    assert_int_equal(decision(&s, "sketch", "boat5.png", NULL), category_find("car"));
    assert_true(s.ops->has_set(s.ctx, "edge"));
    assert_false(s.ops->has_set(s.ctx, "colour"));
    subject_clear(&s);
    s = answers(in_dir("mvh"), "trials:subject-01");
    assert_int_equal(decision(&s, "edge", "boat5.png", NULL), category_find("clock"));
    assert_false(s.ops->has_set(s.ctx, "sketch"));
    subject_clear(&s);
}

static void one_observer_is_chosen_among_several(void **state)
{
    (void)state;
    const char *path = text_file("two.csv", HEADER "vgg,1,1,NaN,cat,cat,0,a_cat1.png\n"
                                                   "alexnet,1,1,NaN,dog,cat,0,a_cat1.png\n");
    refused(path, "auto", JEM_EUSAGE,
            "several observers (vgg, alexnet); choose one as the observer");
    refused(path, "trials:resnet", JEM_EUSAGE, "no trials of 'resnet'; there are: vgg, alexnet");
    subject s = answers(path, "trials:alexnet");
    assert_int_equal(decision(&s, NULL, "cat1.png", NULL), category_find("dog"));
    subject_clear(&s);
}

static void broken_trials_are_refused_with_their_place(void **state)
{
    (void)state;
    refused(text_file("t.csv", HEADER "a,1,7,NaN,giraffe,cat,0,cat1.png\n"), "auto", JEM_EDATA,
            "t.csv: trial 7: response 'giraffe'");
    refused(
        text_file("t.csv", HEADER "a,1,1,NaN,cat,cat,0,cat1.png\na,1,2,NaN,dog,cat,0,x_cat1.png\n"),
        "auto", JEM_EDATA, "'cat1', 0 is answered twice");
    refused(text_file("t.csv", HEADER "a,1,1,NaN,cat,cat\n"), "auto", JEM_EDATA, "t.csv:2");
    refused(text_file("t.csv", "subj,object_response,imagename\na,cat,cat1.png\n"), "auto",
            JEM_EDATA, "no column 'category'");
    refused(text_file("t.csv", HEADER), "auto", JEM_EDATA, "no trial");
    refused(in_dir("nowhere.csv"), "auto", JEM_EDATA, "nowhere.csv");
}

/* ---- logits and probabilities */

static void logits_are_found_by_place(void **state)
{
    (void)state;
    subject s = answers(array_file("l.npy", SIZES(2, 3), VALUES(1, 2, 3, -1, 0, 5)), "auto");
    const stimulus x[] = {{.place = 1}, {.place = 0}};
    const stimulus beyond = {.place = 2, .name = "frog.png"};
    double f[6];
    assert_string_equal(s.name, "l");
    assert_int_equal(s.classes, 3);
    assert_int_equal(s.places, 2);
    assert_true(s.logits_known);
    check_ok(s.ops->logits(s.ctx, x, 2, f));
    assert_true(f[0] == -1 && f[2] == 5 && f[3] == 1);
    check_fails(s.ops->logits(s.ctx, &beyond, 1, f), JEM_EDATA,
                "2 rows, but answers to at least 3 images are needed");
    subject_clear(&s);
}

static void rows_that_sum_to_one_are_probabilities(void **state)
{
    (void)state;
    subject s = answers(array_file("p.npy", SIZES(2, 2), VALUES(0.25, 0.75, 1, 0)), "auto");
    const stimulus x[] = {{.place = 0}, {.place = 1}};
    double f[4];
    assert_false(s.logits_known);
    assert_non_null(strstr(s.note, "1e-12"));
    check_ok(s.ops->logits(s.ctx, x, 2, f));
    check_near(f[0], log(0.25), 1e-15, 1);
    check_near(f[3], log(1e-12), 1e-15, 1);
    subject_clear(&s);
    refused(array_file("p.npy", SIZES(3, 2), VALUES(0.25, 0.75, 1, 0, 0.5, 0.4)), "auto", JEM_EDATA,
            "p.npy: row 2 does not sum to 1");
}

static void percentages_are_neither_logits_nor_probabilities(void **state)
{
    (void)state;
    refused(array_file("p.npy", SIZES(3, 2), VALUES(25, 75, 100, 0, 50.5, 49.4)), "auto", JEM_EDATA,
            "p.npy: all 3 rows sum to 100: percentages");
    subject s = answers(array_file("p.npy", SIZES(3, 2), VALUES(25, 75, 100, 0, 50, 40)), "auto");
    assert_true(s.logits_known); /* a row that does not: numbers like any others */
    subject_clear(&s);
    s = answers(array_file("h.npy", SIZES(1, 2), VALUES(0.333, 0.6665)), "auto"); /* from float16 */
    assert_false(s.logits_known);
    subject_clear(&s);
}

static void damaged_arrays_are_refused(void **state)
{
    (void)state;
    refused(array_file("n.npy", SIZES(2, 2), VALUES(1, 2, NAN, 4)), "auto", JEM_EDATA,
            "n.npy: row 1, element 0 is nan");
    refused(array_file("n.npy", SIZES(2, 2), VALUES(1, INFINITY, 3, 4)), "logits", JEM_EDATA,
            "row 0, element 1 is inf");
    refused(array_file("n.npy", SIZES(1, 1, 1, 2), VALUES(1, 2)), "auto", JEM_EDATA,
            "4 dimensions");
    refused(array_file("n.npy", SIZES(3), VALUES(1, 2, 3)), "logits", JEM_EDATA,
            "not the kind of answers that was asked for");
    refused(in_dir("n.npy"), "picture", JEM_EUSAGE, "'picture' is no kind of answers");
    refused(text_file("cut.npy", "\x93NUMPY"), "auto", JEM_EDATA, "cut.npy");
}

static void rows_of_next_to_nothing_are_refused(void **state)
{
    enum { ROWS = 800000 };
    static char text[4 * ROWS + 8] = "name,x\n";
    (void)state;
    for (int i = 0; i < ROWS; i++) memcpy(text + 7 + 4 * i, "a,1\n", 4);
    refused(text_file("short.csv", text), "auto", JEM_EDATA, "800000 rows in 3200007 bytes");
}

static void rows_may_have_names(void **state)
{
    (void)state;
    const stimulus x = {.name = "pictures/b.png", .place = 0};
    double f[2];
    subject s = answers(text_file("l.csv", "name,cat,dog\na.png,1,2\nb.png,3,-4\n"), "auto");
    check_ok(s.ops->logits(s.ctx, &x, 1, f));
    assert_true(f[0] == 3 && f[1] == -4);
    assert_int_equal(s.places, 0);
    subject_clear(&s);

    const char *path = array_file("named.npy", SIZES(2, 2), VALUES(1, 2, 3, -4));
    text_file("named.names", "a.png\nb.png\n");
    s = answers(path, "auto");
    check_ok(s.ops->logits(s.ctx, &x, 1, f));
    assert_true(f[0] == 3);
    subject_clear(&s);
    text_file("named.names", "a.png\n");
    refused(path, "auto", JEM_EDATA, "named.names: 1 names for the 2 rows");
    text_file("named.names", "a.png\na.jpg\n");
    refused(path, "auto", JEM_EDATA, "'a' is answered twice");
    s = answers(text_file("l.csv", "set,condition,name,cat,dog\nedge,0,a.png,1,2\n"
                                   "contrast,c30,a.png,3,4\ncontrast,c10,a.png,5,6\n"),
                "auto");
    const stimulus a = named("contrast", "0001_cop_dnn_c10_dog_00_a.png", "c10");
    check_ok(s.ops->logits(s.ctx, &a, 1, f));
    assert_true(f[0] == 5);
    assert_false(s.ops->has_set(s.ctx, "colour"));
    subject_clear(&s);
    refused(text_file("l.csv", "1.5,2\n3,4\n"), "auto", JEM_EDATA,
            "'1.5' in the line of column names");
    refused(text_file("l.csv", "name,cat,dog\na.png,1,x\n"), "auto", JEM_EDATA, "l.csv:2");
}

static void files_of_a_folder_are_image_sets(void **state)
{
    (void)state;
    double f[2];
    stimulus x = {.set = "edge", .place = 0};
    check_ok(dir_make(in_dir("sets")));
    array_file("sets/edge.npy", SIZES(1, 2), VALUES(1, 2));
    array_file("sets/low-pass.npy", SIZES(1, 2), VALUES(3, 4));
    subject s = answers(in_dir("sets"), "logits");
    assert_string_equal(s.name, "sets");
    check_ok(s.ops->logits(s.ctx, &x, 1, f));
    assert_true(f[0] == 1);
    x.set = "low-pass";
    check_ok(s.ops->logits(s.ctx, &x, 1, f));
    assert_true(f[0] == 3);
    x.set = "colour";
    check_fails(s.ops->logits(s.ctx, &x, 1, f), JEM_EDATA, "no answers to the image set 'colour'");
    assert_false(s.ops->has_set(s.ctx, "colour"));
    subject_clear(&s);
    array_file("sets/colour.npy", SIZES(1, 3), VALUES(3, 4, 5));
    refused(in_dir("sets"), "logits", JEM_EDATA, "another shape than");
    check_ok(dir_make(in_dir("empty")));
    refused(in_dir("empty"), "auto", JEM_EDATA, "no .csv, .npy or .npz file");
}

/* ---- categories */

static void imagenet_classes_become_categories_as_published(void **state)
{
    (void)state;
    static double p[4][1000];
    int32_t category[4];
    const stimulus x[] = {{.place = 0}, {.place = 1}, {.place = 2}, {.place = 3}};
    p[0][404] = p[0][999] = 0.3;
    p[0][444] = p[0][671] = 0.2;
    p[1][999] = 1; /* no category: all means 0, the last of the tied */
    p[2][281] = 1;
    p[3][499] = 1;
    subject s = answers(array_file("in.npy", SIZES(4, 1000), &p[0][0]), "auto");
    check_ok(s.ops->decide(s.ctx, x, 4, category));
    assert_int_equal(category[0], category_find("airplane"));
    assert_int_equal(category[1], category_find("truck"));
    assert_int_equal(category[2], category_find("cat"));
    assert_int_equal(category[3], category_find("knife"));
    subject_clear(&s);
}

static void other_label_spaces_need_a_mapping(void **state)
{
    (void)state;
    int32_t category;
    char text[256];
    const stimulus x = {.place = 0};
    subject s = answers(array_file("l.npy", SIZES(1, 3), VALUES(9, 2, 1)), "auto");
    check_fails(s.ops->decide(s.ctx, &x, 1, &category), JEM_EUSAGE, "3 classes, not 1000");
    check_ok(subject_use_mapping(&s, text_file("m.tsv", "category\tindex\ncat\t1\ndog\t2\n")));
    check_ok(s.ops->decide(s.ctx, &x, 1, &category));
    assert_int_equal(category, category_find("cat")); /* class 0 has no category */
    s.ops->describe(s.ctx, text, sizeof text);
    assert_string_equal(text, "classes for only 2 of the 16 categories: cat dog");

    check_fails(subject_use_mapping(&s, text_file("m.tsv", "category\tindex\ncat\t3\n")), JEM_EDATA,
                "names class 3, the logits have 3 classes");
    check_fails(subject_use_mapping(&s, text_file("m.tsv", "category\tindex\nzebra\t1\n")),
                JEM_EDATA, "m.tsv:2: 'zebra' is none of the 16 categories");
    check_fails(subject_use_mapping(&s, text_file("m.tsv", "category\tindex\ncat\t1\ndog\t1\n")),
                JEM_EDATA, "m.tsv:3: class 1 is listed twice");
    check_fails(subject_use_mapping(&s, text_file("m.tsv", "category\tindex\ncat\t-1\n")),
                JEM_EDATA, "m.tsv:2: class -1");
    check_fails(subject_use_mapping(&s, text_file("m.tsv", "category\tindex\ncat\t100000\n")),
                JEM_EDATA, "m.tsv:2: class 100000");
    check_fails(subject_use_mapping(&s, text_file("m.tsv", "cat\t1\n")), JEM_EDATA,
                "category<TAB>index");
    check_fails(subject_use_mapping(&s, text_file("m.tsv", "category\tindex\n")), JEM_EDATA,
                "maps no class");
    subject_clear(&s);
}

/* ---- distances, maps, scalars, features */

static void distances_are_found_by_set_name_and_patch(void **state)
{
    (void)state;
    float d[2];
    const stimulus a[] = {named("2afc/cnn", "000017", "ref"), named("2afc/cnn", "000017", "ref")};
    const stimulus b[] = {named("2afc/cnn", "000017", "p1"), named("2afc/cnn", "000017", "p0")};
    const stimulus j[] = {named("jnd/cnn", "000017", "p0"), named("jnd/cnn", "000017", "p1")};
    subject s = answers(text_file("d.csv", "set,name,patch,distance\n2afc/cnn,000017,p0,0.5\n"
                                           "2afc/cnn,000017,p1,0.25\njnd/cnn,000017,p1,2\n"),
                        "auto");
    check_ok(s.ops->distance(s.ctx, a, b, 2, d));
    assert_true(d[0] == 0.25f && d[1] == 0.5f);
    check_ok(s.ops->distance(s.ctx, &j[0], &j[1], 1, d));
    assert_true(d[0] == 2);
    assert_false(s.ops->has_set(s.ctx, "2afc/traditional"));
    subject_clear(&s);
    refused(text_file("d.csv", "set,name,patch,distance\n2afc/cnn,1,p0,nan\n"), "auto", JEM_EDATA,
            "d.csv:2");
    refused(text_file("d.csv", "set,patch,distance\n2afc/cnn,p0,1\n"), "auto", JEM_EDATA,
            "no column 'name'");
}

static void maps_keep_their_size_or_are_resized(void **state)
{
    (void)state;
    float map[16];
    char text[64];
    const stimulus x = {.place = 1};
    const saliency_request class_5 = {.y = 5};
    subject s =
        answers(array_file("m.npy", SIZES(2, 2, 2), VALUES(0, 0, 0, 0, 1, 2, 3, 4)), "auto");
    check_ok(s.ops->saliency(s.ctx, &x, &class_5, map, 2, 2));
    assert_true(map[0] == 1 && map[3] == 4);
    s.ops->describe(s.ctx, text, sizeof text);
    assert_string_equal(text, "");
    check_ok(s.ops->saliency(s.ctx, &x, &class_5, map, 4, 4));
    assert_true(map[0] == 1 && map[15] == 4 && map[5] == 1.75f);
    s.ops->describe(s.ctx, text, sizeof text);
    assert_string_equal(text, "maps resized");
    subject_clear(&s);
}

static void scalars_of_all_instances_are_given(void **state)
{
    (void)state;
    double g[4];
    const stimulus x[] = {{.place = 1, .name = "b"}, {.place = 0, .name = "a"}};
    const stimulus beyond = {.place = 3};
    subject s = answers(array_file("g.npy", SIZES(3), VALUES(5, 6, 7)), "auto");
    check_ok(s.ops->rate(s.ctx, x, 2, g));
    assert_true(g[0] == 6 && g[1] == 5);
    subject_clear(&s);
    s = answers(array_file("g.npy", SIZES(2, 3), VALUES(1, 2, 3, 5, 6, 7)), "scalars");
    check_ok(s.ops->rate(s.ctx, x, 2, g));
    assert_int_equal(s.instances, 2);
    assert_true(g[0] == 2 && g[1] == 1 && g[2] == 6 && g[3] == 5);
    check_fails(s.ops->rate(s.ctx, &beyond, 1, g), JEM_EDATA, "[instances][images]");
    subject_clear(&s);
    s = answers(text_file("g.csv", "name,value\na,1\nb,2\n"), "auto");
    check_ok(s.ops->rate(s.ctx, x, 2, g));
    assert_true(g[0] == 2 && g[1] == 1);
    subject_clear(&s);
}

static void features_are_asked_for_by_kind(void **state)
{
    (void)state;
    float z[2];
    int64_t dim = 0;
    const stimulus x = {.place = 1};
    subject s = answers(array_file("z.npy", SIZES(2, 2), VALUES(1, 2, 3, 4)), "features");
    assert_null(s.ops->logits);
    check_ok(s.ops->features(s.ctx, "proj", &x, 1, NULL, &dim));
    assert_int_equal(dim, 2);
    check_ok(s.ops->features(s.ctx, "proj", &x, 1, z, &dim));
    assert_true(z[0] == 3 && z[1] == 4);
    check_fails(subject_can(&s, s.ops->rate != NULL, "gloss", "scalars"), JEM_EUSAGE,
                "gloss: z gives none of what this benchmark needs: scalars");
    check_fails(subject_use_mapping(&s, "m.tsv"), JEM_EUSAGE, "gives no logits");
    subject_clear(&s);
}

/* ---- scores */

static void a_stopped_scoring_adds_no_score(void **state)
{
    (void)state;
    volatile sig_atomic_t stop = 1;
    score_list l = SCORE_LIST_INIT;
    const bench_request r = {.stop = &stop, .scores = &l};
    bench_score s = bench_human("accuracy", NULL, 0.5, "mean");
    s.benchmark = "x";
    check_fails(bench_add(&r, &s), JEM_EINTERRUPTED, "stopped by a signal");
    assert_int_equal(l.count, 0);
    stop = 0;
    check_ok(bench_add(&r, &s));
    assert_int_equal(l.count, 1);
    score_list_clear(&l);
}

static void a_score_says_what_its_subject_must_say(void **state)
{
    (void)state;
    score_list list = SCORE_LIST_INIT;
    subject s = answers(array_file("p.npy", SIZES(1, 2), VALUES(0.25, 0.75)), "auto");
    const bench_request r = {.subject = &s, .command = "jem bench x", .scores = &list};
    bench_score one = {.benchmark = "x",
                       .metric = "m",
                       .value = 2,
                       .interval = {1, 3},
                       .ceiling = NAN,
                       .n = 7,
                       .formula = "mean",
                       .data_hash = 0xabc};
    check_ok(bench_add(&r, &one));
    one.model = "human";
    check_ok(bench_add(&r, &one));
    assert_int_equal(list.count, 2);
    assert_string_equal(list.scores[0].model, "p");
    assert_string_equal(list.scores[0].formula, "mean; from probabilities, clipped at 1e-12");
    assert_string_equal(list.scores[0].data_hash, "0000000000000abc");
    assert_string_equal(list.scores[0].command, "jem bench x");
    assert_string_equal(list.scores[1].model, "human");
    assert_string_equal(list.scores[1].formula, "mean");
    score_list_clear(&list);
    subject_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trials_are_found_by_image_whoever_saw_it),
        cmocka_unit_test(trials_of_sets_come_from_folders),
        cmocka_unit_test(one_observer_is_chosen_among_several),
        cmocka_unit_test(broken_trials_are_refused_with_their_place),
        cmocka_unit_test(logits_are_found_by_place),
        cmocka_unit_test(rows_that_sum_to_one_are_probabilities),
        cmocka_unit_test(percentages_are_neither_logits_nor_probabilities),
        cmocka_unit_test(damaged_arrays_are_refused),
        cmocka_unit_test(rows_of_next_to_nothing_are_refused),
        cmocka_unit_test(rows_may_have_names),
        cmocka_unit_test(files_of_a_folder_are_image_sets),
        cmocka_unit_test(imagenet_classes_become_categories_as_published),
        cmocka_unit_test(other_label_spaces_need_a_mapping),
        cmocka_unit_test(distances_are_found_by_set_name_and_patch),
        cmocka_unit_test(maps_keep_their_size_or_are_resized),
        cmocka_unit_test(scalars_of_all_instances_are_given),
        cmocka_unit_test(features_are_asked_for_by_kind),
        cmocka_unit_test(a_stopped_scoring_adds_no_score),
        cmocka_unit_test(a_score_says_what_its_subject_must_say),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
