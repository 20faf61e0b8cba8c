/* The library's functions give what the functions behind them give. */
#include "lib/lib_rig.h"

#include "sample/replay_buffer.h"

/* ---- models */

static void a_weights_file_opens_and_knows_its_shape(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    check_ok(jem_model_open(&m, r->weights, NULL));
    assert_int_equal(jem_model_channels(m), 3);
    assert_int_equal(jem_model_height(m), TINY_SIDE);
    assert_int_equal(jem_model_width(m), TINY_SIDE);
    assert_int_equal(jem_model_classes(m), TINY_CLASSES);
    jem_model_free(m);
    rig_free(r);
}

static void evaluations_equal_those_of_the_model_inside(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    const jem_engine_options engine = {.size = sizeof engine, .threads = 1};
    const int32_t y[N] = {0, 1, 2, 0, 1};
    float logits[2][LOGITS], lse[2][N];
    static float grad[2][VALUES];

    check_ok(jem_model_open(&m, r->weights, &engine));
    for (int with_y = 0; with_y < 2; with_y++) {
        const jem_evaluation want = {sizeof want, logits[0], lse[0], grad[0], with_y ? y : NULL};
        check_ok(jem_model_evaluate(m, r->x, N, &want));
        check_ok(model_evaluate(r->m, r->x, N, with_y ? y : NULL, logits[1], lse[1], grad[1]));
        assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
        assert_memory_equal(lse[0], lse[1], sizeof lse[0]);
        assert_memory_equal(grad[0], grad[1], sizeof grad[0]);
    }
    const jem_evaluation only = {.size = sizeof only, .lse = lse[1]};
    check_ok(jem_model_evaluate(m, r->x, N, &only));
    for (int i = 0; i < N; i++) check_near(lse[1][i], lse[0][i], 1e-5, 1);
    jem_model_free(m);
    rig_free(r);
}

static void features_equal_those_of_the_model_inside(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    int64_t dims[3] = {0, 0, 0};
    static float a[N * 64 * 4 * 4], b[N * 64 * 4 * 4];

    check_ok(jem_model_open(&m, r->weights, NULL));
    check_ok(jem_model_feature(m, "layer3", NULL, 0, NULL, dims));
    assert_int_equal(dims[0], 64);
    assert_int_equal(dims[1], 4);
    assert_int_equal(dims[2], 4);
    check_ok(jem_model_feature(m, "layer3", r->x, N, a, NULL));
    check_ok(model_feature(r->m, "layer3", r->x, N, b, NULL));
    assert_memory_equal(a, b, sizeof a);
    check_fails(jem_model_feature(m, "layer9", r->x, N, a, NULL), JEM_EUSAGE, "layer3");
    jem_model_free(m);
    rig_free(r);
}

static void the_reference_backend_can_be_chosen(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    const jem_engine_options engine = {.size = sizeof engine, .device = "ref", .precision = JEM_PRECISION_F32};
    float a[LOGITS], b[LOGITS];
    const jem_evaluation want = {.size = sizeof want, .logits = a};

    check_ok(jem_model_open(&m, r->weights, &engine));
    check_ok(jem_model_evaluate(m, r->x, N, &want));
    check_ok(model_evaluate(r->m, r->x, N, NULL, b, NULL, NULL));
    for (int i = 0; i < LOGITS; i++) check_near(a[i], b[i], 1e-4, 1);
    jem_model_free(m);
    rig_free(r);
}

static void what_is_no_model_is_refused_and_leaves_the_pointer_alone(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    char path[128];
    const jem_engine_options odd = {.size = sizeof odd, .device = "abacus"},
                             few = {.size = sizeof few, .threads = -1};

    snprintf(path, sizeof path, "%s/absent.safetensors", r->dir);
    check_fails(jem_model_open(&m, path, NULL), JEM_EDATA, "absent.safetensors");
    check_fails(jem_model_open(&m, r->dir, NULL), JEM_EDATA, "not a run");
    snprintf(path, sizeof path, "%s/images.npy", r->dir);
    check_fails(jem_model_open(&m, path, NULL), JEM_EDATA, "images.npy");
    check_fails(jem_model_open(&m, r->weights, &odd), JEM_EUSAGE, "abacus");
    check_fails(jem_model_open(&m, r->weights, &few), JEM_EUSAGE, "engine.threads");
    assert_null(m);
    jem_model_free(NULL);
    rig_free(r);
}

