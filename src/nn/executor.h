/* Runs plans: a plan with one workspace for each thread, and batches cut into chunks.
 *
 * Each chunk, as many images as the plan takes, is computed by one thread; which one changes no
 * bit.  Where the images of a batch influence each other the chunk is all of them, and the threads take
 * its slices (plan.h). */
#ifndef NN_EXECUTOR_H
#define NN_EXECUTOR_H

#include "nn/plan.h"

typedef struct executor {
    plan *p;        /* NULL: cleared, or never made */
    workspace **ws; /* [threads]; NULL until the thread first asks for its own */
    int threads;
    bool timed;
} executor;

/* Takes the plan over, which is freed where this fails. */
jem_status executor_init(executor *out, plan *p, int threads);
/* The same for a plan that is compiled here. */
jem_status executor_compile(executor *out, const graph *g, const backend *b, const plan_options *o,
                            int threads);
void executor_clear(executor *e); /* as {.p = NULL} afterwards, which is fine, too */

/* Images that a thread takes at a time from batches of n, for a plan with these options (o->batch
 * does not count) on this backend; by the sizes of the network and n alone, so that chunks and bits
 * do not depend on the machine.  *chunk is a power of two, or executor_device_chunk's.  Fails as
 * plan_compile does. */
jem_status executor_choose_chunk(int64_t *chunk, const graph *g, const backend *b,
                                 const plan_options *o, int64_t n);
/* The same on a device: all n, as far as memory will do. */
int64_t executor_device_chunk(const graph *g, int64_t n);

/* plan_options.slice for batches of n images that the network couples, by the same sizes alone. */
int64_t executor_choose_slice(const graph *g, int64_t n);

/* The workspace of a thread, 0 .. threads - 1, borrowed; made at the first call, which may be that
 * thread's own: no two threads ask for one. */
jem_status executor_workspace(workspace **out, executor *e, int thread);

typedef struct executor_chunk {
    workspace *ws;        /* its thread's */
    int64_t first, count; /* images [first, first + count) of the batch */
    int index, thread;
} executor_chunk;
typedef jem_status (*executor_fn)(void *ctx, const executor_chunk *chunk);

/* Runs fn for each chunk of n images on the pool, which has e's threads; NULL: on the caller alone.  For
 * a plan in slices fn runs on the caller, and its executions on the pool. */
jem_status executor_run(executor *e, pool *threads, int64_t n, executor_fn fn, void *ctx);
/* The same of a plan compiled with `split`: chunks that are too few to keep all threads busy are
 * computed by all of them together, one after another. */
jem_status executor_run_split(executor *e, pool *threads, int64_t n, executor_fn fn, void *ctx);

/* From now on, beginning at 0, steps are timed. */
jem_status executor_time_steps(executor *e);
/* Step i's time, summed over the threads; 0 where it was not timed. */
plan_time executor_time(const executor *e, int i);

#endif
