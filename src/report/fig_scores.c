/* Scores against alpha: one figure per benchmark, one panel per metric. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "report/axes.h"
#include "report/baselines.h"
#include "report/figures.h"
#include "report/labels.h"
#include "sweetspot/trend.h"

enum { PANELS_MAX = 12, TRENDS_MAX = 8, TRENDS_ALL = PANELS_MAX * TRENDS_MAX, EDGE = 88, UNKNOWN_MOST = 32 };

/* ---- what is known about the metrics */

typedef enum reference_kind { NO_REFERENCE, FIXED, CHANCE, CHANCE_NATS } reference_kind;

typedef struct metric_spec {
    const char *benchmark, *metric, *title, *unit;
    double least, most; /* what the metric can be */
    reference_kind kind;
    double reference; /* FIXED */
    const char *reference_label;
    bool needs_head; /* alpha = 1 never trained a classifier: shown in grey */
    const char *dataset, *condition; /* that the panel shows; NULL: any, none */
} metric_spec;

static const metric_spec metric_specs[] = {
    {"classification", "accuracy", "Accuracy", "test accuracy", 0, 1, CHANCE, 0, "chance", true, NULL, NULL},
    {"classification", "nll", "Negative log-likelihood", "nats per image", 0, INFINITY, CHANCE_NATS,
     0, "uniform guess", true, NULL, NULL},
    {"classification", "ece", "Calibration error", "ECE", 0, 1, NO_REFERENCE, 0, NULL, true, NULL, NULL},
    {"bapps", "2afc", "2AFC (traditional, cnn)", "agreement with people", 0, 1,
     NO_REFERENCE, 0, NULL, false, NULL, "distortion"},
    {"bapps", "jnd_map", "JND (traditional, cnn)", "mean average precision", 0, 1, NO_REFERENCE, 0,
     NULL, false, NULL, "distortion"},
    {"gloss", "pearson", "Human correlation", "Pearson r with the mean rating", -1, 1,
     NO_REFERENCE, 0, NULL, false, NULL, NULL},
    {"cifar10h", "accuracy", "Accuracy", "CIFAR-10 accuracy", 0, 1, FIXED, 0.1, "chance", true,
     NULL, NULL},
    {"cifar10h", "cross_entropy_human", "Cross-entropy with people", "nats per image", 0, INFINITY,
     NO_REFERENCE, 0, NULL, true, NULL, NULL},
    {"cifar10h", "kl_human_model", "Divergence from people", "KL, nats per image", 0, INFINITY,
     NO_REFERENCE, 0, NULL, true, NULL, NULL},
    {"model-vs-human", "accuracy", "OOD accuracy", "mean over the sets", 0, 1, FIXED, 1.0 / 16,
     "chance", true, "mean", NULL},
    {"model-vs-human", "error_consistency", "Error consistency", "κ with people", -1, 1, FIXED,
     0.39, "people, as the paper draws it", true, "mean", NULL},
    {"cue-conflict", "shape_bias", "Shape bias", "shape / (shape + texture)", 0, 1, NO_REFERENCE, 0,
     NULL, true, "cue-conflict", NULL},
    {"cue-conflict", "accuracy", "Accuracy", "share answered with the shape", 0, 1, FIXED, 1.0 / 16,
     "chance", true, "cue-conflict", NULL},
    {"clickme", "alignment", "Alignment with people's maps", "Spearman / ceiling", -1, INFINITY,
     NO_REFERENCE, 0, NULL, false, NULL, NULL},
    {"gloss", "accuracy", "Gloss", "accuracy", 0, 1, FIXED, 0.5, "chance", false, NULL, NULL},
    {"gloss", "light_accuracy", "Light field", "accuracy, 6 classes", 0, 1, FIXED, 1.0 / 6,
     "chance", false, NULL, NULL},
    {"gloss", "relief_r2", "Surface relief", "R²", -INFINITY, 1, FIXED, 0, "predicting the mean",
     false, NULL, NULL},
    {"scenes", "accuracy", "Gloss", "accuracy", 0, 1, FIXED, 0.5, "chance", false, NULL, NULL},
    {"scenes", "light_accuracy", "Light field", "accuracy, 6 classes", 0, 1, FIXED, 1.0 / 6,
     "chance", false, NULL, NULL},
    {"scenes", "relief_r2", "Surface relief", "R²", -INFINITY, 1, FIXED, 0, "predicting the mean",
     false, NULL, NULL},
    {"ood", "auroc", "", "AUROC", 0, 1, FIXED, 0.5, "chance", false, NULL, NULL},
    {"generation", "fd_pix", "FD-pix (8×8 pixels)", "Fréchet distance", 0, INFINITY, NO_REFERENCE,
     0, NULL, false, NULL, NULL},
    {"generation", "fd_own", "FD-own (classifier features)", "Fréchet distance", 0, INFINITY,
     NO_REFERENCE, 0, NULL, false, NULL, NULL},
    {"energy", "mean_lse", "Mean log-sum-exp", "LSE(x) = −E(x)", -INFINITY, INFINITY, NO_REFERENCE,
     0, NULL, false, NULL, NULL},
};
enum { SPECS = sizeof metric_specs / sizeof *metric_specs };

