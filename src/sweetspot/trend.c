/* Scores against alpha, over seeds, and as tables: see trend.h. */
#include "sweetspot/trend.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/fields.h"
#include "base/try.h"
#include "measure/standing.h"
#include "stats/summary.h"

static bool same(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

bool trend_is_reference(const score *s) { return s->model && isnan(s->alpha) && s->seed < 0; }

bool trend_is_own(const study_run *r, const score *s)
{
    return !trend_is_reference(s) || (r->beside && same(s->model, r->model));
}

const score *trend_score(const study_run *r, const char *benchmark, const char *dataset,
                         const char *metric, const char *condition)
{
    for (int64_t k = 0; k < r->scores.count; k++) {
        const score *s = &r->scores.scores[k];
        if (trend_is_own(r, s) && same(s->benchmark, benchmark) && same(s->metric, metric) &&
            (!dataset || same(s->dataset, dataset)) && same(s->condition, condition))
            return s;
    }
    return NULL;
}

static bool belongs(const study_run *r, const score *s, const trend *t)
{
    return trend_is_own(r, s) && same(s->benchmark, t->benchmark) &&
           (!t->dataset || same(s->dataset, t->dataset)) && same(s->metric, t->metric) &&
           same(s->condition, t->condition);
}

static void add_to_point(trend_point *p, const study_run *r, const score *s)
{
    if (p->seeds == TREND_SEEDS_MAX) return;
    p->scores[p->seeds] = s;
    p->runs[p->seeds] = r;
    p->values[p->seeds++] = s->value;
    p->low = p->seeds == 1 ? s->low : NAN;
    p->high = p->seeds == 1 ? s->high : NAN;
}

static void add_value(trend *t, const study_run *r, const score *s)
{
    trend_point *p = t->count ? &t->points[t->count - 1] : NULL;
    if (!p || p->alpha != r->alpha) { /* runs come sorted by alpha */
        p = &t->points[t->count++];
        *p = (trend_point){.alpha = r->alpha};
    }
    add_to_point(p, r, s);
}

jem_status trend_collect(trend *t, const study *s, const char *benchmark, const char *metric,
                         const char *condition)
{
    return trend_collect_in(t, s, benchmark, NULL, metric, condition);
}

int trend_place(const study *s, double alpha)
{
    int place = 0;
    for (int64_t i = 0; i < s->count && s->runs[i].alpha < alpha; i++)
        place += i == 0 || s->runs[i].alpha != s->runs[i - 1].alpha;
    return place;
}

jem_status trend_collect_in(trend *t, const study *s, const char *benchmark, const char *dataset,
                            const char *metric, const char *condition)
{
    *t = (trend){.benchmark = benchmark,
                 .dataset = dataset,
                 .metric = metric,
                 .condition = condition,
                 .label = metric};
    jem_status st = MEM_NEW(t->points, s->count);
    if (st != JEM_OK) return st;
    for (int64_t i = 0; i < s->count; i++) {
        const study_run *r = &s->runs[i];
        if (isnan(r->alpha)) continue;
        for (int64_t k = 0; k < r->scores.count; k++) {
            const score *sc = &r->scores.scores[k];
            if (!belongs(r, sc, t) || !isfinite(sc->value)) continue;
            add_value(t, r, sc);
            break;
        }
    }
    for (int64_t i = 0; i < t->count; i++) {
        trend_point *p = &t->points[i];
        p->place = trend_place(s, p->alpha);
        p->mean = stats_mean(p->values, p->seeds);
        p->sem = stats_sem(p->values, p->seeds);
    }
    return JEM_OK;
}

jem_status trend_collect_beside(trend *t, const study *s, const study_run *one, const trend *wanted)
{
    trend_point p = {.alpha = NAN, .low = NAN, .high = NAN};
    jem_status st = JEM_OK;

    *t = *wanted;
    t->count = 0;
    t->points = NULL;
    for (int64_t i = 0; i < s->count; i++) {
        const study_run *r = &s->runs[i];
        if (!study_beside_alike(r, one)) continue;
        const score *sc = trend_score(r, wanted->benchmark, wanted->dataset, wanted->metric, wanted->condition);
        if (sc && isfinite(sc->value)) add_to_point(&p, r, sc);
    }
    if (!p.seeds) return JEM_OK;
    p.mean = stats_mean(p.values, p.seeds);
    p.sem = stats_sem(p.values, p.seeds);
    TRY(MEM_NEW(t->points, 1));
    t->points[t->count++] = p;
done:
    return st;
}

void trend_mark_chance(trend *t, const study *s, const measures *of)
{
    for (int64_t p = 0; p < t->count; p++)
        for (int64_t i = 0; i < s->count; i++) {
            const study_run *r = &s->runs[i];
            if (r->alpha != t->points[p].alpha) continue;
            const score *sc = trend_score(r, t->benchmark, t->dataset, t->metric, t->condition);
            if (sc && standing_chance(&r->scores, of, sc) == CHANCE_AT) t->points[p].at_chance = true;
        }
}

void trend_clear(trend *t)
{
    mem_free(t->points);
    *t = (trend){.points = NULL};
}

const trend_point *trend_at(const trend *t, double alpha)
{
    for (int64_t i = 0; i < t->count; i++)
        if (t->points[i].alpha == alpha) return &t->points[i];
    return NULL;
}

const trend_point *trend_best(const trend *t, bool higher, bool skip_one)
{
    const trend_point *best = NULL;
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *p = &t->points[i];
        if (skip_one && p->alpha >= 1) continue;
        if (!best || (higher ? p->mean > best->mean : p->mean < best->mean)) best = p;
    }
    return best;
}