static void classes_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    const int32_t y[N] = {0, 1, TINY_CLASSES, 0, -1};
    static float grad[VALUES];
    const jem_evaluation want = {.size = sizeof want, .grad = grad, .y = y};
    jem_sampler s = JEM_SAMPLER_INIT;

    check_ok(jem_model_open(&m, r->weights, NULL));
    check_fails(jem_model_evaluate(m, r->x, N, &want), JEM_EUSAGE, "y[2] = 3");
    s.y = y;
    check_fails(jem_sampler_run(&s, m, r->x, N), JEM_EUSAGE, "y[2] = 3");
    jem_model_free(m);
    rig_free(r);
}

/* ---- sampling */

static void the_initialiser_holds_the_defaults_of_the_config(void **state)
{
    (void)state;
    const jem_sampler s = JEM_SAMPLER_INIT;
    sampler_options o;
    const option_group groups[] = {{"sampler", sampler_option_table, &o}, {NULL, NULL, NULL}};
    check_ok(options_defaults(groups));
    assert_int_equal(s.steps, o.steps);
    assert_true(s.step_size == o.step_size && s.noise_std == o.noise_std);
    assert_true(s.clip == o.clip && s.clip_min == o.clip_min && s.clip_max == o.clip_max);
    assert_int_equal(s.decay, JEM_SAMPLER_LINEAR);
    assert_int_equal(o.decay, DECAY_LINEAR);
    assert_int_equal(s.update, JEM_SAMPLER_ALGORITHM1);
    assert_int_equal(o.update, UPDATE_ALGORITHM1);
}

static void chains_equal_those_of_the_sampler_inside(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    jem_sampler s = JEM_SAMPLER_INIT;
    const int32_t y[N] = {2, 1, 0, 1, 2};
    static float a[VALUES], b[VALUES];
    const sampler_options o = {.steps = 4, .step_size = 0.5, .decay = DECAY_CONSTANT,
                               .update = UPDATE_LANGEVIN, .noise_std = 0.01, .clip = true,
                               .clip_min = -0.9, .clip_max = 0.8};
    const sgld_call call = {.options = &o, .step_size = 0.5, .y = y,
                            .noise = {9, RNG_SAMPLE_NOISE, 0, 0}};

    s.steps = 4;
    s.step_size = 0.5;
    s.decay = JEM_SAMPLER_CONSTANT;
    s.update = JEM_SAMPLER_LANGEVIN;
    s.clip_min = -0.9;
    s.clip_max = 0.8;
    s.seed = 9;
    s.y = y;
    check_ok(jem_model_open(&m, r->weights, NULL));
    memcpy(a, r->x, sizeof a);
    memcpy(b, r->x, sizeof b);
    check_ok(jem_sampler_run(&s, m, a, N));
    check_ok(sgld_chain(r->m, &call, b, N));
    assert_memory_equal(a, b, sizeof a);
    memcpy(a, r->x, sizeof a);
    s.seed = 10;
    check_ok(jem_sampler_run(&s, m, a, N));
    assert_memory_not_equal(a, b, sizeof a);
    jem_model_free(m);
    rig_free(r);
}

static void settings_out_of_range_are_refused_and_move_nothing(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    static float before[VALUES];
    jem_sampler s[5];
    const char *const says[5] = {"steps", "step_size", "noise_std", "clip_min", "step_size"};

    for (int i = 0; i < 5; i++) s[i] = (jem_sampler)JEM_SAMPLER_INIT;
    s[0].steps = 0;
    s[1].step_size = -1;
    s[2].noise_std = (double)INFINITY;
    s[3].clip_min = 2;
    s[4].step_size = (double)NAN;
    memcpy(before, r->x, sizeof before);
    check_ok(jem_model_open(&m, r->weights, NULL));
    for (int i = 0; i < 5; i++)
        check_fails(jem_sampler_run(&s[i], m, r->x, N), JEM_EUSAGE, says[i]);
    assert_memory_equal(before, r->x, sizeof before);
    jem_model_free(m);
    rig_free(r);
}

