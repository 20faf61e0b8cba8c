/* Threads that leave signals alone and are plain: see thread.h. */
#include "base/thread.h"

#include <errno.h>
#include <fenv.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>

typedef struct beginning {
    void *(*run)(void *);
    void *arg;
} beginning;

void thread_plain(void)
{
    uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0)); /* a constant, in glibc: nobody frees it */
    fesetenv(FE_DFL_ENV);
}

static void *begin(void *of)
{
    beginning b = *(beginning *)of;
    free(of);
    thread_plain();
    return b.run(b.arg);
}

int thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    beginning *b = malloc(sizeof *b);

    if (!b) return ENOMEM;
    *b = (beginning){run, arg};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(thread, NULL, begin, b);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err != 0) free(b);
    return err;
}
