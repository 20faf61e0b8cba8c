/* Checkpoints: what is saved comes back, and nothing that is damaged does. */
#include "run/checkpoint_rig.h"

static void what_is_saved_is_restored(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.ema=0.9", NULL});
    const char *path = rig_path(r, "c.safetensors");
    checkpoint_state before;
    rescue_state rescued = rescue_none();
    step_report did = {.lr = 1e-3};
    const eq8_report e = {.loss = {.loss_d = 0.1, .loss_g = NAN}};
    eq8_report_put(&did.own, &e);

    rig_set(r, 10);
    metrics_window_add(&r->state.window, &objective_eq8, &did);
    r->state.best = (best_epoch){6, 0.3, 0.71};
    r->state.due = true;
    r->state.health = (health_state){{3, 0, 0}, VERDICT_DRIFTING};
    rescue_next(&rescued, &r->cfg.rescue, &r->cfg, 9, 4, "a \"reason\", with commas");
    trainer_set_rescue(&r->t, &rescued);
    before = r->state;
    check_ok(checkpoint_save(&r->t, &r->state, path));

    rig_set(r, 20);
    memset(&r->state, 0, sizeof r->state);
    check_ok(trainer_reset(&r->t));
    check_ok(checkpoint_load(&r->t, &r->state, path));
    assert_true(rig_holds(r, 10));
    assert_memory_equal(&r->state.window, &before.window, sizeof before.window);
    assert_memory_equal(&r->state.health, &before.health, sizeof before.health);
    assert_int_equal(r->state.best.iteration, 6);
    assert_true(r->state.best.epoch == 0.3 && r->state.best.score == 0.71);
    assert_true(r->state.due && r->state.scheduled);
    assert_int_equal(r->state.data_hash, 4711);
    assert_int_equal(r->t.rescue.count, 1);
    assert_string_equal(r->t.rescue.events[0].reason, rescued.events[0].reason);
    rig_free(r);
}

/* Its chains would take a thousand times as long. */
static void rescues_that_no_rule_made_are_refused(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    const char *path = rig_path(r, "c.safetensors");
    rescue_state s = rescue_none();
    for (int i = 0; i < 3; i++) rescue_next(&s, &r->cfg.rescue, &r->cfg, 9, 4, "x");
    trainer_set_rescue(&r->t, &s);
    check_ok(checkpoint_save(&r->t, &r->state, path));
    check_ok(checkpoint_load(&r->t, &r->state, path));
    s.steps_factor *= 1000;
    trainer_set_rescue(&r->t, &s);
    check_ok(checkpoint_save(&r->t, &r->state, path));
    check_fails(checkpoint_load(&r->t, &r->state, path), JEM_EDATA, "(4500 Langevin steps)");
    s.steps_factor = 1e300;
    trainer_set_rescue(&r->t, &s);
    check_ok(checkpoint_save(&r->t, &r->state, path));
    check_fails(checkpoint_load(&r->t, &r->state, path), JEM_EDATA, "the record of rescues is damaged");
    rig_free(r);
}

static void the_same_state_has_the_same_bytes(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    rig_set(r, 10);
    check_ok(checkpoint_save(&r->t, &r->state, rig_path(r, "a")));
    check_ok(checkpoint_save(&r->t, &r->state, rig_path(r, "b")));
    size_t na, nb;
    char *a = tiny_read(r->run, "a", &na), *b = tiny_read(r->run, "b", &nb);
    assert_int_equal(na, nb);
    assert_memory_equal(a, b, na);
    mem_free(a);
    mem_free(b);
    rig_free(r);
}

static void every_flipped_bit_is_noticed_and_changes_nothing(void **state)
{
    enum { FLIPS = 320 };
    (void)state;
    rig *r = rig_new((const char *[]){"sampler.buffer_size=3", NULL});
    const char *path = rig_path(r, "c.safetensors");
    rng_stream s = {5, RNG_TEST, 0, 0};
    int64_t size;

    rig_set(r, 10);
    check_ok(checkpoint_save(&r->t, &r->state, path));
    check_ok(file_size(&size, path));
    rig_set(r, 20);
    for (uint32_t i = 0; i < FLIPS; i++) {
        /* the length and the metadata completely, then anywhere */
        long at = i < 160 ? (long)i * 5 : (long)rng_below(&s, i, 0, (uint32_t)size);
        int bit = (int)rng_below(&s, i, 1, 8);
        checkpoint_state loaded = r->state;
        rig_flip(path, at, bit);
        jem_status st = checkpoint_load(&r->t, &loaded, path);
        if (st != JEM_EDATA) fail_msg("bit %d of byte %ld: status %d", bit, at, st);
        if (i % 32 == 0 && !rig_holds(r, 20)) fail_msg("byte %ld changed the trainer", at);
        assert_memory_equal(&loaded, &r->state, sizeof loaded);
        rig_flip(path, at, bit);
    }
    assert_true(rig_holds(r, 20));
    check_ok(checkpoint_load(&r->t, &r->state, path));
    assert_true(rig_holds(r, 10));
    rig_free(r);
}

