/* Training curves of every run, coloured by alpha. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "base/fields.h"
#include "report/axes.h"
#include "report/figures.h"
#include "report/marks.h"
#include "sweetspot/trend.h"

typedef struct curve_spec {
    const char *column, *title, *unit;
    bool log_y;
    bool reference; /* a line at 0 */
} curve_spec;

static const curve_spec curve_specs[] = {
    {"loss_d", "Classification loss", "l_D, nats", false, false},
    {"lse_gap", "Energy gap", "LSE(x+) − LSE(x−)", false, true},
    {"c", "Balance of the gradients", "c = |g_D| / |g_G|", true, false},
    {"accuracy", "Training accuracy", "accuracy", false, false},
    {"val_accuracy", "Validation accuracy", "accuracy", false, false},
    {"fd_pix", "FD-pix while training", "distance", false, false},
};
enum { CURVES = sizeof curve_specs / sizeof *curve_specs, COLUMNS = 3, SCALE = 34 };

typedef struct curves {
    const study *s;
    double *x, *y; /* room for one curve of one run */
    int shown[CURVES], count;
    panel_grid grid;
} curves;

static void curves_free(void *ctx)
{
    curves *c = ctx;
    mem_free(c->x);
    mem_free(c->y);
    mem_free(c);
}

/* The rows of a run at which a quantity was measured; returns how many. */
static int measured(const curves *c, const study_run *r, const curve_spec *spec)
{
    int64_t at = table_find(&r->log, "iteration"), column = table_find(&r->log, spec->column);
    int n = 0;
    if (at < 0 || column < 0) return 0;
    for (int64_t i = 0; i < r->log.rows; i++) {
        double y = table_get(&r->log, i, column);
        if (!isfinite(y) || (spec->log_y && !(y > 0))) continue;
        c->x[n] = table_get(&r->log, i, at);
        c->y[n++] = y;
    }
    return n;
}

/* c is 1 by definition at both ends of the scale. */
static bool applies(const curve_spec *spec, const study_run *r)
{
    return strcmp(spec->column, "c") != 0 || (r->alpha > 0 && r->alpha < 1);
}

static void range_of(axes *a, const curves *c, const curve_spec *spec)
{
    double lo = spec->reference ? 0 : INFINITY, hi = spec->reference ? 0 : -INFINITY;
    a->x1 = 1;
    for (int64_t i = 0; i < c->s->count; i++) {
        int n = applies(spec, &c->s->runs[i]) ? measured(c, &c->s->runs[i], spec) : 0;
        for (int k = 0; k < n; k++) {
            a->x1 = fmax(a->x1, c->x[k]);
            lo = fmin(lo, c->y[k]);
            hi = fmax(hi, c->y[k]);
        }
    }
    if (spec->log_y) {
        a->log_y = true;
        a->y0 = lo < hi ? pow(10, floor(log10(lo))) : 0.1;
        a->y1 = lo < hi ? pow(10, ceil(log10(hi))) : 10;
    } else {
        bool share = strstr(spec->column, "accuracy") != NULL;
        axes_pad(&lo, &hi, share ? 0 : -INFINITY, share ? 1 : INFINITY);
        a->y0 = lo;
        a->y1 = hi;
    }
}

static void lay_out_curves(figure *f, double width)
{
    curves *c = f->ctx;
    c->grid = panel_grid_make(&(panel_cells){.panels = c->count, .most_columns = COLUMNS, .least_width = 270,
                                             .narrowest = 160, .height = 240, .top = SCALE, .most_height = f->most_height}, width);
    f->width = c->grid.columns * c->grid.cell_width;
    f->height = c->grid.top + c->grid.rows * c->grid.cell_height;
}

static jem_status draw_curves(draw *d, const void *ctx)
{
    const curves *c = ctx;
    const panel_grid g = c->grid;
    draw_alpha_scale(d, 52, 4, 230);
    for (int i = 0; i < c->count; i++) {
        const curve_spec *spec = &curve_specs[c->shown[i]];
        axes a = {.left = 52 + (i % g.columns) * g.cell_width,
                  .top = g.top + (double)(i / g.columns) * g.cell_height + 30,
                  .width = g.cell_width - 72,
                  .height = g.cell_height - 80,
                  .title = spec->title,
                  .y_label = spec->unit,
                  .x_label = "iteration"};
        range_of(&a, c, spec);
        axes_draw(d, &a);
        if (spec->reference) axes_reference(d, &a, 0);
        for (int64_t r = 0; r < c->s->count; r++) {
            const study_run *run = &c->s->runs[r];
            int n = applies(spec, run) ? measured(c, run, spec) : 0;
            colour ink = isnan(run->alpha) ? MUTED : alpha_colour(run->alpha);
            if (n == 0) continue;
            char note[256];
            if (run->beside)
                plain_format(note, sizeof note, "%s\n%s, beside the study", run->name, run->model);
            else
                plain_format(note, sizeof note, "%s\nα = %g, seed %lld", run->name, run->alpha, (long long)run->seed);
            draw_note(d, &(draw_subject){.alpha = run->alpha, .seed = run->seed}, note);
            axes_curve(d, &a, c->x, c->y, n, 1.3, faded(ink, 0.85));
            if (n == 1) draw_disc(d, axes_x(&a, c->x[0]), axes_y(&a, c->y[0]), 2.5, ink, ink);
            draw_unnote(d);
        }
    }
    return JEM_OK;
}

