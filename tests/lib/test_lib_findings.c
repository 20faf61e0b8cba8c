/* jem/sweetspot.h, jem/compare.h and the table of jem/study.h on made-up studies: the numbers are those below, and
 * what they mean is tested there. */
#include <math.h>

#include "base/file.h"
#include "base/mem.h"
#include "compare/compare.h"
#include "jem/jem.h"
#include "record/record.h"
#include "support/example.h"
#include "support/folder.h"
#include "support/measures.h"
#include "sweetspot/sweetspot.h"

enum { ALPHAS = 5, SEEDS = 2, IMAGES = 40 };

static const double alphas[ALPHAS] = {0, 0.25, 0.5, 0.75, 0.9}, peak[ALPHAS] = {0.9, 0.7, 0.4, 0.6, 0.8};

static const char *path_of(const char *name)
{
    static char path[3][400];
    static int turn;
    turn = (turn + 1) % 3;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void put_file(const char *run, const char *name, const char *text)
{
    char path[500];
    snprintf(path, sizeof path, "%s/%s", run, name);
    check_ok(file_write(path, text, strlen(text)));
}

static void put_score(const char *run, double alpha, int seed, double value)
{
    score_list list = SCORE_LIST_INIT;
    score s = SCORE_INIT;
    s.benchmark = "cifar10h";
    s.metric = "cross_entropy_human";
    s.model = "m";
    s.alpha = alpha;
    s.seed = seed;
    s.value = value;
    s.n = IMAGES;
    check_ok(dir_make(run));
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, run));
    score_list_clear(&list);
}

static void put_run(const char *in, double alpha, int seed, double value)
{
    char run[450], text[200];
    snprintf(run, sizeof run, "%s/alpha-%.2f-seed-%d", path_of(in), alpha, seed);
    put_score(run, alpha, seed, value);
    snprintf(text, sizeof text, "{\"status\": \"finished\", \"model\": \"m\", \"alpha\": %g, \"seed\": %d}", alpha, seed);
    put_file(run, "run.json", text);
    snprintf(text, sizeof text, "alpha: %g\nseed: %d\n", alpha, seed);
    put_file(run, "config.yaml", text);
}

static void put_study(const char *name)
{
    for (int a = 0; a < ALPHAS; a++)
        for (int seed = 1; seed <= SEEDS; seed++) put_run(name, alphas[a], seed, peak[a] + 0.01 * seed);
}

/* Recorded answers with a loss for each image. */
static void put_answers(const char *name, double shift)
{
    char text[8192], trials[450];
    double sum = 0;
    size_t used = (size_t)snprintf(text, sizeof text, "subj,session,trial,rt,object_response,category,condition,"
                                                      "imagename,cross_entropy\n");
    for (int i = 0; i < IMAGES; i++) {
        const double loss = 1 + shift + 0.3 * sin(1.7 * i) + 0.1 * sin(2.3 * i * (shift + 1));
        sum += loss;
        used += (size_t)snprintf(text + used, sizeof text - used, "m,1,%d,NaN,cat,cat,0,%02d.png,%.17g\n", i, i, loss);
    }
    snprintf(trials, sizeof trials, "%s/trials", path_of(name));
    check_ok(dir_make(trials));
    put_file(trials, "cifar10h.csv", text);
    put_score(path_of(name), NAN, -1, sum / IMAGES);
}

/* ---- sweet spots */

static jem_sweetspot_options few(void)
{
    static const char *const set[] = {"sweetspot.draws=20000", "sweetspot.rounds=500", "sweetspot.seed=7"};
    jem_sweetspot_options o = JEM_SWEETSPOT_OPTIONS_INIT;
    o.set = set;
    o.set_count = 3;
    o.threads = 1;
    return o;
}

