/* Stand-ins for the published data of the benchmarks, invented by rule in a second: the same folders,
 * files and numbers of rows, so that all but published figures is tested without those data. */
#ifndef SUPPORT_MADE_DATA_H
#define SUPPORT_MADE_DATA_H

#include "support/check.h"

#include "base/file.h"
#include "data/pictures/image.h"
#include "jem/tensor.h"
#include "record/image_name.h"
#include "record/image_sets.h"

static char made_root[64];

static inline void made_remove(void) { check_tmp_remove(made_root); }

/* 0 .. 1, any arguments any value. */
static inline double made_random(int64_t a, int64_t b, int64_t c)
{
    uint64_t x = (uint64_t)a * 0x9e3779b97f4a7c15u + (uint64_t)b * 0xbf58476d1ce4e5b9u +
                 (uint64_t)c * 0x94d049bb133111ebu + 0x2545f4914f6cdd1du;
    for (int i = 0; i < 3; i++) x = (x ^ (x >> 29)) * 0xd6e8feb86659fd93u;
    return (double)(x >> 11) / 9007199254740992.0;
}

JEM_PRINTF(2, 3)
static inline const char *made_path(char path[512], const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = snprintf(path, 512, "%s/", made_root);
    vsnprintf(path + n, 512 - (size_t)n, fmt, args);
    va_end(args);
    return path;
}

static inline FILE *made_open(const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f) fail_msg("cannot write %s", path);
    return f;
}

static inline void made_array(const char *path, jem_dtype type, int dims, const int64_t *sizes, const void *x,
                              size_t size)
{
    jem_tensor t = JEM_TENSOR_INIT;
    check_ok(jem_tensor_init(&t, type, dims, sizes));
    memcpy(t.data, x, size);
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
}

/* ---- BAPPS: two sets of triplets, two of pairs, 24 items of 64 x 64 each */

static inline void made_patch(const char *set, const char *patch, int item, int strength)
{
    char path[512];
    image m = IMAGE_INIT;
    check_ok(image_init(&m, 64, 64, 3));
    for (int i = 0; i < 64 * 64; i++)
        for (int c = 0; c < 3; c++)
            m.pixels[3 * i + c] = (uint8_t)(2 * (i % 64) + item * 3 + c * 9 + (i / 64) % (strength + 1));
    check_ok(dir_make(made_path(path, "%s/%s", set, patch)));
    check_ok(image_write_png(&m, made_path(path, "%s/%s/%06d.png", set, patch, item)));
    image_clear(&m);
}

static inline void made_bapps(void)
{
    static const char *const sets[] = {"2afc/val/traditional", "2afc/val/cnn", "jnd/val/traditional",
                                       "jnd/val/cnn"};
    char path[512], set[64];
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < 24; i++) {
            const bool two = k < 2;
            const int first = (int)(12 * made_random(k, i, 0)), second = (int)(12 * made_random(k, i, 1));
            const int votes = two ? 5 : 3;
            /* mostly for the patch that differs less, and for "same" where the two are near */
            double wish = two ? 0.5 + (first - second) / 16.0 : 1.2 - abs(first - second) / 6.0;
            wish += 0.6 * (made_random(k, i, 2) - 0.5);
            const float share = (float)fmin(fmax(round(wish * votes), 0), votes) / (float)votes;
            snprintf(set, sizeof set, "bapps-layout/%s", sets[k]);
            if (two) made_patch(set, "ref", i, 0);
            made_patch(set, "p0", i, first);
            made_patch(set, "p1", i, second);
            check_ok(dir_make(made_path(path, "%s/%s", set, two ? "judge" : "same")));
            made_array(made_path(path, "%s/%s/%06d.npy", set, two ? "judge" : "same", i), JEM_F32, 1,
                       &(int64_t){1}, &share, sizeof share);
        }
}

/* ---- gloss: 20 people, 50 images three times each, predictions of two models */

