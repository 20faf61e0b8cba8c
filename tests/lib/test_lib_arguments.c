/* Calls that are mistakes: one line of the table each, JEM_EUSAGE and a message that names function
 * and argument. */
#include "lib/lib_rig.h"

/* What a call may use; lends it for the test. */
typedef struct given {
    jem_model *m;
    jem_sampler s;
    jem_tensor t;
    float x[VALUES];
    int32_t y[N];
    char path[160];
} given;

typedef struct mistake {
    const char *message; /* begins so */
    jem_status (*call)(given *g);
} mistake;

static jem_status evaluate(given *g, int64_t n)
{
    const jem_evaluation want = {.size = sizeof want, .lse = g->x};
    return jem_model_evaluate(g->m, g->x, n, &want);
}

static jem_status feature(given *g, int64_t n)
{
    static float dst[1 << 16];
    return jem_model_feature(g->m, "layer1", g->x, n, dst, NULL);
}

static jem_status load(int part, int64_t size, int64_t limit)
{
    jem_data d;
    const jem_data_options o = {sizeof o, "npy", "/nonexistent", (jem_data_part)part, size, limit};
    return jem_data_load(&d, &o);
}

static jem_status start(int count, const char *const *set)
{
    const jem_train_options o = {.size = sizeof o, .set = set, .set_count = count};
    return jem_train(NULL, "/nonexistent", &o);
}

static jem_status resume(int count, const char *const *set)
{
    const jem_train_options o = {.size = sizeof o, .set = set, .set_count = count};
    return jem_resume("/nonexistent", &o);
}

static jem_status open_with(given *g, int precision, int64_t threads)
{
    jem_model *m = NULL;
    const jem_engine_options e = {sizeof e, NULL, (jem_precision)precision, threads};
    return jem_model_open(&m, g->path, &e);
}

static jem_status sample(given *g, const jem_sampler *s, int64_t n)
{
    return jem_sampler_run(s, g->m, g->x, n);
}

static jem_status sample_with(given *g, int decay, int update, int64_t steps)
{
    jem_sampler s = g->s;
    s.decay = (jem_sampler_decay)decay;
    s.update = (jem_sampler_update)update;
    s.steps = steps;
    return sample(g, &s, 1);
}

static jem_status write_of(given *g, int dtype, int ndim, int64_t size, void *data)
{
    const jem_tensor t = {(jem_dtype)dtype, ndim, {size, size}, data};
    return jem_npy_write(g->path, &t);
}

static jem_status convert_of(int dtype, int ndim, int64_t size, void *data)
{
    jem_tensor t = {(jem_dtype)dtype, ndim, {size, size}, data};
    return jem_tensor_convert(&t, JEM_F32);
}

#define CALL(name, expr)                \
    static jem_status name(given *g)    \
    {                                   \
        (void)g;                        \
        return expr;                    \
    }
