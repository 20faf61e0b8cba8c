/* Where along alpha each study of a grid is best: a panel for each score that a sweet spot is looked for in, and in it a
 * lane for each study with the set of alphas that may be the best and the best one. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "report/axes.h"
#include "report/figures.h"
#include "report/marks.h"
#include "report/study_names.h"
#include "sweetspot/sweetspot.h"
#include "sweetspot/trend.h"

enum { PANELS_MAX = 24, COLUMNS = 3, LANE = 26, KEY_ROW = 20, FOOT = 50, TITLE_ROOM = 26, NAME_ROOM = 110, RIGHT_ROOM = 14 };

typedef struct spots_panel {
    const sweetspot *of[STUDIES_MAX]; /* borrowed from the lists; NULL: the study lacks the score */
} spots_panel;

typedef struct spots_chart {
    int studies, count; /* lanes, panels */
    study_names names;
    const study *study[STUDIES_MAX];
    sweetspot_list lists[STUDIES_MAX];
    spots_panel panels[PANELS_MAX];
    panel_grid grid;
    bool narrow;        /* the key has no room for all of it in a row */
} spots_chart;

static void chart_free(void *ctx)
{
    spots_chart *c = ctx;
    for (int k = 0; k < c->studies; k++) sweetspot_list_clear(&c->lists[k]);
    mem_free(c);
}

static const sweetspot *same_line(const sweetspot_list *list, const sweetspot *p)
{
    for (int64_t i = 0; i < list->count; i++) {
        const sweetspot *q = &list->spots[i];
        if (q->line == p->line && q->score == p->score) return q;
    }
    return NULL;
}

/* Has study k or one before it the line of p? */
static bool known_before(const spots_chart *c, int k, const sweetspot *p)
{
    for (int j = 0; j < k; j++)
        if (same_line(&c->lists[j], p)) return true;
    return false;
}

/* A panel for each line that two studies at least have. */
static void collect_panels(spots_chart *c)
{
    for (int k = 0; k < c->studies; k++)
        for (int64_t i = 0; i < c->lists[k].count && c->count < PANELS_MAX; i++) {
            const sweetspot *p = &c->lists[k].spots[i];
            spots_panel *panel = &c->panels[c->count];
            int with = 0;
            if (known_before(c, k, p)) continue;
            for (int j = 0; j < c->studies; j++) with += (panel->of[j] = same_line(&c->lists[j], p)) != NULL;
            c->count += with >= 2;
        }
}

static const sweetspot *any_of(const spots_panel *p)
{
    int k = 0;
    while (!p->of[k]) k++;
    return p->of[k];
}

/* ---- drawing */

static void lay_out(figure *f, double width)
{
    spots_chart *c = f->ctx;
    c->narrow = width < 520;
    c->grid = panel_grid_make(&(panel_cells){.panels = c->count, .most_columns = COLUMNS, .least_width = 280,
                                             .narrowest = 240, .height = TITLE_ROOM + FOOT + LANE * c->studies,
                                             .top = KEY_ROW * (c->narrow ? 3 : 1) + 6, .most_height = f->most_height},
                              width);
    c->grid.cell_height = TITLE_ROOM + FOOT + LANE * c->studies; /* lanes do not shrink */
    f->width = c->grid.cell_width * c->grid.columns;
    f->height = c->grid.top + c->grid.cell_height * c->grid.rows;
}

/* Beside each other where there is room, else one below the other. */
static void draw_key(draw *d, bool narrow)
{
    static const char *const words[3] = {"α that may be best", "best, shown to be above both ends", "best, not shown to be"};
    static const double beside[3] = {8, 164, 384};
    for (int i = 0; i < 3; i++) {
        const double x = narrow ? 8 : beside[i], y = KEY_ROW * (narrow ? i : 0) + 12;
        if (i == 0)
            draw_rectangle(d, x, y - 6, 26, 12, faded(series_colour(2), 0.3));
        else
            draw_disc(d, x + 13, y, 4, i == 1 ? INK : PAPER, INK);
        draw_text(d, x + (i == 0 || narrow ? 32 : 23), y, style_of(LABEL_SIZE, LEFT, MIDDLE, INK), words[i]);
    }
}

static void draw_lane(draw *d, const axes *a, const char *name, const sweetspot *p, double y)
{
    char note[256];
    draw_fitting(d, a->left - NAME_ROOM + 4, y, NAME_ROOM - 10, style_of(TICK_SIZE, LEFT, MIDDLE, INK), name);
    if (!p) return;
    for (int64_t i = 0; i < p->alphas; i++) {
        const double low = i ? (p->alpha[i - 1] + p->alpha[i]) / 2 : p->alpha[i] - 0.02;
        const double high = i + 1 < p->alphas ? (p->alpha[i] + p->alpha[i + 1]) / 2 : p->alpha[i] + 0.02;
        if (!p->at.in_set[i]) continue;
        draw_rectangle(d, axes_x(a, low), y - LANE * 0.32, axes_x(a, high) - axes_x(a, low), LANE * 0.64,
                       faded(series_colour(2), 0.3));
    }
    const double best = p->alpha[p->at.best];
    plain_format(note, sizeof note, "%s\nbest α = %g: %.4g, %s", name, best, p->value[p->alphas * (p->score > 0 ? p->score : 0) + p->at.best],
                 spot_verdict_text(p->verdict));
    draw_note(d, DRAW_ALPHA(best), note);
    draw_disc(d, axes_x(a, best), y, 4, p->verdict == SPOT_SHOWN ? INK : PAPER, INK);
    draw_unnote(d);
}

