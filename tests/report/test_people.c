/* Published values beside a study's own: they agree with each other, and the figures of
 * comparisons with people show the headline scores of the networks and nothing else. */
#include "base/file.h"
#include "base/mem.h"
#include "report/baselines.h"
#include "report/figures.h"
#include "report/labels.h"
#include "support/folder.h"

/* ---- the published values */

static void every_published_value_is_named_once_with_its_source(void **state)
{
    (void)state;
    int64_t count;
    const baseline *b = baselines(&count);
    assert_true(count > 200);
    for (int64_t i = 0; i < count; i++) {
        assert_true(isfinite(b[i].value) && b[i].source[0] && b[i].model[0]);
        check_near(baseline_value(b[i].benchmark, b[i].metric, b[i].dataset, b[i].condition,
                                  b[i].model),
                   b[i].value, 0, 1); /* a second entry of the same keys would hide one */
    }
    assert_true(isnan(baseline_value("bapps", "2afc", NULL, "distortion", "nobody")));
    strbuf tsv = STRBUF_INIT;
    int64_t lines = 0;
    baselines_tsv(&tsv);
    check_ok(strbuf_status(&tsv));
    for (const char *p = tsv.data; (p = strchr(p, '\n')); p++) lines++;
    assert_int_equal(lines, count + 1);
    strbuf_clear(&tsv);
}

static void published_means_are_those_of_their_parts(void **state)
{
    (void)state;
    int64_t count, sets = 0;
    double kappa = 0, accuracy = 0, resnet = 0;
    const baseline *b = baselines(&count);
    for (int64_t i = 0; i < count; i++) {
        if (strcmp(b[i].metric, "2afc") == 0 && strcmp(b[i].condition, "distortion") == 0) {
            double trad = baseline_value("bapps", "2afc", NULL, "traditional", b[i].model);
            double cnn = baseline_value("bapps", "2afc", NULL, "cnn", b[i].model);
            check_near(b[i].value, (trad + cnn) / 2, 1.1e-3, 1); /* rounded to 0.1 % */
        }
        if (strcmp(b[i].metric, "kl_human_model") == 0)
            check_near(b[i].value,
                       baseline_value("cifar10h", "cross_entropy_human", NULL, NULL, b[i].model) -
                           0.1544595844,
                       2e-6, 1);
        if (strcmp(b[i].benchmark, "model-vs-human") != 0 || strcmp(b[i].dataset, "mean") == 0)
            continue;
        bool people = strcmp(b[i].model, "human") == 0;
        if (strcmp(b[i].metric, "error_consistency") == 0) {
            sets += people;
            *(people ? &kappa : &resnet) += b[i].value / 17;
        } else if (people) {
            accuracy += b[i].value / 17;
        }
    }
    assert_int_equal(sets, 17);
    check_near(kappa, 0.431216, 1e-6, 1);
    check_near(accuracy, 0.722815, 1e-6, 1);
    check_near(resnet, 0.2083392, 1e-5, 1);
}

/* ---- a study */

static void put_run(double alpha, const char *scores)
{
    char path[128], text[256];
    snprintf(path, sizeof path, "%s/a%g/scores", folder, alpha);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/a%g/run.json", folder, alpha);
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"alpha\": %g, \"seed\": 1}", alpha);
    check_ok(file_write(path, text, strlen(text)));
    snprintf(path, sizeof path, "%s/a%g/config.yaml", folder, alpha);
    check_ok(file_write(path, "", 0));
    snprintf(path, sizeof path, "%s/a%g/scores/scores.json", folder, alpha);
    check_ok(file_write(path, scores, strlen(scores)));
}

/* Scores of a run as jem bench writes them: people's rows, single sets and conditions too. */
static void put_scores(double alpha, double kappa, double bias)
{
    char text[4096];
    snprintf(text, sizeof text,
             "[{\"benchmark\":\"model-vs-human\",\"metric\":\"error_consistency\",\"model\":\"human\","
             "\"dataset\":\"mean\",\"value\":0.43},"
             "{\"benchmark\":\"model-vs-human\",\"metric\":\"error_consistency\",\"model\":\"m\","
             "\"alpha\":%g,\"seed\":1,\"dataset\":\"sketch\",\"value\":0.777},"
             "{\"benchmark\":\"model-vs-human\",\"metric\":\"error_consistency\",\"model\":\"m\","
             "\"alpha\":%g,\"seed\":1,\"dataset\":\"edge\",\"value\":0.666},"
             "{\"benchmark\":\"model-vs-human\",\"metric\":\"error_consistency\",\"model\":\"m\","
             "\"alpha\":%g,\"seed\":1,\"dataset\":\"mean\",\"value\":%g},"
             "{\"benchmark\":\"model-vs-human\",\"metric\":\"accuracy\",\"model\":\"m\","
             "\"alpha\":%g,\"seed\":1,\"dataset\":\"mean\",\"value\":0.5},"
             "{\"benchmark\":\"cue-conflict\",\"metric\":\"shape_bias\",\"model\":\"m\","
             "\"alpha\":%g,\"seed\":1,\"dataset\":\"cue-conflict\",\"value\":%g},"
             "{\"benchmark\":\"cue-conflict\",\"metric\":\"shape_bias\",\"model\":\"m\","
             "\"alpha\":%g,\"seed\":1,\"dataset\":\"cue-conflict\",\"condition\":\"cat\","
             "\"value\":0.555},"
             "{\"benchmark\":\"cue-conflict\",\"metric\":\"shape_bias\",\"model\":\"m\","
             "\"alpha\":%g,\"seed\":1,\"dataset\":\"cue-conflict\",\"condition\":\"steps=5\","
             "\"value\":0.444},"
             "{\"benchmark\":\"cue-conflict\",\"metric\":\"texture_decisions\",\"model\":\"m\","
             "\"alpha\":%g,\"seed\":1,\"dataset\":\"cue-conflict\",\"value\":600}]",
             alpha, alpha, alpha, kappa, alpha, alpha, bias, alpha, alpha, alpha);
    put_run(alpha, text);
}

