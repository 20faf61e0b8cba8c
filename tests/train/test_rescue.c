/* Attempts after a divergence: rules in order, what they change, and how a trainer takes
 * them up. */
#include "train/trainer_rig.h"

#include "train/rescue.h"

static void with_rules(config *c, const char *rules)
{
    char text[256];
    snprintf(text, sizeof text, "rescue.rules=%s", rules);
    check_ok(config_defaults(c, &config_builtin));
    check_ok(options_assign(config_groups(c), "train.lr=0.001"));
    check_ok(options_assign(config_groups(c), text));
}

static void next(rescue_state *s, const config *c, const char *change)
{
    int64_t at = 100 + s->count;
    assert_true(rescue_left(s, &c->rescue));
    rescue_next(s, &c->rescue, c, at, 50, "l_G is 2e4");
    const rescue_event *e = &s->events[s->count - 1];
    assert_string_equal(e->change, change);
    assert_string_equal(e->reason, "l_G is 2e4");
    assert_int_equal(e->iteration, at);
    assert_int_equal(e->back_to, 50);
}

static void rules_are_applied_in_order_and_the_last_one_repeats(void **state)
{
    (void)state;
    static config c;
    rescue_state s = rescue_none();
    with_rules(&c, "noise, rate,steps ,energy_l2");
    c.rescue.tries = 6;
    next(&s, &c, "fresh noise for the chains, number 1");
    next(&s, &c, "train.lr 0.001 -> 0.0005");
    next(&s, &c, "sampler.steps 20 -> 30");
    next(&s, &c, "train.energy_l2 0 -> 0.1");
    next(&s, &c, "train.energy_l2 0.1 -> 0.2");
    next(&s, &c, "train.energy_l2 0.2 -> 0.4");
    assert_false(rescue_left(&s, &c.rescue));
    assert_int_equal(s.reseeds, 1);
    check_near(s.rate_factor, 0.5, 0, 1);
    check_near(s.steps_factor, 1.5, 0, 1);
    check_near(s.energy_l2, 0.4, 1e-15, 1);
}

static void changes_add_up(void **state)
{
    (void)state;
    static config c;
    rescue_state s = rescue_none();
    with_rules(&c, "rate");
    next(&s, &c, "train.lr 0.001 -> 0.0005");
    next(&s, &c, "train.lr 0.0005 -> 0.00025");
    s = rescue_none();
    with_rules(&c, "steps");
    c.sampler.steps = 3;
    next(&s, &c, "sampler.steps 3 -> 5");
    next(&s, &c, "sampler.steps 5 -> 7");
    c.sampler.steps = 99999;
    assert_int_equal(rescue_steps(&s, c.sampler.steps), 100000);
    s = rescue_none();
    with_rules(&c, "energy_l2");
    c.train.energy_l2 = 0.5; /* stronger than the rule's first value: doubled at once */
    next(&s, &c, "train.energy_l2 0.5 -> 1");
    check_near(rescue_energy_l2(&s, c.train.energy_l2), 1, 0, 1);
}

static void the_defaults_try_five_times(void **state)
{
    (void)state;
    static config c;
    rescue_state s = rescue_none();
    check_ok(config_defaults(&c, &config_builtin));
    check_ok(config_check(&c));
    while (rescue_left(&s, &c.rescue)) rescue_next(&s, &c.rescue, &c, 9, 3, "x");
    assert_int_equal(s.count, 5);
    assert_int_equal(s.reseeds, 1);
    check_near(s.rate_factor, 0.25, 0, 1);
    check_near(s.energy_l2, 0.1, 0, 1);
}

static void no_tries_means_none(void **state)
{
    (void)state;
    rescue_state s = rescue_none();
    assert_false(rescue_left(&s, &(rescue_options){.tries = 0, .rules = "noise"}));
    s.count = RESCUE_TRIES_MAX;
    assert_false(rescue_left(&s, &(rescue_options){.tries = 99, .rules = "noise"}));
}

/* Nothing about chains can help where there are none. */
static void a_classifier_skips_what_could_change_nothing(void **state)
{
    (void)state;
    static config c;
    rescue_state s = rescue_none();
    with_rules(&c, "noise,rate,steps");
    c.alpha = 0;
    next(&s, &c, "train.lr 0.001 -> 0.0005");
    next(&s, &c, "train.lr 0.0005 -> 0.00025");
    s = rescue_none();
    with_rules(&c, "noise");
    c.alpha = 0;
    next(&s, &c, "fresh noise for the chains, number 1");
}

