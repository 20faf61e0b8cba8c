/* Scores, tables and trials survive the disk, and bad files are refused with
 * file and place. */
#include "base/file.h"
#include "base/mem.h"
#include "base/fields.h"
#include "record/record.h"
#include "support/folder.h"

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static const char *with_text(const char *text)
{
    const char *path = in_folder("file");
    check_ok(file_write(path, text, strlen(text)));
    return path;
}

static score example(void)
{
    score s = SCORE_INIT;
    s.benchmark = "ood";
    s.metric = "auroc";
    s.model = "wrn-16-1";
    s.alpha = 0.1;
    s.seed = 3;
    s.condition = "lse:noise";
    s.value = 1.0 / 3;
    s.low = 0.25;
    s.n = 512;
    s.command = "jem eval \"a run\"\t# with é";
    return s;
}

static void scores_read_back_as_they_were_written(void **state)
{
    (void)state;
    score_list list = SCORE_LIST_INIT, back = SCORE_LIST_INIT;
    score s = example();
    check_ok(score_list_append(&list, &s));
    s.condition = "lse:cifar10";
    s.alpha = NAN;
    s.seed = -1;
    s.value = INFINITY; /* JSON has no infinities: null */
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, folder));
    check_ok(score_list_load(&back, folder));
    assert_int_equal(back.count, 2);
    const score *b = &back.scores[0];
    assert_string_equal(b->command, "jem eval \"a run\"\t# with é");
    assert_true(b->value == 1.0 / 3 && b->alpha == 0.1 && b->low == 0.25);
    assert_true(isnan(b->high) && isnan(b->ceiling) && b->n == 512 && b->seed == 3);
    assert_null(b->formula);
    assert_true(isnan(back.scores[1].value) && isnan(back.scores[1].alpha));
    assert_int_equal(back.scores[1].seed, -1);
    assert_ptr_equal(score_list_find(&back, "ood", "auroc", "lse:cifar10"), &back.scores[1]);
    assert_ptr_equal(score_list_find(&back, "ood", "auroc", NULL), &back.scores[0]);
    assert_null(score_list_find(&back, "ood", "accuracy", NULL));
    score_list_clear(&back);
    score_list_clear(&list);
}

static void evaluating_again_updates_and_keeps_other_scores(void **state)
{
    (void)state;
    score_list list = SCORE_LIST_INIT, back = SCORE_LIST_INIT;
    score s = example();
    check_ok(score_list_append(&list, &s));
    s.metric = "other";
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_save(&list, folder));
    score_list_clear(&list);
    s = example();
    s.value = 0.75;
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_append(&list, &s));
    assert_int_equal(list.count, 1);
    check_ok(score_list_save(&list, folder));
    check_ok(score_list_load(&back, folder));
    assert_int_equal(back.count, 2);
    assert_true(score_list_find(&back, "ood", "auroc", NULL)->value == 0.75);
    assert_non_null(score_list_find(&back, "ood", "other", NULL));
    score_list_clear(&back);
    score_list_clear(&list);
}

static void put_score(score_list *list, const char *benchmark, const char *model,
                      const char *condition, const char *command)
{
    score s = example();
    s.benchmark = benchmark;
    s.model = model;
    s.condition = condition;
    s.command = command;
    check_ok(score_list_append(list, &s));
}

static void a_scoring_replaces_all_that_earlier_ones_of_this_model_said(void **state)
{
    (void)state;
    score_list old = SCORE_LIST_INIT, fresh = SCORE_LIST_INIT, back = SCORE_LIST_INIT;
    put_score(&old, "bapps", "resnet", "traditional", "first");
    put_score(&old, "bapps", "resnet", "deblur", "first");
    put_score(&old, "bapps", "human", "deblur", "first");
    put_score(&old, "bapps", "alexnet", "deblur", "second"); /* another model's stay, */
    put_score(&old, "bapps", "oracle", "deblur", "second");
    put_score(&old, "gloss", "resnet", NULL, "first"); /* and other benchmarks */
    check_ok(score_list_save(&old, folder));
    put_score(&fresh, "bapps", "resnet", "traditional", "third");
    put_score(&fresh, "bapps", "human", "traditional", "third");
    check_ok(score_list_replace(&fresh, folder, "bapps", "resnet"));
    check_ok(score_list_load(&back, folder));
    static const char *const left[][3] = {{"bapps", "alexnet", "deblur"},
                                          {"bapps", "oracle", "deblur"},
                                          {"gloss", "resnet", NULL},
                                          {"bapps", "resnet", "traditional"},
                                          {"bapps", "human", "traditional"}};
    assert_int_equal(back.count, 5);
    for (int i = 0; i < 5; i++) {
        assert_string_equal(back.scores[i].benchmark, left[i][0]);
        assert_string_equal(back.scores[i].model, left[i][1]);
        if (left[i][2]) assert_string_equal(back.scores[i].condition, left[i][2]);
    }
    score_list_clear(&old);
    score_list_clear(&fresh);
    score_list_clear(&back);
}

