/* Starting threads. */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

/* As pthread_create, for a thread that no signal is delivered to: handlers run on the
 * thread that the program began with.  Returns an errno value, 0 on success. */
int thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
