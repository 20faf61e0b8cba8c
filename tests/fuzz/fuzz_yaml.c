/* Settings: a table with every kind of option, read from YAML, then shown as text. */
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "fuzz.h"

#define PATH "fuzz.yaml"

typedef struct settings {
    bool flag;
    int64_t count;
    double rate;
    char name[OPTION_STRING_MAX];
    int choice;
    option_list list;
} settings;

#define AT(field) offsetof(settings, field)
static const option table[] = {
    {"flag", OPTION_BOOL, AT(flag), "true", 0, 0, NULL, "a switch"},
    {"count", OPTION_INT, AT(count), "3", 0, 1000, NULL, "a whole number"},
    {"rate", OPTION_REAL, AT(rate), "0.5", 0, 1, NULL, "a number"},
    {"name", OPTION_STRING, AT(name), "", 0, 0, NULL, "a text"},
    {"choice", OPTION_CHOICE, AT(choice), "linear", 0, 0, "linear|constant", "a word"},
    {"list", OPTION_LIST, AT(list), "[1, 2]", -10, 10, NULL, "numbers"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};
#undef AT

void fuzz_one(const uint8_t *data, size_t size)
{
    static settings top, deep, fresh;
    static bool started;
    static const char *const keys[] = {"flag", "count", "rate", "name", "choice", "list"};
    const option_group groups[] = {{"", table, &top}, {"a.b", table, &deep}, {NULL, NULL, NULL}};
    char text[OPTION_STRING_MAX];

    fuzz_file(PATH, data, size);
    if (!started) {
        fuzz_expect(options_defaults(groups) == JEM_OK);
        fresh = top;
        started = true;
    }
    top = deep = fresh; /* the defaults take as long as a small file */
    if (fuzz_refused(options_load(groups, PATH), PATH)) return;
    fuzz_expect(top.count >= 0 && top.count <= 1000 && deep.rate >= 0 && deep.rate <= 1);
    fuzz_expect(top.list.count >= 0 && top.list.count <= OPTION_LIST_MAX);
    fuzz_expect(top.choice >= 0 && top.choice <= 1);
    fuzz_expect(memchr(deep.name, '\0', sizeof deep.name) != NULL);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        fuzz_expect(options_get(groups, keys[i], text, sizeof text) == JEM_OK);
        fuzz_expect(options_set(groups, keys[i], text, "again") == JEM_OK);
    }
}
