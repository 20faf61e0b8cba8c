/* Folders that a process works on: one holder at a time, and whatever is done by their paths is done
 * in them, wherever they were moved and whatever has their name now. */
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/append_file.h"
#include "base/dir_lock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "support/folder.h"

static const char *in(const char *name)
{
    static char text[8][256];
    static int turn;
    turn = (turn + 1) % 8;
    snprintf(text[turn], sizeof text[turn], "%s/%s", folder, name);
    return text[turn];
}

/* What another process, which holds nothing, finds there; "" for none. */
static const char *others_find(const char *name)
{
    static char text[4][64];
    static int turn;
    char command[320];

    turn = (turn + 1) % 4;
    snprintf(command, sizeof command, "cat '%s' 2>/dev/null", in(name));
    FILE *f = popen(command, "r");
    assert_non_null(f);
    text[turn][fread(text[turn], 1, sizeof text[turn] - 1, f)] = '\0';
    pclose(f);
    return text[turn];
}

static int others_count(const char *name)
{
    char command[320];
    int n = -1;

    snprintf(command, sizeof command, "ls -A '%s' | wc -l", in(name));
    FILE *f = popen(command, "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%d", &n), 1);
    pclose(f);
    return n;
}

static dir_held *hold(const char *path)
{
    dir_held *h = NULL;
    bool busy = true;

    check_ok(dir_lock(&h, &busy, path));
    assert_true(h && !busy);
    return h;
}

/* A held folder "run" that was moved to "moved", and another one with its name. */
static dir_held *hold_moved(void)
{
    check_ok(dir_make(in("run/sub")));
    check_ok(file_write(in("run/x"), "mine", 4));
    dir_held *h = hold(in("run"));
    assert_int_equal(rename(in("run"), in("moved")), 0);
    assert_int_equal(mkdir(in("run"), 0777), 0);
    return h;
}

/* ---- one holder */

/* Where the folder goes between being looked up and being locked; NULL: it stays. */
static const char *moves_to;

int flock(int fd, int how)
{
    if (moves_to) rename(folder, moves_to);
    return (int)syscall(SYS_flock, fd, how);
}

static void a_folder_is_locked_once_and_only_under_its_name(void **state)
{
    char elsewhere[256];
    dir_held *first, *second = (dir_held *)elsewhere;
    bool busy;

    (void)state;
    assert_false(dir_is_held(folder));
    first = hold(folder);
    check_ok(dir_lock(&second, &busy, folder));
    assert_true(busy && !second);
    assert_true(dir_is_held(folder));
    dir_unlock(first);
    assert_false(dir_is_held(folder) || dir_is_held(in("none")));
    snprintf(elsewhere, sizeof elsewhere, "%s-moved", folder);
    moves_to = elsewhere;
    check_fails(dir_lock(&first, &busy, folder), JEM_EIO, "moved or removed");
    moves_to = NULL;
    assert_null(first);
    assert_int_equal(rename(elsewhere, folder), 0);
    check_fails(dir_lock(&first, &busy, in("none")), JEM_EIO, "cannot open");
    dir_unlock(NULL);
}

/* Somebody who takes the folder at the very moment at which it is asked about gets it. */
static bool takes_while_asked;

int close(int fd)
{
    if (takes_while_asked) {
        takes_while_asked = false;
        dir_unlock(hold(folder));
    }
    return (int)syscall(SYS_close, fd);
}

static void asking_keeps_nobody_from_taking_it(void **state)
{
    (void)state;
    takes_while_asked = true;
    assert_false(dir_is_held(folder));
    assert_false(takes_while_asked);
}

/* ---- what a path means */

static void what_is_written_goes_into_the_held_folder(void **state)
{
    append_file f = APPEND_FILE_INIT;
    bool taken;

    (void)state;
    dir_held *h = hold_moved();
    check_ok(file_write(in("run/y"), "y", 1));
    check_ok(file_write(in("run//z"), "z", 1));
    check_ok(file_copy(in("run/y"), in("run/linked")));
    check_ok(file_rename(in("run/z"), in("run/sub/z")));
    check_ok(dir_make(in("run/a/b")));
    check_ok(file_write(in("run/a/b/c"), "c", 1));
    check_ok(append_file_new(&f, &taken, in("run/log")));
    check_ok(append_file_put(&f, "row", 3));
    append_file_close(&f);
    check_ok(append_file_open(&f, in("run/log")));
    append_file_close(&f);
    check_ok(file_write(in("run/jem-0123456789abcdef.tmp"), "", 0));
    check_ok(dir_ready(in("run")));
    assert_int_equal(others_count("run"), 0);
    assert_string_equal(others_find("moved/y"), "y");
    assert_string_equal(others_find("moved/linked"), "y");
    assert_string_equal(others_find("moved/sub/z"), "z");
    assert_string_equal(others_find("moved/a/b/c"), "c");
    assert_string_equal(others_find("moved/log"), "row");
    assert_int_equal(others_count("moved"), 6); /* x, y, linked, sub, a, log */
    check_ok(file_remove(in("run/x")));
    assert_string_equal(others_find("moved/x"), "");
    dir_unlock(h);
    check_ok(file_write(in("run/y"), "another", 7)); /* the name alone counts again */
    assert_string_equal(others_find("run/y"), "another");
    assert_string_equal(others_find("moved/y"), "y");
}

