/* BAPPS end to end: the published values from the sample in its layout, worked vectors and
 * Table 5 through recorded distances, and whatever must be refused. */
#include "asking.h"
#include "support/folder.h"
#include "support/made_data.h"

#include "base/file.h"
#include "base/log.h"
#include "base/pool.h"
#include "bench/bapps/set.h"
#include "jem/tensor.h"
#include "stats/bapps.h"
#include "stats/bootstrap.h"
#include "stats/published.h"

/* ---- a subject that looks: squared error of the 8-bit levels */

static jem_status squared_error(void *ctx, const stimulus *a, const stimulus *b, int64_t n,
                                float *d)
{
    int64_t *asked = ctx;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        assert_string_equal(a[i].name, b[i].name);
        assert_true(a[i].picture->channels == 3 && a[i].picture->height == 64);
        for (int64_t p = 0; p < 64 * a[i].picture->width * 3; p++) {
            double difference = a[i].picture->pixels[p] - b[i].picture->pixels[p];
            sum += difference * difference;
        }
        d[i] = (float)sum;
    }
    if (asked) *asked += n;
    return JEM_OK;
}

static const subject_ops looking_ops = {.distance = squared_error};

static subject looking(int64_t *asked)
{
    return (subject){.name = "l2",
                     .alpha = 0.5,
                     .seed = 3,
                     .needs_pictures = true,
                     .ops = &looking_ops,
                     .ctx = asked};
}

/* ---- layouts of our own */

/* Runs a shell command in the folder. */
static void shell(const char *command)
{
    char line[5000];
    snprintf(line, sizeof line, "cd %s && { %s; }", folder, command);
    if (system(line) != 0) fail_msg("cannot %s", line);
}

static void write_share(const char *set, const char *judgement, const char *stem, double share)
{
    char path[512];
    jem_tensor t = JEM_TENSOR_INIT;
    snprintf(path, sizeof path, "%s/%s/%s", folder, set, judgement);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/%s/%s/%s.npy", folder, set, judgement, stem);
    check_ok(jem_tensor_init(&t, JEM_F64, 1, &(int64_t){1}));
    memcpy(t.data, &share, sizeof share);
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
}

/* Items 000000 ... of a set with these judgements and without pictures worth the name. */
static void write_set(const char *task, const char *subset, const double *share, int n)
{
    static const char *const patches[] = {"ref", "p0", "p1"};
    const bool two = strcmp(task, "2afc") == 0;
    char set[128], path[512], stem[16];
    snprintf(set, sizeof set, "%s/val/%s", task, subset);
    for (int i = 0; i < n; i++) {
        snprintf(stem, sizeof stem, "%06d", i);
        write_share(set, two ? "judge" : "same", stem, share[i]);
        for (int p = two ? 0 : 1; p < 3; p++) {
            snprintf(path, sizeof path, "%s/%s/%s", folder, set, patches[p]);
            check_ok(dir_make(path));
            snprintf(path, sizeof path, "%s/%s/%s/%s.png", folder, set, patches[p], stem);
            check_ok(file_write(path, "", 0));
        }
    }
}

/* The sample, to be spoilt. */
static void copy_sample(void)
{
    char data[4096], command[4200];
    made_data(data, sizeof data, "bapps-layout");
    snprintf(command, sizeof command, "rm -rf * && cp -r '%s'/* . && chmod -R u+w .", data);
    shell(command);
}

static jem_status ask_folder(const char *set)
{
    const subject s = looking(NULL);
    return asking_status(&bench_bapps, &s, folder, set);
}

/* ---- values */

