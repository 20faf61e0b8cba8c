/* Collecting what a figure of scores shows (score_chart.h). */
#include "report/score_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "report/axes.h"

static const struct {
    const char *key, *title;
} score_titles[] = {{"lse", "log-sum-exp"},
                    {"max_softmax", "largest probability"},
                    {"grad_norm", "gradient norm"},
                    {"neg_grad_norm", "negative gradient norm"},
                    {"max_logit", "largest logit"}};

void score_chart_free(void *ctx)
{
    score_chart *c = ctx;
    for (int i = 0; i < c->trend_count; i++) trend_clear(&c->trends[i]);
    for (int64_t i = 0; i < c->other_count; i++) mem_free(c->others[i].name);
    mem_free(c->others);
    mem_free(c);
}

static const measure *find_spec(const score_chart *c, const score *sc)
{
    return c->of ? measure_find(c->of, sc->metric) : NULL;
}

/* One of those that a benchmark with a headline shows? */
static bool is_headline(const score_chart *c, const score *sc)
{
    const measure *spec = find_spec(c, sc);
    return spec && measure_shows(spec, sc->dataset, sc->condition);
}

static double reference_of(const measure *spec, const study *s)
{
    const double classes = (double)s->runs[0].classes;
    if (!spec) return NAN;
    switch (spec->level.kind) {
    case LEVEL_NONE: break;
    case LEVEL_FIXED: return spec->level.at;
    case LEVEL_HUMAN: return spec->human;
    case LEVEL_CHANCE: return classes < 2 ? NAN : 1 / classes;
    case LEVEL_CHANCE_NATS: return classes < 2 ? NAN : log(classes);
    }
    return NAN;
}

/* The part of its condition after the colon, so that "lse:noise" and "max_logit:noise" share a colour. */
const char *score_line_name(const trend *t)
{
    const char *colon = t->condition ? strchr(t->condition, ':') : NULL;
    return colon ? colon + 1 : t->condition ? t->condition : t->metric;
}

int score_chart_name(const score_chart *c, const char *name)
{
    for (int i = 0; i < c->name_count; i++)
        if (strcmp(c->names[i], name) == 0) return i;
    return -1;
}

/* "lse:noise" belongs to panel "lse" with the line "noise"; a condition without a
 * colon is a line of the metric's own panel. */
static score_panel *find_panel(score_chart *c, const score *sc, const study *s)
{
    char title[96];
    const measure *spec = find_spec(c, sc);
    const char *colon = sc->condition ? strchr(sc->condition, ':') : NULL;
    snprintf(title, sizeof title, "%s", spec && spec->title[0] ? spec->title : sc->metric);
    if (colon) {
        snprintf(title, sizeof title, "%.*s", (int)(colon - sc->condition), sc->condition);
        for (size_t i = 0; i < sizeof score_titles / sizeof *score_titles; i++)
            if (strcmp(title, score_titles[i].key) == 0)
                snprintf(title, sizeof title, "%s", score_titles[i].title);
    }
    for (int i = 0; i < c->panel_count; i++)
        if (strcmp(c->panels[i].metric, sc->metric) == 0 && strcmp(c->panels[i].title, title) == 0)
            return &c->panels[i];
    if (c->panel_count == PANELS_MAX) return NULL;
    score_panel *p = &c->panels[c->panel_count++];
    *p = (score_panel){
        .spec = spec, .metric = sc->metric, .reference = reference_of(spec, s), .ceiling = NAN};
    memcpy(p->title, title, sizeof title);
    return p;
}

static bool has_trend(const score_chart *c, const score *sc)
{
    for (int i = 0; i < c->trend_count; i++) {
        const trend *t = &c->trends[i];
        if (strcmp(t->metric, sc->metric) == 0 &&
            (t->condition && sc->condition ? strcmp(t->condition, sc->condition) == 0
                                           : t->condition == sc->condition))
            return true;
    }
    return false;
}

/* Trends of a panel must follow one another: scores are visited panel by panel. */
static jem_status collect_trends(score_chart *c, const study *s, const char *benchmark, bool headline)
{
    for (int pass = -1; pass < c->panel_count; pass++)
        for (int64_t i = 0; i < s->count; i++)
            for (int64_t k = 0; k < s->runs[i].scores.count; k++) {
                const score *sc = &s->runs[i].scores.scores[k];
                if (strcmp(sc->benchmark, benchmark) != 0 || isnan(s->runs[i].alpha)) continue;
                if (!trend_is_own(&s->runs[i], sc) || (headline && !is_headline(c, sc))) continue;
                score_panel *p = find_panel(c, sc, s);
                if (p && isfinite(sc->ceiling)) p->ceiling = sc->ceiling;
                if (!p) c->left_out = true;
                if (pass < 0 || p != &c->panels[pass] || has_trend(c, sc)) continue;
                if (!p->count) p->first = c->trend_count;
                if (p->count == TRENDS_MAX) {
                    c->left_out = true;
                    continue;
                }
                jem_status st = trend_collect_in(&c->trends[c->trend_count], s, benchmark,
                                                 p->spec ? p->spec->dataset : NULL, sc->metric,
                                                 sc->condition);
                trend_mark_chance(&c->trends[c->trend_count], s, c->of);
                c->trend_count++;
                p->count++;
                if (st != JEM_OK) return st;
            }
    return JEM_OK;
}

