/* Archives of strangers: the folder wanted comes out whole or not at all, and nothing ever
 * lands beside it. */
#include "support/archive_maker.h"
#include "support/folder.h"

#include "base/file.h"
#include "base/mem.h"
#include "fetch/unpack.h"

static const int64_t plenty = 1 << 20;
static char packed[128], dest[128];
static archive_maker m;

static int start(void **state)
{
    make_folder(state);
    snprintf(packed, sizeof packed, "%s/set.tar.gz", folder);
    snprintf(dest, sizeof dest, "%s/set", folder);
    maker_open(&m, packed);
    return 0;
}

static jem_status unpack(int64_t *files)
{
    return unpack_folder(files, packed, "set", dest, plenty, NULL);
}

static void holds(const char *name, const char *text)
{
    char path[256], *data;
    size_t n;
    snprintf(path, sizeof path, "%s/%s", dest, name);
    check_ok(file_read(&data, &n, path, 0));
    assert_string_equal(data, text);
    mem_free(data);
}

/* Only the archive is in the folder. */
static void nothing_else(void)
{
    char **names;
    int count;
    check_ok(dir_list(&names, &count, folder));
    assert_int_equal(count, 1);
    strings_free(names, count);
}

static void refused(const char *what)
{
    int64_t files;
    maker_close(&m);
    check_fails(unpack(&files), JEM_EDATA, what);
    assert_non_null(strstr(jem_error_message(), folder));
    nothing_else();
}

static void a_folder_comes_out_whole(void **state)
{
    (void)state;
    int64_t files;
    maker_add(&m, "set/", AE_IFDIR, "", 0);
    maker_add(&m, "set/cat/", AE_IFDIR, "", 0);
    maker_add(&m, "set/cat/cat1.png", AE_IFREG, "one", 3);
    maker_add(&m, "./set//dog/./dog1.png", AE_IFREG, "two", 3); /* no entry for its folder */
    maker_add(&m, "set/empty", AE_IFREG, "", 0);
    maker_close(&m);
    check_ok(unpack(&files));
    assert_int_equal(files, 3);
    holds("cat/cat1.png", "one");
    holds("dog/dog1.png", "two");
    holds("empty", "");
    struct stat sb;
    char path[256];
    snprintf(path, sizeof path, "%s/cat/cat1.png", dest);
    assert_int_equal(stat(path, &sb), 0);
    assert_int_equal(sb.st_mode & 07111, 0); /* no rights of the archive's */
}

static void hidden_files_and_other_folders_are_left_out(void **state)
{
    (void)state;
    int64_t files;
    char **names;
    int count;
    maker_add(&m, "set/a", AE_IFREG, "a", 1);
    maker_add(&m, "set/._a", AE_IFREG, "mac", 3);
    maker_add(&m, "set/.hidden/b", AE_IFREG, "b", 1);
    maker_add(&m, "__MACOSX/set/a", AE_IFREG, "mac", 3);
    maker_add(&m, "settings/c", AE_IFREG, "c", 1);
    maker_add(&m, "README", AE_IFREG, "r", 1);
    maker_close(&m);
    check_ok(unpack(&files));
    assert_int_equal(files, 1);
    check_ok(dir_list(&names, &count, dest));
    assert_int_equal(count, 1);
    strings_free(names, count);
}

static void what_an_interrupted_unpacking_left_is_replaced(void **state)
{
    (void)state;
    int64_t files;
    char left[160];
    snprintf(left, sizeof left, "%s.unpacking/deep/er", dest);
    check_ok(dir_make(left));
    check_ok(dir_make(dest)); /* an empty folder is in nobody's way */
    maker_add(&m, "set/a", AE_IFREG, "a", 1);
    maker_close(&m);
    check_ok(unpack(&files));
    holds("a", "a");
    snprintf(left, sizeof left, "%s/deep", dest);
    assert_false(dir_exists(left));
}

