/* Where a write happens: under a name that nobody can guess, in the folder that it began in, and in
 * nobody's way; what a killed one left is known from what is being written. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/append_file.h"
#include "base/file.h"
#include "base/mem.h"
#include "support/folder.h"

static const char *in(const char *name)
{
    static char text[4][512];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(text[turn], sizeof text[turn], "%s/%s", folder, name);
    return text[turn];
}

static void check_content(const char *path, const char *wanted)
{
    char *data = NULL;
    size_t size = 0;

    check_ok(file_read(&data, &size, path, 0));
    assert_string_equal(data, wanted);
    mem_free(data);
}

static int entries(const char *path)
{
    char **names = NULL;
    int count = 0;

    check_ok(dir_list(&names, &count, path));
    strings_free(names, count);
    return count;
}

static bool is_link(const char *path)
{
    struct stat sb;
    return lstat(path, &sb) == 0 && S_ISLNK(sb.st_mode);
}

/* ---- links */

static void a_link_planted_under_a_guessed_name_is_not_followed(void **state)
{
    char guess[64];

    (void)state;
    check_ok(file_write(in("victim"), "precious", 8));
    snprintf(guess, sizeof guess, "x.png.tmp-%ld", (long)getpid());
    assert_int_equal(symlink("victim", in(guess)), 0);
    check_ok(file_write(in("x.png"), "new", 3));
    check_ok(file_copy(in("x.png"), in("x.png")));
    check_content(in("victim"), "precious");
    check_content(in("x.png"), "new");
    assert_false(is_link(in("x.png")));
    assert_true(is_link(in(guess)));
}

static void two_writes_never_share_a_temporary_name(void **state)
{
    file_writer a, b;

    (void)state;
    check_ok(file_writer_open(&a, in("x")));
    check_ok(file_writer_open(&b, in("x")));
    assert_true(temporary_is(a.tmp) && temporary_is(b.tmp));
    assert_string_not_equal(a.tmp, b.tmp);
    check_ok(file_writer_put(&a, "a", 1));
    check_ok(file_writer_put(&b, "b", 1));
    check_ok(file_writer_commit(&b));
    check_content(in("x"), "b");
    check_ok(file_writer_commit(&a));
    check_content(in("x"), "a");
    assert_int_equal(entries(folder), 1);
}

static void a_link_in_the_place_of_the_file_is_replaced_itself(void **state)
{
    (void)state;
    check_ok(file_write(in("victim"), "precious", 8));
    assert_int_equal(symlink("victim", in("x")), 0);
    assert_int_equal(symlink("nowhere", in("y")), 0);
    check_ok(file_write(in("x"), "new", 3));
    check_ok(file_write(in("y"), "new", 3));
    assert_false(is_link(in("x")));
    assert_false(is_link(in("y")));
    check_content(in("victim"), "precious");
    check_content(in("x"), "new");
}

static void folders_and_devices_are_refused_before_anything_is_computed(void **state)
{
    file_writer w;

    (void)state;
    check_ok(dir_make(in("sub")));
    assert_int_equal(symlink("/dev/null", in("null")), 0);
    assert_int_equal(mkfifo(in("fifo"), 0666), 0);
    check_fails(file_writer_open(&w, in("sub")), JEM_EIO, "is a folder");
    check_fails(file_writer_open(&w, in("sub/")), JEM_EIO, "is a folder");
    check_fails(file_writer_open(&w, in("null")), JEM_EIO, "is a device");
    check_fails(file_writer_open(&w, in("fifo")), JEM_EIO, "is a device");
    assert_true(is_link(in("null")));
    assert_int_equal(entries(folder), 3);
    assert_int_equal(entries(in("sub")), 0);
}

static void what_grows_is_a_file_and_no_link(void **state)
{
    append_file f = APPEND_FILE_INIT;
    bool taken;

    (void)state;
    check_ok(file_write(in("victim"), "precious", 8));
    assert_int_equal(symlink("victim", in("x")), 0);
    assert_int_equal(symlink("nowhere", in("y")), 0);
    assert_int_equal(mkfifo(in("fifo"), 0666), 0);
    int reader = open(in("fifo"), O_RDONLY | O_NONBLOCK); /* or it could not be opened at all */
    check_fails(append_file_open(&f, in("x")), JEM_EIO, "is a link or a device");
    check_fails(append_file_open(&f, in("fifo")), JEM_EIO, "is a link or a device");
    check_fails(append_file_open(&f, folder), JEM_EIO, folder);
    assert_int_equal(append_file_new(&f, &taken, in("y")), JEM_EIO);
    assert_true(taken);
    close(reader);
    check_content(in("victim"), "precious");
    assert_false(file_exists(in("nowhere")));
    check_ok(append_file_open(&f, in("victim")));
    check_ok(append_file_put(&f, "!", 1));
    append_file_close(&f);
    check_content(in("victim"), "precious!");
}

/* ---- folders */

static void a_write_stays_in_the_folder_that_it_began_in(void **state)
{
    file_writer w, aborted;

    (void)state;
    check_ok(dir_make(in("run")));
    check_ok(file_writer_open(&w, in("run/x")));
    check_ok(file_writer_open(&aborted, in("run/y")));
    assert_int_equal(rename(in("run"), in("moved")), 0);
    check_ok(dir_make(in("run")));
    check_ok(file_writer_put(&w, "mine", 4));
    check_ok(file_writer_commit(&w));
    file_writer_abort(&aborted);
    assert_int_equal(entries(in("run")), 0);
    assert_int_equal(entries(in("moved")), 1);
    check_content(in("moved/x"), "mine");
}

