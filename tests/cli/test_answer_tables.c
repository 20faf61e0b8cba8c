/* Recorded answers as spreadsheets, R and pandas save them: the same scores, whatever separates
 * columns and ends lines, whatever stands for a missing value, and without columns that no score uses. */
#include "cli/program.h"
#include "support/folder.h"
#include "support/made_data.h"

static char data[512];

/* Makes FOLDER/FILE from the stand-in's decisions, plain.csv, by a shell command that prints it. */
static void put(const char *file, const char *command)
{
    char line[2048];
    snprintf(line, sizeof line, "cd '%s' && cp '%s/decisions/alexnet-caffe.csv' plain.csv && (%s) > x && mv x '%s'",
             folder, data, command, file);
    if (system(line) != 0) fail_msg("%s", line);
}

static char *scores_of(const char *answers)
{
    char line[1200];
    size_t n;
    snprintf(line, sizeof line, "bench cue-conflict --answers %%D/%s --data '%s' --set bench.rounds=100 --threads 1",
             answers, data);
    program_works(folder, line);
    return program_read(folder, "out", &n);
}

/* What `command` prints is scored as what `other` prints. */
static void same(const char *what, const char *command, const char *other)
{
    put("other.csv", other);
    char *wanted = scores_of("other.csv");
    put("answers.csv", command);
    char *got = scores_of("answers.csv");
    if (strcmp(got, wanted) != 0) fail_msg("%s: other scores:\n%s", what, got);
    mem_free(wanted);
    mem_free(got);
}

static void columns_may_be_separated_in_any_usual_way(void **state)
{
    (void)state;
    static const struct {
        const char *what, *command;
    } kinds[] = {
        {"semicolons", "tr , ';' < plain.csv"},
        {"tabs", "tr , '\\t' < plain.csv"},
        {"a blank behind each comma", "sed 's/,/, /g' plain.csv"},
        {"lines of old Macs", "tr '\\n' '\\r' < plain.csv"},
        {"lines of Windows", "sed 's/$/\\r/' plain.csv"},
        {"a line that names the comma", "echo 'sep=,'; cat plain.csv"},
        {"a line that names the semicolon", "printf 'sep=;\\r\\n'; tr , ';' < plain.csv | sed 's/$/\\r/'"},
        {"a byte order mark", "printf '\\357\\273\\277'; cat plain.csv"},
        {"a mark, semicolons and decimal commas",
         "printf '\\357\\273\\277'; sed 's/,NaN,/,0.5,/' plain.csv | tr ,. ';,' | sed 's/,png/.png/; s/,csv/.csv/'"},
        {"quotes", "sed 's/[^,]*/\"&\"/g' plain.csv"},
        {"no end of the last line", "printf '%s' \"$(cat plain.csv)\""},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        same(kinds[i].what, kinds[i].command, "cat plain.csv");
}

static void a_folder_of_answers_may_be_in_capitals(void **state)
{
    (void)state;
    char path[160];
    put("other.csv", "cat plain.csv");
    char *wanted = scores_of("other.csv");
    snprintf(path, sizeof path, "%s/answers", folder);
    check_ok(dir_make(path));
    put("answers/X.CSV", "tr , ';' < plain.csv");
    char *got = scores_of("answers");
    assert_string_equal(got, wanted);
    mem_free(wanted);
    mem_free(got);
}

static void missing_values_may_be_written_in_any_usual_way(void **state)
{
    (void)state;
    static const char *const missing[] = {"NA", "None", "nan", "", "<NA>", "null"};
    char command[256], other[256];
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        snprintf(command, sizeof command, "sed 's/,NaN,/,%s,/' plain.csv", missing[i]);
        same(missing[i], command, "cat plain.csv");
    }
    same("columns that pandas made reals", "awk -F, -v OFS=, 'NR>1{$2=$2\".0\";$3=$3\".0\"}1' plain.csv",
         "cat plain.csv");
    for (int i = 0; i < 2; i++) { /* no answer, as people's files say it */
        snprintf(command, sizeof command, "awk -F, -v OFS=, 'NR%%9==5{$5=\"%s\"}1' plain.csv", i ? "NA" : "Na");
        snprintf(other, sizeof other, "awk -F, -v OFS=, 'NR%%9==5{$5=\"na\"}1' plain.csv");
        same(command, command, other);
    }
}

static void columns_that_no_score_uses_may_be_missing(void **state)
{
    (void)state;
    same("subj, response, category, image", "cut -d, -f1,5,6,8 plain.csv", "cat plain.csv");
    same("no rt", "cut -d, -f1-3,5- plain.csv", "cat plain.csv");
    same("another order", "awk -F, -v OFS=, '{print $8,$6,$5,$1}' plain.csv", "cat plain.csv");
    put("few.csv", "cut -d, -f1-5 plain.csv | tr , ';'");
    char line[1200];
    snprintf(line, sizeof line, "bench cue-conflict --answers %%D/few.csv --data '%s'", data);
    program_fails(folder, line, JEM_EDATA, "no column 'category', 'imagename' (columns are separated by ';' here)");
    program_said(folder, "err", "trials need subj, object_response, category and imagename");
}

static int set_up(void **state)
{
    make_folder(state);
    made_data(data, sizeof data, "cue-conflict");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_may_be_separated_in_any_usual_way),
        cmocka_unit_test(a_folder_of_answers_may_be_in_capitals),
        cmocka_unit_test(missing_values_may_be_written_in_any_usual_way),
        cmocka_unit_test(columns_that_no_score_uses_may_be_missing),
    };
    return cmocka_run_group_tests(tests, set_up, remove_folder);
}
