/* Figures of comparisons with people show the headline scores of the networks and nothing else,
 * published values beside them. */
#include "base/file.h"
#include "base/mem.h"
#include "report/figures.h"
#include "report/labels.h"
#include "support/folder.h"
#include "support/measures.h"

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
    check_ok(figures_of_scores(&list, s, all_measures()));
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
    check_ok(figures_of_people(&list, s, all_measures()));
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
    check_ok(figures_of_details(&list, s, all_measures()));
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

/* Weights that others trained, scored in the study's folder on one set and one category. */
static void put_beside(const char *model, double value)
{
    char path[128], text[1024];
    snprintf(path, sizeof path, "%s/%s/scores", folder, model);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/%s/run.json", folder, model);
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"model\": \"%s\", \"settings_hash\": \"of %s\"}", model, model);
    check_ok(file_write(path, text, strlen(text)));
    snprintf(path, sizeof path, "%s/%s/config.yaml", folder, model);
    check_ok(file_write(path, "", 0));
    snprintf(path, sizeof path, "%s/%s/import.json", folder, model);
    check_ok(file_write(path, "{}", 2));
    snprintf(path, sizeof path, "%s/%s/scores/scores.json", folder, model);
    snprintf(text, sizeof text,
             "[{\"benchmark\":\"model-vs-human\",\"metric\":\"error_consistency\",\"model\":\"%s\",\"dataset\":\"edge\","
             "\"value\":%g},{\"benchmark\":\"cue-conflict\",\"metric\":\"shape_bias\",\"model\":\"%s\","
             "\"dataset\":\"cue-conflict\",\"condition\":\"cat\",\"value\":%g}]",
             model, value, model, value);
    check_ok(file_write(path, text, strlen(text)));
}

static void networks_beside_the_study_are_in_sets_and_categories(void **state)
{
    (void)state;
    static const char *const files[] = {"model-vs-human-sets", "cue-conflict-categories"};
    static const char *const names[] = {"autoencoder-probe", "net-b", "net-c", "net-d", "net-e"};
    figure_list list = FIGURE_LIST_INIT;
    study *s;
    char *svg;
    put_scores(0, 0.1, 0.2);
    put_scores(0.5, 0.3, 0.6);
    for (int i = 0; i < 5; i++) put_beside(names[i], 0.3 + 0.1 * i);
    check_ok(study_read(&s, folder));
    check_ok(figures_of_details(&list, s, all_measures()));
    for (int i = 0; i < 2; i++) {
        const figure *f = find_figure(&list, files[i]);
        assert_non_null(f);
        check_ok(draw_inline(&svg, "x", f->width, f->height, f->draw, f->ctx));
        assert_int_equal(count_lines(svg, "autoencoder-probe: 0.3"), 1);
        assert_int_equal(count_lines(svg, "net-d: 0.6"), 1);
        assert_int_equal(count_lines(svg, "net-e"), 0); /* colours tell no more apart */
        assert_null(strstr(svg, "nan"));
        mem_free(svg);
        const char *note = strstr(f->says.data, "autoencoder-probe is the autoencoder alone");
        assert_non_null(note);
        assert_null(strstr(note + 1, "autoencoder-probe is the autoencoder alone"));
    }
    assert_non_null(strstr(find_figure(&list, files[0])->says.data, "At the right edge networks beside the study"));
    assert_non_null(strstr(find_figure(&list, files[1])->says.data, "are networks beside the study"));
    assert_int_equal(s->warning_count, 2);
    assert_non_null(strstr(s->warnings[0], "model-vs-human"));
    figure_list_clear(&list);
    study_free(s);
}

/* Of a network that chose shape or texture so often, and no surer than `least`; after five steps as well. */
static void put_decisions(double alpha, double least)
{
    char text[2048];
    snprintf(text, sizeof text,
             "[{\"benchmark\":\"cue-conflict\",\"metric\":\"shape_bias\",\"model\":\"m\",\"alpha\":%g,\"seed\":1,"
             "\"dataset\":\"cue-conflict\",\"value\":0.4},"
             "{\"benchmark\":\"cue-conflict\",\"metric\":\"shape_bias\",\"model\":\"m\",\"alpha\":%g,\"seed\":1,"
             "\"dataset\":\"cue-conflict\",\"condition\":\"cat\",\"value\":0.4},"
             "{\"benchmark\":\"cue-conflict\",\"metric\":\"shape_bias\",\"model\":\"m\",\"alpha\":%g,\"seed\":1,"
             "\"dataset\":\"cue-conflict\",\"condition\":\"steps=5\",\"value\":0.4},"
             "{\"benchmark\":\"cue-conflict\",\"metric\":\"shape_or_texture\",\"model\":\"m\",\"alpha\":%g,\"seed\":1,"
             "\"dataset\":\"cue-conflict\",\"value\":0.2,\"low\":%g,\"high\":0.9},"
             "{\"benchmark\":\"cue-conflict\",\"metric\":\"shape_or_texture\",\"model\":\"m\",\"alpha\":%g,\"seed\":1,"
             "\"dataset\":\"cue-conflict\",\"condition\":\"steps=5\",\"value\":0.2,\"low\":%g,\"high\":0.9}]",
             alpha, alpha, alpha, alpha, least, alpha, least);
    put_run(alpha, text);
}

static void a_network_at_chance_is_hollow_in_details_too(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int hollow;
    } figures[] = {{"cue-conflict-categories", 1}, {"cue-conflict-steps", 2}};
    study *s;
    char *svg;
    figure_list list = FIGURE_LIST_INIT;
    put_decisions(0, 0.3);
    put_decisions(0.5, 0.05); /* two of sixteen are chance */
    check_ok(study_read(&s, folder));
    check_ok(figures_of_details(&list, s, all_measures()));
    for (int i = 0; i < 2; i++) {
        const figure *f = find_figure(&list, figures[i].file);
        assert_non_null(f);
        check_ok(draw_inline(&svg, "x", f->width, f->height, f->draw, f->ctx));
        assert_int_equal(count_lines(svg, "fill=\"var(--paper)\""), figures[i].hollow);
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
    check_ok(figures_of_people(&list, s, all_measures()));
    check_ok(figures_of_details(&list, s, all_measures()));
    assert_int_equal(list.count, 0);
    figure_list_clear(&list);
    study_free(s);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(headline_scores_of_the_networks_are_drawn_and_nothing_else),
        TEST(scatter_panels_hold_models_people_and_published_networks),
        TEST(sets_categories_and_steps_have_figures_of_their_own),
        TEST(networks_beside_the_study_are_in_sets_and_categories),
        TEST(a_network_at_chance_is_hollow_in_details_too),
        TEST(a_study_without_people_says_nothing_about_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
