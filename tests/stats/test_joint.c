/* Counts of images on which two observers are both right: at once, resampled, and what
 * agreement makes of them. */
#include "stats/consistency.h"
#include "support/check.h"

enum { ROWS = 5, IMAGES = 700, PAIRS = 15 }; /* more images than a byte counts */

typedef struct observed {
    uint8_t right[ROWS * IMAGES];
    const uint8_t *row[ROWS];
} observed;

static void observe(observed *o)
{
    for (int64_t i = 0; i < ROWS * IMAGES; i++) o->right[i] = (i * i + i / 7) % 5 != 0;
    for (int a = 0; a < ROWS; a++) o->row[a] = o->right + a * IMAGES;
    memset(o->right, 1, IMAGES); /* somebody is always right */
}

/* Image by image. */
static void count_plainly(int64_t both[PAIRS], const observed *o, int64_t first,
                          const int64_t *index, int64_t n)
{
    for (int a = 0, p = 0; a < ROWS; a++)
        for (int b = a; b < ROWS; b++, p++) {
            both[p] = 0;
            for (int64_t i = 0; i < n; i++) {
                int64_t image = first + (index ? index[i] : i);
                both[p] += o->row[a][image] && o->row[b][image];
            }
        }
}

static void counts_are_those_of_the_images_one_by_one(void **state)
{
    (void)state;
    observed o;
    int64_t both[PAIRS], expected[PAIRS];
    const int64_t lengths[] = {1, 8, 239, 240, 241, 600};
    observe(&o);
    assert_int_equal(stats_joint_pairs(ROWS), PAIRS);
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        stats_joint_count(both, o.row, ROWS, 100, lengths[l]);
        count_plainly(expected, &o, 100, NULL, lengths[l]);
        assert_memory_equal(both, expected, sizeof both);
    }
}

static void a_resample_counts_each_image_as_often_as_it_was_drawn(void **state)
{
    (void)state;
    observed o;
    stats_joint_table table;
    int64_t both[PAIRS], expected[PAIRS], index[600];
    const int64_t lengths[] = {1, 254, 255, 256, 511, 600};
    observe(&o);
    check_ok(stats_joint_table_init(&table, o.row, ROWS, IMAGES));
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        stats_resample(index, lengths[l], 3, (int64_t)l, 0);
        stats_joint_resample(both, &table, 100, index, lengths[l]);
        count_plainly(expected, &o, 100, index, lengths[l]);
        assert_memory_equal(both, expected, sizeof both);
    }
    for (int i = 0; i < 600; i++) index[i] = 2; /* one image 600 times */
    stats_joint_resample(both, &table, 0, index, 600);
    count_plainly(expected, &o, 0, index, 600);
    assert_memory_equal(both, expected, sizeof both);
    assert_int_equal(both[0], 600);
    stats_joint_table_clear(&table);
}

static void check_same(stats_agreement a, stats_agreement b)
{
    assert_memory_equal(&a, &b, sizeof a);
}

static void agreement_of_many_rows_is_that_of_each_alone(void **state)
{
    (void)state;
    observed o;
    enum { PEOPLE = 3, CONDITIONS = 2 };
    const int64_t start[] = {0, 300, IMAGES}, images[] = {300, 400};
    int64_t both[CONDITIONS * PAIRS];
    stats_agreement alone;
    observe(&o);
    for (int c = 0; c < CONDITIONS; c++)
        stats_joint_count(both + c * PAIRS, o.row, ROWS, start[c], images[c]);
    const stats_joint joint = {ROWS, CONDITIONS, images, both};
    const stats_observers people = {PEOPLE, CONDITIONS, start, o.right};
    check_ok(stats_agreement_people(&alone, &people, NULL));
    check_same(stats_joint_people(&joint, PEOPLE, NULL), alone);
    for (int m = PEOPLE; m < ROWS; m++) {
        check_ok(stats_agreement_model(&alone, o.row[m], &people, NULL));
        check_same(stats_joint_model(&joint, m, PEOPLE, NULL), alone);
    }
    const double once[] = {1, 1, 1}, only_one[] = {0, 3, 0};
    check_same(stats_joint_people(&joint, PEOPLE, once), stats_joint_people(&joint, PEOPLE, NULL));
    alone = stats_joint_people(&joint, PEOPLE, only_one);
    assert_true(isnan(alone.kappa) && isnan(alone.observed) && alone.accuracy > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_those_of_the_images_one_by_one),
        cmocka_unit_test(a_resample_counts_each_image_as_often_as_it_was_drawn),
        cmocka_unit_test(agreement_of_many_rows_is_that_of_each_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