static const char *const no_set[] = {NULL};
static const int64_t negative[] = {2, -1};
CALL(tensor_null, jem_tensor_init(NULL, JEM_F32, 0, NULL))
CALL(tensor_dtype, jem_tensor_init(&g->t, (jem_dtype)7, 0, NULL))
CALL(tensor_dtype_negative, jem_tensor_init(&g->t, (jem_dtype)-1, 0, NULL))
CALL(tensor_ndim, jem_tensor_init(&g->t, JEM_F32, JEM_MAX_DIMS + 1, negative))
CALL(tensor_ndim_negative, jem_tensor_init(&g->t, JEM_F32, -1, negative))
CALL(tensor_shape, jem_tensor_init(&g->t, JEM_F32, 1, NULL))
CALL(tensor_negative, jem_tensor_init(&g->t, JEM_F32, 2, negative))
CALL(convert_null, jem_tensor_convert(NULL, JEM_F32))
CALL(convert_data, convert_of(JEM_U8, 1, 4, NULL))
CALL(convert_size, convert_of(JEM_U8, 2, INT64_MAX / 4, g->x))
CALL(convert_negative, convert_of(JEM_U8, 1, -4, g->x))
CALL(read_null, jem_npy_read(NULL, g->path))
CALL(read_path, jem_npy_read(&g->t, NULL))
CALL(write_path, jem_npy_write(NULL, &g->t))
CALL(write_null, jem_npy_write(g->path, NULL))
CALL(write_dtype, write_of(g, 99, 1, 1, g->x))
CALL(write_ndim, write_of(g, JEM_F32, 9, 1, g->x))
CALL(write_size, write_of(g, JEM_F32, 2, INT64_MAX / 4, g->x))
CALL(write_data, write_of(g, JEM_F32, 1, 1, NULL))
CALL(data_null, jem_data_load(NULL, NULL))
CALL(data_options_null, jem_data_load(&(jem_data)JEM_DATA_INIT, NULL))
CALL(data_part, load(3, 0, 0))
CALL(data_size, load(0, -1, 0))
CALL(data_size_large, load(0, INT64_MAX / 4, 0))
CALL(data_limit, load(0, 0, -1))
CALL(data_limit_large, load(0, 0, INT64_MAX / 4))
CALL(open_null, jem_model_open(NULL, g->path, NULL))
CALL(open_path, jem_model_open(&(jem_model *){NULL}, NULL, NULL))
CALL(open_precision, open_with(g, 3, 0))
CALL(open_threads, open_with(g, 0, -1))
CALL(open_threads_large, open_with(g, 0, INT64_MAX / 4))
CALL(evaluate_model, jem_model_evaluate(NULL, g->x, 1, &(jem_evaluation)JEM_EVALUATION_INIT))
CALL(evaluate_x, jem_model_evaluate(g->m, NULL, 1, &(jem_evaluation)JEM_EVALUATION_INIT))
CALL(evaluate_want, jem_model_evaluate(g->m, g->x, 1, NULL))
CALL(evaluate_negative, evaluate(g, -1))
CALL(evaluate_lowest, evaluate(g, INT64_MIN))
CALL(evaluate_large, evaluate(g, INT64_MAX / 4))
CALL(evaluate_beyond_32_bits, evaluate(g, ((int64_t)1 << 32) + 1))
CALL(feature_model, jem_model_feature(NULL, "layer1", g->x, 1, NULL, NULL))
CALL(feature_name, jem_model_feature(g->m, NULL, g->x, 1, NULL, NULL))
CALL(feature_x, jem_model_feature(g->m, "layer1", NULL, 1, g->x, NULL))
CALL(feature_negative, feature(g, -1))
CALL(feature_large, feature(g, INT64_MAX / 4))
CALL(start_x, jem_sampler_start(NULL, 1, g->m, 1))
CALL(start_model, jem_sampler_start(g->x, 1, NULL, 1))
CALL(start_negative, jem_sampler_start(g->x, -1, g->m, 1))
CALL(start_large, jem_sampler_start(g->x, INT64_MAX / 4, g->m, 1))
CALL(run_null, sample(g, NULL, 1))
CALL(run_model, jem_sampler_run(&g->s, NULL, g->x, 1))
CALL(run_x, jem_sampler_run(&g->s, g->m, NULL, 1))
CALL(run_negative, sample(g, &g->s, -1))
CALL(run_large, sample(g, &g->s, INT64_MAX / 4))
CALL(run_decay, sample_with(g, 2, 0, 1))
CALL(run_update, sample_with(g, 0, 3, 1))
CALL(run_steps, sample_with(g, 0, 0, -1))
CALL(run_steps_large, sample_with(g, 0, 0, INT64_MAX / 4))
CALL(train_out, jem_train(NULL, NULL, NULL))
CALL(train_count, start(-1, no_set))
CALL(train_set, start(1, NULL))
CALL(train_item, start(1, no_set))
CALL(resume_run, jem_resume(NULL, NULL))
CALL(resume_count, resume(-1, no_set))
CALL(resume_item, resume(1, no_set))
CALL(report_folder, jem_report(NULL, NULL))
CALL(report_figure, jem_report_figure((const char *const[]){"x"}, 1, NULL, "f.svg", 0, NULL))
CALL(catalogue_null, jem_catalogue_at(NULL, 0))
CALL(catalogue_size, jem_catalogue_at(&(jem_catalogue_item){0}, 0))
CALL(catalogue_index, jem_catalogue_at(&(jem_catalogue_item)JEM_CATALOGUE_ITEM_INIT, jem_catalogue_count()))
CALL(catalogue_file_index, jem_catalogue_file_at(&(jem_catalogue_file)JEM_CATALOGUE_FILE_INIT, -1, 0))
CALL(catalogue_file, jem_catalogue_file_at(&(jem_catalogue_file)JEM_CATALOGUE_FILE_INIT, 0, 1000))

