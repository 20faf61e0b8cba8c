/* Persistent worker threads.  Waiting is a short spin, then sleep: a run in a
 * training step comes microseconds after the last one, while an idle pool must
 * not burn a processor.
 *
 * Why nothing can wait forever for its turn: a worker looks for a failure
 * *before* it takes a number and runs every task whose number it took, so the
 * started tasks are always 0 .. k without gaps; of those that wait the lowest
 * waits for nobody, each one leaves or fails, and a failure wakes all that wait. */
#include "base/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/machine.h"
#include "base/mem.h"
#include "base/signal_hold.h"
#include "base/thread.h"
#include "base/try.h"

enum { SPINS = 2000, MESSAGE_MAX = 2048, THREADS_MAX = 4096 };

typedef struct worker {
    pool *pool;
    pthread_t thread;
    int index;
} worker;

struct pool {
    int threads;
    int spawned;
    worker *workers; /* [threads]; entry 0 is the caller of pool_run */

    pthread_mutex_t lock;
    pthread_cond_t start, finished, ordered;

    atomic_uint run;    /* number of the current pool_run */
    atomic_int working; /* spawned threads still inside it */
    bool stop;

    /* the current run */
    pool_fn fn;
    void *ctx;
    int tasks;
    atomic_int next;
    atomic_bool failed;
    int failed_task;
    jem_status failed_status;
    char failed_message[MESSAGE_MAX];

    atomic_int *order; /* [lines]: whose turn it is */
    int lines;
    int order_waiting;
};

static void note_failure(pool *p, int task, jem_status st)
{
    pthread_mutex_lock(&p->lock);
    if (!atomic_load(&p->failed) || task < p->failed_task) {
        p->failed_task = task;
        p->failed_status = st;
        snprintf(p->failed_message, sizeof p->failed_message, "%s", jem_error_message());
        atomic_store(&p->failed, true);
        pthread_cond_broadcast(&p->ordered);
    }
    pthread_mutex_unlock(&p->lock);
}

static void work(pool *p, int index)
{
    while (!atomic_load(&p->failed)) {
        int task = atomic_fetch_add(&p->next, 1);
        jem_status st;
        if (task >= p->tasks) return;
        st = p->fn(p->ctx, task, index);
        if (st != JEM_OK) note_failure(p, task, st);
        signal_let_in();
    }
}

/* The caller of pool_run may be a host's thread: its signals are let in between tasks. */
static void work_as_caller(pool *p)
{
    const bool held = signal_hold();
    work(p, 0);
    signal_release(held);
}

/* Returns the number of a run later than `seen`. */
static unsigned wait_for_run(pool *p, unsigned seen)
{
    unsigned run;

    for (int i = 0; i < SPINS; i++)
        if (atomic_load(&p->run) != seen) break;
    pthread_mutex_lock(&p->lock);
    while ((run = atomic_load(&p->run)) == seen) pthread_cond_wait(&p->start, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return run;
}

static void *worker_main(void *arg)
{
    worker *w = arg;
    pool *p = w->pool;
    unsigned seen = 0;

    for (;;) {
        seen = wait_for_run(p, seen);
        if (p->stop) return NULL;
        work(p, w->index);
        pthread_mutex_lock(&p->lock);
        if (atomic_fetch_sub(&p->working, 1) == 1) pthread_cond_signal(&p->finished);
        pthread_mutex_unlock(&p->lock);
    }
}

jem_status pool_new(pool **out, int threads)
{
    jem_status st = JEM_OK;
    pool *p = NULL;

    if (threads < 0 || threads > THREADS_MAX)
        return jem_error(JEM_EUSAGE, "%d threads: give 0 (one per processor) to %d", threads,
                         THREADS_MAX);
    TRY(MEM_NEW(p, 1));
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->start, NULL);
    pthread_cond_init(&p->finished, NULL);
    pthread_cond_init(&p->ordered, NULL);
    p->threads = threads ? threads : machine_processors();
    TRY(MEM_NEW(p->workers, p->threads));
    for (int i = 1; i < p->threads; i++) {
        worker *w = &p->workers[i];
        int err;
        w->pool = p;
        w->index = i;
        err = thread_start(&w->thread, worker_main, w);
        if (err != 0) {
            st = jem_error(JEM_ENOMEM, "cannot start thread %d of %d: %s; use fewer threads", i + 1,
                           p->threads, strerror(err));
            goto done;
        }
        p->spawned++;
    }
    *out = p;
    p = NULL;
done:
    pool_free(p);
    return st;
}

void pool_free(pool *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    atomic_fetch_add(&p->run, 1);
    pthread_cond_broadcast(&p->start);
    pthread_mutex_unlock(&p->lock);
    for (int i = 1; i <= p->spawned; i++) pthread_join(p->workers[i].thread, NULL);
    pthread_cond_destroy(&p->ordered);
    pthread_cond_destroy(&p->finished);
    pthread_cond_destroy(&p->start);
    pthread_mutex_destroy(&p->lock);
    mem_free(p->order);
    mem_free(p->workers);
    mem_free(p);
}

int pool_threads(const pool *p)
{
    return p->threads;
}

jem_status pool_run(pool *p, int tasks, pool_fn fn, void *ctx)
{
    assert(tasks >= 0 && atomic_load(&p->working) == 0); /* runs do not nest */
    p->fn = fn;
    p->ctx = ctx;
    p->tasks = tasks;
    atomic_store(&p->next, 0);
    atomic_store(&p->failed, false);
    for (int i = 0; i < p->lines; i++) atomic_store(&p->order[i], 0);
    if (tasks > 1 && p->spawned > 0) {
        pthread_mutex_lock(&p->lock);
        atomic_store(&p->working, p->spawned);
        atomic_fetch_add(&p->run, 1);
        pthread_cond_broadcast(&p->start);
        pthread_mutex_unlock(&p->lock);
    }
    work_as_caller(p);
    for (int i = 0; i < SPINS; i++)
        if (atomic_load(&p->working) == 0) break;
    pthread_mutex_lock(&p->lock);
    while (atomic_load(&p->working) != 0) pthread_cond_wait(&p->finished, &p->lock);
    pthread_mutex_unlock(&p->lock);
    if (atomic_load(&p->failed)) return jem_error(p->failed_status, "%s", p->failed_message);
    return JEM_OK;
}

jem_status pool_order_lines(pool *p, int lines)
{
    jem_status st = JEM_OK;
    atomic_int *order = NULL;

    if (lines <= p->lines) return JEM_OK;
    TRY(MEM_NEW(order, lines));
    mem_free(p->order);
    p->order = order;
    p->lines = lines;
done:
    return st;
}

bool pool_order_enter(pool *p, int line, int turn)
{
    atomic_int *order = &p->order[line];

    for (int i = 0; i < SPINS; i++)
        if (atomic_load(order) == turn) break;
    pthread_mutex_lock(&p->lock);
    p->order_waiting++;
    while (atomic_load(order) != turn && !atomic_load(&p->failed))
        pthread_cond_wait(&p->ordered, &p->lock);
    p->order_waiting--;
    bool mine = !atomic_load(&p->failed);
    pthread_mutex_unlock(&p->lock);
    return mine;
}

void pool_order_leave(pool *p, int line, int turn)
{
    pthread_mutex_lock(&p->lock);
    atomic_store(&p->order[line], turn + 1);
    if (p->order_waiting > 0) pthread_cond_broadcast(&p->ordered);
    pthread_mutex_unlock(&p->lock);
}