static void starts_are_uniform_noise_by_seed(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    const rng_stream stream = {3, RNG_SAMPLE, 0, 0};
    static float a[VALUES], b[TINY_COUNT];
    check_ok(jem_model_open(&m, r->weights, NULL));
    check_ok(jem_sampler_start(a, N, m, 3));
    chain_start_uniform.fill(chain_start_uniform.ctx, b, 1, TINY_COUNT, -1, &stream, 2);
    assert_memory_equal(a + 2 * TINY_COUNT, b, sizeof b);
    jem_model_free(m);
    rig_free(r);
}

/* ---- runs */

static _Atomic int lines_seen;

static void count_lines(void *ctx, jem_log_level level, const char *line)
{
    (void)level;
    assert_non_null(line);
    ++*(_Atomic int *)ctx;
}

static void a_training_opens_as_a_model_with_its_sampler(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL, *file = NULL;
    jem_sampler s = JEM_SAMPLER_INIT;
    char best[160];
    float a[LOGITS], b[LOGITS];
    const jem_evaluation from_run = {.size = sizeof from_run, .logits = a},
                         from_file = {.size = sizeof from_file, .logits = b};

    lines_seen = 0;
    jem_log_set_sink(count_lines, &lines_seen);
    check_ok(train(r, r->run));
    jem_log_set_sink(NULL, NULL);
    assert_true(lines_seen > 0);
    check_ok(jem_model_open(&m, r->run, NULL));
    jem_sampler_of(&s, m);
    assert_int_equal(s.steps, 3);
    snprintf(best, sizeof best, "%s/best.safetensors", r->run);
    check_ok(jem_model_open(&file, best, NULL));
    check_ok(jem_model_evaluate(m, r->x, N, &from_run));
    check_ok(jem_model_evaluate(file, r->x, N, &from_file));
    assert_memory_equal(a, b, sizeof a);
    jem_sampler_of(&s, file);
    assert_int_equal(s.steps, 20);
    jem_model_free(file);
    jem_model_free(m);
    rig_free(r);
}

static void a_stopped_training_resumes_to_the_same_bytes(void **state)
{
    (void)state;
    rig *r = rig_new();
    char other[128];
    const sig_atomic_t stop = 1;
    const jem_train_options stopped = {
        .size = sizeof stopped, .set = r->items, .set_count = r->count, .stop = &stop};

    snprintf(other, sizeof other, "%s/other", r->dir);
    check_ok(train(r, r->run));
    check_fails(jem_train(NULL, other, &stopped), JEM_EINTERRUPTED, "saved");
    check_ok(jem_resume(other, NULL));
    identity_same_file(r->run, other, "best.safetensors");
    rig_free(r);
}

typedef struct told {
    int calls;
    int64_t iteration, iterations;
    char verdict[32];
} told;

static void remember(void *ctx, const jem_train_status *s)
{
    told *t = ctx;
    t->calls++;
    t->iteration = s->iteration;
    t->iterations = s->iterations;
    snprintf(t->verdict, sizeof t->verdict, "%s", s->verdict);
}

