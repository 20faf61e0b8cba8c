/* LIB_CALL is the first line of every function of include/jem that does more than hand out what is
 * there (scripts/check-calls): base/host_call.h, and OpenMP's number of threads, which is the
 * calling thread's and set to 1 for oneDNN.  Threads that jem starts need none (thread_start). */
#ifndef LIB_LIB_CALL_H
#define LIB_LIB_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/host_call.h"
#include "base/pool.h"

typedef struct lib_call {
    host_state state;
    int omp_threads;
    const struct lib_call *before; /* of this thread: a log sink may call jem */
    bool paused;                   /* of a callback: signal_hold.h */
} lib_call;

/* Keeps what the host has set in *host, which lies on the caller's stack, and makes the thread
 * plain. */
void lib_call_begin(lib_call *host);
void lib_call_end(lib_call *host); /* the innermost begin of this thread first */

#define LIB_CALL                                                                                   \
    __attribute__((cleanup(lib_call_end))) lib_call lib_host;                                      \
    lib_call_begin(&lib_host)

/* Around a function of the host's: its thread is as it was before it called. */
void lib_call_back_begin(lib_call *plain);
void lib_call_back_end(lib_call *plain); /* as jem had it, whatever the host's function did */

/* Options of the caller's, whose struct begins with its size as a size_t: out [size], which holds the defaults,
 * <- as many of its members as the caller knows.  given NULL: none.  JEM_EUSAGE, naming function and `init`, if
 * the size was not set. */
jem_status lib_options(void *out, size_t size, const void *given, const char *function, const char *init);

/* The other way: of *found, whose size is set, as many members as the caller knows go to *out, which keeps its
 * size.  Fails alike. */
jem_status lib_hand_out(void *out, const void *found, const char *function, const char *init);

/* JEM_EUSAGE, naming the place in `what` ("o->set"), unless texts [count] are all there. */
jem_status lib_check_texts(const char *const *texts, int count, const char *what, const char *function);

/* *out, owned, <- so many threads; 0: all processors.  JEM_EUSAGE naming o->threads. */
jem_status lib_threads(pool **out, int64_t threads, const char *function);

/* JEM_EUSAGE unless 0 <= n <= INT32_MAX: random numbers know so many images, and sizes of so
 * many do not overflow. */
jem_status lib_check_images(int64_t n, const char *function);

#endif
