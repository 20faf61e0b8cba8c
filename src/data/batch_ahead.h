/* Batches made by a thread while the one before is used: reading files hides behind the step.
 *
 *        step k  ..............  step k + 1  ............
 *   get k |      get k + 1 |  (waits only if that is not ready yet)
 *         make k + 1 ......|     make k + 2 ...      on the thread */
#ifndef DATA_BATCH_AHEAD_H
#define DATA_BATCH_AHEAD_H

#include <stdint.h>

#include "jem/status.h"

/* x [values] and y [rows] of an iteration: a pure function of it. */
typedef jem_status (*batch_maker)(void *ctx, int64_t iteration, float *x, int32_t *y);

/* Seconds so far. */
typedef struct batch_times {
    double made_s;   /* the thread read and made batches */
    double waited_s; /* somebody waited for them */
} batch_times;

typedef struct batch_ahead batch_ahead;

/* The thread calls `make` with ctx (borrowed), and nobody else may meanwhile.  JEM_ENOMEM */
jem_status batch_ahead_new(batch_ahead **out, batch_maker make, void *ctx, int64_t values, int64_t rows);
void batch_ahead_free(batch_ahead *a); /* stops the thread; NULL is fine */

/* x [values], y [rows] (may be NULL) of the iteration; the next one is begun.  Any iteration may be
 * asked for.  Fails as `make` does for this one, which the next call makes again. */
jem_status batch_ahead_get(batch_ahead *a, int64_t iteration, float *x, int32_t *y);
batch_times batch_ahead_times(batch_ahead *a);

#endif