static void what_is_read_comes_from_the_held_folder(void **state)
{
    char *data = NULL, **names, hash[SHA256_HEX], other[SHA256_HEX];
    size_t n;
    int64_t size;
    int count;

    (void)state;
    dir_held *h = hold_moved();
    assert_int_equal(system(strcat(strcpy((char[512]){0}, "printf another >"), in("run/x"))), 0);
    check_ok(file_read(&data, &n, in("run/x"), 0));
    assert_string_equal(data, "mine");
    mem_free(data);
    check_ok(file_size(&size, in("run/x")));
    assert_int_equal(size, 4);
    check_ok(sha256_file(hash, in("run/x")));
    check_ok(sha256_file(other, in("moved/x")));
    assert_string_equal(hash, other);
    assert_true(dir_exists(in("run")) && dir_exists(in("run/sub")) && file_exists(in("run/x")));
    check_ok(dir_list(&names, &count, in("run/")));
    assert_int_equal(count, 2);
    assert_string_equal(names[0], "sub");
    strings_free(names, count);
    dir_unlock(h);
    assert_false(dir_exists(in("run/sub")));
}

static void names_that_only_begin_alike_are_others(void **state)
{
    (void)state;
    dir_held *h = hold_moved();
    check_ok(dir_make(in("run2")));
    check_ok(file_write(in("run2/x"), "x", 1));
    assert_string_equal(others_find("run2/x"), "x");
    dir_unlock(h);
}

static void the_innermost_of_held_folders_counts(void **state)
{
    (void)state;
    check_ok(dir_make(in("study/run")));
    dir_held *study = hold(in("study/")), *run = hold(in("study/run"));
    assert_int_equal(rename(in("study/run"), in("moved")), 0);
    check_ok(file_write(in("study/run/x"), "run", 3));
    check_ok(file_write(in("study/x"), "study", 5));
    assert_string_equal(others_find("moved/x"), "run");
    assert_string_equal(others_find("study/x"), "study");
    dir_unlock(run);
    check_ok(dir_make(in("study/run")));
    check_ok(file_write(in("study/run/x"), "new", 3));
    assert_string_equal(others_find("study/run/x"), "new");
    dir_unlock(study);
}

static void parents_that_moved_away_are_not_made_again(void **state)
{
    (void)state;
    check_ok(dir_make(in("study/run")));
    dir_held *h = hold(in("study/run"));
    assert_int_equal(rename(in("study"), in("moved")), 0);
    check_ok(dir_make(in("study/run")));
    check_ok(dir_make(in("study/run/checkpoints")));
    assert_int_equal(others_count("."), 1);
    assert_int_equal(others_count("moved/run"), 1);
    dir_unlock(h);
}

/* ---- where it is */

static void check_where(const dir_held *h, const char *place, bool wanted)
{
    char *now = NULL, *real = realpath(place, NULL);
    bool moved = !wanted;

    check_ok(dir_where(&now, &moved, h));
    assert_int_equal(moved, wanted);
    assert_string_equal(now, wanted ? real : place);
    mem_free(now);
    free(real);
}

static void a_folder_knows_where_it_was_moved_to(void **state)
{
    char *now = NULL;
    bool moved;

    (void)state;
    check_ok(dir_make(in("run")));
    dir_held *h = hold(in("run/"));
    check_where(h, in("run"), false);
    assert_int_equal(rename(in("run"), in("moved (deleted)")), 0);
    check_where(h, in("moved (deleted)"), true);
    check_ok(dir_make(in("run")));
    assert_int_equal(mkdirat(AT_FDCWD, in("new"), 0777), 0);
    assert_int_equal(rename(in("new"), in("run")), 0); /* somebody's with the old name */
    check_where(h, in("moved (deleted)"), true);
    dir_remove_empty(h); /* is not at its path */
    assert_int_equal(others_count("."), 2);
    assert_int_equal(rmdir(in("run")), 0);
    assert_int_equal(rename(in("moved (deleted)"), in("run")), 0);
    check_where(h, in("run"), false);
    dir_remove_empty(h);
    assert_int_equal(others_count("."), 0);
    check_fails(dir_where(&now, &moved, h), JEM_EIO, "was removed");
    check_fails(file_write(in("run/x"), "x", 1), JEM_EIO, in("run/x"));
    check_fails(dir_make(in("run/sub")), JEM_EIO, in("run/sub"));
    assert_int_equal(others_count("."), 0);
    dir_unlock(h);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_folder_is_locked_once_and_only_under_its_name),
        TEST(asking_keeps_nobody_from_taking_it),
        TEST(what_is_written_goes_into_the_held_folder),
        TEST(what_is_read_comes_from_the_held_folder),
        TEST(names_that_only_begin_alike_are_others),
        TEST(the_innermost_of_held_folders_counts),
        TEST(parents_that_moved_away_are_not_made_again),
        TEST(a_folder_knows_where_it_was_moved_to),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