/* jem eval and jem bench gloss wrote three scores under one key once; the command tells which. */
static void old_scores_of_a_runs_own_scenes_are_read_as_such(void **state)
{
    (void)state;
    static const struct {
        const char *benchmark, *command, *read_as;
    } cases[] = {
        {"gloss", "\"jem eval STUDY --force\"", "scenes"},
        {"gloss", "\"jem bench gloss STUDY\"", "gloss"},
        {"gloss", "\"jem bench gloss 'jem eval'\"", "gloss"},
        {"gloss", "\"jem evaluate\"", "gloss"},
        {"gloss", "null", "gloss"},
        {"ood", "\"jem eval STUDY\"", "ood"},
        {"scenes", "\"jem eval STUDY\"", "scenes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        score_list list = SCORE_LIST_INIT;
        snprintf(text, sizeof text,
                 "[{\"benchmark\": \"%s\", \"metric\": \"relief_r2\", \"value\": 0.5, \"command\": %s}]",
                 cases[i].benchmark, cases[i].command);
        check_ok(score_list_read(&list, with_text(text)));
        assert_int_equal(list.count, 1);
        assert_string_equal(list.scores[0].benchmark, cases[i].read_as);
        assert_true(list.scores[0].value == 0.5);
        score_list_clear(&list);
    }
}

/* Scoring the benchmark of a run that an older version evaluated drops the benchmark's scores alone. */
static void a_scoring_of_gloss_keeps_old_scores_of_a_runs_own_scenes(void **state)
{
    (void)state;
    score_list old = SCORE_LIST_INIT, fresh = SCORE_LIST_INIT, back = SCORE_LIST_INIT;
    put_score(&old, "gloss", "wrn-16-1", NULL, "jem eval RUN");
    put_score(&old, "gloss", "wrn-16-1", "0", "jem bench gloss RUN");
    check_ok(score_list_save(&old, folder));
    put_score(&fresh, "gloss", "wrn-16-1", NULL, "jem bench gloss RUN");
    check_ok(score_list_replace(&fresh, folder, "gloss", "wrn-16-1"));
    check_ok(score_list_load(&back, folder));
    assert_int_equal(back.count, 2);
    assert_string_equal(back.scores[0].benchmark, "scenes");
    assert_string_equal(back.scores[0].command, "jem eval RUN");
    assert_string_equal(back.scores[1].benchmark, "gloss");
    score_list_clear(&old);
    score_list_clear(&fresh);
    score_list_clear(&back);
}

static void the_score_table_has_the_columns_that_redraw_a_figure(void **state)
{
    (void)state;
    score_list list = SCORE_LIST_INIT;
    score s = example();
    char *text;
    size_t size;
    check_ok(score_list_append(&list, &s));
    check_ok(score_list_write_tsv(&list, in_folder("t.tsv")));
    check_ok(file_read(&text, &size, in_folder("t.tsv"), 0));
    assert_string_equal(text,
                        "benchmark\tmetric\tmodel\talpha\tseed\tvalue\tcondition\tdataset\tlow\t"
                        "high\tn\tceiling\n"
                        "ood\tauroc\twrn-16-1\t0.1\t3\t0.3333333333333333\tlse:noise\t\t0.25\t\t"
                        "512\t\n");
    mem_free(text);
    score_list_clear(&list);
}

static void bad_scores_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"[\n{\"benchmark\": \"a\",\n]", "file:3"},
        {"{}", "array"},
        {"[3]", "score 1 is not an object"},
        {"[{\"benchmark\": \"a\", \"metric\": \"m\"}, {\"benchmrk\": \"a\"}]", "score 2: unknown"},
        {"[{\"benchmark\": \"a\", \"metric\": \"m\", \"value\": \"x\"}]",
         "\"value\" must be a number"},
        {"[{\"benchmark\": \"a\", \"metric\": \"m\", \"n\": 1.5}]", "\"n\" must be a whole"},
        {"[{\"benchmark\": \"a\", \"metric\": \"m\", \"model\": 1}]", "\"model\" must be a string"},
        {"[{\"benchmark\": \"a\"}]", "score 1: a score needs"},
        {"[{\"benchmark\": \"a\", \"benchmark\": \"b\", \"metric\": \"m\"}]", "file:1"},
        {"", "file:"},
        {"[{\"benchmark\": \"a\", \"metric\": \"m\"}, {\"benchmark\": \"../../outside/evil\", "
         "\"metric\": \"m\"}]", "score 2: benchmark '../../outside/evil' cannot name a file"},
        {"[{\"benchmark\": \"\\u001b[31m\", \"metric\": \"m\"}]", "benchmark '\\x1b[31m' cannot"},
        {"[{\"benchmark\": \"\", \"metric\": \"m\"}]", "benchmark '' cannot"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        score_list list = SCORE_LIST_INIT;
        check_fails(score_list_read(&list, with_text(cases[i].text)), JEM_EDATA, cases[i].message);
        assert_int_equal(list.count, 0); /* nor is a part of it taken */
        score_list_clear(&list);
    }
    score_list list = SCORE_LIST_INIT;
    check_ok(score_list_load(&list, in_folder("no-such-run")));
    assert_int_equal(list.count, 0);
}