static void a_line_has_the_numbers_of_the_statistics(void **state)
{
    (void)state;
    const jem_sweetspot_options o = few();
    const sweetspot_options same = {.draws = 20000, .rounds = 500, .seed = 7, .level = 0.95, .measures = all_measures()};
    jem_sweetspots found = JEM_SWEETSPOTS_INIT;
    sweetspot_list list = SWEETSPOT_LIST_INIT;
    study *s = NULL;

    put_study("study");
    check_ok(jem_sweetspot(&found, path_of("study"), &o));
    check_ok(study_read(&s, path_of("study")));
    check_ok(sweetspots_find(&list, s, &same));
    assert_int_equal(found.count, list.count);
    assert_int_equal(found.count, 1);
    const jem_sweetspot_row *row = found.rows;
    const sweetspot *p = list.spots;
    assert_string_equal(row->benchmark, "cifar10h");
    assert_string_equal(row->metric, "cross_entropy_human");
    assert_true(row->best_alpha == 0.5 && row->p == p->at.p && row->p_holm == p->p_holm && row->p < 0.05);
    assert_true(row->margin == p->at.margin && row->margin_low == p->at.margin_low);
    check_near(row->margin, 0.4, 1e-9, 1); /* .8 + .015 at the nearer end, .4 + .015 in between */
    assert_string_equal(row->verdict, "shown");
    assert_int_equal(row->alphas, ALPHAS);
    for (int a = 0; a < ALPHAS; a++) {
        assert_true(row->alpha[a].alpha == alphas[a] && row->alpha[a].in_set == (a == 2));
        check_near(row->alpha[a].value[0], peak[a] + 0.015, 1e-9, 1);
        assert_int_equal(row->alpha[a].seeds, SEEDS);
    }
    assert_true(isnan(row->alpha[0].value[1])); /* the line is one score */
    assert_non_null(strstr(row->words, "shown"));
    assert_true(found.primaries == 1 && found.shown == 1 && found.sentence[0]);
    jem_sweetspots_clear(&found);
    assert_null(found.rows);
    sweetspot_list_clear(&list);
    study_free(s);
}

static void a_study_without_scores_along_alpha_is_refused(void **state)
{
    (void)state;
    const jem_sweetspot_options o = few();
    const char *const unknown[] = {"sweetspot.levels=1"};
    jem_sweetspots found = JEM_SWEETSPOTS_INIT;
    jem_sweetspot_options bad = few();

    put_run("study", 0.5, 1, 0.4);
    check_fails(jem_sweetspot(&found, path_of("study"), &o), JEM_EDATA, "no benchmark has scores at two values of alpha");
    check_fails(jem_sweetspot(&found, path_of("nothing"), &o), JEM_EDATA, "nothing");
    bad.set = unknown, bad.set_count = 1;
    check_fails(jem_sweetspot(&found, path_of("study"), &bad), JEM_EUSAGE, "sweetspot.level");
    check_fails(jem_sweetspot(&found, NULL, &o), JEM_EUSAGE, "jem_sweetspot: study is NULL");
    assert_null(found.rows);
}

static void seeds_for_a_margin_come_from_a_pilot(void **state)
{
    (void)state;
    const jem_sweetspot_options o = few();
    jem_seeds large = JEM_SEEDS_INIT, small = JEM_SEEDS_INIT;

    put_study("pilot");
    check_ok(jem_seeds_needed(&large, path_of("pilot"), 0.1, NULL, 0, &o));
    check_ok(jem_seeds_needed(&small, path_of("pilot"), 0.01, NULL, 0, &o));
    assert_int_equal(large.count, 1);
    assert_string_equal(large.rows[0].benchmark, "cifar10h");
    assert_string_equal(large.rows[0].trouble, "");
    assert_true(large.rows[0].low == 0 && large.rows[0].high == 0.9 && large.rows[0].alphas == ALPHAS);
    assert_int_equal(large.rows[0].seeds, 2); /* the spread of seeds is .007 */
    assert_true(small.rows[0].seeds > 4 && small.rows[0].seeds_low <= small.rows[0].seeds);
    jem_seeds_clear(&small);
    jem_seeds_clear(&large);
    assert_null(large.rows);
    check_fails(jem_seeds_needed(&large, path_of("pilot"), 0, NULL, 0, &o), JEM_EUSAGE, "margin = 0");
}

static void a_design_without_a_pilot_shows_a_margin(void **state)
{
    (void)state;
    const jem_sweetspot_options o = few();
    const int64_t even[] = {4, 4, 4, 4}, more[] = {8, 4, 4, 8}, one[] = {1, 1, 1}, none[] = {2, 0, 2};
    jem_margin m = JEM_MARGIN_INIT, wide = JEM_MARGIN_INIT, uneven = JEM_MARGIN_INIT;
    double unit;
    pool *threads = NULL;

    check_ok(jem_margin_shown(&m, even, 4, 0.01, &o));
    check_ok(jem_margin_shown(&wide, even, 4, 0.02, &o));
    check_ok(jem_margin_shown(&uneven, more, 4, 0.01, &o));
    assert_int_equal(m.networks, 16);
    assert_true(m.level == 0.95 && m.far < m.both && uneven.both < m.both);
    assert_true(fabs(wide.both - 2 * m.both) < 1e-12); /* in units of the spread it is the same */
    check_ok(pool_new(&threads, 1));
    const stats_best_alpha_options so = {.draws = 20000, .seed = 7, .level = 0.95, .threads = threads};
    check_ok(stats_alpha_detectable(&unit, even, &(stats_alpha_design){4, 0, false}, &so));
    assert_true(fabs(m.both - 0.01 * unit) < 1e-12);
    pool_free(threads);
    check_fails(jem_margin_shown(&m, even, 2, 0.01, &o), JEM_EUSAGE, "three alphas; here are 2");
    check_fails(jem_margin_shown(&m, one, 3, 0.01, &o), JEM_EUSAGE, "two are the least");
    check_fails(jem_margin_shown(&m, none, 3, 0.01, &o), JEM_EUSAGE, "seeds[1] = 0");
    check_fails(jem_margin_shown(&m, even, 4, 0, &o), JEM_EUSAGE, "sd = 0");
    m.size = 0;
    check_fails(jem_margin_shown(&m, even, 4, 0.01, &o), JEM_EUSAGE, "JEM_MARGIN_INIT");
}

