/* jem sweetspot as a user sees it: table, files, --json, refusals. */
#include <jansson.h>

#include "cli/program.h"

static char dir[64];

static int make_folder(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static void put_file(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(file_write(path, text, strlen(text)));
}

/* What training logged of a run that was rescued; "" of others. */
static const char *events = "";

static void put_run(double alpha, int seed, double shape_bias)
{
    char name[64], path[256], text[512];
    snprintf(name, sizeof name, "study/alpha-%g-seed-%d", alpha, seed);
    snprintf(path, sizeof path, "%s/%s/scores", dir, name);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/run.json", name);
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"alpha\": %g, \"seed\": %d%s}", alpha,
             seed, events);
    put_file(path, text);
    snprintf(path, sizeof path, "%s/config.yaml", name);
    snprintf(text, sizeof text, "alpha: %g\nseed: %d\n", alpha, seed);
    put_file(path, text);
    snprintf(path, sizeof path, "%s/scores/scores.json", name);
    snprintf(text, sizeof text,
             "[{\"benchmark\": \"cue-conflict\", \"metric\": \"shape_bias\", \"model\": \"m\", "
             "\"dataset\": \"cue-conflict\", "
             "\"alpha\": %g, \"seed\": %d, \"value\": %g}]",
             alpha, seed, shape_bias);
    put_file(path, text);
}

static void put_study(void)
{
    const double alpha[] = {0, 0.5, 0.8, 0.9, 1}, bias[] = {0.3, 0.6, 0.7, 0.5, 0.95};
    for (int a = 0; a < 5; a++)
        for (int seed = 1; seed <= 3; seed++) put_run(alpha[a], seed, bias[a] + 0.01 * seed);
}

static void a_study_gets_a_table_a_figure_and_files(void **state)
{
    (void)state;
    put_study();
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "out", "Cue conflict  shape bias  0.8 ");
    program_said(dir, "out", "3 seeds alone");
    program_said(dir, "out", "Cue conflict, shape bias: shown (p < .001, without any one run ");
    program_said(dir, "out", "0.8 beats 0 and 0.9 by .200 (cross-validated .200, at least .1");
    program_said(dir, "out", "In 1 of 1 benchmark (Holm, .050) an intermediate alpha exceeded");
    program_said(dir, "out", "best alpha in the paper: Cue conflict 0.5–0.6");
    static const char *const files[] = {"sweetspot.tsv", "figures/sweetspot.svg",
                                        "figures/sweetspot.pdf", "figures/sweetspot.png",
                                        "figures/sweetspot.tsv"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[64];
        snprintf(name, sizeof name, "study/%s", files[i]);
        assert_true(program_made(dir, name));
    }
    program_said(dir, "study/sweetspot.tsv", "cue-conflict\tshape_bias\tbest\t0\t0.9\t0.8\t{0.8}\t");
}

/* Who jem runs as: nobody, if the test is root's, whom no permissions stop. */
static const char *as_nobody(void)
{
    char allowed[PROGRAM_COMMAND];
    if (geteuid() != 0) return "";
    snprintf(allowed, sizeof allowed, "setpriv --reuid=65534 --clear-groups -- '%s' --version >/dev/null 2>&1",
             JEM_PROGRAM);
    if (system(allowed) == 0) return "setpriv --reuid=65534 --clear-groups --";
    print_message("skipped: root, and nobody may not run %s (or there is no setpriv)\n", JEM_PROGRAM);
    skip();
    return "";
}

static void shell(const char *line)
{
    char command[512];
    snprintf(command, sizeof command, "cd '%s' && %s", dir, line);
    if (system(command) != 0) fail_msg("%s", command);
}

static void a_study_that_cannot_be_written_is_reported_elsewhere(void **state)
{
    (void)state;
    const char *who = as_nobody();
    put_study();
    shell("mkdir -m 777 pages && chmod 755 . && chmod -R a-w,a+rX study");
    assert_int_equal(program_run(dir, who, "report %D/study -o %D/pages/page.html"), 0);
    program_said(dir, "err", "study/figures: cannot make the folder: Permission denied");
    program_said(dir, "err", "figures are written beside the page");
    program_said(dir, "err", "/pages/figures, ");
    assert_true(program_made(dir, "pages/page.html") && program_made(dir, "pages/figures/sweetspot.svg"));
    assert_int_equal(program_run(dir, who, "report %D/study"), JEM_EIO);
    program_said(dir, "err", "study/figures: cannot make the folder: Permission denied");

    shell("chmod u+w study && mkdir -m 555 study/figures && chmod a-w study && rm -r pages/figures");
    assert_int_equal(program_run(dir, who, "report %D/study -o %D/pages/page.html"), 0);
    assert_true(program_made(dir, "pages/figures/sweetspot.svg"));

    assert_int_equal(program_run(dir, who, "sweetspot %D/study --rounds 200"), 0);
    program_said(dir, "out", "Cue conflict  shape bias  0.8 ");
    program_said(dir, "err", "sweetspot.tsv and its figure are left out");
    shell("chmod -R u+w study");
}

