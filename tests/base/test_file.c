/* Files: writes happen completely or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/folder.h"

static char *in_dir(const char *name)
{
    char *path = NULL;

    check_ok(str_format(&path, "%s/%s", folder, name));
    return path;
}

static void check_content(const char *path, const char *wanted)
{
    char *data = NULL;
    size_t size = 0;

    check_ok(file_read(&data, &size, path, 0));
    assert_int_equal(size, strlen(wanted));
    assert_string_equal(data, wanted);
    mem_free(data);
}

static void check_entries(int wanted)
{
    char **names = NULL;
    int count = 0;

    check_ok(dir_list(&names, &count, folder));
    assert_int_equal(count, wanted);
    strings_free(names, count);
}

static void a_written_file_reads_back_equal(void **state)
{
    enum { N = 300000 };
    char *path = in_dir("a"), *data = NULL, *back = NULL;
    size_t size = 0;

    (void)state;
    check_ok(MEM_NEW(data, N));
    for (int i = 0; i < N; i++) data[i] = (char)(i * 31 % 251);
    check_ok(file_write(path, data, N));
    check_ok(file_read(&back, &size, path, N));
    assert_int_equal(size, N);
    assert_memory_equal(data, back, N);
    assert_int_equal(back[N], 0);
    assert_true(file_exists(path));
    check_entries(1);
    mem_free(back);
    mem_free(data);
    mem_free(path);
}

static void the_old_file_stays_until_commit_and_after_abort(void **state)
{
    char *path = in_dir("b");
    file_writer w = FILE_WRITER_INIT;

    (void)state;
    check_ok(file_write(path, "old", 3));
    check_ok(file_writer_open(&w, path));
    check_ok(file_writer_printf(&w, "new %d", 7));
    check_content(path, "old");
    file_writer_abort(&w);
    check_content(path, "old");
    check_entries(1);
    check_ok(file_writer_open(&w, path));
    check_ok(file_writer_printf(&w, "new %d", 7));
    check_ok(file_writer_commit(&w));
    file_writer_abort(&w); /* nothing to do any more */
    check_content(path, "new 7");
    check_entries(1);
    mem_free(path);
}

/* The file size limit of this process. */
static void a_file_size_limit_is_one_clear_error_and_loses_nothing(void **state)
{
    enum { N = 1 << 20 };
    char *path = in_dir("c"), *data = NULL;
    struct rlimit old, small;

    (void)state;
    check_ok(MEM_NEW(data, N));
    check_ok(file_write(path, "old", 3));
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 100000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    jem_status st = file_write(path, data, N);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(st, JEM_EIO);
    assert_non_null(strstr(jem_error_message(), path));
    assert_non_null(strstr(jem_error_message(), strerror(EFBIG)));
    assert_non_null(strstr(jem_error_message(), "raise the limit of file sizes (ulimit -f)"));
    check_content(path, "old");
    check_entries(1);
    mem_free(data);
    mem_free(path);
}

/* /dev/full answers every write with ENOSPC, as a full file system does. */
static void no_space_left_names_the_remedy(void **state)
{
    char *path = in_dir("d");
    file_writer w = FILE_WRITER_INIT;
    int full = open("/dev/full", O_WRONLY);

    (void)state;
    if (full < 0) skip();
    check_ok(file_write(path, "old", 3));
    check_ok(file_writer_open(&w, path));
    assert_true(dup2(full, w.fd) >= 0);
    close(full);
    check_ok(file_writer_put(&w, "new", 3));
    check_fails(file_writer_commit(&w), JEM_EIO, "No space left on device; free space and run");
    check_content(path, "old");
    check_entries(1);
    mem_free(path);
}

static void reading_refuses_with_a_reason(void **state)
{
    char *path = in_dir("missing"), *data = NULL;
    size_t size = 0;

    (void)state;
    check_fails(file_read(&data, &size, path, 0), JEM_EDATA, "No such file");
    check_fails(file_read(&data, &size, folder, 0), JEM_EDATA, "not a regular file");
    check_ok(file_write(path, "12345", 5));
    check_fails(file_read(&data, &size, path, 4), JEM_EDATA, "5 bytes");
    assert_null(data);
    mem_free(path);
}

static void writing_into_a_missing_folder_fails(void **state)
{
    char *path = in_dir("no/such/file");

    (void)state;
    check_fails(file_write(path, "x", 1), JEM_EIO, "make the folder first");
    mem_free(path);
}

