/* Models side by side: recorded answers, a study beside them, people and published models. */
#include "base/file.h"
#include "base/mem.h"
#include "record/image_name.h"
#include "record/record.h"
#include "report/report.h"
#include "support/check.h"
#include "support/measures.h"
#include "support/page_script.h"

static char dir[64];
static char folders[3][128];

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

static void add_score(score_list *list, const char *model, const char *metric, const char *condition, double value)
{
    score s = SCORE_INIT;
    s.benchmark = s.dataset = "cue-conflict";
    s.model = model;
    s.metric = metric;
    s.condition = condition;
    s.value = value;
    s.low = value - 0.05;
    s.high = value + 0.05;
    s.command = "jem bench cue-conflict --answers <file>";
    check_ok(score_list_append(list, &s));
}

/* DIR/NAME with the scores of recorded answers. */
static void put_answers(int at, const char *name, const char *model, double bias)
{
    score_list list = SCORE_LIST_INIT;
    snprintf(folders[at], sizeof folders[at], "%s/%s", dir, name);
    check_ok(dir_make(folders[at]));
    add_score(&list, model, "shape_bias", NULL, bias);
    add_score(&list, model, "accuracy", NULL, 0.3);
    for (int i = 0; i < CATEGORY_COUNT; i++) add_score(&list, model, "shape_bias", category_names[i], bias);
    add_score(&list, "human", "shape_bias", NULL, 0.95);
    add_score(&list, "subject-01", "shape_bias", NULL, 0.9);
    check_ok(score_list_save(&list, folders[at]));
    score_list_clear(&list);
}

/* DIR/study/RUN with one score at alpha. */
static void put_run(const char *run, double alpha, double bias)
{
    char path[256], file[300], text[256];
    score s = SCORE_INIT;
    score_list list = SCORE_LIST_INIT;
    snprintf(folders[2], sizeof folders[2], "%s/study", dir);
    snprintf(path, sizeof path, "%s/%s", folders[2], run);
    check_ok(dir_make(path));
    snprintf(file, sizeof file, "%s/run.json", path);
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"model\": \"wrn-10-1\", \"alpha\": %g, \"seed\": 0}", alpha);
    check_ok(file_write(file, text, strlen(text)));
    snprintf(file, sizeof file, "%s/config.yaml", path);
    snprintf(text, sizeof text, "alpha: %g\nseed: 0\n", alpha);
    check_ok(file_write(file, text, strlen(text)));
    s.benchmark = s.dataset = "cue-conflict";
    s.metric = "shape_bias";
    s.model = "wrn-10-1";
    s.alpha = alpha;
    s.seed = 0;
    s.value = bias;
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, path));
    score_list_clear(&list);
}

/* DIR/study/RUN: a network of another kind with one seed of a score; imported: of weights that others trained. */
static void put_other(const char *run, const char *model, const char *called, int seed, bool imported, double bias)
{
    char path[256], file[300], text[256];
    score s = SCORE_INIT;
    score_list list = SCORE_LIST_INIT;
    snprintf(path, sizeof path, "%s/study/%s", dir, run);
    check_ok(dir_make(path));
    snprintf(file, sizeof file, "%s/run.json", path);
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"model\": \"%s\", \"alpha\": 0, \"seed\": %d, \"settings_hash\": \"of %s\"}",
             model, seed, model);
    check_ok(file_write(file, text, strlen(text)));
    snprintf(file, sizeof file, "%s/config.yaml", path);
    check_ok(file_write(file, "alpha: 0\n", 9));
    snprintf(file, sizeof file, "%s/import.json", path);
    if (imported) check_ok(file_write(file, "{}", 2));
    s.benchmark = s.dataset = "cue-conflict";
    s.metric = "shape_bias";
    s.model = called;
    if (!imported) s.alpha = 0, s.seed = seed; /* else NaN and -1, as `jem bench` writes them */
    s.value = bias;
    check_ok(score_list_append(&list, &s));
    s.metric = "accuracy";
    s.value = 0.2;
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, path));
    score_list_clear(&list);
}

static char *read_text(const char *name)
{
    char path[256], *text;
    size_t size;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(file_read(&text, &size, path, 0));
    return text;
}

