/* Starting threads, and what may differ from thread to thread. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

/* As pthread_create, for a thread that no signal is delivered to (handlers run on the thread
 * that the program began with) and that thread_plain has been called on.  Returns an errno
 * value, 0 on success. */
int thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

/* From here on the calling thread reads and writes numbers as C does, with a point, and
 * computes with C's floating-point environment, whatever the program has set with
 * setlocale, uselocale, fesetround or for denormal numbers. */
void thread_plain(void);

#endif
