/* The last picture of event files: as they are written, cut short, and hostile. */
#include "record/event_picture.h"

#include "base/file.h"
#include "base/mem.h"
#include "record/event_file.h"
#include "support/check.h"

static char folder[64], events[96];

static int begin(void **state)
{
    (void)state;
    check_tmp(folder, sizeof folder);
    snprintf(events, sizeof events, "%s/events", folder);
    return 0;
}

static int end(void **state)
{
    (void)state;
    check_tmp_remove(folder);
    return 0;
}

static void write_picture(event_file *f, int64_t step, const char *tag, const char *bytes)
{
    event_image m = {.tag = tag, .height = 1, .width = 1, .channels = 3, .encoded = bytes, .size = strlen(bytes)};
    check_ok(event_file_image(f, step, &m));
}

/* What is found, or "" where there is nothing. */
static void expect_last(const char *bytes, int64_t step)
{
    char *png;
    size_t size = 0;
    int64_t at = -1;
    check_ok(event_picture_last(&png, &size, &at, folder, "replay_buffer"));
    if (!*bytes) {
        assert_null(png);
        return;
    }
    assert_int_equal(size, strlen(bytes));
    assert_memory_equal(png, bytes, size);
    assert_int_equal(at, step);
    mem_free(png);
}

static void the_last_picture_of_a_tag_is_found(void **state)
{
    (void)state;
    event_file *f;
    expect_last("", 0); /* no folder */
    check_ok(event_file_open(&f, events, 0));
    expect_last("", 0);
    write_picture(f, 10, "replay_buffer", "first");
    write_picture(f, 300, "replay_buffer", "second");
    write_picture(f, 400, "other", "else");
    check_ok(event_file_scalars(f, 500, &(event_scalar){"accuracy", 0.5}, 1));
    expect_last("second", 300);
    event_file_close(f);
    check_ok(event_file_open(&f, events, 0)); /* a session without a picture */
    event_file_close(f);
    expect_last("second", 300);
}

static void a_file_cut_anywhere_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    event_file *f;
    char path[256], *whole;
    size_t size;
    check_ok(event_file_open(&f, events, 0));
    write_picture(f, 10, "replay_buffer", "first");
    write_picture(f, 20, "replay_buffer", "second");
    snprintf(path, sizeof path, "%s", event_file_path(f));
    event_file_close(f);
    check_ok(file_read(&whole, &size, path, 0));
    for (size_t n = 0; n < size; n++) {
        char *png;
        size_t found;
        int64_t step;
        check_ok(file_write(path, whole, n));
        check_ok(event_picture_last(&png, &found, &step, folder, "replay_buffer"));
        if (png) assert_true((found == 5 && step == 10) || (found == 6 && step == 20));
        mem_free(png);
    }
    for (size_t i = 0; i < size; i++) { /* a byte of it wrong: anything but a crash */
        char *png;
        size_t found;
        int64_t step;
        whole[i] = (char)~whole[i];
        check_ok(file_write(path, whole, size));
        check_ok(event_picture_last(&png, &found, &step, folder, "replay_buffer"));
        mem_free(png);
        whole[i] = (char)~whole[i];
    }
    mem_free(whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_last_picture_of_a_tag_is_found, begin, end),
        cmocka_unit_test_setup_teardown(a_file_cut_anywhere_is_read_as_far_as_it_goes, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
