/* Every command's table: what is in it, and that usage, help and parsing are made from it. */
#include "cli/program.h"
#include "support/folder.h"

#include <math.h>

#include "cli/cli.h"

enum { COMMANDS = 64, WORDS = 40, OPTIONS_BYTES = 1 << 17, LINE = 110 };

/* All commands, with their actions in place of those that have some. */
static int list_commands(const command *list[COMMANDS])
{
    int n = 0;
    for (const command *const *c = cli_commands(); *c; c++) {
        if (!(*c)->actions) list[n++] = *c;
        for (const command *const *a = (*c)->actions; a && *a; a++) list[n++] = *a;
    }
    assert_in_range(n, 15, COMMANDS);
    return n;
}

/* The words of a line that no shell has to unquote; words[count] is NULL. */
static int cut_words(char *words[WORDS], char *line)
{
    int n = 0;
    char *rest = NULL;
    for (char *w = strtok_r(line, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        if (strcmp(w, "--verbose") != 0) words[n++] = w; /* every command's, and taken out before */
    assert_in_range(n, 1, WORDS - 1);
    words[n] = NULL;
    return n;
}

/* Parses what follows "jem NAME" into `options`, which points into it until the next call. */
static jem_status parse(void *options, const command *c, const char *typed)
{
    static char line[600];
    char *words[WORDS];
    snprintf(line, sizeof line, "%s %s", strrchr(c->name, ' ') ? strrchr(c->name, ' ') + 1 : c->name, typed);
    int n = cut_words(words, line);
    return cli_parse(options, c, n, words);
}

static void check_line(const command *c, const char *name, const char *text)
{
    if (!text || !text[0] || strchr(text, '\n') || strlen(text) > LINE)
        fail_msg("jem %s: %s: no help of one line: '%s'", c->name, name, text ? text : "");
}

static void every_option_has_a_line_of_help(void **state)
{
    (void)state;
    const command *list[COMMANDS];
    int n = list_commands(list);

    for (int i = 0; i < n; i++) {
        const command *c = list[i];
        assert_true(c->about && c->about[0] && c->run);
        for (const cli_argument *a = c->arguments; a && a->name; a++) check_line(c, a->name, a->help);
        for (const cli_option *o = c->options; o && o->name; o++) {
            check_line(c, o->name, o->help);
            assert_true(o->name[0] == '-' && (!o->other || o->other[0] == '-'));
            assert_true((o->kind == CLI_SWITCH) == !o->value);
            assert_true(!o->required || (o->kind == CLI_TEXT && !o->default_text));
            assert_true(!o->alone || o->kind == CLI_SWITCH || o->kind == CLI_TEXT);
            if (o->kind == CLI_INT) assert_true(o->min >= 0 && o->max > o->min); /* CLI_NONE is neither */
            if (o->kind == CLI_DEVICE) assert_true(cli_takes_settings(c));
        }
    }
}

/* No two of a command's options are spelled alike, or land in one place. */
static void options_are_told_apart(void **state)
{
    (void)state;
    const command *list[COMMANDS];
    int n = list_commands(list);

    for (int i = 0; i < n; i++)
        for (const cli_option *o = list[i]->options; o && o->name; o++)
            for (const cli_option *p = list[i]->options; p != o; p++) {
                assert_string_not_equal(o->name, p->name);
                if (o->other && p->other) assert_string_not_equal(o->other, p->other);
                assert_true(o->offset != p->offset || (o->kind == CLI_DEVICE) != (p->kind == CLI_DEVICE));
            }
}

static void every_command_has_two_examples_that_parse(void **state)
{
    (void)state;
    const command *list[COMMANDS];
    void *options = malloc(OPTIONS_BYTES);
    int n = list_commands(list);

    assert_non_null(options);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < CLI_EXAMPLES; k++) {
            const char *example = list[i]->examples[k];
            size_t name = strlen(list[i]->name);
            assert_non_null(example);
            if (strncmp(example, list[i]->name, name) != 0 || (example[name] && example[name] != ' '))
                fail_msg("jem %s: not an example of it: %s", list[i]->name, example);
            if (parse(options, list[i], example + name) != JEM_OK)
                fail_msg("jem %s: %s", example, jem_error_message());
        }
    free(options);
}

static void help_shows_all_that_the_table_has(void **state)
{
    (void)state;
    const command *list[COMMANDS];
    char args[100], usage[CLI_USAGE];
    int n = list_commands(list);

    for (int i = 0; i < n; i++) {
        const command *c = list[i];
        snprintf(args, sizeof args, "%s --help", c->name);
        program_works(folder, args);
        assert_true(strlen(cli_usage(usage, c)) < CLI_USAGE - 1);
        program_said(folder, "out", usage);
        program_said(folder, "out", c->about);
        for (const cli_argument *a = c->arguments; a && a->name; a++) program_said(folder, "out", a->help);
        for (const cli_option *o = c->options; o && o->name; o++) {
            program_said(folder, "out", o->name);
            program_said(folder, "out", o->help);
            if (o->default_text) program_said(folder, "out", o->default_text);
        }
        for (int k = 0; k < CLI_EXAMPLES; k++) program_said(folder, "out", c->examples[k]);
        size_t size, again;
        char *one = program_read(folder, "out", &size), *two;
        snprintf(args, sizeof args, "help %s", c->name);
        program_works(folder, args);
        two = program_read(folder, "out", &again);
        assert_string_equal(one, two);
        mem_free(one);
        mem_free(two);
    }
}

/* A line per command for the completion of shells. */
static void words_are_listed_with_their_command(void **state)
{
    (void)state;
    const command *list[COMMANDS];
    char line[1000];
    int n = list_commands(list);

    program_works(folder, "list words");
    for (int i = 0; i < n; i++) {
        size_t used = (size_t)snprintf(line, sizeof line, "%s", list[i]->name);
        for (const cli_option *o = list[i]->options; o && o->name; o++)
            used += (size_t)snprintf(line + used, sizeof line - used, " %s%s%s", o->name,
                                     o->other ? " " : "", o->other ? o->other : "");
        snprintf(line + used, sizeof line - used, "\n");
        program_said(folder, "out", line);
    }
}

/* ---- parsing, by a table of its own */

typedef struct toy {
    const char *from, *to, *name;
    bool loud;
    int64_t count, seed;
    double rate;
    cli_list set;
} toy;

static const cli_argument toy_arguments[] = {
    {"FROM", offsetof(toy, from), .help = "where from", .optional = true},
    {"TO", offsetof(toy, to), .help = "where to"},
    {.name = NULL},
};

static const cli_option toy_options[] = {
    {"--name", CLI_TEXT, offsetof(toy, name), "NAME", .help = "a name", .other = "-n", .required = true},
    {"--loud", CLI_SWITCH, offsetof(toy, loud), NULL, .help = "loudly"},
    {"--list", CLI_SWITCH, offsetof(toy, loud), NULL, .help = "list", .alone = true},
    {"--count", CLI_INT, offsetof(toy, count), "N", .help = "how many", .min = 1, .max = 9},
    {"--seed", CLI_INT, offsetof(toy, seed), "N", .help = "seed", .default_text = "3", .max = CLI_UNBOUNDED},
    {"--rate", CLI_REAL, offsetof(toy, rate), "R", .help = "rate", .max = 1},
    {"--set", CLI_LIST, offsetof(toy, set), "KEY=VALUE", .help = "keys"},
    {"--device", CLI_DEVICE, offsetof(toy, set), "cpu|cuda", .help = "where"},
    {.name = NULL},
};

static const command toy_command = {
    .name = "toy", .about = "a toy", .arguments = toy_arguments, .options = toy_options};

/* A last argument that takes all words that are left. */
typedef struct crowd {
    const char *to;
    cli_list from;
} crowd;

static const cli_argument crowd_arguments[] = {
    {"TO", offsetof(crowd, to), .help = "where to"},
    {"FROM", offsetof(crowd, from), .help = "where from", .several = true},
    {.name = NULL},
};

static const command crowd_command = {.name = "crowd", .about = "a crowd", .arguments = crowd_arguments};

static void a_last_argument_may_take_all_words(void **state)
{
    (void)state;
    crowd t;
    char usage[CLI_USAGE], line[] = "crowd", *words[CLI_LIST_MAX + 2];
    memset(&t, 0x5a, sizeof t);
    check_ok(parse(&t, &crowd_command, "a b c -- -d"));
    assert_string_equal(t.to, "a");
    assert_int_equal(t.from.count, 3);
    assert_string_equal(t.from.values[0], "b");
    assert_string_equal(t.from.values[2], "-d");
    assert_string_equal(cli_usage(usage, &crowd_command), "crowd TO FROM ...");
    assert_int_equal(parse(&t, &crowd_command, "a"), JEM_EUSAGE);
    assert_non_null(strstr(jem_error_message(), "crowd: FROM is missing; usage: jem crowd TO FROM ..."));
    for (int i = 0; i < CLI_LIST_MAX + 2; i++) words[i] = line;
    check_ok(cli_parse(&t, &crowd_command, CLI_LIST_MAX + 1, words));
    assert_int_equal(t.from.count, CLI_LIST_MAX - 1);
    assert_int_equal(cli_parse(&t, &crowd_command, CLI_LIST_MAX + 2, words), JEM_EUSAGE);
}

static void what_is_not_given_has_its_default(void **state)
{
    (void)state;
    toy t;
    memset(&t, 0x5a, sizeof t);
    check_ok(parse(&t, &toy_command, "there -n x"));
    assert_null(t.from);
    assert_string_equal(t.to, "there");
    assert_string_equal(t.name, "x");
    assert_true(!t.loud && t.count == CLI_NONE && t.seed == 3 && isnan(t.rate) && t.set.count == 0);
    check_ok(parse(&t, &toy_command, "--list"));
}

static void what_is_given_lands_where_the_table_says(void **state)
{
    (void)state;
    toy t;
    char usage[CLI_USAGE];
    check_ok(parse(&t, &toy_command,
                   "-1 --name=y --set a=1 --loud --device cuda --count 9 --set b=2 --rate=0.5 "
                   "--seed 9223372036854775807 -- --there"));
    assert_string_equal(t.from, "-1"); /* a number is no option */
    assert_string_equal(t.to, "--there");
    assert_string_equal(t.name, "y");
    assert_true(t.loud && t.count == 9 && t.seed == INT64_MAX && t.rate == 0.5 && t.set.count == 3);
    assert_string_equal(t.set.values[0], "a=1");
    assert_string_equal(t.set.values[1], "engine.device=cuda"); /* in the order they were typed */
    assert_string_equal(t.set.values[2], "b=2");
    assert_string_equal(cli_usage(usage, &toy_command),
                        "toy [FROM] TO [--loud] [--list] [--count N] [--seed N] [--rate R] "
                        "[--set KEY=VALUE ...] [--device cpu|cuda] --name NAME");
}

static void mistakes_name_the_option(void **state)
{
    (void)state;
    static const char *const mistakes[][2] = {
        {"there", "toy: --name is missing; usage: jem toy [FROM] TO"},
        {"--name x", "toy: TO is missing; usage"},
        {"a b c --name x", "toy: unexpected argument c; usage"},
        {"a --nam x", "toy: unknown option --nam; did you mean --name?"},
        {"a --name x --count 0", "--count: '0' is not a whole number from 1 to 9"},
        {"a --name x --count 1.5", "--count: '1.5' is not a whole number from 1 to 9"},
        {"a --name x --rate nan", "--rate: 'nan' is not a number from 0 to 1"},
        {"a --name x --loud=1", "toy: no value belongs to --loud; usage"},
        {"a --name", "toy: a value is missing after --name; usage"},
    };
    toy t;
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        assert_int_equal(parse(&t, &toy_command, mistakes[i][0]), JEM_EUSAGE);
        if (!strstr(jem_error_message(), mistakes[i][1]))
            fail_msg("'%s' is not in: %s", mistakes[i][1], jem_error_message());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_option_has_a_line_of_help),
        cmocka_unit_test(options_are_told_apart),
        cmocka_unit_test(every_command_has_two_examples_that_parse),
        cmocka_unit_test(help_shows_all_that_the_table_has),
        cmocka_unit_test(words_are_listed_with_their_command),
        cmocka_unit_test(a_last_argument_may_take_all_words),
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(what_is_given_lands_where_the_table_says),
        cmocka_unit_test(mistakes_name_the_option),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