static inline void made_ratings(int observer, const char *date)
{
    char path[512];
    FILE *f = made_open(made_path(path, "gloss/ratings/%02d_gloss_ratings_task_%s.csv", observer, date));
    fputs("\xef\xbb\xbfstimOne,trials_1.thisRepN,trials_1.thisTrialN,trials_1.thisN,trials_1.thisIndex,rating,"
          "decisionTime,participant ID (two digits, e.g. 01),age,gender (m/f/-),normal or corrected-to-normal "
          "vision (y/n),normal colour vision (y/n),date,expName,frameRate,\n", f);
    for (int n = 0; n < 150; n++) {
        const int scene = (n % 50 * 7 + n / 50 * 13 + observer) % 50;
        const double felt = 1 + 5 * made_random(scene, 0, 7) + 1.6 * (made_random(scene, observer, n / 50) - 0.5);
        fprintf(f, "stimuli/rgb_scene%06d.png,%d,%d,%d,%d,%d,%.3f,%02d,21,f,y,y,%s,gloss_ratings_task,60,\n",
                scene + 1, n / 50, n % 50, n, scene, (int)fmin(fmax(round(felt), 1), 6), 0.5 + n % 9, observer,
                date);
    }
    fclose(f);
}

static inline void made_gloss(void)
{
    static const char *const dates[] = {
        "2019_Apr_03_1151", "2019_Apr_03_1257", "2019_Apr_03_1446", "2019_Apr_03_1552", "2019_Apr_04_1045",
        "2019_Apr_04_1249", "2019_Apr_05_1124", "2019_Apr_05_1319", "2019_Apr_05_1524", "2019_Apr_05_1624",
        "2019_Apr_08_1017", "2019_Apr_08_1118", "2019_Apr_08_1421", "2019_Apr_08_1427", "2019_Apr_08_1557",
        "2019_Apr_08_1612", "2019_Apr_09_0926", "2019_Apr_09_1616", "2019_Apr_10_0955", "2019_Apr_10_1045"};
    char path[512];
    double x[5 * 50];
    check_ok(dir_make(made_path(path, "gloss/ratings")));
    check_ok(dir_make(made_path(path, "gloss/predicted")));
    for (int o = 0; o < 20; o++) made_ratings(o + (o < 17 ? 1 : 2), dates[o]); /* nobody is 18 */
    for (int i = 0; i < 5 * 50; i++) x[i] = made_random(i % 50, 0, 7) + 0.4 * made_random(i, 1, 8);
    made_array(made_path(path, "gloss/predicted/gloss_vals_imagenetDNN_expt1.npy"), JEM_F64, 1, &(int64_t){50}, x,
               50 * sizeof *x);
    made_array(made_path(path, "gloss/predicted/gloss_vals_continuous_gloss_trained_pixelVAEs_expt1.npy"), JEM_F64,
               2, (const int64_t[]){5, 50}, x, sizeof x);
}

/* ---- CIFAR-10H: a label of image i is (7 i + 1) mod 10, most people say so */

static inline int made_label(int64_t i) { return (int)((7 * i + 1) % 10); }

static inline void made_cifar10h(void)
{
    enum { N = 10000, K = 10 };
    static const char *const classes[] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                          "dog",      "frog",       "horse", "ship", "truck"};
    const int64_t sizes[] = {N, K};
    static int64_t counts[N * K];
    static double shares[N * K];
    static float logits[N * K];
    char path[512];
    check_ok(dir_make(made_path(path, "cifar10h/predictions")));
    FILE *f = made_open(made_path(path, "cifar10h/test-images.tsv"));
    fputs("index\tlabel\tclass\tofficial_name\tjpeg\n", f);
    for (int64_t i = 0; i < N; i++) {
        const int label = made_label(i);
        int64_t people = 51;
        fprintf(f, "%d\t%d\t%s\tmade_s_%06d.png\ttest/%s/%04d.jpg\n", (int)i, label, classes[label], (int)i,
                classes[label], (int)i);
        memset(counts + i * K, 0, K * sizeof *counts);
        counts[i * K + label] = 50;
        counts[i * K + (label + 4) % K] = 1;
        for (int64_t more = i % 4 ? 0 : 1 + (int64_t)(8 * made_random(i, 0, 1)); more > 0; more--, people++)
            counts[i * K + (label + more) % K]++;
        for (int k = 0; k < K; k++) {
            shares[i * K + k] = (double)counts[i * K + k] / (double)people;
            logits[i * K + k] = (float)(7 * made_random(i, k, 2) + (k == label ? 6 : 0));
        }
    }
    fclose(f);
    made_array(made_path(path, "cifar10h/cifar10h-counts.npy"), JEM_I64, 2, sizes, counts, sizeof counts);
    made_array(made_path(path, "cifar10h/cifar10h-probs.npy"), JEM_F64, 2, sizes, shares, sizeof shares);
    made_array(made_path(path, "cifar10h/predictions/vgg_15_BN_64-logits.npy"), JEM_F32, 2, sizes, logits,
               sizeof logits);
    for (int64_t i = 0; i < N * K; i++) logits[i] *= 3;
    made_array(made_path(path, "cifar10h/predictions/resnet_basic_110-logits.npy"), JEM_F32, 2, sizes, logits,
               sizeof logits);
}