static void tables_read_back_bit_for_bit(void **state)
{
    (void)state;
    static const char *const names[] = {"lo", "a b", "say \"x\"\tnow"};
    const double rows[2][3] = {{0.1, NAN, -1e-300}, {1.0 / 3, INFINITY, 12345678}};
    table t = TABLE_INIT, back = TABLE_INIT;
    check_ok(table_init(&t, 3, names));
    for (int i = 0; i < 2; i++) check_ok(table_append(&t, rows[i]));
    check_ok(table_save(&t, folder, "reliability"));
    check_ok(table_read(&back, in_folder("scores/reliability.tsv"), '\t'));
    assert_int_equal(back.rows, 2);
    assert_int_equal(back.columns, 3);
    assert_string_equal(back.names[2], names[2]);
    assert_int_equal(table_find(&back, "a b"), 1);
    assert_int_equal(table_find(&back, "ab"), -1);
    for (int i = 0; i < 6; i++) {
        double a = t.values[i], b = back.values[i];
        assert_true(a == b || (isnan(a) && isnan(b)));
    }
    table_clear(&back);
    table_clear(&t);
}

static void bad_tables_are_refused_with_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {{"", "empty"},
                 {"a,b\n1,2\n3\n", "file:3: 1 fields"},
                 {"a,b\n1,2,3\n", "file:2: 3 fields"},
                 {"a,b\n1,x\n", "file:2: field 2 is 'x'"},
                 {"a,a\n", "two columns"},
                 {"a,b\n\"1,2\n3,4\n", "file:2: a quote opens here and never closes"},
                 {"a,b\n\"1\"2,3\n", "file:2: text after a closing quote"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        table t = TABLE_INIT;
        check_fails(table_read(&t, with_text(cases[i].text), ','), JEM_EDATA, cases[i].message);
        assert_null(t.names);
    }
    table t = TABLE_INIT;
    check_fails(table_read(&t, in_folder("absent"), ','), JEM_EDATA, "absent");
}

static void a_table_of_nothing_but_short_numbers_is_refused(void **state)
{
    enum { ROWS = 3000000 };
    char *text;
    table t = TABLE_INIT;
    (void)state;
    check_ok(mem_alloc(&text, 2 * ROWS + 3, 1));
    memcpy(text, "a\n", 2);
    for (int i = 0; i < ROWS; i++) memcpy(text + 2 + 2 * i, "1\n", 2);
    check_fails(table_read(&t, with_text(text), ','), JEM_EDATA, "too many empty or short fields");
    text[2 + 2 * (ROWS / 2)] = '\0';
    check_ok(table_read(&t, with_text(text), ','));
    assert_int_equal(t.rows, ROWS / 2);
    table_clear(&t);
    mem_free(text);
}

static void a_table_may_come_from_another_system(void **state)
{
    (void)state;
    table t = TABLE_INIT;
    check_ok(table_read(&t, with_text("\xef\xbb\xbfstep,\"loss\"\r\n\r\n1,\r\n2,0.5"), ','));
    assert_int_equal(t.rows, 2);
    assert_int_equal(table_find(&t, "loss"), 1);
    assert_true(isnan(table_get(&t, 0, 1)) && table_get(&t, 1, 1) == 0.5);
    table_clear(&t);
}

