/* Histograms of log-sum-exp for data, samples and noise, one panel per alpha. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "base/fields.h"
#include "report/axes.h"
#include "report/figures.h"
#include "sweetspot/trend.h"

enum { COLUMNS = 5, KINDS = 3, LEGEND = 26 };
static const char *const kinds[KINDS] = {"data", "samples", "noise"};

typedef struct histogram {
    const study_run *run; /* the first seed of its alpha that has one */
    int rows;
    double *lo, *hi, *share[KINDS]; /* into one block; share of images; NULL if absent */
    double *block;
} histogram;

typedef struct histograms {
    int count;
    histogram *panels;
    panel_grid grid;
} histograms;

static void histograms_free(void *ctx)
{
    histograms *c = ctx;
    for (int i = 0; i < c->count; i++) mem_free(c->panels[i].block);
    mem_free(c->panels);
    mem_free(c);
}

/* One column as numbers; counts become shares of their sum, bounds are energies: float32. */
static bool take_column(double *to, const table *t, const char *name, bool as_share)
{
    int64_t column = table_find(t, name);
    double sum = 0;
    if (column < 0) return false;
    for (int64_t i = 0; i < t->rows; i++) {
        to[i] = table_get(t, i, column);
        if (!as_share && !(fabs(to[i]) <= (double)FLT_MAX)) return false;
        sum += isfinite(to[i]) ? to[i] : 0;
    }
    for (int64_t i = 0; as_share && sum > 0 && i < t->rows; i++)
        to[i] = isfinite(to[i]) ? to[i] / sum : 0;
    return !as_share || sum > 0;
}

static jem_status take_histogram(histogram *h, const study_run *r, bool *usable)
{
    const table *t = &r->energies;
    jem_status st = MEM_NEW(h->block, t->rows * (2 + KINDS));
    if (st != JEM_OK) return st;
    h->run = r;
    h->rows = (int)t->rows;
    h->lo = h->block;
    h->hi = h->lo + t->rows;
    *usable = take_column(h->lo, t, "lo", false) && take_column(h->hi, t, "hi", false);
    bool any = false;
    for (int k = 0; k < KINDS; k++) {
        double *column = h->hi + (k + 1) * t->rows;
        h->share[k] = take_column(column, t, kinds[k], true) ? column : NULL;
        any = any || h->share[k];
    }
    *usable = *usable && any;
    return JEM_OK;
}