typedef struct benchmark_spec {
    const char *benchmark, *section, *title, *about;
    bool headline; /* only the metrics above are drawn, and only where there are some */
} benchmark_spec;

static const benchmark_spec benchmark_specs[] = {
    {"bapps", "People", "BAPPS: perceptual similarity of patches",
     "How often distances between features of the network prefer the patch that people prefer "
     "(2AFC), and how well they order pairs by whether people see a difference (JND).",
     true},
    {"cifar10h", "People", "CIFAR-10H: what people would answer",
     "Accuracy on the CIFAR-10 test images, and how well the class probabilities predict the "
     "answers of about 51 people per image: lower cross-entropy and divergence are better. 0.55 "
     "nats is what the paper gives for groups of people, no bound.",
     true},
    {"model-vs-human", "People", "model-vs-human: accuracy and errors on distorted images",
     "Mean over the image sets. Error consistency is Cohen’s κ of right and wrong answers of the "
     "network and each person on the same images: 0 is what accuracies alone would give.",
     true},
    {"cue-conflict", "People", "Cue conflict: shape or texture",
     "Images with the shape of one category and the texture of another: the share of decisions "
     "for the shape among those for either.",
     true},
    {"clickme", "People", "ClickMe: where the evidence is",
     "Rank correlation between the network’s sensitivity to pixels and maps of what people "
     "reveal to each other, as a share of the correlation between people.",
     true},
    {"classification", "Classification", "Accuracy, likelihood and calibration",
     "Test images that were never trained on. Higher accuracy is better; lower negative "
     "log-likelihood and calibration error are better. At α = 1 the classifier head is "
     "never trained, so its decisions are noise and shown in grey.",
     false},
    {"gloss", "Material perception", "Gloss benchmark: gloss, light field and surface relief",
     "What the network’s features say about a rendered surface of the benchmark’s scenes "
     "(jem bench gloss): whether it is glossy, which of six light fields shines on it (linear SVM) "
     "and how bumpy it is (linear regression, R²); and how its glossiness correlates with people’s "
     "ratings, if that was measured. Higher is better.",
     true},
    {"scenes", "Material perception", "Own test scenes: gloss, light field and surface relief",
     "What the network’s features say about the rendered surfaces that its own training left out "
     "(jem eval): whether one is glossy, which of six light fields shines on it (linear SVM) and how "
     "bumpy it is (linear regression, R²). Higher is better.",
     true},
    {"ood", "Energy", "Telling other images from the training kind",
     "AUROC of scores that should be high for test images and low for images of another kind: 1 "
     "separates them perfectly, 0.5 is chance, below 0.5 the other images are preferred.",
     false},
    {"generation", "Samples", "Distance between samples and data",
     "Fréchet distance between Gaussian fits to samples and to data, on pooled pixels or "
     "on the features of an own classifier. These are not FID and compare only with one another. "
     "Lower is better.",
     false},
    {"energy", "Energy", "Mean log-sum-exp of data, samples and noise",
     "An energy model gives data a higher LSE than noise, and its samples about the same LSE as "
     "data.",
     false},
};
enum { BENCHMARKS = sizeof benchmark_specs / sizeof *benchmark_specs };

static const struct {
    const char *key, *title;
} score_titles[] = {{"lse", "log-sum-exp"},
                    {"max_softmax", "largest probability"},
                    {"grad_norm", "gradient norm"},
                    {"neg_grad_norm", "negative gradient norm"},
                    {"max_logit", "largest logit"}};

/* ---- one figure */

typedef struct panel {
    const metric_spec *spec; /* NULL: unknown metric */
    const char *metric;
    char title[96];
    double reference; /* NaN: none */
    double ceiling;   /* what people reach, where a score says so; else NaN */
    int first, count; /* trends */
} panel;

