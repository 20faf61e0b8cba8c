/* Choosing a part of a study's networks: see spot_only.h. */
#include "sweetspot/spot_only.h"

#include <math.h>

#include "base/mem.h"
#include "sweetspot/spot_runs.h"
#include "sweetspot/sweetspot.h"
#include "sweetspot/trend.h"

static const double tiny = 1e-9; /* .3 + .6 is .9, too */

static double accuracy_of(const study_run *r)
{
    const score *s = trend_score(r, "classification", NULL, "accuracy", NULL);
    return s ? s->value : NAN;
}

spot_only spot_only_of(const study *s, double most_alpha, double within)
{
    spot_only only = {.most_alpha = most_alpha < 1 ? most_alpha : 0, .within = within < 1 ? within : 0,
                      .accuracy = NAN, .at = NAN};
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < s->count; i++) { /* by alpha */
        const study_run *r = &s->runs[i];
        if (isnan(r->alpha) || !isfinite(accuracy_of(r))) continue;
        if (n > 0 && r->alpha != only.at) break;
        only.at = r->alpha;
        sum += accuracy_of(r);
        n++;
    }
    if (n > 0) only.accuracy = sum / (double)n;
    return only;
}

bool spot_is_taken(const study_run *r, const spot_only *only)
{
    if (only->most_alpha > 0 && r->alpha > only->most_alpha + tiny) return false;
    return !(only->within > 0) || fabs(accuracy_of(r) - only->accuracy) <= only->within + tiny;
}

bool spot_only_leaves_out(const spot_only *only, const study *s)
{
    for (int64_t i = 0; i < s->count; i++)
        if (!isnan(s->runs[i].alpha) && !spot_is_taken(&s->runs[i], only)) return true;
    return false;
}

void spot_only_words(strbuf *out, const spot_only *only)
{
    char within[24], accuracy[24];
    if (only->most_alpha > 0) plain_printf(out, "α up to %g", only->most_alpha);
    if (!(only->within > 0)) return;
    sweetspot_number(within, sizeof within, only->within);
    sweetspot_number(accuracy, sizeof accuracy, only->accuracy);
    plain_printf(out, "%saccuracy within %s of %s, that at α = %g", only->most_alpha > 0 ? ", " : "", within,
                 accuracy, only->at);
}

jem_status spot_only_suffix(char **text, const spot_only *only)
{
    const char *matched = only->within > 0 ? "-matched" : "";
    if (only->most_alpha > 0) return str_format(text, "-to-%g%s", only->most_alpha, matched);
    return mem_strdup(text, matched);
}
