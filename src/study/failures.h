/* The one policy on failure of all that works through runs or benchmarks: what is wrong with one is told,
 * noted, and the others are done all the same; what is wrong with all ends the work. */
#ifndef STUDY_FAILURES_H
#define STUDY_FAILURES_H

#include <stdbool.h>

#include "jem/status.h"

enum { FAILURES_TEXT = 1024 };

typedef struct failures {
    int count, of;             /* failed, of so many that were tried */
    jem_status first;          /* the first one's code */
    char names[FAILURES_TEXT]; /* "a, b", cut off where it is full */
} failures;
#define FAILURES_INIT {0, 0, JEM_OK, ""}

/* Would the next one fail, too?  No memory, no disk, a mistake in what was asked for, a stop. */
bool failure_ends_all(jem_status st);

/* Notes that `name` failed and warns of `why`, which is opened by the name unless it has it. */
void failures_note(failures *f, const char *name, jem_status st, const char *why);

/* JEM_OK if none failed, else the first code: "2 of 5 runs WHAT: a, b". */
jem_status failures_end(const failures *f, const char *what);

#endif
