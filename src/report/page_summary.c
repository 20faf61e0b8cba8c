/* See page_summary.h. */
#include "report/page_summary.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "measure/standing.h"
#include "report/page_parts.h"
#include "sweetspot/trend.h"

/* value <- that of a group's key in a resolved config, which has one a line, without quotes; "" if it has none. */
static void find_setting(char *value, size_t size, const char *config, const char *group, const char *key)
{
    bool within = false;
    *value = '\0';
    for (const char *line = config; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        const size_t n = strcspn(line, "\n");
        if (*line != ' ' && *line != '#' && n) within = strncmp(line, group, strlen(group)) == 0 && line[strlen(group)] == ':';
        const size_t length = strlen(key);
        if (!within || n < length + 4 || strncmp(line + 2, key, length) != 0 || line[2 + length] != ':') continue;
        const char *from = line + 3 + length, *end = line + n;
        while (from < end && strchr(" \"", *from)) from++;
        while (end > from && strchr(" \"", end[-1])) end--;
        snprintf(value, size, "%.*s", (int)(end - from), from);
        return;
    }
}

/* "150", or "20 to 150". */
static void write_range(strbuf *h, double least, double most)
{
    if (!(most >= least)) return;
    if (least == most)
        html_printf(h, "%.4g", most);
    else
        html_printf(h, "%.4g to %.4g", least, most);
}

static double last_epoch(const study_run *r)
{
    const int64_t column = table_find(&r->log, "epoch");
    return column < 0 || !r->log.rows ? NAN : table_get(&r->log, r->log.rows - 1, column);
}

static void write_alphas(strbuf *h, const study *s)
{
    const char *between = "";
    strbuf_add(h, "<dt>α</dt><dd>");
    for (int64_t i = 0; i < s->count; i++) {
        if (isnan(s->runs[i].alpha) || (i && s->runs[i].alpha == s->runs[i - 1].alpha)) continue;
        html_printf(h, "%s%g", between, s->runs[i].alpha);
        between = ", ";
    }
    strbuf_add(h, "</dd>");
}

/* Runs of an alpha, iterations and epochs. */
static void write_training(strbuf *h, const study *s)
{
    double seeds[2] = {INFINITY, 0}, steps[2] = {INFINITY, 0}, epochs[2] = {INFINITY, 0};
    int64_t same = 0, rescued = 0;
    for (int64_t i = 0; i < s->count; i++) {
        const study_run *r = &s->runs[i];
        if (r->beside) continue; /* they come last */
        same = i && r->alpha == r[-1].alpha ? same + 1 : 1;
        if (i + 1 == s->count || r[1].alpha != r->alpha) seeds[0] = fmin(seeds[0], (double)same), seeds[1] = fmax(seeds[1], (double)same);
        steps[0] = fmin(steps[0], (double)r->iteration), steps[1] = fmax(steps[1], (double)r->iteration);
        const double epoch = last_epoch(r);
        epochs[0] = fmin(epochs[0], epoch), epochs[1] = fmax(epochs[1], epoch);
        rescued += r->rescue_count > 0;
    }
    strbuf_add(h, "<dt>seeds of an α</dt><dd>");
    write_range(h, seeds[0], seeds[1]);
    strbuf_add(h, "</dd><dt>iterations</dt><dd>");
    write_range(h, steps[0], steps[1]);
    if (isfinite(epochs[0])) {
        strbuf_add(h, " (epochs: ");
        write_range(h, epochs[0], epochs[1]);
        strbuf_add(h, ")");
    }
    html_printf(h, "</dd><dt>rescued</dt><dd>%lld of %lld runs", (long long)rescued, (long long)s->count);
    const char *between = ": ";
    for (int64_t i = 0; i < s->count; i++) {
        if (!s->runs[i].rescue_count) continue;
        html_printf(h, "%s%s", between, s->runs[i].name);
        between = ", ";
    }
    strbuf_add(h, "</dd>");
}

