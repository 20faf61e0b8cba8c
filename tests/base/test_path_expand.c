/* Paths that no shell has expanded. */
#include "support/check.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/path_expand.h"

static void expands(const char *path, const char *to)
{
    char *out = NULL;
    check_ok(path_expand(&out, path));
    if (!out) fail_msg("%s stayed as it is", path);
    assert_string_equal(out, to);
    mem_free(out);
}

static void stays(const char *path)
{
    char *out = NULL;
    check_ok(path_expand(&out, path));
    if (out) fail_msg("%s became %s", path, out);
}

static void the_head_of_a_path_is_expanded(void **state)
{
    (void)state;
    setenv("HOME", "/home/me", 1);
    setenv("SCRATCH_2", "/scratch", 1);
    expands("~/data", "/home/me/data");
    expands("~", "/home/me");
    expands("~/", "/home/me/");
    expands("$HOME/a/~/b", "/home/me/a/~/b");
    expands("$HOME", "/home/me");
    expands("${HOME}/a b", "/home/me/a b");
    expands("$SCRATCH_2/a", "/scratch/a");
    expands("${SCRATCH_2}", "/scratch");
}

static void anything_else_stays(void **state)
{
    (void)state;
    setenv("HOME", "/home/me", 1);
    static const char *const others[] = {
        "",          "a/~/b",    "./~/b",    "~backup",   "~me/b",  "$",        "$/a",    "${HOME/a",
        "${}/a",     "$HOME.a",  "a$HOME/b", "$2HOME/b",  "$-/a",   "${HOME}a", "$ HOME/a"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) stays(others[i]);
}

static void a_variable_that_is_not_set_is_named(void **state)
{
    (void)state;
    char *out = NULL;
    unsetenv("HOME");
    unsetenv("JEM_NOWHERE");
    check_fails(path_expand(&out, "~/data"), JEM_EUSAGE, "~/data: HOME is not set");
    check_fails(path_expand(&out, "$JEM_NOWHERE/data"), JEM_EUSAGE, "JEM_NOWHERE is not set");
    assert_null(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_of_a_path_is_expanded),
        cmocka_unit_test(anything_else_stays),
        cmocka_unit_test(a_variable_that_is_not_set_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
