/* jem train, resume and sweep as programs: exit codes, messages, folders. */
#include "support/check.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "jem/tensor.h"
#include "run/loop.h"

typedef struct rig {
    char dir[64], config[128];
} rig;

/* 40 images 16x16 of two classes as npy files, and a config that trains four steps. */
static void write_data(const char *dir)
{
    char path[128];
    rng_stream s = {3, RNG_TEST, 0, 0};
    jem_tensor x = JEM_TENSOR_INIT, y = JEM_TENSOR_INIT;
    check_ok(jem_tensor_init(&x, JEM_U8, 4, (int64_t[]){40, 3, 16, 16}));
    check_ok(jem_tensor_init(&y, JEM_I32, 1, (int64_t[]){40}));
    for (int i = 0; i < 40; i++) {
        ((int32_t *)y.data)[i] = i % 2;
        for (int k = 0; k < 768; k++)
            ((uint8_t *)x.data)[i * 768 + k] =
                (uint8_t)(100 * (i % 2) + (int)rng_below(&s, (uint32_t)i, (uint32_t)k, 50));
    }
    snprintf(path, sizeof path, "%s/images.npy", dir);
    check_ok(jem_npy_write(path, &x));
    snprintf(path, sizeof path, "%s/labels.npy", dir);
    check_ok(jem_npy_write(path, &y));
    jem_tensor_clear(&x);
    jem_tensor_clear(&y);
}

static rig rig_new(void)
{
    rig r;
    char text[600];
    check_tmp(r.dir, sizeof r.dir);
    write_data(r.dir);
    snprintf(r.config, sizeof r.config, "%s/c.yaml", r.dir);
    int n = snprintf(text, sizeof text,
                     "model: {name: wrn-10-1, pool: adaptive}\n"
                     "data: {kind: npy, path: %s}\n"
                     "sampler: {steps: 2, buffer_size: 20}\n"
                     "train: {batch: 8, iterations: 4, lr: 1e-3, warmup: 2}\n",
                     r.dir);
    check_ok(file_write(r.config, text, (size_t)n));
    return r;
}

/* Runs `jem ARGS` with %D replaced by the folder; stderr goes to DIR/err. */
static int jem(const rig *r, const char *args)
{
    char command[4096];
    size_t used = (size_t)snprintf(command, sizeof command, "'%s' ", JEM_PROGRAM);
    for (; *args; args++) {
        if (args[0] == '%' && args[1] == 'D') {
            used += (size_t)snprintf(command + used, sizeof command - used, "%s", r->dir);
            args++;
        } else {
            command[used++] = *args;
        }
    }
    snprintf(command + used, sizeof command - used, " >'%s/out' 2>'%s/err'", r->dir, r->dir);
    int code = system(command);
    assert_true(WIFEXITED(code));
    return WEXITSTATUS(code);
}

static void said(const rig *r, const char *file, const char *text)
{
    char path[128], *data = NULL;
    size_t n;
    snprintf(path, sizeof path, "%s/%s", r->dir, file);
    check_ok(file_read(&data, &n, path, 0));
    if (!strstr(data, text)) fail_msg("'%s' is not in: %s", text, data);
    mem_free(data);
}

static bool there_is(const rig *r, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", r->dir, name);
    return file_exists(path);
}

static void train_makes_a_run_and_repeats_nothing(void **state)
{
    (void)state;
    rig r = rig_new();
    assert_int_equal(jem(&r, "train %D/c.yaml --set alpha=0.5 --out %D/run"), 0);
    said(&r, "out", "/run");
    assert_true(there_is(&r, "run/best.safetensors") && there_is(&r, "run/metrics.csv"));
    assert_int_equal(jem(&r, "train %D/c.yaml --set alpha=0.5 --out %D/run"), 0);
    said(&r, "err", "finished already");
    assert_int_equal(jem(&r, "resume %D/run"), 0);
    assert_int_equal(jem(&r, "train %D/c.yaml --set alpha=0.6 --out %D/run"), JEM_EUSAGE);
    said(&r, "err", "alpha is 0.5 there and 0.6 here");
    check_tmp_remove(r.dir);
}

