/* What was measured on a GPU and remembered (conv_cache.h). */
#include "support/check.h"

#include "backend/cuda/conv_cache.h"

static const char here[] = "a GPU, cuDNN 9", there[] = "another GPU, cuDNN 9";

static conv_problem problem(int32_t c)
{
    conv_problem p;
    memset(&p, 0, sizeof p);
    p.n = 64;
    p.c = p.in = c;
    p.slope = 0.2f;
    return p;
}

static void choices_are_found_again(void **state)
{
    const conv_problem p = problem(160), other = problem(320);
    conv_problem copied = p;
    conv_choice c = {0};
    (void)state;
    copied.copy = 1;
    assert_false(conv_cache_find(&c, here, &p));
    conv_cache_add(&(conv_choice){CONV_BARE_PLAN, 77, 3}, here, &other);
    conv_cache_add(&(conv_choice){CONV_FUSED_PLAN, 0x123456789abcdef0, 41.25}, here, &p);
    conv_cache_add(&(conv_choice){CONV_OWN, 0xa00202, 31.5}, here, &p);
    assert_true(conv_cache_find(&c, here, &p));
    assert_true(c.kind == CONV_OWN && c.key == 0xa00202 && c.us == 31.5); /* the last one counts */
    assert_true(conv_cache_find(&c, here, &other));
    assert_true(c.kind == CONV_BARE_PLAN && c.key == 77);
    assert_false(conv_cache_find(&c, there, &p));
    assert_false(conv_cache_find(&c, here, &copied));
}

static void parts_are_found_again_beside_them(void **state)
{
    const columns_shape s = {65536, 160, true}, other = {65536, 160, false};
    columns_choice c = {0};
    (void)state;
    assert_false(columns_cache_find(&c, here, &s));
    columns_cache_add(&(columns_choice){512, 20}, here, &s);
    columns_cache_add(&(columns_choice){4096, 9.5}, here, &s);
    columns_cache_add(&(columns_choice){64, 2}, here, &other);
    assert_true(columns_cache_find(&c, here, &s));
    assert_true(c.parts == 4096 && c.us == 9.5);
    assert_true(columns_cache_find(&c, here, &other));
    assert_int_equal(c.parts, 64);
    assert_false(columns_cache_find(&c, there, &s));
}

static void unreadable_lines_are_passed_over(void **state)
{
    const columns_shape s = {4096, 640, true};
    char path[4200];
    columns_choice c = {0};
    (void)state;
    columns_cache_add(&(columns_choice){256, 5}, here, &s);
    snprintf(path, sizeof path, "%s/convolutions.txt", getenv("JEM_CACHE"));
    FILE *f = fopen(path, "a");
    assert_non_null(f);
    fprintf(f, "%s; columns 4096 640 1; parts\n%s; columns 4096 640 1; ", here, here);
    fclose(f);
    assert_true(columns_cache_find(&c, here, &s));
    assert_int_equal(c.parts, 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choices_are_found_again),
        cmocka_unit_test(parts_are_found_again_beside_them),
        cmocka_unit_test(unreadable_lines_are_passed_over),
    };
    char folder[4096];
    check_tmp(folder, sizeof folder);
    setenv("JEM_CACHE", folder, 1);
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    check_tmp_remove(folder);
    return failed;
}
