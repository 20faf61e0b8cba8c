/* Settings: strict reading, helpful refusals, exact writing. */
#include "base/file.h"
#include "base/mem.h"
#include "base/options.h"
#include "support/check.h"

typedef struct top {
    double alpha;
    int64_t seed;
    char path[OPTION_STRING_MAX];
} top;

typedef struct train {
    double lr;
    int schedule;
    bool ema;
    option_list milestones;
} train;

static const option top_options[] = {
    {"alpha", OPTION_REAL, offsetof(top, alpha), "0.5", 0, 1, NULL, "weight of the energy term"},
    {"seed", OPTION_INT, offsetof(top, seed), "0", 0, 1e18, NULL, "seed of every draw"},
    {"path", OPTION_STRING, offsetof(top, path), "", 0, 0, NULL, "where the data is"},
    {0},
};
static const option train_options[] = {
    {"lr", OPTION_REAL, offsetof(train, lr), "1e-4", 0, 10, NULL, "step size of Adam"},
    {"schedule", OPTION_CHOICE, offsetof(train, schedule), "cosine", 0, 0, "constant|cosine|linear",
     "rate over time"},
    {"ema", OPTION_BOOL, offsetof(train, ema), "false", 0, 0, NULL, "average the weights"},
    {"milestones", OPTION_LIST, offsetof(train, milestones), "[0.3, 0.6]", 0, 1, NULL, "when"},
    {0},
};

typedef struct settings {
    top top;
    train train;
    option_group groups[3];
} settings;

static void init(settings *s)
{
    memset(s, 0, sizeof *s);
    s->groups[0] = (option_group){"train", train_options, &s->train};
    s->groups[1] = (option_group){"", top_options, &s->top};
    check_ok(options_defaults(s->groups));
}

static char dir[64], file[128];

