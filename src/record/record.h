/* What evaluation writes and the report reads, in the folder of a run:
 *
 *   RUN/scores/scores.json   array of objects, one per score (all keys always
 *                            present, null where one does not apply)
 *   RUN/scores/scores.tsv    benchmark metric model alpha seed value, for people and R
 *   RUN/scores/NAME.tsv      numeric tables: histograms, reliability, ...
 *   RUN/trials/NAME.csv      one row per image, in the field's columns
 *   RUN/samples/NAME.png     pictures
 *   RUN/metrics.csv          the training log (read here, written by run/metrics.h)
 *
 * Reading is strict: an error names file and line.  All writes are atomic. */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "jem/status.h"

/* ---- scores */

/* Strings may be NULL, numbers NAN, n 0 where they do not apply.  In a list the
 * strings belong to the list. */
typedef struct score {
    const char *benchmark, *metric; /* "ood", "auroc": never NULL */
    const char *model;              /* "wrn-16-1" */
    double alpha;
    int64_t seed;            /* -1: none */
    const char *dataset;     /* "gloss", "cifar10" */
    const char *condition;   /* "lse:noise" */
    double value, low, high; /* with its interval */
    int64_t n;               /* images behind the value */
    double ceiling;          /* human or noise ceiling */
    const char *formula;     /* "share of argmax == label", plain text */
    const char *data_hash;   /* xxHash64 in hex */
    const char *command;     /* the exact command that made it */
    uint64_t keys_hash;      /* a list's own: of what tells this score from others */
} score;
#define SCORE_INIT                                                                                 \
    {                                                                                              \
        NULL, NULL, NULL, NAN, -1, NULL, NULL, NAN, NAN, NAN, 0, NAN, NULL, NULL, NULL, 0          \
    }

typedef struct score_list {
    int64_t count, capacity;
    score *scores;
} score_list;
#define SCORE_LIST_INIT                                                                            \
    {                                                                                              \
        0, 0, NULL                                                                                 \
    }

/* Copies *s, strings included.  A score with the same benchmark, metric, model,
 * alpha, seed, dataset and condition is replaced: evaluating again updates. */
jem_status score_list_append(score_list *list, const score *s);
/* First score with these keys; condition NULL matches any.  Borrowed; NULL if absent. */
const score *score_list_find(const score_list *list, const char *benchmark, const char *metric,
                             const char *condition);
void score_list_clear(score_list *list); /* scores found in it end here */

/* Appends what the file holds, or nothing.  JEM_EDATA with the file and the entry.  "gloss" of a
 * "jem eval" command is what is "scenes" now, and read as that. */
jem_status score_list_read(score_list *list, const char *path);
/* Replaces the file: scores.json as above, its keys those of `score`. */
jem_status score_list_write(const score_list *list, const char *path);
/* benchmark metric model alpha seed value condition dataset low high n ceiling. */
jem_status score_list_write_tsv(const score_list *list, const char *path);
/* RUN/scores/scores.json and scores.tsv; makes the folder.  Scores already there
 * that `list` does not replace are kept. */
jem_status score_list_save(const score_list *list, const char *run);
/* The same for a scoring of one model on one benchmark, which replaces earlier ones whole: all
 * scores of the benchmark go that a command wrote which scored this model, those about
 * people included, whatever its settings were. */
jem_status score_list_replace(const score_list *list, const char *run, const char *benchmark,
                              const char *model);
/* Reads RUN/scores/scores.json; an empty list where there is none. */
jem_status score_list_load(score_list *list, const char *run);
/* *yes <- does the folder hold scores, and is no run along alpha?  So does one of recorded answers, or an imported
 * run, whose network has no alpha. */
jem_status score_folder_is_answers(bool *yes, const char *path);

/* ---- numeric tables */

typedef struct table {
    int64_t rows, columns, capacity;
    char **names;   /* [columns] */
    double *values; /* [rows][columns]; NaN is written as nan */
} table;
#define TABLE_INIT                                                                                 \
    {                                                                                              \
        0, 0, 0, NULL, NULL                                                                        \
    }

/* Starts an empty table with these column names. */
jem_status table_init(table *t, int64_t columns, const char *const *names);
jem_status table_append(table *t, const double *row); /* row [columns] */
void table_clear(table *t);                           /* TABLE_INIT is fine */
int64_t table_find(const table *t, const char *name); /* column, or -1 */
double table_get(const table *t, int64_t row, int64_t column); /* both from 0; not checked */

/* Header line, then rows of numbers; an empty field reads as NaN.  Anything
 * else, and a wrong number of fields, is JEM_EDATA with file:line. */
jem_status table_read(table *out, const char *path, char separator);
/* A CSV log that may be growing: columns named in `words` (ends with NULL) hold text
 * and are left out, as is a last line without its line break. */
jem_status table_read_log(table *out, const char *path, const char *const *words);
/* Replaces the file by one that table_read reads back to the last bit. */
jem_status table_write(const table *t, const char *path, char separator);
/* RUN/scores/NAME.tsv; makes the folder. */
jem_status table_save(const table *t, const char *run, const char *name);

/* ---- trials: one row per image and answer, the columns of model-vs-human */

typedef struct trial {
    const char *subj; /* model name */
    int64_t session, trial;
    double rt; /* NaN for models, written as NaN */
    const char *object_response, *category, *condition, *imagename;
} trial;

typedef struct trial_list {
    int64_t count, capacity;
    trial *trials; /* strings owned by the list */
} trial_list;
#define TRIAL_LIST_INIT                                                                            \
    {                                                                                              \
        0, 0, NULL                                                                                 \
    }

jem_status trial_list_append(trial_list *list, const trial *t); /* copies */
void trial_list_clear(trial_list *list);                        /* TRIAL_LIST_INIT is fine */
/* Replaces the file by a CSV with the columns of model-vs-human. */
jem_status trial_list_write(const trial_list *list, const char *path);
/* Appends the trials of a table whose header names these columns, in any order and dialect
 * (base/table_text.h); session, trial, rt and condition may lack.  JEM_EDATA with file:line; trials
 * before that line have been appended. */
jem_status trial_list_read(trial_list *list, const char *path);
/* RUN/trials/NAME.csv; makes the folder. */
jem_status trial_list_save(const trial_list *list, const char *run, const char *name);
/* The same with the columns of `extra` [one row per trial] behind the usual ones. */
jem_status trial_list_save_with(const trial_list *list, const table *extra, const char *run,
                                const char *name);

#endif
