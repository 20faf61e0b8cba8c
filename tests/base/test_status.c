/* What everything stands on: error messages with context, allocation, log lines. */
#include <pthread.h>

#include "base/log.h"
#include "base/mem.h"
#include "support/check.h"

static void a_message_gains_context_from_the_outside(void **state)
{
    char huge[5000];

    (void)state;
    check_fails(jem_error(JEM_EDATA, "%s: bad byte %d", "x.npy", 3), JEM_EDATA, "x.npy: bad byte 3");
    assert_int_equal(jem_error_context(JEM_EDATA, "loading %s", "RUN"), JEM_EDATA);
    assert_string_equal(jem_error_message(), "loading RUN: x.npy: bad byte 3");
    /* the message may be its own argument, and too long ones are cut */
    jem_error(JEM_EIO, "again: %s", jem_error_message());
    assert_string_equal(jem_error_message(), "again: loading RUN: x.npy: bad byte 3");
    memset(huge, 'a', sizeof huge - 1);
    huge[sizeof huge - 1] = '\0';
    jem_error(JEM_EIO, "%s", huge);
    jem_error_context(JEM_EIO, "%s", huge);
    assert_true(strlen(jem_error_message()) < sizeof huge);
}

static void *fail_elsewhere(void *arg)
{
    jem_error(JEM_EIO, "another thread");
    return arg;
}

static void threads_keep_their_own_message(void **state)
{
    pthread_t t;

    (void)state;
    jem_error(JEM_EDATA, "mine");
    assert_int_equal(pthread_create(&t, NULL, fail_elsewhere, NULL), 0);
    pthread_join(t, NULL);
    assert_string_equal(jem_error_message(), "mine");
}

static void memory_is_zeroed_aligned_and_checked(void **state)
{
    double *p = NULL;
    char *s = NULL;

    (void)state;
    check_ok(MEM_NEW(p, 1001));
    assert_int_equal((uintptr_t)p % 64, 0);
    for (int i = 0; i < 1001; i++) assert_true(p[i] == 0.0);
    mem_free(p);
    check_ok(MEM_NEW(p, 0));
    assert_non_null(p);
    mem_free(p);
    p = NULL;
    check_fails(MEM_NEW(p, SIZE_MAX / 4), JEM_ENOMEM, "overflows");
    check_fails(MEM_NEW(p, (size_t)PTRDIFF_MAX / 8), JEM_ENOMEM, "cannot allocate");
    assert_null(p);
    check_ok(mem_strdup(&s, "text"));
    assert_string_equal(s, "text");
    mem_free(s);
    mem_free(NULL);
}

static char last_line[1024];
static int lines;

static void keep_line(log_level level, const char *line)
{
    (void)level;
    lines++;
    snprintf(last_line, sizeof last_line, "%s", line);
}

static void log_lines_reach_the_sink_only(void **state)
{
    progress p;

    (void)state;
    log_info("nobody listens");
    log_set_sink(keep_line);
    log_warning("%s is %d", "x", 3);
    assert_string_equal(last_line, "x is 3");
    progress_begin(&p, "train", "images", 100, 0);
    p.last_s += 1000.0;
    for (int i = 0; i < 100; i++) progress_update(&p, i, NULL);
    assert_int_equal(lines, 1); /* none within the first period */
    p.last_s -= 1000.0;
    /* So long ago that the seconds of a slow machine do not show. */
    p.start_s -= 100 * 3600.0 + 30.0;
    p.last_s -= 10.0;
    progress_update(&p, 50, "loss 1.5");
    assert_non_null(strstr(last_line, "train 50/100  0.000139 images/s  ETA 100h00m  loss 1.5"));
    progress_end(&p, 100);
    assert_non_null(strstr(last_line, "took 100h00m"));
    log_set_sink(NULL);
    assert_true(clock_s() <= clock_s());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_message_gains_context_from_the_outside),
        cmocka_unit_test(threads_keep_their_own_message),
        cmocka_unit_test(memory_is_zeroed_aligned_and_checked),
        cmocka_unit_test(log_lines_reach_the_sink_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