static int make_dir(void **state)
{
    (void)state;
    check_tmp(dir, sizeof dir);
    snprintf(file, sizeof file, "%s/c.yaml", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    check_tmp_remove(dir);
    return 0;
}

static jem_status load(settings *s, const char *text)
{
    init(s);
    check_ok(file_write(file, text, strlen(text)));
    return options_load(s->groups, file);
}

static void defaults_are_parsed_like_input(void **state)
{
    settings s;

    (void)state;
    init(&s);
    assert_true(s.top.alpha == 0.5);
    assert_true(s.train.lr == 1e-4);
    assert_int_equal(s.train.schedule, 1);
    assert_int_equal(s.train.milestones.count, 2);
    assert_true(s.train.milestones.values[1] == 0.6);
    assert_string_equal(s.top.path, "");
}

static void assignments_set_values(void **state)
{
    settings s;
    char text[64];

    (void)state;
    init(&s);
    check_ok(options_assign(s.groups, "alpha=1"));
    check_ok(options_assign(s.groups, "train.ema=true"));
    check_ok(options_assign(s.groups, "path=a=b c"));
    check_ok(options_assign(s.groups, "train.milestones=[]"));
    check_ok(options_assign(s.groups, "train.schedule=linear"));
    assert_true(s.top.alpha == 1.0 && s.train.ema);
    assert_string_equal(s.top.path, "a=b c");
    assert_int_equal(s.train.milestones.count, 0);
    check_ok(options_get(s.groups, "train.schedule", text, sizeof text));
    assert_string_equal(text, "linear");
    check_fails(options_get(s.groups, "train.schedule", text, 3), JEM_EINTERNAL, "longer");
}

static void refusals_name_key_value_and_what_is_expected(void **state)
{
    settings s, before;
    char longer[1100];

    (void)state;
    init(&s);
    before = s;
    check_fails(options_assign(s.groups, "alpha=1.2"), JEM_EUSAGE,
                "settings: alpha = '1.2': expected a number from 0 to 1");
    check_fails(options_assign(s.groups, "alpha=nan"), JEM_EUSAGE, "alpha");
    check_fails(options_assign(s.groups, "alpha=0x1"), JEM_EUSAGE, "alpha");
    check_fails(options_assign(s.groups, "alpha="), JEM_EUSAGE, "alpha");
    check_fails(options_assign(s.groups, "alpha=0.5x"), JEM_EUSAGE, "alpha");
    check_fails(options_assign(s.groups, "alpha=1e999"), JEM_EUSAGE, "alpha");
    check_fails(options_assign(s.groups, "seed=1.5"), JEM_EUSAGE, "whole number");
    check_fails(options_assign(s.groups, "seed=99999999999999999999"), JEM_EUSAGE, "seed");
    check_fails(options_assign(s.groups, "seed=-1"), JEM_EUSAGE, "seed");
    check_fails(options_assign(s.groups, "train.ema=yes"), JEM_EUSAGE, "true or false");
    check_fails(options_assign(s.groups, "train.schedule=cos"), JEM_EUSAGE,
                "one of constant, cosine, linear");
    check_fails(options_assign(s.groups, "train.milestones=[0.1, 2]"), JEM_EUSAGE, "from 0 to 1");
    check_fails(options_assign(s.groups, "train.milestones=0.1"), JEM_EUSAGE, "list");
    check_fails(options_assign(s.groups, "train.milestones=[0.1,]"), JEM_EUSAGE, "list");
    check_fails(options_assign(s.groups, "path=\xff"), JEM_EUSAGE, "UTF-8");
    check_fails(options_assign(s.groups, "path=\xed\xa0\x80"), JEM_EUSAGE, "UTF-8");
    memset(longer, 'x', sizeof longer);
    memcpy(longer, "path=", 5);
    longer[sizeof longer - 1] = '\0';
    check_fails(options_assign(s.groups, longer), JEM_EUSAGE, "path");
    check_fails(options_assign(s.groups, "alpha"), JEM_EUSAGE, "key=value");
    assert_memory_equal(&s, &before, sizeof s);
}

static void unknown_keys_name_the_nearest(void **state)
{
    settings s;

    (void)state;
    init(&s);
    check_fails(options_assign(s.groups, "train.shedule=linear"), JEM_EUSAGE,
                "unknown key 'train.shedule'; did you mean 'train.schedule'?");
    check_fails(options_assign(s.groups, "lr=1"), JEM_EUSAGE, "'train.lr'");
    check_fails(options_assign(s.groups, "aplha=1"), JEM_EUSAGE, "'alpha'");
}

static void nested_and_dotted_yaml_mean_the_same(void **state)
{
    settings s;

    (void)state;
    check_ok(load(&s, "# comment\nalpha: 0.25\ntrain:\n  lr: 3e-4\n  milestones:\n  - 0.1\n  - 1\n"
                      "train.ema: true\npath: 'it''s'\n"));
    assert_true(s.top.alpha == 0.25 && s.train.lr == 3e-4 && s.train.ema);
    assert_int_equal(s.train.milestones.count, 2);
    assert_string_equal(s.top.path, "it's");
    check_ok(load(&s, "train: {schedule: constant, milestones: [0.5]}\n"));
    assert_int_equal(s.train.schedule, 0);
    check_ok(load(&s, "{\"alpha\": 0.75, \"path\": \"p\",\n \"train\": {\"schedule\": \"linear\", \"ema\": true}}\n"));
    assert_true(s.top.alpha == 0.75 && s.train.schedule == 2 && s.train.ema);
    check_ok(load(&s, "\xef\xbb\xbftrain:\r\n  schedule: 'cosine'\r\n  ema: False\r\n"));
    assert_true(s.train.schedule == 1 && !s.train.ema);
    check_ok(load(&s, "train.ema: True\n"));
    assert_true(s.train.ema);
    check_ok(load(&s, ""));
    check_ok(load(&s, "# nothing\n"));
    check_ok(load(&s, "train:\n  # lr: 3\nalpha: 1\n"));
    assert_true(s.top.alpha == 1.0);
}

static void bad_yaml_is_refused_with_file_and_line(void **state)
{
    static const struct {
        const char *text, *line, *reason;
    } cases[] = {
        {"alpha: 1\nalhpa: 0\n", ":2: ", "did you mean 'alpha'"},
        {"alpha: 1\n\nalpha: 0\n", ":3: ", "already set in line 1"},
        {"train:\n  lr: 1\ntrain.lr: 1\n", ":3: ", "already set in line 2"},
        {"train:\n  lr: fast\n", ":2: ", "train.lr = 'fast': expected a number from 0 to 10"},
        {"alpha: '0.5'\n", ":1: ", "without quotes"},
        {"alpha:\n", ":1: ", "no value"},
        {"alpha: [1]\n", ":1: ", "expected a number"},
        {"alpha: {x: 1}\n", ":1: ", "takes one value"},
        {"trian:\n  lr: 1\n", ":1: ", "did you mean"},
        {"train: 5\n", ":1: ", "did you mean"},
        {"path: [1, 2]\n", ":1: ", "is a list"},
        {"path: &a x\n", ":1: ", "anchors"},
        {"alpha: 1\npath: *a\n", ":2: ", "anchors"},
        {"path: !!str x\n", ":1: ", "tags"},
        {"alpha: 1\n---\nseed: 1\n", ":2: ", "second document"},
        {"- 1\n", ":1: ", "key: value"},
        {"? [1]\n: 2\n", ":1: ", "key must be"},
        {"train:\n  milestones: [[1]]\n", ":2: ", "plain numbers"},
        {"train:\n  milestones: [a, b]\n", ":2: ", "plain numbers"},
        {"train:\n  milestones: [2]\n", ":2: ", "from 0 to 1"},
        {"alpha: [1\n", ":2: ", "not valid YAML"},
        {"path: \"a\\0b\"\n", ":1: ", "zero byte"},
        {"\tx: 1\n", ":1: ", "not valid YAML: a tab indents this line; use spaces"},
        {"alpha: 1\ntrain:\n  \tlr: 1\n", ":3: ", "a tab indents this line; use spaces"},
        {"train.schedule: 'fast'\n", ":1: ", "one of constant, cosine, linear"},
    };
    settings s;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char where[160];
        snprintf(where, sizeof where, "%s%s", file, cases[i].line);
        check_fails(load(&s, cases[i].text), JEM_EUSAGE, cases[i].reason);
        if (!strstr(jem_error_message(), where))
            fail_msg("'%s' lacks '%s'", jem_error_message(), where);
    }
    check_fails(options_load(s.groups, "/no/such.yaml"), JEM_EDATA, "/no/such.yaml");
}

