/* One batch ahead (batch_ahead.h): a slot that one thread fills and another empties. */
#include "data/batch_ahead.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/try.h"

enum { MESSAGE_SIZE = 1024 };

/* Of the slot. */
typedef enum slot_state { SLOT_EMPTY, SLOT_WANTED, SLOT_MADE } slot_state;

struct batch_ahead {
    batch_maker make;
    void *ctx;
    int64_t values, rows;
    float *x;   /* [values] */
    int32_t *y; /* [rows] */

    pthread_mutex_t lock; /* of what follows; the thread owns x and y while SLOT_WANTED */
    pthread_cond_t changed;
    slot_state state;
    int64_t iteration; /* wanted or made */
    jem_status st;     /* of what was made */
    char message[MESSAGE_SIZE]; /* if st is a failure: messages belong to threads */
    batch_times times;
    bool stop;

    pthread_t thread;
    bool started;
};

static void *work(void *arg)
{
    batch_ahead *a = arg;

    pthread_mutex_lock(&a->lock);
    while (!a->stop) {
        if (a->state != SLOT_WANTED) {
            pthread_cond_wait(&a->changed, &a->lock);
            continue;
        }
        const int64_t iteration = a->iteration;
        pthread_mutex_unlock(&a->lock);
        const double begin = clock_s();
        const jem_status st = a->make(a->ctx, iteration, a->x, a->y);
        if (st) strncpy(a->message, jem_error_message(), MESSAGE_SIZE - 1);
        pthread_mutex_lock(&a->lock);
        a->times.made_s += clock_s() - begin;
        a->st = st;
        a->state = SLOT_MADE;
        pthread_cond_broadcast(&a->changed);
    }
    pthread_mutex_unlock(&a->lock);
    return NULL;
}

jem_status batch_ahead_new(batch_ahead **out, batch_maker make, void *ctx, int64_t values, int64_t rows)
{
    jem_status st;
    batch_ahead *a = NULL;

    TRY(MEM_NEW(a, 1));
    a->make = make;
    a->ctx = ctx;
    a->values = values;
    a->rows = rows;
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    TRY(MEM_NEW(a->x, values));
    TRY(MEM_NEW(a->y, rows));
    const int error = thread_start(&a->thread, work, a);
    if (error) {
        st = jem_error(JEM_ENOMEM, "cannot start a thread to read batches: %s; use fewer threads",
                       strerror(error));
        goto done;
    }
    a->started = true;
    *out = a;
    a = NULL;
done:
    batch_ahead_free(a);
    return st;
}

void batch_ahead_free(batch_ahead *a)
{
    if (!a) return;
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
    if (a->started) pthread_join(a->thread, NULL);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    mem_free(a->x);
    mem_free(a->y);
    mem_free(a);
}

/* Below, the lock is held. */
static void want(batch_ahead *a, int64_t iteration)
{
    a->iteration = iteration;
    a->state = SLOT_WANTED;
    pthread_cond_broadcast(&a->changed);
}

static void wait_until_made(batch_ahead *a)
{
    while (a->state == SLOT_WANTED) pthread_cond_wait(&a->changed, &a->lock);
}

jem_status batch_ahead_get(batch_ahead *a, int64_t iteration, float *x, int32_t *y)
{
    const double begin = clock_s();

    pthread_mutex_lock(&a->lock);
    wait_until_made(a); /* what another iteration was begun for cannot be stopped */
    if (a->state != SLOT_MADE || a->iteration != iteration) {
        want(a, iteration);
        wait_until_made(a);
    }
    a->times.waited_s += clock_s() - begin;
    const jem_status st = a->st;
    if (st) {
        a->state = SLOT_EMPTY;
    } else {
        memcpy(x, a->x, (size_t)a->values * sizeof *x);
        if (y) memcpy(y, a->y, (size_t)a->rows * sizeof *y);
        want(a, iteration + 1);
    }
    pthread_mutex_unlock(&a->lock);
    return st ? jem_error(st, "%s", a->message) : JEM_OK;
}

batch_times batch_ahead_times(batch_ahead *a)
{
    pthread_mutex_lock(&a->lock);
    const batch_times t = a->times;
    pthread_mutex_unlock(&a->lock);
    return t;
}
