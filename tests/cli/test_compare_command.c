/* jem compare as a user sees it: text, JSON, hostile names, refusals. */
#include <jansson.h>
#include <math.h>

#include "cli/program.h"
#include "support/folder.h"

enum { IMAGES = 30 };

/* Recorded answers' scores of cifar10h in folder/NAME: `better` is taken from each image's loss, more
 * or less. */
static void put_answers(const char *name, double better)
{
    char path[700], text[8192];
    double sum = 0;
    size_t used = (size_t)snprintf(text, sizeof text, "subj,session,trial,rt,object_response,category,condition,"
                                                      "imagename,cross_entropy\n");
    for (int i = 0; i < IMAGES; i++) {
        const double loss = 1 + 0.5 * sin(1.7 * i) - better * (1 + 0.5 * cos(2.1 * i));
        sum += loss;
        used += (size_t)snprintf(text + used, sizeof text - used, "m,1,%d,NaN,cat,cat,0,%02d.png,%.17g\n", i + 1, i,
                                 loss);
    }
    snprintf(path, sizeof path, "%s/%s/trials", folder, name);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/%s/trials/cifar10h.csv", folder, name);
    check_ok(file_write(path, text, used));
    snprintf(path, sizeof path, "%s/%s/scores", folder, name);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/%s/scores/scores.json", folder, name);
    snprintf(text, sizeof text, "[{\"benchmark\": \"cifar10h\", \"metric\": \"cross_entropy_human\", \"model\": \"m\", "
                                "\"dataset\": \"cifar10h\", \"value\": %.17g, \"n\": %d}]", sum / IMAGES, IMAGES);
    check_ok(file_write(path, text, strlen(text)));
}

static void people_read_a_table_and_a_sentence(void **state)
{
    (void)state;
    put_answers("first", 0);
    put_answers("second", 0.1);
    program_works(folder, "compare %D/first %D/second --rounds 1000");
    program_said(folder, "out", "first (all others are compared with it): recorded answers, ");
    program_said(folder, "out", "CIFAR-10H  cross-entropy, nats  ");
    program_said(folder, "out", "  < .001  < .001  better");
    program_said(folder, "out", "1 against 1 network, 30 images\n");
    program_said(folder, "out", "A single network stands for itself alone");
    program_said(folder, "out", "In 1 of 1 benchmark second was better than first, in 0 worse (paired on common images, "
                                "Holm, 0.05).\n");
}

static void json_has_the_numbers(void **state)
{
    (void)state;
    size_t n;
    put_answers("first", 0);
    put_answers("second", 0.1);
    program_works(folder, "compare %D/first %D/second --rounds 1000 --json");
    char *text = program_read(folder, "out", &n);
    json_t *root = json_loads(text, 0, NULL), *row = json_array_get(json_object_get(root, "comparisons"), 0);
    assert_string_equal(json_string_value(json_object_get(row, "verdict")), "better");
    assert_string_equal(json_string_value(json_object_get(row, "against")), "first");
    const double gap = json_number_value(json_object_get(row, "difference"));
    assert_true(json_number_value(json_object_get(row, "low")) < gap && gap < json_number_value(json_object_get(row, "high")));
    assert_int_equal(json_integer_value(json_object_get(row, "images")), IMAGES);
    assert_int_equal(json_integer_value(json_object_get(root, "corrected_over")), 1);
    assert_int_equal(json_array_size(json_object_get(root, "left_out")), 0);
    json_decref(root);
    mem_free(text);
}

static void a_figure_is_drawn_as_its_ending_says(void **state)
{
    (void)state;
    put_answers("first", 0);
    put_answers("a \"b\" <script>", 0.1);
    put_answers("third", -0.001);
    program_works(folder, "compare %D/first %D/a*script* %D/third --rounds 200 -o %D/figure.svg");
    program_said(folder, "figure.svg", "<svg ");
    program_not_said(folder, "figure.svg", "<script>");
    program_works(folder, "compare %D/first %D/third --rounds 200 -o %D/figure.pdf");
    program_said(folder, "figure.pdf", "%PDF-");
    program_fails(folder, "compare %D/first %D/third --rounds 200 -o %D/figure.doc", JEM_EUSAGE,
                  "figure.doc: a figure is written as .svg, .pdf or .png");
    assert_false(program_made(folder, "figure.doc"));
}

static void hostile_names_are_shown_plainly(void **state)
{
    (void)state;
    char longest[201];
    memset(longest, 'x', 200);
    longest[200] = '\0';
    put_answers("first", 0);
    put_answers("a \"b\" <script>\x1b[31m \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", 0.1);
    put_answers(longest, 0.1);
    program_works(folder, "compare %D/first %D/a*script* %D/xxx* --rounds 200");
    program_said(folder, "out", "a \"b\" <script>\\x1b[31m \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d: recorded answers");
    program_said(folder, "out", longest);
    program_works(folder, "compare %D/first %D/a*script* --json --rounds 200");
    program_said(folder, "out", "\"a \\\"b\\\" <script>\\u001B[31m ");
}

static void refusals_say_what_to_do(void **state)
{
    (void)state;
    put_answers("first", 0);
    program_fails(folder, "compare %D/first", JEM_EUSAGE, "one model is no comparison: ");
    program_fails(folder, "compare %D/first %D/nobody", JEM_EDATA, "nobody");
    program_fails(folder, "compare %D/first %D/first", JEM_EDATA, "a model is not compared with itself");
    program_fails(folder, "compare %D/first %D/first@0.5", JEM_EDATA, "recorded answers, which have no alpha");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(people_read_a_table_and_a_sentence, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(json_has_the_numbers, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_figure_is_drawn_as_its_ending_says, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(hostile_names_are_shown_plainly, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(refusals_say_what_to_do, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