static void trials_keep_the_columns_of_the_field(void **state)
{
    (void)state;
    trial_list list = TRIAL_LIST_INIT, back = TRIAL_LIST_INIT;
    const trial t = {"wrn, small", 1, 7, NAN, "glossy", "matte", "0", "scene\"7\".png"};
    char *text;
    size_t size;
    check_ok(trial_list_append(&list, &t));
    check_ok(trial_list_save(&list, folder, "gloss"));
    check_ok(file_read(&text, &size, in_folder("trials/gloss.csv"), 0));
    assert_string_equal(text, "subj,session,trial,rt,object_response,category,condition,imagename\n"
                              "\"wrn, small\",1,7,NaN,glossy,matte,0,\"scene\"\"7\"\".png\"\n");
    mem_free(text);
    check_ok(trial_list_read(&back, in_folder("trials/gloss.csv")));
    assert_int_equal(back.count, 1);
    assert_string_equal(back.trials[0].subj, t.subj);
    assert_string_equal(back.trials[0].imagename, t.imagename);
    assert_int_equal(back.trials[0].trial, 7);
    assert_true(isnan(back.trials[0].rt));
    trial_list_clear(&back);
    check_fails(trial_list_read(&back, with_text("subj,session\n")), JEM_EDATA,
                "file:1: no column 'object_response', 'category', 'imagename' (columns are separated by "
                "',' here); trials need subj, object_response, category and imagename");
    check_fails(
        trial_list_read(&back, with_text("Subj,session,trial,rt,object_response,category,condition,"
                                         "imagename\na,1,two,NaN,a,b,c,d\n")),
        JEM_EDATA, "file:2: field 3");
    trial_list_clear(&back);
    trial_list_clear(&list);
}

/* One trial, as spreadsheets, R and pandas write it. */
static void trials_of_other_programs_are_read(void **state)
{
    static const char *const texts[] = {
        "\xef\xbb\xbfsubj,session,trial,rt,object_response,category,condition,imagename\na,1,7,NA,b,c,0,d\n",
        "subj;session;trial;rt;object_response;category;condition;imagename\r\na;1.0;7.0;None;b;c;0;d\r\n",
        "subj\tsession\ttrial\trt\tobject_response\tcategory\tcondition\timagename\na\t1\t7\t\tb\tc\t0\td\n",
        "subj, session, trial, rt, object_response, category, condition, imagename\na, 1, 7, nan, b, c, 0, \"d\"\n",
        "subj,session,trial,rt,object_response,category,condition,imagename\ra,1,7,<NA>,b,c,0,d\r",
        "sep=;\r\nsubj;session;trial;rt;object_response;category;condition;imagename\r\na;1;7;NULL;b;c;0;d\r\n",
    };
    trial_list list = TRIAL_LIST_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        check_ok(trial_list_read(&list, with_text(texts[i])));
        assert_int_equal(list.count, 1);
        const trial *t = list.trials;
        assert_true(t->session == 1 && t->trial == 7 && isnan(t->rt));
        assert_string_equal(t->subj, "a");
        assert_string_equal(t->object_response, "b");
        assert_string_equal(t->condition, "0");
        assert_string_equal(t->imagename, "d");
        trial_list_clear(&list);
    }
    check_ok(trial_list_read(&list, with_text("subj,object_response,category,imagename\na,b,c,d\ne,f,g,h\n")));
    assert_int_equal(list.count, 2);
    assert_true(list.trials[1].trial == 2 && isnan(list.trials[1].rt));
    assert_string_equal(list.trials[1].condition, "");
    trial_list_clear(&list);
    check_fails(trial_list_read(&list, with_text("subj,trial,object_response,category,imagename\na,1.5,b,c,d\n")),
                JEM_EDATA, "file:2: field 2 is '1.5', not a whole number");
    trial_list_clear(&list);
}

static void numbers_take_no_more_digits_than_they_need(void **state)
{
    (void)state;
    char text[NUMBER_TEXT_MAX];
    assert_string_equal(number_text(text, 0.1), "0.1");
    assert_string_equal(number_text(text, 0.1 + 0.2), "0.30000000000000004");
    assert_string_equal(number_text(text, 3), "3");
    assert_string_equal(number_text(text, NAN), "nan");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(scores_read_back_as_they_were_written),
        TEST(evaluating_again_updates_and_keeps_other_scores),
        TEST(a_scoring_replaces_all_that_earlier_ones_of_this_model_said),
        TEST(old_scores_of_a_runs_own_scenes_are_read_as_such),
        TEST(a_scoring_of_gloss_keeps_old_scores_of_a_runs_own_scenes),
        TEST(the_score_table_has_the_columns_that_redraw_a_figure),
        TEST(bad_scores_are_refused_with_their_place),
        TEST(tables_read_back_bit_for_bit),
        TEST(bad_tables_are_refused_with_file_and_line),
        TEST(a_table_of_nothing_but_short_numbers_is_refused),
        TEST(a_table_may_come_from_another_system),
        TEST(trials_keep_the_columns_of_the_field),
        TEST(trials_of_other_programs_are_read),
        cmocka_unit_test(numbers_take_no_more_digits_than_they_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