static void a_link_or_a_strangers_folder_in_the_way_is_not_entered(void **state)
{
    (void)state;
    int64_t files;
    char staging[160], other[160];
    snprintf(staging, sizeof staging, "%s.unpacking", dest);
    snprintf(other, sizeof other, "%s/other/kept", folder);
    check_ok(dir_make(other));
    assert_int_equal(symlink("other", staging), 0);
    maker_add(&m, "set/a", AE_IFREG, "a", 1);
    maker_close(&m);
    check_ok(unpack(&files));
    holds("a", "a");
    assert_true(dir_exists(other));
    if (geteuid() != 0) return;
    snprintf(staging, sizeof staging, "%s.unpacking/kept", dest);
    check_ok(dir_make(staging));
    *strrchr(staging, '/') = '\0';
    assert_int_equal(chown(staging, 65534, 65534), 0);
    check_fails(unpack(&files), JEM_EIO, "belongs to another user");
    strcat(staging, "/kept");
    assert_true(dir_exists(staging));
}

static void a_folder_in_the_way_is_not_touched(void **state)
{
    (void)state;
    int64_t files;
    char mine[160];
    snprintf(mine, sizeof mine, "%s/mine", dest);
    check_ok(dir_make(dest));
    check_ok(file_write(mine, "mine", 4));
    maker_add(&m, "set/a", AE_IFREG, "a", 1);
    maker_close(&m);
    check_fails(unpack(&files), JEM_EIO, dest);
    holds("mine", "mine");
    snprintf(mine, sizeof mine, "%s.unpacking", dest);
    assert_false(dir_exists(mine));
}

static void names_that_leave_the_folder_are_refused(void **state)
{
    (void)state;
    maker_add(&m, "set/good", AE_IFREG, "a", 1);
    maker_add(&m, "set/../../outside", AE_IFREG, "x", 1);
    refused("points outside");
}

static void names_that_steer_a_terminal_are_refused(void **state)
{
    (void)state;
    maker_add(&m, "set/good", AE_IFREG, "a", 1);
    maker_add(&m, "set/\x1b[31m/x", AE_IFREG, "x", 1);
    refused("'set/\\x1b[31m/x' has a part that cannot name a file");
}

static void names_that_look_like_options_are_refused(void **state)
{
    (void)state;
    maker_add(&m, "set/-rf", AE_IFREG, "x", 1);
    refused("cannot name a file");
}

static void absolute_names_are_refused(void **state)
{
    (void)state;
    maker_add(&m, "/tmp/jem-test-absolute", AE_IFREG, "x", 1);
    refused("has an absolute name");
    assert_false(file_exists("/tmp/jem-test-absolute"));
}

static void symbolic_links_are_refused(void **state)
{
    (void)state;
    maker_add(&m, "set/link", AE_IFLNK, "/tmp", 0);
    maker_add(&m, "set/link/through", AE_IFREG, "x", 1);
    refused("is a link");
}

static void hard_links_are_refused(void **state)
{
    (void)state;
    maker_add(&m, "set/a", AE_IFREG, "a", 1);
    maker_add(&m, "set/link", 0, "/etc/passwd", 0);
    refused("is a link");
}

static void devices_and_pipes_are_refused(void **state)
{
    (void)state;
    maker_add(&m, "set/pipe", AE_IFIFO, "", 0);
    refused("is neither a file nor a folder");
}

static void a_name_twice_is_refused(void **state)
{
    (void)state;
    maker_add(&m, "set/a", AE_IFREG, "a", 1);
    maker_add(&m, "set/a", AE_IFREG, "b", 1);
    refused("holds this name twice");
}

static void a_file_that_is_also_a_folder_is_refused(void **state)
{
    (void)state;
    int64_t files;
    maker_add(&m, "set/a", AE_IFREG, "a", 1);
    maker_add(&m, "set/a/b", AE_IFREG, "b", 1);
    maker_close(&m);
    assert_int_not_equal(unpack(&files), JEM_OK);
    nothing_else();
}

