/* A report of a small made-up study: what is on the page, what is said about what is
 * missing, and that the numbers written beside a figure are those of the scores. */
#include "base/file.h"
#include "base/mem.h"
#include "record/record.h"
#include "report/axes.h"
#include "report/report.h"
#include "sweetspot/trend.h"
#include "support/check.h"
#include "support/measures.h"
#include "support/page_script.h"

static char folder[64], page[128];
static char *html;

static int make_folder(void **state)
{
    (void)state;
    check_tmp(folder, sizeof folder);
    snprintf(page, sizeof page, "%s/report.html", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    mem_free(html);
    html = NULL;
    check_tmp_remove(folder);
    return 0;
}

static void put_file(const char *content, const char *run, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s/%s", folder, run, name);
    check_ok(file_write(path, content, strlen(content)));
}

/* RUN folder "a<alpha>-s<seed>" with one accuracy, or no scores where it is NaN. */
static void put_run(double alpha, int seed, double accuracy, const char *status)
{
    char name[64], path[128], text[512];
    snprintf(name, sizeof name, "a%g-s%d", alpha, seed);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(dir_make(path));
    snprintf(text, sizeof text, "# weight\nalpha: %g\nseed: %d\nmodel:\n  name: wrn-10-1 # <b>\n",
             alpha, seed);
    put_file(text, name, "config.yaml");
    snprintf(
        text, sizeof text,
        "{\"status\": \"%s\", \"version\": \"0.1.0\", \"model\": \"wrn-10-1\", \"classes\": 2, "
        "\"alpha\": %g, \"seed\": %d, \"iteration\": 70, \"iterations\": 100, "
        "\"message\": \"%s\"}",
        status, alpha, seed, strcmp(status, "diverged") ? "" : "|l_G| = 20000");
    put_file(text, name, "run.json");
    if (isnan(accuracy)) return;
    score s = SCORE_INIT;
    score_list list = SCORE_LIST_INIT;
    s.benchmark = "classification";
    s.metric = "accuracy";
    s.model = "wrn-10-1";
    s.alpha = alpha;
    s.seed = seed;
    s.value = accuracy;
    s.command = "jem eval RUN --seed <7>";
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, path));
    score_list_clear(&list);
}

static report_result make_report(void)
{
    report_result result;
    size_t size;
    check_ok(report_write(
        &result,
        &(report_call){.folder = folder, .page = page, .command = "jem report STUDY", .measures = all_measures()}));
    mem_free(html);
    html = NULL;
    check_ok(file_read(&html, &size, page, 0));
    return result;
}

/* The figure alone, 89 mm wide. */
static jem_status draw_alone(const char *name, const char *path, double *height)
{
    return report_draw(height, &(report_call){.folder = folder, .measures = all_measures()}, name, path, 89);
}

static bool says(const char *words) { return strstr(html, words) != NULL; }

static void means_and_errors_are_over_seeds(void **state)
{
    (void)state;
    study *s;
    trend t;
    put_run(0.5, 2, 0.7, "finished");
    put_run(0.5, 1, 0.9, "finished");
    put_run(0, 1, 0.6, "finished");
    check_ok(study_read(&s, folder));
    assert_int_equal(s->count, 3);
    assert_int_equal(s->warning_count, 0);
    assert_true(s->runs[0].alpha == 0 && s->runs[1].seed == 1 && s->runs[2].seed == 2);
    check_ok(trend_collect(&t, s, "classification", "accuracy", NULL));
    assert_int_equal(t.count, 2);
    assert_true(isnan(t.points[0].sem)); /* one seed: no error bar */
    check_near(t.points[1].mean, 0.8, 1e-12, 1);
    check_near(t.points[1].sem, 0.1, 1e-12, 1);
    assert_ptr_equal(trend_best(&t, true, false), &t.points[1]);
    assert_ptr_equal(trend_best(&t, false, false), &t.points[0]);
    assert_null(trend_at(&t, 0.3));
    trend_clear(&t);
    check_ok(trend_collect(&t, s, "classification", "accuracy", "other condition"));
    assert_int_equal(t.count, 0);
    trend_clear(&t);
    study_free(s);
    make_report();
    assert_true(says("<p class=\"says\">Accuracy is highest at α = 0.5 (0.800 ± 0.100)"));
}

