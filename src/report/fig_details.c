/* What lies behind two headline scores: model-vs-human set by set, and cue conflict category
 * by category and along Langevin steps. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "record/image_name.h"
#include "record/image_sets.h"
#include "report/axes.h"
#include "report/figures.h"
#include "report/labels.h"
#include "report/marks.h"
#include "report/part_values.h"
#include "report/says.h"
#include "sweetspot/trend.h"

static const char mvh[] = "model-vs-human", cue[] = "cue-conflict", kappa[] = "error_consistency";

/* ---- small multiples: one panel per set */

typedef struct set_panel {
    const char *set;
    trend accuracy, kappa;
} set_panel;

typedef struct set_chart {
    int count;
    const measures *meaning; /* NULL: model-vs-human is unknown to this program */
    set_panel panels[MVH_SETS];
    part_values beside; /* parts: accuracy of the first panel, its kappa, accuracy of the second, ... */
    panel_grid grid;
    int legend_rows, name_rows; /* of the networks beside the study: below the legend */
} set_chart;

static void set_chart_free(void *ctx)
{
    set_chart *c = ctx;
    for (int i = 0; i < c->count; i++) {
        trend_clear(&c->panels[i].accuracy);
        trend_clear(&c->panels[i].kappa);
    }
    part_values_clear(&c->beside);
    mem_free(c);
}

static void draw_curve(draw *d, const axes *a, const trend *t, colour c)
{
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *p = &t->points[i];
        bool grey = p->alpha >= 1; /* its classifier was never trained */
        double x = axes_x(a, p->alpha), y = axes_y(a, p->mean);
        if (i > 0 && !grey) {
            const trend_point *q = p - 1;
            draw_segment(d, axes_x(a, q->alpha), axes_y(a, q->mean), x, y, 1.6, 0, c);
        }
        draw_value_note(d, p->alpha, t->metric, p->mean);
        if (isfinite(p->sem))
            draw_segment(d, x, axes_y(a, p->mean - p->sem), x, axes_y(a, p->mean + p->sem), 1.2, 0,
                         c);
        const bool hollow = p->at_chance && !grey;
        draw_mark(d, p->place, x, y, 2.6, grey ? faded(MUTED, 0.6) : hollow ? PAPER : c, hollow ? c : faded(c, 0));
        draw_unnote(d);
    }
}

static void draw_people(draw *d, const axes *a, const set_chart *of, const set_panel *p,
                        const char *metric, colour c)
{
    double value =
        of->meaning ? published_value(of->meaning, metric, p->set, NULL, "human") : NAN;
    if (isfinite(value))
        draw_segment(d, a->left, axes_y(a, value), a->left + a->width, axes_y(a, value), 1.2, 4,
                     faded(c, 0.8));
}

enum { SETS_LEFT = 36, SETS_LEGEND = 530, SETS_ROW = 16 }; /* the legend's width in one row, else two */

static void lay_out_sets(figure *f, double width)
{
    set_chart *c = f->ctx;
    c->legend_rows = width < SETS_LEGEND ? 2 : 1;
    c->name_rows = c->beside.networks ? draw_legend_rows(width - SETS_LEFT, c->beside.networks) : 0;
    c->grid = panel_grid_make(&(panel_cells){.panels = c->count, .most_columns = 6, .least_width = 110,
                                             .narrowest = 84, .height = 190, .top = 14 + SETS_ROW * c->legend_rows + LEGEND_ROW * c->name_rows,
                                             .most_height = f->most_height}, width);
    f->width = fmax(c->grid.cell_width * c->grid.columns, fmin(width, SETS_LEGEND));
    f->height = c->grid.top + c->grid.cell_height * c->grid.rows;
}

/* Of networks beside the study: colours that no curve has. */
static colour beside_ink(int network) { return series_colour(2 + network); }

static void name_beside(draw *d, const part_values *v, double x, double y, double width)
{
    colour inks[PART_NETWORKS_MAX];
    for (int i = 0; i < v->networks; i++) inks[i] = beside_ink(i);
    if (v->networks) draw_legend(d, x, y, width, v->names, inks, v->networks);
}