static void squared_error_gets_the_published_values_of_the_sample(void **state)
{
    (void)state;
    static const char *const subsets[] = {"traditional", "cnn"};
    char data[4096];
    asking a;
    json_t *root = published_open();
    json_t *layout = published_get(root, "bapps", "layout", NULL);
    check_data(data, sizeof data, "bapps-layout");
    int64_t asked = 0;
    const subject s = looking(&asked);
    asking_begin(&a, &bench_bapps, &s, data, NULL);
    check_ok(bench_bapps.run(&a.request));
    double mean[2] = {0, 0};
    for (int k = 0; k < 2; k++) {
        char key[64];
        snprintf(key, sizeof key, "2afc/val/%s", subsets[k]);
        const score *own = asking_score(&a, "2afc", subsets[k], "l2");
        check_published(own->value, layout, key, "l2_score");
        check_published((double)own->n, layout, key, "triplets");
        /* metrics.json calls the mean of max(j, 1-j) the human ceiling. */
        check_published(asking_score(&a, "2afc", subsets[k], "oracle")->value, layout, key,
                        "human_ceiling");
        assert_true(own->ceiling == asking_score(&a, "2afc", subsets[k], "human")->value);
        assert_true(own->low < own->value && own->value < own->high);
        assert_true(own->alpha == 0.5 && own->seed == 3 && own->data_hash != NULL);
        mean[0] += own->value / 2;
        snprintf(key, sizeof key, "jnd/val/%s", subsets[k]);
        const score *jnd = asking_score(&a, "jnd_map", subsets[k], "l2");
        check_published(jnd->value, layout, key, "l2_map");
        check_published((double)jnd->n, layout, key, "pairs");
        check_published(asking_score(&a, "jnd_ties", subsets[k], "l2")->value, layout, key, "ties");
        assert_true(jnd->ceiling >= jnd->value && jnd->ceiling <= 1);
        mean[1] += jnd->value / 2;
    }
    check_near(asking_score(&a, "2afc", "distortion", "l2")->value, mean[0], 1e-14, 1);
    check_near(asking_score(&a, "jnd_map", "distortion", "l2")->value, mean[1], 1e-14, 1);
    assert_true(asking_score(&a, "2afc", "distortion", "l2")->n == 48);
    assert_null(asking_find(&a, "2afc", "real", "l2"));
    assert_null(asking_find(&a, "2afc", "all", "human"));
    assert_true(asked == 2 * 48 + 48);
    asking_end(&a);
    json_decref(root);
}

/* d0,d1 of 2AFC sets and distances of JND sets in the CSV of recorded answers. */
static void write_distances(const char *rows)
{
    char path[256], *text;
    snprintf(path, sizeof path, "%s/distances.csv", folder);
    check_ok(str_format(&text, "set,name,patch,distance\n%s", rows));
    check_ok(file_write(path, text, strlen(text)));
    mem_free(text);
}

static void ask_recorded(asking *a, subject *who, const char *set)
{
    char path[256];
    snprintf(path, sizeof path, "%s/distances.csv", folder);
    check_ok(subject_of_answers(who, path, "auto"));
    asking_begin(a, &bench_bapps, who, folder, set);
    check_ok(bench_bapps.run(&a->request));
}

static void worked_two_afc_vector_comes_out_of_recorded_distances(void **state)
{
    (void)state;
    const double j[] = {.2, .6, .8, .4};
    asking a;
    subject who;
    write_set("2afc", "traditional", j, 4);
    write_set("2afc", "cnn", j, 4);
    write_distances("2afc/traditional,000000,p0,.1\n2afc/traditional,000000,p1,.2\n"
                    "2afc/traditional,000001,p0,.5\n2afc/traditional,000001,p1,.4\n"
                    "2afc/traditional,000002,p0,.3\n2afc/traditional,000002,p1,.3\n"
                    "2afc/traditional,000003,p0,.2\n2afc/traditional,000003,p1,.1\n"
                    "2afc/cnn,000000,p0,1\n2afc/cnn,000000,p1,1\n"
                    "2afc/cnn,000001,p0,1\n2afc/cnn,000001,p1,1\n"
                    "2afc/cnn,000002,p0,1\n2afc/cnn,000002,p1,1\n"
                    "2afc/cnn,000003,p0,1\n2afc/cnn,000003,p1,1\n");
    ask_recorded(&a, &who, "bapps.tasks=2afc");
    check_near(asking_score(&a, "2afc", "traditional", who.name)->value, 0.575, 1e-14, 1);
    check_near(asking_score(&a, "2afc", "traditional", "human")->value, 0.60, 1e-14, 1);
    check_near(asking_score(&a, "2afc", "traditional", "oracle")->value, 0.70, 1e-14, 1);
    assert_true(asking_score(&a, "2afc_ties", "traditional", who.name)->value == 1);
    assert_true(asking_score(&a, "2afc_ties", "cnn", who.name)->value == 4);
    check_near(asking_score(&a, "2afc", "cnn", who.name)->value, 0.5, 1e-14, 1);
    assert_null(asking_find(&a, "jnd_map", "cnn", who.name));
    asking_end(&a);
    subject_clear(&who);
}

