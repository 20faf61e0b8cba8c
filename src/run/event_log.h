/* A training's rows and pictures for TensorBoard: RUN/events holds one event file per
 * session.  Where sessions overlap (a killed run repeats iterations, a rescued one goes
 * back), readers forget the earlier attempt.  metrics.csv is the record; this is a view
 * of it. */
#ifndef RUN_EVENT_LOG_H
#define RUN_EVENT_LOG_H

#include "record/event_file.h"
#include "run/metrics.h"
#include "sample/replay_buffer.h"

typedef struct event_log event_log;

/* A new event file, with the columns of o's log (borrowed), for a session that goes on after `iteration` of `iterations`.  JEM_EIO. */
jem_status event_log_open(event_log **out, const char *run, const objective *o, int64_t iteration,
                          int64_t iterations);
void event_log_close(event_log *l); /* NULL is fine */

/* These do nothing if l is NULL; JEM_EIO if the file cannot be written. */

/* All numbers of the row that are finite, tagged as metrics_columns says. */
jem_status event_log_row(event_log *l, const metrics_row *r);
/* Up to 8 x 8 pictures spread evenly over the buffer, as one; nothing if it is empty or NULL. */
jem_status event_log_images(event_log *l, const replay_buffer *r, int64_t iteration);
/* What follows repeats the iterations after `iteration`. */
jem_status event_log_rewind(event_log *l, int64_t iteration);

#endif
