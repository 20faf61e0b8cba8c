/* Names, categories and conditions of model-vs-human. */
#include "record/image_name.h"
#include "support/check.h"

static void the_image_is_what_follows_the_prefix(void **state)
{
    (void)state;
    assert_string_equal(image_id("0001_cl_s01_cr_oven_40_n04111531_14126.png"),
                        "n04111531_14126.png");
    assert_string_equal(image_id("0001_ske_s01_0_boat_00_boat-0068-sketch-23.png"),
                        "boat-0068-sketch-23.png");
    assert_string_equal(image_id("airplane1-bicycle2.png"), "airplane1-bicycle2.png");
    assert_string_equal(image_id("n04111531_14126.png"), "n04111531_14126.png");
    assert_string_equal(image_id("n1_a.png"), "a.png");
    assert_string_equal(image_id("_"), "");
    assert_string_equal(image_id(""), "");
}

static void the_texture_is_the_second_category(void **state)
{
    (void)state;
    int category = -1;
    check_ok(image_texture(&category, "0001_s5n_s01_0_bird_00_bird2-clock3.png"));
    assert_string_equal(category_names[category], "clock");
    check_ok(image_texture(&category, "dog10-bird2.png"));
    assert_string_equal(category_names[category], "bird");
    const char *const bad[] = {"",
                               "cat",
                               "cat7.png",
                               "cat7-.png",
                               "cat7-cow1.png",
                               "cat7-dog.png",
                               "cat7-dog1x.png",
                               "cat7-1dog.png",
                               "a-b_c"};
    category = 99;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_fails(image_texture(&category, bad[i]), JEM_EDATA, "cat7-elephant1.png");
    assert_int_equal(category, 99);
}

static void conditions_compare_as_numbers_or_as_words(void **state)
{
    (void)state;
    assert_true(condition_equal("0.10", "0.1") && condition_equal("1", "1.0"));
    assert_true(condition_equal("inf", "Inf") && condition_equal("True", "true"));
    assert_true(condition_equal("c05", "C05") && condition_equal("NaN", "nan"));
    assert_false(condition_equal("c05", "c5"));
    assert_false(condition_equal("1-10-10", "1-3-10"));
    assert_false(condition_equal("0.1", "0.1x"));
    assert_false(condition_equal("", "0"));
}

static void categories_are_found_by_their_whole_name(void **state)
{
    (void)state;
    for (int c = 0; c < CATEGORY_COUNT; c++) assert_int_equal(category_find(category_names[c]), c);
    assert_int_equal(category_find("ca"), -1);
    assert_int_equal(category_find("cats"), -1);
    assert_int_equal(category_find("Cat"), -1);
    assert_int_equal(category_find(""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_image_is_what_follows_the_prefix),
        cmocka_unit_test(the_texture_is_the_second_category),
        cmocka_unit_test(conditions_compare_as_numbers_or_as_words),
        cmocka_unit_test(categories_are_found_by_their_whole_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