/* At the panel's right edge: a disc for accuracy, a square for kappa. */
static void draw_beside(draw *d, const axes *a, const set_chart *c, int panel)
{
    for (int i = 0; i < c->beside.networks; i++)
        for (int k = 0; k < 2; k++)
            part_values_mark(d, &c->beside, i, 2 * panel + k, k, a->left + a->width + 6,
                             axes_y(a, part_values_get(&c->beside, i, 2 * panel + k)->at), beside_ink(i));
}

static jem_status draw_sets(draw *d, const void *ctx)
{
    static const char *const names[] = {"accuracy", "error consistency κ"};
    const set_chart *c = ctx;
    const colour colours[] = {series_colour(0), series_colour(1)};
    const panel_grid g = c->grid;
    draw_legend(d, SETS_LEFT, 12, 280, names, colours, 2);
    name_beside(d, &c->beside, SETS_LEFT, 12 + SETS_ROW * c->legend_rows, g.cell_width * g.columns - SETS_LEFT);
    draw_text(d, c->legend_rows > 1 ? SETS_LEFT : 320, 12 + SETS_ROW * (c->legend_rows - 1), style_of(TICK_SIZE, LEFT, MIDDLE, MUTED),
              "dashed: people, in the same colours");
    for (int i = 0; i < c->count; i++) {
        const set_panel *p = &c->panels[i];
        axes a = {.left = SETS_LEFT + (i % g.columns) * g.cell_width,
                  .top = g.top + (double)(i / g.columns) * g.cell_height + 28,
                  .width = g.cell_width - 46,
                  .height = g.cell_height - 68,
                  .x1 = 1, .y0 = -0.1, .y1 = 1,
                  .x_is_alpha = true,
                  .bare_y = i % g.columns > 0,
                  .title = p->set,
                  .title_shift = g.cell_width < 150 ? 30 : 0,
                  .x_label = "α"};
        axes_draw(d, &a);
        draw_people(d, &a, c, p, "accuracy", colours[0]);
        draw_people(d, &a, c, p, kappa, colours[1]);
        draw_curve(d, &a, &p->accuracy, colours[0]);
        draw_curve(d, &a, &p->kappa, colours[1]);
        draw_beside(d, &a, c, i);
    }
    return JEM_OK;
}

/* "Error consistency is highest at α = 0.4 in 5 of 17 sets, more than at any other α." */
static void say_leads(strbuf *to, const set_chart *c)
{
    double leader[MVH_SETS];
    int most = 0, at = 0, measured = 0, ties = 0;
    for (int i = 0; i < c->count; i++) {
        const trend_point *best = trend_best(&c->panels[i].kappa, true, true);
        if (best) leader[measured++] = best->alpha;
    }
    for (int i = 0; i < measured; i++) {
        int n = 0;
        for (int k = 0; k < measured; k++) n += leader[k] == leader[i];
        if (n > most) most = n, at = i, ties = 0;
        ties += n == most && leader[i] != leader[at];
    }
    if (most)
        plain_printf(to, "Error consistency is highest at α = %g in %d of %d sets, %s.", leader[at], most, measured,
                     ties ? "and as often at another α" : "more often than at any other α");
}

static jem_status collect_sets_beside(set_chart *c, study *s)
{
    score_wanted parts[2 * MVH_SETS];
    for (int i = 0; i < c->count; i++) {
        parts[2 * i] = (score_wanted){mvh, "accuracy", c->panels[i].set, NULL};
        parts[2 * i + 1] = (score_wanted){mvh, kappa, c->panels[i].set, NULL};
    }
    return part_values_collect(&c->beside, s, parts, 2 * c->count, c->meaning);
}

