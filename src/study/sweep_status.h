/* How the runs of a study stand, from their folders alone: whoever trains them, wherever, and also while
 * nobody does. */
#ifndef STUDY_SWEEP_STATUS_H
#define STUDY_SWEEP_STATUS_H

#include "study/sweep_run.h"

/* *runs [*count] <- those of STUDY/study.json in its order, owned (mem_free): state, how far by the last row
 * of metrics.csv, its verdict, how long the rest takes as the part before did.  A run is RUNNING if a
 * process of this machine holds its folder, or one of another says so in time (run/run_owner.h).  A
 * run whose files cannot be read has FAILED and says why.  Fails as sweep_study_read. */
jem_status sweep_status_read(sweep_run **runs, int *count, const char *study);
/* The same for one run, whose name, alpha and seed are set. */
jem_status sweep_status_of(sweep_run *r, const char *study);

#endif
