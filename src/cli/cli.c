/* Commands as tables, read: see cli.h. */
#include "cli/cli.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tables */

static const cli_option no_options[] = {{.name = NULL}};
static const cli_argument no_arguments[] = {{.name = NULL}};

static const cli_option *options_of(const command *c)
{
    return c->options ? c->options : no_options;
}

static const cli_argument *arguments_of(const command *c)
{
    return c->arguments ? c->arguments : no_arguments;
}

static bool spells(const char *name, const char *word, size_t n)
{
    return name && strlen(name) == n && strncmp(name, word, n) == 0;
}

/* The option that `word` names; *value <- what follows '=', NULL without one. */
static const cli_option *find_option(const command *c, const char *word, const char **value)
{
    const char *equals = strchr(word, '=');
    size_t n = equals ? (size_t)(equals - word) : strlen(word);
    *value = equals ? equals + 1 : NULL;
    for (const cli_option *o = options_of(c); o->name; o++)
        if (spells(o->name, word, n) || spells(o->other, word, n)) return o;
    return NULL;
}

bool cli_takes_settings(const command *c)
{
    const char *unused;
    return find_option(c, "--set", &unused) != NULL;
}

const command *cli_action(const command *c, const char *word)
{
    for (const command *const *a = c->actions; a && *a; a++)
        if (strcmp(strrchr((*a)->name, ' ') + 1, word) == 0) return *a;
    return NULL;
}

/* ---- parsing */

/* Where an option or an argument leaves what it was given. */
static void *target(void *options, size_t offset)
{
    return (char *)options + offset;
}

/* "-5" and "-" are arguments. */
static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] && !(word[1] >= '0' && word[1] <= '9') && word[1] != '.';
}

enum { NAMES = 64 };

/* The word without its value; `value` is what follows it on the command line, or NULL. */
static jem_status unknown_option(const command *c, char *word, const char *value)
{
    const char *names[NAMES];
    char key[CLI_KEY], *inside = strchr(word, '=');
    size_t n = 0;

    if (inside) {
        *inside = '\0';
        value = inside + 1;
    } else if (value && is_option(value)) {
        value = NULL;
    }
    if (cli_takes_settings(c) && cli_find_key(key, c, word))
        return jem_error(JEM_EUSAGE, "%s: unknown option %s; %s is a key of the settings: --set %s=%s",
                         c->name, word, key, key, value ? value : "VALUE");
    for (const cli_option *o = options_of(c); o->name && n < NAMES - 2; o++) {
        names[n++] = o->name;
        if (o->other) names[n++] = o->other;
    }
    names[n] = NULL;
    const char *near = cli_nearest(word, names);
    if (!near) return cli_usage_error(c, "unknown option", word);
    return jem_error(JEM_EUSAGE, "%s: unknown option %s; did you mean %s?", c->name, word, near);
}

static jem_status append(cli_list *list, const command *c, const char *name, const char *value)
{
    if (list->count == CLI_LIST_MAX) return cli_usage_error(c, "too many options", name);
    list->values[list->count++] = value;
    return JEM_OK;
}

enum { DEVICES = 4, DEVICE_ROOM = 64 };

static jem_status append_device(cli_list *list, const command *c, const char *value)
{
    static char assignments[DEVICES][sizeof "engine.device=" + DEVICE_ROOM];
    static int count;
    if (count == DEVICES || strlen(value) > DEVICE_ROOM)
        return cli_usage_error(c, "too much after", "--device");
    char *text = assignments[count++];
    snprintf(text, sizeof assignments[0], "engine.device=%s", value);
    return append(list, c, "--device", text);
}

static jem_status take(void *to, const command *c, const cli_option *o, const char *value)
{
    const int64_t most = o->max < CLI_UNBOUNDED ? (int64_t)o->max : INT64_MAX;

    switch (o->kind) {
    case CLI_SWITCH: *(bool *)to = true; return JEM_OK;
    case CLI_TEXT: *(const char **)to = value; return JEM_OK;
    case CLI_INT: return cli_int(to, value, o->name, (int64_t)o->min, most);
    case CLI_REAL: return cli_real(to, value, o->name, o->min, o->max);
    case CLI_LIST: return append(to, c, o->name, value);
    case CLI_DEVICE: return append_device(to, c, value);
    }
    return JEM_EINTERNAL;
}

static jem_status take_default(void *to, const command *c, const cli_option *o)
{
    switch (o->kind) {
    case CLI_SWITCH: *(bool *)to = false; break;
    case CLI_TEXT: *(const char **)to = NULL; break;
    case CLI_INT: *(int64_t *)to = CLI_NONE; break;
    case CLI_REAL: *(double *)to = NAN; break;
    case CLI_LIST:
    case CLI_DEVICE: ((cli_list *)to)->count = 0; break;
    }
    return o->default_text ? take(to, c, o, o->default_text) : JEM_OK;
}

