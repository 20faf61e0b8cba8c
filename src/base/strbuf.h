/* A growing string, for pages and tables: what the program writes itself, and strings from files,
 * for which there is html_printf or plain_printf and no other way. */
#ifndef BASE_STRBUF_H
#define BASE_STRBUF_H

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

void strbuf_clear(strbuf *t);              /* text and error; STRBUF_INIT is fine */
jem_status strbuf_status(const strbuf *t); /* of the first append that failed */

/* A literal as it is; anything else does not compile. */
#define strbuf_add(t, literal) strbuf_put(t, "" literal "", sizeof("" literal "") - 1)

/* For pages: & < > " ' in what %s brings become entities, what steers is made plain
 * (base/plain.h) but for line breaks and tabs. */
void html_printf(strbuf *h, const char *fmt, ...) JEM_PRINTF(2, 3);
/* For terminals and TSV: what %s brings is made plain, tabs and line breaks included. */
void plain_printf(strbuf *t, const char *fmt, ...) JEM_PRINTF(2, 3);

/* Bytes as they are: for drawings and tables that are markup already. */
void strbuf_put(strbuf *t, const char *data, size_t size);

#endif
