/* Runs whose files hold strings that were written to harm: what jem prints of them steers no
 * terminal, forges no line, makes no file elsewhere and runs in no page. */
#include "base/plain.h"
#include "cli/program.h"
#include "data/pictures/image.h"
#include "support/folder.h"
#include "support/page_script.h"

/* As it stands in JSON and in YAML's double quotes: a red <script> with a line of its own. */
#define EVIL "<script>alert(1)</script>\\u001b[31m\\nforged: line\\u009b2J\\u202e"
#define EVIL_SHOWN "<script>alert(1)</script>\\x1b[31m\\x0aforged: line\\xc2\\x9b2J\\xe2\\x80\\xae"

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *slash = strrchr(path, '/');
    *slash = '\0';
    check_ok(dir_make(path));
    *slash = '/';
    check_ok(file_write(path, text, strlen(text)));
}

/* STUDY/NAME with strings `evil` wherever a string may stand. */
static void put_run(const char *name, const char *status, double alpha)
{
    char file[128], text[4096];
    snprintf(file, sizeof file, "study/%s/config.yaml", name);
    snprintf(text, sizeof text,
             "alpha: %g\nseed: 1\nmodel: {name: wrn-10-1}\ndata: {kind: npy, path: \"" EVIL "\"}\n",
             alpha);
    put(file, text);
    snprintf(file, sizeof file, "study/%s/run.json", name);
    snprintf(text, sizeof text,
             "{\"status\": \"%s\", \"version\": \"" EVIL "\", \"model\": \"" EVIL "\", \"alpha\": %g, "
             "\"seed\": 1, \"classes\": 10, \"channels\": 3, \"height\": 8, \"width\": 8, \"params\": 7, "
             "\"data_hash\": \"" EVIL "\", \"iteration\": 5, \"iterations\": 5, \"epoch\": 1, "
             "\"best\": {\"iteration\": 5, \"epoch\": 1, \"score\": 0.5, \"selected_by\": \"" EVIL "\"}, "
             "\"wall_s\": 3, \"message\": \"" EVIL "\", \"events\": [{\"iteration\": 2, \"back_to\": 1, "
             "\"reason\": \"" EVIL "\", \"change\": \"" EVIL "\"}], \"files\": []}",
             status, alpha);
    put(file, text);
}

/* STUDY/NAME/scores with two scores of a benchmark. */
static void put_scores(const char *name, const char *benchmark, double alpha)
{
    char file[128], text[4096];
    snprintf(file, sizeof file, "study/%s/scores/scores.json", name);
    snprintf(text, sizeof text,
             "[{\"benchmark\": \"%s\", \"metric\": \"" EVIL "\", \"model\": \"" EVIL "\", \"alpha\": %g, "
             "\"seed\": 1, \"dataset\": \"" EVIL "\", \"condition\": \"lse:" EVIL "\", \"value\": 0.5, "
             "\"formula\": \"" EVIL "\", \"data_hash\": \"" EVIL "\", \"command\": \"" EVIL "\"}, "
             "{\"benchmark\": \"ood\", \"metric\": \"auroc\", \"alpha\": %g, \"seed\": 1, "
             "\"condition\": \"lse:" EVIL "\", \"value\": 0.5}]",
             benchmark, alpha, alpha);
    put(file, text);
}

/* Every line of DIR/FILE can be shown. */
static void is_plain(const char *file)
{
    size_t n;
    char *text = program_read(folder, file, &n), *line = text;
    assert_int_equal(strlen(text), n);
    for (char *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        for (char *tab = line; (tab = strchr(tab, '\t'));) *tab = ' '; /* of TSV */
        if (!plain_is(line)) fail_msg("%s: a line that steers the terminal: %s", file, line);
        assert_memory_not_equal(line, "forged", 6);
    }
    mem_free(text);
}

static void runs(const char *args, int code)
{
    int got = program_run(folder, "", args);
    if (got != code) fail_msg("jem %s: exit code %d instead of %d", args, got, code);
    is_plain("out");
    is_plain("err");
}

static void info_shows_strings_of_a_run_plainly(void **state)
{
    (void)state;
    put_run("a", "diverged", 0);
    put_run("b", EVIL, 0.5);
    runs("info %D/study/a", 0);
    program_said(folder, "out", "a: run, diverged: " EVIL_SHOWN "\n");
    program_said(folder, "out", "model      <script>");
    program_said(folder, "out", "data       npy " EVIL_SHOWN " (hash");
    runs("info %D/study/b", JEM_EDATA);
    program_said(folder, "err", "unknown status '" EVIL_SHOWN "'");
    runs("info %D/study", 0);
    program_said(folder, "out", EVIL_SHOWN);
}

