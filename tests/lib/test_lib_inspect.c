/* jem/inspect.h, several values of one pass, and double precision. */
#include "lib/lib_rig.h"

#include "base/json.h"
#include "data/pictures/image.h"
#include "lib/lib_model.h"

static jem_model *open_rig(const rig *r)
{
    jem_model *m = NULL;
    check_ok(jem_model_open(&m, r->weights, NULL));
    return m;
}

/* ---- facts */

static void a_file_of_weights_says_what_its_network_is(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    const jem_engine_options engine = {sizeof engine, "ref", JEM_PRECISION_F32, 2};
    jem_model_facts f = JEM_MODEL_FACTS_INIT;

    check_ok(jem_model_open(&m, r->weights, &engine));
    check_ok(jem_model_describe(&f, m));
    assert_string_equal(f.name, "wrn-10-1");
    assert_string_equal(f.device, "ref");
    assert_string_equal(f.precision, "f32");
    assert_int_equal(f.threads, 2);
    assert_int_equal(f.parameters, graph_trained_elements(model_graph(r->m)));
    check_near(f.flops, graph_flops(model_graph(r->m)), 1e-15, 1);
    assert_true(isnan(f.alpha) && isnan(f.epoch) && f.seed == -1 && f.iteration == -1 && !f.selected_by);
    jem_model_free(m);
    rig_free(r);
}

static void a_run_says_which_weights_were_selected(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = NULL;
    jem_model_facts f = JEM_MODEL_FACTS_INIT;

    check_ok(train(r, r->run));
    check_ok(jem_model_open(&m, r->run, NULL));
    check_ok(jem_model_describe(&f, m));
    assert_true(f.alpha > 0 && f.alpha < 1);
    assert_int_equal(f.seed, m->r->cfg.seed);
    assert_true(f.iteration >= 1 && f.iteration <= 4 && f.epoch > 0);
    assert_string_equal(f.selected_by, m->r->info.selected_by);
    jem_model_free(m);
    rig_free(r);
}

static void layers_add_up_to_the_network(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = open_rig(r);
    jem_model_facts f = JEM_MODEL_FACTS_INIT;
    int64_t parameters = 0;
    double flops = 0;

    check_ok(jem_model_describe(&f, m));
    assert_true(f.layers > 5);
    for (int64_t i = 0; i < f.layers; i++) {
        jem_layer l = JEM_LAYER_INIT;
        check_ok(jem_model_layer_at(&l, m, i));
        parameters += l.parameters;
        flops += l.flops;
        assert_true(l.kind[0] && l.shape[0] > 0 && l.shape[1] > 0 && l.shape[2] > 0);
        if (l.parameters > 0) assert_true(l.name[0] != 0);
        if (i == f.layers - 1) assert_int_equal(l.shape[0], TINY_CLASSES);
    }
    assert_int_equal(parameters, f.parameters);
    check_near(flops, f.flops, 1e-12, 1);
    jem_layer none = JEM_LAYER_INIT;
    check_fails(jem_model_layer_at(&none, m, f.layers), JEM_EUSAGE, "layers 0 to");
    check_fails(jem_model_layer_at(&none, m, -1), JEM_EUSAGE, "index = -1");
    jem_model_free(m);
    rig_free(r);
}

static void values_are_those_that_features_gives(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = open_rig(r);
    jem_model_facts f = JEM_MODEL_FACTS_INIT;
    int stages = 0, heads = 0;

    check_ok(jem_model_describe(&f, m));
    assert_true(f.values >= 4);
    for (int64_t i = 0; i < f.values; i++) {
        jem_value v = JEM_VALUE_INIT;
        int64_t size[3];
        check_ok(jem_model_value_at(&v, m, i));
        check_ok(jem_model_feature(m, v.name, NULL, 0, NULL, size));
        assert_memory_equal(v.shape, size, sizeof size);
        stages += v.stage;
        heads += v.head;
        if (v.head) assert_true(v.shape[1] == 1 && v.shape[2] == 1);
    }
    assert_true(stages >= 3 && heads >= 1);
    jem_value none = JEM_VALUE_INIT;
    check_fails(jem_model_value_at(&none, m, f.values), JEM_EUSAGE, "values 0 to");
    jem_model_free(m);
    rig_free(r);
}

