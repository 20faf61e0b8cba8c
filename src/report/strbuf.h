/* A growing string, for pages. */
#ifndef REPORT_STRBUF_H
#define REPORT_STRBUF_H

#include <stddef.h>

#include "jem/status.h"

/* Errors stick: after the first failure appends do nothing, and strbuf_status says
 * what happened, so that a page is written without a check on every line. */
typedef struct strbuf {
    char *data; /* owned, NUL-terminated once anything was appended */
    size_t used, capacity;
    jem_status status;
} strbuf;
#define STRBUF_INIT                                                                                \
    {                                                                                              \
        NULL, 0, 0, JEM_OK                                                                         \
    }

void strbuf_clear(strbuf *t);
void strbuf_put(strbuf *t, const char *data, size_t size);
void strbuf_add(strbuf *t, const char *string);
void strbuf_printf(strbuf *t, const char *fmt, ...) JEM_PRINTF(2, 3);
/* & < > " become entities. */
void strbuf_escape(strbuf *t, const char *string);
/* `size` bytes in base 64. */
void strbuf_base64(strbuf *t, const void *data, size_t size);
jem_status strbuf_status(const strbuf *t);

#endif
