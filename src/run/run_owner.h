/* RUN/owner: which process trains a run, for other machines to see.  Locks (base/dir_lock.h) decide on one machine, and
 * do not reach across every network file system; there, and in a batch job, whose next start may be on
 * another machine, the training writes
 *
 *   {"host": "n1", "pid": 4711, "job": "12_3"}
 *
 * and touches the file about once a minute.  One of another machine that was touched in the last
 * RUN_OWNER_PATIENCE_S seconds is at work, unless it is the very same job: Slurm starts a job once at a
 * time, so that its earlier start is gone.  The file is removed at the training's end; of a killed one it stays, and
 * tells nobody anything once it is old. */
#ifndef RUN_RUN_OWNER_H
#define RUN_RUN_OWNER_H

#include <stdbool.h>

#include "jem/status.h"

enum { RUN_OWNER_PATIENCE_S = 1800, RUN_OWNER_TEXT = 80 };

typedef struct run_owner {
    char *path;       /* owned; NULL: this training writes none */
    double touched_s; /* clock of base/log.h */
} run_owner;
#define RUN_OWNER_INIT {NULL, 0}

/* Does a process of another machine train the run, as far as its file says?  `job`, as run_owner_job has it: one
 * that is the asker's own; NULL: none.  who: "n1 (job 12_3)". */
bool run_owner_is_at_work(char who[RUN_OWNER_TEXT], const char *folder, const char *job);
/* JEM_EUSAGE if one does, and is not this process's job. */
jem_status run_owner_check(const char *folder);
/* Writes the file where that is of use; else *o stays as it was. */
jem_status run_owner_take(run_owner *o, const char *folder);
void run_owner_touch(run_owner *o);   /* to be called often; a disk that refuses is not the training's trouble */
void run_owner_release(run_owner *o); /* RUN_OWNER_INIT is fine */

#endif
