/* Options of the program behind remedies of the library. */
#include "support/check.h"

#include "cli/remedy.h"

static const cli_option options[] = {
    {.name = "--model", .kind = CLI_TEXT, .value = "NAME"},
    {.name = "--classes", .kind = CLI_INT, .value = "K"},
    {.name = "--size", .kind = CLI_INT, .value = "S"},
    {.name = "--flip", .kind = CLI_SWITCH},
    {.name = NULL},
};
static const command with_options = {.name = "import", .options = options}, without = {.name = "demo"};

static void a_remedy_names_the_command_s_options(void **state)
{
    (void)state;
    remedy_for(&with_options);
    assert_string_equal(remedy_of("w: no 'jem.name' in its metadata; say which network they are of"), " (--model NAME)");
    assert_string_equal(remedy_of("resnet is of no one size: say how many classes it has and how large its pictures are"),
                        " (--classes K, --size S)");
    assert_string_equal(remedy_of("encode mirrored pictures, too"), " (--flip)");
}

static void nothing_is_said_that_does_not_help(void **state)
{
    (void)state;
    const char line[] = "say which network they are of";
    remedy_for(&with_options);
    assert_string_equal(remedy_of("x.npy: ends after 3 bytes"), "");
    assert_string_equal(remedy_of("say which network they are of, --model NAME"), ""); /* it says so itself */
    assert_string_equal(remedy_of("choose another folder"), "");                       /* the command has no --out */
    remedy_for(&without);
    assert_string_equal(remedy_of(line), "");
    remedy_for(NULL);
    assert_string_equal(remedy_of(line), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_remedy_names_the_command_s_options),
        cmocka_unit_test(nothing_is_said_that_does_not_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