static void what_desktops_leave_is_not_listed_as_data(void **state)
{
    static const char *const litter[] = {"._f", ".DS_Store", "Thumbs.db", "thumbs.DB", "Desktop.ini",
                                         "__MACOSX", "lost+found", "$RECYCLE.BIN", "Icon\r"};
    char **names = NULL, *path;
    int count = -1;

    (void)state;
    for (size_t i = 0; i < sizeof litter / sizeof *litter; i++) {
        path = in_dir(litter[i]);
        check_ok(file_write(path, "", 0));
        mem_free(path);
    }
    check_ok(dir_list_data(&names, &count, folder));
    assert_int_equal(count, 0);
    strings_free(names, count);
    path = in_dir("Thumbs.db.png");
    check_ok(file_write(path, "", 0));
    mem_free(path);
    check_ok(dir_list_data(&names, &count, folder));
    assert_int_equal(count, 1);
    assert_string_equal(names[0], "Thumbs.db.png");
    strings_free(names, count);
    check_entries((int)(sizeof litter / sizeof *litter) + 1);
}

static void folders_are_made_with_parents_and_listed_sorted(void **state)
{
    char *path = in_dir("x/y/z"), *file = in_dir("x/f"), *x = in_dir("x"), *bad = in_dir("x/f/g");
    char **names = NULL;
    int count = 0;

    (void)state;
    check_ok(dir_make(path));
    check_ok(dir_make(path));
    assert_true(dir_exists(path));
    assert_false(file_exists(path));
    check_ok(file_write(file, "", 0));
    check_content(file, "");
    check_ok(dir_list(&names, &count, x));
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "f");
    assert_string_equal(names[1], "y");
    strings_free(names, count);
    check_fails(dir_make(bad), JEM_EIO, "a file is in the way");
    check_fails(dir_list(&names, &count, file), JEM_EDATA, file);
    check_fails(dir_list_data(&names, &count, file), JEM_EDATA, file);
    mem_free(path);
    mem_free(file);
    mem_free(x);
    mem_free(bad);
}

static void a_copy_replaces_the_old_file_and_is_one_of_its_own(void **state)
{
    enum { N = 200000 };
    char *from = in_dir("from"), *to = in_dir("to"), *none = in_dir("none"), *data = NULL, *back = NULL;
    struct stat a, b;
    size_t size;

    (void)state;
    check_ok(MEM_NEW(data, N));
    for (int i = 0; i < N; i++) data[i] = (char)(i * 31 % 251);
    check_ok(file_write(to, "old", 3));
    check_fails(file_copy(none, to), JEM_EDATA, none);
    check_content(to, "old");
    static const size_t sizes[] = {0, 1 << 16, N};
    for (int i = 0; i < 3; i++) {
        check_ok(file_write(from, data, sizes[i]));
        check_ok(file_copy(from, to));
        check_ok(file_read(&back, &size, to, 0));
        assert_int_equal(size, sizes[i]);
        assert_memory_equal(back, data, size);
        mem_free(back);
        assert_int_equal(stat(from, &a), 0);
        assert_int_equal(stat(to, &b), 0);
        assert_int_not_equal(a.st_ino, b.st_ino);
        check_entries(2);
    }
    mem_free(data);
    mem_free(from);
    mem_free(to);
    mem_free(none);
}

static void beginnings_sizes_and_removal(void **state)
{
    char *path = in_dir("a"), *data = NULL;
    size_t got = 0;
    int64_t size = 0;

    (void)state;
    check_fails(file_size(&size, path), JEM_EDATA, path);
    check_ok(file_write(path, "12345", 5));
    check_ok(file_size(&size, path));
    assert_int_equal(size, 5);
    check_ok(file_read_start(&data, &got, path, 3));
    assert_int_equal(got, 3);
    assert_string_equal(data, "123");
    mem_free(data);
    check_ok(file_read_start(&data, &got, path, 30));
    assert_string_equal(data, "12345");
    mem_free(data);
    check_ok(file_remove(path));
    check_ok(file_remove(path));
    check_entries(0);
    check_fails(file_remove(folder), JEM_EIO, "cannot remove");
    mem_free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_written_file_reads_back_equal, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_old_file_stays_until_commit_and_after_abort, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_file_size_limit_is_one_clear_error_and_loses_nothing, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(no_space_left_names_the_remedy, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(reading_refuses_with_a_reason, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(writing_into_a_missing_folder_fails, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_copy_replaces_the_old_file_and_is_one_of_its_own,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(beginnings_sizes_and_removal, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_desktops_leave_is_not_listed_as_data, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(folders_are_made_with_parents_and_listed_sorted, make_folder,
                                        remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
