/* jem/log.h over base/log.h, and the version. */
#include "jem/log.h"

#include <pthread.h>
#include <stddef.h>

#include "base/log.h"
#include "jem/version.h"
#include "lib/lib_call.h"

typedef struct host_sink {
    jem_log_sink sink;
    void *ctx;
} host_sink;

static host_sink current; /* both members change together */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;

static host_sink exchange(const host_sink *next)
{
    pthread_mutex_lock(&guard);
    const host_sink before = current;
    if (next) current = *next;
    pthread_mutex_unlock(&guard);
    return before;
}

static void forward(log_level level, const char *line)
{
    const host_sink to = exchange(NULL);
    lib_call plain;
    if (!to.sink || level == LOG_DETAIL) return;
    lib_call_back_begin(&plain);
    to.sink(to.ctx,
            level == LOG_INFO      ? JEM_LOG_INFO
            : level == LOG_WARNING ? JEM_LOG_WARNING
                                   : JEM_LOG_PROGRESS,
            line);
    lib_call_back_end(&plain);
}

void jem_log_set_sink(jem_log_sink sink, void *ctx)
{
    exchange(&(const host_sink){sink, ctx});
    log_set_sink(sink ? forward : NULL);
}

const char *jem_version(void)
{
    return JEM_VERSION;
}
