/* Strings from others made plain, and printf that does so. */
#include <inttypes.h>
#include <limits.h>

#include "base/format.h"
#include "base/log.h"
#include "base/plain.h"
#include "base/utf8.h"
#include "support/check.h"

static void shows(const char *raw, const char *expected)
{
    char text[256];

    plain_format(text, sizeof text, "<%s>", raw);
    assert_int_equal(text[0], '<');
    assert_int_equal(text[strlen(text) - 1], '>');
    text[strlen(text) - 1] = '\0';
    assert_string_equal(text + 1, expected);
    assert_int_equal(plain_is(raw), strcmp(raw, expected) == 0);
}

static void what_steers_a_terminal_is_shown_as_bytes(void **state)
{
    (void)state;
    shows("", "");
    shows("alpha-0.50 r\xc3\xa9sum\xc3\xa9 \xce\xb1 \xe2\x88\x92 \xf0\x9f\x98\x80 \\x1b", /* as it is */
          "alpha-0.50 r\xc3\xa9sum\xc3\xa9 \xce\xb1 \xe2\x88\x92 \xf0\x9f\x98\x80 \\x1b");
    shows("\x1b[31mred", "\\x1b[31mred");
    shows("\x1b]0;title\x07", "\\x1b]0;title\\x07");
    shows("one\nline\r\tthree\x7f", "one\\x0aline\\x0d\\x09three\\x7f");
    shows("\xc2\x9b" "31m", "\\xc2\\x9b31m");              /* C1's CSI as UTF-8 ... */
    shows("\x9b" "31m", "\\x9b31m");                       /* ... and as a byte */
    shows("\xe2\x80\xae" "gnp.exe", "\\xe2\\x80\\xaegnp.exe"); /* right-to-left override */
    shows("\xe2\x81\xa6\xd8\x9c\xe2\x80\x8f", "\\xe2\\x81\\xa6\\xd8\\x9c\\xe2\\x80\\x8f");
    shows("\xe2\x80\xa8", "\\xe2\\x80\\xa8");              /* line separator */
    shows("cut \xe2\x82", "cut \\xe2\\x82");
    shows("\xc0\xaf\xed\xa0\x80\xff", "\\xc0\\xaf\\xed\\xa0\\x80\\xff"); /* overlong, half a pair */
    shows("\xc2\xa0", "\xc2\xa0");                         /* a space that does not break is one */
}

/* The same as the C library for what is not foreign. */
#define same(...)                                            \
    do {                                                     \
        char ours[512], theirs[512];                         \
        plain_format(ours, sizeof ours, __VA_ARGS__);        \
        snprintf(theirs, sizeof theirs, __VA_ARGS__);        \
        assert_string_equal(ours, theirs);                   \
    } while (0)

static void numbers_and_widths_are_those_of_printf(void **state)
{
    (void)state;
    same("plain, 95 %% %s", "x");
    same("%d %i %5d|%-5d|%05d|%+d|% d|%.3d|%*d|%-*d|%*d", 1, -2, 3, 4, 5, 6, 7, 8, 6, 9, 6, 10, -6, 11);
    same("%u %x %X %o %#x", 1u, 255u, 255u, 8u, 255u);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat" // wider than their conversions on purpose: these cut them
    same("%hhu %hhd %hu %hd", 300, 200, 70000, 40000);
#pragma GCC diagnostic pop
    same("%ld %lu %lld %llu", LONG_MIN, ULONG_MAX, LLONG_MIN, ULLONG_MAX);
    same("%zu %zd %jd %ju %td", (size_t)7, (ssize_t)-7, (intmax_t)-8, (uintmax_t)8, (ptrdiff_t)-9);
    same("%" PRId64 " %016" PRIx64 " %" PRIu64, INT64_MIN, UINT64_C(0xabc), UINT64_MAX);
    same("%g %f %e %.3g %10.4f|%-10.2e|%G %a %.*f %+.1f", 0.1, 1.5, 2e10, 3.14159, 2.5, 1e-3, 1e20,
         1.0, 2, 9.999, 5.0);
    same("%.0f %f", 1e300, NAN);
    same("%p %c%c", (void *)0x1234, 'a', 'z');
    same("%s|%8s|%-8s|%.2s|%*s|%.*s|%s", "a", "bc", "de", "fgh", 5, "i", 2, "jkl", "");
    same("%5c|%-3c|", 'x', 'y');
}