static void every_length_of_name_that_the_system_takes_will_do(void **state)
{
    char name[257], path[400], second[400];

    (void)state;
    for (int n = 240; n <= 255; n++) {
        memset(name, 'n', sizeof name);
        name[n] = '\0';
        snprintf(path, sizeof path, "%s/%s", folder, name);
        check_ok(file_write(path, "x", 1));
        name[0] = 'm';
        snprintf(second, sizeof second, "%s/%s", folder, name);
        check_ok(file_copy(path, second));
        check_content(second, "x");
    }
    assert_int_equal(entries(folder), 32);
    name[255] = 'n';
    name[256] = '\0';
    snprintf(path, sizeof path, "%s/%s", folder, name);
    file_writer w;
    check_fails(file_writer_open(&w, path), JEM_EIO, "choose a shorter name");
    assert_int_equal(entries(folder), 32);
}

/* ---- leftovers */

/* A process that begins a write; *ready says when it has.  It ends at once or waits to be killed. */
static pid_t begin_write(const char *path, bool wait)
{
    int ready[2];
    char byte = 0;

    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        file_writer w;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (file_writer_open(&w, path) || file_writer_put(&w, "half", 4)) _exit(1);
        if (write(ready[1], &byte, 1) != 1) _exit(1);
        if (wait) pause();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    if (!wait) assert_int_equal(waitpid(pid, NULL, 0), pid);
    return pid;
}

static void only_what_nobody_writes_any_more_is_removed(void **state)
{
    file_writer own;

    (void)state;
    begin_write(in("dead"), false);
    pid_t living = begin_write(in("living"), true);
    check_ok(file_writer_open(&own, in("own")));
    check_ok(file_write(in("notes.tmp"), "x", 1));
    assert_int_equal(entries(folder), 4);
    check_ok(file_remove_leftovers(folder));
    assert_int_equal(entries(folder), 3);
    kill(living, SIGKILL);
    assert_int_equal(waitpid(living, NULL, 0), living);
    check_ok(file_remove_leftovers(folder));
    assert_int_equal(entries(folder), 2);
    check_ok(file_writer_commit(&own));
    assert_true(file_exists(in("own")));
    assert_true(file_exists(in("notes.tmp")));
}

static void leftovers_of_earlier_versions_go_with_their_process(void **state)
{
    char own[64], living[64];

    (void)state;
    snprintf(own, sizeof own, "run.json.tmp-%ld", (long)getpid());
    snprintf(living, sizeof living, "run.json.tmp-%ld", (long)getppid());
    const char *const gone[] = {"study.json.tmp-999999999", own};
    const char *const stay[] = {living, "a.tmp-", "a.tmp-1x", "a.tmp- 1", "jem-0123456789abcdef",
                                "jem-0123456789abcde.tmp", "jem-0123456789ABCDEF.tmp"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) check_ok(file_write(in(gone[i]), "x", 1));
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) check_ok(file_write(in(stay[i]), "x", 1));
    check_ok(file_remove_leftovers(folder));
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) assert_false(file_exists(in(gone[i])));
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++) assert_true(file_exists(in(stay[i])));
}

static void a_link_with_a_temporary_name_is_left_alone(void **state)
{
    (void)state;
    check_ok(file_write(in("victim"), "precious", 8));
    assert_int_equal(symlink("victim", in("jem-0123456789abcdef.tmp")), 0);
    assert_int_equal(mkfifo(in("jem-0123456789abcdee.tmp"), 0666), 0);
    check_ok(file_remove_leftovers(folder));
    assert_int_equal(entries(folder), 3);
}

static void *keep_tidying(void *stop)
{
    while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED))
        if (file_remove_leftovers(folder) != JEM_OK) return folder;
    return NULL;
}

static void tidying_never_takes_a_file_from_its_writer(void **state)
{
    enum { WRITES = 300 };
    pthread_t tidier;
    bool stop = false;
    void *failed;

    (void)state;
    assert_int_equal(pthread_create(&tidier, NULL, keep_tidying, &stop), 0);
    for (int i = 0; i < WRITES; i++) {
        check_ok(file_write(in("x"), "x", 1));
        check_ok(file_copy(in("x"), in("y")));
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    pthread_join(tidier, &failed);
    assert_null(failed);
    assert_int_equal(entries(folder), 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_link_planted_under_a_guessed_name_is_not_followed),
        TEST(two_writes_never_share_a_temporary_name),
        TEST(a_link_in_the_place_of_the_file_is_replaced_itself),
        TEST(folders_and_devices_are_refused_before_anything_is_computed),
        TEST(what_grows_is_a_file_and_no_link),
        TEST(a_write_stays_in_the_folder_that_it_began_in),
        TEST(every_length_of_name_that_the_system_takes_will_do),
        TEST(only_what_nobody_writes_any_more_is_removed),
        TEST(leftovers_of_earlier_versions_go_with_their_process),
        TEST(a_link_with_a_temporary_name_is_left_alone),
        TEST(tidying_never_takes_a_file_from_its_writer),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
