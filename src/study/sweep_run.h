/* One run of a sweep's grid: its state, what it last reported, how long it takes. */
#ifndef STUDY_SWEEP_RUN_H
#define STUDY_SWEEP_RUN_H

#include "run/loop.h"

typedef enum sweep_state {
    SWEEP_WAITING,
    SWEEP_RUNNING,
    SWEEP_FINISHED,
    SWEEP_INTERRUPTED, /* saved; goes on with the next sweep */
    SWEEP_DIVERGED,
    SWEEP_FAILED
} sweep_state;
enum { SWEEP_STATES = SWEEP_FAILED + 1 };
const char *sweep_state_name(sweep_state s); /* "waiting" ... */

enum { SWEEP_NAME = 64, SWEEP_REASON = 200 };

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

/* alpha-0.50-seed-1; more digits where two do not tell alphas apart. */
void sweep_run_name(sweep_run *r);

/* Takes in what a training reports. */
void sweep_run_report(sweep_run *r, const train_status *s);
/* Replaces the reason; what a terminal might obey becomes '?'. */
void sweep_run_reason(sweep_run *r, const char *text);
/* It could not be begun, or ended, with this code. */
void sweep_run_failed(sweep_run *r, jem_status code, const char *why);

/* Reads how the run in `folder` stands from its run.json: finished, interrupted or diverged; anything
 * else is a failure of one that no process works on.  Finished ones report what they have reached. */
jem_status sweep_run_recall(sweep_run *r, const char *folder);

/* Seconds until all runs are done on so many slots, supposing that runs take as long as
 * others of their kind (alpha = 0 needs no samples, alpha = 1 no labels); NaN if
 * nothing is known.  `load` is room for `slots` numbers. */
double sweep_eta_s(const sweep_run *runs, int count, double *load, int slots);

#endif