static void widths_count_characters_and_precisions_cut_none_apart(void **state)
{
    char text[64];

    (void)state;
    plain_format(text, sizeof text, "%4s|%-4s|", "\xce\xb1", "\xce\xb1\xce\xb2");
    assert_string_equal(text, "   \xce\xb1|\xce\xb1\xce\xb2  |");
    plain_format(text, sizeof text, "%.3s|%.4s|%.1s|", "\xce\xb1\xce\xb2", "\xce\xb1\xce\xb2", "\xe2\x82\xac");
    assert_string_equal(text, "\xce\xb1|\xce\xb1\xce\xb2||");
    const char open_end[2] = {'a', '\xce'}; /* no NUL behind it */
    plain_format(text, sizeof text, "%.*s|", 2, open_end);
    assert_string_equal(text, "a|");
}

static void long_texts_end_with_a_whole_character(void **state)
{
    char text[8];

    (void)state;
    plain_format(text, sizeof text, "abc%s", "def\x1b" "g");
    assert_string_equal(text, "abcdef"); /* \x1b has no room, and nothing follows it */
    plain_format(text, sizeof text, "abcdef\xce\xb1");
    assert_string_equal(text, "abcdef");
    plain_format(text, 1, "%s", "x");
    assert_string_equal(text, "");
}

static void errors_quote_files_plainly(void **state)
{
    (void)state;
    jem_error(JEM_EDATA, "%s:%d: '%c' and '%s'\n", "a\nb", 3, '\x1b', "\x1b[2J");
    assert_string_equal(jem_error_message(), "a\\x0ab:3: '\\x1b' and '\\x1b[2J'\n");
    jem_error(JEM_EDATA, "bad");
    jem_error_context(JEM_EDATA, "%s", "\xff");
    assert_string_equal(jem_error_message(), "\\xff: bad");
}

static char seen[1024];

static void see(log_level level, const char *line)
{
    (void)level;
    snprintf(seen, sizeof seen, "%s", line);
}

static void log_lines_quote_files_plainly(void **state)
{
    progress p;

    (void)state;
    log_set_sink(see);
    log_info("run %s", "x\x1b[31m");
    assert_string_equal(seen, "run x\\x1b[31m");
    log_warning("%s", "y\ny");
    assert_string_equal(seen, "y\\x0ay");
    progress_begin(&p, "set \x07", "images", 10, 0);
    progress_end(&p, 10);
    assert_non_null(strstr(seen, "set \\x07 10/10"));
    log_set_sink(NULL);
}

static void characters_are_decoded_within_their_bounds(void **state)
{
    const char *s = "\xe2\x82\xac", *end = s + 3, *from = s;

    (void)state;
    assert_int_equal(utf8_next(&s, end), 0x20ac);
    assert_ptr_equal(s, end);
    s = from;
    assert_int_equal(utf8_next(&s, from + 2), -1); /* the rest lies beyond */
    assert_ptr_equal(s, from + 1);
    assert_true(utf8_is("\xf4\x8f\xbf\xbf"));
    assert_false(utf8_is("\xf4\x90\x80\x80"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_steers_a_terminal_is_shown_as_bytes),
        cmocka_unit_test(numbers_and_widths_are_those_of_printf),
        cmocka_unit_test(widths_count_characters_and_precisions_cut_none_apart),
        cmocka_unit_test(long_texts_end_with_a_whole_character),
        cmocka_unit_test(errors_quote_files_plainly),
        cmocka_unit_test(log_lines_quote_files_plainly),
        cmocka_unit_test(characters_are_decoded_within_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