static void mistakes_have_exit_codes_and_remedies(void **state)
{
    (void)state;
    rig r = rig_new();
    assert_int_equal(jem(&r, "--version"), 0);
    assert_int_equal(jem(&r, "help"), 0);
    assert_int_equal(jem(&r, "trian"), JEM_EUSAGE);
    said(&r, "err", "jem train");
    assert_int_equal(jem(&r, "train %D/c.yaml"), JEM_EUSAGE);
    assert_int_equal(jem(&r, "train %D/c.yaml --uot x"), JEM_EUSAGE);
    said(&r, "err", "--out");
    assert_int_equal(jem(&r, "train %D/none.yaml --out %D/x"), JEM_EDATA);
    assert_int_equal(jem(&r, "train %D/c.yaml --set alpha=1.2 --out %D/x"), JEM_EUSAGE);
    assert_int_equal(jem(&r, "train %D/c.yaml --set train.lrr=1 --out %D/x"), JEM_EUSAGE);
    said(&r, "err", "train.lr");
    assert_int_equal(jem(&r, "train %D/c.yaml --set data.path=/nowhere --out %D/x"), JEM_EDATA);
    assert_int_equal(jem(&r, "resume %D"), JEM_EDATA);
    assert_int_equal(jem(&r, "sweep %D/c.yaml --alpha 0:2:1 --out %D/x"), JEM_EUSAGE);
    assert_false(there_is(&r, "x"));
    check_tmp_remove(r.dir);
}

static void a_sweep_makes_every_run_and_skips_finished_ones(void **state)
{
    (void)state;
    rig r = rig_new();
    assert_int_equal(jem(&r, "sweep %D/c.yaml --alpha 0:1:0.5 --seeds 2 --out %D/study"), 0);
    assert_true(there_is(&r, "study/alpha-0.00-seed-1/best.safetensors"));
    assert_true(there_is(&r, "study/alpha-0.50-seed-2/best.safetensors"));
    assert_true(there_is(&r, "study/alpha-1.00-seed-2/best.safetensors"));
    said(&r, "study/study.json", "\"path\": \"alpha-1.00-seed-1\"");
    assert_int_equal(jem(&r, "sweep %D/c.yaml --alpha 0:1:0.5 --seeds 2 --out %D/study"), 0);
    said(&r, "err", "finished already");
    check_tmp_remove(r.dir);
}

static void one_failing_run_does_not_stop_a_sweep(void **state)
{
    (void)state;
    rig r = rig_new();
    char path[128];
    snprintf(path, sizeof path, "%s/study/alpha-0.00-seed-1", r.dir);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/study/alpha-0.00-seed-1/mine.txt", r.dir);
    check_ok(file_write(path, "x", 1));
    assert_int_equal(jem(&r, "sweep %D/c.yaml --alpha 0,0.125,1 --out %D/study"), JEM_EUSAGE);
    said(&r, "err", "1 of 3 runs failed: alpha-0.00-seed-1");
    assert_true(there_is(&r, "study/alpha-0.125000-seed-1/best.safetensors"));
    assert_true(there_is(&r, "study/alpha-1.00-seed-1/best.safetensors"));
    assert_true(there_is(&r, "study/alpha-0.00-seed-1/mine.txt"));
    check_tmp_remove(r.dir);
}

static void a_signal_saves_the_run(void **state)
{
    (void)state;
    rig r = rig_new();
    int code;
    char out[128];
    snprintf(out, sizeof out, "%s/run", r.dir);
    pid_t child = fork();
    if (child == 0) {
        char err[128];
        snprintf(err, sizeof err, "%s/err", r.dir);
        if (!freopen(err, "w", stderr)) _exit(99);
        execl(JEM_PROGRAM, "jem", "train", r.config, "--set", "train.iterations=100000", "--set",
              "train.max_minutes=5", "--out", out, (char *)NULL);
        _exit(98);
    }
    for (int i = 0; i < 600 && !there_is(&r, "run/run.json"); i++) usleep(50000);
    usleep(200000);
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), JEM_EINTERRUPTED);
    said(&r, "err", "jem resume");
    said(&r, "run/run.json", "interrupted");
    said(&r, "run/run.json", "\"checkpoints/0");
    check_tmp_remove(r.dir);
}