/* What the folder of npy files is to `data.path` in the other tests. */
static void a_training_takes_arrays_and_keeps_them(void **state)
{
    (void)state;
    rig *r = rig_new();
    char other[128];
    dataset *d = tiny_dataset(40, 5);
    jem_data arrays = {.images = {JEM_U8, 4, {40, 3, TINY_SIDE, TINY_SIDE}, d->pixels},
                       .labels = {JEM_I32, 1, {40}, d->labels}};
    jem_train_options o = JEM_TRAIN_INIT;

    check_ok(train(r, r->run));
    snprintf(other, sizeof other, "%s/other", r->dir);
    o.set = r->items + 1; /* neither the kind ... */
    o.set_count = r->count - 2; /* ... nor the path */
    o.data = &arrays;
    check_ok(jem_train(NULL, other, &o));
    identity_same_file(r->run, other, "best.safetensors");
    check_ok(jem_train(NULL, other, &o)); /* finished, and its arrays are the same */
    d->pixels[7]++;
    check_fails(jem_train(NULL, other, &o), JEM_EUSAGE, "holds other images");
    d->pixels[7]--;
    check_ok(jem_train(NULL, other, &o)); /* they were not replaced */
    arrays.labels.shape[0] = 39;
    check_fails(jem_train(NULL, other, &o), JEM_EUSAGE, "o->data->labels");
    arrays.labels.shape[0] = 40;
    arrays.images.dtype = JEM_BF16;
    check_fails(jem_train(NULL, other, &o), JEM_EUSAGE, "o->data->images");
    dataset_free(d);
    rig_free(r);
}

static void a_training_goes_on_where_it_was_stopped_and_tells_how_it_stands(void **state)
{
    (void)state;
    rig *r = rig_new();
    char other[128];
    const sig_atomic_t stop = 1;
    told t = {0};
    jem_train_options o = JEM_TRAIN_INIT;

    snprintf(other, sizeof other, "%s/other", r->dir);
    check_ok(train(r, r->run));
    o.set = r->items;
    o.set_count = r->count;
    o.stop = &stop;
    o.resume = true;
    check_fails(jem_train(NULL, other, &o), JEM_EINTERRUPTED, "saved");
    o.stop = NULL;
    o.watch = remember;
    o.watch_ctx = &t;
    check_ok(jem_train(NULL, other, &o));
    identity_same_file(r->run, other, "best.safetensors");
    assert_true(t.calls >= 1);
    assert_int_equal(t.iteration, 4);
    assert_int_equal(t.iterations, 4);
    assert_true(strlen(t.verdict) > 0);
    rig_free(r);
}

static void structs_of_older_callers_are_completed(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    jem_engine_options engine = JEM_ENGINE_INIT;
    jem_sampler s = JEM_SAMPLER_INIT;
    engine.device = "ref";
    engine.precision = (jem_precision)77; /* beyond what this caller knows */
    engine.size = offsetof(jem_engine_options, precision);
    check_ok(jem_model_open(&m, r->weights, &engine));
    engine.size = 0;
    jem_model *none = NULL;
    check_fails(jem_model_open(&none, r->weights, &engine), JEM_EUSAGE, "JEM_ENGINE_INIT");
    assert_null(none);
    s.size = offsetof(jem_sampler, step_size);
    s.step_size = -7;
    jem_sampler_of(&s, m);
    assert_true(s.step_size == -7 && s.size == offsetof(jem_sampler, step_size));
    s.steps = 2;
    check_ok(jem_sampler_run(&s, m, r->x, 1)); /* at the default step size */
    jem_model_free(m);
    rig_free(r);
}

static void settings_are_the_keys_that_a_config_has(void **state)
{
    (void)state;
    rig *r = rig_new();
    char command[300], line[4096], key[JEM_SETTING_KEY_MAX + 4];
    int64_t n = 0;
    snprintf(command, sizeof command, "'%s' train --keys", JEM_PROGRAM);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        jem_setting s = JEM_SETTING_INIT;
        if (n == jem_setting_count()) break;
        check_ok(jem_setting_at(&s, n++));
        snprintf(key, sizeof key, "%s ", s.key);
        if (strncmp(line, key, strlen(key)) != 0) fail_msg("%s is not '%s'", line, key);
        assert_true(s.help && s.default_text);
        assert_true((s.kind == JEM_SETTING_CHOICE) == (s.choices != NULL));
    }
    assert_null(fgets(line, sizeof line, f));
    pclose(f);
    assert_true(n > 50);
    assert_int_equal(n, jem_setting_count());
    jem_setting s = JEM_SETTING_INIT;
    check_fails(jem_setting_at(&s, n), JEM_EUSAGE, "there are");
    check_fails(jem_setting_at(&s, -1), JEM_EUSAGE, "negative");
    rig_free(r);
}

