/* Tables of settings: finding keys, strict parsing, printing values. */
#include "base/options.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/options_table.h"
#include "base/path_expand.h"
#include "base/try.h"
#include "base/utf8.h"

/* ---- keys */

bool options_next(const option_group *groups, option_place *place)
{
    if (!place->group) {
        place->group = groups;
        place->index = 0;
        place->option = groups->options;
    } else {
        place->option++;
        place->index++;
    }
    while (place->group->options && !place->option->key) {
        place->group++;
        place->option = place->group->options;
    }
    return place->group->options != NULL;
}

void options_full_key(const option_place *place, char key[OPTION_KEY_MAX])
{
    const char *prefix = place->group->prefix;

    snprintf(key, OPTION_KEY_MAX, "%s%s%s", prefix, *prefix ? "." : "", place->option->key);
}

int options_distance(const char *a, const char *b)
{
    int row[OPTION_KEY_MAX];
    int la = (int)strnlen(a, OPTION_KEY_MAX - 1), lb = (int)strnlen(b, OPTION_KEY_MAX - 1);

    for (int j = 0; j <= lb; j++) row[j] = j;
    for (int i = 1; i <= la; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= lb; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[lb];
}

/* A key typed without its prefix ("lr" for "train.lr") counts as near. */
static void nearest_key(const option_group *groups, const char *key, char near[OPTION_KEY_MAX])
{
    int best = INT32_MAX;

    near[0] = '\0';
    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) {
        char full[OPTION_KEY_MAX];
        int whole, tail;
        options_full_key(&p, full);
        whole = options_distance(key, full);
        tail = 1 + options_distance(key, p.option->key);
        if (tail < whole) whole = tail;
        if (whole >= best) continue;
        best = whole;
        memcpy(near, full, sizeof full);
    }
}

/* Runs of earlier versions must stay readable: keys that have another name now. */
static const char *new_name(const char *key)
{
    static const struct {
        const char *was, *is;
    } renamed[] = {{"engine.backend", "engine.device"}};
    for (size_t i = 0; i < sizeof renamed / sizeof *renamed; i++)
        if (strcmp(key, renamed[i].was) == 0) return renamed[i].is;
    return key;
}

/* Is `key` its full key?  Every option is asked for every key, so nothing is formatted. */
static bool has_key(const option_place *place, const char *key)
{
    const char *prefix = place->group->prefix;
    const size_t length = strlen(prefix);

    if (length && (strncmp(key, prefix, length) != 0 || key[length] != '.')) return false;
    return strcmp(length ? key + length + 1 : key, place->option->key) == 0;
}

jem_status options_find(option_place *out, const option_group *groups, const char *key,
                        const char *origin)
{
    char near[OPTION_KEY_MAX];

    key = new_name(key);

    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) {
        if (!has_key(&p, key)) continue;
        *out = p;
        return JEM_OK;
    }
    nearest_key(groups, key, near);
    return jem_error(JEM_EUSAGE, "%s: unknown key '%s'; did you mean '%s'?", origin, key, near);
}

bool options_is_prefix(const option_group *groups, const char *name)
{
    size_t n = strlen(name);

    for (const option_group *g = groups; g->options; g++)
        if (n && strncmp(g->prefix, name, n) == 0 && (g->prefix[n] == '\0' || g->prefix[n] == '.'))
            return true;
    return false;
}

/* ---- values in */

static bool in_range(const option *o, double v)
{
    if (o->min == 0.0 && o->max == 0.0) return true;
    return v >= o->min && v <= o->max;
}

/* A decimal number that ends at *end: no hexadecimal, no "inf", no "nan". */
static bool parse_real(double *out, const char *text, const char **end)
{
    size_t n = strspn(text, "0123456789+-.eE");
    char *stop;
    double v;

    if (n == 0) return false;
    v = strtod(text, &stop);
    if (stop != text + n || !isfinite(v)) return false;
    *out = v;
    *end = stop;
    return true;
}

/* 5.0 and 1e3 are whole numbers, too.  What a double may have rounded is taken for none: 15 digits
 * tell all doubles apart. */
static bool parse_whole_real(int64_t *out, const char *text)
{
    const char *end;
    double v;

    if (!parse_real(&v, text, &end) || *end != '\0' || strcspn(text, "eE") > 15) return false;
    if (v != floor(v) || fabs(v) > 9007199254740992.0) return false;
    if (v == 0.0 && strpbrk(text, "123456789")) return false; /* 1e-400 */
    *out = (int64_t)v;
    return true;
}

