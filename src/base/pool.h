/* A fixed set of worker threads that run numbered tasks. */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>

#include "jem/status.h"

typedef struct pool pool;

/* Called once per task, `task` in [0, tasks), `worker` in [0, pool_threads()).
 * Tasks start in ascending order; a worker runs one at a time. */
typedef jem_status (*pool_fn)(void *ctx, int task, int worker);

/* threads = 0 means one per processor that the process may use.  *out is owned.  JEM_EUSAGE for a
 * number below 0 or beyond 4096, JEM_ENOMEM if the system starts no more. */
jem_status pool_new(pool **out, int threads);
void pool_free(pool *p);           /* NULL is fine; not during a run */
int pool_threads(const pool *p); /* the caller of pool_run counts */

/* Runs fn for every task and waits.  The calling thread is worker 0.  Returns
 * the status (and message) of the failing task with the lowest number; tasks
 * that have not started by then are skipped.  Runs do not nest: one pool, one
 * caller at a time.  Allocates nothing. */
jem_status pool_run(pool *p, int tasks, pool_fn fn, void *ctx);

/* Lets tasks add to shared sums in a fixed order, whatever threads run them, so that a sum
 * has the same bits for any number of threads.  Each sum is a line of its own, where the tasks
 * of a pool_run that add to it take the turns 0, 1, 2, ... in the order of their numbers. */
jem_status pool_order_lines(pool *p, int lines); /* at least so many from the next run on */
/* Waits until all lower turns have left the line.  false if a task of the run has failed: the
 * sums will not be used and must not be touched; the task does not leave then. */
bool pool_order_enter(pool *p, int line, int turn);
void pool_order_leave(pool *p, int line, int turn); /* only after an enter that was true */

#endif
