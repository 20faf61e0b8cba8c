/* Who may compute with a handle, and who releases it. */
#include "support/check.h"

#include "lib/lib_turn.h"

static void one_has_it_at_a_time(void **state)
{
    (void)state;
    lib_turn t = {0};
    assert_true(lib_turn_take(&t));
    assert_false(lib_turn_take(&t));
    assert_false(lib_turn_end(&t));
    assert_true(lib_turn_take(&t));
    assert_false(lib_turn_end(&t));
    assert_true(lib_turn_last(&t)); /* nobody has it: whoever frees it releases it */
    check_fails(lib_turn_refuse("jem_f", "the model"), JEM_EUSAGE, "jem_f: the model is in another call");
}

static void what_is_freed_meanwhile_is_released_by_the_call(void **state)
{
    (void)state;
    lib_turn t = {0};
    assert_true(lib_turn_take(&t));
    assert_false(lib_turn_last(&t));
    assert_false(lib_turn_take(&t));
    assert_true(lib_turn_end(&t));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_has_it_at_a_time),
        cmocka_unit_test(what_is_freed_meanwhile_is_released_by_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
