/* The GPU backend's library comes from where jem was installed, or from the file that a person names:
 * what the working directory holds is never run.  The driver, without which nothing is looked
 * for, is played by an empty shared object. */
#include "support/folder.h"

#include <sys/wait.h>

#include "backend/device_library.h"
#include "base/file.h"
#include "base/mem.h"

static const char *in(const char *name)
{
    static char text[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(text[turn], sizeof text[turn], "%s/%s", folder, name);
    return text[turn];
}

/* A stranger's folder: a program and a library with the names of jem's. */
static int make_trap(void **state)
{
    char *data = NULL;
    size_t size = 0;

    make_folder(state);
    check_ok(file_read(&data, &size, JEM_TEST_PLANTED, 0));
    check_ok(dir_make(in("lib")));
    check_ok(file_write(in("libjem_cuda.so"), data, size));
    check_ok(file_write(in("lib/libjem_cuda.so"), data, size));
    check_ok(file_write(in("jem"), "#!/bin/sh\n", 10));
    mem_free(data);
    assert_int_equal(chmod(in("jem"), 0755), 0);
    setenv("JEM_TEST_LOADED", in("loaded"), 1);
    return 0;
}

/* dlopen takes one library once: each case has a process of its own. */
static void in_a_process(void (*body)(void))
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (chdir(folder) != 0) _exit(2);
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_false(file_exists(in("loaded")));
}

static void expect_refusal(const char *text)
{
    const backend *b = NULL;
    jem_status st = device_library_open(&b, 0);
    if (st == JEM_EUSAGE && strstr(jem_error_message(), text)) return;
    fprintf(stderr, "status %d, '%s' lacks '%s'\n", st, jem_error_message(), text);
    _exit(1);
}

static void with_a_bare_name(void)
{
    setenv("JEM_CUDA_LIBRARY", "libjem_cuda.so", 1);
    setenv("LD_LIBRARY_PATH", folder, 1);
    expect_refusal("'libjem_cuda.so' is not an absolute path");
}

static void with_a_relative_name(void)
{
    setenv("JEM_CUDA_LIBRARY", "./libjem_cuda.so", 1);
    expect_refusal("'./libjem_cuda.so' is not an absolute path");
}

static void with_a_name_of_nothing(void)
{
    setenv("JEM_CUDA_LIBRARY", "/nonexistent/libjem_cuda.so", 1);
    expect_refusal("/nonexistent/libjem_cuda.so");
}

static void with_another_library(void)
{
    unsetenv("JEM_TEST_LOADED"); /* this one is to be loaded */
    setenv("JEM_CUDA_LIBRARY", JEM_TEST_PLANTED, 1);
    expect_refusal("is not a library of jem");
}

static void a_library_is_named_by_an_absolute_path(void **state)
{
    (void)state;
    in_a_process(with_a_bare_name);
    in_a_process(with_a_relative_name);
    in_a_process(with_a_name_of_nothing);
    in_a_process(with_another_library);
}

/* As a shell does that found `jem` through PATH; `name` is its argv[0]. */
static void run_from_the_trap(const char *name)
{
    char command[2048];

    /* the trailing colon, which many have without knowing, names the working directory */
    snprintf(command, sizeof command,
             "cd '%s' && unset JEM_CUDA_LIBRARY JEM_DEVICE && LD_LIBRARY_PATH='%s:' "
             "bash -c 'exec -a %s \"$0\" list backends' '%s' >out 2>&1",
             folder, JEM_TEST_DRIVER, name, JEM_PROGRAM);
    assert_int_equal(system(command), 0);
    if (file_exists(in("loaded"))) fail_msg("argv[0] %s: the working directory's library ran", name);
}

static void the_working_directory_is_never_searched(void **state)
{
    (void)state;
    run_from_the_trap("jem");
    run_from_the_trap("./jem");
    run_from_the_trap("bin/../jem");
    run_from_the_trap("\"\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_library_is_named_by_an_absolute_path, make_trap,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_working_directory_is_never_searched, make_trap,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
