/* printf that tells what the program says from what others wrote: the text of the format and
 * its numbers go one way, what %s and %c bring goes another, on which it is made harmless for
 * where it is shown (plain.h for people, base/strbuf.h for pages). */
#ifndef BASE_FORMAT_H
#define BASE_FORMAT_H

#include <stdarg.h>
#include <stddef.h>

#include "jem/status.h"

typedef void (*format_put)(void *to, const char *text, size_t size);

typedef struct format_sink {
    format_put own, foreign;
    void *to;
} format_sink;

/* All conversions but %n and long double.  Widths of %s count characters, its precision counts
 * bytes and cuts no character apart. */
void format_to(const format_sink *sink, const char *fmt, va_list args) JEM_PRINTF(2, 0);

#endif
