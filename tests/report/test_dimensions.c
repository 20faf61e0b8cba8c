/* Studies with gloss heads of different sizes in one report: the panels' numbers, and what cannot
 * be compared. */
#include "base/file.h"
#include "base/mem.h"
#include "record/record.h"
#include "report/report.h"
#include "support/check.h"
#include "support/measures.h"

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

static void put_score(score_list *list, const char *model, const char *benchmark, const char *metric, double value)
{
    score s = SCORE_INIT;
    s.benchmark = benchmark;
    s.metric = metric;
    s.model = model;
    s.value = value;
    check_ok(score_list_append(list, &s));
}

/* DIR/STUDY/RUN with a head of `proj` dimensions, evaluated; people: the benchmark was scored as well. */
static void put_network(const char *study, const char *run, const char *model, double alpha, int proj, bool people)
{
    char path[256], text[256];
    score_list list = SCORE_LIST_INIT;
    snprintf(path, sizeof path, "%s/%s/%s", dir, study, run);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/%s/%s/config.yaml", dir, study, run);
    snprintf(text, sizeof text, "alpha: %g\nseed: 1\nmodel:\n  name: %s\n  proj: %d\n", alpha,
             model, proj);
    check_ok(file_write(path, text, strlen(text)));
    snprintf(path, sizeof path, "%s/%s/%s/run.json", dir, study, run);
    snprintf(text, sizeof text,
             "{\"status\": \"finished\", \"model\": \"%s\", \"alpha\": %g, \"seed\": 1}",
             model, alpha);
    check_ok(file_write(path, text, strlen(text)));
    put_score(&list, model, "scenes", "accuracy", 0.5 + alpha / 8);
    put_score(&list, model, "scenes", "light_accuracy", 0.125 + alpha / 4);
    put_score(&list, model, "scenes", "relief_r2", 0.25 - alpha / 4);
    if (people) {
        put_score(&list, model, "gloss", "accuracy", 0.75 + alpha / 8);
        put_score(&list, model, "gloss", "light_accuracy", 0.25 + alpha / 4);
        put_score(&list, model, "gloss", "relief_r2", 0.5 - alpha / 4);
        put_score(&list, model, "gloss", "pearson", 0.5 + alpha / 4);
    }
    for (int64_t i = 0; i < list.count; i++) {
        list.scores[i].alpha = alpha;
        list.scores[i].seed = 1;
    }
    snprintf(path, sizeof path, "%s/%s/%s", dir, study, run);
    check_ok(score_list_save(&list, path));
    score_list_clear(&list);
}

static void put_run(const char *study, const char *run, double alpha, int proj, bool people)
{
    put_network(study, run, "wrn-10-1", alpha, proj, people);
}

static void put_study(const char *study, int proj, bool people)
{
    put_run(study, "a", 0, proj, people);
    put_run(study, "b", 0.5, proj, people);
}

/* The report of DIR/first beside DIR/second. */
static jem_status report_of(report_result *r, const char *first, const char *second)
{
    char path[2][128], page[128];
    const char *beside[] = {path[1]};
    snprintf(path[0], sizeof path[0], "%s/%s", dir, first);
    snprintf(path[1], sizeof path[1], "%s/%s", dir, second);
    snprintf(page, sizeof page, "%s/report.html", dir);
    return report_write(r, &(report_call){.folder = path[0],
                                          .page = page,
                                          .command = "jem report", .measures = all_measures(),
                                          .beside_count = 1,
                                          .beside = beside});
}

static char *content(const char *name)
{
    char path[256], *text;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(file_read(&text, &size, path, 0));
    return text;
}

