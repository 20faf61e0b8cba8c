/* jem table as a user sees it: the tidy table, Markdown and LaTeX, recorded answers, hostile names,
 * what is no number, refusals. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/csv.h"
#include "cli/program.h"
#include "support/folder.h"

#define HOSTILE "a,\"b\"|c_d%e\\f\n\x1b[31m{g}~^&#$"

static void put_file(const char *name, const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(file_write(path, text, strlen(text)));
}

/* A run of STUDY whose scores.json is `scores`; `more` goes into its run.json. */
static void put_run_of(const char *study, double alpha, int seed, const char *more, const char *scores)
{
    char name[128], path[400], text[600];
    snprintf(name, sizeof name, "%s/alpha-%g-seed-%d", study, alpha, seed);
    snprintf(path, sizeof path, "%s/%s/scores", folder, name);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/run.json", name);
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"alpha\": %g, \"seed\": %d%s}", alpha, seed, more);
    put_file(path, text);
    snprintf(path, sizeof path, "%s/config.yaml", name);
    snprintf(text, sizeof text, "alpha: %g\nseed: %d\n", alpha, seed);
    put_file(path, text);
    snprintf(path, sizeof path, "%s/scores/scores.json", name);
    put_file(path, scores);
}

static void put_run(const char *study, double alpha, int seed, double shape_bias, const char *more)
{
    char text[700];
    snprintf(text, sizeof text,
             "[{\"benchmark\": \"cue-conflict\", \"metric\": \"shape_bias\", \"model\": \"m\", \"dataset\": "
             "\"cue-conflict\", \"alpha\": %g, \"seed\": %d, \"value\": %.17g, \"low\": 0.1, \"high\": 0.9, \"n\": 1200},\n"
             "{\"benchmark\": \"cue-conflict\", \"metric\": \"shape_bias\", \"model\": \"human\", \"dataset\": "
             "\"cue-conflict\", \"value\": 0.958}]",
             alpha, seed, shape_bias);
    put_run_of(study, alpha, seed, more, text);
}

/* One alpha far above the others, next to no spread. */
static void put_study_with(const char *usual, const char *other)
{
    const double alpha[] = {0, 0.25, 0.5, 0.75}, bias[] = {0.3, 0.4, 0.7, 0.5};
    for (int a = 0; a < 4; a++)
        for (int seed = 1; seed <= 3; seed++)
            put_run("study", alpha[a], seed, bias[a] + 0.01 * seed, a == 1 && seed == 2 ? other : usual);
}

static void put_study(const char *other) { put_study_with("", other); }

static void put_answers(const char *dir, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s/scores", folder, dir);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/scores/scores.json", dir);
    put_file(path, text);
}

static void read_csv(csv *out, const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(csv_read(out, path));
}

static const char *cell(const csv *c, int64_t row, const char *column)
{
    assert_true(row < c->rows && csv_find(c, column) >= 0);
    return csv_cell(c, row, csv_find(c, column));
}

static void the_tidy_table_has_a_row_per_score(void **state)
{
    (void)state;
    csv c = CSV_INIT;
    put_study("");
    put_answers("answers", "[{\"benchmark\": \"cue-conflict\", \"metric\": \"shape_bias\", \"model\": \"vgg\", "
                           "\"dataset\": \"cue-conflict\", \"value\": 0.1}]");
    program_works(folder, "table %D/study %D/answers -o %D/scores.csv");
    program_said(folder, "scores.csv", "benchmark,metric,dataset,condition,model,alpha,seed,value,low,high,n,"
                                       "reference,at_chance,folder\n");
    read_csv(&c, "scores.csv");
    assert_int_equal(c.rows, 1 + 12 + 1); /* people's once */
    assert_string_equal(cell(&c, 0, "model"), "human");
    assert_string_equal(cell(&c, 0, "alpha"), "");
    assert_string_equal(cell(&c, 0, "n"), "");
    assert_string_equal(cell(&c, 1, "alpha"), "0");
    assert_string_equal(cell(&c, 1, "seed"), "1");
    assert_string_equal(cell(&c, 1, "value"), "0.31");
    assert_string_equal(cell(&c, 1, "n"), "1200");
    assert_string_equal(cell(&c, 1, "reference"), "0.958688"); /* of people, published */
    assert_non_null(strstr(cell(&c, 5, "folder"), "/study/alpha-0.25-seed-2"));
    assert_string_equal(cell(&c, 13, "model"), "vgg");
    assert_non_null(strstr(cell(&c, 13, "folder"), "/answers"));
    csv_clear(&c);
    program_works(folder, "table %D/study %D/answers --csv");
    program_same_files(folder, "out", "scores.csv");
}

static void a_network_at_chance_is_marked(void **state)
{
    (void)state;
    put_answers("answers", "[{\"benchmark\": \"cue-conflict\", \"metric\": \"shape_bias\", \"model\": \"vgg\", "
                           "\"dataset\": \"cue-conflict\", \"value\": 0.25}, "
                           "{\"benchmark\": \"cue-conflict\", \"metric\": \"shape_or_texture\", \"model\": \"vgg\", "
                           "\"dataset\": \"cue-conflict\", \"value\": 0.13, \"low\": 0.11, \"high\": 0.15}]");
    program_works(folder, "table %D/answers --markdown");
    program_said(folder, "out", "| 0.250‡ |");
    program_said(folder, "out", "‡: a network behind it decides no better than by chance.");
    program_works(folder, "table %D/answers --latex");
    program_said(folder, "out", "$0.250$$^\\ddagger$");
}

