/* Growing strings whose first error sticks: see strbuf.h. */
#include "base/strbuf.h"

#include <stdarg.h>
#include <string.h>

#include "base/format.h"
#include "base/mem.h"
#include "base/plain.h"

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

/* ---- formats: what they say goes in as it is, what %s brings is escaped */

static void put_own(void *to, const char *text, size_t size) { strbuf_put(to, text, size); }

static void put_plain(void *to, const char *text, size_t size)
{
    const char *end = text + size;
    char shown[PLAIN_MAX];

    while (text < end) {
        size_t n = plain_next(shown, &text, end);
        strbuf_put(to, shown, n);
    }
}

static const char *entity_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void put_html(void *to, const char *text, size_t size)
{
    const char *end = text + size;
    char shown[PLAIN_MAX];

    while (text < end) {
        const char *entity = entity_of(*text);
        if (entity) {
            strbuf_put(to, entity, strlen(entity));
            text++;
        } else if (*text == '\n' || *text == '\t') {
            strbuf_put(to, text++, 1);
        } else {
            size_t n = plain_next(shown, &text, end);
            strbuf_put(to, shown, n);
        }
    }
}

void html_printf(strbuf *h, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    format_to(&(format_sink){put_own, put_html, h}, fmt, args);
    va_end(args);
}

void plain_printf(strbuf *t, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    format_to(&(format_sink){put_own, put_plain, t}, fmt, args);
    va_end(args);
}

jem_status strbuf_status(const strbuf *t) { return t->status; }
