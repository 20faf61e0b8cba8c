/* What the studies of a grid are called in figures. */
#include "support/check.h"

#include "report/study_names.h"

static void check_names(const char *const paths[3], const char *const expected[3])
{
    static study_names names;
    study all[3];
    study *studies[3];

    memset(all, 0, sizeof all);
    for (int i = 0; i < 3; i++) {
        all[i].path = (char *)(uintptr_t)paths[i];
        studies[i] = &all[i];
    }
    study_names_make(&names, studies, 3);
    for (int i = 0; i < 3; i++) assert_string_equal(names.of[i], expected[i]);
}

static void words_stand_by_themselves(void **state)
{
    (void)state;
    check_names((const char *const[]){"GRID/name-wrn-10-1", "GRID/name-resnet-20+norm-none+width-11",
                                      "GRID/name-convnext-micro+step_size-20"},
                (const char *const[]){"wrn-10-1", "resnet-20", "convnext-micro"});
}

static void what_a_value_brought_along_tells_equal_ones_apart(void **state)
{
    (void)state;
    check_names((const char *const[]){"name-wrn-10-1", "name-wrn-10-1+norm-batch", "name-vgg-small"},
                (const char *const[]){"wrn-10-1", "wrn-10-1+norm-batch", "vgg-small"});
}

static void numbers_keep_their_setting(void **state)
{
    (void)state;
    check_names((const char *const[]){"steps-10", "steps-20", "steps-40"},
                (const char *const[]){"steps-10", "steps-20", "steps-40"});
    check_names((const char *const[]){"name-wrn-10-1_steps-1", "name-wrn-10-1_steps-2", "name-wrn-16-1_steps-1"},
                (const char *const[]){"name-wrn-10-1_steps-1", "name-wrn-10-1_steps-2", "name-wrn-16-1_steps-1"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_stand_by_themselves),
        cmocka_unit_test(what_a_value_brought_along_tells_equal_ones_apart),
        cmocka_unit_test(numbers_keep_their_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