static bool parse_int(int64_t *out, const char *text)
{
    char *stop;
    long long v;

    if (text[strspn(text, "+-0123456789")] != '\0' || !*text) return parse_whole_real(out, text);
    errno = 0;
    v = strtoll(text, &stop, 10);
    if (*stop != '\0' || errno != 0) return false;
    *out = v;
    return true;
}

/* "[a, b, c]" */
static bool parse_list(option_list *out, const option *o, const char *text)
{
    option_list list = {0, {0.0}};

    text += strspn(text, " ");
    if (*text++ != '[') return false;
    text += strspn(text, " ");
    while (*text != ']') {
        double v;
        if (list.count == OPTION_LIST_MAX || !parse_real(&v, text, &text)) return false;
        if (!in_range(o, v)) return false;
        list.values[list.count++] = v;
        text += strspn(text, " ");
        if (*text == ',') {
            text += 1 + strspn(text + 1, " ");
            if (*text == ']') return false;
        } else if (*text != ']') {
            return false;
        }
    }
    text++;
    text += strspn(text, " ");
    if (*text != '\0') return false;
    *out = list;
    return true;
}

/* The index-th word of "a|b|c", or NULL. */
static const char *choice_word(const char *choices, int index, int *length)
{
    for (const char *p = choices;; p++) {
        int n = (int)strcspn(p, "|");
        if (index-- == 0) {
            *length = n;
            return p;
        }
        p += n;
        if (*p == '\0') return NULL;
    }
}

static bool parse_choice(int *out, const char *choices, const char *text)
{
    const char *word;
    int n;

    for (int i = 0; (word = choice_word(choices, i, &n)) != NULL; i++) {
        if ((int)strlen(text) != n || strncmp(text, word, (size_t)n) != 0) continue;
        *out = i;
        return true;
    }
    return false;
}

static bool parse_bool(bool *out, const char *text)
{
    if (strcasecmp(text, "true") != 0 && strcasecmp(text, "false") != 0) return false;
    *out = text[0] == 't' || text[0] == 'T';
    return true;
}

static bool parse_string(char *out, const char *text)
{
    size_t n = strlen(text);

    if (n >= OPTION_STRING_MAX || !utf8_is(text)) return false;
    memcpy(out, text, n + 1);
    return true;
}

/* False if `text` is no value of this kind and range; *field is then unchanged. */
static bool parse_value(void *field, const option *o, const char *text)
{
    const char *end = text;
    int64_t i;
    double v;

    switch (o->kind) {
    case OPTION_BOOL: return parse_bool(field, text);
    case OPTION_INT:
        if (!parse_int(&i, text) || !in_range(o, (double)i)) return false;
        *(int64_t *)field = i;
        return true;
    case OPTION_REAL:
        if (!parse_real(&v, text, &end) || *end != '\0' || !in_range(o, v)) return false;
        *(double *)field = v;
        return true;
    case OPTION_STRING: return parse_string(field, text);
    case OPTION_CHOICE: return parse_choice(field, o->choices, text);
    case OPTION_LIST: return parse_list(field, o, text);
    }
    return false;
}

static void *field_of(const option_place *p)
{
    return (char *)p->group->target + p->option->offset;
}

static jem_status set_at(const option_place *p, const char *value, const char *origin)
{
    char key[OPTION_KEY_MAX], wanted[256], *expanded = NULL;
    jem_status st = JEM_OK;

    if (p->option->kind == OPTION_STRING) st = path_expand(&expanded, value);
    if (st == JEM_OK && parse_value(field_of(p), p->option, expanded ? expanded : value)) goto done;
    options_full_key(p, key);
    if (st != JEM_OK) return jem_error_context(st, "%s: %s", origin, key);
    if (p->option->kind == OPTION_STRING && !utf8_is(value)) {
        st = jem_error(JEM_EUSAGE, "%s: %s = '%.200s': not UTF-8; rename what it names, or link to it "
                                   "(ln -s) under a name that is", origin, key, value);
        goto done;
    }
    options_describe(p->option, wanted, sizeof wanted);
    st = jem_error(JEM_EUSAGE, "%s: %s = '%.200s': expected %s", origin, key, value, wanted);
done:
    mem_free(expanded);
    return st;
}

jem_status options_set(const option_group *groups, const char *key, const char *value,
                       const char *origin)
{
    option_place p;
    jem_status st = options_find(&p, groups, key, origin);

    return st == JEM_OK ? set_at(&p, value, origin) : st;
}

jem_status options_assign(const option_group *groups, const char *assignment)
{
    jem_status st;
    const char *equals = strchr(assignment, '=');
    char *key = NULL;

    if (!equals)
        return jem_error(JEM_EUSAGE, "setting '%s': expected key=value", assignment);
    TRY(str_format(&key, "%.*s", (int)(equals - assignment), assignment));
    TRY(options_set(groups, key, equals + 1, "settings"));
done:
    mem_free(key);
    return st;
}

