/* Foreign text made plain: see plain.h. */
#include "base/plain.h"

#include <stdint.h>
#include <string.h>

#include "base/format.h"
#include "base/mem.h"
#include "base/utf8.h"

/* Controls (C0, DEL, C1), marks that turn the direction of writing, separators of lines. */
static bool steers(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t plain_next(char shown[PLAIN_MAX], const char **s, const char *end)
{
    static const char digits[] = "0123456789abcdef";
    const char *from = *s;
    const bool escape = steers(utf8_next(s, end));
    size_t used = 0;

    for (; from < *s; from++) {
        if (!escape) {
            shown[used++] = *from;
            continue;
        }
        const unsigned byte = (unsigned char)*from;
        shown[used++] = '\\';
        shown[used++] = 'x';
        shown[used++] = digits[byte >> 4];
        shown[used++] = digits[byte & 15];
    }
    shown[used] = '\0';
    return used;
}

bool plain_is(const char *s)
{
    const char *end = s + strlen(s);

    while (s < end)
        if (steers(utf8_next(&s, end))) return false;
    return true;
}

jem_status plain_utf8(char **out, const char *s)
{
    const char *end = s + strlen(s);
    char *copy = NULL, *to;
    jem_status st;

    if (utf8_is(s)) return mem_strdup(out, s);
    st = mem_alloc(&copy, strlen(s) + 1, 4); /* \xNN */
    if (st != JEM_OK) return st;
    for (to = copy; s < end;) {
        char shown[PLAIN_MAX];
        const size_t n = plain_next(shown, &s, end);
        memcpy(to, shown, n);
        to += n;
    }
    *out = copy;
    return JEM_OK;
}

/* ---- into a buffer */

typedef struct buffer {
    char *text;
    size_t used, size; /* size: with the NUL */
    bool full;         /* something did not fit: nothing may follow */
} buffer;

static void put_whole(buffer *b, const char *text, size_t n)
{
    if (b->used + n >= b->size) b->full = true;
    if (b->full) return;
    memcpy(b->text + b->used, text, n);
    b->used += n;
}

static void put_own(void *to, const char *text, size_t size)
{
    const char *end = text + size;

    while (text < end) {
        const char *from = text;
        utf8_next(&text, end);
        put_whole(to, from, (size_t)(text - from));
    }
}

static void put_foreign(void *to, const char *text, size_t size)
{
    const char *end = text + size;
    char shown[PLAIN_MAX];

    while (text < end) {
        size_t n = plain_next(shown, &text, end);
        put_whole(to, shown, n);
    }
}

void plain_vformat(char *out, size_t size, const char *fmt, va_list args)
{
    buffer b = {.text = out, .size = size};

    format_to(&(format_sink){put_own, put_foreign, &b}, fmt, args);
    out[b.used] = '\0';
}

void plain_format(char *out, size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    plain_vformat(out, size, fmt, args);
    va_end(args);
}
