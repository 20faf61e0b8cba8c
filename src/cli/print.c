/* printf on stdout through base/format.h, which tells jem's own text from what %s brings. */
#include "cli/print.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/format.h"
#include "base/plain.h"

static void put_own(void *to, const char *text, size_t size)
{
    fwrite(text, 1, size, to);
}

static void put_plain(void *to, const char *text, size_t size)
{
    const char *end = text + size;
    char shown[PLAIN_MAX];

    while (text < end) {
        size_t n = plain_next(shown, &text, end);
        fwrite(shown, 1, n, to);
    }
}

void cli_print(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    format_to(&(format_sink){put_own, put_plain, stdout}, fmt, args);
    va_end(args);
}

jem_status cli_print_lines(strbuf *lines)
{
    const jem_status st = strbuf_status(lines);
    if (st == JEM_OK && lines->used) fputs(lines->data, stdout);
    strbuf_clear(lines);
    return st;
}