static void a_rescued_run_is_told_of_with_every_event(void **state)
{
    (void)state;
    put_run(0.5, 1, 0.7, "finished");
    put_file("{\"status\": \"finished\", \"alpha\": 0.5, \"seed\": 1, \"iteration\": 100, "
             "\"iterations\": 100, \"events\": [{\"iteration\": 40, \"back_to\": 20, "
             "\"reason\": \"l_G = 20000\", \"change\": \"train.lr 0.1 -> 0.05\"}]}",
             "a0.5-s1", "run.json");
    assert_int_equal(make_report().warnings, 1);
    assert_true(says("a0.5-s1 was rescued 1 time while it trained"));
    assert_true(says("<dt>rescued</dt><dd>1 of 1 runs: a0.5-s1</dd>"));
    assert_true(says("rescued 1 time<"));
    assert_true(says("Iteration 40: l_G = 20000; back to iteration 20 with train.lr 0.1 -&gt; 0.05."));
}

static void a_run_on_a_share_of_each_batch_is_told_of(void **state)
{
    (void)state;
    put_run(0.5, 1, 0.7, "finished");
    put_file("{\"status\": \"finished\", \"alpha\": 0.5, \"seed\": 1, \"rank\": 1, \"ranks\": 4}",
             "a0.5-s1", "run.json");
    assert_int_equal(make_report().warnings, 1);
    assert_true(says("a0.5-s1 learned from a share of each batch alone (data.rank 1, data.ranks 4)."));
}

static void runs_of_other_settings_are_named(void **state)
{
    (void)state;
    static const char *const hashes[] = {"b", "a", "a", ""}; /* the last: of an older version */
    for (int i = 0; i < 4; i++) {
        char name[16], text[128];
        put_run(0.5, i, 0.7, "finished");
        snprintf(name, sizeof name, "a0.5-s%d", i);
        snprintf(text, sizeof text, "{\"status\": \"finished\", \"alpha\": 0.5, \"seed\": %d, "
                 "\"settings_hash\": \"%s\"}", i, hashes[i]);
        put_file(text, name, "run.json");
    }
    assert_int_equal(make_report().warnings, 1);
    assert_true(says("a0.5-s0 differs from a0.5-s1 in more than alpha and seed"));
}

static void the_page_is_self_contained_and_names_its_sources(void **state)
{
    (void)state;
    put_run(0, 1, 0.6, "finished");
    put_run(1, 1, 0.5, "finished");
    report_result r = make_report();
    assert_int_equal(r.runs, 2);
    assert_int_equal(r.figures, 1);
    assert_true(says("<dt>network</dt><dd>wrn-10-1</dd>"));
    assert_true(says("<dt>α</dt><dd>0, 1</dd><dt>seeds of an α</dt><dd>1</dd><dt>iterations</dt><dd>70</dd>"));
    assert_true(says("Figure 1.</span> Accuracy"));
    assert_true(says("<dt>images scored</dt><dd>"));
    assert_false(says("<dt>at chance</dt>"));
    assert_false(says("Figure 2.")); /* those that are missing have no number */
    assert_true(says("class=\"plot wide\"") && says("class=\"plot narrow\""));
    check_page_script(html);
    assert_false(says("src=\"http"));
    assert_false(says("<link"));
    assert_true(says("<svg"));
    assert_true(says("jem eval RUN --seed &lt;7&gt;")); /* user text cannot become markup */
    assert_true(says("name: wrn-10-1 # &lt;b&gt;"));
    assert_true(says("jem report STUDY"));
    char path[256];
    static const char *const extensions[] = {"svg", "pdf", "png", "tsv"};
    for (int i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/figures/classification.%s", folder, extensions[i]);
        assert_true(file_exists(path));
    }
    char *tsv;
    size_t size;
    check_ok(file_read(&tsv, &size, path, 0));
    assert_string_equal(tsv, "benchmark\tmetric\tmodel\talpha\tseed\tvalue\tcondition\n"
                             "classification\taccuracy\twrn-10-1\t0\t1\t0.6\t\n"
                             "classification\taccuracy\twrn-10-1\t1\t1\t0.5\t\n");
    mem_free(tsv);
}