static void an_unknown_rule_is_refused_with_the_nearest_one(void **state)
{
    (void)state;
    static config c;
    with_rules(&c, "noise,rates");
    check_fails(config_check(&c), JEM_EUSAGE, "unknown rule 'rates'; did you mean 'rate'?");
    with_rules(&c, "energy-l2");
    check_fails(config_check(&c), JEM_EUSAGE, "'energy_l2'");
    with_rules(&c, "noise,,rate");
    check_fails(config_check(&c), JEM_EUSAGE, "unknown rule ''");
    with_rules(&c, "noise,");
    check_fails(config_check(&c), JEM_EUSAGE, "unknown rule ''");
    check_ok(config_defaults(&c, &config_builtin));
    check_fails(options_assign(config_groups(&c), "rescue.tries=17"), JEM_EUSAGE, "16");
}

static void reasons_become_plain_text_of_bounded_length(void **state)
{
    (void)state;
    static config c;
    char reason[600];
    rescue_state s = rescue_none();
    check_ok(config_defaults(&c, &config_builtin));
    memset(reason, 'x', sizeof reason);
    memcpy(reason, "a\n\xff\"b", 5);
    reason[sizeof reason - 1] = '\0';
    rescue_next(&s, &c.rescue, &c, 2, 1, reason);
    assert_int_equal(strlen(s.events[0].reason), RESCUE_TEXT - 1);
    assert_memory_equal(s.events[0].reason, "a??\"bxx", 7);
}

/* ---- in files */

static rescue_state some_rescues(void)
{
    static config c;
    rescue_state s = rescue_none();
    with_rules(&c, "noise,rate,steps,energy_l2");
    for (int i = 0; i < 4; i++) rescue_next(&s, &c.rescue, &c, 30 + i, 20, "say \"why\"");
    s.rate_factor = 1.0 / 3; /* needs all its digits */
    return s;
}

static void same_state(const rescue_state *a, const rescue_state *b)
{
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->reseeds, b->reseeds);
    assert_true(a->rate_factor == b->rate_factor && a->steps_factor == b->steps_factor &&
                a->energy_l2 == b->energy_l2);
    for (int i = 0; i < a->count; i++) {
        assert_int_equal(a->events[i].iteration, b->events[i].iteration);
        assert_int_equal(a->events[i].back_to, b->events[i].back_to);
        assert_string_equal(a->events[i].reason, b->events[i].reason);
        assert_string_equal(a->events[i].change, b->events[i].change);
    }
}

/* Writes `text` as the metadata and reads it back; NULL: writes s. */
static jem_status round_trip(rescue_state *out, const rescue_state *s, const char *text)
{
    char dir[64], path[96];
    safetensors_writer *w = NULL;
    safetensors *f = NULL;
    check_tmp(dir, sizeof dir);
    snprintf(path, sizeof path, "%s/a.safetensors", dir);
    check_ok(safetensors_writer_new(&w));
    if (text)
        check_ok(safetensors_writer_metadata(w, "jem.rescue", text));
    else if (s)
        check_ok(rescue_save(s, w));
    check_ok(safetensors_writer_save(w, path));
    check_ok(safetensors_open(&f, path));
    jem_status st = rescue_restore(out, f);
    safetensors_writer_free(w);
    safetensors_close(f);
    check_tmp_remove(dir);
    return st;
}

static void the_state_comes_back_from_a_checkpoint(void **state)
{
    (void)state;
    rescue_state none = rescue_none(), some = some_rescues(), back;
    check_ok(round_trip(&back, &none, NULL));
    same_state(&back, &none);
    check_ok(round_trip(&back, &some, NULL));
    same_state(&back, &some);
}