static void keys_of_other_groups_can_be_passed_over(void **state)
{
    (void)state;
    static const char text[] = "other: {deep: [1, 2], deeper: {a: 1}, x: y}\nalpha: 0.5\n"
                               "train: {lr: 0.25}\nlist: [1, 2]\ntrain.ema: true\nword: w\n";
    settings s;
    option_file f = {.text = NULL};
    init(&s);
    const option_group one[] = {s.groups[0], {NULL, NULL, NULL}};

    check_ok(file_write(file, text, sizeof text - 1));
    check_ok(options_read(&f, file));
    check_ok(options_parse(one, &f, true));
    check_near(s.train.lr, 0.25, 0, 1);
    assert_true(s.train.ema);
    check_fails(options_parse(one, &f, false), JEM_EUSAGE, "c.yaml:1: unknown key 'other'");
    mem_free(f.text);
    check_ok(file_write(file, "train: {lr: fast}\n", 18));
    check_ok(options_read(&f, file));
    check_fails(options_parse(one, &f, true), JEM_EUSAGE, "train.lr = 'fast'");
    mem_free(f.text);
}

static void every_truncation_of_a_config_is_survived(void **state)
{
    const char text[] = "train: {lr: 1, milestones: [0.1, 0.2]}\npath: \"a\\u00e9b\"\nseed: 12\n";
    settings s;

    (void)state;
    for (size_t n = 0; n < sizeof text - 1; n++) {
        jem_status st;
        init(&s);
        check_ok(file_write(file, text, n));
        st = options_load(s.groups, file);
        assert_true(st == JEM_OK || st == JEM_EUSAGE);
    }
}

static void saved_settings_load_back_exactly(void **state)
{
    settings s, back;
    file_writer w = FILE_WRITER_INIT;
    char *text = NULL;
    size_t size = 0;

    (void)state;
    init(&s);
    s.top.alpha = 0.1 + 0.2;
    s.top.seed = 999999999999999999;
    s.train.lr = 1.0 / 3.0;
    s.train.ema = true;
    s.train.schedule = 2;
    s.train.milestones = (option_list){3, {0.1, 2.0 / 3.0, 1e-300}};
    snprintf(s.top.path, sizeof s.top.path, "%s",
             "a \"b\" \\ #c: [x]\n\t\x01\x7f caf\xc3\xa9 \xe2\x80\xa8 \xf0\x9f\x98\x80 \xc2\x85");
    check_ok(file_writer_open(&w, file));
    check_ok(options_save(s.groups, &w));
    check_ok(file_writer_commit(&w));
    init(&back);
    check_ok(options_load(back.groups, file));
    assert_memory_equal(&s.train, &back.train, sizeof s.train);
    assert_true(s.top.alpha == back.top.alpha && s.top.seed == back.top.seed);
    assert_string_equal(s.top.path, back.top.path);
    check_ok(file_read(&text, &size, file, 0));
    assert_non_null(strstr(text, "train:\n"));
    assert_non_null(strstr(text, "  # step size of Adam (a number from 0 to 10)\n  lr: 0.3333"));
    assert_non_null(strstr(text, "\nalpha: 0.30000000000000004\n"));
    mem_free(text);
}

static void count_line(void *ctx, const char *line)
{
    int *n = ctx;

    *n += strstr(line, "train.lr") && strstr(line, "1e-4") && strstr(line, "step size");
    *n += 100;
}

static void help_has_one_line_per_key(void **state)
{
    settings s;
    int n = 0;

    (void)state;
    init(&s);
    options_help(s.groups, count_line, &n);
    assert_int_equal(n, 701);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_parsed_like_input),
        cmocka_unit_test(assignments_set_values),
        cmocka_unit_test(refusals_name_key_value_and_what_is_expected),
        cmocka_unit_test(unknown_keys_name_the_nearest),
        cmocka_unit_test(nested_and_dotted_yaml_mean_the_same),
        cmocka_unit_test(bad_yaml_is_refused_with_file_and_line),
        cmocka_unit_test(keys_of_other_groups_can_be_passed_over),
        cmocka_unit_test(every_truncation_of_a_config_is_survived),
        cmocka_unit_test(saved_settings_load_back_exactly),
        cmocka_unit_test(help_has_one_line_per_key),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