/* Journals want 7 points, which are 9.33 CSS pixels, at least. */
static void texts_are_legible(const char *svg)
{
    int texts = 0;
    for (const char *at = strstr(svg, "font-size=\""); at; at = strstr(at + 1, "font-size=\"")) {
        assert_true(0.75 * atof(strchr(at, '"') + 1) >= 7);
        texts++;
    }
    assert_true(texts > 5);
}

static void one_figure_alone_is_as_wide_as_asked(void **state)
{
    (void)state;
    static const char *const endings[] = {"svg", "pdf", "png"};
    /* 89 mm are 336.4 CSS pixels, 252.3 points, 2102 pixels at 600 dpi */
    static const char *const marks[] = {"width=\"336.3", "/MediaBox [ 0 0 252.2", "pHYs"};
    double height = 0;
    put_run(0, 1, 0.6, "finished");
    put_run(1, 1, 0.5, "finished");
    for (int i = 0; i < 3; i++) {
        char path[256], *bytes;
        size_t size, at = 0;
        snprintf(path, sizeof path, "%s/alone.%s", folder, endings[i]);
        check_ok(draw_alone("classification", path, &height));
        assert_true(height > 30 && height < 247);
        check_ok(file_read(&bytes, &size, path, 0));
        while (at + strlen(marks[i]) <= size && memcmp(bytes + at, marks[i], strlen(marks[i])) != 0) at++;
        assert_true(at + strlen(marks[i]) <= size);
        if (i == 2) assert_memory_equal(bytes + 16, "\0\0\x08\x36", 4); /* 2102 */
        if (i == 0) texts_are_legible(bytes);
        mem_free(bytes);
    }
}

static void a_figure_that_is_not_there_is_refused_with_those_that_are(void **state)
{
    (void)state;
    char path[256];
    double height;
    put_run(0, 1, 0.6, "finished");
    snprintf(path, sizeof path, "%s/alone.pdf", folder);
    assert_int_equal(draw_alone("nope", path, &height), JEM_EUSAGE);
    assert_non_null(strstr(jem_error_message(), "has no figure 'nope'; there are: classification"));
    assert_int_equal(draw_alone("training", path, &height), JEM_EDATA);
    assert_non_null(strstr(jem_error_message(), "No run of this study has a training log"));
    assert_false(file_exists(path));
    snprintf(path, sizeof path, "%s/alone.jpg", folder);
    assert_int_equal(draw_alone("classification", path, &height), JEM_EUSAGE);
    assert_non_null(strstr(jem_error_message(), ".svg, .pdf or .png"));
}

static char *figure_numbers(const char *name)
{
    char path[256], *tsv;
    size_t size;
    snprintf(path, sizeof path, "%s/figures/%s.tsv", folder, name);
    check_ok(file_read(&tsv, &size, path, 0));
    return tsv;
}

/* Adds a score of a benchmark to the run a0.5-s1. */
static void put_score(const char *benchmark, const char *metric, double value)
{
    char path[128];
    score_list list = SCORE_LIST_INIT;
    score s = SCORE_INIT;
    snprintf(path, sizeof path, "%s/a0.5-s1", folder);
    s.benchmark = benchmark;
    s.metric = metric;
    s.model = "wrn-10-1";
    s.alpha = 0.5;
    s.seed = 1;
    s.value = value;
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, path));
    score_list_clear(&list);
}

