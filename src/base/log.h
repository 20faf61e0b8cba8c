/* Messages and progress for people.  The library never prints: whoever owns
 * the process (cli/) installs a sink.  Without one, messages vanish.  Strings from files
 * are made plain (plain.h) before a sink sees them. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

typedef enum log_level { LOG_DETAIL, LOG_INFO, LOG_WARNING, LOG_PROGRESS } log_level;

/* LOG_PROGRESS lines may replace one another on a terminal. */
typedef void (*log_sink)(log_level level, const char *line);
/* For the whole process; any thread may call the sink, several at once.  NULL: none again. */
void log_set_sink(log_sink sink);
/* Details (each file read and written) are for whoever asks for them: off at first. */
void log_show_details(bool on);
/* One line each, without its end; what is longer than 1023 bytes is cut. */
void log_detail(const char *fmt, ...) JEM_PRINTF(1, 2);
void log_info(const char *fmt, ...) JEM_PRINTF(1, 2);    /* what a run does and has done */
void log_warning(const char *fmt, ...) JEM_PRINTF(1, 2); /* what somebody should look at */
void log_progress(const char *fmt, ...) JEM_PRINTF(1, 2); /* how far a work is that others begin and end */
/* From here on a line of log_info or log_warning is told the first time alone: what is said of data that
 * many runs share.  false: what began so ends, and each is told again. */
void log_once(bool on);

/* Progress with rate and ETA: a line at most every second. */
typedef struct progress {
    const char *label, *unit;
    int64_t total;
    double start_s, last_s;
    int64_t start_done;
} progress;
/* `done` of `total` units are behind it already (a resumed run): rates count from there.  label and
 * unit ("iterations") are borrowed until progress_end. */
void progress_begin(progress *p, const char *label, const char *unit, int64_t total, int64_t done);
/* `extra` (may be NULL) is appended, e.g. "loss 1.23". */
void progress_update(progress *p, int64_t done, const char *extra);
void progress_end(progress *p, int64_t done); /* the last line: how long it took, as LOG_INFO */

/* A work of several parts shows how far the whole of it is: from here on `part` is told (at most every
 * second) what a part's progress would have shown, which says nothing itself, with the share of the whole
 * that is done (NaN: not known).  NULL: again as above.  All on one thread. */
typedef void (*progress_part)(void *ctx, const progress *part, int64_t done, double share);
void progress_set_whole(progress_part part, void *ctx);
/* What is begun from here on is the whole's share between these, from 0 to 1; at first that is all. */
void progress_set_share(double from, double to);

double clock_s(void); /* monotonic seconds */

/* "42s", "3m07s", "2h05m" */
void format_duration(char *text, size_t size, double s);

#endif