static jem_status take_defaults(void *options, const command *c)
{
    for (const cli_argument *a = arguments_of(c); a->name; a++) {
        if (a->several)
            ((cli_list *)target(options, a->offset))->count = 0;
        else
            *(const char **)target(options, a->offset) = NULL;
    }
    for (const cli_option *o = options_of(c); o->name; o++) {
        jem_status st = take_default(target(options, o->offset), c, o);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}

static void take_arguments(void *options, const command *c, const char *const *words, int count)
{
    int spare = count;
    for (const cli_argument *a = arguments_of(c); a->name; a++) spare -= !a->optional;
    for (const cli_argument *a = arguments_of(c); a->name && count > 0; a++) {
        if (a->optional && spare-- <= 0) continue;
        if (a->several) {
            cli_list *all = target(options, a->offset);
            while (count > 0) all->values[all->count++] = *words++, count--;
            break;
        }
        *(const char **)target(options, a->offset) = *words++;
        count--;
    }
}

static bool is_given(void *options, const cli_option *o)
{
    const void *to = target(options, o->offset);
    return o->kind == CLI_SWITCH ? *(const bool *)to : *(const char *const *)to != NULL;
}

static bool is_there(void *options, const cli_argument *a)
{
    const void *to = target(options, a->offset);
    return a->several ? ((const cli_list *)to)->count > 0 : *(const char *const *)to != NULL;
}

/* What is required is a text. */
static jem_status check_required(void *options, const command *c)
{
    for (const cli_option *o = options_of(c); o->name; o++)
        if (o->alone && is_given(options, o)) return JEM_OK;
    for (const cli_argument *a = arguments_of(c); a->name; a++)
        if (!a->optional && !is_there(options, a))
            return cli_usage_error(c, a->name, "is missing");
    for (const cli_option *o = options_of(c); o->name; o++)
        if (o->required && !is_given(options, o)) return cli_usage_error(c, o->name, "is missing");
    return JEM_OK;
}

jem_status cli_parse(void *options, const command *c, int argc, char **argv)
{
    const char *words[CLI_LIST_MAX];
    int count = 0, room = 0;
    bool only_arguments = false;
    jem_status st = take_defaults(options, c);

    while (arguments_of(c)[room].name) room++;
    assert(room <= CLI_LIST_MAX);
    if (room && arguments_of(c)[room - 1].several) room = CLI_LIST_MAX;
    for (int i = 1; i < argc && st == JEM_OK; i++) {
        const char *value;
        if (!only_arguments && strcmp(argv[i], "--") == 0) {
            only_arguments = true;
            continue;
        }
        if (only_arguments || !is_option(argv[i])) {
            if (count == room) return cli_usage_error(c, "unexpected argument", argv[i]);
            words[count++] = argv[i];
            continue;
        }
        const cli_option *o = find_option(c, argv[i], &value);
        if (!o) return unknown_option(c, argv[i], argv[i + 1]);
        if (o->kind == CLI_SWITCH && value) return cli_usage_error(c, "no value belongs to", o->name);
        if (o->bare && !value) value = o->bare;
        if (o->kind != CLI_SWITCH && !value) {
            if (i + 1 == argc) return cli_usage_error(c, "a value is missing after", o->name);
            value = argv[++i];
        }
        st = take(target(options, o->offset), c, o, value);
    }
    if (st != JEM_OK) return st;
    take_arguments(options, c, words, count);
    return check_required(options, c);
}

/* ---- values */

jem_status cli_int(int64_t *out, const char *text, const char *flag, int64_t min, int64_t max)
{
    char *end;
    long long v = strtoll(text, &end, 10);
    if (end == text || *end || v < min || v > max)
        return jem_error(JEM_EUSAGE, "%s: '%s' is not a whole number from %lld to %lld", flag,
                         text, (long long)min, (long long)max);
    *out = v;
    return JEM_OK;
}

jem_status cli_real(double *out, const char *text, const char *flag, double min, double max)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end || !(v >= min && v <= max))
        return jem_error(JEM_EUSAGE, "%s: '%s' is not a number from %g to %g", flag, text, min,
                         max);
    *out = v;
    return JEM_OK;
}

/* Levenshtein distance of words of fewer than 64 characters. */
static int distance(const char *a, const char *b)
{
    int row[65];
    int n = (int)strlen(b);
    if (n > 64 || strlen(a) > 64) return 64;
    for (int j = 0; j <= n; j++) row[j] = j;
    for (int i = 1; a[i - 1]; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[n];
}

const char *cli_nearest(const char *word, const char *const *names)
{
    const char *nearest = NULL;
    int least = 4; /* beyond three edits, or half of the letters, a guess is noise */
    int letters = (int)strlen(word + strspn(word, "-"));
    for (; *names; names++) {
        int d = distance(word, *names);
        if (d < least && 2 * d <= letters) {
            least = d;
            nearest = *names;
        }
    }
    return nearest;
}

const char *cli_cell(char text[CLI_CELL], double x)
{
    snprintf(text, CLI_CELL, isnan(x) ? "-" : "%.6g", x);
    return text;
}
