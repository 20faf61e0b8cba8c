/* Collecting what a figure of people shows (scatter_chart.h). */
#include "report/scatter_chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

void scatter_panel_clear(scatter_panel *p)
{
    for (int64_t i = 0; i < p->count; i++) {
        trend_clear(&p->series[i].x);
        trend_clear(&p->series[i].y);
        mem_free(p->series[i].marks);
        mem_free(p->series[i].name);
    }
    mem_free(p->series);
    *p = (scatter_panel){.count = 0};
}

void scatter_chart_free(void *ctx)
{
    scatter_chart *c = ctx;
    for (int i = 0; i < c->count; i++) scatter_panel_clear(&c->panels[i]);
    mem_free(c);
}

score_wanted axis_wanted(const axis_spec *a)
{
    return (score_wanted){a->of->benchmark, a->score->metric, a->score->dataset, a->score->condition};
}

/* The study's own score of the autoencoder alone. */
static double autoencoder_score(const study *s, const axis_spec *a)
{
    for (int64_t i = 0; i < s->count; i++)
        for (int64_t k = 0; k < s->runs[i].scores.count; k++) {
            const score *c = &s->runs[i].scores.scores[k];
            if (c->model && strcmp(c->model, AUTOENCODER_NAME) == 0 &&
                strcmp(c->benchmark, a->of->benchmark) == 0 &&
                strcmp(c->metric, a->score->metric) == 0 && a->score->condition && c->condition &&
                strcmp(c->condition, a->score->condition) == 0)
                return c->value;
        }
    return NAN;
}

/* False: the program does not have its benchmark. */
static bool find_axis(axis_spec *a, const measures *own, const measure_axis *m,
                      const measures *const *known)
{
    a->of = m->benchmark ? measures_find(known, m->benchmark) : own;
    a->score = a->of ? measure_find(a->of, m->metric) : NULL;
    a->label = m->label;
    return a->score != NULL;
}

/* The scores of one model; x of a mark is NaN where it has y alone. */
static jem_status series_collect(scatter_series *k, const model_entry *e, const scatter_panel *p)
{
    jem_status st;
    const score_wanted x = axis_wanted(&p->x_axis), y = axis_wanted(&p->y_axis);

    *k = (scatter_series){.along = model_is_study(e) && (p->own || !e->from->runs->single)};
    TRY(mem_strdup(&k->name, e->name));
    TRY(model_scores(&k->x, e, &x, p->x_axis.of));
    TRY(model_scores(&k->y, e, &y, p->y_axis.of));
    TRY(MEM_NEW(k->marks, k->y.count));
    for (int64_t i = 0; i < k->y.count; i++) {
        const trend_point *v = &k->y.points[i];
        const trend_point *u = !isnan(v->alpha) ? trend_at(&k->x, v->alpha) : k->x.count ? k->x.points : NULL;
        k->marks[k->count++] = (mark){v->alpha, u ? u->mean : NAN, v->mean, v->place, v->at_chance};
    }
done:
    return st;
}

/* Marks of studies that have no x are left out, unless none has: then alpha takes its place.  In a report of one study its
 * curve comes first, whatever the networks beside it have. */
static void settle_x(scatter_panel *p)
{
    bool any = false, lines = false;
    for (int64_t i = 0; i < p->count; i++)
        for (int k = 0; k < p->series[i].count; k++) {
            any |= !isnan(p->series[i].marks[k].x) && (p->series[i].along || !p->own);
            lines |= p->series[i].along;
        }
    p->x_is_alpha = !any && lines;
    for (int64_t i = 0; i < p->count; i++) {
        scatter_series *s = &p->series[i];
        int kept = 0;
        for (int k = 0; k < s->count; k++) {
            if (p->x_is_alpha) s->marks[k].x = s->along ? s->marks[k].alpha : NAN;
            if (!s->along || !isnan(s->marks[k].x)) s->marks[kept++] = s->marks[k];
        }
        s->count = kept;
    }
}

static bool has_marks(const scatter_panel *p)
{
    for (int64_t i = 0; i < p->count; i++)
        if (p->series[i].count) return true;
    return false;
}

