/* The figure of accuracy over radii: a panel per norm and defence in order, radii ascending, a line per alpha. */
#include "base/file.h"
#include "base/mem.h"
#include "report/figures.h"
#include "support/folder.h"
#include "support/measures.h"

static void put_run(double alpha, const char *scores)
{
    char path[128], text[256];
    snprintf(path, sizeof path, "%s/a%g/scores", folder, alpha);
    check_ok(dir_make(path));
    snprintf(path, sizeof path, "%s/a%g/run.json", folder, alpha);
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"alpha\": %g, \"seed\": 1, \"classes\": 2}", alpha);
    check_ok(file_write(path, text, strlen(text)));
    snprintf(path, sizeof path, "%s/a%g/config.yaml", folder, alpha);
    check_ok(file_write(path, "", 0));
    snprintf(path, sizeof path, "%s/a%g/scores/scores.json", folder, alpha);
    check_ok(file_write(path, scores, strlen(scores)));
}

#define ROW "{\"benchmark\":\"robustness\",\"model\":\"m\",\"alpha\":%g,\"seed\":1,\"dataset\":\"gloss\","

/* Accuracies after attacks, in no order; `low` of what is above chance. */
static void put_attacks(double alpha, double under, double low)
{
    char text[4096];
    snprintf(text, sizeof text,
             "[" ROW "\"metric\":\"accuracy_l2\",\"condition\":\"0.5\",\"value\":0.4},"
             ROW "\"metric\":\"accuracy_linf\",\"condition\":\"8/255 refined 10\",\"value\":0.55},"
             ROW "\"metric\":\"accuracy_linf\",\"condition\":\"8/255\",\"value\":%g},"
             ROW "\"metric\":\"accuracy_linf\",\"condition\":\"0/255\",\"value\":0.95},"
             ROW "\"metric\":\"accuracy_linf\",\"condition\":\"2/255\",\"value\":0.7},"
             ROW "\"metric\":\"accuracy_linf\",\"condition\":\"far away\",\"value\":0.111},"
             ROW "\"metric\":\"above_chance\",\"value\":0.4,\"low\":%g,\"high\":0.5}]",
             alpha, alpha, alpha, under, alpha, alpha, alpha, alpha, low);
    put_run(alpha, text);
}

/* Where its text begins in a drawing. */
static const char *place(const char *svg, const char *text)
{
    const char *at = strstr(svg, text);
    if (!at) fail_msg("'%s' is not drawn", text);
    return at;
}

static int count_of(const char *text, const char *what)
{
    int n = 0;
    for (; (text = strstr(text, what)); text += strlen(what)) n++;
    return n;
}

static void every_norm_and_defence_has_a_panel_with_a_line_per_alpha(void **state)
{
    (void)state;
    study *s;
    char *svg;
    figure_list list = FIGURE_LIST_INIT;
    put_attacks(0, 0.1, 0.3);
    put_attacks(0.5, 0.35, -0.1); /* at chance, attacked or not */
    put_attacks(1, 0.123, -0.1);
    check_ok(study_read(&s, folder));
    check_ok(figures_of_robustness(&list, s, all_measures()));
    assert_int_equal(list.count, 1);
    const figure *f = &list.figures[0];
    assert_string_equal(f->file, "robustness-radii");
    check_ok(draw_inline(&svg, "x", f->width, f->height, f->draw, f->ctx));
    assert_null(strstr(svg, "nan"));
    assert_true(place(svg, ">L∞<") < place(svg, ">L∞, refined by 10 steps<"));
    assert_true(place(svg, ">L∞, refined by 10 steps<") < place(svg, ">L2<"));
    assert_int_equal(count_of(svg, "L∞ 8/255, α = 0:"), 1); /* a note for each mark */
    assert_int_equal(count_of(svg, "α = 1:"), 0);
    assert_int_equal(count_of(svg, "fill=\"var(--paper)\""), 5);
    const char *clean = place(f->tsv.data, "\t0/255\n"), *small = place(f->tsv.data, "\t2/255\n");
    assert_true(clean < small && small < place(f->tsv.data, "\t8/255\n"));
    assert_null(strstr(f->tsv.data, "0.111"));
    assert_non_null(strstr(f->says.data, "Accuracy under L∞ 8/255 is highest at α = 0.5"));
    assert_non_null(strstr(f->table.data, "L∞ 8/255 refined 10"));
    mem_free(svg);
    figure_list_clear(&list);
    study_free(s);
}

static void a_study_that_nobody_attacked_has_no_such_figure(void **state)
{
    (void)state;
    study *s;
    figure_list list = FIGURE_LIST_INIT;
    put_run(0.5, "[]");
    check_ok(study_read(&s, folder));
    check_ok(figures_of_robustness(&list, s, all_measures()));
    assert_int_equal(list.count, 0);
    figure_list_clear(&list);
    study_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_norm_and_defence_has_a_panel_with_a_line_per_alpha, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_study_that_nobody_attacked_has_no_such_figure, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
