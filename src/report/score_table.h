/* A table for papers and notes: a row per score, a column per alpha with mean and standard error over
 * seeds, what people reach, and in bold which alphas may be the best. */
#ifndef REPORT_SCORE_TABLE_H
#define REPORT_SCORE_TABLE_H

#include "base/pool.h"
#include "report/score_rows.h"

/* Of an alpha. */
typedef struct score_cell {
    int64_t seeds;   /* finite values behind the mean; 0: none */
    bool given;      /* there are scores, finite or not */
    double mean;     /* NaN without values */
    double sem;      /* NaN with fewer than two */
    bool at_chance;  /* a network behind it decides no better than by chance */
    bool maybe_best; /* is in the set of possible best alphas (stats/best_alpha.h), which is known */
} score_cell;

typedef struct score_line {
    const score_row *first;
    int64_t count;    /* rows of the tidy table from it on */
    bool unequal;     /* rescued runs, or other settings or lengths, are among them: nothing is claimed */
    score_cell *cell; /* [columns], into the table's cells */
} score_line;

/* Those rows that figures show, too: of benchmarks with a headline that score alone; none of people. */
typedef struct score_table {
    const score_rows *rows; /* borrowed */
    int64_t columns;
    double *alpha; /* [columns] ascending; a last NaN: scores without an alpha */
    int64_t count;
    score_line *lines;
    score_cell *cells;
    bool any_best, any_unequal, any_chance;
    int64_t least, most; /* seeds behind means with a standard error; 0: there are none */
} score_table;
#define SCORE_TABLE_INIT                                                                           \
    {                                                                                              \
        NULL, 0, NULL, 0, NULL, NULL, false, false, false, 0, 0                                           \
    }

/* The best set is Hsu's at level .95, by training noise alone (STATS_VARIANCE_GUARDED): of scores that
 * are placed along alpha, where two alphas have two seeds each and all runs are of one experiment.  Alpha = 1 takes no
 * part where it never trained the classifier that is asked.
 * threads: NULL for the calling thread alone.  JEM_EDATA if no row is left. */
jem_status score_table_make(score_table *out, const score_rows *rows, pool *threads);
void score_table_clear(score_table *t); /* SCORE_TABLE_INIT is fine */

/* A pipe table with its caption below (score_table_text.c). */
void score_table_markdown(strbuf *out, const score_table *t);
/* A `table` for any LaTeX document without a package: what its engines do not all print stands as
 * U+XXXX. */
void score_table_latex(strbuf *out, const score_table *t);

#endif
