/* Gloss with projection heads of several sizes D, a panel for each: one study has one D, so these
 * come from several studies (the paper's Figs. 10 and 11). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "base/fields.h"
#include "report/axes.h"
#include "report/figures.h"
#include "report/labels.h"
#include "report/marks.h"
#include "report/model_rows.h"
#include "sweetspot/trend.h"

enum { COLUMNS = 4, HEADING = 34, FOOT = 50, PUBLISHED = 2 };

static const char *const networks[PUBLISHED] = {"PixelVAE", "ResNet"};
static const double light_chance = 1 / 6.0;

/* A network beside a study: PixelVAE, a classifier, whatever its folder has.  Of either score one point or none. */
typedef struct head_beside {
    char *name; /* owned */
    trend first, second;
} head_beside;

/* The two scores of a panel: x and y of a scatter, or two lines along alpha. */
typedef struct head {
    int64_t size; /* D */
    study *from;
    trend first, second;
    int64_t beside_count;
    head_beside *beside;
} head;

/* One figure: two scores of a benchmark. */
typedef struct pair {
    const char *benchmark, *metrics[2], *labels[2];
    const char *needs; /* what makes the scores */
} pair;

typedef struct heads {
    int count;
    const pair *scores;
    const measures *meaning; /* of the benchmark; NULL: unknown */
    head of[STUDIES_MAX];         /* ascending D */
    char titles[STUDIES_MAX][32]; /* "D = 100" */
    double lo[2], hi[2];          /* ranges of both scores, the same in every panel */
    double edge;                  /* room right of the panels for networks beside the studies; 0: none stand there */
    panel_grid grid;
} heads;

static void heads_free(void *ctx)
{
    heads *h = ctx;
    for (int i = 0; i < h->count; i++) {
        trend_clear(&h->of[i].first);
        trend_clear(&h->of[i].second);
        for (int64_t k = 0; k < h->of[i].beside_count; k++) {
            trend_clear(&h->of[i].beside[k].first);
            trend_clear(&h->of[i].beside[k].second);
            mem_free(h->of[i].beside[k].name);
        }
        mem_free(h->of[i].beside);
    }
    mem_free(h);
}

/* D of a study; JEM_EDATA if its runs differ. */
static jem_status size_of(int64_t *size, const study *s)
{
    for (int64_t i = 0; i < s->count; i++)
        if (!s->runs[i].beside && s->runs[i].proj != s->runs[0].proj)
            return jem_error(JEM_EDATA,
                             "%s: %s has model.proj %lld, %s has %lld: studies are compared by it, "
                             "so the runs of one must share it",
                             s->path, s->runs[0].name, (long long)s->runs[0].proj, s->runs[i].name,
                             (long long)s->runs[i].proj);
    *size = s->runs[0].proj;
    return JEM_OK;
}

static int by_size(const void *a, const void *b)
{
    const head *x = a, *y = b;
    return (x->size > y->size) - (x->size < y->size);
}

static void extend(double *lo, double *hi, double x)
{
    if (!isfinite(x)) return;
    *lo = fmin(*lo, x);
    *hi = fmax(*hi, x);
}

static void extend_by_trend(double *lo, double *hi, const trend *t)
{
    for (int64_t i = 0; i < t->count; i++) {
        double sem = isfinite(t->points[i].sem) ? t->points[i].sem : 0;
        extend(lo, hi, t->points[i].mean - sem);
        extend(lo, hi, t->points[i].mean + sem);
    }
}

/* The two scores of each network beside the study of a panel. */
static jem_status collect_beside(heads *h, head *one)
{
    jem_status st;
    const score_source from = {.path = one->from->path, .runs = one->from};
    const score_wanted first = {h->scores->benchmark, h->scores->metrics[0], NULL, NULL},
                       second = {h->scores->benchmark, h->scores->metrics[1], NULL, NULL};
    model_list models = {.count = 0};

    TRY(model_list_beside(&models, &from));
    TRY(MEM_NEW(one->beside, models.count + 1));
    for (int64_t i = 0; i < models.count; i++) {
        head_beside *b = &one->beside[one->beside_count++];
        TRY(mem_strdup(&b->name, models.entries[i].name));
        TRY(model_scores(&b->first, &models.entries[i], &first, NULL));
        TRY(model_scores(&b->second, &models.entries[i], &second, NULL));
        extend_by_trend(&h->lo[0], &h->hi[0], &b->first);
        extend_by_trend(&h->lo[1], &h->hi[1], &b->second);
    }
done:
    model_list_clear(&models);
    return st;
}