static void worked_jnd_vectors_come_out_of_recorded_distances(void **state)
{
    (void)state;
    const double first[] = {1, 1. / 3, 2. / 3, 0}, second[] = {0, 2. / 3, 1, 0, 1. / 3};
    asking a;
    subject who;
    write_set("jnd", "traditional", first, 4);
    write_set("jnd", "cnn", second, 5);
    write_distances("jnd/traditional,000000,p1,.1\njnd/traditional,000001,p1,.2\n"
                    "jnd/traditional,000002,p1,.3\njnd/traditional,000003,p1,.4\n"
                    "jnd/cnn,000000,p1,.4\njnd/cnn,000001,p1,.1\njnd/cnn,000002,p1,.3\n"
                    "jnd/cnn,000003,p1,.2\njnd/cnn,000004,p1,.5\n");
    ask_recorded(&a, &who, "bapps.tasks=jnd");
    check_near(asking_score(&a, "jnd_map", "traditional", who.name)->value, 5. / 6, 1e-14, 1);
    check_near(asking_score(&a, "jnd_map", "cnn", who.name)->value, 0.5666666667, 1e-9, 1);
    check_near(asking_score(&a, "jnd_map", "distortion", who.name)->value, 0.7, 1e-9, 1);
    check_near(asking_score(&a, "jnd_map", "cnn", "oracle")->value, 8. / 9, 1e-14, 1);
    asking_end(&a);
    subject_clear(&who);
}

static void check_mean(const asking *a, const subject *who, const char *name, double percent)
{
    const double value = 100 * asking_score(a, "2afc", name, who->name)->value;
    if (!(fabs(value - percent) < 0.08)) fail_msg("%s: %g, published %g", name, value, percent);
}

