/* Wall time of a piece of work, and the least that it would have taken without other programs.
 *
 * A thread that could run but finds no processor free waits, and Linux counts for how long
 * (/proc/self/task/TID/schedstat).  Alone, the work would have taken no less than its processor
 * time spread evenly, and no less than its wall time without all waits of all threads, which have
 * delayed it by that at most.  Between this and the wall time lies the truth; the two meet where
 * nothing waited.  What the host of a virtual machine takes away is not seen. */
#ifndef BASE_STOPWATCH_H
#define BASE_STOPWATCH_H

#include <stdbool.h>

/* Seconds: a reading, of the whole process so far, or what lies between two. */
typedef struct stopwatch {
    double wall_s;
    double ran_s;    /* processor time of all threads */
    double waited_s; /* of all threads that are there; NaN: the system does not say */
} stopwatch;

/* Processor time of the calling thread. */
double thread_clock_s(void);

/* A reading to begin with. */
stopwatch stopwatch_now(void);
/* What lies between that and now.  waited_s lacks the waits of threads that ended in between. */
stopwatch stopwatch_since(const stopwatch *begin);
void stopwatch_add(stopwatch *sum, const stopwatch *took); /* work in several pieces, one by one */

/* The least that the same work takes `threads` threads on `processors` without other programs;
 * NaN where the waits are not known. */
double stopwatch_alone_s(const stopwatch *took, int threads, int processors);

typedef enum processors_state { PROCESSORS_QUIET, PROCESSORS_BUSY, PROCESSORS_UNKNOWN } processors_state;
/* Whether other programs made a time worthless: what took `wall_s` may take as little as
 * `alone_s` (NaN: unknown); busy if that is less by more than a tenth, which equal work on a quiet
 * machine differs by. */
processors_state stopwatch_judge(double alone_s, double wall_s);
const char *processors_state_name(processors_state s); /* "quiet", "busy", "unknown" */

#endif
