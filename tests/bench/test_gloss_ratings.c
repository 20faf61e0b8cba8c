/* The rating files of the gloss experiment: the published ones, and damaged ones. */
#include "base/file.h"
#include "bench/gloss/ratings.h"
#include "support/check.h"

static void published_files_give_the_published_sums(void **state)
{
    (void)state;
    const int sums[] = {233, 340, 273, 220, 88,  84,  324, 131, 99,  86,  104, 82,  100,
                        153, 106, 207, 323, 105, 88,  95,  351, 142, 89,  218, 132, 158,
                        138, 339, 149, 331, 106, 95,  182, 315, 336, 96,  96,  312, 89,
                        124, 97,  233, 100, 345, 227, 132, 236, 337, 201, 195};
    char folder[4096];
    gloss_ratings r = GLOSS_RATINGS_INIT;
    check_data(folder, sizeof folder, "gloss/ratings");
    check_ok(gloss_ratings_read(&r, folder));
    assert_true(r.observers == 20 && r.images == 50);
    for (int i = 0; i < 50; i++) {
        double sum = 0;
        assert_int_equal(r.scene[i], i + 1);
        for (int o = 0; o < 20; o++) sum += r.rating[o * 50 + i] * 3;
        check_near(sum, sums[i], 1e-12, 1);
    }
    gloss_ratings_clear(&r);
}

#define HEAD               "\xef\xbb\xbfstimOne,a,b,c,d,rating,participant (two digits, e.g. 01),\r\n"
#define ROW(scene, rating) "stimuli\\rgb_scene" scene ".png,0,0,0,0," rating ",01,\r\n"
#define GOOD                                                                                       \
    HEAD ROW("000007", "1") ROW("000009", "6") ROW("000007", "2") ROW("000009", "6")               \
        ROW("000007", "3") ROW("000009", "5")

/* Reads a folder of these two observers' files. */
static jem_status read_two(gloss_ratings *r, const char *first, const char *second,
                           const char *second_name)
{
    char folder[64], path[200];
    check_tmp(folder, sizeof folder);
    snprintf(path, sizeof path, "%s/01_gloss_ratings_task_A.csv", folder);
    check_ok(file_write(path, first, strlen(first)));
    snprintf(path, sizeof path, "%s/%s", folder, second_name);
    check_ok(file_write(path, second, strlen(second)));
    jem_status st = gloss_ratings_read(r, folder);
    check_tmp_remove(folder);
    return st;
}

static const char other[] = "02_gloss_ratings_task_B.csv";

static void rows_are_read_by_position_under_a_misaligned_header(void **state)
{
    (void)state;
    gloss_ratings r = GLOSS_RATINGS_INIT;
    check_ok(read_two(&r, GOOD, GOOD, other));
    assert_true(r.observers == 2 && r.images == 2 && r.scene[0] == 7 && r.scene[1] == 9);
    check_near(r.rating[0], 2, 1e-15, 1);
    check_near(r.rating[3], 17. / 3, 1e-15, 1);
    gloss_ratings_clear(&r);
}

static void damaged_files_are_refused_with_their_place(void **state)
{
    (void)state;
    gloss_ratings r = GLOSS_RATINGS_INIT;
    const struct {
        const char *text, *message;
    } bad[] = {
        {GOOD ROW("000007", "1"), "image 000007 is rated 4 times"},
        {HEAD ROW("000007", "1") ROW("000007", "1"), "000007 is rated 2 times"},
        {HEAD ROW("000007", "0"), "csv:2: expected a whole rating from 1 to 6, found '0'"},
        {HEAD ROW("000007", "7"), "found '7'"},
        {HEAD ROW("000007", "2.5"), "found '2.5'"},
        {HEAD ROW("000007", "nan"), "found 'nan'"},
        {HEAD ROW("000007", ""), "found ''"},
        {HEAD ROW("007", "1"), "six digits"},
        {HEAD ROW("0000007", "1"), "six digits"},
        {HEAD "scene000007.png,0,0\n", "csv:2: a row of another length"},
        {HEAD ROW("000007", "1") ROW("000007", "1") ROW("000007", "1"), "3 ratings, expected 6"},
        {HEAD ROW("000008", "1") ROW("000008", "1") ROW("000008", "1"), "not rated by the first"},
        {HEAD, "0 ratings"},
        {"", "header"},
        {"a,b\n", "header"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_fails(read_two(&r, GOOD, bad[i].text, other), JEM_EDATA, bad[i].message);
    check_fails(read_two(&r, HEAD, GOOD, other), JEM_EDATA, "holds no ratings");
    check_fails(read_two(&r, GOOD, GOOD, "01_gloss_ratings_task_B.csv"), JEM_EDATA,
                "two files of observer 01");
    check_fails(read_two(&r, GOOD, GOOD, "notes.csv"), JEM_EDATA, "at least 2 observers");
    assert_null(r.rating);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_files_give_the_published_sums),
        cmocka_unit_test(rows_are_read_by_position_under_a_misaligned_header),
        cmocka_unit_test(damaged_files_are_refused_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
