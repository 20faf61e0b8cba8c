/* TRY: on failure remember the status and leave through the one exit label. */
#ifndef BASE_TRY_H
#define BASE_TRY_H

#include "jem/status.h"

/* Needs `jem_status st` in scope and a label `done` that releases everything. */
#define TRY(expr)                  \
    do {                           \
        st = (expr);               \
        if (st != JEM_OK) goto done; \
    } while (0)

#endif
