/* Training steps of a PixelVAE on a device (its host emulation, or a GPU) against those of the cpu backend. */
#include "train/resident_rig.h"

#include "run/checkpoint.h"
#include "support/gpu.h"
#include "train/objective_pixelvae.h"
#include "train/resident.h"

enum { IMAGES = 12, SET_MAX = 40 };

static rig *open_on(const char *where, const char *const *more)
{
    const char *set[SET_MAX] = {TINY_PIXELVAE, "train.batch=4", "model.dropout=0.3", "train.ema=0.9", where};
    int n = 0;
    while (set[n]) n++;
    for (int i = 0; more && more[i]; i++) set[n++] = more[i];
    return rig_new(IMAGES, set);
}

static void compare_columns(const step_report *there, const step_report *here, double allowed)
{
    for (int i = 0; i < objective_pixelvae.column_count; i++) {
        const objective_column *c = &objective_pixelvae.columns[i];
        near(c->tag ? c->tag : "a column", objective_number(&there->own, c), objective_number(&here->own, c), allowed);
    }
}

/* Four steps, over the end of an epoch, with other draws in each. */
static void follow(const char *const *more)
{
    rig *there = open_on("engine.device=cuda", more), *here = open_on("engine.device=cpu", more);
    assert_non_null(there->t.on_device);
    for (int i = 0; i < 4; i++) {
        const step_report a = steps(there, 1), b = steps(here, 1);
        compare_columns(&a, &b, 1e-3);
    }
    compare_states(there, here, 2e-3);
    rig_free(there);
    rig_free(here);
}

static void steps_are_those_of_the_cpu(void **state)
{
    static const char *const sharp[] = {"train.sharpness=plain", "train.rho=0.05", NULL};
    static const char *const from_data[] = {"model.data_init=true", NULL};
    (void)state;
    follow(NULL);
    follow(sharp);
    follow(from_data);
}

static void images_that_do_not_fit_are_sent_step_by_step(void **state)
{
    (void)state;
    setenv("JEM_EMULATED_MEMORY", "100", 1);
    follow(NULL);
    unsetenv("JEM_EMULATED_MEMORY");
}

/* A checkpoint of one device goes on, on the other and on the same, as if nothing had been. */
static void checkpoints_move_between_devices(void **state)
{
    static const char *const devices[] = {"engine.device=cuda", "engine.device=cpu"};
    checkpoint_state none = {.due = false}, got = none;
    char dir[64], path[128];
    (void)state;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/c.safetensors", dir);
    for (int from = 0; from < 2; from++) {
        rig *whole = open_on(devices[from], NULL), *second = open_on("engine.device=cuda", NULL);
        steps(whole, 2);
        check_ok(trainer_fetch(&whole->t, TRAINER_ALL));
        check_ok(checkpoint_save(&whole->t, &none, path));
        steps(whole, 2);
        check_ok(trainer_fetch(&whole->t, TRAINER_ALL));
        steps(second, 1); /* a state of its own, to be replaced */
        check_ok(checkpoint_load(&second->t, &got, path));
        steps(second, 2);
        compare_states(second, whole, 2e-3);
        if (from == 0)
            assert_memory_equal(model_params(whole->m), model_params(second->m),
                                (size_t)whole->t.optimizer.n * sizeof(float));
        rig_free(second);
        rig_free(whole);
    }
    check_tmp_remove(dir);
}

/* A step that meets NaN says so and leaves the state as it was. */
static void divergence_changes_nothing(void **state)
{
    rig *r = open_on("engine.device=cuda", NULL);
    const int64_t last = r->t.optimizer.n - 1;
    step_report s;
    (void)state;
    steps(r, 1);
    check_ok(trainer_fetch(&r->t, TRAINER_ALL));
    const float before = model_params(r->m)[7], moment = r->t.optimizer.m[7], kept = model_params(r->m)[last];
    model_params(r->m)[last] = NAN;
    check_ok(model_params_changed(r->m));
    check_fails(trainer_step(&s, &r->t), JEM_EDIVERGED, "not finite");
    assert_int_equal(r->t.iteration, 1);
    check_ok(trainer_fetch(&r->t, TRAINER_ALL));
    assert_true(model_params(r->m)[7] == before && r->t.optimizer.m[7] == moment);
    model_params(r->m)[last] = kept;
    check_ok(model_params_changed(r->m));
    steps(r, 1);
    rig_free(r);
}

int main(void)
{
    gpu_backend();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_those_of_the_cpu),
        cmocka_unit_test(images_that_do_not_fit_are_sent_step_by_step),
        cmocka_unit_test(checkpoints_move_between_devices),
        cmocka_unit_test(divergence_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