static report_call call_of(int count)
{
    static const char *others[2];
    static char page[256];
    snprintf(page, sizeof page, "%s/models.html", dir);
    for (int i = 1; i < count; i++) others[i - 1] = folders[i];
    return (report_call){.folder = folders[0], .page = page, .command = "jem report A B", .measures = all_measures(),
                         .other_count = count - 1, .others = others};
}

static void assert_says(const char *text, const char *words)
{
    if (!strstr(text, words)) fail_msg("\"%s\" is not in: %.2000s", words, text);
}

static void a_page_has_figures_numbers_and_provenance(void **state)
{
    (void)state;
    report_result r;
    put_answers(0, "a", "resnet", 0.25);
    put_answers(1, "b", "<script>\"x\"</script>", 0.5);
    put_run("a0", 0, 0.3);
    put_run("a1", 0.5, 0.4);
    const report_call call = call_of(3);
    check_ok(report_write(&r, &call));
    assert_int_equal(r.runs, 3);
    assert_int_equal(r.figures, 4);
    char *page = read_text("models.html"), *tsv = read_text("figures/cue-conflict.tsv");
    check_page_script(page);
    assert_says(page, "&lt;script&gt;");
    assert_says(page, "jem bench cue-conflict --answers &lt;file&gt;");
    assert_says(page, "study, α = 0.5");
    assert_says(page, "Geirhos et al. 2019");
    assert_says(tsv, "cue-conflict\tshape_bias\tcue-conflict\t\tresnet\tnan\t0.25\t0.2\t0.3\t");
    assert_says(tsv, "\tstudy\t0.5\t0.4\t");
    assert_says(tsv, "\thuman\tnan\t0.95\t");
    assert_says(tsv, "\tImagen\tnan\t0.99\tnan\tnan\tJaini");
    mem_free(tsv);
    tsv = read_text("figures/cue-conflict-categories.tsv");
    assert_says(tsv, "cue-conflict\tshape_bias\tcue-conflict\tairplane\tresnet\t");
    mem_free(tsv);
    tsv = read_text("figures/people.tsv"); /* both axes of the panel, of models scored and of published ones */
    assert_says(tsv, "cue-conflict\tshape_bias\tcue-conflict\t\tresnet\tnan\t0.25\t0.2\t0.3\t");
    assert_says(tsv, "cue-conflict\taccuracy\tcue-conflict\t\tresnet\tnan\t0.3\t");
    assert_says(tsv, "\tstudy\t0.5\t0.4\t");
    assert_says(tsv, "cue-conflict\tshape_bias\tcue-conflict\t\tImagen\tnan\t0.99\tnan\tnan\tJaini");
    assert_null(strstr(tsv, "\thuman\t"));
    mem_free(tsv);
    tsv = read_text("figures/cue-conflict-along-alpha.tsv"); /* the study, and the others without an alpha */
    assert_says(tsv, "cue-conflict\tshape_bias\twrn-10-1\t0.5\t0\t0.4\t");
    assert_says(tsv, "cue-conflict\tshape_bias\tresnet\tnan\t-1\t0.25\t");
    mem_free(tsv);
    mem_free(page);
}