/* Table 5 of Zhang et al.: subsets, and the means printed beside them. */
static void means_over_subsets_are_those_of_the_published_table(void **state)
{
    (void)state;
    static const char *const subsets[] = {"traditional", "cnn",   "superres",
                                          "deblur",      "color", "frameinterp"};
    static const double published[][9] = {
        {80.8, 84.4, 82.6, 73.4, 67.1, 68.8, 68.6, 69.5, 73.9},
        {59.9, 77.8, 68.9, 64.7, 58.2, 63.5, 55.0, 60.3, 63.2},
        {60.3, 79.1, 69.7, 65.1, 58.6, 58.1, 57.7, 59.8, 63.1},
        {61.4, 78.6, 70.0, 68.1, 59.5, 57.3, 57.7, 60.6, 63.8},
        {57.4, 76.8, 67.1, 64.7, 59.0, 53.7, 56.6, 58.5, 61.4},
        {60.5, 80.7, 70.6, 64.9, 59.5, 62.8, 57.2, 61.1, 64.3},
        {66.6, 83.0, 74.8, 67.3, 59.8, 63.1, 59.8, 62.5, 66.6},
        {66.5, 80.7, 73.6, 69.6, 60.6, 64.4, 61.6, 64.1, 67.2},
        {69.5, 81.4, 75.5, 69.6, 59.3, 64.3, 61.1, 63.6, 67.5},
        {71.5, 82.0, 76.8, 70.2, 60.2, 62.8, 61.8, 63.8, 68.1},
        {69.8, 83.0, 76.4, 70.7, 60.5, 63.7, 62.5, 64.4, 68.4},
        {73.3, 82.6, 78.0, 70.1, 60.1, 63.6, 62.0, 64.0, 68.6},
        {70.6, 83.1, 76.8, 71.7, 60.7, 65.0, 62.7, 65.0, 68.9},
        {70.1, 81.3, 75.7, 69.0, 59.0, 60.2, 62.1, 62.6, 67.0},
        {76.1, 83.5, 79.8, 71.1, 60.8, 65.3, 63.2, 65.1, 70.0},
        {73.9, 83.4, 78.7, 71.5, 61.2, 65.3, 63.2, 65.3, 69.8},
        {76.0, 82.8, 79.4, 70.5, 60.5, 62.5, 63.0, 64.1, 69.2},
    };
    char rows[1024] = "";
    for (int k = 0; k < 6; k++) /* p1 is closer: the score of a triplet is its judgement */
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows),
                 "2afc/%s,000000,p0,2\n2afc/%s,000000,p1,1\n", subsets[k], subsets[k]);
    write_distances(rows);
    for (size_t row = 0; row < sizeof published / sizeof *published; row++) {
        const double *t = published[row];
        const double shares[] = {t[0], t[1], t[3], t[4], t[5], t[6]};
        asking a;
        subject who;
        for (int k = 0; k < 6; k++) write_set("2afc", subsets[k], &(double){shares[k] / 100}, 1);
        ask_recorded(&a, &who, "bapps.tasks=2afc");
        for (int k = 0; k < 6; k++)
            check_near(100 * asking_score(&a, "2afc", subsets[k], who.name)->value, shares[k],
                       1e-9, 1);
        /* Subsets and means are both rounded to 0.1. */
        check_mean(&a, &who, "distortion", t[2]);
        check_mean(&a, &who, "real", t[7]);
        check_mean(&a, &who, "all", t[8]);
        asking_end(&a);
        subject_clear(&who);
    }
}

static void without_a_subject_there_are_the_rows_of_people_and_oracle(void **state)
{
    (void)state;
    char data[4096];
    asking a;
    made_data(data, sizeof data, "bapps-layout");
    asking_begin(&a, &bench_bapps, NULL, data, NULL);
    check_ok(bench_bapps.run(&a.request));
    assert_int_equal(a.scores.count, 3 + 3 + 3); /* people in 2AFC; oracle in 2AFC and JND */
    const score *s = asking_score(&a, "2afc", "distortion", "human");
    assert_true(isnan(s->alpha) && isnan(s->ceiling) && s->low < s->value && s->value < s->high);
    asking_end(&a);
}

static void intervals_do_not_depend_on_threads(void **state)
{
    (void)state;
    char data[4096];
    asking one, three;
    pool *threads;
    made_data(data, sizeof data, "bapps-layout");
    const subject s = looking(NULL);
    check_ok(pool_new(&threads, 3));
    asking_begin(&one, &bench_bapps, &s, data, NULL);
    asking_begin(&three, &bench_bapps, &s, data, NULL);
    three.request.threads = threads;
    check_ok(bench_bapps.run(&one.request));
    check_ok(bench_bapps.run(&three.request));
    assert_int_equal(one.scores.count, three.scores.count);
    for (int64_t i = 0; i < one.scores.count; i++) {
        const score *x = &one.scores.scores[i], *y = &three.scores.scores[i];
        assert_true(x->value == y->value);
        assert_memory_equal(&x->low, &y->low, sizeof x->low);
        assert_memory_equal(&x->high, &y->high, sizeof x->high);
    }
    asking_end(&one);
    asking_end(&three);
    pool_free(threads);
}