static void files_cut_short_lengthened_or_of_another_run_are_refused(void **state)
{
    (void)state;
    rig *r = rig_new(NULL);
    const char *path = rig_path(r, "c.safetensors");
    size_t size;

    rig_set(r, 10);
    check_ok(checkpoint_save(&r->t, &r->state, path));
    char *bytes = tiny_read(r->run, "c.safetensors", &size), *more = NULL;
    const size_t lengths[] = {0, 7, 8, 100, size / 2, size - 1};
    rig_set(r, 20);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        check_ok(file_write(path, bytes, lengths[i]));
        check_fails(checkpoint_load(&r->t, &r->state, path), JEM_EDATA, path);
    }
    check_ok(MEM_NEW(more, size + 1));
    memcpy(more, bytes, size);
    check_ok(file_write(path, more, size + 1));
    check_fails(checkpoint_load(&r->t, &r->state, path), JEM_EDATA, "checksum does not match");
    check_ok(file_write(path, bytes, size));
    r->cfg.seed++;
    check_fails(checkpoint_load(&r->t, &r->state, path), JEM_EUSAGE, "another run");
    assert_true(rig_holds(r, 20));
    mem_free(more);
    mem_free(bytes);
    rig_free(r);
}

static void a_file_that_fits_in_part_changes_nothing(void **state)
{
    (void)state;
    rig *r = rig_new(NULL), *averaging = rig_new((const char *[]){"train.ema=0.9", NULL});
    const char *path = rig_path(r, "c.safetensors");
    rig_set(r, 10);
    rig_set(averaging, 20);
    check_ok(checkpoint_save(&r->t, &r->state, path));
    check_fails(checkpoint_load(&averaging->t, &averaging->state, path), JEM_EDATA, "'ema.");
    assert_true(rig_holds(averaging, 20));
    rig_free(averaging);
    rig_free(r);
}

static void a_value_that_is_not_finite_is_refused_by_name(void **state)
{
    (void)state;
    rig *r = rig_new((const char *[]){"train.ema=0.9", NULL});
    checkpoint_writer *w = NULL;
    float *const parts[] = {model_params(r->m), r->t.optimizer.m, r->t.optimizer.v, r->t.ema,
                            trainer_samples(&r->t)->images};
    const char *const names[] = {"weights", "first moments", "second moments", "averaged",
                                 "replay buffer"};
    const float bad[] = {NAN, INFINITY, -INFINITY, NAN, NAN};

    check_ok(checkpoint_writer_new(&w, &r->t, r->run));
    for (int i = 0; i < 5; i++) {
        rig_set(r, 10);
        parts[i][17] = bad[i];
        check_fails(checkpoint_save(&r->t, &r->state, rig_path(r, "c")), JEM_EDIVERGED, names[i]);
        check_fails(checkpoint_writer_put(w, &r->state, &r->info), JEM_EDIVERGED, names[i]);
        check_ok(checkpoint_writer_wait(w));
    }
    rig_set(r, 10);
    parts[0][3] = NAN;
    check_fails(best_save(r->run, r->m, parts[0], 10, NULL), JEM_EDIVERGED, "not finite");
    assert_false(rig_has(r, "c"));
    assert_false(dir_exists(rig_path(r, "checkpoints")));
    checkpoint_writer_free(w);
    rig_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_restored),
        cmocka_unit_test(rescues_that_no_rule_made_are_refused),
        cmocka_unit_test(the_same_state_has_the_same_bytes),
        cmocka_unit_test(every_flipped_bit_is_noticed_and_changes_nothing),
        cmocka_unit_test(files_cut_short_lengthened_or_of_another_run_are_refused),
        cmocka_unit_test(a_file_that_fits_in_part_changes_nothing),
        cmocka_unit_test(a_value_that_is_not_finite_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
