/* What every process of jem does before its command begins, and how signals end it. */
#ifndef CLI_STARTUP_H
#define CLI_STARTUP_H

#include <signal.h>

/* The first call of main: descriptors 0 to 2 are open, signals are taken (below), messages of
 * base/log.h go to stderr.
 *
 * SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU and SIGALRM ask a command to end.  Until it
 * calls cli_catch_signals they end it at once with the code of JEM_EINTERRUPTED, with a line
 * that names the signal.  One that came in ignored (nohup, a script's `&`) stays ignored; a
 * mask that came in does not keep them out.  SIGPIPE and SIGXFSZ become the error of the write
 * that caused them. */
void cli_startup(void);

/* From here on the signals above set a flag, which is returned; the command sees it, saves and
 * ends.  A second SIGINT or SIGTERM more than a second after the first ends it at once,
 * and so does a while (cli_limit_stop) in which nothing was written either. */
const volatile sig_atomic_t *cli_catch_signals(void);

/* That flag, for who begins to look at it later. */
const volatile sig_atomic_t *cli_stop_flag(void);

/* "SIGTERM": what set the flag; NULL if nothing did. */
const char *cli_stop_signal(void);

/* How many seconds without a written byte a stop may take; 300 unless told. */
void cli_limit_stop(unsigned seconds);

/* Somebody else is still saving: the limit counts anew. */
void cli_stop_goes_on(void);

/* Between fork and exec: dispositions as this process found them. */
void cli_release_signals(void);

#endif