/* ---- comparisons */

static void models_are_compared_as_by_the_program(void **state)
{
    (void)state;
    jem_comparisons found = JEM_COMPARISONS_INIT;
    jem_compare_options o = JEM_COMPARE_INIT;
    compare_models models = COMPARE_MODELS_INIT;
    compare_list list = COMPARE_LIST_INIT;
    char figure[450];

    put_answers("first", 0);
    put_answers("second", 0.2);
    const char *const given[] = {path_of("first"), path_of("second")};
    snprintf(figure, sizeof figure, "%s", path_of("difference.svg"));
    o.rounds = 500, o.threads = 1, o.figure = figure;
    check_ok(jem_compare(&found, given, 2, &o));
    check_ok(compare_models_read(&models, given, 2));
    check_ok(compare_find(&list, &models, &(compare_options){.rounds = 500, .level = 0.95, .measures = all_measures()}));
    assert_int_equal(found.count, list.count);
    assert_true(found.count >= 1);
    const jem_comparison *row = found.rows;
    assert_string_equal(row->model, "second");
    assert_string_equal(row->against, "first");
    assert_true(row->difference == list.rows[0].gap.value && row->p == list.rows[0].gap.p);
    assert_true(row->low < row->difference && row->difference < row->high);
    check_near(row->difference, row->value - row->value_against, 1e-12, 1);
    check_near(row->difference, 0.2, 0.1, 1);
    assert_true(row->lower_is_better && row->primary && row->images == IMAGES);
    assert_string_equal(row->verdict, "worse");
    assert_true(file_exists(figure));
    jem_comparisons_clear(&found);
    compare_list_clear(&list);
    compare_models_clear(&models);
}

static void a_comparison_that_cannot_be_is_refused(void **state)
{
    (void)state;
    jem_comparisons found = JEM_COMPARISONS_INIT;
    jem_compare_options o = JEM_COMPARE_INIT;

    put_study("study");
    put_answers("first", 0);
    const char *const given[] = {path_of("first"), path_of("study")};
    check_fails(jem_compare(&found, given, 1, &o), JEM_EUSAGE, "jem_compare: count = 1");
    check_fails(jem_compare(&found, given, 2, &o), JEM_EDATA, "study");
    o.rounds = 3;
    check_fails(jem_compare(&found, given, 2, &o), JEM_EUSAGE, "o->rounds = 3");
    o.rounds = 0, o.level = 1;
    check_fails(jem_compare(&found, given, 2, &o), JEM_EUSAGE, "o->level = 1");
    assert_null(found.rows);
}

/* ---- the table */

static void the_table_has_a_row_per_score(void **state)
{
    (void)state;
    jem_table t = JEM_TABLE_INIT;
    int answers = 0;

    put_study("study");
    put_answers("first", 0);
    const char *const folders[] = {path_of("study"), path_of("first")};
    check_ok(jem_table_read(&t, folders, 2));
    assert_int_equal(t.count, ALPHAS * SEEDS + 1);
    for (int64_t i = 0; i < t.count; i++) {
        const jem_table_row *row = &t.rows[i];
        assert_string_equal(row->benchmark, "cifar10h");
        assert_string_equal(row->model, "m");
        assert_true(row->dataset == NULL && row->condition == NULL && row->n == IMAGES && isnan(row->low));
        answers += isnan(row->alpha);
        if (isnan(row->alpha)) assert_string_equal(row->folder, folders[1]);
        if (row->alpha == 0.5 && row->seed == 2) check_near(row->value, 0.42, 1e-12, 1);
    }
    assert_int_equal(answers, 1);
    jem_table_clear(&t);
    check_fails(jem_table_read(&t, folders, 0), JEM_EUSAGE, "jem_table_read: count = 0");
    const char *const nothing[] = {path_of("nothing")};
    check_fails(jem_table_read(&t, nothing, 1), JEM_EDATA, "nothing");
    assert_null(t.rows);
}