void trend_number(char *out, size_t size, double x)
{
    const char *sign = x < 0 ? "−" : "";
    double m = fabs(x);
    int decimals = m < 10 ? 3 : m < 100 ? 2 : m < 1000 ? 1 : 0;
    if (m >= 1e6)
        snprintf(out, size, "%s%.2e", sign, m);
    else
        snprintf(out, size, "%s%.*f", sign, decimals, m);
}

static void add_cell(strbuf *html, const trend_point *p)
{
    char mean[40], spread[40];
    if (!p) {
        strbuf_add(html, "<td class=\"none\">–</td>");
        return;
    }
    trend_number(mean, sizeof mean, p->mean);
    if (isfinite(p->sem)) {
        trend_number(spread, sizeof spread, p->sem);
        html_printf(html, "<td>%s<small>±%s</small></td>", mean, spread);
    } else if (isfinite(p->low) && isfinite(p->high)) {
        char high[40];
        trend_number(spread, sizeof spread, p->low);
        trend_number(high, sizeof high, p->high);
        html_printf(html, "<td>%s<small>%s–%s</small></td>", mean, spread, high);
    } else {
        html_printf(html, "<td>%s</td>", mean);
    }
}

void trend_table(strbuf *html, const study *s, const trend *trends, int count)
{
    strbuf_add(html, "<table><thead><tr><th>α</th>");
    for (int64_t i = 0; i < s->count; i++)
        if (!isnan(s->runs[i].alpha) && (!i || s->runs[i].alpha != s->runs[i - 1].alpha))
            html_printf(html, "<th data-alpha=\"%g\">%g</th>", s->runs[i].alpha, s->runs[i].alpha);
    strbuf_add(html, "</tr></thead><tbody>");
    for (int k = 0; k < count; k++) {
        html_printf(html, "<tr><th>%s</th>", trends[k].label);
        for (int64_t i = 0; i < s->count; i++)
            if (!isnan(s->runs[i].alpha) && (!i || s->runs[i].alpha != s->runs[i - 1].alpha))
                add_cell(html, trend_at(&trends[k], s->runs[i].alpha));
        strbuf_add(html, "</tr>");
    }
    strbuf_add(html, "</tbody></table>");
}

void trend_tsv_header(strbuf *tsv)
{
    strbuf_add(tsv, "benchmark\tmetric\tmodel\talpha\tseed\tvalue\tcondition\n");
}

void trend_tsv(strbuf *tsv, const study *s, const trend *trends, int count)
{
    char alpha[NUMBER_TEXT_MAX], value[NUMBER_TEXT_MAX];
    for (int k = 0; k < count; k++)
        for (int64_t i = 0; i < s->count; i++)
            for (int64_t j = 0; j < s->runs[i].scores.count; j++) {
                const score *sc = &s->runs[i].scores.scores[j];
                if (!belongs(&s->runs[i], sc, &trends[k])) continue;
                plain_printf(tsv, "%s\t%s\t%s\t%s\t%lld\t%s\t%s\n", sc->benchmark, sc->metric,
                             sc->model ? sc->model : s->runs[i].model,
                             number_text(alpha, s->runs[i].alpha), (long long)s->runs[i].seed,
                             number_text(value, sc->value), sc->condition ? sc->condition : "");
            }
}
