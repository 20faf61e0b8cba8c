/* train.init: trainings that begin with the weights of a run or of a file. */
#include "run/run_rig.h"

#include "run/run.h"
#include "tensor/safetensors.h"

/* Nothing is learnt: the selected weights are the first ones. */
#define STILL "alpha=0", "train.lr=0", "train.epochs=1"

static void set(rig *r, const char *key, const char *value)
{
    char text[512];
    snprintf(text, sizeof text, "%s=%s", key, value);
    check_ok(options_assign(config_groups(&r->cfg), text));
}

/* Do the selected weights of two runs hold the same of a tensor? */
static bool same_tensor(const char *one, const char *other, const char *name)
{
    safetensors *f[2] = {NULL, NULL};
    jem_tensor t[2];
    for (int i = 0; i < 2; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/best.safetensors", i ? other : one);
        check_ok(safetensors_open(&f[i], path));
        const int at = safetensors_find(f[i], name);
        assert_true(at >= 0);
        t[i] = safetensors_view(f[i], at);
    }
    const bool same = jem_tensor_count(&t[0]) == jem_tensor_count(&t[1]) &&
                      memcmp(t[0].data, t[1].data, (size_t)jem_tensor_count(&t[0]) * sizeof(float)) == 0;
    safetensors_close(f[0]);
    safetensors_close(f[1]);
    return same;
}

/* A run A of seed 5, trained a little; then settings for one that stands still. */
static rig *rig_with_weights(void)
{
    rig *r = rig_new((const char *[]){"alpha=0", "train.epochs=1", "seed=5", NULL});
    check_ok(train(r, r->a, false, NULL));
    tiny_config(&r->cfg, (const char *[]){STILL, "seed=6", NULL});
    return r;
}

static void a_run_begins_with_the_selected_weights_of_another(void **state)
{
    (void)state;
    rig *r = rig_with_weights();
    set(r, "train.init", r->a);
    check_ok(train(r, r->b, false, NULL));
    assert_true(same_tensor(r->a, r->b, "f.conv1.weight"));
    assert_true(same_tensor(r->a, r->b, "class_output.weight"));
    assert_int_equal(strlen(r->cfg.train.init_sha256), 64);
    rig_free(r);
}

static void a_file_serves_as_well_and_random_weights_are_others(void **state)
{
    char file[256];
    (void)state;
    rig *r = rig_with_weights();
    check_ok(train(r, r->b, false, NULL));
    assert_false(same_tensor(r->a, r->b, "f.conv1.weight"));
    check_tmp_remove(r->b);
    snprintf(file, sizeof file, "%s/best.safetensors", r->a);
    set(r, "train.init", file);
    check_ok(train(r, r->b, false, NULL));
    assert_true(same_tensor(r->a, r->b, "f.conv1.weight"));
    rig_free(r);
}

static void a_head_of_other_classes_is_drawn_anew(void **state)
{
    (void)state;
    rig *r = rig_with_weights();
    set(r, "train.init", r->a);
    r->data.train->classes = r->data.val->classes = r->data.test->classes = 5;
    check_ok(train(r, r->b, false, NULL));
    assert_true(same_tensor(r->a, r->b, "f.layer3.0.conv2.weight"));
    assert_false(same_tensor(r->a, r->b, "class_output.weight"));
    rig_free(r);
}

static void weights_of_another_network_are_refused(void **state)
{
    (void)state;
    rig *r = rig_with_weights();
    set(r, "train.init", r->a);
    set(r, "model.name", "wrn-16-1");
    check_fails(train(r, r->b, false, NULL), JEM_EDATA, "they are weights of wrn-10-1 with 3 classes");
    assert_false(dir_exists(r->b));
    set(r, "train.init", "/nowhere/w.pt");
    set(r, "train.init_sha256", "");
    check_fails(train(r, r->b, false, NULL), JEM_EDATA, "/nowhere/w.pt: there is no such file; name a run or a file");
    rig_free(r);
}

/* PATH <- the weights of A with a NaN among them. */
static void write_not_finite(const rig *r, const char *path)
{
    safetensors *f = NULL;
    safetensors_writer *w = NULL;
    char best[256];
    snprintf(best, sizeof best, "%s/best.safetensors", r->a);
    check_ok(safetensors_open(&f, best));
    check_ok(safetensors_writer_new(&w));
    for (int i = 0; i < safetensors_count(f); i++) {
        const jem_tensor t = safetensors_view(f, i);
        check_ok(safetensors_writer_add(w, safetensors_name(f, i), t.dtype, t.ndim, t.shape, t.data));
        if (strcmp(safetensors_name(f, i), "class_output.bias") == 0) ((float *)t.data)[1] = NAN;
    }
    check_ok(safetensors_writer_save(w, path));
    safetensors_writer_free(w);
    safetensors_close(f);
}

