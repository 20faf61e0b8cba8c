/* jem/log.h over base/log.h, and the version. */
#include "jem/log.h"

#include <stdatomic.h>
#include <stddef.h>

#include "base/log.h"
#include "jem/version.h"
#include "lib/lib_call.h"

static _Atomic(jem_log_sink) user_sink;

static void forward(log_level level, const char *line)
{
    jem_log_sink sink = atomic_load(&user_sink);
    lib_call plain;
    if (!sink || level == LOG_DETAIL) return;
    lib_call_back_begin(&plain);
    sink(level == LOG_INFO      ? JEM_LOG_INFO
         : level == LOG_WARNING ? JEM_LOG_WARNING
                                : JEM_LOG_PROGRESS,
         line);
    lib_call_back_end(&plain);
}

void jem_log_set_sink(jem_log_sink sink)
{
    atomic_store(&user_sink, sink);
    log_set_sink(sink ? forward : NULL);
}

const char *jem_version(void)
{
    return JEM_VERSION;
}