static void a_damaged_record_is_refused(void **state)
{
    (void)state;
#define REST "\"rate_factor\":1.0,\"steps_factor\":1.0,\"energy_l2\":0.0"
    static const char *const bad[] = {
        "", "{", "[]", "{}",
        "{\"reseeds\":0," REST "}",
        "{\"reseeds\":0," REST ",\"events\":{}}",
        "{\"reseeds\":0," REST ",\"events\":[1]}",
        "{\"reseeds\":0," REST ",\"events\":[],\"more\":1}",
        "{\"reseeds\":0,\"reseeds\":0," REST ",\"events\":[]}",
        "{\"reseeds\":1," REST ",\"events\":[]}", /* more reseeds than events */
        "{\"reseeds\":-1," REST ",\"events\":[]}",
        "{\"reseeds\":0,\"rate_factor\":0.0,\"steps_factor\":1.0,\"energy_l2\":0.0,\"events\":[]}",
        "{\"reseeds\":0,\"rate_factor\":1.0,\"steps_factor\":0.5,\"energy_l2\":0.0,\"events\":[]}",
        "{\"reseeds\":0," REST ",\"events\":[{\"iteration\":1,\"back_to\":2,\"reason\":\"\","
        "\"change\":\"\"}]}",
        "{\"reseeds\":0," REST ",\"events\":[{\"iteration\":2,\"back_to\":1,\"reason\":\"\"}]}",
    };
    rescue_state back = some_rescues(), before = back;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        check_fails(round_trip(&back, NULL, bad[i]), JEM_EDATA, "safetensors");
    check_fails(round_trip(&back, NULL, NULL), JEM_EDATA, "jem.rescue is missing");
    same_state(&back, &before);
    check_ok(round_trip(&back, NULL, "{\"reseeds\":0," REST ",\"events\":[]}"));
#undef REST
}

/* ---- in a trainer */

static void same_trainer(const rig *a, const rig *b)
{
    size_t n = (size_t)model_params_count(a->m) * sizeof(float);
    assert_int_equal(a->t.iteration, b->t.iteration);
    assert_memory_equal(model_params(a->m), model_params(b->m), n);
    assert_memory_equal(a->t.optimizer.m, b->t.optimizer.m, n);
    assert_memory_equal(a->t.optimizer.v, b->t.optimizer.v, n);
    if (a->t.ema) assert_memory_equal(a->t.ema, b->t.ema, n);
    if (!trainer_samples(&a->t)) return;
    assert_memory_equal(trainer_samples(&a->t)->images, trainer_samples(&b->t)->images,
                        (size_t)(trainer_samples(&a->t)->size * TINY_COUNT) * sizeof(float));
    assert_memory_equal(trainer_samples(&a->t)->age, trainer_samples(&b->t)->age,
                        (size_t)trainer_samples(&a->t)->size * sizeof(int32_t));
}

static void a_reset_trainer_is_a_new_one(void **state)
{
    (void)state;
    static const char *const kinds[][4] = {
        {"train.ema=0.5", "model.norm=act", NULL},
        {"alpha=0", "model.norm=batch", NULL},
        {"alpha=1", "sampler.class_conditional=true", "sampler.buffer_size=39", NULL},
    };
    for (int i = 0; i < 3; i++) {
        rig *a = rig_new(24, kinds[i]), *b = rig_new(24, kinds[i]);
        rescue_state changed = some_rescues();
        trainer_set_rescue(&a->t, &changed);
        steps(a, 3);
        check_ok(trainer_reset(&a->t));
        same_trainer(a, b);
        assert_int_equal(a->t.rescue.count, 0);
        steps(a, 2);
        steps(b, 2);
        same_trainer(a, b);
        rig_free(a);
        rig_free(b);
    }
}

static void an_empty_rescue_changes_no_bit(void **state)
{
    (void)state;
    rig *a = rig_new(24, NULL), *b = rig_new(24, NULL);
    rescue_state none = rescue_none();
    trainer_set_rescue(&a->t, &none);
    steps(a, 3);
    steps(b, 3);
    same_trainer(a, b);
    rig_free(a);
    rig_free(b);
}

