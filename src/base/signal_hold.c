/* Masks of a host's thread: see signal_hold.h. */
#include "base/signal_hold.h"

#include <pthread.h>
#include <signal.h>

static _Thread_local bool hosts, holds;
static _Thread_local sigset_t before; /* the host's mask, while holds */

bool signal_host(bool yes)
{
    const bool was = hosts;
    hosts = yes;
    return was;
}

bool signal_hold(void)
{
    sigset_t all;
    if (!hosts || holds) return false;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    return holds = true;
}

void signal_release(bool held)
{
    if (!held) return;
    holds = false;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

bool signal_pause(void)
{
    const bool held = holds;
    signal_release(held);
    return held;
}

void signal_resume(bool paused)
{
    if (paused) signal_hold();
}

void signal_let_in(void)
{
    signal_resume(signal_pause());
}
