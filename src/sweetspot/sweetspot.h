/* Where along alpha each benchmark of a study comes closest to people, and how sure that
 * is by a bootstrap over seeds, images and people.
 *
 * Data are the scores of the runs, averaged over seeds.  In a round of the bootstrap the
 * seed numbers, then the images and, where people are part of the score, people are drawn
 * with replacement, once for all alphas: alphas are compared on equal images.  Images and
 * people come from the trials beside the scores; a run without them is represented by its
 * score.  Every draw is a function of (seed, round): threads change no bit. */
#ifndef SWEETSPOT_H
#define SWEETSPOT_H

#include "base/pool.h"
#include "base/strbuf.h"
#include "record/study.h"
#include "stats/sweet_spot.h"

enum { SPOT_METRICS_MAX = 2 };

/* How metrics follow from the rows of a trial file. */
typedef enum spot_trials {
    SPOT_NO_TRIALS,
    SPOT_RIGHT,      /* mean of 1 where object_response == category, else 0 */
    SPOT_SHAPE_BIAS, /* shape decisions of shape and texture decisions */
    SPOT_NUMBER,     /* mean of the numbers in `column`; NaN: not defined for an image */
    SPOT_R2,         /* of object_response as a prediction of category */
    SPOT_RATINGS,    /* correlation of object_response with the mean rating of people */
    SPOT_BAPPS,      /* mean 2AFC score and mean JND area of the distortion sets */
    SPOT_KAPPA       /* error consistency with people, mean over sets */
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
    spot_trials kind;               /* of all metrics */
    const char *trials;   /* RUN/trials/TRIALS.csv; a "*" stands for the score's model */
    const char *question; /* only rows of this condition; NULL: all */
    const char *column;   /* NULL: object_response */
    double unit;          /* that numbers are divided by; 0: none */
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
    int64_t images, people;      /* drawn in a round; 0: none */
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
void sweetspot_list_clear(sweetspot_list *list); /* SWEETSPOT_LIST_INIT is fine */

/* ---- as text (sweetspot_text.c) */

/* A table for people: one line per benchmark, its distribution over alpha as bars. */
void sweetspots_table(strbuf *out, const sweetspot_list *list);
/* One line per benchmark. */
void sweetspots_tsv(strbuf *out, const sweetspot_list *list);
/* One line per benchmark and alpha: value, standard error, loss and share of rounds. */
void sweetspots_curves_tsv(strbuf *out, const sweetspot_list *list);
/* *text (owned) <- an array with one object per benchmark, curves included. */
jem_status sweetspots_json(char **text, const sweetspot_list *list);

#endif