/* Last measured value of every curve, one row per run. */
static void write_table(strbuf *html, const curves *c)
{
    strbuf_add(html, "<table><thead><tr><th>last value</th><th>iterations</th>");
    for (int i = 0; i < c->count; i++)
        html_printf(html, "<th>%s</th>", curve_specs[c->shown[i]].title);
    strbuf_add(html, "</tr></thead><tbody>");
    for (int64_t r = 0; r < c->s->count; r++) {
        const study_run *run = &c->s->runs[r];
        strbuf_add(html, "<tr");
        if (!isnan(run->alpha)) html_printf(html, " data-alpha=\"%g\"", run->alpha);
        html_printf(html, "><th>%s</th><td>%lld</td>", run->name, (long long)run->iteration);
        for (int i = 0; i < c->count; i++) {
            char value[40];
            int n = measured(c, run, &curve_specs[c->shown[i]]);
            if (n) trend_number(value, sizeof value, c->y[n - 1]);
            html_printf(html, "<td>%s</td>", n ? value : "–");
        }
        strbuf_add(html, "</tr>");
    }
    strbuf_add(html, "</tbody></table>");
}

static void write_numbers(strbuf *tsv, const curves *c)
{
    char alpha[NUMBER_TEXT_MAX], value[NUMBER_TEXT_MAX];
    trend_tsv_header(tsv);
    for (int64_t r = 0; r < c->s->count; r++)
        for (int i = 0; i < c->count; i++) {
            const study_run *run = &c->s->runs[r];
            const curve_spec *spec = &curve_specs[c->shown[i]];
            int n = measured(c, run, spec);
            for (int k = 0; k < n; k++)
                plain_printf(tsv, "training\t%s\t%s\t%s\t%lld\t%s\titeration %.0f\n", spec->column,
                             run->model, number_text(alpha, run->alpha), (long long)run->seed,
                             number_text(value, c->y[k]), c->x[k]);
        }
}

/* Where validation accuracy ends highest, and what did not go as it should. */
static void say_ends(strbuf *to, const curves *c)
{
    const curve_spec *spec = NULL;
    double best = -INFINITY, at = NAN;
    int64_t rescued = 0, diverged = 0;
    char value[40];
    for (int i = 0; i < CURVES; i++)
        if (strcmp(curve_specs[i].column, "val_accuracy") == 0) spec = &curve_specs[i];
    for (int64_t r = 0; r < c->s->count; r++) {
        const study_run *run = &c->s->runs[r];
        const int n = measured(c, run, spec);
        if (n && !run->beside && c->y[n - 1] > best) best = c->y[n - 1], at = run->alpha;
        rescued += run->rescue_count > 0;
        diverged += strcmp(run->status, "diverged") == 0;
    }
    trend_number(value, sizeof value, best);
    if (isfinite(best) && !isnan(at)) plain_printf(to, "Validation accuracy ends highest at α = %g (%s). ", at, value);
    plain_printf(to, "Of %lld runs %lld diverged, %lld %s rescued.", (long long)c->s->count, (long long)diverged,
                 (long long)rescued, rescued == 1 ? "was" : "were");
}

jem_status figures_of_training(figure_list *list, study *s)
{
    jem_status st;
    curves *c = NULL;
    int64_t longest = 1;
    figure f = {.file = "training",
                .section = "Training",
                .title = "Training curves",
                .about = "Means over the iterations between rows of metrics.csv. The energy gap is "
                         "the mean LSE of data minus that of the chains' ends: a healthy run keeps "
                         "it bounded and near 0. c scales the generative gradient to the length of "
                         "the discriminative one.",
                .lay_out = lay_out_curves,
                .draw = draw_curves,
                .free_ctx = curves_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    c->s = s;
    for (int64_t i = 0; i < s->count; i++)
        if (s->runs[i].log.rows > longest) longest = s->runs[i].log.rows;
    TRY(MEM_NEW(c->x, longest));
    TRY(MEM_NEW(c->y, longest));
    for (int i = 0; i < CURVES; i++)
        for (int64_t r = 0; r < s->count; r++)
            if (applies(&curve_specs[i], &s->runs[r]) &&
                measured(c, &s->runs[r], &curve_specs[i])) {
                c->shown[c->count++] = i;
                break;
            }
    if (!c->count) {
        TRY(mem_strdup(&f.missing, "No run of this study has a training log (metrics.csv)."));
        return figure_list_add(list, &f);
    }
    write_table(&f.table, c);
    say_ends(&f.says, c);
    write_numbers(&f.tsv, c);
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}