/* Each with its figure, its numbers and its card. */
static void scenes_of_the_benchmark_and_of_the_run_are_told_apart(void **state)
{
    (void)state;
    put_run(0.5, 1, 0.6, "finished");
    put_score("gloss", "accuracy", 0.875);
    put_score("gloss", "pearson", 0.25);
    put_score("scenes", "accuracy", 0.75);
    put_score("scenes", "light_accuracy", 0.375);
    put_score("scenes", "relief_r2", 0.125);
    make_report();
    assert_true(says("Gloss benchmark: gloss, light field and surface relief"));
    assert_true(says("Own test scenes: gloss, light field and surface relief"));
    assert_true(says("best gloss accuracy, gloss benchmark"));
    assert_true(says("best gloss accuracy, own test scenes"));
    char *tsv = figure_numbers("gloss");
    assert_non_null(strstr(tsv, "gloss\taccuracy\twrn-10-1\t0.5\t1\t0.875\t\n"));
    assert_null(strstr(tsv, "scenes"));
    mem_free(tsv);
    tsv = figure_numbers("scenes");
    assert_non_null(strstr(tsv, "scenes\taccuracy\twrn-10-1\t0.5\t1\t0.75\t\n"));
    assert_non_null(strstr(tsv, "scenes\trelief_r2\twrn-10-1\t0.5\t1\t0.125\t\n"));
    mem_free(tsv);
    tsv = figure_numbers("people"); /* the benchmark's accuracy beside its correlation */
    assert_non_null(strstr(tsv, "gloss\taccuracy\twrn-10-1\t0.5\t1\t0.875\t\n"));
    mem_free(tsv);
}

static void what_is_missing_or_went_wrong_is_said(void **state)
{
    (void)state;
    put_run(0, 1, 0.6, "finished");
    put_run(0.5, 1, 0.5, "diverged");
    put_run(0.5, 2, NAN, "running");
    put_run(-7, 1, 0.5, "finished");
    put_file("{\"alphas\": [0, 0.5], \"seeds\": [4, 2]}", ".", "study.json");
    put_file("iteration,c\n1,x\n", "a0-s1", "metrics.csv");
    report_result r = make_report();
    assert_int_equal(r.warnings, 6);
    assert_true(says("a-7-s1 says that its alpha is -7; figures leave out what is not from 0 to 1"));
    assert_true(says("a0.5-s1 diverged: |l_G| = 20000"));
    assert_true(says("a0.5-s2 is not finished (running, 70 of 100 iterations)"));
    assert_true(says("a0.5-s2 has no scores"));
    assert_true(says("2 of the 6 runs of this sweep have not begun"));
    assert_true(says("metrics.csv:2: field 2 is &#39;x&#39;"));
    assert_true(says("No run of this study has scores of the benchmark &quot;ood&quot;"));
    assert_true(says("No run of this study has scores/reliability.tsv"));
    assert_true(says("No run of this study has samples/buffer.png"));
}

static void tables_logs_and_pictures_become_figures(void **state)
{
    (void)state;
    put_run(0.5, 1, 0.5, "finished");
    put_file("lo\thi\tconfidence\taccuracy\tcount\n0\t0.5\tnan\tnan\t0\n0.5\t1\t0.8\t0.6\t10\n",
             "a0.5-s1", "scores/reliability.tsv");
    put_file("lo\thi\tdata\tnoise\n0\t1\t3\t0\n1\t2\t0\t5\n", "a0.5-s1", "scores/energy_hist.tsv");
    put_file("iteration,loss_d,lse_gap,c,accuracy,verdict,reason\n1,0.7,1,2,0.5,healthy,\n"
             "2,0.6,nan,3,0.6,drifting,the gap is 31 > 30\n3,0.5,,3,0.6,,\n4,0.5,2,3,0.", "a0.5-s1",
             "metrics.csv"); /* it is still being trained */
    report_result r = make_report();
    assert_int_equal(r.figures, 4);
    assert_true(says("ECE, seeds pooled</th><td>0.200</td>"));
    char path[512], samples[160];
    snprintf(samples, sizeof samples, "%s/a0.5-s1/samples", folder);
    check_ok(dir_make(samples));
    snprintf(path, sizeof path, "cp %s/figures/training.png %s/buffer.png", folder, samples);
    assert_int_equal(system(path), 0);
    put_file("alpha: 0.5\nsampler:\n  kind: chains\ndata:\n  # reader\n  kind: \"stripes <b>\"\n  size: 8\n", "a0.5-s1",
             "config.yaml");
    put_file("not a picture", "a0.5-s1", "samples/classes.png");
    r = make_report();
    assert_int_equal(r.figures, 5);
    assert_int_equal(r.warnings, 1);
    assert_true(says("data:image/png;base64,"));
    assert_true(says("<dt>data</dt><dd>stripes &lt;b&gt;, 8 × 8 pixels, 2 classes (chance 0.5)</dd>"));
    assert_true(says("classes.png: not a readable PNG"));
}

