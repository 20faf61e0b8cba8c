/* Values of alpha as --alpha has them, lists and ranges: see alpha_list.h. */
#include "cli/alpha_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

static jem_status parse_range(alpha_list *a, const char *text)
{
    double from, to, by;
    char tail;
    if (sscanf(text, "%lf:%lf:%lf%c", &from, &to, &by, &tail) != 3 || !(from >= 0) ||
        !(to <= 1) || !(from <= to) || !(by >= 0.001))
        return jem_error(JEM_EUSAGE,
                         "--alpha %s: expected FROM:TO:STEP within 0 to 1, as in 0:1:0.1", text);
    int64_t n = (int64_t)floor((to - from) / by + 1e-6) + 1;
    for (int64_t i = 0; i < n; i++) {
        /* Rounded, so that 0:1:0.1 means exactly the numbers a person types. */
        double v = round((from + (double)i * by) * 1e6) / 1e6;
        a->values[a->count++] = v > 1 ? 1 : v;
    }
    return JEM_OK;
}

static jem_status add(alpha_list *a, const char *text, const char *flag)
{
    double v;
    jem_status st = cli_real(&v, text, flag, 0, 1);
    if (st != JEM_OK) return st;
    if (a->count == ALPHAS_MAX) return jem_error(JEM_EUSAGE, "%s: too many values", flag);
    a->values[a->count++] = v;
    return JEM_OK;
}

/* "0,0.5,1" */
static jem_status parse_values(alpha_list *out, const char *text, const char *flag)
{
    jem_status st;
    char *copy = NULL, *rest = NULL;
    out->count = 0;
    TRY(mem_strdup(&copy, text));
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
        TRY(add(out, word, flag));
    if (out->count == 0) st = jem_error(JEM_EUSAGE, "%s: no values in '%s'", flag, text);
done:
    mem_free(copy);
    return st;
}

jem_status alpha_list_parse(alpha_list *out, const char *text)
{
    out->count = 0;
    return strchr(text, ':') ? parse_range(out, text) : parse_values(out, text, "--alpha");
}

/* ---- seeds of some */

static const char seeds_at[] = "--seeds-at";

static jem_status give_seeds(int64_t *seeds, const alpha_list *list, double alpha, int64_t n)
{
    for (int i = 0; i < list->count; i++) {
        if (fabs(list->values[i] - alpha) > 1e-9) continue;
        if (seeds[i] != CLI_NONE && seeds[i] != n)
            return jem_error(JEM_EUSAGE, "%s: alpha %g is to have %lld seeds and %lld; say it once", seeds_at,
                             alpha, (long long)seeds[i], (long long)n);
        seeds[i] = n;
        return JEM_OK;
    }
    return jem_error(JEM_EUSAGE, "%s: alpha %g is none of the values of --alpha (%g to %g); add it there, or "
                                 "name one of them", seeds_at, alpha, list->values[0],
                     list->values[list->count - 1]);
}

/* "0,1:6" */
static jem_status take_group(int64_t *seeds, const alpha_list *list, const char *text)
{
    jem_status st;
    alpha_list *named = NULL;
    char *values = NULL;
    int64_t n;
    const char *colon = strchr(text, ':');

    if (!colon || colon == text)
        return jem_error(JEM_EUSAGE, "%s %s: expected ALPHAS:N, as in 0,1:6", seeds_at, text);
    TRY(cli_int(&n, colon + 1, seeds_at, 1, ALPHA_SEEDS_MAX));
    TRY(mem_strdup(&values, text));
    values[colon - text] = '\0';
    TRY(MEM_NEW(named, 1));
    TRY(parse_values(named, values, seeds_at));
    for (int i = 0; i < named->count; i++) TRY(give_seeds(seeds, list, named->values[i], n));
done:
    mem_free(named);
    mem_free(values);
    return st;
}

jem_status alpha_seeds_parse(int64_t *seeds, const alpha_list *list, const cli_list *groups, int64_t others)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < list->count; i++) seeds[i] = CLI_NONE;
    for (int g = 0; g < groups->count; g++) TRY(take_group(seeds, list, groups->values[g]));
    for (int i = 0; i < list->count; i++)
        if (seeds[i] == CLI_NONE) seeds[i] = others;
done:
    return st;
}