/* The interval, from resamples that are written out: jnd/cnn is factor 3 of the four sets. */
static void check_jnd_interval(const score *s, const double *distance, const double *same)
{
    enum { N = 24, ROUNDS = 200 };
    double rounds[ROUNDS], d[N], votes[N];
    stats_interval expected;
    for (int r = 0; r < ROUNDS; r++) {
        int64_t index[N], n = 0;
        stats_resample(index, N, 0, r, 3);
        for (int64_t i = 0; i < N; i++) /* in file order, for ties */
            for (int k = 0; k < N; k++) {
                if (index[k] != i) continue;
                d[n] = distance[i];
                votes[n++] = same[i];
            }
        check_ok(stats_jnd_map(&rounds[r], NULL, d, votes, N));
    }
    check_ok(stats_percentile_interval(&expected, NULL, rounds, ROUNDS, 1, 0.95));
    check_near(s->low, expected.low, 1e-13, 1);
    check_near(s->high, expected.high, 1e-13, 1);
}

static void scores_can_be_computed_again_from_the_trials(void **state)
{
    (void)state;
    char data[4096], path[256];
    asking a;
    trial_list list = TRIAL_LIST_INIT;
    made_data(data, sizeof data, "bapps-layout");
    const subject s = looking(NULL);
    asking_begin(&a, &bench_bapps, &s, data, NULL);
    a.request.out = folder;
    check_ok(bench_bapps.run(&a.request));
    snprintf(path, sizeof path, "%s/trials/bapps.csv", folder);
    check_ok(trial_list_read(&list, path));
    assert_int_equal(list.count, 4 * 24);
    double sum = 0, distance[24], same[24], area;
    int64_t pairs = 0;
    for (int64_t i = 0; i < list.count; i++) {
        const trial *t = &list.trials[i];
        const double share = strtod(t->category, NULL);
        if (!strcmp(t->condition, "2afc/cnn"))
            sum += !strcmp(t->object_response, "p0")   ? 1 - share
                   : !strcmp(t->object_response, "p1") ? share
                                                       : 0.5;
        if (strcmp(t->condition, "jnd/cnn") != 0) continue;
        distance[pairs] = strtod(t->object_response, NULL);
        same[pairs++] = share;
    }
    check_near(sum / 24, asking_score(&a, "2afc", "cnn", "l2")->value, 1e-14, 1);
    check_ok(stats_jnd_map(&area, NULL, distance, same, pairs));
    const score *jnd = asking_score(&a, "jnd_map", "cnn", "l2");
    assert_true(area == jnd->value);
    check_jnd_interval(jnd, distance, same);
    trial_list_clear(&list);
    asking_end(&a);
}

static void pictures_come_with_a_shorter_side_of_64(void **state)
{
    (void)state;
    char path[256];
    image m = IMAGE_INIT;
    copy_sample();
    check_ok(image_init(&m, 96, 128, 3));
    static const char *const patches[] = {"ref", "p0", "p1"};
    for (int p = 0; p < 3; p++) {
        m.pixels[0] = (uint8_t)(200 * p);
        snprintf(path, sizeof path, "%s/2afc/val/cnn/%s/000003.png", folder, patches[p]);
        check_ok(image_write_png(&m, path));
    }
    image_clear(&m);
    check_ok(ask_folder(NULL));
}

/* ---- what is refused */

static void a_folder_without_bapps_or_without_a_subset_is_refused(void **state)
{
    (void)state;
    check_fails(ask_folder(NULL), JEM_EDATA, "neither 2afc nor jnd: give the folder");
    copy_sample();
    shell("mkdir x && mv 2afc jnd x && mv x dataset");
    check_ok(ask_folder(NULL)); /* as the archives unpack */
    shell("mv dataset/* . && rm -r 2afc/val/cnn");
    check_fails(ask_folder(NULL), JEM_EDATA,
                "2afc/val/cnn/judge: no such folder: delete the set, 'jem data fetch bapps'");
    check_ok(ask_folder("bapps.tasks=jnd"));
    copy_sample();
    shell("rm -r jnd/val/traditional/p1");
    check_fails(ask_folder(NULL), JEM_EDATA, "jnd/val/traditional/p1: no such folder");
    copy_sample();
    check_fails(ask_folder("bapps.subsets=all"), JEM_EDATA, "2afc/val/superres/judge: no such");
    shell("cp -r 2afc/val/cnn 2afc/val/deblur");
    check_fails(ask_folder(NULL), JEM_EDATA, "2afc/val/superres/judge: no such folder");
    check_ok(ask_folder("bapps.subsets=distortion"));
}