static void each_rule_reaches_the_training(void **state)
{
    (void)state;
    rig *a = rig_new(24, NULL), *b = rig_new(24, (const char *[]){"train.lr=5e-4", NULL});
    rescue_state s = rescue_none();
    s.rate_factor = 0.5;
    trainer_set_rescue(&a->t, &s);
    steps(a, 3);
    steps(b, 3);
    same_trainer(a, b);
    rig_free(b);

    check_ok(trainer_reset(&a->t));
    b = rig_new(24, (const char *[]){"sampler.steps=5", "train.energy_l2=0.25", NULL});
    s = rescue_none();
    s.steps_factor = 1.5;
    s.energy_l2 = 0.25;
    trainer_set_rescue(&a->t, &s);
    steps(a, 3);
    const eq8_report r = eq8_steps(b, 3);
    same_trainer(a, b);
    check_near(r.diffusion, 0.01 * sqrt(5 * TINY_COUNT), 1e-6, 1);
    rig_free(a);
    rig_free(b);
}

/* Other starts, other entries and other noise, with the same batches. */
static void fresh_noise_changes_chains_and_nothing_else(void **state)
{
    (void)state;
    rig *a = rig_new(24, NULL), *b = rig_new(24, NULL);
    rescue_state s = rescue_none();
    s.reseeds = 1;
    steps(a, 1);
    steps(b, 1);
    trainer_set_rescue(&a->t, &s);
    steps(a, 1);
    steps(b, 1);
    const eq8_batch *oa = &eq8_state_of(&a->t)->batch, *ob = &eq8_state_of(&b->t)->batch;
    size_t bytes = (size_t)(8 * TINY_COUNT) * sizeof(float);
    assert_memory_equal(oa->x, ob->x, 2 * bytes); /* labelled images and x+ */
    assert_memory_not_equal(oa->x + oa->negative * TINY_COUNT, ob->x + ob->negative * TINY_COUNT,
                            bytes);
    assert_memory_not_equal(eq8_state_of(&a->t)->chains.index, eq8_state_of(&b->t)->chains.index,
                            8 * sizeof(int64_t));
    assert_true(rescue_seed(&s, 1) != 1 && rescue_seed(&s, 1) != rescue_seed(&s, 2));
    rig_free(a);
    rig_free(b);
}

/* ---- a step that fails */

static void a_step_that_is_not_finite_changes_nothing(void **state)
{
    (void)state;
    rig *a = rig_new(24, (const char *[]){"train.ema=0.5", NULL});
    rig *b = rig_new(24, (const char *[]){"train.ema=0.5", NULL});
    int64_t n = model_params_count(a->m);
    step_report r = {.lr = 77};
    steps(a, 2);
    steps(b, 2);
    for (int64_t i = 0; i < n; i++) model_params(a->m)[i] *= 1e15f;
    memcpy(model_params(b->m), model_params(a->m), (size_t)n * sizeof(float));
    check_ok(model_params_changed(a->m));
    check_fails(trainer_step(&r, &a->t), JEM_EDIVERGED, "training diverged in iteration 3");
    check_near(r.lr, 77, 0, 1);
    same_trainer(a, b);
    rig_free(a);
    rig_free(b);
}

static void the_message_counts_what_is_not_finite(void **state)
{
    (void)state;
    rig *a = rig_new(24, (const char *[]){"alpha=0", NULL});
    step_report r;
    steps(a, 1);
    float *p = model_params(a->m);
    for (int64_t i = 0; i < model_params_count(a->m); i++) p[i] *= 1e15f;
    check_ok(model_params_changed(a->m));
    check_fails(trainer_step(&r, &a->t), JEM_EDIVERGED, "8 of 8 values of LSE");
    rig_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_applied_in_order_and_the_last_one_repeats),
        cmocka_unit_test(changes_add_up),
        cmocka_unit_test(the_defaults_try_five_times),
        cmocka_unit_test(no_tries_means_none),
        cmocka_unit_test(a_classifier_skips_what_could_change_nothing),
        cmocka_unit_test(an_unknown_rule_is_refused_with_the_nearest_one),
        cmocka_unit_test(reasons_become_plain_text_of_bounded_length),
        cmocka_unit_test(the_state_comes_back_from_a_checkpoint),
        cmocka_unit_test(a_damaged_record_is_refused),
        cmocka_unit_test(a_reset_trainer_is_a_new_one),
        cmocka_unit_test(an_empty_rescue_changes_no_bit),
        cmocka_unit_test(each_rule_reaches_the_training),
        cmocka_unit_test(fresh_noise_changes_chains_and_nothing_else),
        cmocka_unit_test(a_step_that_is_not_finite_changes_nothing),
        cmocka_unit_test(the_message_counts_what_is_not_finite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
