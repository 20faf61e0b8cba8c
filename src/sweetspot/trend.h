/* One score against alpha: values of all seeds, their mean and standard error. */
#ifndef SWEETSPOT_TREND_H
#define SWEETSPOT_TREND_H

#include "base/strbuf.h"
#include "measure/measure.h"
#include "record/study.h"

enum { TREND_SEEDS_MAX = 64 };

typedef struct trend_point {
    double alpha, mean;
    int place;        /* trend_place */
    double sem;       /* NaN with fewer than two seeds */
    double low, high; /* the score's own interval where there is one seed, else NaN */
    int seeds;
    bool at_chance; /* one of its networks decides at chance, if trend_mark_chance has looked */
    double values[TREND_SEEDS_MAX];
    const score *scores[TREND_SEEDS_MAX]; /* that they are from; borrowed from the study, as are */
    const study_run *runs[TREND_SEEDS_MAX]; /* their runs */
} trend_point;

typedef struct trend {
    /* borrowed; a dataset of NULL means any, a condition of NULL none */
    const char *benchmark, *dataset, *metric, *condition;
    const char *label;                          /* of its line or table row; borrowed */
    int64_t count;                              /* alphas at which there are values */
    trend_point *points;                        /* owned */
} trend;

/* The first score of a run's own network with these keys (no dataset: any; no condition: none):
 * rows about people and oracles, which have a model but no alpha and no seed, are nobody's
 * trend.  NULL if there is none; borrowed. */
const score *trend_score(const study_run *r, const char *benchmark, const char *dataset,
                         const char *metric, const char *condition);
/* Is it a row about people or an oracle, as far as it says itself?  Those of imported weights look alike. */
bool trend_is_reference(const score *s);
/* Is it of the run's own network? */
bool trend_is_own(const study_run *r, const score *s);

/* Collects what the runs of the study say; count 0 if nothing.  Values that are not
 * finite are left out.  A score without a condition has condition NULL. */
jem_status trend_collect(trend *t, const study *s, const char *benchmark, const char *metric,
                         const char *condition);
/* The same of one data set. */
jem_status trend_collect_in(trend *t, const study *s, const char *benchmark, const char *dataset,
                            const char *metric, const char *condition);
/* The same of a network beside the study, all of whose runs are like `one` (study_beside_alike): a single point whose
 * alpha is NaN, the mean over its seeds. */
jem_status trend_collect_beside(trend *t, const study *s, const study_run *one, const trend *wanted);
/* Marks points with a network at chance (measure/standing.h); of: what the benchmark's scores mean, may be NULL. */
void trend_mark_chance(trend *t, const study *s, const measures *of);
/* So many alphas of the study are smaller: the place of their mark's shape. */
int trend_place(const study *s, double alpha);
void trend_clear(trend *t); /* a zeroed one is fine */
/* The point at this alpha, or NULL. */
const trend_point *trend_at(const trend *t, double alpha);
/* The best mean (ties: smaller alpha), leaving out alpha = 1 if asked; NULL if none. */
const trend_point *trend_best(const trend *t, bool higher, bool skip_one);

/* "0.912", "43.2", "1830", with a true minus sign. */
void trend_number(char *out, size_t size, double x);

/* HTML table: one row per trend, one column per alpha of the study. */
void trend_table(strbuf *html, const study *s, const trend *trends, int count);
/* Lines benchmark metric model alpha seed value condition for these trends, without
 * header. */
void trend_tsv(strbuf *tsv, const study *s, const trend *trends, int count);
void trend_tsv_header(strbuf *tsv); /* the header of those lines */

#endif
