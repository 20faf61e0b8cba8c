/* Separated text (fields.h): fields are cut where they lie, so a reader owns the file's text and a
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
    r->next_line = 1;
    if (!separator) {
        const table_text t = table_text_open(text, size);
        r->separator = t.separator;
        r->blanks = t.blanks;
        r->next = t.start;
        r->next_line = t.line;
    }
    return JEM_OK;
}

void field_reader_clear(field_reader *r)
{
    mem_free(r->fields);
    mem_free(r->text);
    *r = (field_reader)FIELD_READER_INIT;
}

/* A line ends at p: at LF, CR LF, or the end of the file, where a NUL stands. */
static bool at_break(const char *p)
{
    return *p == '\n' || *p == '\0' || (*p == '\r' && (p[1] == '\n' || p[1] == '\0'));
}

/* To the next line that is not empty. */
static void skip_empty_lines(field_reader *r)
{
    for (; *r->next && at_break(r->next); r->next_line++)
        r->next += *r->next == '\r' && r->next[1] ? 2 : 1;
}

static jem_status fault(const field_reader *r, int64_t line, const char *what)
{
    return jem_error(JEM_EDATA, "%s:%lld: %s", r->path, (long long)line, what);
}

/* Unquotes the field whose quote is at r->next; `next` is then what follows the closing quote,
 * *end where the field ends. */
static jem_status unquote(field_reader *r, char **end)
{
    const int64_t first_line = r->next_line;
    char *to = r->next, *from = r->next + 1;
    for (;; from++) {
        if (*from == '\0' || (*from == '\n' && !r->spans)) {
            r->next = from;
            return fault(r, first_line, "a quote opens here and never closes");
        }
        if (*from == '"' && *++from != '"') break;
        if (*from == '\n') r->next_line++;
        *to++ = *from;
    }
    r->next = from;
    *end = to; /* before `from`: the quotes are gone */
    if (*from != r->separator && !at_break(from))
        return fault(r, r->next_line, "text after a closing quote; double the quotes inside a field");
    return JEM_OK;
}

static jem_status make_room(field_reader *r)
{
    if (r->count == FIELDS_MAX)
        return jem_error(JEM_EDATA, "%s:%lld: more than %d fields", r->path, (long long)r->line,
                         FIELDS_MAX);
    return MEM_GROW(r->fields, r->count, r->capacity);
}

/* The field at r->next; `next` goes to the one behind it.  *last: it ends its line. */
static jem_status read_field(field_reader *r, bool *last)
{
    while (r->blanks && *r->next == ' ') r->next++;
    char *field = r->next, *end = field;
    if (*field == '"') {
        jem_status st = unquote(r, &end);
        if (st != JEM_OK) return st;
    } else {
        for (; *end != r->separator && *end != '\n' && *end != '\0';) end++;
        r->next = end;
        if (*end != r->separator && end > field && end[-1] == '\r') r->next = --end;
    }
    const char stop = *r->next;
    *last = stop != r->separator;
    if (stop == '\r') r->next++;
    if (*last) r->cut = *r->next == '\0';
    if (*r->next == '\n') r->next_line++;
    if (*r->next) r->next++;
    *end = '\0';
    r->fields[r->count++] = field;
    return JEM_OK;
}

/* Behind a line that cannot be read. */
static void skip_line(field_reader *r)
{
    r->next = strchrnul(r->next, '\n');
    r->cut = *r->next == '\0';
    if (*r->next) r->next++;
    r->next_line++;
}

jem_status field_reader_next(field_reader *r, int *more)
{
    jem_status st = JEM_OK;
    r->count = 0;
    skip_empty_lines(r);
    r->line = r->next_line;
    *more = *r->next != '\0';
    for (bool last = !*more; !last && st == JEM_OK;) {
        st = make_room(r);
        if (st == JEM_OK) st = read_field(r, &last);
    }
    if (st == JEM_EDATA) skip_line(r);
    return st;
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