static void files_that_do_not_pair_are_refused(void **state)
{
    (void)state;
    copy_sample();
    shell("rm 2afc/val/cnn/p0/000007.png");
    check_fails(ask_folder(NULL), JEM_EDATA, "2afc/val/cnn: 23 files in p0 but 24 in judge");
    shell("mv 2afc/val/cnn/p0/000006.png 2afc/val/cnn/p0/000007.png && "
          "cp 2afc/val/cnn/p0/000007.png 2afc/val/cnn/p0/000005a.png");
    check_fails(ask_folder(NULL), JEM_EDATA,
                "file 6 in order of name is p0/000005a.png but judge/000006.npy: every item needs");
    copy_sample();
    shell("rm jnd/val/cnn/same/* && touch jnd/val/cnn/same/README");
    check_fails(ask_folder(NULL), JEM_EDATA, "jnd/val/cnn/same: holds no .npy file");
    copy_sample();
    shell("mkdir 2afc/val/cnn/p1/000009.png.d && ln -s .. 2afc/val/cnn/p1/loop");
    check_fails(ask_folder(NULL), JEM_EDATA, "is a link circular?");
}

static void folders_between_and_stray_files_are_walked_as_the_original_does(void **state)
{
    (void)state;
    copy_sample();
    shell("for d in ref p0 p1 judge; do cd 2afc/val/cnn/$d; mkdir b; mv 00001* b; "
          "touch .DS_Store notes.txt ._000001.png; cd ../../../..; done");
    char data[4096];
    asking a, b;
    const subject s = looking(NULL);
    made_data(data, sizeof data, "bapps-layout");
    asking_begin(&a, &bench_bapps, &s, folder, NULL);
    asking_begin(&b, &bench_bapps, &s, data, NULL);
    check_ok(bench_bapps.run(&a.request));
    check_ok(bench_bapps.run(&b.request));
    check_near(asking_score(&a, "2afc", "cnn", "l2")->value,
               asking_score(&b, "2afc", "cnn", "l2")->value, 1e-14, 1);
    asking_end(&a);
    asking_end(&b);
}

/* "b.png" comes before "b/...", although the folder "b" comes before the file. */
static void items_are_in_bytewise_order_of_their_paths(void **state)
{
    (void)state;
    static const char *const expected[] = {"a", "b", "b/x", "c"};
    const double share = 0.4;
    bapps_set s = BAPPS_SET_INIT;
    for (int i = 0; i < 4; i++) {
        const int at = (i + 2) % 4; /* made in another order */
        shell("mkdir -p jnd/val/cnn/p0/b jnd/val/cnn/p1/b jnd/val/cnn/same/b");
        write_share("jnd/val/cnn", "same", expected[at], share);
        char command[128];
        snprintf(command, sizeof command, "touch jnd/val/cnn/p0/%s.png jnd/val/cnn/p1/%s.png",
                 expected[at], expected[at]);
        shell(command);
    }
    check_ok(bapps_set_read(&s, folder, BAPPS_JND, "cnn"));
    assert_int_equal(s.n, 4);
    for (int i = 0; i < 4; i++) assert_string_equal(s.stems[i], expected[i]);
    bapps_set_clear(&s);
}

