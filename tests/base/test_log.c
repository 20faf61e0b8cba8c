/* What is told once, and what each time (base/log.h). */
#include "support/check.h"

#include "base/log.h"

static int lines;

static void count_line(log_level level, const char *line)
{
    (void)level;
    (void)line;
    lines++;
}

static int told(void (*say)(const char *fmt, ...), const char *text)
{
    const int before = lines;
    say("%s", text);
    return lines - before;
}

static void a_line_is_told_once_until_that_ends(void **state)
{
    (void)state;
    log_set_sink(count_line);
    assert_int_equal(told(log_warning, "a") + told(log_warning, "a"), 2);
    log_once(true);
    assert_int_equal(told(log_warning, "a"), 1); /* what was told before does not count */
    log_once(true);
    assert_int_equal(told(log_warning, "a"), 0);
    assert_int_equal(told(log_warning, "b") + told(log_info, "c"), 2);
    log_once(false);
    assert_int_equal(told(log_warning, "b") + told(log_info, "c"), 0);
    log_once(false);
    assert_int_equal(told(log_warning, "b") + told(log_warning, "b"), 2);
    log_set_sink(NULL);
}

static void progress_is_told_each_time(void **state)
{
    (void)state;
    log_set_sink(count_line);
    log_once(true);
    assert_int_equal(told(log_progress, "1/2") + told(log_progress, "1/2"), 2);
    log_once(false);
    log_set_sink(NULL);
}

static void more_lines_than_are_remembered_are_all_told(void **state)
{
    (void)state;
    enum { MANY = 3000 };
    log_set_sink(count_line);
    log_once(true);
    lines = 0;
    for (int i = 0; i < MANY; i++) log_info("line %d", i);
    assert_int_equal(lines, MANY);
    log_once(false);
    log_set_sink(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_told_once_until_that_ends),
        cmocka_unit_test(progress_is_told_each_time),
        cmocka_unit_test(more_lines_than_are_remembered_are_all_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
