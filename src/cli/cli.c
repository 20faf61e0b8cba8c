/* Argument parsing of the jem program: see cli.h. */
#include "cli/cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- arguments */

static jem_status usage_error(const command *c, const char *what, const char *word)
{
    return jem_error(JEM_EUSAGE, "%s: %s %s; usage: jem %s", c->name, what, word, c->usage);
}

/* The flag that `arg` names; *value <- what follows '=', NULL without one. */
static const cli_flag *find_flag(const cli_flag *flags, const char *arg, const char **value)
{
    const char *equals = strchr(arg, '=');
    size_t n = equals ? (size_t)(equals - arg) : strlen(arg);
    *value = equals ? equals + 1 : NULL;
    for (const cli_flag *f = flags; f->name; f++)
        if (strlen(f->name) == n && strncmp(f->name, arg, n) == 0) return f;
    return NULL;
}

enum { CLI_DEVICES_MAX = 4, CLI_DEVICE_ROOM = 64 };

/* The flag --set if `arg` is --device and the command knows --set, but no --device of its own. */
static const cli_flag *find_device(const cli_flag *flags, const char *arg, const char **value)
{
    static const cli_flag device[] = {{.name = "--device"}, {.name = NULL}};
    const char *unused;
    if (!find_flag(device, arg, value)) return NULL;
    return find_flag(flags, "--set", &unused);
}

/* "-5" and "-" are arguments, not flags. */
static bool is_flag(const char *arg)
{
    return arg[0] == '-' && arg[1] && !(arg[1] >= '0' && arg[1] <= '9') && arg[1] != '.';
}

/* The word without its value; `value` is what follows it on the command line, or NULL. */
static jem_status unknown_flag(const command *c, const cli_flag *flags, char *word,
                               const char *value)
{
    const char *names[64], *unused;
    char key[CLI_KEY], *inside = strchr(word, '=');
    size_t n = 0;

    if (inside) {
        *inside = '\0';
        value = inside + 1;
    } else if (value && is_flag(value)) {
        value = NULL;
    }
    if (find_flag(flags, "--set", &unused) && cli_find_key(key, c, word))
        return jem_error(JEM_EUSAGE, "%s: unknown option %s; %s is a key of the settings: --set %s=%s",
                         c->name, word, key, key, value ? value : "VALUE");
    for (const cli_flag *f = flags; f->name && n < 63; f++) names[n++] = f->name;
    names[n] = NULL;
    const char *near = cli_nearest(word, names);
    if (!near) return usage_error(c, "unknown option", word);
    return jem_error(JEM_EUSAGE, "%s: unknown option %s; did you mean %s?", c->name, word, near);
}

static jem_status take_flag(const command *c, const cli_flag *f, const char *value)
{
    if (f->on) {
        *f->on = true;
    } else if (f->value) {
        *f->value = value;
    } else {
        if (f->list->count == CLI_LIST_MAX) return usage_error(c, "too many options", f->name);
        f->list->values[f->list->count++] = value;
    }
    return JEM_OK;
}

/* --device X is --set engine.device=X for all commands that take the latter. */
static jem_status take_device(const command *c, const cli_flag *set, const char *value)
{
    static char assignments[CLI_DEVICES_MAX][sizeof "engine.device=" + CLI_DEVICE_ROOM];
    static int count;
    if (count == CLI_DEVICES_MAX || strlen(value) > CLI_DEVICE_ROOM)
        return usage_error(c, "too much after", "--device");
    char *text = assignments[count++];
    snprintf(text, sizeof assignments[0], "engine.device=%s", value);
    return take_flag(c, set, text);
}

jem_status cli_parse(int argc, char **argv, const command *c, const cli_flag *flags,
                     const char **args, int min_args, int max_args)
{
    int given = 0;
    bool only_args = false;

    for (int i = 0; i < max_args; i++) args[i] = NULL;
    for (int i = 1; i < argc; i++) {
        const char *value;
        if (!only_args && strcmp(argv[i], "--") == 0) {
            only_args = true;
            continue;
        }
        if (only_args || !is_flag(argv[i])) {
            if (given == max_args) return usage_error(c, "unexpected argument", argv[i]);
            args[given++] = argv[i];
            continue;
        }
        const cli_flag *f = find_flag(flags, argv[i], &value);
        const cli_flag *set = f ? NULL : find_device(flags, argv[i], &value);
        if (set) f = set;
        if (!f) return unknown_flag(c, flags, argv[i], argv[i + 1]);
        if (f->on && value) return usage_error(c, "no value belongs to", f->name);
        if (!f->on && !value) {
            if (i + 1 == argc) return usage_error(c, "a value is missing after", f->name);
            value = argv[++i];
        }
        jem_status st = set ? take_device(c, set, value) : take_flag(c, f, value);
        if (st != JEM_OK) return st;
    }
    if (given < min_args) return usage_error(c, "arguments are missing", "");
    return JEM_OK;
}

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