typedef struct chart {
    int panel_count, trend_count;
    panel panels[PANELS_MAX];
    trend trends[TRENDS_ALL];
    const char *names[TRENDS_MAX]; /* of lines that share a panel */
    int name_count;
    bool left_out; /* more panels or lines than there is room for */
} chart;

static void chart_free(void *ctx)
{
    chart *c = ctx;
    for (int i = 0; i < c->trend_count; i++) trend_clear(&c->trends[i]);
    mem_free(c);
}

static bool same(const char *a, const char *b) { return a && b ? strcmp(a, b) == 0 : a == b; }

static const metric_spec *find_spec(const score *sc)
{
    for (int i = 0; i < SPECS; i++)
        if (same(metric_specs[i].benchmark, sc->benchmark) &&
            same(metric_specs[i].metric, sc->metric))
            return &metric_specs[i];
    return NULL;
}

/* One of those that a benchmark with a headline shows? */
static bool is_headline(const score *sc)
{
    const metric_spec *spec = find_spec(sc);
    return spec && (!spec->dataset || same(spec->dataset, sc->dataset)) &&
           same(spec->condition, sc->condition);
}

static double reference_of(const metric_spec *spec, const study *s)
{
    if (!spec || spec->kind == NO_REFERENCE) return NAN;
    if (spec->kind == FIXED) return spec->reference;
    double classes = (double)s->runs[0].classes;
    if (classes < 2) return NAN;
    return spec->kind == CHANCE ? 1 / classes : log(classes);
}

/* What a trend's line is called in a legend: the part of its condition after the
 * colon, so that "lse:noise" and "max_logit:noise" share a colour. */
static const char *line_name(const trend *t)
{
    const char *colon = t->condition ? strchr(t->condition, ':') : NULL;
    return colon ? colon + 1 : t->condition ? t->condition : t->metric;
}

/* Place of a line's name in the legend, -1 if it has none. */
static int name_index(const chart *c, const char *name)
{
    for (int i = 0; i < c->name_count; i++)
        if (strcmp(c->names[i], name) == 0) return i;
    return -1;
}

/* "lse:noise" belongs to panel "lse" with the line "noise"; a condition without a
 * colon is a line of the metric's own panel. */
static panel *find_panel(chart *c, const score *sc, const study *s)
{
    char title[96];
    const metric_spec *spec = find_spec(sc);
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
    panel *p = &c->panels[c->panel_count++];
    *p = (panel){
        .spec = spec, .metric = sc->metric, .reference = reference_of(spec, s), .ceiling = NAN};
    memcpy(p->title, title, sizeof title);
    return p;
}

static bool has_trend(const chart *c, const score *sc)
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
static jem_status collect_trends(chart *c, const study *s, const char *benchmark, bool headline)
{
    for (int pass = -1; pass < c->panel_count; pass++)
        for (int64_t i = 0; i < s->count; i++)
            for (int64_t k = 0; k < s->runs[i].scores.count; k++) {
                const score *sc = &s->runs[i].scores.scores[k];
                if (strcmp(sc->benchmark, benchmark) != 0 || isnan(s->runs[i].alpha)) continue;
                if (trend_is_reference(sc) || (headline && !is_headline(sc))) continue;
                panel *p = find_panel(c, sc, s);
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
                c->trend_count++;
                p->count++;
                if (st != JEM_OK) return st;
            }
    return JEM_OK;
}

/* Known metrics come first, in the order of the table. */
static void order_panels(chart *c)
{
    for (int i = 1; i < c->panel_count; i++)
        for (int j = i; j > 0; j--) {
            const metric_spec *a = c->panels[j - 1].spec, *b = c->panels[j].spec;
            if (!b || (a && a <= b)) break;
            panel swap = c->panels[j];
            c->panels[j] = c->panels[j - 1];
            c->panels[j - 1] = swap;
        }
}

static void name_lines(chart *c)
{
    for (int i = 0; i < c->panel_count; i++) {
        const panel *p = &c->panels[i];
        for (int k = 0; k < p->count; k++) {
            trend *t = &c->trends[p->first + k];
            bool own = !t->condition || (p->spec && p->spec->condition);
            t->label = own ? p->title : t->condition;
            if (own && p->count == 1) continue;
            if (name_index(c, line_name(t)) < 0 && c->name_count < TRENDS_MAX)
                c->names[c->name_count++] = line_name(t);
        }
    }
}

/* ---- published models */

static int64_t baseline_count(void)
{
    int64_t count;
    baselines(&count);
    return count;
}

