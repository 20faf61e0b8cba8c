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
#include "measure/measure.h"
#include "record/study.h"
#include "stats/sweet_spot.h"

typedef struct sweetspot {
    const measures *of;       /* the benchmark, */
    const measure_spot *line; /* and its line in the table */
    int64_t alphas;
    double *alpha;  /* [alphas] ascending */
    double *value;  /* [scores][alphas] mean over seeds */
    double *sem;    /* [scores][alphas] NaN with one seed */
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
    const measures *const *measures; /* whose spots are looked for */
} sweetspot_options;

/* One entry per line of the table (measure/measure.h) whose scores are there at two alphas or more,
 * comparisons with people first.  An
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