static void weights_are_the_flat_vector_s_by_name(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = open_rig(r);
    jem_model_facts f = JEM_MODEL_FACTS_INIT;
    const graph *g = model_graph(r->m);
    float *values = NULL;
    int64_t trained = 0;

    check_ok(MEM_NEW(values, g->param_elements));
    check_ok(jem_model_describe(&f, m));
    assert_int_equal(f.weights, g->param_count);
    for (int64_t i = 0; i < f.weights; i++) {
        jem_weight w = JEM_WEIGHT_INIT;
        int64_t count = 1;
        check_ok(jem_model_weight_at(&w, m, i));
        for (int d = 0; d < w.ndim; d++) count *= w.shape[d];
        assert_int_equal(count, w.count);
        if (w.trained) trained += w.count;
        check_ok(jem_model_weight_read(values, m, w.name));
        const param *p = graph_param(g, w.name);
        assert_non_null(p);
        assert_memory_equal(values, model_params(r->m) + p->offset, (size_t)w.count * sizeof *values);
    }
    assert_int_equal(trained, f.parameters);
    check_fails(jem_model_weight_read(values, m, "f.conv1.wieght"), JEM_EUSAGE, "'f.conv1.weight' is nearest");
    jem_weight none = JEM_WEIGHT_INIT;
    check_fails(jem_model_weight_at(&none, m, f.weights), JEM_EUSAGE, "weights 0 to");
    none.size = 0;
    check_fails(jem_model_weight_at(&none, m, 0), JEM_EUSAGE, "JEM_WEIGHT_INIT");
    mem_free(values);
    jem_model_free(m);
    rig_free(r);
}

/* A caller that was compiled before the last member came. */
static void older_callers_get_what_they_know(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = open_rig(r);
    jem_weight w = JEM_WEIGHT_INIT;
    w.size = offsetof(jem_weight, count);
    w.count = 77;
    check_ok(jem_model_weight_at(&w, m, 0));
    assert_int_equal(w.count, 77);
    assert_int_equal(w.size, offsetof(jem_weight, count));
    assert_true(w.ndim > 0);
    jem_model_free(m);
    rig_free(r);
}

/* ---- pictures of files */

static void a_picture_comes_in_the_model_s_size_and_units(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = open_rig(r);
    image picture = IMAGE_INIT;
    char path[128];
    static float x[TINY_COUNT], before[TINY_COUNT];

    check_ok(image_init(&picture, TINY_SIDE, TINY_SIDE, 3));
    for (int i = 0; i < TINY_COUNT; i++) picture.pixels[i] = (uint8_t)(i * 7 % 256);
    snprintf(path, sizeof path, "%s/p.png", r->dir);
    check_ok(image_write_png(&picture, path));
    check_ok(jem_model_picture(x, m, path));
    for (int p = 0; p < TINY_SIDE * TINY_SIDE; p++)
        for (int c = 0; c < 3; c++)
            check_near(x[c * TINY_SIDE * TINY_SIDE + p], picture.pixels[3 * p + c] / 127.5 - 1, 1e-6, 1);
    memcpy(before, x, sizeof x);
    snprintf(path, sizeof path, "%s/images.npy", r->dir);
    check_fails(jem_model_picture(x, m, path), JEM_EDATA, "images.npy");
    check_fails(jem_model_picture(x, m, NULL), JEM_EUSAGE, "path is NULL");
    assert_memory_equal(before, x, sizeof x);
    image_clear(&picture);
    jem_model_free(m);
    rig_free(r);
}

/* ---- several values of one pass */

static void several_values_are_each_one_alone(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = open_rig(r);
    const char *const names[] = {"layer3", "layer1", "features"};
    int64_t size[3];
    float *one[3], *all[3];

    for (int i = 0; i < 3; i++) {
        int64_t s[3];
        check_ok(jem_model_feature(m, names[i], NULL, 0, NULL, s));
        size[i] = N * s[0] * s[1] * s[2];
        check_ok(MEM_NEW(one[i], size[i]));
        check_ok(MEM_NEW(all[i], size[i]));
        check_ok(jem_model_feature(m, names[i], r->x, N, one[i], NULL));
    }
    check_ok(jem_model_features(m, names, 3, r->x, N, all));
    for (int i = 0; i < 3; i++) assert_memory_equal(one[i], all[i], (size_t)size[i] * sizeof(float));
    check_ok(jem_model_features(m, NULL, 0, NULL, 0, NULL));
    const char *const wrong[] = {"layer1", "layer9"};
    check_fails(jem_model_features(m, wrong, 2, r->x, N, all), JEM_EUSAGE, "layer9");
    float *none[] = {NULL};
    check_fails(jem_model_features(m, names, 1, r->x, N, none), JEM_EUSAGE, "dst[0] is NULL");
    check_fails(jem_model_features(m, names, 64, r->x, N, all), JEM_EUSAGE, "count = 64");
    check_fails(jem_model_features(m, names, -1, r->x, N, all), JEM_EUSAGE, "count = -1");
    for (int i = 0; i < 3; i++) {
        mem_free(one[i]);
        mem_free(all[i]);
    }
    jem_model_free(m);
    rig_free(r);
}

/* ---- double precision */

static void widen(double *out, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) out[i] = (double)x[i];
}

