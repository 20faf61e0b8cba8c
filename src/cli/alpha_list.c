/* Values of alpha: see alpha_list.h. */
#include "cli/alpha_list.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "cli/cli.h"

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

static jem_status add(alpha_list *a, const char *text)
{
    double v;
    jem_status st = cli_real(&v, text, "--alpha", 0, 1);
    if (st != JEM_OK) return st;
    if (a->count == ALPHAS_MAX) return jem_error(JEM_EUSAGE, "--alpha: too many values");
    a->values[a->count++] = v;
    return JEM_OK;
}

jem_status alpha_list_parse(alpha_list *out, const char *text)
{
    jem_status st;
    char *copy = NULL, *rest = NULL;
    out->count = 0;
    if (strchr(text, ':')) return parse_range(out, text);
    TRY(mem_strdup(&copy, text));
    for (char *word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest))
        TRY(add(out, word));
    if (out->count == 0) st = jem_error(JEM_EUSAGE, "--alpha: no values in '%s'", text);
done:
    mem_free(copy);
    return st;
}
