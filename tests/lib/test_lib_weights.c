/* jem/weights.h, jem/fid.h, jem_data_render: out and in again, the distance of two Gaussians, and what is refused. */
#include <math.h>

#include "base/file.h"
#include "fid/fid_statistics.h"
#include "lib/lib_rig.h"
#include "support/example.h"

static void logits_of(float *dst, const rig *r, const char *path)
{
    jem_model *m = NULL;
    const jem_evaluation want = {.size = sizeof want, .logits = dst};
    check_ok(jem_model_open(&m, path, NULL));
    check_ok(jem_model_evaluate(m, r->x, N, &want));
    jem_model_free(m);
}

static jem_import_options of_tiny(void)
{
    static const char *const set[] = {"model.pool=adaptive"};
    jem_import_options o = JEM_IMPORT_INIT;
    o.classes = TINY_CLASSES;
    o.side = TINY_SIDE;
    o.set = set;
    o.set_count = 1;
    return o;
}

static void a_run_s_weights_go_out_and_come_in(void **state)
{
    (void)state;
    rig *r = rig_new();
    char file[160], back[160];
    float trained[LOGITS], read[LOGITS], imported[LOGITS];
    const jem_import_options o = of_tiny();

    snprintf(file, sizeof file, "%s/out.safetensors", r->dir);
    snprintf(back, sizeof back, "%s/back", r->dir);
    check_ok(train(r, r->run));
    check_ok(jem_export(r->run, file));
    check_ok(jem_import(file, "wrn-10-1", back, &o));
    logits_of(trained, r, r->run);
    logits_of(read, r, file);
    logits_of(imported, r, back);
    assert_memory_equal(read, trained, sizeof trained);
    assert_memory_equal(imported, trained, sizeof trained);
    check_fails(jem_import(file, "wrn-10-1", back, &o), JEM_EUSAGE, "holds a run");
    rig_free(r);
}

static void weights_are_opened_without_a_run(void **state)
{
    (void)state;
    rig *r = rig_new();
    float read[LOGITS], imported[LOGITS];
    jem_model *m = NULL;
    jem_model_facts f = JEM_MODEL_FACTS_INIT;
    const jem_import_options o = of_tiny();
    const jem_evaluation want = {.size = sizeof want, .logits = imported};

    check_ok(jem_import_open(&m, r->weights, "wrn-10-1", &o, NULL));
    check_ok(jem_model_evaluate(m, r->x, N, &want));
    logits_of(read, r, r->weights);
    assert_memory_equal(imported, read, sizeof read);
    check_ok(jem_model_describe(&f, m));
    assert_true(isnan(f.alpha) && f.selected_by == NULL); /* of nobody's training */
    jem_model_free(m);
    m = NULL;
    check_fails(jem_import_open(&m, r->weights, "wrn-16-1", &o, NULL), JEM_EDATA, "wrn-10-1");
    check_fails(jem_import_open(&m, r->weights, NULL, &o, NULL), JEM_EUSAGE, "jem_import_open: model is NULL");
    assert_null(m);
    rig_free(r);
}

static void weights_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    rig *r = rig_new();
    char out[160];
    jem_import_options o = of_tiny();

    snprintf(out, sizeof out, "%s/other", r->dir);
    check_fails(jem_import(r->weights, "wrn-16-1", out, &o), JEM_EDATA, "wrn-10-1"); /* which fits */
    check_fails(jem_import(r->weights, "wrm-10-1", out, &o), JEM_EUSAGE, "wrm-10-1");
    check_fails(jem_import("/nonexistent.pt", "wrn-10-1", out, &o), JEM_EDATA, "/nonexistent.pt");
    o.side = -1;
    check_fails(jem_import(r->weights, "wrn-10-1", out, &o), JEM_EUSAGE, "o->side = -1");
    check_fails(jem_import(r->weights, NULL, out, &o), JEM_EUSAGE, "jem_import: model is NULL");
    check_fails(jem_export("/nonexistent", out), JEM_EDATA, "/nonexistent");
    assert_false(dir_exists(out));
    rig_free(r);
}

/* ---- FID */

/* Two Gaussians of unit covariance whose means differ by 1 in every feature. */
static void put_statistics(char path[2][128], const char *dir)
{
    for (int k = 0; k < 2; k++) {
        fid_statistics s = FID_STATISTICS_INIT;
        check_ok(fid_statistics_init(&s));
        s.n = 10;
        for (int64_t i = 0; i < FID_FEATURES; i++) s.mean[i] = k, s.covariance[i * FID_FEATURES + i] = 1;
        snprintf(path[k], 128, "%s/%d.npz", dir, k);
        check_ok(fid_statistics_write(&s, path[k]));
        fid_statistics_clear(&s);
    }
}

static void statistics_have_their_distance(void **state)
{
    (void)state;
    char dir[64], path[2][128];
    jem_fid_result result = {0, 0, 0};
    jem_fid_options o = JEM_FID_INIT;

    check_tmp(dir, sizeof dir);
    put_statistics(path, dir);
    o.reference = path[1];
    check_ok(jem_fid(&result, path[0], &o));
    check_near(result.distance, FID_FEATURES, 1e-9, 1); /* |m1 - m2|^2, the covariances being the same */
    o.reference = NULL;
    check_fails(jem_fid(&result, path[0], &o), JEM_EUSAGE, "needs a reference");
    check_tmp_remove(dir);
}

static void the_example_of_the_header_runs(void **state)
{
    (void)state;
    char program[640], command[800];

    example_program(program, sizeof program, "fid"); /* on what is there it takes as long as the test above */
    snprintf(command, sizeof command, "%s /nonexistent.npz /nonexistent.npz 2>&1 | grep -q nonexistent", program);
    assert_int_equal(system(command), 0);
}

/* ---- the built-in set */

static void the_gloss_set_is_rendered_and_loads(void **state)
{
    (void)state;
    char dir[64], out[128];
    jem_render_options o = JEM_RENDER_INIT;
    jem_data d = JEM_DATA_INIT;
    jem_data_options from = JEM_DATA_OPTIONS_INIT;

    check_tmp(dir, sizeof dir);
    snprintf(out, sizeof out, "%s/gloss", dir);
    o.n = 12, o.side = 16, o.threads = 1;
    check_ok(jem_data_render(out, &o));
    from.kind = "gloss", from.path = out;
    check_ok(jem_data_load(&d, &from));
    assert_true(d.classes == 2 && d.images.shape[2] == 16 && d.images.shape[0] > 0);
    jem_data_clear(&d);
    o.side = 1;
    check_fails(jem_data_render(out, &o), JEM_EUSAGE, "1");
    check_tmp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_s_weights_go_out_and_come_in),
        cmocka_unit_test(weights_are_opened_without_a_run),
        cmocka_unit_test(weights_that_do_not_fit_are_refused),
        cmocka_unit_test(statistics_have_their_distance),
        cmocka_unit_test(the_example_of_the_header_runs),
        cmocka_unit_test(the_gloss_set_is_rendered_and_loads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
