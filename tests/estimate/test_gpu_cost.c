/* The cost model of GPUs: against the steps that were timed on one, and what must hold of any model. */
#include "support/check.h"

#include "base/mem.h"
#include "estimate/gpu_cost.h"
#include "train/class_gaussian.h"
#include "train/objective_eq8.h"

static config *settings_of(const gpu_step *s)
{
    config *c = NULL;
    check_ok(MEM_NEW(c, 1));
    check_ok(config_defaults(c, &config_builtin));
    snprintf(c->model.name, sizeof c->model.name, "%s", s->network);
    c->model.classes = 10;
    c->model.channels = 3;
    c->model.height = c->model.width = 32;
    c->train.batch = s->batch;
    c->alpha = s->alpha;
    c->sampler.steps = 20;
    c->engine.precision = 1; /* bf16 */
    return c;
}

static gpu_forecast cost_of(const char *gpu, const config *c)
{
    const data_facts d = data_facts_declared(&c->data, 50000, 3, 32, 32, 10, false);
    const gpu_model *m = NULL;
    gpu_forecast f;
    check_ok(gpu_model_find(&m, gpu));
    check_ok(gpu_cost(&f, m, &gpu_constants_fitted, c, &d));
    return f;
}

static void steps_that_were_timed_are_foretold(void **state)
{
    (void)state;
    for (int i = 0; gpu_steps_measured[i].network; i++) {
        config *c = settings_of(&gpu_steps_measured[i]);
        const step_times t = cost_of("h200", c).times;
        print_message("%s, batch %lld, alpha %g: measured %.2f ms, foretold %.2f ms\n", gpu_steps_measured[i].network,
                      (long long)gpu_steps_measured[i].batch, gpu_steps_measured[i].alpha, 1e3 * gpu_steps_measured[i].seconds,
                      1e3 * t.step_s);
        check_near(t.step_s, gpu_steps_measured[i].seconds, 0.03, 1); /* they were fitted: far below gpu_cost_error */
        assert_true(t.low_s < gpu_steps_measured[i].seconds && gpu_steps_measured[i].seconds < t.high_s);
        mem_free(c);
    }
}

static void more_work_takes_longer_and_a_faster_gpu_less(void **state)
{
    config *c = settings_of(&gpu_steps_measured[0]);
    (void)state;
    const double usual = cost_of("h200", c).times.step_s;
    assert_true(cost_of("b200", c).times.step_s < usual);
    assert_true(cost_of("h100", c).times.step_s >= usual);
    assert_true(cost_of("a100", c).times.step_s > 2 * usual);
    c->engine.precision = 0;
    assert_true(cost_of("h200", c).times.step_s > 5 * usual); /* float32 without TF32 */
    c->engine.precision = 1;
    c->train.sharpness = SHARPNESS_PLAIN;
    const double twice = cost_of("h200", c).times.step_s;
    assert_true(twice > usual && twice < 2 * usual); /* the chain is walked once */
    c->train.sharpness = SHARPNESS_NONE;
    c->train.share_batch = true;
    assert_true(cost_of("h200", c).times.step_s < usual);
    c->alpha = 1;
    assert_true(cost_of("h200", c).times.step_s < usual);
    mem_free(c);
}

static void kernels_cost_their_launch_however_small_they_are(void **state)
{
    const gpu_step tiny = {"wrn-10-1", 1, 0.5, 0};
    config *c = settings_of(&tiny);
    (void)state;
    const gpu_forecast f = cost_of("h200", c);
    assert_true(f.times.step_s > 20 * 20 * gpu_constants_fitted.launch_s); /* 20 Langevin steps of ten convolutions, both ways */
    assert_null(f.host_why);
    mem_free(c);
}

static void memory_holds_parameters_buffer_and_batch(void **state)
{
    config *c = settings_of(&gpu_steps_measured[0]);
    (void)state;
    const int64_t usual = cost_of("h200", c).memory, image = 3 * 32 * 32 * (int64_t)sizeof(float);
    assert_true(usual > 5 * 36471338 * (int64_t)sizeof(float));
    c->sampler.buffer_size += 1000;
    assert_int_equal(cost_of("h200", c).memory - usual, 1000 * image);
    c->train.batch *= 2;
    assert_true(cost_of("h200", c).memory > usual + 1000 * image);
    mem_free(c);
    c = settings_of(&gpu_steps_measured[0]);
    c->train.optimizer.kind = OPTIMIZER_SGD; /* one vector less; */
    const int64_t less = cost_of("h200", c).memory;
    c->train.sharpness = SHARPNESS_ADAPTIVE; /* one more */
    assert_true(less < usual);
    assert_int_equal(cost_of("h200", c).memory, usual);
    c->sampler.start = START_CLASS_GAUSSIAN;
    assert_int_equal(cost_of("h200", c).memory, usual + class_gaussian_bytes(10, 3 * 32 * 32));
    mem_free(c);
}

static void what_keeps_the_host_busy_is_said(void **state)
{
    config *c = settings_of(&gpu_steps_measured[0]);
    (void)state;
    check_ok(config_assign(c, (const char *const[]){"model.norm=batch", "model.dropout=0.1"}, 2));
    assert_null(cost_of("h200", c).host_why);
    static const char *const pixelvae[] = {"model.name=pixelvae", "train.objective=pixelvae", "alpha=1"};
    check_ok(config_assign(c, pixelvae, 3));
    assert_null(cost_of("h200", c).host_why);
    objective own = objective_eq8; /* one without a step for devices */
    const objective *const list[] = {&own, NULL};
    own.device = NULL;
    own.name = "own";
    c->lists.objectives = list;
    check_ok(config_assign(c, (const char *const[]){"model.name=wrn-16-4", "train.objective=own"}, 2));
    assert_non_null(strstr(cost_of("h200", c).host_why, "objective"));
    mem_free(c);
}

static void an_unknown_gpu_is_refused_with_those_there_are(void **state)
{
    const gpu_model *m = NULL;
    (void)state;
    check_fails(gpu_model_find(&m, "h300"), JEM_EUSAGE, "h200, h100, a100, l40s, b200, rtx4090");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_that_were_timed_are_foretold),
        cmocka_unit_test(more_work_takes_longer_and_a_faster_gpu_less),
        cmocka_unit_test(kernels_cost_their_launch_however_small_they_are),
        cmocka_unit_test(memory_holds_parameters_buffer_and_batch),
        cmocka_unit_test(what_keeps_the_host_busy_is_said),
        cmocka_unit_test(an_unknown_gpu_is_refused_with_those_there_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
