/* One tidy table over any number of runs, studies and folders of recorded answers' scores: a row per
 * score, with whom it is compared. */
#ifndef REPORT_SCORE_ROWS_H
#define REPORT_SCORE_ROWS_H

#include "base/strbuf.h"
#include "measure/standing.h"
#include "record/study.h"

/* Where rows come from: a folder that somebody named. */
typedef struct score_source {
    const char *path;   /* borrowed */
    study *runs;        /* a study or a run; NULL: */
    score_list answers; /* the scores of recorded answers */
} score_source;

/* A score of a run, of recorded answers, or of people.  All is borrowed from the sources. */
typedef struct score_row {
    const score *score;
    const study_run *run;     /* NULL: of recorded answers */
    int64_t source;           /* the number of its folder */
    const char *model;        /* "" if nothing says */
    double alpha;             /* NaN: none */
    int64_t seed;             /* -1: none */
    double reference;         /* what people reach; NaN where that is not known */
    chance_state at_chance;   /* the network behind it */
    const measures *of;       /* what its benchmark's scores mean; NULL: nobody says */
    const measure *meaning;   /* what it means itself; NULL: nobody says */
    const measure_spot *spot; /* where its meaning is placed along alpha; NULL: it is not */
    int64_t place[2];         /* of benchmark and metric in the lists of meanings */
    int64_t number;           /* in the order of reading */
} score_row;

typedef struct score_rows {
    int64_t sources;
    score_source *source;
    int64_t count, capacity;
    score_row *rows; /* by benchmark, metric, dataset, condition, model, folder, alpha, seed */
} score_rows;
#define SCORE_ROWS_INIT                                                                            \
    {                                                                                              \
        0, NULL, 0, 0, NULL                                                                        \
    }

/* Reads `count` folders: runs, studies, what `jem bench --answers ... --out` wrote.  What is broken
 * within a study is logged as a warning.  Rows about people, which every run of a study repeats, are
 * there once.  Borrows paths and list.  JEM_EDATA for a folder that is none of these, or without any
 * score. */
jem_status score_rows_read(score_rows *out, const char *const *paths, int64_t count,
                           const measures *const *list);
void score_rows_clear(score_rows *r); /* SCORE_ROWS_INIT is fine */
/* The folder of the run or of the answers. */
const char *score_row_folder(const score_rows *r, const score_row *row);
/* Is it a row about people (or a baseline) that a run's folder holds beside its own? */
bool score_row_is_people(const score_row *row);
/* Is it the score that its meaning is about, by data set and condition? */
bool score_row_is_shown(const score_row *row);

/* benchmark metric dataset condition model alpha seed value low high n reference at_chance folder, quoted after
 * RFC 4180; a number that does not apply is empty. */
void score_rows_csv(strbuf *out, const score_rows *r);
/* *text (owned) <- an array of objects with these keys, null where one does not apply. */
jem_status score_rows_json(char **text, const score_rows *r);

#endif
