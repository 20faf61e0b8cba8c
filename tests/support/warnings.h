/* What is logged as a warning, one line each, for tests that look at it. */
#ifndef SUPPORT_WARNINGS_H
#define SUPPORT_WARNINGS_H

#include <stdio.h>
#include <string.h>

#include "base/log.h"

static char warnings[4096];

static inline void warnings_keep(log_level level, const char *line)
{
    const size_t n = strlen(warnings);
    if (level == LOG_WARNING) snprintf(warnings + n, sizeof warnings - n, "%s\n", line);
}

/* From nothing, until log_set_sink(NULL). */
static inline void warnings_listen(void)
{
    warnings[0] = '\0';
    log_set_sink(warnings_keep);
}

#endif
