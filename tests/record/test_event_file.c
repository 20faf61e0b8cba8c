/* Event files, byte by byte.  scripts/check_tensorboard.py has TensorBoard read them. */
#include <signal.h>
#include <sys/resource.h>
#include <time.h>

#include "record/event_file.h"
#include "record/tf_records.h"
#include "support/warnings.h"

static char dir[64], events[128];

static int make_dir(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    snprintf(events, sizeof events, "%s/run/events", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static const char version[] = "\x1a\x0d" "brain.Event:2";

static void a_file_begins_with_version_and_start(void **state)
{
    (void)state;
    event_file *f;
    tf_records r;
    check_ok(event_file_open(&f, events, 301));
    tf_records_read(&r, event_file_path(f));
    assert_int_equal(r.count, 2);
    tf_records_equal(&r, 0, version, sizeof version - 1);
    tf_records_equal(&r, 1, "\x10\xad\x02\x3a\x02\x08\x01", 7); /* step 301, START */
    double wall;
    memcpy(&wall, r.data[0] + 1, sizeof wall);
    assert_true(fabs(wall - (double)time(NULL)) < 100);
    mem_free(r.file);
    event_file_close(f);
}

static void scalars_of_a_step_are_one_event_without_what_is_not_finite(void **state)
{
    (void)state;
    const event_scalar s[] = {{"a", 0.5}, {"x", NAN}, {"y", -INFINITY}, {"z", 1e300}, {"b/c", -2}};
    const char wanted[] = "\x10\x03\x2a\x16"
                          "\x0a\x08\x0a\x01" "a" "\x15\x00\x00\x00\x3f"
                          "\x0a\x0a\x0a\x03" "b/c" "\x15\x00\x00\x00\xc0";
    event_file *f;
    tf_records r;
    check_ok(event_file_open(&f, events, 1));
    check_ok(event_file_scalars(f, 3, s, 5));
    check_ok(event_file_scalars(f, 4, s + 1, 3)); /* nothing left: no event */
    check_ok(event_file_scalars(f, 1LL << 40, s, 1));
    tf_records_read(&r, event_file_path(f));
    assert_int_equal(r.count, 4);
    tf_records_equal(&r, 2, wanted, sizeof wanted - 1);
    const char far[] = "\x10\x80\x80\x80\x80\x80\x20\x2a\x0a"
                       "\x0a\x08\x0a\x01" "a" "\x15\x00\x00\x00\x3f";
    tf_records_equal(&r, 3, far, sizeof far - 1);
    mem_free(r.file);
    event_file_close(f);
}

static void an_image_and_a_restart_are_events(void **state)
{
    (void)state;
    const event_image m = {"g", 2, 300, 3, "PNG", 3};
    const char wanted[] = "\x10\x07\x2a\x13\x0a\x11\x0a\x01" "g"
                          "\x22\x0c\x08\x02\x10\xac\x02\x18\x03\x22\x03" "PNG";
    event_file *f;
    tf_records r;
    check_ok(event_file_open(&f, events, 1));
    check_ok(event_file_image(f, 7, &m));
    check_ok(event_file_restart(f, 5));
    tf_records_read(&r, event_file_path(f));
    assert_int_equal(r.count, 4);
    tf_records_equal(&r, 2, wanted, sizeof wanted - 1);
    tf_records_equal(&r, 3, "\x10\x05\x3a\x02\x08\x01", 6);
    mem_free(r.file);
    event_file_close(f);
}

static void large_images_are_kept_whole(void **state)
{
    (void)state;
    enum { N = 300001 };
    uint8_t *bytes = NULL;
    check_ok(MEM_NEW(bytes, N));
    for (int i = 0; i < N; i++) bytes[i] = (uint8_t)(i * 31 % 251);
    const event_image m = {"g", 1, 1, 1, bytes, N};
    event_file *f;
    tf_records r;
    check_ok(event_file_open(&f, events, 1));
    check_ok(event_file_image(f, 7, &m));
    tf_records_read(&r, event_file_path(f));
    assert_int_equal(r.count, 3);
    assert_memory_equal(r.data[2] + r.length[2] - N, bytes, N);
    mem_free(r.file);
    mem_free(bytes);
    event_file_close(f);
}

static void names_sort_in_the_order_of_sessions(void **state)
{
    (void)state;
    char before[300], path[300];
    event_file *f;
    FILE *other;
    check_ok(event_file_open(&f, events, 1));
    snprintf(before, sizeof before, "%s", event_file_path(f));
    event_file_close(f);
    for (int i = 0; i < 3; i++) { /* within one second */
        check_ok(event_file_open(&f, events, 1));
        assert_true(strcmp(before, event_file_path(f)) < 0);
        snprintf(before, sizeof before, "%s", event_file_path(f));
        event_file_close(f);
    }
    /* a clock that was ahead; names that only look similar */
    snprintf(path, sizeof path, "%s/events.out.tfevents.4000000000.zzz.1", events);
    assert_non_null(other = fopen(path, "w"));
    fclose(other);
    snprintf(before, sizeof before, "%s/events.out.tfevents.99999999999999999999.x", events);
    assert_non_null(other = fopen(before, "w"));
    fclose(other);
    check_ok(event_file_open(&f, events, 1));
    assert_non_null(strstr(event_file_path(f), "tfevents.4000000001."));
    event_file_close(f);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit r;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
    r.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void a_file_size_limit_is_an_error_and_leaves_whole_events(void **state)
{
    (void)state;
    const event_scalar s = {"a", 0.5};
    event_file *f, *g = NULL;
    tf_records r;
    char **names;
    int count;
    signal(SIGXFSZ, SIG_IGN);
    check_ok(event_file_open(&f, events, 1));
    check_ok(event_file_scalars(f, 1, &s, 1));
    struct stat sb;
    assert_int_equal(stat(event_file_path(f), &sb), 0);
    limit_files((rlim_t)sb.st_size + 20); /* the middle of the next record */
    check_fails(event_file_scalars(f, 2, &s, 1), JEM_EIO, "ulimit -f");
    assert_non_null(strstr(jem_error_message(), event_file_path(f)));
    limit_files(10);
    check_fails(event_file_open(&g, events, 1), JEM_EIO, "ulimit -f");
    limit_files(RLIM_INFINITY);
    assert_null(g);
    check_ok(dir_list(&names, &count, events));
    assert_int_equal(count, 1); /* nothing is left of the file that could not be begun */
    strings_free(names, count);
    check_ok(event_file_scalars(f, 3, &s, 1));
    tf_records_read(&r, event_file_path(f));
    assert_int_equal(r.count, 4);
    assert_int_equal(r.data[3][10], 3);
    mem_free(r.file);
    event_file_close(f);
    signal(SIGXFSZ, SIG_DFL);
}

static void a_folder_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    event_file *f = NULL;
    FILE *file;
    char path[128];
    snprintf(path, sizeof path, "%s/run", dir);
    assert_non_null(file = fopen(path, "w"));
    fclose(file);
    check_fails(event_file_open(&f, events, 1), JEM_EIO, "file is in the way");
    assert_null(f);
    event_file_close(NULL);
}

/* ---- checking */

/* What is said of the folder. */
static const char *check(void)
{
    warnings_listen();
    check_ok(event_files_check(events));
    log_set_sink(NULL);
    return warnings;
}

/* A file with two scalars, closed; its bytes, owned, and where the first scalar's record begins. */
static char *make_file(char path[300], size_t *size, size_t *record)
{
    event_file *f;
    char *bytes = NULL;
    check_ok(event_file_open(&f, events, 1));
    snprintf(path, 300, "%s", event_file_path(f));
    check_ok(file_read(&bytes, record, path, 0));
    mem_free(bytes);
    check_ok(event_file_scalars(f, 1, (const event_scalar[]){{"a", 1}}, 1));
    check_ok(event_file_scalars(f, 2, (const event_scalar[]){{"a", 2}}, 1));
    event_file_close(f);
    check_ok(file_read(&bytes, size, path, 0));
    return bytes;
}

static void damage_is_told_with_its_place(void **state)
{
    (void)state;
    char path[300], *bytes, words[64];
    size_t size, record;
    assert_string_equal(check(), ""); /* no folder */
    bytes = make_file(path, &size, &record);
    assert_string_equal(check(), "");
    const size_t second = record + (size - record) / 2;
    for (size_t at = record; at < size; at++) {
        bytes[at] ^= 16;
        check_ok(file_write(path, bytes, size));
        bytes[at] ^= 16;
        snprintf(words, sizeof words, ": the record at byte %zu is damaged", at < second ? record : second);
        if (!strstr(check(), path) || !strstr(warnings, words)) fail_msg("byte %zu: '%s'", at, warnings);
    }
    for (size_t cut = 0; cut < size; cut++) { /* what a kill leaves is no damage */
        check_ok(file_write(path, bytes, cut));
        assert_string_equal(check(), "");
    }
    mem_free(bytes);
}

static void what_is_no_file_stops_nobody_and_other_files_are_left_alone(void **state)
{
    (void)state;
    char path[300], *bytes;
    size_t size, record;
    bytes = make_file(path, &size, &record);
    mem_free(bytes);
    check_ok(file_remove(path));
    check_ok(dir_make(path));
    assert_non_null(strstr(check(), path));
    assert_non_null(strstr(warnings, "TensorBoard needs it, the training does not"));
    check_tmp_remove(path);
    snprintf(path, sizeof path, "%s/notes", events);
    check_ok(file_write(path, "0123456789abcdef", 16));
    assert_string_equal(check(), "");
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
    const struct CMUnitTest tests[] = {
        in_folder(a_file_begins_with_version_and_start),
        in_folder(scalars_of_a_step_are_one_event_without_what_is_not_finite),
        in_folder(an_image_and_a_restart_are_events),
        in_folder(large_images_are_kept_whole),
        in_folder(names_sort_in_the_order_of_sessions),
        in_folder(a_file_size_limit_is_an_error_and_leaves_whole_events),
        in_folder(a_folder_that_cannot_be_made_is_an_error),
        in_folder(damage_is_told_with_its_place),
        in_folder(what_is_no_file_stops_nobody_and_other_files_are_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
