/* Files are found beside the program, whatever the working directory holds. */
#include "support/folder.h"

#include <libgen.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/own_place.h"

static char *own_path(void)
{
    static char own[4096];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    assert_true(n > 0);
    own[n] = '\0';
    return own;
}

static void the_folder_is_the_programs_from_anywhere(void **state)
{
    char *there = NULL;
    (void)state;
    assert_int_equal(chdir(folder), 0);
    check_ok(own_folder(&there));
    assert_string_equal(there, dirname(own_path()));
    mem_free(there);
}

static void a_file_beside_the_program_is_found(void **state)
{
    char *path = NULL;
    struct stat found, self;
    (void)state;
    assert_int_equal(chdir(folder), 0);
    check_ok(own_file(&path, "test_own_place"));
    assert_non_null(path);
    assert_int_equal(path[0], '/');
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(stat(own_path(), &self), 0);
    assert_int_equal(found.st_ino, self.st_ino);
    mem_free(path);
}

static void the_working_directory_is_no_place(void **state)
{
    char *path = (char *)1;
    (void)state;
    assert_int_equal(chdir(folder), 0);
    check_ok(file_write("libjem_of_nobody.so", "", 0));
    check_ok(own_file(&path, "libjem_of_nobody.so"));
    assert_null(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_folder_is_the_programs_from_anywhere, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_file_beside_the_program_is_found, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(the_working_directory_is_no_place, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
