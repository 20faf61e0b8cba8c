/* What may be part of a path. */
#include "base/name.h"
#include "support/check.h"

static void names_in_paths_are_plain_and_stay_where_they_are(void **state)
{
    (void)state;
    static const char *const good[] = {"gloss", "cue-conflict", "a b.c", "r\xc3\xa9sum\xc3\xa9", "a..b", "=1"};
    static const char *const bad[] = {"", ".", "..", ".hidden", "-rf", "a/b", "/etc", "../a", "a\n", "\x1b[31m",
                                      "\xff", "a\xe2\x80\xae"};
    char longest[NAME_MOST + 2];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) check_ok(name_check(good[i], "name"));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_fails(name_check(bad[i], "benchmark"), JEM_EDATA, "benchmark '");
    memset(longest, 'n', NAME_MOST + 1);
    longest[NAME_MOST + 1] = '\0';
    assert_false(name_is_plain(longest));
    longest[NAME_MOST] = '\0';
    assert_true(name_is_plain(longest));
}

static void any_text_makes_a_name(void **state)
{
    (void)state;
    static const char *const texts[] = {"../../a b\x1b\xc3\xa9.png", "-rf", "\xff", "n0_1.2-x"};
    static const char *const names[] = {"-.-..-a-b---.png", "-rf", "-", "n0_1.2-x"};
    char name[64], cut[4];

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        name_make(name, sizeof name, texts[i], "._-");
        assert_string_equal(name, names[i]);
    }
    name_make(name, sizeof name, "a_b.c", ".-");
    assert_string_equal(name, "a-b.c");
    name_make(cut, sizeof cut, "abcdef", "");
    assert_string_equal(cut, "abc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_in_paths_are_plain_and_stay_where_they_are),
        cmocka_unit_test(any_text_makes_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