static void patches_that_do_not_decode_or_differ_in_size_are_refused(void **state)
{
    (void)state;
    image m = IMAGE_INIT;
    char path[256];
    copy_sample();
    shell("truncate -s 100 2afc/val/cnn/p1/000004.png");
    check_fails(ask_folder(NULL), JEM_EDATA, "2afc/val/cnn/p1/000004.png");
    copy_sample();
    shell("mv jnd/val/cnn/p1/000004.png jnd/val/cnn/p1/000004.bmp && "
          "printf 'BM...' > jnd/val/cnn/p1/000004.bmp");
    check_fails(ask_folder(NULL), JEM_EDATA, "jnd/val/cnn/p1/000004.bmp");
    copy_sample();
    check_ok(image_init(&m, 64, 65, 3));
    snprintf(path, sizeof path, "%s/jnd/val/cnn/p1/000011.png", folder);
    check_ok(image_write_png(&m, path));
    image_clear(&m);
    check_fails(ask_folder(NULL), JEM_EDATA,
                "p1/000011.png: 65 x 64 pixels, but its p0 has 64 x 64: the patches of an item");
}

static void judgements_that_are_not_one_share_are_refused(void **state)
{
    (void)state;
    char path[256];
    jem_tensor t = JEM_TENSOR_INIT;
    copy_sample();
    snprintf(path, sizeof path, "%s/2afc/val/cnn/judge/000002.npy", folder);
    check_ok(jem_tensor_init(&t, JEM_F32, 2, (int64_t[]){1, 2}));
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
    check_fails(ask_folder(NULL), JEM_EDATA, "judge/000002.npy: 2 numbers, expected one share");
    write_share("2afc/val/cnn", "judge", "000002", NAN);
    check_fails(ask_folder(NULL), JEM_EDATA, "judge/000002.npy: holds nan; a share");
    write_share("2afc/val/cnn", "judge", "000002", INFINITY);
    check_fails(ask_folder(NULL), JEM_EDATA, "judge/000002.npy: holds inf");
    write_share("2afc/val/cnn", "judge", "000002", 1.01);
    check_fails(ask_folder(NULL), JEM_EDATA, "judge/000002.npy: holds 1.01");
    write_share("2afc/val/cnn", "judge", "000002", -0.2);
    check_fails(ask_folder(NULL), JEM_EDATA, "judge/000002.npy: holds -0.2");
    check_ok(file_write(path, "not an array", 12));
    check_fails(ask_folder(NULL), JEM_EDATA, "judge/000002.npy");
    shell("sed -i 's/<f4/|O8/' 2afc/val/cnn/judge/000001.npy && rm 2afc/val/cnn/judge/000002.npy "
          "&& cp 2afc/val/cnn/judge/000001.npy 2afc/val/cnn/judge/000002.npy");
    check_fails(ask_folder(NULL), JEM_EDATA, "judge/000001.npy");
}

static void a_jnd_set_in_which_nobody_says_same_is_refused(void **state)
{
    (void)state;
    copy_sample();
    for (int i = 0; i < 24; i++) {
        char stem[16];
        snprintf(stem, sizeof stem, "%06d", i);
        write_share("jnd/val/cnn", "same", stem, 0);
    }
    check_fails(ask_folder(NULL), JEM_EDATA, "jnd/val/cnn: nobody called any of the 24 pairs");
}

static jem_status half_nan(void *ctx, const stimulus *a, const stimulus *b, int64_t n, float *d)
{
    (void)ctx;
    (void)a;
    for (int64_t i = 0; i < n; i++)
        d[i] = b[i].place == 5 && !strcmp(b[i].condition, "p1") ? NAN : 1;
    return JEM_OK;
}

static void a_distance_that_is_not_finite_names_its_file(void **state)
{
    (void)state;
    const subject_ops ops = {.distance = half_nan}, none = {.distance = NULL};
    subject s = {.name = "broken", .ops = &ops};
    char data[4096];
    made_data(data, sizeof data, "bapps-layout");
    check_fails(asking_status(&bench_bapps, &s, data, NULL), JEM_EDATA,
                "2afc/val/traditional/000005: broken puts ref and p1 at distance nan");
    s.ops = &none;
    check_fails(asking_status(&bench_bapps, &s, data, NULL), JEM_EUSAGE, "distances");
}

