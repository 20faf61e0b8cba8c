/* jem plan as a program: the configs that come with it, JSON, refusals, and its memory
 * against what training really takes. */
#include "cli/program.h"

#include <fcntl.h>
#include <jansson.h>
#include <sys/resource.h>

#include "base/rng.h"
#include "jem/tensor.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#else
enum { SANITIZED = 0 };
#endif

typedef struct rig {
    char dir[64];
} rig;

/* 60 images 3x16x16 of two classes, and a config for a small training on them. */
static rig rig_new(void)
{
    rig r;
    char path[128], text[600];
    rng_stream s = {3, RNG_TEST, 0, 0};
    jem_tensor x = JEM_TENSOR_INIT, y = JEM_TENSOR_INIT;
    check_tmp(r.dir, sizeof r.dir);
    check_ok(jem_tensor_init(&x, JEM_U8, 4, (int64_t[]){60, 3, 16, 16}));
    check_ok(jem_tensor_init(&y, JEM_I32, 1, (int64_t[]){60}));
    for (int i = 0; i < 60; i++) {
        ((int32_t *)y.data)[i] = i % 2;
        for (int k = 0; k < 768; k++)
            ((uint8_t *)x.data)[i * 768 + k] =
                (uint8_t)(100 * (i % 2) + (int)rng_below(&s, (uint32_t)i, (uint32_t)k, 50));
    }
    snprintf(path, sizeof path, "%s/images.npy", r.dir);
    check_ok(jem_npy_write(path, &x));
    snprintf(path, sizeof path, "%s/labels.npy", r.dir);
    check_ok(jem_npy_write(path, &y));
    jem_tensor_clear(&x);
    jem_tensor_clear(&y);
    snprintf(path, sizeof path, "%s/c.yaml", r.dir);
    int n = snprintf(text, sizeof text,
                     "model: {name: wrn-10-1, pool: adaptive}\n"
                     "data: {kind: npy, path: %s, val_fraction: 0.2}\n"
                     "sampler: {steps: 1, buffer_size: 20}\n"
                     "train: {batch: 4, iterations: 2, lr: 1e-4, warmup: 2}\n"
                     "engine: {threads: 2}\n",
                     r.dir);
    check_ok(file_write(path, text, (size_t)n));
    return r;
}

/* What `jem plan ARGS --json` printed; the caller's. */
static json_t *plan_json_of(const rig *r, const char *args, int code)
{
    char all[1024];
    size_t n;
    json_error_t e;
    snprintf(all, sizeof all, "plan %s --json", args);
    assert_int_equal(program_run(r->dir, "", all), code);
    char *text = program_read(r->dir, "out", &n);
    json_t *root = json_loadb(text, n, 0, &e);
    if (!root) fail_msg("not JSON, line %d: %s: %s", e.line, e.text, text);
    mem_free(text);
    return root;
}

static double number_at(const json_t *object, const char *group, const char *key)
{
    const json_t *v = json_object_get(group ? json_object_get(object, group) : object, key);
    if (!json_is_number(v)) fail_msg("no number %s.%s", group ? group : "", key);
    return json_number_value(v);
}

/* ---- */

/* The steps and the batch that a config's comment gives as its cost. */
static void check_cost(const char *name, const json_t *root)
{
    char path[256], *text = NULL, cost[128];
    size_t n;
    long long numbers[2] = {0, 0};
    snprintf(path, sizeof path, "%s/configs/%s.yaml", JEM_SOURCE_DIR, name);
    check_ok(file_read(&text, &n, path, 0));
    const char *at = strstr(text, "# Cost of a run: ");
    if (!at) fail_msg("%s does not say what a run costs", path);
    snprintf(cost, sizeof cost, "%s", strchr(at, ':'));
    for (const char *c = cost, *of = strstr(cost, " steps of "); *c && strncmp(c, " images", 7); c++)
        if (*c >= '0' && *c <= '9') numbers[c > of] = 10 * numbers[c > of] + (*c - '0');
    assert_int_equal(numbers[0], json_integer_value(json_object_get(root, "iterations")));
    assert_int_equal(numbers[1], json_integer_value(json_object_get(root, "batch")));
    assert_non_null(strstr(at, "docs/"));
    mem_free(text);
}

