/* Trainings as processes of their own, each on its share of the processors.
 *
 * A training that crashes or runs out of memory ends alone.  What it writes to
 * stdout and stderr goes to its log file; it reports on descriptor SLOT_STATUS_FD in
 * lines of status_line.h.  If this process dies, the system sends SIGUSR1 to its trainings,
 * which save and end; the log file stays locked (flock) until then, so that nobody
 * begins the same training twice. */
#ifndef CLI_SWEEP_SLOTS_H
#define CLI_SWEEP_SLOTS_H

#include "cli/sweep_table.h"

enum { SLOT_STATUS_FD = 3 };

typedef struct sweep_slots sweep_slots;

/* The processors that this process may use, in `count` shares whose sizes differ by one at
 * most; neighbours (of one core, of one package) stay together.  With more slots
 * than processors several slots share one. */
jem_status sweep_slots_new(sweep_slots **out, int count);
/* NULL is fine.  Trainings that still run are asked to end and waited for. */
void sweep_slots_free(sweep_slots *s);

int sweep_slots_running(const sweep_slots *s); /* trainings whose end was not taken in yet */
bool sweep_slots_vacant(const sweep_slots *s); /* could another one start? */

/* Starts this program with the arguments `argv` (argv[0] is its name, NULL ends them) in a
 * vacant slot.  `r` (borrowed until it has ended) becomes running.  *busy true: an
 * earlier process still holds the log, and nothing was started.  JEM_EIO. */
jem_status sweep_slots_start(sweep_slots *s, sweep_run *r, const char *const *argv,
                             const char *log, bool *busy);

/* Waits for reports and ends, no longer than `timeout_s`, and takes them into the
 * runs.  Returns how many trainings have ended. */
int sweep_slots_wait(sweep_slots *s, double timeout_s);

/* Sends a signal to every training. */
void sweep_slots_signal(sweep_slots *s, int number);

/* Asks every training to save and end. */
void sweep_slots_stop(sweep_slots *s);

#endif