static jem_status collect(histograms *c, study *s)
{
    for (int64_t i = 0; i < s->count; i++) {
        const study_run *r = &s->runs[i];
        bool usable;
        if (!r->energies.rows || isnan(r->alpha)) continue;
        if (c->count && c->panels[c->count - 1].run->alpha == r->alpha) continue;
        jem_status st = take_histogram(&c->panels[c->count], r, &usable);
        if (st != JEM_OK) return st;
        if (usable) {
            c->count++;
            continue;
        }
        mem_free(c->panels[c->count].block);
        c->panels[c->count] = (histogram){.run = NULL};
        st = study_warn(s,
                        "%s/scores/energy_hist.tsv has no finite columns lo, hi and one of data, "
                        "samples, noise; it is left out.",
                        r->name);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}

static void lay_out_histograms(figure *f, double width)
{
    histograms *c = f->ctx;
    c->grid = panel_grid_make(&(panel_cells){.panels = c->count, .most_columns = COLUMNS, .least_width = 160,
                                             .narrowest = 150, .height = 178, .top = LEGEND, .most_height = f->most_height},
                              width);
    f->width = c->grid.columns * (c->grid.cell_width - 6) + 24;
    f->height = c->grid.top + c->grid.rows * c->grid.cell_height + 4;
}

static jem_status draw_histograms(draw *d, const void *ctx)
{
    const histograms *c = ctx;
    const colour colours[KINDS] = {series_colour(0), series_colour(2), series_colour(1)}; /* as the means have them */
    const panel_grid grid = c->grid;
    draw_legend(d, 46, 12, grid.columns * grid.cell_width - 46, kinds, colours, KINDS);
    for (int i = 0; i < c->count; i++) {
        const histogram *h = &c->panels[i];
        char title[32];
        snprintf(title, sizeof title, "α = %g", h->run->alpha);
        axes a = {.left = 46 + (i % grid.columns) * (grid.cell_width - 6),
                  .top = grid.top + (double)(i / grid.columns) * grid.cell_height + 24,
                  .width = grid.cell_width - 58,
                  .height = grid.cell_height - 70,
                  .x0 = h->lo[0],
                  .x1 = h->hi[h->rows - 1],
                  .title = title,
                  .x_label = i + grid.columns >= c->count ? "LSE(x)" : NULL,
                  .y_label = i % grid.columns == 0 ? "share of images" : NULL};
        for (int k = 0; k < KINDS; k++)
            for (int b = 0; h->share[k] && b < h->rows; b++) a.y1 = fmax(a.y1, h->share[k][b]);
        a.y1 = a.y1 > 0 ? 1.05 * a.y1 : 1;
        if (!(a.x1 > a.x0)) a.x1 = a.x0 + 1;
        draw_note(d, DRAW_ALPHA(h->run->alpha), NULL);
        axes_draw(d, &a);
        for (int k = KINDS - 1; k >= 0; k--)
            if (h->share[k]) axes_steps(d, &a, h->lo, h->hi, h->share[k], h->rows, colours[k]);
        draw_unnote(d);
    }
    return JEM_OK;
}

static void write_numbers(strbuf *tsv, const histogram *h)
{
    char alpha[NUMBER_TEXT_MAX], value[NUMBER_TEXT_MAX];
    for (int k = 0; k < KINDS; k++)
        for (int b = 0; h->share[k] && b < h->rows; b++)
            plain_printf(tsv, "energy\tlse_share_%s\t%s\t%s\t%lld\t%s\t[%g, %g)\n", kinds[k],
                         h->run->model, number_text(alpha, h->run->alpha), (long long)h->run->seed,
                         number_text(value, h->share[k][b]), h->lo[b], h->hi[b]);
}

/* The share of images that two kinds have in common; NaN where one is absent. */
static double overlap(const histogram *h, int a, int b)
{
    double sum = 0;
    if (!h->share[a] || !h->share[b]) return NAN;
    for (int i = 0; i < h->rows; i++) sum += fmin(h->share[a][i], h->share[b][i]);
    return sum;
}

/* "Samples lie where data do most at α = 0.4 (82 % in common) and least at α = 0.9 (10 %)." */
static void say_overlap(strbuf *to, const histograms *c)
{
    enum { DATA, SAMPLES };
    double low = INFINITY, high = -INFINITY, low_at = NAN, high_at = NAN;
    for (int i = 0; i < c->count; i++) {
        const double share = overlap(&c->panels[i], DATA, SAMPLES);
        if (share < low) low = share, low_at = c->panels[i].run->alpha;
        if (share > high) high = share, high_at = c->panels[i].run->alpha;
    }
    if (low < high)
        plain_printf(to, "Samples lie where data lie most at α = %g (%.0f %% in common) and least at α = %g (%.0f %%).", high_at,
                     100 * high, low_at, 100 * low);
}

jem_status figures_of_energies(figure_list *list, study *s)
{
    jem_status st;
    histograms *c = NULL;
    figure f = {.file = "energy-histograms",
                .section = "Energy",
                .title = "Log-sum-exp of data, samples and noise",
                .about = "Distribution of LSE(x) = −E(x) over test images, samples and "
                         "uniform noise, first seed of each α. LSE has an arbitrary zero: "
                         "compare within a panel.",
                .lay_out = lay_out_histograms,
                .draw = draw_histograms,
                .free_ctx = histograms_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    TRY(MEM_NEW(c->panels, s->count));
    TRY(collect(c, s));
    if (!c->count) {
        TRY(mem_strdup(&f.missing, "No run of this study has scores/energy_hist.tsv."));
        return figure_list_add(list, &f);
    }
    trend_tsv_header(&f.tsv);
    for (int i = 0; i < c->count; i++) write_numbers(&f.tsv, &c->panels[i]);
    say_overlap(&f.says, c);
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}