/* *out <- the two scores in each study; owned. */
static jem_status collect(heads **out, study *const *studies, int count, const pair *scores)
{
    jem_status st;
    heads *h = NULL;

    TRY(MEM_NEW(h, 1));
    h->scores = scores;
    for (int k = 0; k < 2; k++) {
        h->lo[k] = INFINITY;
        h->hi[k] = -INFINITY;
    }
    while (h->count < count) {
        head *one = &h->of[h->count];
        one->from = studies[h->count++];
        TRY(size_of(&one->size, one->from));
        TRY(trend_collect(&one->first, one->from, scores->benchmark, scores->metrics[0], NULL));
        TRY(trend_collect(&one->second, one->from, scores->benchmark, scores->metrics[1], NULL));
        extend_by_trend(&h->lo[0], &h->hi[0], &one->first);
        extend_by_trend(&h->lo[1], &h->hi[1], &one->second);
        TRY(collect_beside(h, one));
    }
    qsort(h->of, (size_t)h->count, sizeof *h->of, by_size);
    for (int i = 0; i < h->count; i++) {
        snprintf(h->titles[i], sizeof h->titles[i], "D = %lld", (long long)h->of[i].size);
        if (i == 0 || h->of[i].size != h->of[i - 1].size) continue;
        st = jem_error(JEM_EDATA,
                       "%s and %s both have model.proj %lld: name studies with different ones",
                       h->of[i - 1].from->path, h->of[i].from->path, (long long)h->of[i].size);
        goto done;
    }
    *out = h;
    h = NULL;
done:
    if (h) heads_free(h);
    return st;
}

/* ---- drawing */

static void lay_out_heads(figure *f, double width)
{
    heads *h = f->ctx;
    h->grid = panel_grid_make(&(panel_cells){.panels = h->count, .most_columns = COLUMNS, .least_width = 160 + h->edge,
                                             .narrowest = 150 + h->edge, .height = 250, .top = HEADING, .most_height = f->most_height},
                              width);
    f->width = h->grid.cell_width * h->grid.columns;
    f->height = h->grid.top + h->grid.cell_height * h->grid.rows;
}

/* The frame of panel i; its ranges are the caller's. */
static axes frame_of(const heads *h, int i)
{
    const panel_grid g = h->grid;
    return (axes){.left = 52 + (i % g.columns) * g.cell_width,
                  .top = g.top + (double)(i / g.columns) * g.cell_height + 26,
                  .width = g.cell_width - 66 - h->edge,
                  .height = g.cell_height - 26 - FOOT,
                  .bare_y = i % g.columns != 0,
                  .title = h->titles[i]};
}

/* Score number k of published network number m. */
static double network_value(const heads *h, int k, int m)
{
    if (!h->meaning) return NAN;
    return published_value(h->meaning, h->scores->metrics[k], NULL, NULL, networks[m]);
}

/* Networks of other authors: open squares with their names. */
static void draw_published(draw *d, const axes *a, const heads *h, label_list *labels)
{
    for (int m = 0; m < PUBLISHED; m++) {
        double x = network_value(h, 0, m), y = network_value(h, 1, m);
        if (isnan(x) || isnan(y)) continue;
        draw_open_square(d, axes_x(a, x), axes_y(a, y), 3);
        label_reserve(labels, axes_x(a, x) - 4, axes_y(a, y) - 4, 8, 8);
    }
    for (int m = 0; m < PUBLISHED; m++) {
        double x = network_value(h, 0, m), y = network_value(h, 1, m);
        if (!isnan(x) && !isnan(y)) label_near(d, labels, axes_x(a, x), axes_y(a, y), networks[m]);
    }
}

