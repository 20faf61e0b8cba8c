/* Messages and progress for people.  Without a sink they vanish. */
#ifndef JEM_LOG_H
#define JEM_LOG_H

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum jem_log_level {
    JEM_LOG_INFO,
    JEM_LOG_WARNING,
    JEM_LOG_PROGRESS /* may replace the progress line before it */
} jem_log_level;

/* Gets one line without a line break, borrowed during the call; what it quotes from files is
 * free of control characters.  May be called by any thread that computes, and may call jem
 * itself (but not with a model in use). */
typedef void (*jem_log_sink)(void *ctx, jem_log_level level, const char *line);

/* Sets the sink of the whole process and what it is called with; NULL: none.  A line that is on its way meanwhile may
 * still go to the one before. */
JEM_API void jem_log_set_sink(jem_log_sink sink, void *ctx);

#ifdef __cplusplus
}
#endif
#endif
