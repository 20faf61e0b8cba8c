/* The runs of a sweep as text for people: a table that fits a terminal, or a line
 * for a log.  Pure functions: from states to text. */
#ifndef CLI_SWEEP_TABLE_H
#define CLI_SWEEP_TABLE_H

#include <stddef.h>

#include "run/loop.h"

typedef enum sweep_state {
    SWEEP_WAITING,
    SWEEP_RUNNING,
    SWEEP_FINISHED,
    SWEEP_INTERRUPTED, /* saved; goes on with the next sweep */
    SWEEP_DIVERGED,
    SWEEP_FAILED
} sweep_state;
const char *sweep_state_name(sweep_state s); /* "waiting" ... */

enum { SWEEP_NAME = 64, SWEEP_REASON = 200 };

/* One run of the grid. */
typedef struct sweep_run {
    char name[SWEEP_NAME];     /* of its folder */
    double alpha;
    int64_t seed;
    sweep_state state;
    jem_status code;           /* how it ended */
    bool reported;             /* `now` holds something */
    train_status now;          /* its reason is NULL: see `reason` */
    double full_s;             /* what all its iterations take; 0: unknown */
    char reason[SWEEP_REASON]; /* for the verdict, or for its end; "" if all is well */
} sweep_run;

/* Takes in what a training reports. */
void sweep_run_report(sweep_run *r, const train_status *s);
/* Replaces the reason; what a terminal might obey becomes '?'. */
void sweep_run_reason(sweep_run *r, const char *text);

/* Seconds until all runs are done on so many slots, supposing that runs take as long as
 * others of their kind (alpha = 0 needs no samples, alpha = 1 no labels); NaN if
 * nothing is known.  `load` is room for `slots` numbers. */
double sweep_eta_s(const sweep_run *runs, int count, double *load, int slots);

enum { SWEEP_TABLE_MAX = 64 * 1024 };
/* A head, one line per run and a line of counts, at most `columns` wide and `rows` high; each
 * ends with a newline, whose number is returned.  If not all runs fit, running ones
 * come first, then failed, finished and waiting ones; the order stays the grid's.
 * `text` holds at least SWEEP_TABLE_MAX bytes. */
int sweep_table(char *text, const sweep_run *runs, int count, double eta_s, int columns, int rows);

/* "2 running, 3 waiting, 1 finished, ETA 2h05m", without a newline. */
void sweep_counts(char *text, size_t size, const sweep_run *runs, int count, double eta_s);

/* "alpha-0.50-seed-1: epoch 3.2/200, accuracy 0.712, healthy, 523 images/s, ETA 2h05m",
 * without a newline. */
void sweep_line(char *text, size_t size, const sweep_run *r);

#endif
