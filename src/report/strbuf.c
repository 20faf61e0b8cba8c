/* Growing strings. */
#include "report/strbuf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

void strbuf_clear(strbuf *t)
{
    mem_free(t->data);
    *t = (strbuf)STRBUF_INIT;
}

static void reserve(strbuf *t, size_t more)
{
    if (t->status != JEM_OK || t->used + more < t->capacity) return;
    size_t capacity = 2 * t->capacity + more + 256;
    char *grown;
    t->status = mem_alloc(&grown, capacity, 1);
    if (t->status != JEM_OK) return;
    if (t->used) memcpy(grown, t->data, t->used);
    mem_free(t->data);
    t->data = grown;
    t->capacity = capacity;
}

void strbuf_put(strbuf *t, const char *data, size_t size)
{
    reserve(t, size);
    if (t->status != JEM_OK) return;
    if (size) memcpy(t->data + t->used, data, size);
    t->used += size;
    t->data[t->used] = '\0';
}

void strbuf_add(strbuf *t, const char *string) { strbuf_put(t, string, strlen(string)); }

void strbuf_printf(strbuf *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int size = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    reserve(t, (size_t)size + 1);
    if (t->status != JEM_OK) return;
    va_start(args, fmt);
    vsnprintf(t->data + t->used, (size_t)size + 1, fmt, args);
    va_end(args);
    t->used += (size_t)size;
}

void strbuf_escape(strbuf *t, const char *string)
{
    for (; *string; string++) {
        switch (*string) {
        case '&':
            strbuf_add(t, "&amp;");
            break;
        case '<':
            strbuf_add(t, "&lt;");
            break;
        case '>':
            strbuf_add(t, "&gt;");
            break;
        case '"':
            strbuf_add(t, "&quot;");
            break;
        default:
            strbuf_put(t, string, 1);
        }
    }
}

void strbuf_base64(strbuf *t, const void *data, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *p = data;
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)p[i] << 16;
        if (left > 1) bits |= (uint32_t)p[i + 1] << 8;
        if (left > 2) bits |= p[i + 2];
        char group[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                         left > 1 ? digits[bits >> 6 & 63] : '=',
                         left > 2 ? digits[bits & 63] : '='};
        strbuf_put(t, group, 4);
    }
}

jem_status strbuf_status(const strbuf *t) { return t->status; }
