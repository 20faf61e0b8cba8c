/* What jem says of runs that did not end as they should, and of what a setting leaves out. */
#include "cli/program.h"
#include "support/folder.h"

#include "base/rng.h"
#include "jem/tensor.h"

static void put(const char *name, jem_dtype dtype, int ndim, const int64_t *shape, int classes)
{
    char path[128];
    jem_tensor t = JEM_TENSOR_INIT;
    check_ok(jem_tensor_init(&t, dtype, ndim, shape));
    for (int64_t i = 0; i < jem_tensor_count(&t); i++)
        if (dtype == JEM_I32)
            ((int32_t *)t.data)[i] = (int32_t)(i % classes);
        else
            ((uint8_t *)t.data)[i] = (uint8_t)(i * 7 % 251);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(jem_npy_write(path, &t));
    jem_tensor_clear(&t);
}

/* 40 images of two classes and a config for a few steps; `more` settings of train. */
static void make_config(const char *more)
{
    char path[128], text[500];
    put("images.npy", JEM_U8, 4, (int64_t[]){40, 3, 8, 8}, 0);
    put("labels.npy", JEM_I32, 1, (int64_t[]){40}, 2);
    int n = snprintf(text, sizeof text,
                     "model: {name: wrn-10-1, pool: adaptive}\n"
                     "data: {kind: npy, path: %s}\nengine: {threads: 1}\n"
                     "sampler: {steps: 1, buffer_size: 20}\n"
                     "train: {batch: 8, lr: 1e-3, warmup: 2, event_files: false, %s}\n", folder, more);
    snprintf(path, sizeof path, "%s/c.yaml", folder);
    check_ok(file_write(path, text, (size_t)n));
}

static void not_said(const char *file, const char *text) { program_not_said(folder, file, text); }

/* Replaces what is between `before` and the next comma in run/run.json, which then has no checksum of its
 * own, as before there were any. */
static void change(const char *before, const char *value)
{
    char path[128], *text, *changed;
    size_t n;
    snprintf(path, sizeof path, "%s/run/run.json", folder);
    check_ok(file_read(&text, &n, path, 0));
    char *at = strstr(text, before);
    assert_non_null(at);
    at += strlen(before);
    char *end = at + strcspn(at, ",");
    *at = '\0';
    check_ok(str_format(&changed, "%s%s", text, value));
    char *whole = NULL;
    *end = ',';
    check_ok(str_format(&whole, "%s%s", changed, end));
    char *sum = strstr(whole, "own_checksum");
    if (sum) memcpy(sum, "was", 3);
    check_ok(file_write(path, whole, strlen(whole)));
    mem_free(whole);
    mem_free(changed);
    mem_free(text);
}

static void a_killed_run_is_not_called_running(void **state)
{
    char command[PROGRAM_COMMAND], err[128], *so_far = NULL;
    int how;
    size_t n;
    (void)state;
    make_config("epochs: 100000");
    program_command(command, folder, "exec", "train %D/c.yaml --out %D/run");
    snprintf(err, sizeof err, "%s/err", folder);
    check_ok(file_write(err, "", 0));
    pid_t child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(98);
    }
    for (int i = 0; i < 6000 && !(so_far && strstr(so_far, "epoch 1:")); i++) {
        usleep(10000);
        mem_free(so_far);
        so_far = program_read(folder, "err", &n);
    }
    mem_free(so_far);
    snprintf(command, sizeof command, "'%s' info '%s/run' > '%s/info'", JEM_PROGRAM, folder, folder);
    int code = system(command);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_int_equal(code, 0);
    program_said(folder, "info", "run, running");
    program_works(folder, "info %D/run");
    program_said(folder, "out", "killed: no process holds the folder; go on with: jem resume");
    program_works(folder, "info %D");
    program_said(folder, "out", " killed ");
    not_said("out", "running");
}

static void what_was_not_selected_has_no_iteration(void **state)
{
    (void)state;
    make_config("iterations: 2");
    program_works(folder, "train %D/c.yaml --out %D/run");
    program_works(folder, "info %D/run");
    program_said(folder, "out", "selected   iteration 2");
    change("\"best\": {\n    \"iteration\": ", "0");
    program_works(folder, "info %D/run");
    program_said(folder, "out", "selected   nothing yet");
}

static void a_diverged_run_without_weights_cannot_be_resumed_and_nobody_says_so(void **state)
{
    (void)state;
    make_config("iterations: 4");
    program_fails(folder, "train %D/c.yaml --out %D/run --set health.max_loss=1e-9 --set rescue.tries=0",
                  JEM_EDIVERGED, "max_loss");
    program_fails(folder, "resume %D/run", JEM_EDIVERGED, "has ended");
    program_fails(folder, "eval %D/run", JEM_EDATA, "it ended before any were selected");
    not_said("err", "jem resume");
}

static void sizes_of_no_picture_name_the_file(void **state)
{
    (void)state;
    make_config("iterations: 2");
    program_works(folder, "train %D/c.yaml --out %D/run");
    change("\"height\": ", "-8");
    program_fails(folder, "eval %D/run", JEM_EDATA, "run/run.json: pictures of 3x-8x8");
    change("\"height\": ", "4000000000000");
    program_fails(folder, "eval %D/run", JEM_EDATA, "run/run.json: pictures of 3x4000000000000x8");
}

static void what_alpha_leaves_out_is_left_out(void **state)
{
    (void)state;
    make_config("iterations: 2");
    program_works(folder, "train %D/c.yaml --out %D/run --set alpha=0");
    program_said(folder, "err", "l_D ");
    not_said("err", "l_G");
    not_said("err", "nan");
    program_works(folder, "train %D/c.yaml --out %D/other --set alpha=1");
    program_said(folder, "err", "l_G ");
    not_said("err", "l_D");
    not_said("err", "nan");
}

static void a_training_begins_with_one_line_of_what_it_will_do(void **state)
{
    (void)state;
    make_config("iterations: 2");
    program_works(folder, "train %D/c.yaml --out %D/run --device cpu");
    program_said(folder, "err", "train: cpu, 1 thread, float32; npy data ");
    program_said(folder, "err", ": 34 training and 2 validation images of 3x8x8; alpha 0.5, 2 steps of "
                                "8 images (0.5 epochs); ETA after the first steps\n");
    program_works(folder, "train %D/c.yaml --out %D/limited --set train.max_minutes=5 --set alpha=0 "
                          "--set engine.precision=bf16");
    program_said(folder, "err", ", bf16; npy data ");
    program_said(folder, "err", "; alpha 0, 2 steps of 8 images (0.5 epochs); ETA after the first steps, "
                                "at most 5 minutes in all\n");
}

static void a_resumed_training_says_from_where(void **state)
{
    (void)state;
    make_config("epochs: 100000, max_minutes: 1000");
    program_stop(folder, "train %D/c.yaml --out %D/run", "epoch 1:", SIGTERM, "go on with");
    program_stop(folder, "resume %D/run", "train: ", SIGTERM, "; alpha 0.5, resumed after step ");
    program_said(folder, "err", " of 400000 steps of 8 images (100000 epochs); ETA ");
    program_said(folder, "err", " as before, at most 1000 minutes in all\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_killed_run_is_not_called_running, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_was_not_selected_has_no_iteration, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(
            a_diverged_run_without_weights_cannot_be_resumed_and_nobody_says_so, make_folder,
            remove_folder),
        cmocka_unit_test_setup_teardown(sizes_of_no_picture_name_the_file, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_alpha_leaves_out_is_left_out, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_training_begins_with_one_line_of_what_it_will_do, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_resumed_training_says_from_where, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
