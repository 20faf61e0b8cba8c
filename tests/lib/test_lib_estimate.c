/* jem/estimate.h, jem/lists.h: plans and speeds as data, the registries, and what is refused. */
#include <math.h>

#include "lib/lib_rig.h"
#include "study/training_input.h"
#include "study/training_plan.h"

static const double alphas[] = {0, 0.5};

static jem_estimate_options of_small(void)
{
    static const char *const set[] = {"data.kind=npy", "model.name=wrn-10-1", "model.pool=adaptive", "train.batch=8", "sampler.steps=2", "engine.threads=1"};
    jem_estimate_options o = JEM_ESTIMATE_INIT;
    o.set = set;
    o.set_count = 6;
    o.images = 200;
    o.classes = 3;
    o.shape = "3x16x16";
    o.alphas = alphas;
    o.alpha_count = 2;
    return o;
}

static void a_plan_has_the_numbers_of_the_program(void **state)
{
    (void)state;
    const jem_estimate_options o = of_small();
    const training_input_request of = {.lists = &config_builtin, .set = o.set, .set_count = o.set_count,
                                       .images = o.images, .classes = o.classes, .shape = o.shape};
    jem_plan found = JEM_PLAN_INIT;
    training_plan *same = NULL;
    training_input input;

    check_ok(jem_plan_training(&found, NULL, &o));
    check_ok(MEM_NEW(same, 1));
    check_ok(training_input_settings(&same->cfg, &of));
    check_ok(training_input_read(&input, &same->cfg, &of));
    same->data = input.facts;
    check_ok(training_plan_estimate(same, alphas, 2, "."));
    assert_string_equal(found.network, "wrn-10-1");
    assert_int_equal(found.parameters, same->outline.trained);
    assert_int_equal(found.memory_bytes, same->memory.bytes);
    assert_int_equal(found.disk_bytes, same->disk.bytes);
    assert_true(found.assumed && found.batch == 8 && found.train + found.val + found.test == 200);
    assert_int_equal(found.alphas, 2);
    assert_true(found.alpha[0].alpha == 0 && found.alpha[1].step_flops == same->alphas[1].flops.total);
    assert_true(found.alpha[1].step_flops > found.alpha[0].step_flops); /* chains */
    assert_true(isnan(found.alpha[0].step_s)); /* nothing was timed */
    assert_string_equal(found.fits, "");
    assert_non_null(strstr(found.json, "\"forward_flops\""));
    jem_plan_clear(&found);
    assert_null(found.json);
    training_plan_clear(same);
    mem_free(same);
}

static void times_are_measured_where_they_are_asked_for(void **state)
{
    (void)state;
    jem_estimate_options o = of_small();
    jem_plan found = JEM_PLAN_INIT;
    jem_speed speed = JEM_SPEED_INIT;

    o.seconds = 0.2;
    check_ok(jem_plan_training(&found, NULL, &o));
    for (int i = 0; i < 2; i++) assert_true(found.alpha[i].step_s > 0 && found.alpha[i].run_s > found.alpha[i].step_s);
    jem_plan_clear(&found);
    check_ok(jem_speed_measure(&speed, NULL, &o));
    assert_true(speed.step_s > 0 && speed.images_per_s > 0 && speed.inference_per_s > 0 && speed.peak_flops_per_s > 0);
    assert_non_null(strstr(speed.json, "\"gradients\""));
    jem_speed_clear(&speed);
    assert_null(speed.json);
}

static void times_of_a_gpu_that_is_not_here_are_foretold(void **state)
{
    (void)state;
    jem_estimate_options o = of_small();
    jem_plan found = JEM_PLAN_INIT;

    o.device_model = "a100";
    check_ok(jem_plan_training(&found, NULL, &o));
    for (int i = 0; i < 2; i++) assert_true(found.alpha[i].step_s > 0 && found.alpha[i].run_s > found.alpha[i].step_s);
    assert_non_null(strstr(found.json, "A100"));
    assert_string_equal(found.fits, "");
    jem_plan_clear(&found);
    o.device_model = "abacus";
    check_fails(jem_plan_training(&found, NULL, &o), JEM_EUSAGE, "abacus");
}

static void a_training_that_does_not_fit_is_said_and_not_timed(void **state)
{
    (void)state;
    jem_estimate_options o = of_small();
    jem_plan found = JEM_PLAN_INIT;

    o.images = (int64_t)1 << 38;
    o.seconds = 60;
    check_ok(jem_plan_training(&found, NULL, &o));
    assert_true(found.fits[0] != '\0' && found.memory_bytes > found.memory_available);
    assert_true(isnan(found.alpha[0].step_s));
    jem_plan_clear(&found);
}

static void an_estimate_that_cannot_be_is_refused(void **state)
{
    (void)state;
    const double beyond[] = {0, -1};
    jem_estimate_options o = of_small();
    jem_plan found = JEM_PLAN_INIT;

    o.alphas = beyond;
    check_fails(jem_plan_training(&found, NULL, &o), JEM_EUSAGE, "jem_plan_training: o->alphas[1] = -1");
    o = of_small(), o.seconds = -1;
    check_fails(jem_plan_training(&found, NULL, &o), JEM_EUSAGE, "o->seconds = -1");
    o = of_small(), o.shape = "large";
    check_fails(jem_plan_training(&found, NULL, &o), JEM_EUSAGE, "3x32x32");
    o = of_small(), o.images = 3;
    check_fails(jem_plan_training(&found, NULL, &o), JEM_EDATA, "batch");
    check_fails(jem_plan_training(NULL, NULL, &o), JEM_EUSAGE, "jem_plan_training: out is NULL");
    assert_null(found.owner);
}

/* ---- lists */

static bool has(jem_list list, const char *name)
{
    const int64_t count = jem_choice_count(list);
    jem_choice c = JEM_CHOICE_INIT;
    bool found = false;
    for (int64_t i = 0; i < count; i++) {
        check_ok(jem_choice_at(&c, list, i));
        assert_true(c.name[0] && c.about[0]);
        found |= strcmp(c.name, name) == 0;
    }
    return found;
}

static void choices_are_those_of_the_registries(void **state)
{
    (void)state;
    jem_choice c = JEM_CHOICE_INIT;
    assert_true(has(JEM_LIST_MODELS, "wrn"));
    assert_true(has(JEM_LIST_MODELS, "resnet50"));
    assert_true(has(JEM_LIST_OBJECTIVES, "eq8") && has(JEM_LIST_DATA, "npy"));
    assert_true(has(JEM_LIST_BENCHMARKS, "cue-conflict") && has(JEM_LIST_DEVICES, "ref"));
    assert_int_equal(jem_choice_count((jem_list)99), 0);
    check_fails(jem_choice_at(&c, (jem_list)99, 0), JEM_EUSAGE, "list = 99");
    check_fails(jem_choice_at(&c, JEM_LIST_DATA, 99), JEM_EUSAGE, "index = 99");
    c.size = 0;
    check_fails(jem_choice_at(&c, JEM_LIST_DATA, 0), JEM_EUSAGE, "JEM_CHOICE_INIT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_has_the_numbers_of_the_program),
        cmocka_unit_test(times_are_measured_where_they_are_asked_for),
        cmocka_unit_test(times_of_a_gpu_that_is_not_here_are_foretold),
        cmocka_unit_test(a_training_that_does_not_fit_is_said_and_not_timed),
        cmocka_unit_test(an_estimate_that_cannot_be_is_refused),
        cmocka_unit_test(choices_are_those_of_the_registries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