/* "resnet-110 (3 runs), resnet50 (imported)"; nothing where there are none. */
static void write_others(strbuf *h, const study *s)
{
    bool any = false;
    for (int64_t i = 0; i < s->count; i++) {
        int64_t alike = 0;
        if (!study_beside_first(s, i)) continue;
        for (int64_t k = i; k < s->count; k++) alike += study_beside_alike(&s->runs[i], &s->runs[k]);
        if (!any) strbuf_add(h, "<dt>beside it</dt><dd>");
        html_printf(h, "%s%s (%lld run%s%s)", any ? ", " : "", s->runs[i].model[0] ? s->runs[i].model : s->runs[i].name, (long long)alike,
                    alike == 1 ? "" : "s", s->runs[i].seed < 0 ? ", imported" : "");
        any = true;
    }
    if (any) strbuf_add(h, "</dd>");
}

/* The most images behind a score of each benchmark. */
static void write_scored(strbuf *h, const study *s, const measures *const *known)
{
    const char *between = "";
    strbuf_add(h, "<dt>images scored</dt><dd>");
    for (; *known; known++) {
        int64_t most = 0;
        for (int64_t i = 0; i < s->count; i++)
            for (int64_t k = 0; k < s->runs[i].scores.count; k++) {
                const score *sc = &s->runs[i].scores.scores[k];
                if (strcmp(sc->benchmark, (*known)->benchmark) == 0 && sc->n > most) most = sc->n;
            }
        if (!most) continue;
        html_printf(h, "%s%s: %lld", between, (*known)->name, (long long)most);
        between = "; ";
    }
    html_printf(h, "%s</dd>", *between ? "" : "none yet");
}

/* Does one of the run's scores of the benchmark come from decisions no better than chance? */
static bool is_at_chance(const study_run *r, const measures *of)
{
    for (int64_t k = 0; k < r->scores.count; k++) {
        const score *sc = &r->scores.scores[k];
        if (strcmp(sc->benchmark, of->benchmark) == 0 && trend_is_own(r, sc) && standing_chance(&r->scores, of, sc) == CHANCE_AT)
            return true;
    }
    return false;
}

/* Runs of each benchmark that decide at chance, whose scores there say little; nothing where there are none. */
static void write_chance(strbuf *h, const study *s, const measures *const *known)
{
    bool any = false;
    for (; *known; known++) {
        bool named = false;
        for (int64_t i = 0; i < s->count; i++) {
            if (!is_at_chance(&s->runs[i], *known)) continue;
            if (!any) strbuf_add(h, "<dt>at chance</dt><dd>");
            html_printf(h, "%s%s%s%s", named ? ", " : any ? "; " : "", named ? "" : (*known)->name, named ? "" : ": ",
                        s->runs[i].name);
            any = named = true;
        }
    }
    if (any) strbuf_add(h, "</dd>");
}

void page_summary(strbuf *h, const study *s, const measures *const *known)
{
    const study_run *r = &s->runs[0];
    char kind[64], size[64];
    find_setting(kind, sizeof kind, r->config, "data", "kind");
    find_setting(size, sizeof size, r->config, "data", "size");
    html_printf(h, "<dl class=\"summary\"><dt>network</dt><dd>%s</dd>", r->model[0] ? r->model : "unknown");
    if (kind[0]) {
        html_printf(h, "<dt>data</dt><dd>%s", kind);
        if (size[0] && strcmp(size, "0") != 0) html_printf(h, ", %s × %s pixels", size, size);
        if (r->classes > 1) html_printf(h, ", %lld classes (chance %.3g)", (long long)r->classes, 1 / (double)r->classes);
        strbuf_add(h, "</dd>");
    }
    write_alphas(h, s);
    write_training(h, s);
    write_others(h, s);
    write_scored(h, s, known);
    write_chance(h, s, known);
    strbuf_add(h, "</dl>\n");
}
