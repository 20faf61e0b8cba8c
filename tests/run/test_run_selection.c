/* Which epoch's weights a run selects and keeps, and when it ends for want of hope. */
#include "run/run_rig.h"

#include "run/checkpoint_store.h"
#include "support/warnings.h"
#include "tensor/safetensors.h"

static void runs_at_alpha_0_and_1_choose_their_epochs(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"alpha=1", NULL});
    run_info info;
    check_ok(train(r, r->a, false, NULL));
    check_ok(run_read_info(&info, r->a));
    assert_string_equal(info.selected_by, "fd_pix");
    assert_true(info.best.score < 0);
    check_ok(options_assign(config_groups(&r->cfg), "alpha=0"));
    check_ok(train(r, r->b, false, NULL));
    check_ok(run_read_info(&info, r->b));
    assert_string_equal(info.selected_by, "val_accuracy");
    rig_free(r);
}

/* Does the run keep the first epoch's weights, other than the selected ones? */
static bool first_epoch_differs(const char *out)
{
    run *r = NULL;
    model *m = NULL;
    check_ok(run_open(&r, &config_builtin, out, NULL, 0));
    check_ok(run_first_epoch(&m, r));
    const bool differs = m != NULL;
    if (m)
        assert_memory_not_equal(model_params(m), model_params(r->m),
                                (size_t)model_params_count(m) * sizeof(float));
    model_free(m);
    run_close(r);
    return differs;
}

static void weights_of_the_first_epoch_are_kept(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    r->data.val->n = 0; /* then the last epoch is selected */
    check_ok(train(r, r->a, false, NULL));
    assert_true(first_epoch_differs(r->a));
    safetensors *f = NULL;
    char path[160];
    snprintf(path, sizeof path, "%s/first-epoch.safetensors", r->a);
    check_ok(safetensors_open(&f, path));
    assert_string_equal(safetensors_metadata(f, "jem.iteration"), "3");
    safetensors_close(f);
    check_fails(train(r, r->b, false, &stop_now), JEM_EINTERRUPTED, "saved");
    check_ok(train(r, r->b, true, NULL));
    identity_same_file(r->a, r->b, "first-epoch.safetensors");
    rig_free(r);
    r = rig_new((const char *[]){"alpha=0", NULL}); /* no chains */
    check_ok(train(r, r->a, false, NULL));
    assert_false(first_epoch_differs(r->a));
    rig_free(r);
    r = rig_new((const char *[]){"train.lr=0", NULL}); /* the first epoch is selected */
    check_ok(train(r, r->a, false, NULL));
    assert_false(first_epoch_differs(r->a));
    rig_free(r);
}

static void damage(const char *folder, const char *name)
{
    char path[300];
    FILE *f;
    int c;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    f = fopen(path, "r+b");
    assert_non_null(f);
    assert_int_equal(fseek(f, -1000, SEEK_END), 0);
    c = fgetc(f);
    assert_int_equal(fseek(f, -1000, SEEK_END), 0);
    fputc(c ^ 4, f);
    assert_int_equal(fclose(f), 0);
}

/* Warnings of a resume that ends as `wanted`. */
static void resumed(rig *r, const char *out, const volatile sig_atomic_t *stop, jem_status wanted)
{
    warnings_listen();
    jem_status st = train(r, out, true, stop);
    log_set_sink(NULL);
    if (st != wanted) fail_msg("status %d instead of %d: %s", st, wanted, jem_error_message());
}

#define FIRST_BEST "checkpoints/best-000000003.safetensors"

static void a_bit_in_selected_weights_is_mended_from_their_copy(void **state)
{
    (void)state;
    static const char *const files[] = {"best.safetensors", FIRST_BEST, "first-epoch.safetensors"};
    rig *r = rig_new((const char *[]){"train.lr=0", NULL}); /* the first epoch stays the best */
    check_ok(train(r, r->a, false, NULL));
    assert_int_not_equal(number_of_file(r->a, files[0]), number_of_file(r->a, files[1]));
    assert_int_not_equal(number_of_file(r->a, files[1]), number_of_file(r->a, files[2]));
    check_ok(train(r, r->b, false, NULL));
    for (int i = 0; i < 3; i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/run.json", r->b); /* as if it had been killed */
        check_ok(file_remove(path));
        damage(r->b, files[i]);
        resumed(r, r->b, NULL, JEM_OK);
        if (!strstr(warnings, files[i])) fail_msg("%s: %s", files[i], warnings);
        assert_non_null(strstr(warnings, "made again from"));
        identity_same_file(r->a, r->b, files[i]);
    }
    damage(r->b, files[0]); /* of a finished run, too */
    resumed(r, r->b, NULL, JEM_OK);
    assert_non_null(strstr(warnings, "made again from"));
    same_run(r);
    rig_free(r);
}