static void json_has_the_same_rows(void **state)
{
    (void)state;
    size_t n;
    put_study("");
    program_works(folder, "table %D/study --json");
    char *text = program_read(folder, "out", &n);
    json_t *root = json_loads(text, 0, NULL), *people = json_array_get(root, 0), *row = json_array_get(root, 1);
    assert_int_equal(json_array_size(root), 13);
    assert_int_equal(json_object_size(row), 14);
    assert_true(json_is_null(json_object_get(people, "alpha")) && json_is_null(json_object_get(people, "seed")));
    assert_true(json_number_value(json_object_get(row, "value")) == 0.31);
    assert_int_equal(json_integer_value(json_object_get(row, "n")), 1200);
    assert_true(json_is_null(json_object_get(row, "condition")));
    json_decref(root);
    mem_free(text);
}

static void papers_get_means_standard_errors_and_the_best_set(void **state)
{
    (void)state;
    put_study("");
    program_works(folder, "table %D/study --markdown");
    program_said(folder, "out", "| Benchmark | Score | Model | α = 0 | α = 0.25 | α = 0.5 | α = 0.75 | Reference |\n"
                                "|---|---|---|---:|---:|---:|---:|---:|\n"
                                "| Cue conflict | Shape bias | m | 0.3200 ± 0.0058 | 0.4200 ± 0.0058 | "
                                "**0.7200 ± 0.0058** | 0.5200 ± 0.0058 | 0.959 |\n");
    program_said(folder, "out", "Mean and standard error over 3 seeds");
    program_said(folder, "out", "Bold: the values of alpha that may be the best of their row");
    program_works(folder, "table %D/study --latex -o %D/table.tex");
    program_said(folder, "table.tex", "\\begin{tabular}{lllrrrrr}\n\\hline\n");
    program_said(folder, "table.tex", "Cue conflict & Shape bias & m & $0.3200 \\pm 0.0058$ & $0.4200 \\pm 0.0058$ & "
                                      "$\\mathbf{0.7200} \\pm 0.0058$ & $0.5200 \\pm 0.0058$ & $0.959$ \\\\\n");
    program_said(folder, "table.tex", "\\caption{Mean and standard error");
    program_said(folder, "table.tex", "the level of 95\\,\\%, by");
}

static void runs_of_unequal_settings_have_no_best_set(void **state)
{
    (void)state;
    put_study(", \"events\": [{\"iteration\": 9, \"back_to\": 3, \"reason\": \"diverged\", \"change\": \"less\"}]");
    program_works(folder, "table %D/study --markdown");
    program_said(folder, "out", "| Shape bias† | m |");
    program_said(folder, "out", "†: runs that were rescued, or have other settings or lengths");
    program_not_said(folder, "out", "**");
    program_said(folder, "err", "was rescued 1 time");
    put_study_with(", \"settings_hash\": \"0123\"", ", \"settings_hash\": \"4567\"");
    program_works(folder, "table %D/study --latex");
    program_said(folder, "out", "Shape bias$^\\dagger$ &");
    program_not_said(folder, "out", "mathbf");
    put_study_with(", \"iteration\": 10", ", \"iteration\": 9");
    program_works(folder, "table %D/study --latex");
    program_said(folder, "out", "Shape bias$^\\dagger$ &");
}

static void a_study_of_one_run_has_its_values_alone(void **state)
{
    (void)state;
    put_run("study", 0.5, 1, 0.625, "");
    program_works(folder, "table %D/study --markdown");
    program_said(folder, "out", "| Cue conflict | Shape bias | m | 0.625 | 0.959 |\n\nOne seed each. Reference");
    program_not_said(folder, "out", "**");
    program_works(folder, "table %D/study/alpha-0.5-seed-1 --latex");
    program_said(folder, "out", "& m & $0.625$ & $0.959$ \\\\\n");
}

static void several_folders_stand_beneath_each_other(void **state)
{
    (void)state;
    put_run("one", 0.5, 1, 0.5, "");
    put_run("two", 0, 1, 0.25, "");
    put_answers("answers", "[{\"benchmark\": \"cue-conflict\", \"metric\": \"shape_bias\", \"model\": \"vgg\", "
                           "\"dataset\": \"cue-conflict\", \"value\": 0.125}]");
    program_works(folder, "table %D/one %D/two %D/answers --markdown");
    program_said(folder, "out", "| Model | Folder | α = 0 | α = 0.5 | no alpha | Reference |");
    program_said(folder, "out", "/one |  | 0.500 |  | 0.959 |");
    program_said(folder, "out", "/two | 0.250 |  |  | 0.959 |");
    program_said(folder, "out", "/answers |  |  | 0.125 | 0.959 |");
}