/* Networks beside the study: discs with their names. */
static void draw_beside(draw *d, const axes *a, const head *one, label_list *labels)
{
    for (int pass = 0; pass < 2; pass++) /* names after all marks */
        for (int64_t k = 0; k < one->beside_count; k++) {
            const head_beside *b = &one->beside[k];
            if (!b->first.count || !b->second.count) continue;
            const double x = axes_x(a, b->first.points->mean), y = axes_y(a, b->second.points->mean);
            if (pass == 0) {
                draw_disc(d, x, y, 4.2, INK, INK);
                label_reserve(labels, x - 5, y - 5, 10, 10);
            } else if (!label_near(d, labels, x, y, b->name)) {
                label_with_line(d, labels, x, y, b->name);
            }
        }
}

static jem_status draw_people(draw *d, const void *ctx)
{
    const heads *h = ctx;
    draw_alpha_scale(d, 52, 4, 220);
    for (int i = 0; i < h->count; i++) {
        axes a = frame_of(h, i);
        a.x0 = h->lo[0], a.x1 = h->hi[0], a.y0 = h->lo[1], a.y1 = h->hi[1];
        a.x_label = h->scores->labels[0];
        a.y_label = a.bare_y ? NULL : h->scores->labels[1];
        label_list labels = label_list_in(&a);
        axes_draw(d, &a);
        axes_reference(d, &a, 1);
        label_reserve_level(&labels, axes_y(&a, 1));
        const trend *x = &h->of[i].first, *y = &h->of[i].second;
        double before[2] = {NAN, NAN};
        for (int64_t k = 0; k < y->count; k++) {
            const trend_point *q = trend_at(x, y->points[k].alpha);
            if (!q) continue;
            double at[2] = {axes_x(&a, q->mean), axes_y(&a, y->points[k].mean)};
            colour c = alpha_colour(q->alpha);
            if (!isnan(before[0])) {
                draw_segment(d, before[0], before[1], at[0], at[1], 1.4, 0, faded(c, 0.6));
                label_reserve_line(&labels, before[0], before[1], at[0], at[1]);
            }
            draw_value_note(d, q->alpha, y->metric, y->points[k].mean);
            draw_alpha_mark(d, q->alpha, q->place, at[0], at[1], 4.2);
            draw_unnote(d);
            label_reserve(&labels, at[0] - 5, at[1] - 5, 10, 10);
            memcpy(before, at, sizeof at);
        }
        draw_beside(d, &a, &h->of[i], &labels);
        draw_published(d, &a, h, &labels);
        if (!a.bare_y) label_along(d, &labels, axes_y(&a, 1), "people r = 1");
    }
    return JEM_OK;
}

static void draw_line_of(draw *d, const axes *a, const trend *t, colour c, label_list *labels)
{
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *q = &t->points[i];
        const double x = axes_x(a, q->alpha), y = axes_y(a, q->mean), spread = isfinite(q->sem) ? q->sem : 0;
        const double top = axes_y(a, q->mean + spread), bottom = axes_y(a, q->mean - spread);
        label_reserve(labels, x - 5, top - 5, 10, bottom - top + 10);
        if (i > 0) {
            const double from_x = axes_x(a, q[-1].alpha), from_y = axes_y(a, q[-1].mean);
            draw_segment(d, from_x, from_y, x, y, 1.8, 0, c);
            label_reserve_line(labels, from_x, from_y, x, y);
        }
        draw_value_note(d, q->alpha, t->metric, q->mean);
        if (spread > 0) draw_segment(d, x, bottom, x, top, 1.4, 0, c);
        draw_mark(d, q->place, x, y, 3, c, faded(c, 0));
        draw_unnote(d);
    }
}

static void put_at_edge(label_list *labels, const axes *a, const trend *t, const char *name, const colour *ink)
{
    if (!t->count) return;
    const double y = axes_y(a, t->points->mean), spread = isfinite(t->points->sem) ? t->points->sem : 0;
    label_at_edge(labels, &(label_edge){.x = a->left + a->width + 8, .y = y, .text = name, .ink = ink,
                                        .spread = y - axes_y(a, t->points->mean + spread)});
}

/* As the study draws its PixelVAE: disconnected, right of the curves. */
static void draw_edge(draw *d, const axes *a, const head *one, const colour colours[2], double room, label_list *labels)
{
    for (int64_t k = 0; k < one->beside_count; k++) {
        put_at_edge(labels, a, &one->beside[k].first, one->beside[k].name, &colours[0]);
        put_at_edge(labels, a, &one->beside[k].second, one->beside[k].name, &colours[1]);
    }
    label_draw_edge(d, labels, room);
}

