/* Linear algebra is opened at first use, with room for it or not at all.  Each test is a process
 * of its own, as what is opened stays. */
#include "support/folder.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/file.h"
#include "stats/blas.h"
#include "stats/frechet.h"

extern char **environ;

static void in_a_process(void (*test)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        alarm(60); /* OpenBLAS's endless loop */
        test();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) fail_msg("the child: status %#x", status);
}

static jem_status covariance(void)
{
    const double x[6] = {1, 2, 3, 5, 8, 13};
    double mean[2], c[4];
    return stats_covariance(mean, c, x, 3, 2);
}

/* In the children, where cmocka's checks would go on with the parent's tests. */
static void expect(jem_status want, const char *text)
{
    jem_status st = covariance();
    if (st == want && (st == JEM_OK || strstr(jem_error_message(), text))) return;
    fprintf(stderr, "status %d instead of %d: %s\n", (int)st, (int)want, jem_error_message());
    _exit(1);
}

/* What this process has mapped, and `more`. */
static void limit_to(long more_mib)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (!f || fscanf(f, "%ld", &pages) != 1) _exit(2);
    fclose(f);
    rlim_t most = (rlim_t)(pages * sysconf(_SC_PAGESIZE) + more_mib * 1048576);
    const struct rlimit limit = {most, most};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(2);
}

static void without_room_for_the_library(void)
{
    limit_to(40);
    expect(JEM_ENOMEM, "ulimit -v");
    expect(JEM_ENOMEM, "ulimit -v");
}

static void without_room_for_its_buffers(void)
{
    limit_to(260);
    expect(JEM_ENOMEM, "ulimit -v");
    expect(JEM_ENOMEM, "ulimit -v");
}

static void with_room_for_one_caller(void)
{
    const blas *b;
    limit_to(400);
    expect(JEM_OK, "");
    if (blas_begin(&b, 8) != JEM_ENOMEM) _exit(1);
    expect(JEM_OK, ""); /* and what was there is still there */
}

static void too_little_room_is_an_error(void **state)
{
    (void)state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    print_message("skipped: sanitizers need all the address space there is\n");
    skip();
#endif
    in_a_process(without_room_for_the_library);
    in_a_process(without_room_for_its_buffers);
    in_a_process(with_room_for_one_caller);
}

static void leaving_all_as_it_was(void)
{
    char **before = environ;
    setenv("JEM_TEST_VARIABLE", "kept", 1);
    before = environ;
    expect(JEM_OK, "");
    if (environ != before || getenv("OPENBLAS_NUM_THREADS")) _exit(1);
    if (strcmp(getenv("JEM_TEST_VARIABLE"), "kept") != 0) _exit(1);
    int threads = 0;
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; d && (e = readdir(d));) threads += e->d_name[0] != '.';
    if (d) closedir(d);
    if (threads != 1) _exit(1);
}

static void opening_starts_no_thread_and_sets_no_variable(void **state)
{
    (void)state;
#if defined(__SANITIZE_THREAD__)
    print_message("skipped: the sanitizer has a thread of its own\n");
    skip();
#endif
    unsetenv("OPENBLAS_NUM_THREADS");
    in_a_process(leaving_all_as_it_was);
}

static void with_a_relative_name(void)
{
    setenv("JEM_BLAS_LIBRARY", "libjem_blas.so", 1);
    expect(JEM_EUSAGE, "'libjem_blas.so' is not an absolute path");
}

static void with_a_name_of_nothing(void)
{
    setenv("JEM_BLAS_LIBRARY", "/nonexistent/libjem_blas.so", 1);
    expect(JEM_EUSAGE, "/nonexistent/libjem_blas.so");
}

static void with_another_library(void)
{
    setenv("JEM_BLAS_LIBRARY", getenv("JEM_CUDA_LIBRARY"), 1);
    expect(JEM_EUSAGE, "was not built with this jem");
}

static void from_a_folder_with_a_decoy(void)
{
    if (chdir(folder) != 0 || file_write("libjem_blas.so", "no library", 10) != JEM_OK) _exit(2);
    expect(JEM_OK, "");
}

static void the_library_is_jems_own(void **state)
{
    (void)state;
    in_a_process(with_a_relative_name);
    in_a_process(with_a_name_of_nothing);
    if (getenv("JEM_CUDA_LIBRARY")) in_a_process(with_another_library);
    in_a_process(from_a_folder_with_a_decoy);
}

static void with_a_mistake(void)
{
    const blas *b;
    double a[4] = {0}, values[2];
    char path[100];
    struct stat printed;
    snprintf(path, sizeof path, "%s/printed", folder);
    if (!freopen(path, "w", stdout) || blas_begin(&b, 1) != JEM_OK) _exit(2);
    if (b->dsyevd(LAPACK_ROW_MAJOR, 'V', 'U', 2, a, 1, values) >= 0) _exit(1);
    blas_end();
    fflush(NULL);
    if (stat(path, &printed) != 0 || printed.st_size != 0) _exit(1);
}

static void lapacke_prints_nothing(void **state)
{
    (void)state;
    in_a_process(with_a_mistake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_little_room_is_an_error),
        cmocka_unit_test(opening_starts_no_thread_and_sets_no_variable),
        cmocka_unit_test_setup_teardown(lapacke_prints_nothing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_library_is_jems_own, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