static void the_folder_itself_must_be_one(void **state)
{
    (void)state;
    maker_add(&m, "set", AE_IFREG, "a", 1);
    refused("is a file where a folder should be");
}

static void an_archive_of_something_else_is_refused(void **state)
{
    (void)state;
    maker_add(&m, "other/a", AE_IFREG, "a", 1);
    refused("holds no files in a folder set");
}

static void endless_names_are_refused(void **state)
{
    (void)state;
    char name[2000] = "set/";
    for (int i = 4; i < 1999; i++) name[i] = i % 100 ? 'n' : '/';
    maker_add(&m, name, AE_IFREG, "a", 1);
    refused("has a name without end");
}

static void a_bomb_is_stopped_at_its_limit(void **state)
{
    (void)state;
    size_t size = (size_t)plenty + 1;
    char *zeros;
    check_ok(MEM_NEW(zeros, size));
    maker_add(&m, "set/zeros", AE_IFREG, zeros, size); /* a kilobyte, packed */
    mem_free(zeros);
    refused("unpacks to more than the 1048576 bytes");
}

/* Each prefix of an archive, and each with one byte changed, is unpacked wholly or not at all:
 * gzip's checksum may cover what tar does not. */
static void cut_and_damaged_archives_leave_nothing(void **state)
{
    (void)state;
    char *data, text[4000];
    size_t n;
    int64_t files;
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i * i >> 3);
    maker_add(&m, "set/a", AE_IFREG, text, sizeof text);
    maker_close(&m);
    check_ok(file_read(&data, &n, packed, 0));
    for (size_t cut = 0; cut < n; cut += 97) {
        check_ok(file_write(packed, data, cut));
        check_fails(unpack(&files), JEM_EDATA, packed);
        nothing_else();
    }
    for (size_t at = 0; at < n; at += 41) {
        data[at] ^= 0x55;
        check_ok(file_write(packed, data, n));
        jem_status st = unpack(&files);
        if (st == JEM_OK) {
            char path[160];
            snprintf(path, sizeof path, "%s/a", dest);
            unlink(path);
            assert_int_equal(rmdir(dest), 0);
        } else {
            assert_int_equal(st, JEM_EDATA);
        }
        nothing_else();
        data[at] ^= 0x55;
    }
    mem_free(data);
}

static void a_signal_leaves_nothing_but_the_archive(void **state)
{
    (void)state;
    volatile sig_atomic_t stop = 1;
    int64_t files;
    maker_add(&m, "set/a", AE_IFREG, "a", 1);
    maker_close(&m);
    check_fails(unpack_folder(&files, packed, "set", dest, plenty, &stop), JEM_EINTERRUPTED,
                "is kept and the same command unpacks it");
    nothing_else();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, start, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_folder_comes_out_whole),
        TEST(hidden_files_and_other_folders_are_left_out),
        TEST(what_an_interrupted_unpacking_left_is_replaced),
        TEST(a_link_or_a_strangers_folder_in_the_way_is_not_entered),
        TEST(a_folder_in_the_way_is_not_touched),
        TEST(names_that_leave_the_folder_are_refused),
        TEST(names_that_steer_a_terminal_are_refused),
        TEST(names_that_look_like_options_are_refused),
        TEST(absolute_names_are_refused),
        TEST(symbolic_links_are_refused),
        TEST(hard_links_are_refused),
        TEST(devices_and_pipes_are_refused),
        TEST(a_name_twice_is_refused),
        TEST(a_file_that_is_also_a_folder_is_refused),
        TEST(the_folder_itself_must_be_one),
        TEST(an_archive_of_something_else_is_refused),
        TEST(endless_names_are_refused),
        TEST(a_bomb_is_stopped_at_its_limit),
        TEST(cut_and_damaged_archives_leave_nothing),
        TEST(a_signal_leaves_nothing_but_the_archive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