static const mistake mistakes[] = {
    {"jem_tensor_init: t is NULL", tensor_null},
    {"jem_tensor_init: dtype = 7", tensor_dtype},
    {"jem_tensor_init: dtype = -1", tensor_dtype_negative},
    {"jem_tensor_init: ndim = 9", tensor_ndim},
    {"jem_tensor_init: ndim = -1", tensor_ndim_negative},
    {"jem_tensor_init: shape is NULL", tensor_shape},
    {"jem_tensor_init: shape[1] = -1", tensor_negative},
    {"jem_tensor_convert: t is NULL", convert_null},
    {"jem_tensor_convert: t->data is NULL", convert_data},
    {"jem_tensor_convert: shape", convert_size},
    {"jem_tensor_convert: shape[0] = -4", convert_negative},
    {"jem_npy_read: out is NULL", read_null},
    {"jem_npy_read: path is NULL", read_path},
    {"jem_npy_write: path is NULL", write_path},
    {"jem_npy_write: t is NULL", write_null},
    {"jem_npy_write: dtype = 99", write_dtype},
    {"jem_npy_write: ndim = 9", write_ndim},
    {"jem_npy_write: shape", write_size},
    {"jem_npy_write: t->data is NULL", write_data},
    {"jem_data_load: out is NULL", data_null},
    {"jem_data_load: o is NULL", data_options_null},
    {"jem_data_load: o->part = 3", data_part},
    {"jem_data_load: data.size = '-1'", data_size},
    {"jem_data_load: data.size = '2305843009213693951'", data_size_large},
    {"jem_data_load: data.limit = '-1'", data_limit},
    {"jem_data_load: data.limit = '2305843009213693951'", data_limit_large},
    {"jem_model_open: out is NULL", open_null},
    {"jem_model_open: path is NULL", open_path},
    {"jem_model_open: engine->precision = 3", open_precision},
    {"jem_model_open: engine.threads = '-1'", open_threads},
    {"jem_model_open: engine.threads = '2305843009213693951'", open_threads_large},
    {"jem_model_evaluate: m is NULL", evaluate_model},
    {"jem_model_evaluate: x is NULL", evaluate_x},
    {"jem_model_evaluate: want is NULL", evaluate_want},
    {"jem_model_evaluate: n = -1", evaluate_negative},
    {"jem_model_evaluate: n = -9", evaluate_lowest},
    {"jem_model_evaluate: n = 2305843009213693951", evaluate_large},
    {"jem_model_evaluate: n = 4294967297", evaluate_beyond_32_bits},
    {"jem_model_feature: m is NULL", feature_model},
    {"jem_model_feature: name is NULL", feature_name},
    {"jem_model_feature: x is NULL", feature_x},
    {"jem_model_feature: n = -1", feature_negative},
    {"jem_model_feature: n = 2305843009213693951", feature_large},
    {"jem_sampler_start: x is NULL", start_x},
    {"jem_sampler_start: m is NULL", start_model},
    {"jem_sampler_start: n = -1", start_negative},
    {"jem_sampler_start: n = 2305843009213693951", start_large},
    {"jem_sampler_run: s is NULL", run_null},
    {"jem_sampler_run: m is NULL", run_model},
    {"jem_sampler_run: x is NULL", run_x},
    {"jem_sampler_run: n = -1", run_negative},
    {"jem_sampler_run: n = 2305843009213693951", run_large},
    {"jem_sampler_run: s->decay = 2", run_decay},
    {"jem_sampler_run: s->decay = 0, s->update = 3", run_update},
    {"jem_sampler_run: s->steps = -1", run_steps},
    {"jem_sampler_run: s->steps = 2305843009213693951", run_steps_large},
    {"jem_train: out is NULL", train_out},
    {"jem_train: o->set_count = -1", train_count},
    {"jem_train: o->set_count = 1, o->set is NULL", train_set},
    {"jem_train: o->set[0] is NULL", train_item},
    {"jem_resume: run is NULL", resume_run},
    {"jem_resume: o->set_count = -1", resume_count},
    {"jem_resume: o->set[0] is NULL", resume_item},
    {"jem_report: folder is NULL", report_folder},
    {"jem_report_figure: name is NULL", report_figure},
    {"jem_catalogue_at: out is NULL", catalogue_null},
    {"jem_catalogue_at: out->size = 0", catalogue_size},
    {"jem_catalogue_at: index = ", catalogue_index},
    {"jem_catalogue_file_at: index = -1", catalogue_file_index},
    {"jem_catalogue_file_at: file = 1000", catalogue_file},
};