/* Value of entry i if it belongs into this panel, else NaN. */
static double baseline_of(const panel *p, int64_t i)
{
    int64_t count;
    const baseline *b = &baselines(&count)[i];
    const metric_spec *m = p->spec;
    return m && baseline_is_model(b, m->benchmark, m->metric, m->dataset, m->condition) ? b->value
                                                                                         : NAN;
}

static bool has_baselines(const panel *p)
{
    for (int64_t i = 0; i < baseline_count(); i++)
        if (isfinite(baseline_of(p, i))) return true;
    return false;
}

/* Ticks with names at the right edge. */
static void draw_baselines(draw *d, const axes *a, const panel *p)
{
    int64_t count;
    const baseline *all = baselines(&count);
    label_list labels = {.left = a->left, .right = a->left + a->width, .top = a->top,
                         .bottom = a->top + a->height};
    for (int64_t i = 0; i < count; i++)
        if (isfinite(baseline_of(p, i)))
            label_at_edge(&labels, a->left + a->width + 7, axes_y(a, all[i].value), all[i].model);
    label_draw_edge(d, &labels);
}

/* ---- drawing */

static void range_of(const chart *c, const panel *p, double *lo, double *hi)
{
    *lo = INFINITY;
    *hi = -INFINITY;
    for (int k = 0; k < p->count; k++) {
        const trend *t = &c->trends[p->first + k];
        for (int64_t i = 0; i < t->count; i++) {
            const trend_point *q = &t->points[i];
            double sem = isfinite(q->sem) ? q->sem : 0;
            *lo = fmin(*lo, q->mean - sem);
            *hi = fmax(*hi, q->mean + sem);
            for (int v = 0; v < q->seeds; v++) {
                *lo = fmin(*lo, q->values[v]);
                *hi = fmax(*hi, q->values[v]);
            }
        }
    }
    for (int64_t i = 0; i < baseline_count(); i++) {
        double value = baseline_of(p, i);
        if (!isfinite(value)) continue;
        *lo = fmin(*lo, value);
        *hi = fmax(*hi, value);
    }
    const double lines[] = {p->reference, p->ceiling};
    for (int i = 0; i < 2; i++) {
        if (!isfinite(lines[i])) continue;
        *lo = fmin(*lo, lines[i]);
        *hi = fmax(*hi, lines[i]);
    }
    axes_pad(lo, hi, p->spec ? p->spec->least : -INFINITY, p->spec ? p->spec->most : INFINITY);
}

static bool in_grey(const panel *p, const trend_point *q)
{
    return p->spec && p->spec->needs_head && q->alpha >= 1;
}

/* `own` NULL: points and line take the colour of their alpha. */
static void draw_trend(draw *d, const axes *a, const panel *p, const trend *t, const colour *own)
{
    for (int64_t i = 0; i + 1 < t->count; i++) {
        const trend_point *q = &t->points[i], *r = q + 1;
        if (in_grey(p, r)) continue;
        colour c = own ? *own : alpha_colour((q->alpha + r->alpha) / 2);
        const double x[] = {q->alpha, r->alpha}, y[] = {q->mean, r->mean};
        const double low[] = {q->mean - q->sem, r->mean - r->sem};
        const double high[] = {q->mean + q->sem, r->mean + r->sem};
        axes_band(d, a, x, low, high, 2, faded(c, 0.2));
        axes_curve(d, a, x, y, 2, 1.8, c);
    }
    for (int64_t i = 0; i < t->count; i++) {
        const trend_point *q = &t->points[i];
        colour c = in_grey(p, q) ? faded(MUTED, 0.6) : own ? *own : alpha_colour(q->alpha);
        double x = axes_x(a, q->alpha), y = axes_y(a, q->mean);
        for (int v = 0; v < q->seeds && q->seeds > 1; v++)
            draw_disc(d, x, axes_y(a, q->values[v]), 1.4, faded(c, 0.5), faded(c, 0));
        if (isfinite(q->sem))
            draw_segment(d, x, axes_y(a, q->mean - q->sem), x, axes_y(a, q->mean + q->sem), 1.4, 0,
                         c);
        draw_disc(d, x, y, own ? 3 : 4.2, c, c);
    }
}

static double legend_height(const chart *c) { return c->name_count ? 26 : 0; }

static panel_grid grid_of(const chart *c)
{
    return panel_grid_make(c->panel_count, 3, 265, legend_height(c));
}

