/* Where along alpha each benchmark of a study comes closest to people, and how sure that
 * is: benchmarks.md 0.3 of the study, with a bootstrap over images and seeds.
 *
 * Data are the scores of the runs, averaged over seeds.  In a round of the bootstrap the
 * seed numbers and the images are drawn with replacement, once for all alphas: alphas are
 * compared on equal images.  Images come from the trials beside the scores; where
 * there are none a run's score itself stands for it and only seeds are drawn.  Every draw
 * is a function of (seed, round): threads change no bit. */
#ifndef REPORT_SWEETSPOT_H
#define REPORT_SWEETSPOT_H

#include "base/pool.h"
#include "report/strbuf.h"
#include "report/study.h"
#include "stats/sweet_spot.h"

enum { SPOT_METRICS_MAX = 2, SPOT_TERMS_MAX = 5 };

/* How a metric follows from the rows of a trial file: all of them from sums over images of
 * a few terms per image. */
typedef enum spot_trials {
    SPOT_NO_TRIALS,
    SPOT_RIGHT,      /* mean of 1 where object_response == category, else 0 */
    SPOT_SHAPE_BIAS, /* shape decisions of shape and texture decisions */
    SPOT_NUMBER,     /* mean of the numbers in `column`; NaN: not defined for an image */
    SPOT_PEARSON     /* correlation of the numbers in `column` with those in category */
} spot_trials;

/* One line of the table of sweet spots (sweetspot_specs.c). */
typedef struct sweetspot_spec {
    const char *benchmark;
    const char *title;   /* "CIFAR-10H" */
    const char *measure; /* "cross-entropy with people, nats" */
    int metrics;
    const char *metric[SPOT_METRICS_MAX];
    const char *dataset;   /* of the scores; NULL: any */
    const char *condition; /* of the scores; NULL: none */
    double human[SPOT_METRICS_MAX]; /* the reference in units of the score */
    bool lowest;                    /* the loss is the score itself, not |score - human| */
    bool skip_one;                  /* alpha = 1 never trained a classifier: left out */
    bool alignment;                 /* a comparison with people, not only a measure of the model */
    const char *source;             /* of the reference */
    double paper_low, paper_high;   /* best alpha that the paper claims; NaN: none */
    spot_trials kind;               /* of metric[0] with metrics == 1 */
    const char *trials; /* RUN/trials/TRIALS.csv; a "*" stands for the score's model */
    const char *column; /* NULL: object_response */
    double unit;        /* that numbers are divided by; 0: none */
} sweetspot_spec;

/* All lines; *count of them.  Comparisons with people come first, in the paper's order. */
const sweetspot_spec *sweetspot_specs(int64_t *count);

typedef struct sweetspot {
    const sweetspot_spec *spec;
    int64_t alphas;
    double *alpha;  /* [alphas] ascending */
    double *value;  /* [metrics][alphas] mean over seeds */
    double *sem;    /* [metrics][alphas] NaN with one seed */
    double *loss;   /* [alphas] distance to people, NaN where left out */
    double *share;  /* [alphas] share of rounds in which it is best; NaN without rounds */
    int64_t *seeds; /* [alphas] runs behind the value */
    int64_t seed_numbers;        /* different seeds in the study */
    int64_t images;              /* drawn in a round; 0: none */
    int64_t runs, runs_with_trials;
    int64_t rounds;              /* 0: one seed and no trials, nothing to draw */
    double level;                /* of the intervals */
    stats_sweet_spot at;         /* without rounds only `best` and `margin` are numbers */
    char basis[160];             /* what was drawn, in words */
} sweetspot;

typedef struct sweetspot_list {
    int64_t count, capacity;
    sweetspot *spots;
} sweetspot_list;
#define SWEETSPOT_LIST_INIT                                                                        \
    {                                                                                              \
        0, 0, NULL                                                                                 \
    }

typedef struct sweetspot_options {
    int64_t rounds;
    uint64_t seed;
    double level;
    pool *threads; /* NULL: the calling thread alone */
} sweetspot_options;

/* One entry per line of the table whose metrics were scored at two alphas or more.  An
 * empty list is no error.  Trials that do not fit the score become a warning of the
 * study, and the score is used.  Borrows from the study only while it runs. */
jem_status sweetspots_find(sweetspot_list *out, study *s, const sweetspot_options *o);
void sweetspot_list_clear(sweetspot_list *list);

/* ---- as text (sweetspot_text.c) */

/* A table for people: one line per benchmark, its distribution over alpha as bars. */
void sweetspots_table(strbuf *out, const sweetspot_list *list);
/* One line per benchmark. */
void sweetspots_tsv(strbuf *out, const sweetspot_list *list);
/* One line per benchmark and alpha: value, standard error, loss and share of rounds. */
void sweetspots_curves_tsv(strbuf *out, const sweetspot_list *list);
/* *text (owned) <- an array with one object per benchmark, curves included. */
jem_status sweetspots_json(char **text, const sweetspot_list *list);

/* ---- trials (sweetspot_trials.c) */

/* Per image of one run, ascending by name, which is CONDITION/IMAGENAME. */
typedef struct spot_items {
    int64_t count;
    int terms;
    char **name;  /* [count] owned */
    double *term; /* [count][terms] */
} spot_items;
#define SPOT_ITEMS_INIT                                                                            \
    {                                                                                              \
        0, 0, NULL, NULL                                                                           \
    }

/* Reads RUN/trials/SPEC->trials.csv of a model; count 0 where there is no such file.  JEM_EDATA with
 * file and line for a broken one, or an image that occurs twice in a condition. */
jem_status spot_items_read(spot_items *out, const sweetspot_spec *spec, const char *run,
                           const char *model);
void spot_items_clear(spot_items *items);

/* Terms per image. */
int spot_terms(spot_trials kind);
/* The metric of n images with these sums of their terms; NaN where it is undefined. */
double spot_metric(spot_trials kind, const double *sums, int64_t n);

#endif