static const volatile sig_atomic_t stop_now = 1;

/* DIR/run, begun in DIR on its subfolder "set" by that name, and interrupted at once. */
static void begin_a_run(const rig *r)
{
    char command[512], out[128];
    config *c = NULL;
    snprintf(command, sizeof command, "mkdir '%s/set' && mv '%s'/*.npy '%s/set'", r->dir, r->dir,
             r->dir);
    assert_int_equal(system(command), 0);
    snprintf(out, sizeof out, "%s/run", r->dir);
    assert_int_equal(chdir(r->dir), 0);
    check_ok(MEM_NEW(c, 1));
    check_ok(config_load(c, &config_builtin, r->config, (const char *[]){"data.path=set"}, 1));
    const train_request q = {.cfg = c, .out = out, .stop = &stop_now};
    check_fails(train_run(&q), JEM_EINTERRUPTED, "saved");
    mem_free(c);
}

static void a_run_finds_its_data_from_anywhere_and_where_they_moved(void **state)
{
    (void)state;
    rig r = rig_new();
    char *here = getcwd(NULL, 0), text[512];
    begin_a_run(&r);
    assert_int_equal(chdir("/"), 0);
    snprintf(text, sizeof text, "path: \"%s/set\"", r.dir);
    said(&r, "run/config.yaml", text);

    snprintf(text, sizeof text, "mv '%s/set' '%s/moved'", r.dir, r.dir);
    assert_int_equal(system(text), 0);
    snprintf(text, sizeof text, "data.path of %s/run/config.yaml is %s/set; set", r.dir, r.dir);
    assert_int_equal(jem(&r, "resume %D/run"), JEM_EDATA);
    said(&r, "err", text);
    said(&r, "err", "set data.path to where the data are now");
    assert_int_equal(jem(&r, "resume %D/run --set data.path=%D/none"), JEM_EDATA);
    said(&r, "err", "/none/images.npy: cannot open: No such file or directory; check the path\n");
    assert_int_equal(jem(&r, "resume %D/run --set data.path=%D/moved --set engine.threads=1"), 0);
    snprintf(text, sizeof text, "path: \"%s/moved\"", r.dir);
    said(&r, "run/config.yaml", text); /* kept, and nothing else that was set for once */
    said(&r, "run/config.yaml", "threads: 0");
    assert_int_equal(jem(&r, "eval %D/run"), 0);
    snprintf(text, sizeof text, "mv '%s/moved' '%s/again'", r.dir, r.dir);
    assert_int_equal(system(text), 0);
    assert_int_equal(jem(&r, "resume %D/run --set data.path=%D/again"), 0);
    said(&r, "err", "finished already");
    said(&r, "run/config.yaml", "/again\"");

    snprintf(text, sizeof text, "sed -i 's|path: .*|path: \"set\"|' '%s/run/config.yaml'", r.dir);
    assert_int_equal(system(text), 0); /* as older versions left it */
    assert_int_equal(jem(&r, "eval %D/run --force"), JEM_EDATA);
    said(&r, "err", "/run/config.yaml is set, which is relative to the folder that jem is started in");
    assert_int_equal(chdir(here), 0);
    free(here);
    check_tmp_remove(r.dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(train_makes_a_run_and_repeats_nothing),
        cmocka_unit_test(mistakes_have_exit_codes_and_remedies),
        cmocka_unit_test(a_sweep_makes_every_run_and_skips_finished_ones),
        cmocka_unit_test(one_failing_run_does_not_stop_a_sweep),
        cmocka_unit_test(a_signal_saves_the_run),
        cmocka_unit_test(a_run_finds_its_data_from_anywhere_and_where_they_moved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