static jem_status figure_of_sets(figure_list *list, study *s, const measures *const *known)
{
    jem_status st;
    set_chart *c = NULL;
    figure f = {.file = "model-vs-human-sets",
                .section = "People",
                .title = "model-vs-human, set by set",
                .about = "Accuracy and error consistency on each set of images, without the "
                         "conditions that the benchmark leaves out.",
                .lay_out = lay_out_sets,
                .draw = draw_sets,
                .free_ctx = set_chart_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    c->meaning = measures_find(known, mvh);
    trend_tsv_header(&f.tsv);
    for (int i = 0; i < MVH_SETS; i++) {
        set_panel *p = &c->panels[c->count++];
        p->set = mvh_sets[i].name;
        TRY(trend_collect_in(&p->accuracy, s, mvh, p->set, "accuracy", NULL));
        TRY(trend_collect_in(&p->kappa, s, mvh, p->set, kappa, NULL));
        trend_mark_chance(&p->accuracy, s, c->meaning);
        trend_mark_chance(&p->kappa, s, c->meaning);
        if (p->kappa.count == 0 && p->accuracy.count == 0) {
            trend_clear(&p->accuracy);
            trend_clear(&p->kappa);
            c->count--;
            continue;
        }
        p->accuracy.label = p->kappa.label = p->set;
        trend_tsv(&f.tsv, s, &p->accuracy, 1);
        trend_tsv(&f.tsv, s, &p->kappa, 1);
    }
    if (c->count < 2) goto done; /* one set is its own mean */
    say_leads(&f.says, c);
    TRY(collect_sets_beside(c, s));
    if (c->beside.networks)
        plain_printf(&f.says, "%sAt the right edge networks beside the study: discs are accuracy, squares error consistency.",
                     f.says.used ? " " : "");
    for (int i = 0; i < c->beside.networks; i++) model_say_probe(&f.says, c->beside.names[i]);
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}

/* ---- shape bias by category (the paper's Fig. 20) */

typedef struct category_chart {
    int order[CATEGORY_COUNT]; /* from most to least shape decisions of people */
    trend overall, category[CATEGORY_COUNT];
    part_values beside;      /* parts: the categories */
    double left, width, top; /* of the rows */
    double people_x;    /* of the legend's mark */
} category_chart;

/* Shape bias of people per shape category (Geirhos et al. 2019, ten observers pooled). */
static const double people_bias[CATEGORY_COUNT] = {.8931, .9347, .9972, .9683, .8722, .9868,
                                                   .9739, .9590, .9913, .9958, .9413, .9634,
                                                   .9422, .8911, .9680, .9833};
static const double people_overall = 0.958688;

static void category_chart_free(void *ctx)
{
    category_chart *c = ctx;
    trend_clear(&c->overall);
    for (int i = 0; i < CATEGORY_COUNT; i++) trend_clear(&c->category[i]);
    part_values_clear(&c->beside);
    mem_free(c);
}

/* Increasing texture decisions of people from the top. */
static void order_categories(category_chart *c)
{
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        int at = i;
        for (; at > 0 && people_bias[c->order[at - 1]] < people_bias[i]; at--)
            c->order[at] = c->order[at - 1];
        c->order[at] = i;
    }
}

/* Markers of one row stand a little above each other: equal values stay visible. */
enum { ROW_SPREAD = 16 };
enum { ROW = 26, ROWS_TOP = 64, NAMES_TOP = 38, ROWS_LEFT = 64, ROWS_RIGHT = 66, SCALE_WIDTH = 200 };

static double texture_x(const category_chart *c, double bias) { return c->left + (1 - bias) * c->width; }

/* "people" stands to the right of the rows, or where these are short above them. */
static void lay_out_categories(figure *f, double width)
{
    category_chart *c = f->ctx;
    const bool narrow = width < 600;
    c->left = ROWS_LEFT;
    c->width = width - ROWS_LEFT - (narrow ? 12 : ROWS_RIGHT);
    c->people_x = narrow ? ROWS_LEFT + SCALE_WIDTH + 16 : width - ROWS_RIGHT + 18;
    c->top = ROWS_TOP;
    if (c->beside.networks) c->top += 4 + LEGEND_ROW * draw_legend_rows(c->width, c->beside.networks);
    f->width = width;
    f->height = c->top + CATEGORY_COUNT * ROW + 48;
}

static void draw_row_scale(draw *d, const category_chart *c, double bottom)
{
    for (int i = 0; i <= 10; i += 2) {
        char text[8], mirrored[8];
        double x = c->left + i / 10.0 * c->width;
        snprintf(text, sizeof text, "%.1f", i / 10.0);
        snprintf(mirrored, sizeof mirrored, "%.1f", 1 - i / 10.0);
        draw_segment(d, x, c->top, x, bottom, 1, 0, GRID);
        draw_text(d, x, bottom + 6, style_of(TICK_SIZE, CENTRE, TOP, MUTED), text);
        draw_text(d, x, c->top - 6, style_of(TICK_SIZE, CENTRE, BASELINE, MUTED), mirrored);
    }
    double middle = c->left + c->width / 2;
    draw_text(d, middle, bottom + 24, style_of(LABEL_SIZE, CENTRE, TOP, INK),
              "fraction of texture decisions");
    draw_text(d, middle, c->top - 24, style_of(LABEL_SIZE, CENTRE, BASELINE, INK),
              "fraction of shape decisions");
}