/* ---- model-vs-human and cue conflict: all sets with as many people and images as published */

/* Number `i` of a set's images: its category, and its name as published, but for the numbers. */
static inline int made_image(char name[64], const mvh_set *set, int64_t i)
{
    static const int exemplar[] = {1, 10, 2, 3, 4, 5, 6, 7, 8, 9}; /* in the order of names */
    int category = (int)(i % CATEGORY_COUNT);
    if (strcmp(set->name, "cue-conflict") == 0) { /* 5 of each shape and texture; 8 textures an exemplar */
        const int e = exemplar[i % 80 / 8], half = e > 5, place = (int)(i % 8);
        const int texture = 4 * (place / 2) + place % 2 + (half ? 0 : 2);
        category = (int)(i / 80);
        snprintf(name, 64, "%s%d-%s%d.png", category_names[category], e, category_names[texture], (e - 1) % 5 + 2);
    } else if (set->in_categories) {
        category = (int)(i / 10);
        snprintf(name, 64, "%s%d.png", category_names[category], exemplar[i % 10]);
    } else {
        snprintf(name, 64, "n0%07d_%d.png", category, (int)i);
    }
    return category;
}

/* What `who` (people from 1, networks below) answers; people mostly the category. */
static inline const char *made_answer(int who, int64_t set, int64_t i, int category, const char *name)
{
    const double r = made_random(who, set, i);
    int texture = category;
    if (strchr(name, '-')) check_ok(image_texture(&texture, name));
    if (who > 0 && r < 0.01) return "na";
    if (r < (who > 0 ? 0.75 : 0.3)) return category_names[category];
    if (r < (who > 0 ? 0.8 : 0.75)) return category_names[texture];
    return category_names[(int)(CATEGORY_COUNT * made_random(set, i, who > 0 ? 1 : who))];
}

/* Trials of one observer: where `file` says, in order of conditions and names. */
static inline void made_trials(const char *file, int64_t s, int who, const char *called)
{
    const mvh_set *set = &mvh_sets[s];
    const int64_t conditions = mvh_conditions(set), each = set->images / (conditions ? conditions : 1);
    char name[64];
    FILE *f = made_open(file);
    fputs("subj,session,trial,rt,object_response,category,condition,imagename\n", f);
    for (int64_t i = 0; i < set->images; i++) {
        const char *condition = conditions ? set->conditions[i / each] : "0", *rt = who > 0 ? "0.5" : "NaN";
        const int category = made_image(name, set, i);
        fprintf(f, "%s,1,%d,%s,%s,%s,%s,%04d_%s_%s_%s_%s_00_%s\n", called, (int)i + 1, rt,
                made_answer(who, s, i, category, name), category_names[category], condition, (int)i + 1, set->code,
                who > 0 ? called + 5 : "dnn", condition, category_names[category], name);
    }
    fclose(f);
}

static inline void made_model_vs_human(void)
{
    static const char *const networks[] = {"resnet50", "bagnet33"};
    char path[512], called[32];
    for (int64_t s = 0; s < MVH_SETS; s++) {
        const char *name = mvh_sets[s].name;
        check_ok(dir_make(made_path(path, "model-vs-human/raw-data/%s", name)));
        for (int p = 1; p <= mvh_sets[s].people; p++) {
            snprintf(called, sizeof called, "subject-%02d", p);
            made_trials(made_path(path, "model-vs-human/raw-data/%s/%s_%s_session_1.csv", name, name, called), s, p,
                        called);
        }
        for (int n = 0; n < 2; n++)
            made_trials(made_path(path, "model-vs-human/raw-data/%s/%s_%s_session-1.csv", name, name, networks[n]),
                        s, -n, networks[n]);
    }
}