jem_status options_defaults(const option_group *groups)
{
    jem_status st = JEM_OK;

    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);)
        TRY(set_at(&p, p.option->default_text, "default"));
done:
    return st;
}

/* ---- values out */

/* The shortest decimal that reads back as the same double. */
static void real_text(double v, char *text, size_t size)
{
    char number[32] = "";

    for (int digits = 1; digits <= 17; digits++) {
        snprintf(number, sizeof number, "%.*g", digits, v);
        if (strtod(number, NULL) == v) break;
    }
    snprintf(text, size, "%s", number);
}

static void list_text(const option_list *list, char *text, size_t size)
{
    size_t used = 1;

    snprintf(text, size, "[");
    for (int i = 0; i < list->count && used < size; i++) {
        char number[32];
        real_text(list->values[i], number, sizeof number);
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", number);
    }
    if (used < size) snprintf(text + used, size - used, "]");
}

void options_value_text(const option_place *place, char *text, size_t size)
{
    const option *o = place->option;
    const void *field = field_of(place);
    const char *word;
    int n = 0;

    switch (o->kind) {
    case OPTION_BOOL: snprintf(text, size, "%s", *(const bool *)field ? "true" : "false"); break;
    case OPTION_INT: snprintf(text, size, "%lld", (long long)*(const int64_t *)field); break;
    case OPTION_REAL: real_text(*(const double *)field, text, size); break;
    case OPTION_STRING: snprintf(text, size, "%s", (const char *)field); break;
    case OPTION_CHOICE:
        word = choice_word(o->choices, *(const int *)field, &n);
        assert(word);
        snprintf(text, size, "%.*s", n, word);
        break;
    case OPTION_LIST: list_text(field, text, size); break;
    }
}

jem_status options_get(const option_group *groups, const char *key, char *text, size_t size)
{
    char value[OPTION_TEXT_MAX];
    option_place p;
    jem_status st = options_find(&p, groups, key, "options");

    if (st != JEM_OK) return st;
    options_value_text(&p, value, sizeof value);
    if (strlen(value) >= size)
        return jem_error(JEM_EINTERNAL, "%s: value longer than %zu bytes", key, size);
    memcpy(text, value, strlen(value) + 1);
    return JEM_OK;
}

static void range_text(const option *o, const char *noun, char *text, size_t size)
{
    static const double huge = 1e15; /* bounds beyond this mean "none" */

    if ((o->min == 0.0 && o->max == 0.0) || (o->min < -huge && o->max > huge))
        snprintf(text, size, "%s", noun);
    else if (o->max > huge)
        snprintf(text, size, "%s of at least %.15g", noun, o->min);
    else if (o->min < -huge)
        snprintf(text, size, "%s of at most %.15g", noun, o->max);
    else
        snprintf(text, size, "%s from %.15g to %.15g", noun, o->min, o->max);
}

void options_describe(const option *o, char *text, size_t size)
{
    size_t used = 0;
    char element[128];
    const char *word;
    int n;

    switch (o->kind) {
    case OPTION_BOOL: snprintf(text, size, "true or false"); break;
    case OPTION_INT: range_text(o, "a whole number", text, size); break;
    case OPTION_REAL: range_text(o, "a number", text, size); break;
    case OPTION_STRING:
        snprintf(text, size, "UTF-8 text of less than %d bytes", OPTION_STRING_MAX);
        break;
    case OPTION_CHOICE:
        for (int i = 0; (word = choice_word(o->choices, i, &n)) != NULL && used < size; i++)
            used += (size_t)snprintf(text + used, size - used, "%s%.*s", i ? ", " : "one of ", n,
                                     word);
        break;
    case OPTION_LIST:
        range_text(o, "", element, sizeof element);
        snprintf(text, size, "a list [a, b, ...] of at most %d numbers%s%s", OPTION_LIST_MAX,
                 *element ? ", each" : "", element);
        break;
    }
}

void options_help(const option_group *groups, void (*emit)(void *ctx, const char *line), void *ctx)
{
    for (option_place p = {NULL, NULL, 0}; options_next(groups, &p);) {
        char key[OPTION_KEY_MAX], wanted[256], line[2048];
        const char *value = p.option->default_text;
        options_full_key(&p, key);
        options_describe(p.option, wanted, sizeof wanted);
        snprintf(line, sizeof line, "%-28s %-16s %s (%s)", key, *value ? value : "\"\"",
                 p.option->help, wanted);
        emit(ctx, line);
    }
}
