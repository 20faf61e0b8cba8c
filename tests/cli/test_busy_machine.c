/* jem plan and jem speed beside other programs: the one processor that this program keeps to has
 * children that spin on it. */
#include "cli/program.h"

#include <jansson.h>
#include <sched.h>
#include <sys/prctl.h>

#define SMALL JEM_SOURCE_DIR "/configs/cifar10-small.yaml --set model.name=wrn-10-1 --set data.path= " \
              "--set train.batch=8 --set sampler.steps=3 --seconds 1 --device cpu"

enum { SPINNERS = 4, LONGEST_S = 900 };

/* One of the processors that this process may use; false if nobody counts how long threads wait. */
static bool keep_to_one_processor(void)
{
    cpu_set_t all, one;
    int i = 0;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    while (!CPU_ISSET(i, &all)) i++;
    CPU_ZERO(&one);
    CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    return file_exists("/proc/self/schedstat");
}

static void spin(pid_t spinners[SPINNERS])
{
    for (int i = 0; i < SPINNERS; i++) {
        spinners[i] = fork();
        assert_true(spinners[i] >= 0);
        if (spinners[i] > 0) continue;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(LONGEST_S);
        for (volatile unsigned n = 0;; n++) continue;
    }
}

static void stop(const pid_t spinners[SPINNERS])
{
    for (int i = 0; i < SPINNERS; i++) {
        kill(spinners[i], SIGKILL);
        waitpid(spinners[i], NULL, 0);
    }
}

static json_t *json_of(const char *dir)
{
    size_t n;
    char *text = program_read(dir, "out", &n);
    json_t *root = json_loadb(text, n, 0, NULL);
    if (!root) fail_msg("not JSON: %s", text);
    mem_free(text);
    return root;
}

static double at(const json_t *object, const char *key)
{
    const json_t *v = json_object_get(object, key);
    if (!json_is_number(v)) fail_msg("no number %s", key);
    return json_number_value(v);
}

static void check_state(const json_t *object, const char *state)
{
    assert_string_equal(json_string_value(json_object_get(object, "processors")), state);
}

static void a_busy_machine_is_named_and_a_range_is_given(void **state)
{
    char dir[64];
    pid_t spinners[SPINNERS];
    (void)state;
    if (!keep_to_one_processor()) skip();
    check_tmp(dir, sizeof dir);
    spin(spinners);

    program_works(dir, "plan " SMALL " --alpha 0,0.5");
    program_said(dir, "out", "busy: other programs had the processors");
    program_said(dir, "out", " to ");
    program_works(dir, "plan " SMALL " --json");
    json_t *root = json_of(dir);
    const json_t *time = json_object_get(json_array_get(json_object_get(root, "alphas"), 0), "time");
    check_state(time, "busy");
    assert_true(at(time, "step_alone_s") > 0 && at(time, "step_alone_s") < at(time, "step_s"));
    assert_true(at(time, "run_alone_s") > 0 && at(time, "run_alone_s") < at(time, "run_s"));
    json_decref(root);

    program_works(dir, "speed " SMALL);
    program_said(dir, "out", "busy: other programs had the processors");
    program_works(dir, "speed " SMALL " --json");
    root = json_of(dir);
    const json_t *step = json_object_get(root, "step");
    check_state(step, "busy");
    assert_true(at(step, "alone_s") > 0 && at(step, "alone_s") < at(step, "seconds"));
    const json_t *chain = json_object_get(root, "langevin_step");
    assert_true(at(chain, "alone_s") > 0 && at(chain, "alone_s") < at(chain, "seconds"));
    /* layers are told in processor time: all of them take less than the step that others held up */
    assert_true(at(json_object_get(chain, "layers_sum"), "seconds") < at(chain, "seconds"));
    json_decref(root);

    stop(spinners);
    check_tmp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_busy_machine_is_named_and_a_range_is_given)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