static void each_size_has_a_panel_with_its_numbers(void **state)
{
    (void)state;
    report_result r;
    put_study("wide", 500, true);
    put_study("narrow", 10, true);
    check_ok(report_of(&r, "wide", "narrow"));
    assert_int_equal(r.runs, 2); /* those of the page */
    char *tsv = content("wide/figures/gloss-dimensions-people.tsv");
    assert_non_null(strstr(tsv, "gloss\tpearson\twrn-10-1\t0.5\t1\t0.625\tD=500\n"));
    assert_non_null(strstr(tsv, "gloss\taccuracy\twrn-10-1\t0\t1\t0.75\tD=10\n"));
    assert_true(strstr(tsv, "D=10\n") < strstr(tsv, "D=500\n"));
    mem_free(tsv);
    tsv = content("wide/figures/gloss-dimensions.tsv");
    assert_non_null(strstr(tsv, "gloss\tlight_accuracy\twrn-10-1\t0.5\t1\t0.375\tD=10\n"));
    assert_non_null(strstr(tsv, "gloss\trelief_r2\twrn-10-1\t0.5\t1\t0.375\tD=500\n"));
    mem_free(tsv);
    tsv = content("wide/figures/scenes-dimensions.tsv");
    assert_non_null(strstr(tsv, "scenes\tlight_accuracy\twrn-10-1\t0.5\t1\t0.25\tD=10\n"));
    assert_non_null(strstr(tsv, "scenes\trelief_r2\twrn-10-1\t0.5\t1\t0.125\tD=500\n"));
    mem_free(tsv);
    char *page = content("report.html");
    assert_non_null(strstr(page, "D = 10, r with mean human rating"));
    assert_non_null(strstr(page, "D = 500, surface-relief R²"));
    assert_non_null(strstr(page, "Gloss benchmark: light field and relief, by dimensions of the projection"));
    assert_non_null(strstr(page, "Own test scenes: light field and relief, by dimensions of the projection"));
    mem_free(page);
}

/* A PixelVAE of that size in the folder of each study, as the study's Figs. 10 and 11 show it; its config has no proj. */
static void networks_beside_a_study_are_in_its_panel(void **state)
{
    (void)state;
    report_result r;
    put_study("wide", 500, true);
    put_study("narrow", 10, true);
    put_network("wide", "v", "pixelvae", 1, 0, true);
    put_network("narrow", "v", "pixelvae", 0.25, 0, true);
    check_ok(report_of(&r, "wide", "narrow"));
    char *tsv = content("wide/figures/gloss-dimensions-people.tsv");
    assert_non_null(strstr(tsv, "gloss\tpearson\tpixelvae\tnan\t1\t0.75\tD=500\n"));
    assert_non_null(strstr(tsv, "gloss\tpearson\tpixelvae\tnan\t1\t0.5625\tD=10\n"));
    mem_free(tsv);
    char *page = content("report.html");
    assert_non_null(strstr(page, "<tr><th>pixelvae, D = 10</th><td>0.781</td><td>0.562</td></tr>"));
    assert_non_null(strstr(page, "<tr><th>pixelvae, D = 500</th><td>0.875</td><td>0.750</td></tr>"));
    assert_null(strstr(page, "nan"));
    mem_free(page);
}

static void scores_that_no_study_has_are_named(void **state)
{
    (void)state;
    report_result r;
    put_study("wide", 500, false);
    put_study("narrow", 10, false);
    check_ok(report_of(&r, "wide", "narrow"));
    char *page = content("report.html");
    assert_non_null(strstr(page, "No study has these scores: jem bench gloss with gloss.images"));
    assert_non_null(strstr(page, "No study has these scores: jem bench gloss makes them"));
    assert_non_null(strstr(page, "Own test scenes: light field and relief, by dimensions of the projection"));
    assert_null(strstr(page, "No study has these scores: jem eval"));
    mem_free(page);
}

static void studies_that_cannot_be_told_apart_are_refused(void **state)
{
    (void)state;
    report_result r;
    put_study("one", 10, true);
    put_study("two", 10, true);
    check_fails(report_of(&r, "one", "two"), JEM_EDATA, "both have model.proj 10");
    put_run("two", "c", 1, 20, true);
    check_fails(report_of(&r, "one", "two"), JEM_EDATA, "a has model.proj 10, c has 20");
    check_fails(report_of(&r, "one", "three"), JEM_EDATA, "three: no such folder");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(each_size_has_a_panel_with_its_numbers),
        TEST(networks_beside_a_study_are_in_its_panel),
        TEST(scores_that_no_study_has_are_named),
        TEST(studies_that_cannot_be_told_apart_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