/* ---- reports */

static void several_folders_share_a_page(void **state)
{
    (void)state;
    jem_report_options o = JEM_REPORT_INIT;
    char page[450], *text = NULL;
    size_t n;

    put_answers("first", 0);
    put_answers("second", 0.2);
    const char *const folders[] = {path_of("first"), path_of("second")};
    snprintf(page, sizeof page, "%s", path_of("page.html"));
    o.page = page;
    check_ok(jem_report_all(folders, 2, &o));
    check_ok(file_read(&text, &n, page, 0));
    assert_non_null(strstr(text, "second"));
    mem_free(text);
    check_fails(jem_report_all(folders, 0, &o), JEM_EUSAGE, "jem_report_all: count = 0");
}

static void one_figure_is_drawn_alone(void **state)
{
    (void)state;
    char file[450], *text = NULL;
    size_t n;

    put_answers("first", 0);
    put_answers("second", 0.2);
    const char *const folders[] = {path_of("first"), path_of("second")};
    snprintf(file, sizeof file, "%s/one.svg", folder);
    check_ok(jem_report_figure(folders, 2, "cifar10h", file, 89, NULL));
    check_ok(file_read(&text, &n, file, 0));
    assert_non_null(strstr(text, "<svg"));
    assert_non_null(strstr(text, "second"));
    mem_free(text);
    snprintf(file, sizeof file, "%s/one.tsv", folder);
    check_ok(jem_report_figure(folders, 2, "cifar10h", file, 0, NULL));
    check_ok(file_read(&text, &n, file, 0));
    assert_non_null(strstr(text, "cross_entropy_human\t"));
    mem_free(text);
    check_fails(jem_report_figure(folders, 2, "nope", file, 0, NULL), JEM_EUSAGE, "there are: people, cifar10h");
    check_fails(jem_report_figure(folders, 2, "cifar10h", file, 20, NULL), JEM_EUSAGE, "width_mm = 20");
    snprintf(file, sizeof file, "%s/one.doc", folder);
    check_fails(jem_report_figure(folders, 2, "cifar10h", file, 0, NULL), JEM_EUSAGE, "one.doc");
    assert_false(file_exists(file));
    assert_false(file_exists(path_of("models.html")) || dir_exists(path_of("first/figures")));
}

/* ---- the example */

/* Trials of a run of put_study, whose mean is its score. */
static void put_trials(double alpha, int seed, double value)
{
    char dir[450], text[8192];
    size_t used = (size_t)snprintf(text, sizeof text, "subj,session,trial,rt,object_response,category,condition,"
                                                      "imagename,cross_entropy\n");
    for (int i = 0; i < IMAGES; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "m,1,%d,NaN,cat,cat,0,%02d.png,%.17g\n", i, i,
                                 value + (i % 2 ? 0.05 : -0.05));
    snprintf(dir, sizeof dir, "%s/alpha-%.2f-seed-%d/trials", path_of("study"), alpha, seed);
    check_ok(dir_make(dir));
    put_file(dir, "cifar10h.csv", text);
}

static void the_example_of_both_headers_runs(void **state)
{
    (void)state;
    char command[1600], program[640], *text = NULL;
    size_t n;

    example_program(program, sizeof program, "findings");
    put_study("study");
    for (int seed = 1; seed <= SEEDS; seed++)
        for (int a = 0; a < ALPHAS; a++) put_trials(alphas[a], seed, peak[a] + 0.01 * seed);
    snprintf(command, sizeof command, "%s '%s' 0.5 > '%s'", program, path_of("study"), path_of("out"));
    assert_int_equal(system(command), 0);
    check_ok(file_read(&text, &n, path_of("out"), 0));
    assert_non_null(strstr(text, "best alpha 0.5"));
    assert_non_null(strstr(text, "better"));
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_line_has_the_numbers_of_the_statistics, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_study_without_scores_along_alpha_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(seeds_for_a_margin_come_from_a_pilot, make_folder, remove_folder),
        cmocka_unit_test(a_design_without_a_pilot_shows_a_margin),
        cmocka_unit_test_setup_teardown(models_are_compared_as_by_the_program, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_comparison_that_cannot_be_is_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_table_has_a_row_per_score, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(several_folders_share_a_page, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(one_figure_is_drawn_alone, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(the_example_of_both_headers_runs, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
