/* Accuracy over the radius of attacks (bench/robustness): a panel per norm and defence, a line per alpha. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "report/axes.h"
#include "report/figures.h"
#include "report/labels.h"
#include "report/marks.h"
#include "report/says.h"
#include "sweetspot/trend.h"

enum { RADII_MAX = 16, PANELS_MOST = 6, CONDITION = 64, COLUMNS = 3, SCALE = 34 };

static const char robustness[] = "robustness";

static const struct norm {
    const char *metric, *unit; /* unit: behind the radius in conditions */
    const char *name, *axis;
} norms[] = {{"accuracy_linf", "/255", "L∞", "L∞ radius, 255ths of a pixel’s range"},
             {"accuracy_l2", "", "L2", "L2 radius, a pixel’s range being 1"}};
enum { NORMS = sizeof norms / sizeof *norms };

/* An attack at one radius. */
typedef struct radius_trend {
    double radius;
    char condition[CONDITION], label[CONDITION + 16];
    trend t;
} radius_trend;

/* One norm, one defence. */
typedef struct radius_panel {
    const struct norm *norm;
    int64_t refined; /* Langevin steps */
    char title[48];
    int count;       /* ascending by radius */
    radius_trend at[RADII_MAX];
} radius_panel;

typedef struct radius_chart {
    const study *s;
    int count;
    radius_panel panels[PANELS_MOST];
    bool left_out; /* more than there is room for */
    double chance; /* NaN: unknown */
    panel_grid grid;
} radius_chart;

static void radius_chart_free(void *ctx)
{
    radius_chart *c = ctx;
    for (int i = 0; i < c->count; i++)
        for (int k = 0; k < c->panels[i].count; k++) trend_clear(&c->panels[i].at[k].t);
    mem_free(c);
}

/* ---- what there is */

/* "8/255 refined 10": 8 and 10; false: it is no attack of this norm. */
static bool read_condition(double *radius, int64_t *refined, const char *condition, const struct norm *of)
{
    char *end;
    *radius = strtod(condition, &end);
    *refined = 0;
    if (end == condition || !(*radius >= 0 && *radius < 1e6) || strncmp(end, of->unit, strlen(of->unit)) != 0) return false;
    end += strlen(of->unit);
    if (!*end) return true;
    if (strncmp(end, " refined ", 9) != 0) return false;
    *refined = strtoll(end + 9, &end, 10);
    return !*end && *refined > 0;
}

/* Panels come norm by norm, each with more steps of refinement from left to right.  NULL: there is no room. */
static radius_panel *find_panel(radius_chart *c, const struct norm *of, int64_t refined)
{
    int at = 0;
    while (at < c->count && (c->panels[at].norm < of || (c->panels[at].norm == of && c->panels[at].refined < refined))) at++;
    if (at < c->count && c->panels[at].norm == of && c->panels[at].refined == refined) return &c->panels[at];
    if (c->count == PANELS_MOST) return NULL;
    memmove(c->panels + at + 1, c->panels + at, (size_t)(c->count - at) * sizeof *c->panels);
    c->count++;
    radius_panel *p = &c->panels[at];
    *p = (radius_panel){.norm = of, .refined = refined};
    snprintf(p->title, sizeof p->title, "%s", of->name);
    if (refined) snprintf(p->title, sizeof p->title, "%s, refined by %lld step%s", of->name, (long long)refined, refined == 1 ? "" : "s");
    return p;
}

/* False: there is no room. */
static bool add_radius(radius_panel *p, double radius, const char *condition)
{
    int at = 0;
    while (at < p->count && p->at[at].radius < radius) at++;
    if (at < p->count && p->at[at].radius == radius) return true;
    if (p->count == RADII_MAX || strlen(condition) >= CONDITION) return false;
    memmove(p->at + at + 1, p->at + at, (size_t)(p->count - at) * sizeof *p->at);
    p->count++;
    radius_trend *r = &p->at[at];
    *r = (radius_trend){.radius = radius};
    snprintf(r->condition, sizeof r->condition, "%s", condition);
    snprintf(r->label, sizeof r->label, "%s %s", p->norm->name, condition);
    return true;
}

static void find_attacks(radius_chart *c, const study *s)
{
    for (int64_t i = 0; i < s->count; i++)
        for (int64_t k = 0; k < s->runs[i].scores.count; k++) {
            const score *sc = &s->runs[i].scores.scores[k];
            if (strcmp(sc->benchmark, robustness) != 0 || !sc->condition || isnan(s->runs[i].alpha)) continue;
            for (int n = 0; n < NORMS; n++) {
                double radius;
                int64_t refined;
                if (strcmp(sc->metric, norms[n].metric) != 0) continue;
                if (!read_condition(&radius, &refined, sc->condition, &norms[n])) continue;
                radius_panel *p = find_panel(c, &norms[n], refined);
                if (!p || !add_radius(p, radius, sc->condition)) c->left_out = true;
            }
        }
}

static jem_status collect(radius_chart *c, const study *s, const measures *const *known)
{
    jem_status st = JEM_OK;
    const double classes = (double)s->runs[0].classes;

    c->chance = classes < 2 ? NAN : 1 / classes;
    find_attacks(c, s);
    for (int i = 0; i < c->count; i++)
        for (int k = 0; k < c->panels[i].count; k++) {
            radius_trend *r = &c->panels[i].at[k];
            TRY(trend_collect(&r->t, s, robustness, c->panels[i].norm->metric, r->condition));
            trend_mark_chance(&r->t, s, measures_find(known, robustness));
            r->t.label = r->label;
        }
done:
    return st;
}

/* ---- drawing */

