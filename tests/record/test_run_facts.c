/* run.json as the report and the training read it: what is there, and what is said to lack. */
#include "base/file.h"
#include "record/run_facts.h"
#include "support/folder.h"

static char path[128];

static void write_json(const char *text)
{
    snprintf(path, sizeof path, "%s/run.json", folder);
    check_ok(file_write(path, text, strlen(text)));
}

static run_facts facts_of(const char *text)
{
    run_facts f = RUN_FACTS_INIT;
    write_json(text);
    check_ok(run_facts_read(&f, path));
    return f;
}

#define WHOLE                                                                                       \
    "\"status\": \"finished\", \"version\": \"0.1.0\", \"model\": \"wrn-10-1\", \"seed\": 3, \"classes\": 2, "    \
    "\"channels\": 3, \"height\": 8, \"width\": 8, \"params\": 77, \"data_hash\": \"0f\", \"iteration\": 5, "    \
    "\"iterations\": 6, \"alpha\": 0.5, \"epoch\": 1.5, \"wall_s\": null, "

static void a_whole_file_lacks_nothing(void **state)
{
    (void)state;
    run_facts f = facts_of("{" WHOLE
                           "\"best\": {\"iteration\": 4, \"epoch\": 1, \"score\": 0.25, \"selected_by\": "
                           "\"val_accuracy\"}, \"class_names\": [\"cat\", 7], \"events\": [{\"iteration\": 9, "
                           "\"back_to\": 2, \"reason\": \"nan\", \"change\": \"rate\"}, 1]}");
    assert_null(f.lacks);
    assert_string_equal(f.status, "finished");
    assert_string_equal(f.selected_by, "val_accuracy");
    assert_string_equal(f.id, "");
    assert_true(f.alpha == 0.5 && f.best_score == 0.25 && isnan(f.wall_s));
    assert_int_equal(f.seed, 3);
    assert_int_equal(f.best_iteration, 4);
    assert_int_equal(f.ranks, 1);
    assert_int_equal(f.class_count, 2);
    assert_string_equal(f.class_names[0], "cat");
    assert_string_equal(f.class_names[1], "");
    assert_int_equal(f.rescue_count, 2);
    assert_int_equal(f.rescues[0].back_to, 2);
    assert_string_equal(f.rescues[0].change, "rate");
    assert_string_equal(f.rescues[1].reason, "");
    run_facts_clear(&f);
}

static void what_lacks_is_named_and_the_rest_is_read(void **state)
{
    (void)state;
    static const struct {
        const char *text, *lacks;
    } cases[] = {{"{}", "status"},
                 {"{" WHOLE "\"best\": 4}", "iteration"},
                 {"{" WHOLE "\"best\": {\"iteration\": 4, \"epoch\": \"x\"}}", "epoch"},
                 {"{\"status\": 3, \"alpha\": 0.25}", "status"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        run_facts f = facts_of(cases[i].text);
        assert_string_equal(f.lacks, cases[i].lacks);
        run_facts_clear(&f);
    }
    run_facts f = facts_of("{\"status\": 3, \"alpha\": 0.25, \"rank\": \"one\"}");
    assert_true(f.alpha == 0.25);
    assert_string_equal(f.status, "");
    assert_int_equal(f.seed, -1);
    run_facts_clear(&f);
}

static void what_is_no_object_is_refused(void **state)
{
    (void)state;
    run_facts f = RUN_FACTS_INIT;
    write_json("[1]");
    check_fails(run_facts_read(&f, path), JEM_EDATA, "expected an object");
    write_json("{\"a\": 1, \"a\": 2}");
    check_fails(run_facts_read(&f, path), JEM_EDATA, path);
    check_fails(run_facts_read(&f, "no/run.json"), JEM_EDATA, "no/run.json");
    assert_null(f.root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_file_lacks_nothing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_lacks_is_named_and_the_rest_is_read, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_no_object_is_refused, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