static const figure *find_figure(const figure_list *list, const char *file)
{
    for (int64_t i = 0; i < list->count; i++)
        if (strcmp(list->figures[i].file, file) == 0) return &list->figures[i];
    return NULL;
}

static int count_lines(const char *text, const char *with)
{
    int lines = 0;
    for (; (text = strstr(text, with)); text++) lines++;
    return lines;
}

static void headline_scores_of_the_networks_are_drawn_and_nothing_else(void **state)
{
    (void)state;
    study *s;
    figure_list list = FIGURE_LIST_INIT;
    put_scores(0, 0.1, 0.2);
    put_scores(0.5, 0.3, 0.6);
    check_ok(study_read(&s, folder));
    check_ok(figures_of_scores(&list, s));
    const figure *f = find_figure(&list, "model-vs-human");
    assert_non_null(f);
    assert_null(f->missing);
    assert_non_null(strstr(f->tsv.data, "error_consistency\tm\t0.5\t1\t0.3\t"));
    assert_int_equal(count_lines(f->tsv.data, "error_consistency"), 2);
    assert_null(strstr(f->tsv.data, "0.777"));
    f = find_figure(&list, "cue-conflict");
    assert_int_equal(count_lines(f->tsv.data, "\n"), 3);
    assert_null(find_figure(&list, "clickme")); /* what was not measured is not spoken of */
    figure_list_clear(&list);
    study_free(s);
}

static void scatter_panels_hold_models_people_and_published_networks(void **state)
{
    (void)state;
    study *s;
    char *svg;
    figure_list list = FIGURE_LIST_INIT;
    put_scores(0, 0.1, 0.2);
    put_scores(0.5, 0.3, 0.6);
    put_scores(1, 0.05, 0.7);
    check_ok(study_read(&s, folder));
    check_ok(figures_of_people(&list, s));
    const figure *f = find_figure(&list, "people");
    assert_non_null(f);
    assert_non_null(strstr(f->tsv.data, "cue-conflict\tshape_bias\tm\t0.5\t1\t0.6\t\n"));
    assert_non_null(strstr(f->tsv.data, "cue-conflict\tshape_bias\tImagen\tnan\t-1\t0.99\t\n"));
    assert_non_null(strstr(f->tsv.data, "model-vs-human\taccuracy\tResNet-50\tnan\t-1\t0.559\t"));
    assert_null(strstr(f->tsv.data, "BiGAN")); /* no BAPPS panel */
    assert_non_null(strstr(f->table.data, "Jaini, Clark &amp; Geirhos 2024"));
    check_ok(draw_inline(&svg, "x", f->width, f->height, f->draw, f->ctx));
    assert_null(strstr(svg, "nan"));
    mem_free(svg);
    figure_list_clear(&list);
    study_free(s);
}

static void sets_categories_and_steps_have_figures_of_their_own(void **state)
{
    (void)state;
    study *s;
    char *svg;
    figure_list list = FIGURE_LIST_INIT;
    put_scores(0, 0.1, 0.2);
    put_scores(0.5, 0.3, 0.6);
    check_ok(study_read(&s, folder));
    check_ok(figures_of_details(&list, s));
    assert_int_equal(list.count, 3);
    const figure *f = find_figure(&list, "model-vs-human-sets");
    assert_int_equal(count_lines(f->tsv.data, "0.777"), 2);
    f = find_figure(&list, "cue-conflict-categories");
    assert_int_equal(count_lines(f->tsv.data, "\tcat\n"), 2);
    f = find_figure(&list, "cue-conflict-steps");
    assert_int_equal(count_lines(f->tsv.data, "\tsteps=5\n"), 2);
    assert_int_equal(count_lines(f->tsv.data, "\t0.2\t\n"), 1); /* without steps */
    for (int64_t i = 0; i < list.count; i++) {
        f = &list.figures[i];
        check_ok(draw_inline(&svg, "x", f->width, f->height, f->draw, f->ctx));
        assert_null(strstr(svg, "nan"));
        mem_free(svg);
    }
    figure_list_clear(&list);
    study_free(s);
}

static void a_study_without_people_says_nothing_about_them(void **state)
{
    (void)state;
    study *s;
    figure_list list = FIGURE_LIST_INIT;
    put_run(0, "[{\"benchmark\":\"classification\",\"metric\":\"accuracy\",\"value\":0.5}]");
    put_run(1, "[{\"benchmark\":\"classification\",\"metric\":\"accuracy\",\"value\":0.5}]");
    check_ok(study_read(&s, folder));
    check_ok(figures_of_people(&list, s));
    check_ok(figures_of_details(&list, s));
    assert_int_equal(list.count, 0);
    figure_list_clear(&list);
    study_free(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_published_value_is_named_once_with_its_source),
        cmocka_unit_test(published_means_are_those_of_their_parts),
        TEST(headline_scores_of_the_networks_are_drawn_and_nothing_else),
        TEST(scatter_panels_hold_models_people_and_published_networks),
        TEST(sets_categories_and_steps_have_figures_of_their_own),
        TEST(a_study_without_people_says_nothing_about_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
