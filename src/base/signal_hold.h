/* A host's signals wait while jem computes on the host's thread: handlers run on that thread's ordinary stack, and
 * below the stack pointer, where their frames go, oneDNN's loops keep data (docs/pitfalls.md).
 *
 * Only where host_call_begin was called and has not ended: jem's program gives its handlers a stack of their own,
 * and threads that jem starts block all signals anyway (thread.h). */
#ifndef BASE_SIGNAL_HOLD_H
#define BASE_SIGNAL_HOLD_H

#include <stdbool.h>

/* Is the calling thread a host's from now on?  Returns what it was before. */
bool signal_host(bool yes);

/* Signals of the calling thread wait from here on.  true: signal_release ends that; false: it is no host's, or
 * they wait already. */
bool signal_hold(void);
void signal_release(bool held);

/* Around a function of the host's: signals are as the host has them.  true: there was a hold, which signal_resume
 * brings back. */
bool signal_pause(void);
void signal_resume(bool paused);

/* Where nothing is computed for a moment: handlers of what has come meanwhile run now, so that a flag that one of
 * them sets is seen soon.  Nothing where no signals wait. */
void signal_let_in(void);

#endif
