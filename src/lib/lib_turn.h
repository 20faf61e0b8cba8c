/* One call at a time: what a handle of a host's keeps, so that a second thread is refused and nothing races. */
#ifndef LIB_LIB_TURN_H
#define LIB_LIB_TURN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "jem/status.h"

/* Zeroed: nobody has it. */
typedef struct lib_turn {
    atomic_int state;
} lib_turn;

/* A call begins.  false: another one has it; nothing changed. */
bool lib_turn_take(lib_turn *t);
/* It ends.  true: the host has freed the handle meanwhile, and the caller is to release it. */
bool lib_turn_end(lib_turn *t);
/* The host frees the handle.  true: nobody computes with it, and the caller is to release it. */
bool lib_turn_last(lib_turn *t);

/* JEM_EUSAGE: `what` ("the model") is in another call. */
jem_status lib_turn_refuse(const char *function, const char *what);

#endif
