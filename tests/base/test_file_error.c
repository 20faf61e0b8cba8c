/* Advice fits the error: what each errno is told to help, and real errors as files meet them. */
#include "support/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/append_file.h"
#include "base/dir_lock.h"
#include "base/file.h"
#include "base/file_error.h"
#include "base/mem.h"
#include "base/sha256.h"

static const int all[] = {ENOENT, ENOTDIR, EISDIR, ELOOP, ENAMETOOLONG, EACCES, EPERM, EROFS, ENOSPC, EDQUOT,
                          EFBIG, EMFILE, ENFILE, ENOMEM, EIO, ESTALE, EEXIST};
enum { ALL = sizeof all / sizeof *all };

static void only_what_is_about_permissions_speaks_of_them(void **state)
{
    (void)state;
    for (int i = 0; i < ALL; i++) {
        const bool permissions = all[i] == EACCES || all[i] == EPERM;
        if ((strstr(file_remedy(all[i]), "permissions") != NULL) != permissions)
            fail_msg("%s: %s", strerror(all[i]), file_remedy(all[i]));
    }
    assert_non_null(strstr(file_remedy(EXDEV), "permissions")); /* others: what it usually is */
}

static void each_error_names_its_own_remedy(void **state)
{
    static const struct {
        int err;
        const char *remedy;
    } cases[] = {{ENOSPC, "free space and run the same command again"},
                 {EDQUOT, "free some of your quota and run"},
                 {EROFS, "choose a path on another one"},
                 {EMFILE, "(ulimit -n)"},
                 {EFBIG, "(ulimit -f)"},
                 {ENOTDIR, "a part of the path is a file"},
                 {EISDIR, "it is a folder"},
                 {ELOOP, "links"},
                 {ENAMETOOLONG, "choose a shorter name"},
                 {ENOENT, "make the folder first"},
                 {EEXIST, "choose another name"},
                 {EACCES, "permissions"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_fails(file_write_failed("write", "a/b", cases[i].err), JEM_EIO, cases[i].remedy);
        assert_non_null(strstr(jem_error_message(), "a/b: cannot write: "));
        assert_non_null(strstr(jem_error_message(), strerror(cases[i].err)));
    }
    check_fails(file_read_failed("open", "a/b", ENOENT), JEM_EDATA, "check the path");
    check_fails(file_read_failed("open", "a/b", EMFILE), JEM_EIO, "(ulimit -n)");
}

/* ---- real ones */

static char *in_folder(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Whatever reads or writes the file `path`, or opens the folder `dir`, gives this advice; reading ends
 * with `code`. */
static void check_all(const char *path, const char *dir, jem_status code, const char *advice)
{
    char *data, **names, hex[SHA256_HEX];
    size_t size;
    int count;
    append_file f;
    dir_held *held;
    bool busy;
    check_fails(file_read(&data, &size, path, 0), code, advice);
    check_fails(file_read_stream(&data, &size, path, 1), code, advice);
    check_fails(dir_list(&names, &count, dir), code, advice);
    check_fails(sha256_file(hex, path), code, advice);
    check_fails(file_write(path, "x", 1), JEM_EIO, advice);
    check_fails(append_file_open(&f, path), JEM_EIO, advice);
    check_fails(dir_lock(&held, &busy, dir), JEM_EIO, advice);
}

static void every_reader_and_writer_gives_the_advice_that_fits(void **state)
{
    char name[300];
    struct rlimit old, none;
    (void)state;
    check_ok(file_write(in_folder("file"), "x", 1));
    const char *path = in_folder("file/below");
    check_all(path, path, JEM_EDATA, "a part of the path is a file, not a folder");
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    path = in_folder(name);
    check_all(path, path, JEM_EIO, "choose a shorter name");

    check_ok(file_write(in_folder("there"), "x", 1));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = (rlim_t)dup(STDERR_FILENO); /* what is free next */
    close((int)none.rlim_cur);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    check_all(in_folder("there"), folder, JEM_EIO, "raise the limit of open files (ulimit -n)");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

static void a_circle_of_links_is_not_called_a_matter_of_permissions(void **state)
{
    char *data;
    size_t size;
    (void)state;
    assert_int_equal(symlink("circle", in_folder("circle")), 0);
    check_fails(file_read(&data, &size, in_folder("circle"), 0), JEM_EIO, "links lead in a circle there");
    check_fails(file_write(in_folder("circle/x"), "x", 1), JEM_EIO, "links lead in a circle there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_about_permissions_speaks_of_them),
        cmocka_unit_test(each_error_names_its_own_remedy),
        cmocka_unit_test_setup_teardown(every_reader_and_writer_gives_the_advice_that_fits, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_circle_of_links_is_not_called_a_matter_of_permissions, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