static void unknown_settings_and_absent_configs_are_refused(void **state)
{
    (void)state;
    rig *r = rig_new();
    const char *const typo[] = {"train.epoch=3"};
    const jem_train_options o = {.size = sizeof o, .set = typo, .set_count = 1};
    check_fails(jem_train(NULL, r->run, &o), JEM_EUSAGE, "train.epochs");
    check_fails(jem_train("absent.yaml", r->run, NULL), JEM_EDATA, "absent.yaml");
    check_fails(jem_resume(r->dir, NULL), JEM_EDATA, "not a run");
    rig_free(r);
}

static void data_are_the_images_of_the_same_run(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_data d = JEM_DATA_INIT;
    jem_data_options o = {.size = sizeof o, .kind = "npy", .path = r->dir, .part = JEM_DATA_TRAIN};
    run *inside = NULL;
    static float x[VALUES];
    const int64_t index[N] = {0, 1, 2, 3, 4};

    check_ok(train(r, r->run));
    check_ok(run_open(&inside, &config_builtin, r->run, NULL, 0));
    check_ok(run_load_data(inside));
    check_ok(jem_data_load(&d, &o));
    assert_int_equal(d.images.shape[0], inside->data.train->n);
    assert_int_equal(d.classes, TINY_CLASSES);
    check_ok(dataset_floats(x, inside->data.train, index, N));
    assert_memory_equal(d.images.data, x, sizeof x);
    assert_memory_equal(d.labels.data, inside->data.train->labels, N * sizeof(int32_t));
    jem_data_clear(&d);
    o.part = JEM_DATA_TEST;
    check_ok(jem_data_load(&d, &o));
    assert_int_equal(d.labels.shape[0], inside->data.test->n);
    jem_data_clear(&d);
    o.kind = "tea";
    check_fails(jem_data_load(&d, &o), JEM_EUSAGE, "npy");
    run_close(inside);
    rig_free(r);
}

static void a_folder_without_runs_gives_no_report(void **state)
{
    (void)state;
    rig *r = rig_new();
    char page[160];
    snprintf(page, sizeof page, "%s/report.html", r->dir);
    check_fails(jem_report(r->dir, NULL), JEM_EDATA, r->dir);
    assert_false(file_exists(page));
    rig_free(r);
}

static void the_version_of_the_library_is_that_of_its_headers(void **state)
{
    (void)state;
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", JEM_VERSION_MAJOR, JEM_VERSION_MINOR,
             JEM_VERSION_PATCH);
    assert_string_equal(jem_version(), text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_weights_file_opens_and_knows_its_shape),
        cmocka_unit_test(evaluations_equal_those_of_the_model_inside),
        cmocka_unit_test(features_equal_those_of_the_model_inside),
        cmocka_unit_test(the_reference_backend_can_be_chosen),
        cmocka_unit_test(what_is_no_model_is_refused_and_leaves_the_pointer_alone),
        cmocka_unit_test(classes_that_do_not_exist_are_refused),
        cmocka_unit_test(the_initialiser_holds_the_defaults_of_the_config),
        cmocka_unit_test(chains_equal_those_of_the_sampler_inside),
        cmocka_unit_test(settings_out_of_range_are_refused_and_move_nothing),
        cmocka_unit_test(starts_are_uniform_noise_by_seed),
        cmocka_unit_test(a_training_opens_as_a_model_with_its_sampler),
        cmocka_unit_test(a_stopped_training_resumes_to_the_same_bytes),
        cmocka_unit_test(a_training_takes_arrays_and_keeps_them),
        cmocka_unit_test(a_training_goes_on_where_it_was_stopped_and_tells_how_it_stands),
        cmocka_unit_test(structs_of_older_callers_are_completed),
        cmocka_unit_test(settings_are_the_keys_that_a_config_has),
        cmocka_unit_test(unknown_settings_and_absent_configs_are_refused),
        cmocka_unit_test(data_are_the_images_of_the_same_run),
        cmocka_unit_test(a_folder_without_runs_gives_no_report),
        cmocka_unit_test(the_version_of_the_library_is_that_of_its_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