static void recorded_distances_must_cover_every_item(void **state)
{
    (void)state;
    const double j[] = {.2, .6};
    char path[256];
    subject who;
    write_set("2afc", "traditional", j, 2);
    write_set("2afc", "cnn", j, 2);
    write_distances("2afc/traditional,000000,p0,.1\n2afc/traditional,000000,p1,.2\n"
                    "2afc/traditional,000001,p0,.1\n");
    snprintf(path, sizeof path, "%s/distances.csv", folder);
    check_ok(subject_of_answers(&who, path, "auto"));
    check_fails(asking_status(&bench_bapps, &who, folder, "bapps.tasks=2afc"), JEM_EDATA,
                "000001");
    subject_clear(&who);
}

/* ---- warnings and the check */

static char heard[4096];

static void hear(log_level level, const char *line)
{
    if (level != LOG_WARNING) return;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s\n", line);
}

static void hear_line(void *ctx, const char *line)
{
    (void)ctx;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s\n", line);
}

static void odd_shares_are_a_warning(void **state)
{
    (void)state;
    copy_sample();
    heard[0] = '\0';
    log_set_sink(hear);
    check_ok(ask_folder(NULL));
    assert_string_equal(heard, "");
    write_share("2afc/val/cnn", "judge", "000004", 0.4009);
    write_share("jnd/val/cnn", "same", "000004", 0.5);
    write_share("jnd/val/cnn", "same", "000007", 0.2);
    check_ok(ask_folder(NULL));
    log_set_sink(NULL);
    assert_null(strstr(heard, "2afc/val/cnn"));
    assert_non_null(strstr(heard, "jnd/val/cnn: 2 of 24 judgements are no multiple of 1/3 (the "
                                  "first is 000004: 0.5)"));
}

static void the_check_decodes_everything_and_prints_the_human_row(void **state)
{
    (void)state;
    char data[4096];
    made_data(data, sizeof data, "bapps-layout");
    heard[0] = '\0';
    check_ok(asking_check(&bench_bapps, data, hear_line, NULL));
    assert_non_null(strstr(heard, "2afc/traditional: 24 triplets, people score "));
    assert_non_null(strstr(heard, "jnd/cnn: 24 pairs\n"));
    assert_non_null(strstr(heard, "superres, deblur, color and frameinterp are not there"));
    copy_sample();
    shell("truncate -s 50 jnd/val/cnn/p0/000023.png");
    check_fails(asking_check(&bench_bapps, folder, hear_line, NULL), JEM_EDATA, "p0/000023.png");
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(squared_error_gets_the_published_values_of_the_sample),
        in_folder(worked_two_afc_vector_comes_out_of_recorded_distances),
        in_folder(worked_jnd_vectors_come_out_of_recorded_distances),
        in_folder(means_over_subsets_are_those_of_the_published_table),
        cmocka_unit_test(without_a_subject_there_are_the_rows_of_people_and_oracle),
        cmocka_unit_test(intervals_do_not_depend_on_threads),
        in_folder(scores_can_be_computed_again_from_the_trials),
        in_folder(pictures_come_with_a_shorter_side_of_64),
        in_folder(a_folder_without_bapps_or_without_a_subset_is_refused),
        in_folder(files_that_do_not_pair_are_refused),
        in_folder(folders_between_and_stray_files_are_walked_as_the_original_does),
        in_folder(items_are_in_bytewise_order_of_their_paths),
        in_folder(patches_that_do_not_decode_or_differ_in_size_are_refused),
        in_folder(judgements_that_are_not_one_share_are_refused),
        in_folder(a_jnd_set_in_which_nobody_says_same_is_refused),
        cmocka_unit_test(a_distance_that_is_not_finite_names_its_file),
        in_folder(recorded_distances_must_cover_every_item),
        in_folder(odd_shares_are_a_warning),
        in_folder(the_check_decodes_everything_and_prints_the_human_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
