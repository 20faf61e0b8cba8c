/* ImageNet's classes as the 16 categories: jem's own table is the toolbox's. */
#include "support/check.h"

#include "bench/label_map.h"

enum { CLASSES = 1000 };

static void the_built_in_categories_are_those_of_model_vs_human(void **state)
{
    (void)state;
    static double row[CLASSES];
    label_map *own = NULL, *toolbox = NULL;
    char path[4096];
    int known = 0;

    check_data(path, sizeof path, "../reference/imagenet16.tsv");
    check_ok(label_map_imagenet(&own));
    check_ok(label_map_read(&toolbox, path));
    for (int c = 0; c < CLASSES; c++) {
        int32_t a, b, none;
        memset(row, 0, sizeof row);
        check_ok(label_map_decide(own, &none, row, 1, CLASSES, true));
        row[c] = 1;
        check_ok(label_map_decide(own, &a, row, 1, CLASSES, true));
        check_ok(label_map_decide(toolbox, &b, row, 1, CLASSES, true));
        assert_int_equal(a, b);
        row[c] = 0.5; /* beside the only knife: the mean over a category's classes decides */
        row[623] += 0.1;
        check_ok(label_map_decide(own, &a, row, 1, CLASSES, true));
        check_ok(label_map_decide(toolbox, &b, row, 1, CLASSES, true));
        assert_int_equal(a, b);
        known += a != none;
    }
    assert_true(known > 0);
    label_map_free(own);
    label_map_free(toolbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_built_in_categories_are_those_of_model_vs_human),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
