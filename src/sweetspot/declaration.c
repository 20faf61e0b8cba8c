/* study.yaml read: the primary scores that were named before training. See declaration.h. */
#include "sweetspot/declaration.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/try.h"

static const option keys[] = {
    {"score", OPTION_STRING, offsetof(declared_score, score), "", 0, 0, NULL, "the primary score"},
    {"rule", OPTION_CHOICE, offsetof(declared_score, rule), "best", 0, 0, "best|distance", "as sweetspot.rule"},
    {"layer", OPTION_STRING, offsetof(declared_score, layer), "", 0, 0, NULL, "that is read"},
    {"latent", OPTION_INT, offsetof(declared_score, latent), "0", 0, 1e9, NULL, "dimensions of the latent space"},
    {.key = NULL},
};

void spot_metric(char *out, size_t size, const measure_spot *line, int which)
{
    size_t used = 0;
    for (int m = 0; m < line->count && used < size; m++)
        if (which < 0 || m == which)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "+" : "", line->score[m]->metric);
}

/* Is there a score of this name?  `known` gathers all there are. */
static bool has_score(strbuf *known, const measures *of, const char *name)
{
    bool found = false;
    char metric[256];
    for (const measure_spot *line = of->spots; line && line->title; line++)
        for (int k = line->count > 1 ? -1 : 0; k < line->count; k++) {
            spot_metric(metric, sizeof metric, line, k);
            found = found || strcmp(metric, name) == 0;
            plain_printf(known, "%s%s", known->used ? ", " : "", metric);
        }
    return found;
}

static jem_status check_entry(const declared_score *e, const measures *of, const char *path)
{
    jem_status st = JEM_OK;
    strbuf known = STRBUF_INIT;

    if (!e->score[0] && (e->rule || e->layer[0] || e->latent))
        st = jem_error(JEM_EUSAGE, "%s: %s: score is missing", path, of->benchmark);
    else if (e->score[0] && !has_score(&known, of, e->score))
        st = jem_error(JEM_EUSAGE, "%s: %s.score: '%s' is no score that has a sweet spot; there is %s", path,
                       of->benchmark, e->score, known.used ? known.data : "none");
    if (st == JEM_OK) st = strbuf_status(&known);
    strbuf_clear(&known);
    return st;
}

jem_status declaration_read(declaration *out, const char *path, const measures *const *known)
{
    jem_status st;
    declaration d = {.of = known};
    option_group *groups = NULL;

    while (known[d.count]) d.count++;
    TRY(MEM_NEW(d.score, d.count + 1));
    TRY(MEM_NEW(groups, d.count + 1));
    for (int64_t i = 0; i < d.count; i++) groups[i] = (option_group){known[i]->benchmark, keys, &d.score[i]};
    TRY(options_defaults(groups));
    TRY(options_load(groups, path));
    for (int64_t i = 0; i < d.count; i++) TRY(check_entry(&d.score[i], known[i], path));
    *out = d;
    d = (declaration){.score = NULL};
done:
    mem_free(groups);
    declaration_clear(&d);
    return st;
}

jem_status declaration_of_study(declaration *out, const char *study, const measures *const *known)
{
    jem_status st;
    declared kept = {.path = NULL};
    declaration d = {.score = NULL};

    TRY(declared_read(&kept, study));
    if (kept.path) TRY(declaration_read(&d, kept.path, known));
    d.kept = kept;
    kept = (declared){.path = NULL};
    *out = d;
done:
    declared_clear(&kept);
    return st;
}

jem_status declaration_check(const char *path, const char *study, const measures *const *known)
{
    declaration d = {.score = NULL};
    const jem_status st = path ? declaration_read(&d, path, known) : declaration_of_study(&d, study, known);
    declaration_clear(&d);
    return st;
}

void declaration_clear(declaration *d)
{
    declared_clear(&d->kept);
    mem_free(d->score);
    *d = (declaration){.score = NULL};
}

const declared_score *declaration_find(const declaration *d, const measures *of)
{
    for (int64_t i = 0; i < d->count; i++)
        if (d->of[i] == of && d->score[i].score[0]) return &d->score[i];
    return NULL;
}