static const colour people_colour = {165 / 255.0, 30 / 255.0, 55 / 255.0, 1};

static void draw_diamond(draw *d, double x, double y)
{
    const double px[] = {x, x + 5, x, x - 5}, py[] = {y - 5, y, y + 5, y};
    draw_area(d, px, py, 4, people_colour);
}

/* Of all its decisions: those for one category alone are few. */
static bool decides_at_chance(const category_chart *c, double alpha)
{
    const trend_point *whole = trend_at(&c->overall, alpha);
    return whole && whole->at_chance;
}

static jem_status draw_categories(draw *d, const void *ctx)
{
    const category_chart *c = ctx;
    double bottom = c->top + CATEGORY_COUNT * ROW;
    draw_alpha_scale(d, c->left, 8, SCALE_WIDTH);
    name_beside(d, &c->beside, c->left, NAMES_TOP, c->width);
    draw_row_scale(d, c, bottom);
    for (int64_t i = 0; i < c->overall.count; i++) {
        const trend_point *p = &c->overall.points[i];
        if (p->alpha < 1)
            draw_segment(d, texture_x(c, p->mean), c->top, texture_x(c, p->mean), bottom, 1.4, 0,
                         faded(alpha_colour(p->alpha), 0.5));
    }
    draw_segment(d, texture_x(c, people_overall), c->top, texture_x(c, people_overall), bottom, 1.4, 0,
                 faded(people_colour, 0.6));
    for (int r = 0; r < CATEGORY_COUNT; r++) {
        const trend *t = &c->category[c->order[r]];
        double y = c->top + (r + 0.5) * ROW;
        draw_segment(d, c->left, y, c->left + c->width, y, 1, 0, faded(GRID, 0.6));
        draw_text(d, c->left - 8, y, style_of(LABEL_SIZE, RIGHT, MIDDLE, INK),
                  category_names[c->order[r]]);
        for (int64_t i = 0; i < t->count; i++) {
            const trend_point *p = &t->points[i];
            double at = y + (p->alpha - 0.5) * ROW_SPREAD;
            if (!(p->alpha < 1)) continue;
            draw_value_note(d, p->alpha, category_names[c->order[r]], p->mean);
            (decides_at_chance(c, p->alpha) ? draw_chance_mark : draw_alpha_mark)(d, p->alpha, p->place,
                                                                                  texture_x(c, p->mean), at, 3.4);
            draw_unnote(d);
        }
        for (int i = 0; i < c->beside.networks; i++)
            part_values_mark(d, &c->beside, i, c->order[r], 0,
                             texture_x(c, part_values_get(&c->beside, i, c->order[r])->at), y, beside_ink(i));
        draw_diamond(d, texture_x(c, people_bias[c->order[r]]), y);
    }
    draw_diamond(d, c->people_x, 12);
    draw_text(d, c->people_x + 10, 12, style_of(TICK_SIZE, LEFT, MIDDLE, MUTED), "people");
    return JEM_OK;
}

static jem_status collect_categories_beside(category_chart *c, study *s, const measures *of)
{
    score_wanted parts[CATEGORY_COUNT];
    for (int i = 0; i < CATEGORY_COUNT; i++) parts[i] = (score_wanted){cue, "shape_bias", cue, category_names[i]};
    return part_values_collect(&c->beside, s, parts, CATEGORY_COUNT, of);
}