static jem_status draw_probes(draw *d, const void *ctx)
{
    const heads *h = ctx;
    const colour colours[] = {series_colour(0), series_colour(1)};
    draw_legend(d, 52, 12, h->grid.cell_width * h->grid.columns - 52, h->scores->labels, colours, 2);
    for (int i = 0; i < h->count; i++) {
        axes a = frame_of(h, i);
        a.x1 = 1;
        a.x_is_alpha = true;
        a.x_label = "α";
        a.y_label = a.bare_y ? NULL : "score";
        a.y0 = fmin(h->lo[0], h->lo[1]);
        a.y1 = fmax(h->hi[0], h->hi[1]);
        axes_draw(d, &a);
        axes_reference(d, &a, light_chance);
        label_list labels = label_list_in(&a);
        label_reserve_level(&labels, axes_y(&a, light_chance));
        draw_line_of(d, &a, &h->of[i].first, colours[0], &labels);
        draw_line_of(d, &a, &h->of[i].second, colours[1], &labels);
        draw_edge(d, &a, &h->of[i], colours, h->edge, &labels);
        if (!a.bare_y) label_along(d, &labels, axes_y(&a, light_chance), "chance, light");
    }
    return JEM_OK;
}

/* ---- numbers */

static void write_lines(strbuf *tsv, const head *one, const char *benchmark, const char *metric)
{
    char alpha[NUMBER_TEXT_MAX], value[NUMBER_TEXT_MAX];
    for (int64_t i = 0; i < one->from->count; i++) {
        const study_run *r = &one->from->runs[i];
        const score *s = trend_score(r, benchmark, NULL, metric, NULL);
        if (!s) continue;
        plain_printf(tsv, "%s\t%s\t%s\t%s\t%lld\t%s\tD=%lld\n", benchmark, metric,
                     s->model ? s->model : r->model, number_text(alpha, r->alpha),
                     (long long)r->seed, number_text(value, s->value), (long long)one->size);
    }
}

static void put_mean(strbuf *html, const trend *t)
{
    char mean[40], spread[40];
    if (!t->count) {
        strbuf_add(html, "<td class=\"none\">–</td>");
        return;
    }
    trend_number(mean, sizeof mean, t->points->mean);
    trend_number(spread, sizeof spread, t->points->sem);
    if (isfinite(t->points->sem))
        html_printf(html, "<td>%s<small>±%s</small></td>", mean, spread);
    else
        html_printf(html, "<td>%s</td>", mean);
}

/* A row per panel and network beside its study. */
static void write_beside(strbuf *html, const heads *h)
{
    int64_t any = 0;
    for (int i = 0; i < h->count; i++) any += h->of[i].beside_count;
    if (!any) return;
    html_printf(html, "<table><thead><tr><th>beside the studies</th><th>%s</th><th>%s</th></tr></thead><tbody>",
                h->scores->labels[0], h->scores->labels[1]);
    for (int i = 0; i < h->count; i++)
        for (int64_t k = 0; k < h->of[i].beside_count; k++) {
            const head_beside *b = &h->of[i].beside[k];
            if (!b->first.count && !b->second.count) continue;
            html_printf(html, "<tr><th>%s, %s</th>", b->name, h->titles[i]);
            put_mean(html, &b->first);
            put_mean(html, &b->second);
            strbuf_add(html, "</tr>");
        }
    strbuf_add(html, "</tbody></table>");
}

/* One row per score and size; the columns are the first study's alphas. */
static void write_numbers(figure *f, heads *h, const study *s)
{
    char labels[2 * STUDIES_MAX][80];
    trend rows[2 * STUDIES_MAX];

    trend_tsv_header(&f->tsv);
    for (int i = 0; i < h->count; i++)
        for (int k = 0; k < 2; k++) {
            char *label = labels[2 * i + k];
            snprintf(label, sizeof *labels, "%s, %s", h->titles[i], h->scores->labels[k]);
            rows[2 * i + k] = k ? h->of[i].second : h->of[i].first;
            rows[2 * i + k].label = label;
            write_lines(&f->tsv, &h->of[i], h->scores->benchmark, h->scores->metrics[k]);
        }
    trend_table(&f->table, s, rows, 2 * h->count);
    write_beside(&f->table, h);
}

