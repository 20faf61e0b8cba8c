/* Is an alpha between the ends closer to people than both, benchmark by benchmark, and how sure is that?
 *
 *   jem_sweetspots found = JEM_SWEETSPOTS_INIT;
 *   if (jem_sweetspot(&found, "STUDY", NULL) == JEM_OK)
 *       for (int64_t i = 0; i < found.count; i++)
 *           printf("%s: best alpha %g, %s\n", found.rows[i].measure, found.rows[i].best_alpha, found.rows[i].verdict);
 *
 * The numbers are those of `jem sweetspot`: Dunnett's test of alphas against both ends, Hsu's set of possible best
 * alphas, Holm's correction over primary scores.  jem_stats_sweetspot (stats.h) does the same with scores of the caller's. */
#ifndef JEM_SWEETSPOT_H
#define JEM_SWEETSPOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JEM_SWEETSPOT_SCORES = 2 };

/* An alpha of a line.  NaN where a number does not exist: sem of one network, advantage at the ends. */
typedef struct jem_sweetspot_alpha {
    double alpha;
    double value[JEM_SWEETSPOT_SCORES]; /* means over networks of the line's scores, in their order */
    double sem[JEM_SWEETSPOT_SCORES];   /* their standard errors */
    int64_t seeds;                      /* networks */
    double advantage, least;            /* over the nearer end, and its simultaneous lower limit */
    double p;                           /* that it is better than both ends */
    bool in_set;                        /* it may be the best */
} jem_sweetspot_alpha;

/* A line: a score of a benchmark along alpha, or two that belong together as the distance to people in their
 * plane.  Texts and alphas are owned by the list. */
typedef struct jem_sweetspot_row {
    const char *benchmark;             /* "cue-conflict" */
    const char *metric;                /* as score files name it; two joined by + in their plane */
    const char *measure;               /* for people: "shape bias" */
    int64_t scores;                    /* of the line: 1 or 2 */
    double human[JEM_SWEETSPOT_SCORES]; /* what people reach; NaN: not known */
    bool distance;                     /* best is nearest to people, else lowest or largest */
    bool primary;                      /* corrected for with the others that are; else exploratory */
    int64_t alphas;
    const jem_sweetspot_alpha *alpha;  /* [alphas] ascending; the ends are the first and the last */
    double best_alpha;                 /* of the best mean */
    double p, p_drop, p_holm;          /* that one in between beats both ends; the largest without any one network;
                                          corrected, NaN where it is not primary or has one seed */
    double margin, margin_low;         /* of the best in between over the nearer end; its lower limit */
    double margin_cv;                  /* cross-validated: free of having chosen the largest */
    double detectable;                 /* what could have been shown with power .8 */
    int64_t fewest_seeds, most_seeds;  /* networks at an alpha */
    int64_t images, people;            /* that are drawn; 0: none */
    const char *verdict;               /* "shown", "not shown", "unequal settings", "one seed" */
    const char *words;                 /* all this as a sentence */
    const char *basis;                 /* what was drawn, in words */
} jem_sweetspot_row;

typedef struct jem_sweetspots {
    int64_t count;
    jem_sweetspot_row *rows; /* comparisons with people first */
    double level;
    int64_t primaries, shown; /* benchmarks that are corrected over, and of these what is shown */
    const char *sentence;     /* of all, for a paper; "" where nothing is primary */
    void *owner;
} jem_sweetspots;

#define JEM_SWEETSPOTS_INIT {0, NULL, 0, 0, 0, NULL, NULL}

/* NULL and 0 mean the defaults. */
typedef struct jem_sweetspot_options {
    size_t size;            /* of this struct; JEM_SWEETSPOT_OPTIONS_INIT sets it */
    const char *const *set; /* "sweetspot.key=value" */
    int set_count;
    int64_t threads;        /* 0: all processors; changes no bit */
} jem_sweetspot_options;

#define JEM_SWEETSPOT_OPTIONS_INIT {sizeof(jem_sweetspot_options), NULL, 0, 0}

/* *out <- of the study in the folder `study`: jem_sweetspots_clear.  Reads scores and trials, writes nothing; o may be
 * NULL.  JEM_EDATA for a folder that holds no run, and where no benchmark has scores at two values of alpha;
 * JEM_EUSAGE for an unknown key and a study.yaml that means nothing. */
JEM_API jem_status jem_sweetspot(jem_sweetspots *out, const char *study, const jem_sweetspot_options *o);
JEM_API void jem_sweetspots_clear(jem_sweetspots *s); /* NULL and JEM_SWEETSPOTS_INIT are fine */

/* ---- before a study: how many seeds show a margin */

/* Of a line.  Texts are owned by the list. */
typedef struct jem_seeds_row {
    const char *benchmark, *metric, *measure; /* as of jem_sweetspot_row */
    double low, high;              /* the ends */
    int64_t alphas;                /* that have the score */
    int64_t seeds;                 /* at each alpha; 0: see `trouble` */
    int64_t seeds_low, seeds_high; /* at the 5 and 95 % points of the pilot's spread; 0: no number is enough */
    int64_t ends, between;         /* at each end and each alpha between: the fewest networks */
    const char *trouble;           /* why there is no number; "" */
} jem_seeds_row;

typedef struct jem_seeds {
    int64_t count;
    jem_seeds_row *rows; /* one for each primary line */
    void *owner;
} jem_seeds;

#define JEM_SEEDS_INIT {0, NULL, NULL}

/* *out <- what a further study at alphas [count] (NULL: those of the pilot) needs to show, with power .8, that an alpha
 * is better by `margin`, in units of each score, than both ends: jem_seeds_clear.  The noise is that of `pilot`, a study
 * with two seeds at one alpha at least.  Fails as jem_sweetspot. */
JEM_API jem_status jem_seeds_needed(jem_seeds *out, const char *pilot, double margin, const double *alphas, int64_t count,
                                    const jem_sweetspot_options *o);
JEM_API void jem_seeds_clear(jem_seeds *s); /* NULL and JEM_SEEDS_INIT are fine */

/* The margin that a study could show with power .8, in units of the score. */
typedef struct jem_margin {
    size_t size;     /* of this struct; JEM_MARGIN_INIT sets it */
    double both;     /* over both ends, the other alphas level with them */
    double far;      /* where one end is far below, so that only the other has to be beaten */
    double level;    /* p is at most 1 - level */
    int64_t networks; /* of the study */
} jem_margin;

#define JEM_MARGIN_INIT {sizeof(jem_margin), 0, 0, 0, 0}

/* *out <- of a study with seeds [alphas] at each alpha, whose scores spread by sd between networks of one alpha, and for
 * which no pilot is at hand (`jem plan CONFIG --seeds N --sd S`); images are taken to be without noise.  o may be NULL.
 * JEM_EUSAGE for fewer than three alphas, if no alpha has two seeds, and for an unknown key. */
JEM_API jem_status jem_margin_shown(jem_margin *out, const int64_t *seeds, int64_t alphas, double sd,
                                    const jem_sweetspot_options *o);

#ifdef __cplusplus
}
#endif
#endif
