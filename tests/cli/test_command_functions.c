/* Every command of the program has functions of libjem in its place: tests/lib/commands.txt. */
#include "support/check.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "cli/cli.h"

enum { LINE = 400 };

static char *read_all(const char *path)
{
    char *text = NULL;
    size_t n;
    check_ok(file_read(&text, &n, path, 0));
    return text;
}

/* All public headers, one after the other. */
static char *read_headers(void)
{
    strbuf all = STRBUF_INIT;
    char **names = NULL;
    int count = 0;
    check_ok(dir_list(&names, &count, JEM_SOURCE_DIR "/include/jem"));
    for (int i = 0; i < count; i++) {
        char path[600];
        snprintf(path, sizeof path, "%s/include/jem/%s", JEM_SOURCE_DIR, names[i]);
        char *text = read_all(path);
        strbuf_put(&all, text, strlen(text));
        mem_free(text);
    }
    strings_free(names, count);
    check_ok(strbuf_status(&all));
    return all.data;
}

/* line <- that of the command, "" if there is none; "data fetch" is data-fetch there. */
static void find_line(char line[LINE], const char *list, const char *command_name)
{
    char name[64];
    snprintf(name, sizeof name, "%s", command_name);
    for (char *c = name; *c; c++)
        if (*c == ' ') *c = '-';
    const size_t n = strlen(name);
    line[0] = '\0';
    for (const char *at = list; at; at = strchr(at, '\n'), at = at ? at + 1 : NULL)
        if (strncmp(at, name, n) == 0 && at[n] == ' ') {
            snprintf(line, LINE, "%.*s", (int)strcspn(at + n, "\n"), at + n);
            return;
        }
}

/* Those of its words that are functions are declared; *count <- how many there are, or a dash for each that another
 * program has to offer. */
static void check_functions(const char *line, const char *headers, const char *command_name, int *count)
{
    char copy[LINE], call[100], *rest = NULL;
    snprintf(copy, sizeof copy, "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        if (strcmp(word, "-") == 0) ++*count;
        if (strncmp(word, "jem_", 4) != 0) continue;
        snprintf(call, sizeof call, " %s(", word);
        if (!strstr(headers, call)) fail_msg("%s: %s is in no header of include/jem", command_name, word);
        ++*count;
    }
}

static void check_command(const command *c, const char *list, const char *headers)
{
    char line[LINE];
    int functions = 0;
    find_line(line, list, c->name);
    if (!line[0]) fail_msg("jem %s: tests/lib/commands.txt does not say what libjem offers in its place", c->name);
    check_functions(line, headers, c->name, &functions);
    if (functions == 0) fail_msg("jem %s: tests/lib/commands.txt names no function", c->name);
}

static void every_command_has_functions_of_the_library(void **state)
{
    (void)state;
    char *headers = read_headers(), *list = read_all(JEM_SOURCE_DIR "/tests/lib/commands.txt");
    int checked = 0;
    for (const command *const *c = cli_commands(); *c; c++) {
        if (!(*c)->actions) check_command(*c, list, headers), checked++;
        for (const command *const *a = (*c)->actions; a && *a; a++) check_command(*a, list, headers), checked++;
    }
    assert_true(checked > 20);
    mem_free(list);
    mem_free(headers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_has_functions_of_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