static jem_status figure_of_categories(figure_list *list, study *s, const measures *const *known)
{
    jem_status st;
    category_chart *c = NULL;
    int64_t found = 0;
    figure f = {.file = "cue-conflict-categories",
                .section = "People",
                .title = "Shape or texture, category by category",
                .about = "Decisions for shape or texture on images of each shape category, a "
                         "marker per α; vertical lines are values over all categories. Hollow: a "
                         "network that decides at chance. At α = 1 the classifier was never "
                         "trained: left out.",
                .lay_out = lay_out_categories,
                .draw = draw_categories,
                .free_ctx = category_chart_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    order_categories(c);
    TRY(trend_collect_in(&c->overall, s, cue, cue, "shape_bias", NULL));
    trend_mark_chance(&c->overall, s, measures_find(known, cue));
    trend_tsv_header(&f.tsv);
    trend_tsv(&f.tsv, s, &c->overall, 1);
    for (int i = 0; i < CATEGORY_COUNT; i++) {
        TRY(trend_collect_in(&c->category[i], s, cue, cue, "shape_bias", category_names[i]));
        trend_tsv(&f.tsv, s, &c->category[i], 1);
        found += c->category[i].count;
    }
    if (!found) goto done;
    TRY(collect_categories_beside(c, s, measures_find(known, cue)));
    TRY(say_trend(&f.says, &c->overall, &(say_score){"Shape bias over all categories", false, true}));
    if (f.says.used) plain_printf(&f.says, " People’s is %.2f.", people_overall);
    if (c->beside.networks)
        plain_printf(&f.says, "%sSmall discs on the lines of the rows are networks beside the study.", f.says.used ? " " : "");
    for (int i = 0; i < c->beside.networks; i++) model_say_probe(&f.says, c->beside.names[i]);
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}

/* ---- shape bias along Langevin steps (the paper's Fig. 3b) */

enum { STEPS_MAX = 32 };

typedef struct steps_chart {
    int count; /* ascending by steps */
    int64_t steps[STEPS_MAX];
    char condition[STEPS_MAX][24];
    trend trends[STEPS_MAX];
    double width; /* of the plot */
} steps_chart;

static void steps_chart_free(void *ctx)
{
    steps_chart *c = ctx;
    for (int i = 0; i < c->count; i++) trend_clear(&c->trends[i]);
    mem_free(c);
}

/* Adds `steps` in its place unless it is there. */
static void add_steps(steps_chart *c, int64_t steps)
{
    int at = 0;
    while (at < c->count && c->steps[at] < steps) at++;
    if (c->count == STEPS_MAX || (at < c->count && c->steps[at] == steps)) return;
    memmove(c->steps + at + 1, c->steps + at, (size_t)(c->count - at) * sizeof *c->steps);
    c->steps[at] = steps;
    c->count++;
}

static void find_steps(steps_chart *c, const study *s)
{
    for (int64_t i = 0; i < s->count; i++)
        for (int64_t k = 0; k < s->runs[i].scores.count; k++) {
            const score *sc = &s->runs[i].scores.scores[k];
            if (strcmp(sc->benchmark, cue) != 0 || strcmp(sc->metric, "shape_bias") != 0) continue;
            if (sc->condition && strncmp(sc->condition, "steps=", 6) == 0)
                add_steps(c, strtoll(sc->condition + 6, NULL, 10));
        }
    if (c->count) add_steps(c, 0);
}

/* How far markers of one number of steps stand beside each other, so that errors can be told. */
static double steps_spread(const steps_chart *c, const axes *a)
{
    double gap = 50;
    bool errors = false;
    for (int i = 0; i < c->count; i++) {
        if (i > 0)
            gap = fmin(gap, axes_x(a, (double)c->steps[i]) - axes_x(a, (double)c->steps[i - 1]));
        for (int64_t k = 0; k < c->trends[i].count; k++)
            errors |= isfinite(c->trends[i].points[k].sem);
    }
    return errors ? 0.4 * gap : 0;
}

static void lay_out_steps(figure *f, double width)
{
    steps_chart *c = f->ctx;
    f->width = fmin(width, 640);
    f->height = 380;
    c->width = f->width - 80;
}

/* One alpha along the steps, `aside` of where they are. */
static void draw_walk(draw *d, const axes *a, const steps_chart *c, double alpha, double aside, label_list *labels)
{
    const colour own = alpha_colour(alpha);
    double before_x = NAN, before_y = NAN;
    for (int i = 0; i < c->count; i++) {
        const trend_point *p = trend_at(&c->trends[i], alpha);
        if (!p) continue;
        const double x = axes_x(a, (double)c->steps[i]) + aside, y = axes_y(a, p->mean), spread = isfinite(p->sem) ? p->sem : 0;
        const double top = axes_y(a, p->mean + spread), bottom = axes_y(a, p->mean - spread);
        draw_value_note(d, alpha, "shape bias", p->mean);
        if (isfinite(before_x)) {
            draw_segment(d, before_x, before_y, x, y, 1.8, 0, own);
            label_reserve_line(labels, before_x, before_y, x, y);
        }
        if (spread > 0) draw_segment(d, x, top, x, bottom, 1.2, 0, own);
        (p->at_chance ? draw_chance_mark : draw_alpha_mark)(d, alpha, p->place, x, y, 3.4);
        draw_unnote(d);
        label_reserve(labels, x - 5, top - 5, 10, bottom - top + 10);
        before_x = x;
        before_y = y;
    }
}

static jem_status draw_steps(draw *d, const void *ctx)
{
    const steps_chart *c = ctx;
    const double last = (double)c->steps[c->count - 1];
    const axes a = {.left = 60, .top = 60, .width = c->width, .height = 260,
                    .x0 = -0.04 * last, .x1 = 1.04 * last, .y0 = 0, .y1 = 1,
                    .x_label = "Langevin steps on the image", .y_label = "shape bias"};
    label_list labels = label_list_in(&a);
    draw_alpha_scale(d, 60, 8, 220);
    axes_draw(d, &a);
    axes_reference(d, &a, people_overall);
    label_reserve_level(&labels, axes_y(&a, people_overall));
    const double spread = steps_spread(c, &a);
    for (int64_t k = 0; k < c->trends[0].count; k++) {
        const double alpha = c->trends[0].points[k].alpha;
        if (alpha < 1) draw_walk(d, &a, c, alpha, (alpha - 0.5) * spread, &labels);
    }
    label_along(d, &labels, axes_y(&a, people_overall), "people");
    return JEM_OK;
}

/* "After 50 steps shape bias has changed most at α = 0.4: from 0.210 to 0.330." */
static void say_change(strbuf *to, const steps_chart *c)
{
    const trend_point *from = NULL, *end = NULL;
    char before[40], after[40];
    for (int64_t k = 0; k < c->trends[0].count; k++) {
        const trend_point *p = &c->trends[0].points[k], *q = trend_at(&c->trends[c->count - 1], p->alpha);
        if (!q || p->alpha >= 1 || (from && fabs(q->mean - p->mean) <= fabs(end->mean - from->mean))) continue;
        from = p, end = q;
    }
    if (!from) return;
    trend_number(before, sizeof before, from->mean);
    trend_number(after, sizeof after, end->mean);
    plain_printf(to, "After %lld steps shape bias has changed most at α = %g: from %s to %s.", (long long)c->steps[c->count - 1],
                 from->alpha, before, after);
}

static jem_status figure_of_steps(figure_list *list, study *s, const measures *const *known)
{
    jem_status st = JEM_OK;
    steps_chart *c = NULL;
    figure f = {.file = "cue-conflict-steps",
                .section = "People",
                .title = "Shape bias along Langevin steps",
                .about = "The image is refined by Langevin steps on the network’s own energy "
                         "before it is classified: one line per α, mean over seeds with its "
                         "standard error; hollow: a network that decides at chance. α = 1 is "
                         "left out.",
                .lay_out = lay_out_steps,
                .draw = draw_steps,
                .free_ctx = steps_chart_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    find_steps(c, s);
    if (c->count < 2) goto done;
    trend_tsv_header(&f.tsv);
    for (int i = 0; i < c->count; i++) {
        snprintf(c->condition[i], sizeof c->condition[i], "steps=%lld", (long long)c->steps[i]);
        TRY(trend_collect_in(&c->trends[i], s, cue, cue, "shape_bias",
                             c->steps[i] ? c->condition[i] : NULL));
        trend_mark_chance(&c->trends[i], s, measures_find(known, cue));
        c->trends[i].label = c->condition[i];
        trend_tsv(&f.tsv, s, &c->trends[i], 1);
    }
    trend_table(&f.table, s, c->trends, c->count);
    say_change(&f.says, c);
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}

jem_status figures_of_details(figure_list *list, study *s, const measures *const *known)
{
    jem_status st;
    TRY(figure_of_sets(list, s, known));
    TRY(figure_of_categories(list, s, known));
    TRY(figure_of_steps(list, s, known));
done:
    return st;
}