static void every_config_that_comes_along_can_be_planned_and_says_what_it_costs(void **state)
{
    static const struct {
        const char *name, *more;
        double params;
    } configs[] = {{"cifar10-small", "", 174698},
                   {"cifar10-wrn-28-10", "", 36471338},
                   {"cifar10-jempp", "", 36489290},
                   {"cifar10-sada", "", 36489290},
                   {"demo-gloss", "", 0},
                   {"gloss-wrn-22-10", "", 0},
                   {"gloss-pixelvae", "--images 9998 --shape 3x128x128 --classes 2", 39730840},
                   {"imagenet-latent-wrn-22-8", "--images 1281167 --shape 4x32x32 --classes 1000",
                    17661624}};
    rig r = rig_new();
    (void)state;
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        char args[512];
        /* f32 and a small buffer: on any processor, within any memory */
        snprintf(args, sizeof args,
                 "%s/configs/%s.yaml --no-timing --alpha 0:1:0.25 --set engine.precision=f32 "
                 "--set sampler.buffer_size=500 --set engine.threads=1 %s",
                 JEM_SOURCE_DIR, configs[i].name, configs[i].more);
        json_t *root = plan_json_of(&r, args, 0);
        assert_int_equal(json_array_size(json_object_get(root, "alphas")), 5);
        if (configs[i].params > 0)
            assert_true(number_at(root, "network", "parameters") == configs[i].params);
        assert_true(number_at(root, "memory", "bytes") > 0);
        check_cost(configs[i].name, root);
        json_decref(root);
    }
    check_tmp_remove(r.dir);
}

static void the_tables_show_layers_memory_disk_and_time(void **state)
{
    static const char *const texts[] = {"f.layer1.0.conv1", "parameters", "forward equivalents",
                                        "replay buffer", "checkpoints", "validation", "images/s",
                                        "48 training, 6 validation, 6 test"};
    rig r = rig_new();
    (void)state;
    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --alpha 0,0.5,1 --seconds 0.1 "
                                            "--set data.val_fraction=0.111"), 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) program_said(r.dir, "out", texts[i]);
    assert_false(program_made(r.dir, "run"));
    check_tmp_remove(r.dir);
}

static void json_holds_times_of_every_alpha(void **state)
{
    rig r = rig_new();
    char args[128];
    (void)state;
    snprintf(args, sizeof args, "%s/c.yaml --alpha 0,0.3,0.7 --seconds 0.1", r.dir);
    json_t *root = plan_json_of(&r, args, 0), *alphas = json_object_get(root, "alphas");
    assert_int_equal(json_array_size(alphas), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *a = json_array_get(alphas, i);
        assert_true(number_at(a, "time", "step_s") > 0);
        assert_true(number_at(a, "time", "run_s") >= 2 * number_at(a, "time", "step_s"));
    }
    /* what lies between 0 and 1 computes the same and is timed once */
    assert_true(number_at(json_array_get(alphas, 1), "time", "step_s") ==
                number_at(json_array_get(alphas, 2), "time", "step_s"));
    json_decref(root);
    check_tmp_remove(r.dir);
}

static void a_gpu_that_is_not_here_has_times_hours_and_a_price(void **state)
{
    rig r = rig_new();
    char args[160];
    (void)state;
    snprintf(args, sizeof args, "%s/c.yaml --alpha 0,0.5 --device-model h200", r.dir);
    json_t *root = plan_json_of(&r, args, 0), *alphas = json_object_get(root, "alphas");
    assert_true(number_at(root, "device_model", "memory_total") == 141e9);
    assert_true(json_is_true(json_object_get(json_object_get(root, "device_model"), "measured")));
    for (size_t i = 0; i < 2; i++) {
        const json_t *a = json_array_get(alphas, i);
        check_near(number_at(a, "time", "gpu_hours"), number_at(a, "time", "run_s") / 3600, 1e-8, 1); /* nine digits are printed */
        assert_true(number_at(a, "time", "step_s") > 0 && number_at(a, "time", "step_s") < 0.1);
    }
    json_decref(root);

    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --alpha 0,0.5 --device-model rtx4090 --price 0.4"), 0);
    program_said(r.dir, "out", "never compared with this");
    program_said(r.dir, "out", "GPU-hours");
    program_said(r.dir, "out", "and price");
    program_said(r.dir, "out", "of 24 GB");
    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --device-model rtx5"), JEM_EUSAGE);
    program_said(r.dir, "err", "h200, h100");
    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --price 2"), JEM_EUSAGE);
    program_said(r.dir, "err", "--device-model");
    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --set train.batch=6000 --set data.path= --images 50000 --shape 3x64x64 "
                                            "--classes 2 --set model.name=wrn-28-10 --device-model rtx4090"), JEM_ENOMEM);
    program_said(r.dir, "err", "GeForce RTX 4090 has 24 GB");
    check_tmp_remove(r.dir);
}