static jem_status draw_chart(draw *d, const void *ctx)
{
    const chart *c = ctx;
    panel_grid g = grid_of(c);
    colour colours[TRENDS_MAX];
    for (int i = 0; i < TRENDS_MAX; i++) colours[i] = series_colour(i);
    if (c->name_count) draw_legend(d, 52, 12, c->names, colours, c->name_count);
    for (int i = 0; i < c->panel_count; i++) {
        const panel *p = &c->panels[i];
        axes a = {.left = 52 + (i % g.columns) * g.cell_width,
                  .top = g.top + (double)(i / g.columns) * g.cell_height + 32,
                  .width = g.cell_width - 72 - (has_baselines(p) ? EDGE : 0),
                  .height = g.cell_height - 82,
                  .x1 = 1,
                  .x_is_alpha = true,
                  .title = p->title,
                  .x_label = "α",
                  .y_label = p->spec ? p->spec->unit : NULL};
        range_of(c, p, &a.y0, &a.y1);
        axes_draw(d, &a);
        axes_references(d, &a, (const double[]){p->reference, p->ceiling},
                        (const char *const[]){p->spec ? p->spec->reference_label : NULL, "human"});
        draw_baselines(d, &a, p);
        for (int k = 0; k < p->count; k++) {
            const trend *t = &c->trends[p->first + k];
            int name = name_index(c, line_name(t));
            draw_trend(d, &a, p, t, name < 0 ? NULL : &colours[name]);
        }
    }
    return JEM_OK;
}

static jem_status make_figure(figure_list *list, study *s, const benchmark_spec *b,
                              const char *benchmark)
{
    jem_status st;
    chart *c = NULL;
    figure f = {.file = benchmark,
                .section = b ? b->section : "Other benchmarks",
                .title = b ? b->title : benchmark,
                .about = b ? b->about : "",
                .draw = draw_chart,
                .free_ctx = chart_free};

    TRY(MEM_NEW(c, 1));
    f.ctx = c;
    TRY(collect_trends(c, s, benchmark, b && b->headline));
    if (c->left_out)
        TRY(study_warn(s,
                       "The figure of \"%s\" has no room for all of its scores; scores.tsv of "
                       "the runs has the rest.",
                       benchmark));
    order_panels(c);
    name_lines(c);
    if (!c->trend_count && b && b->headline) goto done; /* no reason to speak of it */
    if (!c->trend_count) {
        TRY(str_format(&f.missing, "No run of this study has scores of the benchmark \"%s\".",
                       benchmark));
        return figure_list_add(list, &f);
    }
    panel_grid g = grid_of(c);
    f.width = g.cell_width * g.columns;
    f.height = g.top + g.cell_height * g.rows;
    for (int i = 0; i < c->panel_count; i++) /* rows in the order of the panels */
        for (int k = 0; k < c->panels[i].count; k++) {
            if (!i && !k) trend_tsv_header(&f.tsv);
            trend_tsv(&f.tsv, s, &c->trends[c->panels[i].first + k], 1);
        }
    trend_table(&f.table, s, c->trends, c->trend_count);
    return figure_list_add(list, &f);
done:
    figure_clear(&f);
    return st;
}

static bool is_known(const char *benchmark)
{
    for (int i = 0; i < BENCHMARKS; i++)
        if (strcmp(benchmark_specs[i].benchmark, benchmark) == 0) return true;
    return false;
}

jem_status figures_of_scores(figure_list *list, study *s)
{
    for (int i = 0; i < BENCHMARKS; i++) {
        jem_status st = make_figure(list, s, &benchmark_specs[i], benchmark_specs[i].benchmark);
        if (st != JEM_OK) return st;
    }
    /* Benchmarks this file does not know are drawn all the same, as many as a page can show. */
    int unknown = 0;
    for (int64_t i = 0; i < s->count; i++)
        for (int64_t k = 0; k < s->runs[i].scores.count; k++) {
            const char *benchmark = s->runs[i].scores.scores[k].benchmark;
            bool seen = is_known(benchmark);
            for (int64_t f = 0; f < list->count && !seen; f++)
                seen = strcmp(list->figures[f].file, benchmark) == 0;
            if (seen) continue;
            if (unknown++ == UNKNOWN_MOST)
                return study_warn(s, "There are more than %d benchmarks that jem does not know; the "
                                     "rest has no figure, scores.tsv of the runs has it.",
                                  UNKNOWN_MOST);
            jem_status st = make_figure(list, s, NULL, benchmark);
            if (st != JEM_OK) return st;
        }
    return JEM_OK;
}