static void json_is_one_array_and_the_same_for_any_threads(void **state)
{
    (void)state;
    char *text[2];
    size_t size;
    put_study();
    for (int t = 0; t < 2; t++) {
        assert_int_equal(program_run(dir, "",
                                     t ? "sweetspot %D/study --json --rounds 200 --threads 1"
                                       : "sweetspot %D/study --json --rounds 200 --threads 3"),
                         0);
        text[t] = program_read(dir, "out", &size);
    }
    assert_string_equal(text[0], text[1]);
    json_t *root = json_loads(text[0], 0, NULL);
    assert_int_equal(json_array_size(root), 1);
    const json_t *spot = json_array_get(root, 0);
    assert_string_equal(json_string_value(json_object_get(spot, "benchmark")), "cue-conflict");
    assert_true(json_real_value(json_object_get(spot, "best_alpha")) == 0.8);
    assert_true(json_real_value(json_array_get(json_object_get(spot, "ends"), 1)) == 0.9);
    assert_string_equal(json_string_value(json_object_get(spot, "verdict")), "shown");
    assert_int_equal(json_integer_value(json_object_get(spot, "seeds")), 3);
    json_decref(root);
    mem_free(text[0]);
    mem_free(text[1]);
}

static void the_report_shows_the_same_sweet_spot(void **state)
{
    (void)state;
    put_study();
    assert_int_equal(program_run(dir, "", "report %D/study"), 0);
    program_said(dir, "study/report.html", "Where along α each benchmark is best");
    program_said(dir, "study/report.html", "<th>Cue conflict, shape bias</th><td>0.8</td><td>{0.8}</td>");
}

static void settings_choose_the_rule_and_the_variance(void **state)
{
    (void)state;
    put_study();
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --json --set sweetspot.variance=pooled "
                                          "--set sweetspot.rule=distance --set sweetspot.draws=2000"), 0);
    program_said(dir, "out", "\"variance\": \"pooled\"");
    program_said(dir, "out", "\"rule\": \"distance\"");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --set sweetspot.variance=equal"), 2);
    program_said(dir, "err", "guarded");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --set sweetspot.varianc=each"), 2);
    program_said(dir, "err", "sweetspot.variance");
    assert_int_equal(program_run(dir, "", "list options"), 0);
    program_said(dir, "out", "sweetspot.draws");
}

static void runs_that_were_rescued_are_named_beside_the_claim(void **state)
{
    (void)state;
    put_study();
    events = ", \"events\": [{\"iteration\": 9, \"back_to\": 5, \"reason\": \"it diverged\", "
             "\"change\": \"a lower rate\"}]";
    put_run(0.8, 2, 0.72);
    events = "";
    assert_int_equal(program_run(dir, "", "sweetspot %D/study"), 0);
    program_said(dir, "out", "unequal settings (p < .001");
    program_said(dir, "out", "without equal settings: alpha-0.8-seed-2 (rescued); without their alphas p ");
    program_said(dir, "out", "In none of 1 benchmark");
}

static void what_has_no_sweet_spot_is_refused_with_a_remedy(void **state)
{
    (void)state;
    put_run(0.5, 1, 0.6);
    assert_int_equal(program_run(dir, "", "sweetspot %D/study"), 3);
    program_said(dir, "err", "no benchmark has scores at two values of alpha");
    program_said(dir, "err", "jem bench all");
    assert_false(program_made(dir, "study/sweetspot.tsv"));
    assert_int_equal(program_run(dir, "", "sweetspot %D/nowhere"), 3);
    program_said(dir, "err", "no such folder");
    assert_int_equal(program_run(dir, "", "sweetspot"), 2);
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --rounds 5"), 2);
    program_said(dir, "err", "--rounds");
    assert_int_equal(program_run(dir, "", "sweetspot %D/study --level 1.5"), 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(a_study_gets_a_table_a_figure_and_files),
        TEST(a_study_that_cannot_be_written_is_reported_elsewhere),
        TEST(json_is_one_array_and_the_same_for_any_threads),
        TEST(the_report_shows_the_same_sweet_spot),
        TEST(settings_choose_the_rule_and_the_variance),
        TEST(runs_that_were_rescued_are_named_beside_the_claim),
        TEST(what_has_no_sweet_spot_is_refused_with_a_remedy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
