/* What a figure of people shows: one panel a benchmark, its two abilities, the marks of each model along alpha, the
 * published models beside them and the ranges that hold all of it.  Drawn by fig_people.c. */
#ifndef REPORT_SCATTER_CHART_H
#define REPORT_SCATTER_CHART_H

#include "report/axes.h"
#include "report/figures.h"
#include "report/model_rows.h"
#include "sweetspot/trend.h"

/* One axis: a measure of a benchmark. */
typedef struct axis_spec {
    const measures *of;
    const measure *score;
    const char *label;
} axis_spec;

enum { SCATTERS = 16 };

/* A model's mean over seeds. */
typedef struct mark {
    double alpha, x, y; /* x NaN: not measured */
    int place; /* as in trend_point */
    bool at_chance; /* one of its networks decides at chance */
} mark;

/* A study, or a model beside it. */
typedef struct scatter_series {
    char *name; /* owned */
    trend x, y;
    mark *marks;
    int count;
    bool along; /* a study: marks have the colours of their alphas and are joined; else they are black */
} scatter_series;

typedef struct scatter_panel {
    const measures *of;
    axis_spec x_axis, y_axis;
    char human_label[48];
    bool own;        /* a report of one study or run: there is nobody beside it */
    bool x_is_alpha; /* the other ability was not measured */
    int64_t count;
    scatter_series *series;
    double alone_x, alone_y; /* of the autoencoder without a JEM; NaN where it was not scored */
} scatter_panel;

typedef struct scatter_chart {
    int count;
    scatter_panel panels[SCATTERS];
    panel_grid grid;
} scatter_chart;

/* The panels of `models` that have marks, benchmarks in the order of `known`; own: all is of one study or run. */
jem_status scatter_chart_collect(scatter_chart *c, const model_list *models, bool own, const measures *const *known);
void scatter_chart_free(void *ctx);
void scatter_panel_clear(scatter_panel *p);

score_wanted axis_wanted(const axis_spec *a);

/* The published models of a panel, those with a value of y, one after another; NULL after the last. */
const published_score *scatter_panel_first(const scatter_panel *p);
const published_score *scatter_panel_next(const scatter_panel *p, const published_score *b);
/* x of a published model, NaN where only y is published. */
double scatter_published_x(const scatter_panel *p, const published_score *b);

/* Is a score of the mark that of a classifier that was never trained? */
bool scatter_is_grey(const scatter_panel *p, const mark *m);
/* Is there a square for the autoencoder of models on latents, without a JEM? */
bool scatter_has_alone(const scatter_panel *p);
/* The ranges of both axes of `a` <- what holds all that is drawn; what was not trained sets none where other things were. */
void scatter_panel_range(axes *a, const scatter_panel *p);

#endif