static void noise_stands_in_for_data_that_are_not_there(void **state)
{
    rig r = rig_new();
    char args[256];
    (void)state;
    snprintf(args, sizeof args,
             "%s/c.yaml --set data.path= --images 100 --shape 3x16x16 --classes 2 --seconds 0.1",
             r.dir);
    json_t *root = plan_json_of(&r, args, 0);
    assert_true(json_is_true(json_object_get(json_object_get(root, "data"), "assumed")));
    assert_true(number_at(root, "data", "train") == 72); /* 100 less 10 less 18 */
    json_decref(root);

    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --set data.path="), JEM_EUSAGE);
    program_said(r.dir, "err", "of which shape");
    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --set data.path= --images 9 "
                                            "--classes 2 --shape 3x16"), JEM_EUSAGE);
    program_said(r.dir, "err", "3x16");
    check_tmp_remove(r.dir);
}

static void what_cannot_fit_is_refused_with_exit_6_and_remedies(void **state)
{
    rig r = rig_new();
    (void)state;
    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --set sampler.buffer_size=90000000 "
                                            "--set data.path= --images 100 --shape 3x512x512 "
                                            "--classes 2"), JEM_ENOMEM);
    program_said(r.dir, "err", "sampler.buffer_size (now 90000000)");
    program_said(r.dir, "out", "replay buffer"); /* the tables are there all the same */
    check_tmp_remove(r.dir);
}

static void mistakes_are_usage_errors(void **state)
{
    rig r = rig_new();
    (void)state;
    assert_int_equal(program_run(r.dir, "", "plan"), JEM_EUSAGE);
    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --alpha 2"), JEM_EUSAGE);
    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --seconds x"), JEM_EUSAGE);
    assert_int_equal(program_run(r.dir, "", "plan %D/none.yaml"), JEM_EDATA);
    assert_int_equal(program_run(r.dir, "", "plan %D/c.yaml --set train.batch=1000"), JEM_EDATA);
    program_said(r.dir, "err", "1000");
    check_tmp_remove(r.dir);
}

/* ---- memory against the real thing */

/* Largest resident set of `jem train`, in bytes. */
static double trained_peak(const rig *r, const char *const *set, int count)
{
    char config[128], run[128];
    const char *argv[40] = {"jem", "train", config, "--out", run};
    int n = 5, status;
    struct rusage usage;
    snprintf(config, sizeof config, "%s/c.yaml", r->dir);
    snprintf(run, sizeof run, "%s/run", r->dir);
    for (int i = 0; i < count; i++) {
        argv[n++] = "--set";
        argv[n++] = set[i];
    }
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, 1);
        dup2(null, 2);
        execv(JEM_PROGRAM, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    assert_int_equal(wait4(child, &status, 0, &usage), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return (double)usage.ru_maxrss * 1024;
}

static void check_memory(const char *const *set, int count)
{
    char args[1024];
    rig r = rig_new();
    size_t used = (size_t)snprintf(args, sizeof args, "%s/c.yaml --no-timing", r.dir);
    for (int i = 0; i < count; i++)
        used += (size_t)snprintf(args + used, sizeof args - used, " --set %s", set[i]);
    json_t *root = plan_json_of(&r, args, 0);
    double foretold = number_at(root, "memory", "bytes"), real = trained_peak(&r, set, count);
    print_message("foretold %.1f MiB, real %.1f MiB\n", foretold / 1048576, real / 1048576);
    check_near(foretold, real, 0.15, 1);
    json_decref(root);
    check_tmp_remove(r.dir);
}

static void memory_of_a_large_replay_buffer_is_foretold(void **state)
{
    static const char *const set[] = {"sampler.buffer_size=8000"};
    (void)state;
    if (SANITIZED) skip();
    check_memory(set, 1);
}

static void memory_of_a_wide_classifier_is_foretold(void **state)
{
    static const char *const set[] = {"model.name=wrn-10-8", "alpha=0", "train.ema=0.99"};
    (void)state;
    if (SANITIZED) skip();
    check_memory(set, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_config_that_comes_along_can_be_planned_and_says_what_it_costs),
        cmocka_unit_test(the_tables_show_layers_memory_disk_and_time),
        cmocka_unit_test(json_holds_times_of_every_alpha),
        cmocka_unit_test(a_gpu_that_is_not_here_has_times_hours_and_a_price),
        cmocka_unit_test(noise_stands_in_for_data_that_are_not_there),
        cmocka_unit_test(what_cannot_fit_is_refused_with_exit_6_and_remedies),
        cmocka_unit_test(mistakes_are_usage_errors),
        cmocka_unit_test(memory_of_a_large_replay_buffer_is_foretold),
        cmocka_unit_test(memory_of_a_wide_classifier_is_foretold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