static void hostile_names_stay_names(void **state)
{
    (void)state;
    csv c = CSV_INIT;
    size_t n;
    json_t *score = json_pack("[{s:s s:s s:s s:s s:f}]", "benchmark", "[toy", "metric", HOSTILE, "model",
                              "\xd8\xa7\xe2\x80\xae=1+1", "condition", "\xc3\xa9 \xce\xba, x", "value", 0.5);
    char *text = json_dumps(score, 0);
    put_answers("answers", text);
    free(text);
    json_decref(score);

    program_works(folder, "table %D/answers");
    program_said(folder, "out", "[toy,\"a,\"\"b\"\"|c_d%e\\f\\x0a\\x1b[31m{g}~^&#$\",,\"\xc3\xa9 \xce\xba, x\",");
    program_works(folder, "table %D/answers -o %D/t.csv");
    read_csv(&c, "t.csv");
    assert_int_equal(c.rows, 1);
    assert_string_equal(cell(&c, 0, "metric"), "a,\"b\"|c_d%e\\f\\x0a\\x1b[31m{g}~^&#$");
    csv_clear(&c);

    program_works(folder, "table %D/answers --json");
    text = program_read(folder, "out", &n);
    score = json_loads(text, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(json_array_get(score, 0), "metric")), HOSTILE);
    json_decref(score);
    mem_free(text);

    program_works(folder, "table %D/answers --markdown");
    program_said(folder, "out", "| \\[toy | a,\"b\"\\|c\\_d%e\\\\f\\x0a\\x1b\\[31m{g}\\~^\\&\\#\\$ (");
    program_works(folder, "table %D/answers --latex");
    program_said(folder, "out", "\n{[}toy & a,\"b\"\\textbar{}c\\_d\\%e\\textbackslash{}f\\textbackslash{}x0a"
                                "\\textbackslash{}x1b{[}31m\\{g\\}\\textasciitilde{}\\textasciicircum{}\\&\\#\\$ "
                                "(\xc3\xa9 $\\kappa$, x) & U+0627\\textbackslash{}xe2\\textbackslash{}x80");
}

static void what_is_no_number_counts_for_no_mean(void **state)
{
    (void)state;
    csv c = CSV_INIT;
    put_run("study", 0, 1, 0.5, "");
    put_run_of("study", 0, 2, "",
               "[{\"benchmark\": \"cue-conflict\", \"metric\": \"shape_bias\", \"model\": \"m\", \"dataset\": "
               "\"cue-conflict\", \"alpha\": 0, \"seed\": 2, \"value\": null}]");
    put_run_of("study", 1, 1, "",
               "[{\"benchmark\": \"cue-conflict\", \"metric\": \"shape_bias\", \"model\": \"m\", \"dataset\": "
               "\"cue-conflict\", \"alpha\": 1, \"seed\": 1, \"value\": null}]");
    program_works(folder, "table %D/study --markdown");
    program_said(folder, "out", "| m | 0.500 | – | 0.959 |");
    program_said(folder, "out", "–: the score is no finite number");
    program_works(folder, "table %D/study -o %D/t.csv");
    read_csv(&c, "t.csv");
    assert_string_equal(cell(&c, 2, "seed"), "2");
    assert_string_equal(cell(&c, 2, "value"), "");
    csv_clear(&c);
}

static void what_makes_no_table_is_refused(void **state)
{
    (void)state;
    put_run_of("empty", 0, 1, "", "[]");
    program_fails(folder, "table %D/empty", JEM_EDATA, "there are no scores; jem eval and jem bench make them");
    program_fails(folder, "table %D/nowhere", JEM_EDATA, "no such folder");
    program_fails(folder, "table %D", JEM_EDATA, "neither a run, nor a folder of runs, nor one of recorded answers'");
    program_fails(folder, "table", JEM_EUSAGE, "table: STUDY|RUN|OUT is missing; usage: jem table STUDY|RUN|OUT ...");
    program_fails(folder, "table %D/empty --csv --latex", JEM_EUSAGE, "give one of them");
    put_answers("broken", "[{\"benchmark\": 3}]");
    program_fails(folder, "table %D/broken", JEM_EDATA, "scores.json: score 1: \"benchmark\" must be a string");
    put_answers("people", "[{\"benchmark\": \"toy\", \"metric\": \"x\", \"model\": \"human\", \"value\": 1}]");
    program_fails(folder, "table %D/people --latex", JEM_EDATA, "--csv and --json have all");
    put_run("study", 0, 1, 0.5, "");
    program_fails(folder, "table %D/study -o %D/none/t.csv", JEM_EIO, "none/t.csv");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(the_tidy_table_has_a_row_per_score),
        TEST(a_network_at_chance_is_marked),
        TEST(json_has_the_same_rows),
        TEST(papers_get_means_standard_errors_and_the_best_set),
        TEST(runs_of_unequal_settings_have_no_best_set),
        TEST(a_study_of_one_run_has_its_values_alone),
        TEST(several_folders_stand_beneath_each_other),
        TEST(hostile_names_stay_names),
        TEST(what_is_no_number_counts_for_no_mean),
        TEST(what_makes_no_table_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