static void bounds_beyond_all_energies_are_left_out(void **state)
{
    (void)state;
    put_run(0.5, 1, 0.5, "finished");
    put_file("lo\thi\tdata\tnoise\n-1e3080\t1\t3\t0\n1\t2\t0\t5\n", "a0.5-s1",
             "scores/energy_hist.tsv");
    make_report();
    assert_true(says("a0.5-s1/scores/energy_hist.tsv has no finite columns lo, hi"));
}

static void benchmarks_of_tomorrow_are_drawn_too(void **state)
{
    (void)state;
    put_run(0.5, 1, 0.5, "finished");
    put_file("[{\"benchmark\": \"moving-dots\", \"metric\": \"direction\", \"value\": 0.7},"
             " {\"benchmark\": \"moving-dots\", \"metric\": \"d\", \"value\": null}]",
             "a0.5-s1", "scores/scores.json");
    make_report();
    assert_true(says("Other benchmarks"));
    assert_true(says("direction</th><td>0.700</td>"));
}

static void a_single_run_has_a_report_of_its_own(void **state)
{
    (void)state;
    char run[128];
    report_result r;
    put_run(0.5, 1, 0.5, "finished");
    snprintf(run, sizeof run, "%s/a0.5-s1/", folder);
    check_ok(report_write(
        &r, &(report_call){.folder = run, .page = page, .command = "jem report RUN", .measures = all_measures()}));
    assert_int_equal(r.runs, 1);
}

static void the_same_scores_give_the_same_page(void **state)
{
    (void)state;
    put_run(0.25, 1, 0.5, "finished");
    put_run(0.5, 1, 0.75, "finished");
    make_report();
    char *before = html;
    html = NULL;
    make_report();
    assert_string_equal(before, html);
    mem_free(before);
}

static void folders_without_runs_are_refused(void **state)
{
    (void)state;
    report_result r;
    check_fails(report_write(&r, &(report_call){.folder = folder, .page = page, .command = "", .measures = all_measures()}),
                JEM_EDATA, "neither a run nor");
    check_fails(
        report_write(&r, &(report_call){.folder = "/no/such/folder", .page = page, .command = "", .measures = all_measures()}),
        JEM_EDATA, "no such folder");
    assert_false(file_exists(page));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(means_and_errors_are_over_seeds),
        TEST(a_rescued_run_is_told_of_with_every_event),
        TEST(a_run_on_a_share_of_each_batch_is_told_of),
        TEST(runs_of_other_settings_are_named),
        TEST(the_page_is_self_contained_and_names_its_sources),
        TEST(one_figure_alone_is_as_wide_as_asked),
        TEST(a_figure_that_is_not_there_is_refused_with_those_that_are),
        TEST(scenes_of_the_benchmark_and_of_the_run_are_told_apart),
        TEST(what_is_missing_or_went_wrong_is_said),
        TEST(tables_logs_and_pictures_become_figures),
        TEST(bounds_beyond_all_energies_are_left_out),
        TEST(benchmarks_of_tomorrow_are_drawn_too),
        TEST(a_single_run_has_a_report_of_its_own),
        TEST(the_same_scores_give_the_same_page),
        TEST(folders_without_runs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