/* Also where the run has ended: its last state is whole. */
static void without_a_whole_copy_weights_are_selected_anew(void **state)
{
    (void)state;
    for (int finished = 0; finished < 2; finished++) {
        rig *r = rig_new((const char *[]){"train.lr=0", "train.epochs=3", "train.checkpoint_every=1",
                                          NULL});
        run_info info;
        run *opened = NULL;
        check_ok(train(r, r->a, false, NULL));
        check_ok(train(r, r->b, false, NULL));
        char path[200];
        if (!finished) {
            snprintf(path, sizeof path, "%s/run.json", r->b);
            check_ok(file_remove(path));
            snprintf(path, sizeof path, "%s/checkpoints/000000009.safetensors", r->b);
            check_ok(file_remove(path)); /* on with the eighth iteration */
        }
        damage(r->b, "best.safetensors");
        damage(r->b, FIRST_BEST);
        check_fails(run_open(&opened, &config_builtin, r->b, NULL, 0), JEM_EDATA, "");
        resumed(r, r->b, NULL, JEM_OK);
        assert_non_null(strstr(warnings, "weights are selected anew"));
        check_ok(run_read_info(&info, r->b));
        assert_int_equal(info.status, RUN_FINISHED);
        assert_int_equal(info.best.iteration, finished ? 9 : 8);
        identity_same_file(r->a, r->b, "first-epoch.safetensors");
        char *a = rows_without_times(r->a), *b = rows_without_times(r->b);
        assert_string_equal(a, b);
        mem_free(a);
        mem_free(b);
        check_ok(run_open(&opened, &config_builtin, r->b, NULL, 0));
        run_close(opened);
        resumed(r, r->b, NULL, JEM_OK);
        assert_string_equal(warnings, "");
        rig_free(r);
    }
}

static void damaged_weights_of_the_first_epoch_stop_nobody(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    run *opened = NULL;
    model *first = NULL;
    r->data.val->n = 0; /* then the last epoch is selected, and this is the only copy */
    check_ok(train(r, r->a, false, NULL));
    char path[200];
    snprintf(path, sizeof path, "%s/" FIRST_BEST, r->a);
    check_ok(file_remove(path));
    damage(r->a, "first-epoch.safetensors");
    check_ok(run_open(&opened, &config_builtin, r->a, NULL, 0));
    warnings_listen();
    check_ok(run_first_epoch(&first, opened));
    log_set_sink(NULL);
    assert_null(first);
    assert_non_null(strstr(warnings, "first-epoch.safetensors"));
    run_close(opened);
    snprintf(path, sizeof path, "%s/run.json", r->a);
    check_ok(file_remove(path));
    resumed(r, r->a, NULL, JEM_OK);
    assert_non_null(strstr(warnings, "set aside"));
    snprintf(path, sizeof path, "%s/first-epoch.safetensors.damaged", r->a);
    assert_true(file_exists(path));
    rig_free(r);
}

static void ties_go_to_the_earlier_epoch(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"alpha=0", "train.lr=0", NULL});
    run_info info;
    check_ok(train(r, r->a, false, NULL));
    check_ok(run_read_info(&info, r->a));
    check_near(info.epoch, 2, 0, 1);
    check_near(info.best.epoch, 1, 0, 1);
    rig_free(r);
}

static void a_run_without_hope_ends_after_the_last_drop(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){HOPELESS, NULL});
    run_info info;
    check_ok(train(r, r->a, false, NULL));
    check_ok(run_read_info(&info, r->a));
    assert_int_equal(info.status, RUN_FINISHED);
    check_near(info.epoch, 8, 0, 1); /* the first whole epoch with two behind the drop */
    check_near(info.best.epoch, 1, 0, 1);
    check_ok(train(r, r->a, true, NULL)); /* and is finished */
    check_ok(run_read_info(&info, r->a));
    check_near(info.epoch, 8, 0, 1);
    check_ok(options_assign(config_groups(&r->cfg), "train.eval_every=3"));
    check_ok(train(r, r->b, false, NULL)); /* is asked at validations alone */
    check_ok(run_read_info(&info, r->b));
    check_near(info.epoch, 9, 0, 1);
    rig_free(r);
}

/* Killed behind its last checkpoint, before run.json said that it had finished. */
static void a_run_killed_at_the_end_of_its_patience_does_not_go_on(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){HOPELESS, NULL});
    run_info info;
    check_ok(train(r, r->a, false, NULL));
    check_ok(run_read_info(&info, r->a));
    info.status = RUN_RUNNING;
    check_ok(run_write_info(&info, r->a));
    check_ok(train(r, r->a, true, NULL));
    check_ok(run_read_info(&info, r->a));
    assert_int_equal(info.status, RUN_FINISHED);
    check_near(info.epoch, 8, 0, 1);
    rig_free(r);
}

static void patience_needs_validations(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){HOPELESS, NULL});
    r->data.val->n = 0;
    check_fails(train(r, r->a, false, NULL), JEM_EUSAGE, "set data.val_fraction above 0");
    assert_false(dir_exists(r->a));
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_at_alpha_0_and_1_choose_their_epochs),
        cmocka_unit_test(weights_of_the_first_epoch_are_kept),
        cmocka_unit_test(a_bit_in_selected_weights_is_mended_from_their_copy),
        cmocka_unit_test(without_a_whole_copy_weights_are_selected_anew),
        cmocka_unit_test(damaged_weights_of_the_first_epoch_stop_nobody),
        cmocka_unit_test(ties_go_to_the_earlier_epoch),
        cmocka_unit_test(a_run_without_hope_ends_after_the_last_drop),
        cmocka_unit_test(a_run_killed_at_the_end_of_its_patience_does_not_go_on),
        cmocka_unit_test(patience_needs_validations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
