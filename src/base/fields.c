/* Separated text (fields.h): lines are cut where they lie, so a reader owns the file's text and a
 * list of pointers into it, nothing else. */
#include "base/fields.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/table_text.h"
#include "base/text_count.h"
#include "base/text_file.h"
#include "base/try.h"

enum { LARGEST_FILE = 1 << 28, BESIDE_TEXT = 60 << 20, MANY_NUMBERS = 2 << 20 };

jem_status field_reader_open(field_reader *r, const char *path, char separator)
{
    size_t size;
    char *text;
    jem_status st = text_read(&text, &size, path, LARGEST_FILE);
    if (st != JEM_OK) return st;
    if (memchr(text, '\0', size)) {
        mem_free(text);
        return jem_error(JEM_EDATA, "%s: holds a NUL byte, this is not a text table", path);
    }
    *r = (field_reader)FIELD_READER_INIT;
    r->path = path;
    r->separator = separator;
    r->text = text;
    r->size = size;
    r->next = text;
    if (!separator) {
        const table_text t = table_text_open(text, size);
        r->separator = t.separator;
        r->blanks = t.blanks;
        r->next = t.start;
        r->line = t.line - 1;
    }
    return JEM_OK;
}

void field_reader_clear(field_reader *r)
{
    mem_free(r->fields);
    mem_free(r->text);
    *r = (field_reader)FIELD_READER_INIT;
}

static jem_status push_field(field_reader *r, char *field)
{
    if (r->count == FIELDS_MAX)
        return jem_error(JEM_EDATA, "%s:%lld: more than %d fields", r->path, (long long)r->line,
                         FIELDS_MAX);
    jem_status st = MEM_GROW(r->fields, r->count, r->capacity);
    if (st == JEM_OK) r->fields[r->count++] = field;
    return st;
}

/* Unquotes the field at p in place; returns what follows the closing quote, or
 * NULL if there is none. */
static char *unquote(char *p)
{
    char *to = p, *from = p + 1;
    for (;; from++) {
        if (!*from) return NULL;
        if (*from == '"' && *++from != '"') break;
        *to++ = *from;
    }
    char *after = from;
    *to = '\0'; /* before `after`: the quotes are gone */
    return after;
}

/* The line p[0..line_end), where a NUL stands. */
static jem_status split_line(field_reader *r, char *p, char *line_end)
{
    for (;;) {
        while (r->blanks && *p == ' ') p++;
        char *field = p, *end;
        if (*p == '"') {
            end = unquote(p);
            if (!end || (*end && *end != r->separator))
                return jem_error(JEM_EDATA, "%s:%lld: field %lld is not quoted properly", r->path,
                                 (long long)r->line, (long long)r->count + 1);
        } else {
            end = memchr(p, r->separator, (size_t)(line_end - p));
            if (!end) end = line_end;
        }
        bool last = end == line_end;
        *end = '\0';
        jem_status st = push_field(r, field);
        if (st != JEM_OK || last) return st;
        p = end + 1;
    }
}

jem_status field_reader_next(field_reader *r, int *more)
{
    r->count = 0;
    while (*r->next) {
        char *line = r->next, *end = strchrnul(line, '\n');
        r->cut = !*end;
        r->next = r->cut ? end : end + 1;
        r->line++;
        if (end > line && end[-1] == '\r') end--;
        *end = '\0';
        if (end == line) continue;
        *more = 1;
        return split_line(r, line, end);
    }
    *more = 0;
    return JEM_OK;
}

void field_reader_rest(const field_reader *r, int64_t *rows, int64_t *fields)
{
    size_t left = r->size - (size_t)(r->next - r->text);

    *rows = (int64_t)text_count(r->next, left, '\n') + 1;
    *fields = (int64_t)text_count(r->next, left, r->separator) + *rows;
}

static jem_status too_short(const field_reader *r)
{
    return jem_error(JEM_EDATA, "%s: %zu bytes with too many empty or short fields: not a table "
                                "of jem", r->path, r->size);
}

jem_status field_reader_afford(const field_reader *r, int64_t bytes)
{
    return (uint64_t)bytes <= 3 * (uint64_t)r->size + BESIDE_TEXT ? JEM_OK : too_short(r);
}

jem_status field_reader_afford_numbers(const field_reader *r, int64_t count)
{
    return (uint64_t)count <= r->size / 8 + MANY_NUMBERS ? JEM_OK : too_short(r);
}

jem_status field_reader_expect(const field_reader *r, int64_t count)
{
    if (r->count == count) return JEM_OK;
    return jem_error(JEM_EDATA, "%s:%lld: %lld fields where the header has %lld", r->path,
                     (long long)r->line, (long long)r->count, (long long)count);
}

jem_status field_reader_number(double *out, const field_reader *r, int64_t field)
{
    const char *text = r->fields[field];
    bool maybe_nan = *text == 'n' || *text == 'N';
    if (!*text || (maybe_nan && strcasecmp(text, "nan") == 0)) {
        *out = NAN;
        return JEM_OK;
    }
    if (!table_text_number(out, text, r->separator))
        return jem_error(JEM_EDATA, "%s:%lld: field %lld is '%.40s', not a number", r->path,
                         (long long)r->line, (long long)field + 1, text);
    return JEM_OK;
}

jem_status field_reader_integer(int64_t *out, const field_reader *r, int64_t field)
{
    const char *text = r->fields[field];
    char *end;
    errno = 0;
    long long x = strtoll(text, &end, 10);
    if (end == text || *end || errno)
        return jem_error(JEM_EDATA, "%s:%lld: field %lld is '%.40s', not a whole number", r->path,
                         (long long)r->line, (long long)field + 1, text);
    *out = x;
    return JEM_OK;
}

const char *number_text(char text[NUMBER_TEXT_MAX], double x)
{
    if (isnan(x)) return strcpy(text, "nan");
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(text, NUMBER_TEXT_MAX, "%.*g", digits, x);
        if (strtod(text, NULL) == x) break;
    }
    return text;
}

jem_status field_write(file_writer *w, const char *text, char separator)
{
    const char special[] = {separator, '"', '\n', '\r', '\0'};
    jem_status st;

    if (!strpbrk(text, special)) return file_writer_put(w, text, strlen(text));
    TRY(file_writer_put(w, "\"", 1));
    for (; *text; text++) {
        /* a field stays on its line */
        char c = *text == '\n' || *text == '\r' ? ' ' : *text;
        TRY(file_writer_put(w, &c, 1));
        if (c == '"') TRY(file_writer_put(w, &c, 1));
    }
    TRY(file_writer_put(w, "\"", 1));
done:
    return st;
}