/* Baselines lie in the study's folder: they are no points of its curve at alpha = 0, but marks beside it. */
static void networks_in_a_studys_folder_stand_beside_its_curve(void **state)
{
    (void)state;
    report_result r;
    put_run("a0", 0, 0.3);
    put_run("a1", 0.5, 0.4);
    put_other("b0", "resnet-110", "resnet-110", 0, false, 0.10);
    put_other("b1", "resnet-110", "resnet-110", 1, false, 0.20);
    put_other("c", "resnet50", "resnet50", 3, true, 0.25);
    put_other("d", "linear", "autoencoder-probe", 0, false, 0.05);
    put_other("e", "wrn-10-1", "wrn-10-1", 0, true, 0.15);
    static char page_path[256];
    snprintf(page_path, sizeof page_path, "%s/page.html", dir);
    report_call call = {.folder = folders[2], .page = page_path, .command = "jem report", .measures = all_measures()};
    check_ok(report_write(&r, &call));
    assert_int_equal(r.warnings, 0); /* they are not called another experiment */
    char *page = read_text("page.html"), *tsv = read_text("study/figures/cue-conflict.tsv");
    check_page_script(page);
    assert_says(page, "<dt>beside it</dt><dd>resnet50 (1 run, imported), wrn-10-1 (1 run, imported), resnet-110 (2 runs), linear (1 run)</dd>");
    assert_says(page, "<tr><th>resnet-110</th><td>0.150<small>±0.050</small></td></tr>");
    assert_says(page, "<tr><th>resnet50</th><td>0.250</td></tr>");
    assert_says(page, "<tr><th>wrn-10-1 (e)</th><td>0.150</td></tr>");
    assert_says(page, "autoencoder-probe is the autoencoder alone, answering by a linear layer on its latents; that is jem&#39;s choice");
    assert_says(page, "beside the study: resnet-110, α = 0, seed 1");
    assert_null(strstr(page, "nan"));
    assert_says(tsv, "cue-conflict\tshape_bias\twrn-10-1\t0\t0\t0.3\t");
    assert_says(tsv, "cue-conflict\tshape_bias\tresnet-110\tnan\t1\t0.2\t");
    assert_says(tsv, "cue-conflict\tshape_bias\tresnet50\tnan\t-1\t0.25\t");
    assert_says(tsv, "cue-conflict\tshape_bias\tautoencoder-probe\tnan\t0\t0.05\t");
    mem_free(tsv);
    tsv = read_text("study/figures/people.tsv");
    assert_says(tsv, "cue-conflict\tshape_bias\tresnet50\tnan\t-1\t0.25\t");
    assert_says(tsv, "cue-conflict\taccuracy\tresnet-110\tnan\t0\t0.2\t");
    mem_free(tsv);
    mem_free(page);

    put_answers(0, "a", "resnet", 0.25); /* and where models are side by side */
    call = call_of(3);
    put_answers(1, "b", "vgg", 0.5);
    check_ok(report_write(&r, &call));
    tsv = read_text("figures/cue-conflict.tsv");
    assert_says(tsv, "\tstudy\t0.5\t0.4\t");
    assert_says(tsv, "\tresnet-110\tnan\t0.15");
    assert_says(tsv, "\tresnet50\tnan\t0.25\t");
    mem_free(tsv);
}

static void models_of_one_name_are_told_apart_by_their_folders(void **state)
{
    (void)state;
    report_result r;
    put_answers(0, "a", "resnet", 0.25);
    put_answers(1, "b", "resnet", 0.5);
    const report_call call = call_of(2);
    check_ok(report_write(&r, &call));
    char *tsv = read_text("figures/cue-conflict.tsv"), name[400];
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "\tresnet (%s)\t", folders[i]);
        assert_says(tsv, name);
    }
    mem_free(tsv);
}

static void their_figures_have_names_and_are_drawn_alone(void **state)
{
    (void)state;
    char path[256];
    double height[2];
    strbuf names = STRBUF_INIT;
    put_answers(0, "a", "resnet", 0.25);
    const report_call call = call_of(1);
    check_ok(report_figures(&names, &call));
    assert_string_equal(names.data, "people\tHow close to people, and at what other price\n"
                                    "cue-conflict\tCue conflict: shape or texture\n"
                                    "cue-conflict-categories\tShape or texture, category by category\n");
    strbuf_clear(&names);
    snprintf(path, sizeof path, "%s/alone.pdf", dir);
    check_ok(report_draw(&height[0], &call, "cue-conflict", path, 89));
    check_ok(report_draw(&height[1], &call, "cue-conflict", path, 183));
    assert_true(height[1] < height[0]); /* panels beside each other */
    assert_int_equal(report_draw(height, &call, "sweetspot", path, 89), JEM_EUSAGE);
    assert_says(jem_error_message(), "there are: people, cue-conflict, cue-conflict-categories");
}

static void dimensions_are_compared_between_studies_alone(void **state)
{
    (void)state;
    report_result r;
    put_answers(0, "a", "resnet", 0.25);
    report_call call = call_of(1);
    call.beside_count = 1;
    call.beside = (const char *const[]){"study"};
    assert_int_equal(report_write(&r, &call), JEM_EUSAGE);
    assert_says(jem_error_message(), "beside study");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_page_has_figures_numbers_and_provenance),
        TEST(networks_in_a_studys_folder_stand_beside_its_curve),
        TEST(models_of_one_name_are_told_apart_by_their_folders),
        TEST(their_figures_have_names_and_are_drawn_alone),
        TEST(dimensions_are_compared_between_studies_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