static void lay_out_radii(figure *f, double width)
{
    radius_chart *c = f->ctx;
    c->grid = panel_grid_make(&(panel_cells){.panels = c->count, .most_columns = COLUMNS, .least_width = 270,
                                             .narrowest = 160, .height = 265, .top = SCALE, .most_height = f->most_height}, width);
    f->width = c->grid.columns * c->grid.cell_width;
    f->height = c->grid.top + c->grid.rows * c->grid.cell_height;
}

/* The accuracies of one alpha, from radius to radius. */
static void draw_line_of(draw *d, const axes *a, const radius_panel *p, double alpha, label_list *labels)
{
    const colour own = alpha_colour(alpha);
    double before_x = NAN, before_y = NAN;
    for (int i = 0; i < p->count; i++) {
        const trend_point *q = trend_at(&p->at[i].t, alpha);
        if (!q) continue;
        const double x = axes_x(a, p->at[i].radius), y = axes_y(a, q->mean), spread = isfinite(q->sem) ? q->sem : 0;
        draw_value_note(d, alpha, p->at[i].label, q->mean);
        if (isfinite(before_x)) {
            draw_segment(d, before_x, before_y, x, y, 1.8, 0, own);
            label_reserve_line(labels, before_x, before_y, x, y);
        }
        if (spread > 0) draw_segment(d, x, axes_y(a, q->mean + spread), x, axes_y(a, q->mean - spread), 1.2, 0, own);
        (q->at_chance ? draw_chance_mark : draw_alpha_mark)(d, alpha, q->place, x, y, 3.4);
        draw_unnote(d);
        label_reserve(labels, x - 5, y - 5, 10, 10);
        before_x = x;
        before_y = y;
    }
}

static void draw_panel(draw *d, const axes *a, const radius_chart *c, const radius_panel *p)
{
    const double chance = axes_y(a, c->chance);
    label_list labels = label_list_in(a);

    axes_draw(d, a);
    axes_reference(d, a, c->chance);
    label_reserve_level(&labels, chance);
    for (int64_t i = 0; i < c->s->count; i++) {
        const double alpha = c->s->runs[i].alpha;
        if (i > 0 && c->s->runs[i - 1].alpha == alpha) continue; /* the mean over its seeds is drawn */
        if (alpha < 1) draw_line_of(d, a, p, alpha, &labels);
    }
    label_along(d, &labels, chance, "chance");
}

static jem_status draw_radii(draw *d, const void *ctx)
{
    const radius_chart *c = ctx;
    const panel_grid g = c->grid;

    draw_alpha_scale(d, 52, 4, 230);
    for (int i = 0; i < c->count; i++) {
        const radius_panel *p = &c->panels[i];
        const double last = p->at[p->count - 1].radius > 0 ? p->at[p->count - 1].radius : 1;
        const axes a = {.left = 52 + (i % g.columns) * g.cell_width,
                        .top = g.top + (double)(i / g.columns) * g.cell_height + 32,
                        .width = g.cell_width - 72,
                        .height = g.cell_height - 82,
                        .x0 = -0.04 * last, .x1 = 1.04 * last, .y0 = 0, .y1 = 1,
                        .title = p->title,
                        .x_label = p->norm->axis,
                        .y_label = i % g.columns == 0 ? "accuracy" : NULL};
        draw_panel(d, &a, c, p);
    }
    return JEM_OK;
}

/* ---- the figure */

/* Where the accuracy under each norm's largest attack is highest. */
static jem_status say_largest(strbuf *to, const radius_chart *c)
{
    jem_status st = JEM_OK;
    for (int i = 0; i < c->count; i++) {
        const radius_trend *r = &c->panels[i].at[c->panels[i].count - 1];
        char name[CONDITION + 48];
        if (c->panels[i].refined || !(r->radius > 0)) continue;
        snprintf(name, sizeof name, "Accuracy under %s", r->label);
        if (to->used) strbuf_add(to, " ");
        TRY(say_trend(to, &r->t, &(say_score){name, false, true}));
    }
done:
    return st;
}

/* A row for each attack. */
static jem_status write_table(strbuf *html, const radius_chart *c)
{
    jem_status st;
    trend *rows = NULL;
    int n = 0;

    TRY(MEM_NEW(rows, c->count * RADII_MAX));
    for (int i = 0; i < c->count; i++)
        for (int k = 0; k < c->panels[i].count; k++) rows[n++] = c->panels[i].at[k].t;
    trend_table(html, c->s, rows, n);
done:
    mem_free(rows); /* the trends are the chart's */
    return st;
}

jem_status figures_of_robustness(figure_list *list, study *s, const measures *const *known)
{
    jem_status st;
    radius_chart *c = NULL;
    figure f = {.file = "robustness-radii",
                .section = "Classification",
                .title = "Accuracy over the radius of attacks",
                .about = "Share of test images that are classified rightly and still are when an attack may go as far as "
                         "the radius: one line per α, mean over seeds with its standard error. Refined: Langevin steps "
                         "on the network’s own energy come before the decision, and the attack knows it. Hollow: a "
                         "network that decides at chance also without an attack. α = 1 is left out.",
                .lay_out = lay_out_radii,
                .draw = draw_radii,
                .free_ctx = radius_chart_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    c->s = s;
    TRY(collect(c, s, known));
    if (!c->count) goto done; /* attacks are for those who ask for them */
    if (c->left_out)
        TRY(study_warn(s, "The figure of accuracy over radii has no room for all attacks; scores.tsv of the runs has the rest."));
    trend_tsv_header(&f.tsv);
    for (int i = 0; i < c->count; i++)
        for (int k = 0; k < c->panels[i].count; k++) trend_tsv(&f.tsv, s, &c->panels[i].at[k].t, 1);
    TRY(write_table(&f.table, c));
    TRY(say_largest(&f.says, c));
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}