/* Both scores, somewhere? */
static bool has_points(const heads *h)
{
    int64_t first = 0, second = 0;
    for (int i = 0; i < h->count; i++) {
        first += h->of[i].first.count;
        second += h->of[i].second.count;
    }
    return first > 0 && second > 0;
}

static jem_status add(figure_list *list, heads *h, figure f, const study *s)
{
    f.section = "Material perception";
    f.free_ctx = heads_free;
    f.ctx = h;
    f.lay_out = lay_out_heads;
    if (!has_points(h)) {
        jem_status st = str_format(&f.missing, "No study has these scores: %s.", h->scores->needs);
        if (st != JEM_OK) {
            figure_clear(&f);
            return st;
        }
    } else {
        for (int k = 0; k < 2; k++) axes_pad(&h->lo[k], &h->hi[k], -1, 1);
        write_numbers(&f, h, s);
    }
    return figure_list_add(list, &f);
}

static jem_status figure_of_people(figure_list *list, study *const *studies, int count,
                                   const measures *const *known)
{
    static const pair scores = {"gloss", {"accuracy", "pearson"},
                                {"gloss accuracy", "r with mean human rating"},
                                "jem bench gloss with gloss.images makes them"};
    jem_status st;
    heads *h;

    TRY(collect(&h, studies, count, &scores));
    h->meaning = measures_find(known, scores.benchmark);
    for (int m = 0; m < PUBLISHED; m++)
        for (int k = 0; k < 2; k++)
            extend(&h->lo[k], &h->hi[k], network_value(h, k, m));
    extend(&h->lo[1], &h->hi[1], 1); /* the human reference */
    TRY(add(list, h,
            (figure){.file = "gloss-dimensions-people",
                     .title = "Gloss accuracy and people, by dimensions of the projection",
                     .about =
                         "A panel per study, D is its model.proj; a marker per α, the mean over "
                         "seeds, joined in order. Black discs are networks in a study's folder beside its JEMs, "
                         "open squares published ones.",
                     .draw = draw_people},
            studies[0]));
done:
    return st;
}

static jem_status figure_of_probes(figure_list *list, study *const *studies, int count,
                                   const pair *scores, const char *file, const char *title)
{
    jem_status st;
    heads *h;

    TRY(collect(&h, studies, count, scores));
    extend(&h->lo[0], &h->hi[0], light_chance);
    for (int i = 0; i < h->count; i++)
        for (int64_t k = 0; k < h->of[i].beside_count; k++)
            if (h->of[i].beside[k].first.count || h->of[i].beside[k].second.count)
                h->edge = fmax(h->edge, label_edge_room(strlen(h->of[i].beside[k].name)));
    TRY(add(list, h,
            (figure){.file = file,
                     .title = title,
                     .about = "Linear probes of the features; whiskers are the standard error over "
                              "at least two seeds. Right of a panel stand networks in its study's folder beside its JEMs.",
                     .draw = draw_probes},
            studies[0]));
done:
    return st;
}

jem_status figures_of_dimensions(figure_list *list, study *const *studies, int count,
                                 const measures *const *known)
{
    static const pair gloss = {"gloss", {"light_accuracy", "relief_r2"},
                               {"light-field accuracy", "surface-relief R²"},
                               "jem bench gloss makes them"},
                      scenes = {"scenes", {"light_accuracy", "relief_r2"},
                                {"light-field accuracy", "surface-relief R²"},
                                "jem eval makes them"};
    jem_status st;

    if (count < 2) return JEM_OK;
    TRY(figure_of_people(list, studies, count, known));
    TRY(figure_of_probes(list, studies, count, &gloss, "gloss-dimensions",
                         "Gloss benchmark: light field and relief, by dimensions of the projection"));
    TRY(figure_of_probes(list, studies, count, &scenes, "scenes-dimensions",
                         "Own test scenes: light field and relief, by dimensions of the projection"));
done:
    return st;
}