static inline void made_records(FILE *list, const char *name)
{
    enum { RECORD = 3074 };
    const mvh_set *set = mvh_set_find(name);
    unsigned char record[RECORD];
    char path[512], picture[64];
    FILE *f = made_open(made_path(path, "cue-conflict/%s-32.bin", name));
    for (int64_t i = 0; i < set->images; i++) {
        int category = made_image(picture, set, i), texture = 255;
        if (strchr(picture, '-')) check_ok(image_texture(&texture, picture));
        record[0] = (unsigned char)category;
        record[1] = (unsigned char)texture;
        for (int p = 2; p < RECORD; p++) record[p] = (unsigned char)(p * (category + 1) + texture + i);
        fwrite(record, 1, RECORD, f);
        fprintf(list, "%s\t%d\t%s\t%s\t%s\n", name, (int)i, category_names[category],
                texture == 255 ? "-" : category_names[texture], picture);
    }
    fclose(f);
}

static inline void made_cue_conflict(void)
{
    static const char *const networks[][2] = {{"alexnet-caffe", "alexnet"},
                                              {"vgg16-caffe", "vgg16"},
                                              {"resnet50-torchvision", "resnet50"}};
    static const char *const sets[] = {"cue-conflict", "edge", "silhouette"};
    char path[512];
    check_ok(dir_make(made_path(path, "cue-conflict/decisions")));
    for (int n = 0; n < 3; n++)
        made_trials(made_path(path, "cue-conflict/decisions/%s.csv", networks[n][0]),
                    mvh_set_find("cue-conflict") - mvh_sets, -2 - n, networks[n][1]);
    FILE *list = made_open(made_path(path, "cue-conflict/records-32.tsv"));
    fputs("set\trecord\tshape\ttexture\timagename\n", list);
    for (int s = 0; s < 3; s++) made_records(list, sets[s]);
    fclose(list);
}

/* ---- ClickMe: six pictures with maps, as prepared arrays */

static inline void made_clickme(void)
{
    enum { N = 6, SIDE = 224, PIXELS = SIDE * SIDE };
    static uint8_t pictures[N * PIXELS * 3], maps[N * PIXELS];
    char path[512];
    for (int i = 0; i < N * PIXELS; i++) {
        const int n = i / PIXELS, y = i % PIXELS / SIDE - 60 - 15 * n, x = i % SIDE - 150 + 12 * n;
        const int far = (int)sqrt(y * y + x * x);
        maps[i] = (uint8_t)(far < 255 ? 255 - far : 0);
        for (int c = 0; c < 3; c++)
            pictures[3 * i + c] = (uint8_t)(maps[i] / 2 + (x * (c + 1) + y) % 40 + 60 * made_random(i, c, 3));
    }
    check_ok(dir_make(made_path(path, "clickme")));
    made_array(made_path(path, "clickme/images-224.npy"), JEM_U8, 4, (const int64_t[]){N, SIDE, SIDE, 3}, pictures,
               sizeof pictures);
    made_array(made_path(path, "clickme/maps-224.npy"), JEM_U8, 3, (const int64_t[]){N, SIDE, SIDE}, maps,
               sizeof maps);
    FILE *f = made_open(made_path(path, "clickme/index.tsv"));
    fputs("row\tname\tsource\n", f);
    for (int i = 0; i < N; i++) fprintf(f, "%d\tmade-%d\t%s\n", i, i, i % 2 ? "co3d" : "imagenet-val");
    fclose(f);
}

/* ---- one of them */

/* The counterpart of check_data: the path of "gloss", "cue-conflict/decisions", ...; made at its first use
 * and removed with the process. */
static inline void made_data(char *path, size_t size, const char *name)
{
    static const struct {
        const char *name;
        void (*make)(void);
    } sets[] = {{"bapps-layout", made_bapps},     {"gloss", made_gloss},
                {"cifar10h", made_cifar10h},      {"model-vs-human", made_model_vs_human},
                {"cue-conflict", made_cue_conflict}, {"clickme", made_clickme}};
    char set[512];
    if (!made_root[0]) {
        check_tmp(made_root, sizeof made_root);
        atexit(made_remove);
    }
    made_path(set, "%.*s", (int)strcspn(name, "/"), name);
    for (size_t i = 0; i < sizeof sets / sizeof *sets && !dir_exists(set); i++)
        if (strncmp(name, sets[i].name, strcspn(name, "/")) == 0) sets[i].make();
    snprintf(path, size, "%s/%s", made_root, name);
    if (access(path, F_OK) != 0) fail_msg("no stand-in for %s", name);
}

#endif