static void weights_that_are_not_finite_begin_nothing(void **state)
{
    char file[256];
    (void)state;
    rig *r = rig_with_weights();
    snprintf(file, sizeof file, "%s/nan.safetensors", r->dir);
    write_not_finite(r, file);
    set(r, "train.init", file);
    check_fails(train(r, r->b, false, NULL), JEM_EDATA, "tensor 'class_output.bias' holds nan at index 1");
    assert_false(dir_exists(r->b));
    rig_free(r);
}

/* What lies there decides, not where: settings differ by its SHA-256. */
static void other_weights_make_another_run(void **state)
{
    run_identity with = RUN_IDENTITY_INIT, without = RUN_IDENTITY_INIT;
    char moved[256], file[256];
    (void)state;
    rig *r = rig_with_weights();
    check_ok(run_identity_init(&without, &r->cfg));
    check_ok(run_identity_hash(&without, &r->cfg, 1));
    assert_null(strstr(without.settings, "train.init"));
    set(r, "train.init", r->a);
    check_ok(train(r, r->b, false, NULL));
    check_ok(run_identity_init(&with, &r->cfg));
    check_ok(run_identity_hash(&with, &r->cfg, 1));
    assert_string_not_equal(with.settings_hash, without.settings_hash);
    assert_non_null(strstr(with.settings, r->cfg.train.init_sha256));
    run_identity_clear(&with);
    run_identity_clear(&without);

    snprintf(moved, sizeof moved, "%s/moved.safetensors", r->dir);
    snprintf(file, sizeof file, "%s/best.safetensors", r->a);
    assert_int_equal(rename(file, moved), 0);
    set(r, "train.init", moved);
    set(r, "train.init_sha256", "");
    check_ok(train(r, r->b, false, NULL)); /* finished already */
    assert_int_equal(rename(moved, file), 0);
    snprintf(file, sizeof file, "%s/first-epoch.safetensors", r->a);
    snprintf(moved, sizeof moved, "%s/best.safetensors", r->b);
    set(r, "train.init", moved); /* the same weights in another file */
    set(r, "train.init_sha256", "");
    check_fails(train(r, r->b, false, NULL), JEM_EUSAGE, "train.init_sha256 is ");
    rig_free(r);
}

/* A resume takes the state, whatever became of the file. */
static void a_resume_needs_no_file(void **state)
{
    char path[256];
    (void)state;
    rig *r = rig_with_weights();
    tiny_config(&r->cfg, (const char *[]){"alpha=0.5", "train.epochs=2", "seed=6", NULL});
    set(r, "train.init", r->a);
    snprintf(path, sizeof path, "%s/c", r->dir);
    check_ok(train(r, path, false, NULL));
    check_fails(train(r, r->b, false, &stop_now), JEM_EINTERRUPTED, "interrupted");
    check_tmp_remove(r->a);
    check_ok(train(r, r->b, true, NULL));
    identity_same_file(path, r->b, "best.safetensors");
    rig_free(r);
}

static void weights_that_were_changed_are_noticed(void **state)
{
    char path[256];
    (void)state;
    rig *r = rig_with_weights();
    set(r, "train.init", r->a);
    check_ok(train(r, r->b, false, NULL));
    snprintf(path, sizeof path, "%s/c", r->dir);
    set(r, "train.init", r->b); /* and the SHA-256 of A's */
    check_fails(train(r, path, false, NULL), JEM_EDATA, "as train.init_sha256 says");
    set(r, "train.init", "");
    check_fails(config_check(&r->cfg), JEM_EUSAGE, "which is empty");
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_begins_with_the_selected_weights_of_another),
        cmocka_unit_test(a_file_serves_as_well_and_random_weights_are_others),
        cmocka_unit_test(a_head_of_other_classes_is_drawn_anew),
        cmocka_unit_test(weights_of_another_network_are_refused),
        cmocka_unit_test(weights_that_are_not_finite_begin_nothing),
        cmocka_unit_test(other_weights_make_another_run),
        cmocka_unit_test(a_resume_needs_no_file),
        cmocka_unit_test(weights_that_were_changed_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
