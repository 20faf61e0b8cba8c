/* What the program that calls libjem has set for its thread must not change what jem reads, writes
 * and computes, and jem must not change it: a locale with a decimal comma, a rounding mode,
 * denormal numbers taken for zero, traps, flags. */
#ifndef BASE_HOST_CALL_H
#define BASE_HOST_CALL_H

#include <fenv.h>
#include <locale.h>
#include <stdbool.h>

#include "jem/status.h"

typedef struct host_state {
    locale_t locale;
    fenv_t numbers;
    bool was_host; /* signal_hold.h: of the thread before */
} host_state;

/* What was set; from here on the thread is plain (base/thread.h), and its signals wait while it computes
 * (base/signal_hold.h). */
host_state host_call_begin(void);
void host_call_end(const host_state *host); /* on the same thread: as host_call_begin found it */

/* Until the end of the block. */
#define HOST_CALL                                                                                  \
    __attribute__((cleanup(host_call_end), unused)) const host_state host_call = host_call_begin()

/* For arguments that a host may have got wrong: leaves the function, before it holds anything,
 * with JEM_EUSAGE and its name. */
#define HOST_NEED(p)                                                                               \
    do {                                                                                           \
        if (!(p)) return jem_error(JEM_EUSAGE, "%s: %s is NULL", __func__, #p);                    \
    } while (0)

#endif