/* [N] log-sum-exp, or logits of y */
static void heights(double *out, jem_model *m, const double *x, const int32_t *y)
{
    double logits[LOGITS], lse[N];
    const jem_evaluation_f64 want = {.size = sizeof want, .logits = logits, .lse = lse};
    check_ok(jem_model_evaluate_f64(m, x, N, &want));
    for (int i = 0; i < N; i++) out[i] = y ? logits[i * TINY_CLASSES + y[i]] : lse[i];
}

/* In a direction of +-1 per element, where central differences of doubles are good to about 1e-9. */
static void gradients_in_double_are_central_differences(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = open_rig(r);
    const int32_t y[N] = {0, 1, 2, 0, 1};
    static double x[VALUES], grad[VALUES], at[VALUES];
    const double h = 1e-6;

    widen(x, r->x, VALUES);
    for (int with_y = 0; with_y < 2; with_y++) {
        const jem_evaluation_f64 want = {.size = sizeof want, .grad = grad, .y = with_y ? y : NULL};
        double up[N], down[N];
        check_ok(jem_model_evaluate_f64(m, x, N, &want));
        for (int i = 0; i < VALUES; i++) at[i] = x[i] + (i % 3 ? h : -h);
        heights(up, m, at, want.y);
        for (int i = 0; i < VALUES; i++) at[i] = x[i] - (i % 3 ? h : -h);
        heights(down, m, at, want.y);
        for (int i = 0; i < N; i++) {
            double slope = 0;
            for (int k = i * TINY_COUNT; k < (i + 1) * TINY_COUNT; k++) slope += grad[k] * (k % 3 ? 1 : -1);
            check_near((up[i] - down[i]) / (2 * h), slope, 1e-6, 1e-2);
        }
    }
    jem_model_free(m);
    rig_free(r);
}

static void double_precision_is_float_s_before_it_was_rounded(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = open_rig(r);
    const char *const names[] = {"layer2", "features"};
    static double x[VALUES], layer2[N * 32 * 8 * 8], features[N * 64], logits[2][LOGITS], lse[N];
    static float as_float[N * 32 * 8 * 8];
    float logits32[LOGITS], lse32[N];
    double *const places[] = {layer2, features};
    const jem_evaluation want32 = {.size = sizeof want32, .logits = logits32, .lse = lse32};
    jem_evaluation_f64 want = {.size = sizeof want, .logits = logits[0], .lse = lse, .names = names,
                               .values = places, .count = 2};

    widen(x, r->x, VALUES);
    check_ok(jem_model_evaluate(m, r->x, N, &want32));
    check_ok(jem_model_evaluate_f64(m, x, N, &want));
    for (int i = 0; i < LOGITS; i++) check_near(logits32[i], logits[0][i], 1e-4, 1);
    for (int i = 0; i < N; i++) {
        double sum = 0;
        for (int k = 0; k < TINY_CLASSES; k++) sum += exp(logits[0][i * TINY_CLASSES + k]);
        check_near(lse[i], log(sum), 1e-13, 1);
        check_near(lse32[i], lse[i], 1e-4, 1);
    }
    check_ok(jem_model_feature(m, "layer2", r->x, N, as_float, NULL));
    for (int i = 0; i < N * 32 * 8 * 8; i++) check_near(as_float[i], layer2[i], 1e-4, 1);
    want = (jem_evaluation_f64)JEM_EVALUATION_F64_INIT;
    want.logits = logits[1];
    check_ok(jem_model_evaluate_f64(m, x + TINY_COUNT, 1, &want)); /* alone as among others */
    for (int k = 0; k < TINY_CLASSES; k++) assert_true(logits[1][k] == logits[0][TINY_CLASSES + k]);
    jem_model_free(m);
    rig_free(r);
}

static void mistakes_in_double_are_named(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_model *m = open_rig(r);
    static double x[VALUES];
    const int32_t y[1] = {TINY_CLASSES};
    const char *const names[] = {"layer9"};
    double *const places[] = {x};
    jem_evaluation_f64 want = JEM_EVALUATION_F64_INIT;

    check_fails(jem_model_evaluate_f64(m, NULL, 1, &want), JEM_EUSAGE, "x is NULL");
    check_fails(jem_model_evaluate_f64(m, x, -1, &want), JEM_EUSAGE, "n = -1");
    check_fails(jem_model_evaluate_f64(m, x, 1, NULL), JEM_EUSAGE, "want is NULL");
    check_ok(jem_model_evaluate_f64(m, NULL, 0, &want));
    want.y = y;
    check_fails(jem_model_evaluate_f64(m, x, 1, &want), JEM_EUSAGE, "y[0] = 3");
    want.y = NULL;
    want.count = 1;
    check_fails(jem_model_evaluate_f64(m, x, 1, &want), JEM_EUSAGE, "names or values is NULL");
    want.names = names;
    want.values = places;
    check_fails(jem_model_evaluate_f64(m, x, 1, &want), JEM_EUSAGE, "layer9");
    jem_model_free(m);
    rig_free(r);
}