/* Known metrics come first, in their order. */
static void order_panels(score_chart *c)
{
    for (int i = 1; i < c->panel_count; i++)
        for (int j = i; j > 0; j--) {
            const measure *a = c->panels[j - 1].spec, *b = c->panels[j].spec;
            if (!b || (a && a <= b)) break;
            score_panel swap = c->panels[j];
            c->panels[j] = c->panels[j - 1];
            c->panels[j - 1] = swap;
        }
}

static void name_lines(score_chart *c)
{
    for (int i = 0; i < c->panel_count; i++) {
        const score_panel *p = &c->panels[i];
        for (int k = 0; k < p->count; k++) {
            trend *t = &c->trends[p->first + k];
            bool own = !t->condition || (p->spec && p->spec->condition);
            t->label = own ? p->title : t->condition;
            if (own && p->count == 1) continue;
            if (score_chart_name(c, score_line_name(t)) < 0 && c->name_count < TRENDS_MAX)
                c->names[c->name_count++] = score_line_name(t);
        }
    }
}

jem_status score_chart_collect(score_chart *c, const study *s, const char *benchmark)
{
    jem_status st = collect_trends(c, s, benchmark, c->of && c->of->headline);
    order_panels(c);
    name_lines(c);
    return st;
}

/* ---- published models, and others */

const published_score *score_panel_next(const score_chart *c, const score_panel *p, const published_score *b)
{
    for (; b && b->metric; b++)
        if (p->spec && published_is_model(b, c->of, p->spec)) return b;
    return NULL;
}

const published_score *score_panel_first(const score_chart *c, const score_panel *p)
{
    return score_panel_next(c, p, c->of ? c->of->published : NULL);
}

double score_beside_value(const score_chart *c, const score_panel *p, int64_t i)
{
    return c->others[i].value[p - c->panels];
}

double score_beside_spread(const score_chart *c, const score_panel *p, int64_t i)
{
    const double sem = c->others[i].sem[p - c->panels];
    return isfinite(sem) ? sem : 0;
}

/* ---- ranges */

bool score_panel_is_grey(const score_panel *p, const trend_point *q)
{
    return p->spec && p->spec->needs_head && q->alpha >= 1;
}

/* Has the panel something that was trained? */
static bool is_trained(const score_chart *c, const score_panel *p)
{
    for (int k = 0; k < p->count; k++)
        for (int64_t i = 0; i < c->trends[p->first + k].count; i++)
            if (!score_panel_is_grey(p, &c->trends[p->first + k].points[i])) return true;
    return false;
}

void score_panel_range(const score_chart *c, const score_panel *p, double *lo, double *hi)
{
    const bool trained = is_trained(c, p);
    *lo = INFINITY;
    *hi = -INFINITY;
    for (int k = 0; k < p->count; k++) {
        const trend *t = &c->trends[p->first + k];
        for (int64_t i = 0; i < t->count; i++) {
            const trend_point *q = &t->points[i];
            double sem = isfinite(q->sem) ? q->sem : 0;
            if (trained && score_panel_is_grey(p, q)) continue;
            *lo = fmin(*lo, q->mean - sem);
            *hi = fmax(*hi, q->mean + sem);
            for (int v = 0; v < q->seeds; v++) {
                *lo = fmin(*lo, q->values[v]);
                *hi = fmax(*hi, q->values[v]);
            }
        }
    }
    for (const published_score *b = score_panel_first(c, p); b; b = score_panel_next(c, p, b + 1)) {
        *lo = fmin(*lo, b->value);
        *hi = fmax(*hi, b->value);
    }
    for (int64_t i = 0; i < c->other_count; i++) {
        *lo = fmin(*lo, score_beside_value(c, p, i) - score_beside_spread(c, p, i)); /* NaN is none */
        *hi = fmax(*hi, score_beside_value(c, p, i) + score_beside_spread(c, p, i));
    }
    const double lines[] = {p->reference, p->ceiling};
    for (int i = 0; i < 2; i++) {
        if (!isfinite(lines[i])) continue;
        *lo = fmin(*lo, lines[i]);
        *hi = fmax(*hi, lines[i]);
    }
    axes_pad(lo, hi, p->spec ? p->spec->least : -INFINITY, p->spec ? p->spec->most : INFINITY);
}