static jem_status panel_collect(scatter_panel *p, const model_list *models, bool own, const measures *of,
                                const measures *const *known)
{
    jem_status st = JEM_OK;
    const measure_panel *shown = of->panel;

    *p = (scatter_panel){.of = of, .own = own, .alone_x = NAN, .alone_y = NAN};
    if (!find_axis(&p->x_axis, of, &shown->x, known)) return st;
    if (!find_axis(&p->y_axis, of, &shown->y, known)) return st;
    if (shown->human_label)
        snprintf(p->human_label, sizeof p->human_label, "%s", shown->human_label);
    else
        snprintf(p->human_label, sizeof p->human_label, "people %g", p->y_axis.score->human);
    TRY(MEM_NEW(p->series, models->count));
    for (int64_t i = 0; i < models->count; i++) {
        const model_entry *e = &models->entries[i];
        TRY(series_collect(&p->series[p->count++], e, p));
        if (!e->from->runs || !isnan(p->alone_y)) continue;
        p->alone_x = autoencoder_score(e->from->runs, &p->x_axis);
        p->alone_y = autoencoder_score(e->from->runs, &p->y_axis);
    }
    settle_x(p);
done:
    return st;
}

/* ---- published models */

const published_score *scatter_panel_next(const scatter_panel *p, const published_score *b)
{
    for (; b && b->metric; b++)
        if (published_is_model(b, p->y_axis.of, p->y_axis.score)) return b;
    return NULL;
}

const published_score *scatter_panel_first(const scatter_panel *p)
{
    return scatter_panel_next(p, p->y_axis.of->published);
}

double scatter_published_x(const scatter_panel *p, const published_score *b)
{
    const measures *of = p->x_axis.of;
    const measure *x = p->x_axis.score;
    if (p->x_is_alpha) return NAN;
    return published_value(of, x->metric,
                           x->dataset && strcmp(x->dataset, of->benchmark) != 0 ? x->dataset : NULL,
                           x->condition, b->model);
}

static void extend(double *lo, double *hi, double x)
{
    if (!isfinite(x)) return;
    *lo = fmin(*lo, x);
    *hi = fmax(*hi, x);
}

bool scatter_is_grey(const scatter_panel *p, const mark *m)
{
    return m->alpha >= 1 && /* NaN is not */
           (p->y_axis.score->needs_head || (p->x_axis.score->needs_head && !p->x_is_alpha));
}

void scatter_panel_range(axes *a, const scatter_panel *p)
{
    const measure *x = p->x_axis.score, *y = p->y_axis.score;
    a->x0 = a->y0 = INFINITY;
    a->x1 = a->y1 = -INFINITY;
    for (int64_t i = 0; i < p->count; i++)
        for (int k = 0; k < p->series[i].count; k++) {
            const mark *m = &p->series[i].marks[k];
            if (p->series[i].count > 1 && scatter_is_grey(p, m)) continue; /* the largest alpha, so others are not */
            extend(&a->x0, &a->x1, m->x);
            extend(&a->y0, &a->y1, m->y);
        }
    for (const published_score *b = scatter_panel_first(p); b; b = scatter_panel_next(p, b + 1)) {
        extend(&a->x0, &a->x1, scatter_published_x(p, b));
        extend(&a->y0, &a->y1, b->value);
    }
    extend(&a->x0, &a->x1, p->alone_x);
    extend(&a->y0, &a->y1, p->alone_y);
    extend(&a->y0, &a->y1, y->human);
    axes_pad(&a->y0, &a->y1, y->least, y->most);
    if (p->x_is_alpha) {
        a->x0 = 0;
        a->x1 = 1;
        a->x_is_alpha = true;
    } else {
        axes_pad(&a->x0, &a->x1, x->least, x->most);
    }
}

bool scatter_has_alone(const scatter_panel *p) { return !p->x_is_alpha && !isnan(p->alone_x) && !isnan(p->alone_y); }

jem_status scatter_chart_collect(scatter_chart *c, const model_list *models, bool own, const measures *const *known)
{
    jem_status st = JEM_OK;

    for (const measures *const *m = known; *m && c->count < SCATTERS; m++) {
        if (!(*m)->panel) continue;
        TRY(panel_collect(&c->panels[c->count++], models, own, *m, known));
        if (!has_marks(&c->panels[c->count - 1])) scatter_panel_clear(&c->panels[--c->count]);
    }
done:
    return st;
}
