/* Matching observers by condition and image, and what must be refused. */
#include "record/trial_matrix.h"
#include "support/check.h"

/* "condition image response" of trials whose category is cat. */
static void fill(trial_list *list, const char *who, int n, const char *const (*rows)[3])
{
    for (int i = 0; i < n; i++) {
        const trial t = {.subj = who,
                         .session = 1,
                         .trial = i + 1,
                         .rt = NAN,
                         .category = "cat",
                         .condition = rows[i][0],
                         .imagename = rows[i][1],
                         .object_response = rows[i][2]};
        check_ok(trial_list_append(list, &t));
    }
}

static void rows_are_matched_by_condition_and_image_not_by_place(void **state)
{
    (void)state;
    trial_list a = TRIAL_LIST_INIT, b = TRIAL_LIST_INIT;
    fill(&a, "subject-01", 5,
         (const char *const[][3]){{"0.10", "1_x_b.png", "cat"},
                                  {"0.10", "1_x_a.png", "na"},
                                  {"0.9", "1_x_z.png", "cat"},
                                  {"0.5", "1_x_a.png", "cat"},
                                  {"0.5", "1_x_n01_1.png", "dog"}});
    fill(&b, "net", 4,
         (const char *const[][3]){{"0.50", "n01_1.png", "cat"},
                                  {"0.1", "a.png", "cat"},
                                  {"0.5", "a.png", "dog"},
                                  {"0.1", "b.png", "bear"}});
    const trial_list *const both[] = {&a, &b};
    const char *const conditions[] = {"0.5", "0.1"};
    trial_matrix m = TRIAL_MATRIX_INIT;
    check_ok(trial_matrix_build(&m, both, 2, conditions, 2));
    assert_true(m.observers == 2 && m.conditions == 2 && m.images == 4);
    assert_true(m.start[0] == 0 && m.start[1] == 2 && m.start[2] == 4);
    const uint8_t right[] = {1, 0, 0, 1, /* */ 0, 1, 1, 0};
    assert_memory_equal(m.right, right, sizeof right);
    assert_string_equal(m.image[1], "n01_1.png");
    trial_matrix_clear(&m);
    trial_list_clear(&b);
    trial_list_clear(&a);
}

/* Building from these two lists, of two conditions, fails with `text`. */
static void check_refused(const char *const (*x)[3], int nx, const char *const (*y)[3], int ny,
                          const char *text)
{
    trial_list a = TRIAL_LIST_INIT, b = TRIAL_LIST_INIT;
    fill(&a, "ann", nx, x);
    fill(&b, "bob", ny, y);
    const trial_list *const both[] = {&a, &b};
    const char *const conditions[] = {"p", "q"};
    trial_matrix m = TRIAL_MATRIX_INIT;
    check_fails(trial_matrix_build(&m, both, 2, conditions, 2), JEM_EDATA, text);
    assert_null(m.right);
    trial_list_clear(&b);
    trial_list_clear(&a);
}

static void observers_who_saw_something_else_are_refused_by_name(void **state)
{
    (void)state;
    const char *const good[][3] = {{"p", "1", "cat"}, {"q", "1", "cat"}, {"q", "2", "cat"}};
    const char *const less[][3] = {{"p", "1", "cat"}, {"q", "1", "cat"}};
    const char *const more[][3] = {
        {"p", "1", "cat"}, {"q", "1", "cat"}, {"q", "2", "cat"}, {"q", "3", "na"}};
    const char *const moved[][3] = {{"p", "1", "cat"}, {"p", "2", "cat"}, {"q", "1", "cat"}};
    const char *const twice[][3] = {{"p", "1", "cat"}, {"q", "1", "cat"}, {"q", "a_1", "cat"}};
    const char *const one[][3] = {{"p", "1", "cat"}};
    const char *const answer[][3] = {{"p", "1", "cow"}, {"q", "1", "cat"}, {"q", "2", "cat"}};
    check_refused(good, 3, less, 2, "bob did not see 2");
    check_refused(good, 3, more, 4, "bob saw 3");
    check_refused(good, 3, moved, 3, "bob saw 2");
    check_refused(good, 3, twice, 3, "bob: image 1 occurs twice in condition q");
    check_refused(one, 1, one, 1, "ann has no trials of condition q");
    check_refused(good, 3, answer, 3, "bob, trial 1: response 'cow'");
    trial_matrix m = TRIAL_MATRIX_INIT;
    const trial_list empty = TRIAL_LIST_INIT, *const none[] = {&empty};
    check_fails(trial_matrix_build(&m, none, 1, NULL, 0), JEM_EDATA, "no trials");
    check_fails(trial_matrix_build(&m, none, 0, NULL, 0), JEM_EDATA, "no observers");
    trial_list odd = TRIAL_LIST_INIT;
    const trial cow = {.subj = "ann",
                       .trial = 4,
                       .category = "cow",
                       .object_response = "cat",
                       .condition = "p",
                       .imagename = "1"};
    check_ok(trial_list_append(&odd, &cow));
    const trial_list *const strange[] = {&odd};
    check_fails(trial_matrix_build(&m, strange, 1, NULL, 0), JEM_EDATA,
                "trial 4: 'cow' is not one");
    trial_list_clear(&odd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_matched_by_condition_and_image_not_by_place),
        cmocka_unit_test(observers_who_saw_something_else_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
