/* A format taken apart: see format.h. */
#include "base/format.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* In a struct, since a va_list that is a parameter cannot be handed on by address. */
typedef struct arguments {
    va_list list;
} arguments;

typedef struct conversion {
    char flags[6];
    bool left;
    int width, precision; /* precision -1: none */
    char length[3];
    char kind; /* the letter */
} conversion;

/* ---- reading the format */

static const char *take_number(int *out, const char *p, arguments *a)
{
    if (*p == '*') {
        *out = va_arg(a->list, int);
        return p + 1;
    }
    for (*out = 0; *p >= '0' && *p <= '9'; p++) *out = 10 * *out + (*p - '0');
    return p;
}

/* Behind a '%'; returns what follows the letter. */
static const char *take_conversion(conversion *c, const char *p, arguments *a)
{
    const size_t flags = strspn(p, "-+ #0");
    *c = (conversion){.precision = -1};
    for (size_t i = 0; i < flags; i++)
        if (!strchr(c->flags, p[i])) strncat(c->flags, &p[i], 1);
    p = take_number(&c->width, p + flags, a);
    if (*p == '.') p = take_number(&c->precision, p + 1, a);
    const size_t length = strspn(p, "hlzjt");
    assert(length < sizeof c->length);
    memcpy(c->length, p, length);
    c->kind = p[length];
    c->left = strchr(c->flags, '-') != NULL || c->width < 0;
    if (c->width < 0) c->width = -c->width;
    return p + length + 1;
}

/* ---- numbers */

static long long take_signed(const conversion *c, arguments *a)
{
    if (strcmp(c->length, "l") == 0) return va_arg(a->list, long);
    if (strcmp(c->length, "ll") == 0) return va_arg(a->list, long long);
    if (strcmp(c->length, "z") == 0 || strcmp(c->length, "t") == 0)
        return va_arg(a->list, ptrdiff_t);
    if (strcmp(c->length, "j") == 0) return va_arg(a->list, intmax_t);
    int v = va_arg(a->list, int);
    return strcmp(c->length, "hh") == 0  ? (signed char)v
           : strcmp(c->length, "h") == 0 ? (short)v
                                         : v;
}

static unsigned long long take_unsigned(const conversion *c, arguments *a)
{
    if (strcmp(c->length, "l") == 0) return va_arg(a->list, unsigned long);
    if (strcmp(c->length, "ll") == 0) return va_arg(a->list, unsigned long long);
    if (strcmp(c->length, "z") == 0 || strcmp(c->length, "t") == 0) return va_arg(a->list, size_t);
    if (strcmp(c->length, "j") == 0) return va_arg(a->list, uintmax_t);
    unsigned v = va_arg(a->list, unsigned);
    return strcmp(c->length, "hh") == 0  ? (unsigned char)v
           : strcmp(c->length, "h") == 0 ? (unsigned short)v
                                         : v;
}

/* The longest: a double of 309 digits before the point, and its decimals. */
enum { NUMBER_MOST = 1024, SPEC_MOST = 64 };

static void put_number(const format_sink *s, const conversion *c, arguments *a)
{
    char text[NUMBER_MOST], spec[SPEC_MOST], width[16] = "", precision[16] = "";
    const bool whole = strchr("diuoxX", c->kind) != NULL;
    int n;

    if (c->width > 0) snprintf(width, sizeof width, "%s%d", c->left ? "-" : "", c->width);
    if (c->precision >= 0) snprintf(precision, sizeof precision, ".%d", c->precision);
    snprintf(spec, sizeof spec, "%%%s%s%s%s%c", c->flags, width, precision, whole ? "ll" : "",
             c->kind);
/* The format is one that the compiler checked where it was written, with the width filled in. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    if (c->kind == 'p')
        n = snprintf(text, sizeof text, spec, va_arg(a->list, void *));
    else if (!whole)
        n = snprintf(text, sizeof text, spec, va_arg(a->list, double));
    else if (c->kind == 'd' || c->kind == 'i')
        n = snprintf(text, sizeof text, spec, take_signed(c, a));
    else
        n = snprintf(text, sizeof text, spec, take_unsigned(c, a));
#pragma GCC diagnostic pop
    if (n > 0) s->own(s->to, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

/* ---- strings */

static int characters(const char *text, size_t size)
{
    int n = 0;
    for (size_t i = 0; i < size; i++) n += ((unsigned char)text[i] & 0xc0) != 0x80;
    return n;
}

/* Without the part of a character that a precision left at the end. */
static size_t cut_whole(const char *text, size_t size)
{
    size_t start = size;
    while (start > 0 && size - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80) start--;
    if (start == 0 || (unsigned char)text[start - 1] < 0xc0) return size;
    const char *last = text + start - 1;
    return utf8_next(&last, text + size) < 0 ? start - 1 : size;
}

static void pad(const format_sink *s, int n)
{
    for (; n > 0; n--) s->own(s->to, " ", 1);
}

static void put_string(const format_sink *s, const conversion *c, const char *text, size_t size)
{
    const int room = c->width - characters(text, size);

    if (!c->left) pad(s, room);
    s->foreign(s->to, text, size);
    if (c->left) pad(s, room);
}

static void put_text(const format_sink *s, const conversion *c, arguments *a)
{
    const char *text = va_arg(a->list, const char *);
    if (!text) text = "(null)";
    if (c->precision < 0) {
        put_string(s, c, text, strlen(text));
        return;
    }
    const size_t size = strnlen(text, (size_t)c->precision);
    put_string(s, c, text, size < (size_t)c->precision ? size : cut_whole(text, size));
}

static void put_conversion(const format_sink *s, const conversion *c, arguments *a)
{
    if (c->kind == 's') {
        put_text(s, c, a);
    } else if (c->kind == 'c') {
        const char byte = (char)va_arg(a->list, int);
        put_string(s, c, &byte, 1);
    } else if (c->kind == '%') {
        s->own(s->to, "%", 1);
    } else {
        assert(strchr("diuoxXfFeEgGaAp", c->kind));
        put_number(s, c, a);
    }
}

void format_to(const format_sink *sink, const char *fmt, va_list args)
{
    arguments a;
    conversion c;

    va_copy(a.list, args);
    while (*fmt) {
        const size_t plain = strcspn(fmt, "%");
        if (plain) sink->own(sink->to, fmt, plain);
        fmt += plain;
        if (!*fmt) break;
        fmt = take_conversion(&c, fmt + 1, &a);
        put_conversion(sink, &c, &a);
    }
    va_end(a.list);
}
