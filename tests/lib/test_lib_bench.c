/* jem/bench.h: subjects of callbacks against recorded answers of the same, runs, and what cannot be asked. */
#include <math.h>

#include "jem/bench.h"
#include "jem/train.h"
#include "support/made_data.h"

enum { CLASSES = 1000 };

typedef struct seeing {
    int64_t asked;
    bool ill, gone;
    int64_t side; /* of the pictures that were shown */
} seeing;

/* Depends on the picture alone. */
static double of_pixels(const jem_stimulus *s, int64_t k)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < s->height * s->width * 3; i += 7) sum = sum * 31 + s->pixels[i];
    return made_random((int64_t)(sum % 100003), k, 5);
}

static jem_status logits(void *ctx, const jem_stimulus *s, int64_t n, double *out)
{
    seeing *w = ctx;
    if (w->gone) return jem_error(JEM_EIO, "the network is gone");
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < CLASSES; k++) out[i * CLASSES + k] = 9 * of_pixels(&s[i], k);
    if (w->ill) out[3] = NAN;
    w->asked += n;
    w->side = s->width;
    return JEM_OK;
}

static jem_status distance(void *ctx, const jem_stimulus *a, const jem_stimulus *b, int64_t n, float *d)
{
    seeing *w = ctx;
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t p = 0; p < a[i].height * a[i].width * 3; p++) sum += fabs((double)a[i].pixels[p] - b[i].pixels[p]);
        d[i] = (float)(sum / (double)(a[i].height * a[i].width));
    }
    w->asked += n;
    w->side = a->height;
    return JEM_OK;
}

static jem_status saliency(void *ctx, const jem_stimulus *s, int64_t y, float *map, int64_t height, int64_t width)
{
    seeing *w = ctx;
    (void)y;
    for (int64_t p = 0; p < height * width; p++) map[p] = (float)s->pixels[3 * p];
    if (w->ill) map[7] = NAN;
    w->asked++;
    return JEM_OK;
}

static jem_subject subject_of(seeing *w)
{
    jem_subject s = JEM_SUBJECT_INIT;
    s.name = "mine";
    s.classes = CLASSES;
    s.ctx = w;
    s.logits = logits;
    s.distance = distance;
    return s;
}

static jem_bench_options few(const char *data, const char *out)
{
    static const char *const set[] = {"bench.rounds=100"};
    jem_bench_options o = JEM_BENCH_INIT;
    o.data = data;
    o.out = out;
    o.set = set;
    o.set_count = 1;
    o.threads = 1;
    return o;
}

static double value_of(const jem_bench_scores *s, const char *metric, const char *who)
{
    for (int64_t i = 0; i < s->count; i++)
        if (!strcmp(s->rows[i].metric, metric) && !strcmp(s->rows[i].model, who)) return s->rows[i].value;
    fail_msg("no %s of %s", metric, who);
    return NAN;
}

static void a_subject_of_callbacks_scores_as_its_recorded_trials(void **state)
{
    (void)state;
    char data[512], out[128], trials[200], dir[64];
    seeing w = {0};
    const jem_subject s = subject_of(&w);
    jem_bench_scores live = JEM_BENCH_SCORES_INIT, recorded = JEM_BENCH_SCORES_INIT;

    made_data(data, sizeof data, "cue-conflict");
    check_tmp(dir, sizeof dir);
    snprintf(out, sizeof out, "%s/out", dir);
    const jem_bench_options o = few(data, out), plain = few(data, NULL);
    check_ok(jem_bench_subject(&live, "cue-conflict", &s, &o));
    assert_true(w.asked > 0 && w.side > 0);
    snprintf(trials, sizeof trials, "%s/trials/cue-conflict", out);
    check_ok(jem_bench_answers(&recorded, "cue-conflict", trials, NULL, &plain));
    const double bias = value_of(&live, "shape_bias", "mine");
    assert_true(bias > 0 && bias < 1);
    check_near(value_of(&recorded, "shape_bias", "mine"), bias, 1e-12, 1);
    assert_true(live.rows[0].benchmark && live.rows[0].formula);
    jem_bench_scores_clear(&recorded);
    jem_bench_scores_clear(&live);
    assert_int_equal(live.count, 0);
    check_tmp_remove(dir);
}

static void distances_are_asked_of_the_data_s_own_patches(void **state)
{
    (void)state;
    char data[512];
    seeing w = {0};
    const jem_subject s = subject_of(&w);
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT;
    made_data(data, sizeof data, "bapps-layout");
    const jem_bench_options o = few(data, NULL);
    check_ok(jem_bench_subject(&scores, "bapps", &s, &o));
    assert_int_equal(w.side, 64);
    const double score = value_of(&scores, "2afc", "mine");
    assert_true(score >= 0 && score <= 1);
    jem_bench_scores_clear(&scores);
}