static given *given_new(const rig *r)
{
    given *g = NULL;
    check_ok(MEM_NEW(g, 1));
    check_ok(jem_model_open(&g->m, r->weights, NULL));
    g->s = (jem_sampler)JEM_SAMPLER_INIT;
    jem_sampler_of(&g->s, g->m);
    snprintf(g->path, sizeof g->path, "%s", r->weights);
    return g;
}

static void mistakes_are_named_and_change_nothing(void **state)
{
    (void)state;
    rig *r = rig_new();
    given *g = given_new(r);
    memcpy(g->x, r->x, sizeof g->x);
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        jem_error(JEM_OK, "%s", "");
        jem_status st = mistakes[i].call(g);
        const char *want = mistakes[i].message, *got = jem_error_message();
        if (st != JEM_EUSAGE || strncmp(got, want, strlen(want)) != 0)
            fail_msg("status %d, '%s' instead of JEM_EUSAGE, '%s'", (int)st, got, want);
        assert_memory_equal(g->x, r->x, sizeof g->x);
        assert_null(g->t.data);
    }
    jem_model_free(g->m);
    mem_free(g);
    rig_free(r);
}

static void functions_without_a_status_bear_null(void **state)
{
    jem_sampler s = JEM_SAMPLER_INIT;
    (void)state;
    jem_tensor_clear(NULL);
    jem_data_clear(NULL);
    jem_model_free(NULL);
    jem_sampler_of(NULL, NULL);
    jem_sampler_of(&s, NULL);
    assert_int_equal(s.steps, 20);
    assert_int_equal(jem_tensor_count(NULL), 0);
    assert_int_equal(jem_model_channels(NULL), 0);
    assert_int_equal(jem_model_height(NULL), 0);
    assert_int_equal(jem_model_width(NULL), 0);
    assert_int_equal(jem_model_classes(NULL), 0);
    assert_int_equal(jem_dtype_size((jem_dtype)-1), 0);
    assert_string_equal(jem_dtype_name((jem_dtype)7), "?");
}

static void no_images_are_no_mistake(void **state)
{
    (void)state;
    rig *r = rig_new();
    given *g = given_new(r);
    const jem_evaluation want = JEM_EVALUATION_INIT;
    check_ok(jem_model_evaluate(g->m, NULL, 0, &want));
    check_ok(jem_sampler_start(NULL, 0, g->m, 1));
    check_ok(jem_sampler_run(&g->s, g->m, NULL, 0));
    check_ok(jem_model_feature(g->m, "layer1", NULL, 0, g->x, NULL));
    jem_model_free(g->m);
    mem_free(g);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_named_and_change_nothing),
        cmocka_unit_test(functions_without_a_status_bear_null),
        cmocka_unit_test(no_images_are_no_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
