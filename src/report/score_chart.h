/* What a figure of scores along alpha shows: panels of one benchmark, their lines, the levels and models beside them, and the
 * ranges that hold all of it.  Drawn by fig_scores.c. */
#ifndef REPORT_SCORE_CHART_H
#define REPORT_SCORE_CHART_H

#include "report/figures.h"
#include "sweetspot/trend.h"

enum { PANELS_MAX = 12, TRENDS_MAX = 8, TRENDS_ALL = PANELS_MAX * TRENDS_MAX };

typedef struct score_panel {
    const measure *spec; /* NULL: unknown metric */
    const char *metric;
    char title[96];
    double reference; /* NaN: none */
    double ceiling;   /* what people reach, where a score says so; else NaN */
    int first, count; /* trends */
} score_panel;

/* A model beside the study. */
typedef struct score_beside {
    char *name;               /* owned */
    double value[PANELS_MAX]; /* NaN: none */
    double sem[PANELS_MAX];   /* NaN with fewer than two seeds */
    bool at_chance[PANELS_MAX];
} score_beside;

typedef struct score_chart {
    const measures *of; /* NULL: an unknown benchmark */
    int panel_count, trend_count;
    score_panel panels[PANELS_MAX];
    trend trends[TRENDS_ALL];
    const char *names[TRENDS_MAX]; /* of lines that share a panel */
    int name_count;
    bool left_out; /* more panels or lines than there is room for */
    score_beside *others;
    int64_t other_count;
    char file[64]; /* of a figure with them */
    panel_grid grid;
} score_chart;

/* Panels and lines of the study's scores of the benchmark c->of, or of one of that name; known metrics come first, in their
 * order. */
jem_status score_chart_collect(score_chart *c, const study *s, const char *benchmark);
void score_chart_free(void *ctx);

/* What a trend's line is called in the legend, and its place there; -1: it has none. */
const char *score_line_name(const trend *t);
int score_chart_name(const score_chart *c, const char *name);

/* The published models of a panel, one after another; NULL after the last. */
const published_score *score_panel_first(const score_chart *c, const score_panel *p);
const published_score *score_panel_next(const score_chart *c, const score_panel *p, const published_score *b);
/* Score of model i beside the study; NaN: none. */
double score_beside_value(const score_chart *c, const score_panel *p, int64_t i);
/* Its standard error; 0 where there is none. */
double score_beside_spread(const score_chart *c, const score_panel *p, int64_t i);

/* Is it of a classifier that was never trained? */
bool score_panel_is_grey(const score_panel *p, const trend_point *q);
/* *lo, *hi <- of all that is drawn; what was not trained sets none where other things were. */
void score_panel_range(const score_chart *c, const score_panel *p, double *lo, double *hi);

#endif
