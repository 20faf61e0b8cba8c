/* Configs as people give them: through pipes and the standard input, with 5.0 for 5. */
#include "cli/program.h"
#include "data/pictures.h"
#include "jem/tensor.h"
#include "support/folder.h"

static const char config[] = "model: {name: wrn-10-1, pool: adaptive}\n"
                             "data: {kind: npy, path: .}\n"
                             "alpha: 1\n"
                             "train: {batch: 4, iterations: 1, lr: 1e-3, warmup: 2}\n";

/* FOLDER/c.yaml and the data that it speaks of. */
static int make_config(void **state)
{
    jem_tensor x = JEM_TENSOR_INIT, y = JEM_TENSOR_INIT;
    char path[128];

    make_folder(state);
    check_ok(jem_tensor_init(&x, JEM_U8, 4, (const int64_t[]){16, 3, 16, 16}));
    check_ok(jem_tensor_init(&y, JEM_I32, 1, (const int64_t[]){16}));
    for (int i = 0; i < 16; i++) ((int32_t *)y.data)[i] = i % 2;
    for (int i = 0; i < 16 * 768; i++) ((uint8_t *)x.data)[i] = (uint8_t)(i * 37 % 251);
    snprintf(path, sizeof path, "%s/images.npy", folder);
    check_ok(jem_npy_write(path, &x));
    snprintf(path, sizeof path, "%s/labels.npy", folder);
    check_ok(jem_npy_write(path, &y));
    jem_tensor_clear(&x);
    jem_tensor_clear(&y);
    write_text(folder, "c.yaml", config);
    return 0;
}

/* `BEFORE jem ARGS` within the folder, %D in both. */
static int run(const char *before, const char *args)
{
    char line[1024];
    snprintf(line, sizeof line, "cd '%s'; %s", folder, before);
    return program_run(folder, line, args);
}

static void works(const char *before, const char *args)
{
    if (run(before, args) == 0) return;
    size_t n;
    fail_msg("%s jem %s: %s", before, args, program_read(folder, "err", &n));
}

/* ---- where they come from */

static void configs_come_through_pipes(void **state)
{
    (void)state;
    works("cat c.yaml |", "train - --out a");
    works("cat c.yaml |", "train /dev/stdin --out b");
    works("cat c.yaml |", "train /dev/fd/0 --out c");
    works("mkfifo pipe; cat c.yaml >pipe &", "train pipe --out d");
    works("<c.yaml", "train - --out e");
    works("cat c.yaml |", "plan - --no-timing");
    works("cat c.yaml |", "speed - --seconds 0.1");
    works("cat c.yaml |", "sweep - --alpha 1 --seeds 1 --out s");
    works("", "sweep s/config.yaml --alpha 1 --seeds 1 --out s"); /* it lies there since */
    for (const char *run_name = "abcde"; *run_name; run_name++) {
        char path[32];
        snprintf(path, sizeof path, "%c/best.safetensors", *run_name);
        assert_true(program_made(folder, path));
    }
    assert_true(program_made(folder, "s/alpha-1.00-seed-1/best.safetensors"));
}

static void mistakes_in_pipes_are_named(void **state)
{
    (void)state;
    assert_int_equal(run("printf 'alpha: 1\\ntrain: {lrr: 1}\\n' |", "train - --out a"), JEM_EUSAGE);
    program_said(folder, "err", "standard input:2: unknown key 'train.lrr'");
    assert_int_equal(run("head -c 2000000 /dev/zero |", "train - --out a"), JEM_EDATA);
    program_said(folder, "err", "standard input: more than the 1048576 bytes that such a file may have");
    assert_int_equal(run("", "train /dev/zero --out a"), JEM_EDATA);
    program_said(folder, "err", "/dev/zero: more than the 1048576 bytes");
    assert_int_equal(run("", "train . --out a"), JEM_EDATA);
    program_said(folder, "err", "not a regular file");
    assert_int_equal(run("", "train none.yaml --out a"), JEM_EDATA);
    program_said(folder, "err", "none.yaml: cannot open");
    assert_false(program_made(folder, "a/config.yaml"));
}

/* ---- numbers */

static void whole_numbers_may_be_written_as_others(void **state)
{
    (void)state;
    static const char *const refused[] = {"1.5", "1e-400", "1.00000000000000000001", "1e400", "0x2",
                                          "1e17", "2e0.0", "1.0 # 2", "nan", ".", "e1", "1048577.0"};
    size_t n;

    write_text(folder, "whole.yaml", "model: {name: wrn-10-1, pool: adaptive}\n"
                                     "data: {kind: npy, path: .}\nalpha: 1\n"
                                     "train: {batch: 4.0, iterations: 1e0, lr: 1e-3, warmup: 200E-2}\n");
    works("", "train whole.yaml --out a");
    works("", "train c.yaml --out b");
    char *a = program_read(folder, "a/config.yaml", &n), *b = program_read(folder, "b/config.yaml", &n);
    assert_string_equal(a, b);
    mem_free(a);
    mem_free(b);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char args[128];
        snprintf(args, sizeof args, "train c.yaml --set 'train.batch=%s' --out x", refused[i]);
        assert_int_equal(run("", args), JEM_EUSAGE);
        program_said(folder, "err", "expected a whole number from 1 to 1048576");
    }
}

int main(void)
{
#define WITH_CONFIG(f) cmocka_unit_test_setup_teardown(f, make_config, remove_folder)
    const struct CMUnitTest tests[] = {
        WITH_CONFIG(configs_come_through_pipes),
        WITH_CONFIG(mistakes_in_pipes_are_named),
        WITH_CONFIG(whole_numbers_may_be_written_as_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