static void errors_and_warnings_quote_a_run_plainly(void **state)
{
    (void)state;
    put_run("a", "finished", 0);
    put("study/b/config.yaml", "alpha: \"" EVIL "\"\n");
    put("study/c/config.yaml", "\"" EVIL "\": 1\n");
    put("study/b/run.json", "{}");
    put("study/c/run.json", "{}");
    runs("resume %D/study/a", JEM_EDATA); /* without weights it is not finished, without data it stays so */
    runs("resume %D/study/b", JEM_EUSAGE);
    runs("resume %D/study/c", JEM_EUSAGE);
    runs("eval %D/study/a", JEM_EDATA);
    runs("train %D/study/b/config.yaml -o %D/new", JEM_EUSAGE);
    runs("plan %D/study/a/config.yaml", JEM_EDATA);
}

static void tensors_and_classes_are_listed_plainly(void **state)
{
    static const char header[] = "{\"__metadata__\": {\"jem.name\": \"" EVIL "\"}, \"" EVIL
                                 "\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4]}}";
    char path[256], bytes[1024] = "";
    const size_t n = sizeof header - 1;

    (void)state;
    bytes[0] = (char)(n & 255);
    bytes[1] = (char)(n >> 8);
    memcpy(bytes + 8, header, n);
    snprintf(path, sizeof path, "%s/x.safetensors", folder);
    check_ok(file_write(path, bytes, 8 + n + 4));
    runs("info %D/x.safetensors", 0);
    program_said(folder, "out", EVIL_SHOWN);

    image m = IMAGE_INIT;
    check_ok(image_init(&m, 8, 8, 3));
    for (int i = 0; i < 12; i++) {
        snprintf(path, sizeof path, "%s/set/%s", folder, i % 2 ? "plain" : "red\x1b[31m\x9b\nforged");
        check_ok(dir_make(path));
        snprintf(path + strlen(path), sizeof path - strlen(path), "/%d.png", i);
        check_ok(image_write_png(&m, path));
    }
    image_clear(&m);
    runs("data check folder %D/set", 0);
    program_said(folder, "out", "red\\x1b[31m\\x9b\\x0aforged\n");
}

/* The study's own files, and what may be there beside them. */
static int files_outside(void)
{
    char command[256];
    snprintf(command, sizeof command,
             "cd '%s' && test -z \"$(find . -type f ! -path './study/*' ! -name out ! -name err)\"",
             folder);
    return system(command);
}

static void a_report_shows_strings_and_runs_none(void **state)
{
    (void)state;
    put_run("a", EVIL, 0);
    put_run("b", "finished", 0.5);
    put_run("<img src=x>\x1b[31m\nforged", "finished", 1);
    put_scores("a", "<script>&'", 0);
    put_scores("b", "<script>&'", 0.5);
    put_scores("<img src=x>\x1b[31m\nforged", "<script>&'", 1);
    put("study/b/metrics.csv", "iteration,loss_d,\x1b[31m\n1,2,3\n");
    put("study/a/trials/test.csv", "subj,session\n");
    runs("report %D/study", 0);
    assert_int_equal(files_outside(), 0);

    size_t n;
    char *page = program_read(folder, "study/report.html", &n);
    check_page_script(page);
    assert_null(strstr(page, "<img"));
    assert_null(strchr(page, '\x1b'));
    assert_null(strstr(page, "\xe2\x80\xae"));
    assert_non_null(strstr(page, "seed 1, &lt;script&gt;alert(1)&lt;/script&gt;\\x1b[31m\nforged: line\\xc2\\x9b2J"));
    assert_non_null(strstr(page, "&lt;img src=x&gt;\\x1b[31m"));
    mem_free(page);
    is_plain("study/figures/ood.tsv");
    runs("sweetspot %D/study", JEM_EDATA); /* no benchmark that it knows */
}

static void a_benchmark_that_leaves_the_study_is_refused(void **state)
{
    (void)state;
    put_run("a", "finished", 0);
    put_run("b", "finished", 0.5);
    put_scores("a", "../../outside/evil", 0);
    put_scores("b", "good", 0.5);
    check_ok(dir_make(folder));
    char outside[128];
    snprintf(outside, sizeof outside, "%s/outside", folder);
    check_ok(dir_make(outside));
    runs("report %D/study", 0);
    program_said(folder, "err", "a/scores/scores.json: score 1: benchmark '../../outside/evil' cannot name a file");
    program_said(folder, "study/report.html", "benchmark &#39;../../outside/evil&#39; cannot name a file");
    assert_int_equal(files_outside(), 0);
    assert_true(program_made(folder, "study/figures/good.svg"));
    runs("info %D/study/a", JEM_EDATA);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(info_shows_strings_of_a_run_plainly),
        TEST(errors_and_warnings_quote_a_run_plainly),
        TEST(tensors_and_classes_are_listed_plainly),
        TEST(a_report_shows_strings_and_runs_none),
        TEST(a_benchmark_that_leaves_the_study_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