static jem_status draw_spots(draw *d, const void *ctx)
{
    const spots_chart *c = ctx;
    const panel_grid g = c->grid;

    draw_key(d, c->narrow);
    for (int i = 0; i < c->count; i++) {
        const sweetspot *any = any_of(&c->panels[i]);
        char title[160];
        plain_format(title, sizeof title, "%s, %s", any->line->title, sweetspot_measure(any));
        const axes a = {.left = (i % g.columns) * g.cell_width + NAME_ROOM,
                        .top = g.top + (double)(i / g.columns) * g.cell_height + TITLE_ROOM,
                        .width = g.cell_width - NAME_ROOM - RIGHT_ROOM,
                        .height = LANE * c->studies,
                        .x0 = -0.03, .x1 = 1.03, .y1 = 1, .x_is_alpha = true, .bare_y = true, .x_label = "α",
                        .title = title, .title_shift = NAME_ROOM - 8};
        axes_draw(d, &a);
        for (int k = 0; k < c->studies; k++)
            draw_lane(d, &a, c->names.of[k], c->panels[i].of[k], a.top + LANE * (k + 0.5));
    }
    return JEM_OK;
}

/* ---- numbers */

static jem_status write_row(strbuf *html, strbuf *tsv, const spots_chart *c, int k, const sweetspot *p)
{
    jem_status st;
    strbuf set = STRBUF_INIT, words = STRBUF_INIT;
    const double *values = p->value + p->alphas * (p->score > 0 ? p->score : 0);

    sweetspot_alphas(&set, p->alpha, p->at.in_set, p->alphas);
    sweetspot_words(&words, p);
    TRY(strbuf_status(&set));
    TRY(strbuf_status(&words));
    html_printf(html, "<tr><th>%s, %s</th><td class=\"text\">%s</td><td>%g</td><td class=\"set\">%s</td>", p->line->title,
                sweetspot_measure(p), c->names.of[k], p->alpha[p->at.best], set.data);
    for (int at = 0; at < 3; at++) {
        char number[40];
        trend_number(number, sizeof number, values[at == 0 ? p->at.best : at == 1 ? 0 : p->alphas - 1]);
        html_printf(html, "<td>%s</td>", number);
    }
    html_printf(html, "<td class=\"text\">%s</td></tr>", words.data);
    plain_printf(tsv, "%s\t%s\t%s\t%g\t%s\t%.6g\t%.6g\t%.6g\t%.6g\t%s\n", p->of->benchmark, sweetspot_measure(p),
                 c->names.of[k], p->alpha[p->at.best], set.data, values[p->at.best], values[0], values[p->alphas - 1],
                 p->at.p, spot_verdict_text(p->verdict));
done:
    strbuf_clear(&set);
    strbuf_clear(&words);
    return st;
}

static jem_status write_numbers(figure *f, const spots_chart *c)
{
    jem_status st = JEM_OK;

    strbuf_add(&f->table, "<table><thead><tr><th>score</th><th class=\"text\">study</th><th>best α</th><th class=\"set\">best set</th>"
                          "<th>there</th><th>lower end</th><th>upper end</th><th class=\"text\">above both ends</th></tr></thead><tbody>");
    strbuf_add(&f->tsv, "benchmark\tscore\tstudy\tbest\tset\tvalue\tlow_end\thigh_end\tp\tverdict\n");
    for (int i = 0; i < c->count; i++)
        for (int k = 0; k < c->studies; k++)
            if (c->panels[i].of[k]) TRY(write_row(&f->table, &f->tsv, c, k, c->panels[i].of[k]));
    strbuf_add(&f->table, "</tbody></table>");
done:
    return st;
}

/* ---- the figure */

/* What a study.yaml means nothing in is the study's own report's to say. */
static jem_status find_spots(spots_chart *c, study *const *studies, const measures *const *known)
{
    jem_status st = JEM_OK;
    sweetspot_options o = SWEETSPOT_OPTIONS_INIT;

    o.measures = known;
    TRY(pool_new(&o.threads, 0));
    for (int k = 0; k < c->studies; k++) {
        st = sweetspots_find(&c->lists[k], studies[k], &o);
        if (st == JEM_EUSAGE || st == JEM_EDATA) st = JEM_OK;
        if (st != JEM_OK) goto done;
    }
done:
    pool_free(o.threads);
    return st;
}

jem_status figures_of_grid_spots(figure_list *list, study *const *studies, int count, const measures *const *known)
{
    jem_status st;
    spots_chart *c = NULL;
    figure f = {.file = "grid-sweetspots", .section = "Sweet spot", .title = "Where along α each study of the grid is best",
                .about = "A lane for each study: the band holds the α that may be the best, the mark is the best one, filled "
                         "where an α between the ends is shown to be above both.",
                .draw = draw_spots, .lay_out = lay_out, .free_ctx = chart_free};

    if (count < 2) return JEM_OK;
    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    c->studies = count;
    study_names_make(&c->names, studies, count);
    TRY(find_spots(c, studies, known));
    collect_panels(c);
    if (c->count == 0) goto done;
    TRY(write_numbers(&f, c));
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}