/* ---- what a file or folder is */

/* The JSON, owned, of a path whose kind is known. */
static json_t *info_of(const char *path, const char *kind, const char *line)
{
    jem_path_facts f = JEM_PATH_FACTS_INIT;
    json_t *json = NULL;

    check_ok(jem_info(&f, path));
    assert_string_equal(f.kind, kind);
    assert_non_null(strstr(f.text, line));
    check_ok(json_parse(&json, f.json, strlen(f.json), "info", 1 << 20));
    assert_string_equal(json_string_value(json_object_get(json, "kind")), kind);
    jem_path_facts_clear(&f);
    assert_null(f.text);
    return json;
}

static int64_t whole(const json_t *of, const char *key)
{
    assert_true(json_is_integer(json_object_get(of, key)));
    return (int64_t)json_integer_value(json_object_get(of, key));
}

static void arrays_have_shapes_and_ranges(void **state)
{
    (void)state;
    rig *r = rig_new();
    char path[128];
    float values[6] = {-1, 2, NAN, 0.5f, INFINITY, 0};
    const jem_tensor t = {JEM_F32, 2, {2, 3}, values};

    snprintf(path, sizeof path, "%s/a.npy", r->dir);
    check_ok(jem_npy_write(path, &t));
    json_t *json = info_of(path, "npy", "[2, 3]  min -1  max 2  2 values are not finite\n");
    const json_t *row = json_array_get(json_object_get(json, "arrays"), 0);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(row, "shape"), 1)), 3);
    assert_int_equal(whole(row, "not_finite"), 2);
    assert_true(json_number_value(json_object_get(row, "max")) == 2);
    assert_true(json_is_false(json_object_get(json, "finite")));
    json_decref(json);

    json = info_of(r->weights, "safetensors", "jem.name");
    const json_t *arrays = json_object_get(json, "arrays");
    assert_int_equal(json_array_size(arrays), model_graph(r->m)->param_count);
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "metadata"), "jem.name")), "wrn-10-1");
    assert_true(json_is_true(json_object_get(json, "finite")) && whole(json, "values") > 0);
    json_decref(json);
    rig_free(r);
}

static void runs_and_studies_say_how_they_stand(void **state)
{
    (void)state;
    rig *r = rig_new();
    jem_path_facts f = JEM_PATH_FACTS_INIT;

    check_ok(train(r, r->run));
    json_t *json = info_of(r->run, "run", ": run, finished\n");
    assert_string_equal(json_string_value(json_object_get(json, "status")), "finished");
    assert_string_equal(json_string_value(json_object_get(json, "model")), "wrn-10-1");
    assert_int_equal(whole(json, "iteration"), 4);
    assert_int_equal(whole(json, "classes"), TINY_CLASSES);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(json, "input"), 1)), TINY_SIDE);
    assert_string_equal(json_string_value(json_object_get(json_object_get(json, "data"), "path")), r->dir);
    assert_true(json_is_false(json_object_get(json, "imported")));
    assert_true(whole(json_object_get(json, "selected"), "iteration") >= 1);
    json_decref(json);

    json = info_of(r->dir, "study", ": study\n"); /* the folder of that run */
    const json_t *row = json_array_get(json_object_get(json, "runs"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "name")), "run");
    assert_string_equal(json_string_value(json_object_get(row, "status")), "finished");
    json_decref(json);

    check_fails(jem_info(&f, "/nonexistent"), JEM_EDATA, "/nonexistent");
    check_fails(jem_info(&f, NULL), JEM_EUSAGE, "path is NULL");
    assert_null(f.owner);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_weights_says_what_its_network_is),
        cmocka_unit_test(a_run_says_which_weights_were_selected),
        cmocka_unit_test(layers_add_up_to_the_network),
        cmocka_unit_test(values_are_those_that_features_gives),
        cmocka_unit_test(weights_are_the_flat_vector_s_by_name),
        cmocka_unit_test(older_callers_get_what_they_know),
        cmocka_unit_test(a_picture_comes_in_the_model_s_size_and_units),
        cmocka_unit_test(several_values_are_each_one_alone),
        cmocka_unit_test(gradients_in_double_are_central_differences),
        cmocka_unit_test(double_precision_is_float_s_before_it_was_rounded),
        cmocka_unit_test(mistakes_in_double_are_named),
        cmocka_unit_test(arrays_have_shapes_and_ranges),
        cmocka_unit_test(runs_and_studies_say_how_they_stand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