/* DIR/run, of 40 pictures of 16 x 16. */
static void train_small(const char *dir, char run[128])
{
    enum { IMAGES = 40, PIXELS = IMAGES * 3 * 16 * 16 };
    static uint8_t pixels[PIXELS];
    int32_t labels[IMAGES];
    char path[128], data[160];
    const char *const set[] = {data, "data.kind=npy", "data.crop=false", "model.name=wrn-10-1",
                               "model.pool=adaptive", "sampler.steps=1", "sampler.buffer_size=20", "train.batch=8",
                               "train.iterations=2", "train.warmup=0", "engine.threads=1"};
    jem_train_options o = JEM_TRAIN_INIT;
    for (int i = 0; i < PIXELS; i++) pixels[i] = (uint8_t)(255 * made_random(i, 1, 2));
    for (int i = 0; i < IMAGES; i++) labels[i] = i % 4;
    snprintf(path, sizeof path, "%s/images.npy", dir);
    made_array(path, JEM_U8, 4, (const int64_t[]){IMAGES, 3, 16, 16}, pixels, sizeof pixels);
    snprintf(path, sizeof path, "%s/labels.npy", dir);
    made_array(path, JEM_I32, 1, &(int64_t){IMAGES}, labels, sizeof labels);
    snprintf(data, sizeof data, "data.path=%s", dir);
    snprintf(run, 128, "%s/run", dir);
    o.set = set;
    o.set_count = (int)(sizeof set / sizeof *set);
    check_ok(jem_train(NULL, run, &o));
}

static void runs_are_scored_into_their_folder(void **state)
{
    (void)state;
    char data[512], dir[64], run[128], path[200];
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT;
    made_data(data, sizeof data, "bapps-layout");
    jem_bench_options o = few(data, NULL);
    check_tmp(dir, sizeof dir);
    train_small(dir, run);
    check_ok(jem_bench_run(&scores, "bapps", run, &o));
    assert_true(scores.count > 0);
    snprintf(path, sizeof path, "%s/scores/scores.json", run);
    assert_true(file_exists(path));
    jem_bench_scores_clear(&scores);
    o.out = dir;
    check_fails(jem_bench_run(&scores, "bapps", run, &o), JEM_EUSAGE, "own folder");
    check_tmp_remove(dir);
}

static void what_a_callback_refuses_ends_the_benchmark(void **state)
{
    (void)state;
    char data[512];
    seeing w = {.gone = true};
    const jem_subject s = subject_of(&w);
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT;
    made_data(data, sizeof data, "cue-conflict");
    const jem_bench_options o = few(data, NULL);
    check_fails(jem_bench_subject(&scores, "cue-conflict", &s, &o), JEM_EIO, "the network is gone");
    w = (seeing){.ill = true};
    check_fails(jem_bench_subject(&scores, "cue-conflict", &s, &o), JEM_EDATA, "not finite");
    assert_int_equal(scores.count, 0);
}

static void maps_have_to_be_numbers(void **state)
{
    (void)state;
    char data[512];
    seeing w = {.ill = true};
    jem_subject s = subject_of(&w);
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT;
    made_data(data, sizeof data, "clickme");
    const jem_bench_options o = few(data, NULL);
    s.saliency = saliency;
    check_fails(jem_bench_subject(&scores, "clickme", &s, &o), JEM_EDATA, "value 7 is not finite");
    assert_int_equal(w.asked, 1);
    w = (seeing){0};
    check_ok(jem_bench_subject(&scores, "clickme", &s, &o));
    assert_true(scores.count > 0 && w.asked > 1);
    jem_bench_scores_clear(&scores);
}

static void what_cannot_be_asked_is_said(void **state)
{
    (void)state;
    char data[512];
    seeing w = {0};
    jem_subject s = subject_of(&w);
    jem_bench_scores scores = JEM_BENCH_SCORES_INIT;
    made_data(data, sizeof data, "bapps-layout");
    jem_bench_options o = few(data, NULL);
    check_fails(jem_bench_subject(&scores, "bapp", &s, &o), JEM_EUSAGE, "no benchmark is called 'bapp'");
    check_fails(jem_bench_subject(&scores, "bapps", NULL, &o), JEM_EUSAGE, "subject is NULL");
    s.distance = NULL;
    check_fails(jem_bench_subject(&scores, "bapps", &s, &o), JEM_EUSAGE, "mine");
    s.logits = NULL;
    check_fails(jem_bench_subject(&scores, "bapps", &s, &o), JEM_EUSAGE, "no function");
    s = subject_of(&w);
    s.name = "../mine";
    check_fails(jem_bench_subject(&scores, "bapps", &s, &o), JEM_EUSAGE, "cannot name scores");
    s.name = "mine";
    s.classes = 0;
    check_fails(jem_bench_subject(&scores, "bapps", &s, &o), JEM_EUSAGE, "classes = 0");
    s.classes = CLASSES;
    const char *const typo[] = {"bench.round=3"};
    o.set = typo;
    check_fails(jem_bench_subject(&scores, "bapps", &s, &o), JEM_EUSAGE, "bench.rounds");
    o = few("/nonexistent", NULL);
    check_fails(jem_bench_subject(&scores, "bapps", &s, &o), JEM_EDATA, "/nonexistent");
    jem_bench_scores_clear(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subject_of_callbacks_scores_as_its_recorded_trials),
        cmocka_unit_test(distances_are_asked_of_the_data_s_own_patches),
        cmocka_unit_test(runs_are_scored_into_their_folder),
        cmocka_unit_test(what_a_callback_refuses_ends_the_benchmark),
        cmocka_unit_test(maps_have_to_be_numbers),
        cmocka_unit_test(what_cannot_be_asked_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
