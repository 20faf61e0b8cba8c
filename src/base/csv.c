/* CSV: one pass over the text, which is unquoted in place; cells point into it. */
#include "base/csv.h"

#include <inttypes.h>
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

/* A file has at most so many bytes.  Pointers to its fields, and its lines' numbers, take
 * at most twice as many and BESIDE_TEXT: two million fields, and one for every 4 bytes. */
static const size_t file_size_max = (size_t)1 << 28;
enum { COLUMNS_MAX = 1000, BESIDE_TEXT = 16 << 20 };

typedef struct cursor {
    const csv *c;
    char *p; /* a NUL follows the text, and none is in it */
    int64_t line;
    bool at_line_end; /* the field just read was the last of its line */
    char stops[4];    /* the separator and what ends lines */
    bool blanks;      /* before a field are skipped */
} cursor;

static jem_status fault(const cursor *k, int64_t line, const char *what)
{
    return jem_error(JEM_EDATA, "%s:%" PRId64 ": %s", k->c->path, line, what);
}

/* A line ends at p: at LF, CR LF, or the end of the file, where a NUL stands. */
static bool at_break(const char *p)
{
    return *p == '\n' || *p == '\0' || (*p == '\r' && (p[1] == '\n' || p[1] == '\0'));
}

/* Steps over the separator behind a field and ends the field at `stop`. */
static void finish_field(cursor *k, char *stop)
{
    char separator = *k->p;

    *stop = '\0';
    k->at_line_end = separator != k->stops[0];
    if (separator == '\r') separator = *++k->p;
    if (separator == '\n') k->line++;
    if (separator != '\0') k->p++;
}

static jem_status read_quoted(cursor *k, char **field)
{
    int64_t first_line = k->line;
    char *dst = ++k->p;

    *field = dst;
    for (;; k->p++) {
        if (*k->p == '\0') return fault(k, first_line, "a quote opens here and never closes");
        if (*k->p == '"' && *++k->p != '"') break;
        if (*k->p == '\n') k->line++;
        *dst++ = *k->p;
    }
    if (*k->p != k->stops[0] && !at_break(k->p))
        return fault(k, k->line, "text after a closing quote; double the quotes inside a field");
    finish_field(k, dst);
    return JEM_OK;
}

static jem_status read_field(cursor *k, char **field)
{
    while (k->blanks && *k->p == ' ') k->p++;
    if (*k->p == '"') return read_quoted(k, field);
    *field = k->p;
    k->p += strcspn(k->p, k->stops);
    while (*k->p == '\r' && !at_break(k->p)) k->p += 1 + strcspn(k->p + 1, k->stops);
    finish_field(k, k->p);
    return JEM_OK;
}

static jem_status read_header(csv *c, cursor *k)
{
    jem_status st = JEM_OK;

    do {
        if (c->columns == COLUMNS_MAX)
            return jem_error(JEM_EDATA, "%s:1: more than %d columns", c->path, COLUMNS_MAX);
        TRY(read_field(k, &c->all[c->columns]));
        c->columns++;
    } while (!k->at_line_end);
    c->names = c->all;
    for (int i = 0; i < c->columns; i++)
        for (int j = 0; j < i; j++)
            if (strcasecmp(c->names[i], c->names[j]) == 0)
                return jem_error(JEM_EDATA, "%s:1: two columns are called '%s': rename one",
                                 c->path, c->names[i]);
done:
    return st;
}

static jem_status read_row(csv *c, cursor *k)
{
    jem_status st = JEM_OK;
    int fields = 0;
    char *extra, **row = c->all + (c->rows + 1) * c->columns;
    int64_t line = k->line;

    do {
        TRY(read_field(k, fields < c->columns ? &row[fields] : &extra));
        fields++;
    } while (!k->at_line_end);
    if (fields != c->columns)
        return jem_error(JEM_EDATA, "%s:%" PRId64 ": %d fields instead of the header's %d", c->path,
                         line, fields, c->columns);
    c->lines[c->rows++] = line;
done:
    return st;
}

static void skip_empty_lines(cursor *k)
{
    while (*k->p && at_break(k->p)) {
        k->p += *k->p == '\r' && k->p[1] ? 2 : 1;
        k->line++;
    }
}

static jem_status parse(csv *c, size_t size)
{
    jem_status st;

    if (memchr(c->text, '\0', size))
        return jem_error(JEM_EDATA, "%s: holds a NUL byte: not a CSV text file", c->path);
    const table_text t = table_text_open(c->text, size);
    cursor k = {c, t.start, t.line, false, {t.separator, '\r', '\n', '\0'}, t.blanks};
    c->separator = t.separator;
    size_t breaks = text_count(c->text, size, '\n');
    size_t fields = text_count(c->text, size, t.separator) + breaks + 1; /* at most, as are the lines */
    if ((fields + breaks) * sizeof *c->all > 2 * size + BESIDE_TEXT)
        return jem_error(JEM_EDATA, "%s: %zu bytes with too many empty or short fields: not a "
                                    "table that jem knows", c->path, size);
    TRY(MEM_NEW(c->all, fields));
    TRY(MEM_NEW(c->lines, breaks + 1));
    skip_empty_lines(&k);
    if (!*k.p)
        return jem_error(JEM_EDATA, "%s: empty; a CSV begins with a line of column names", c->path);
    TRY(read_header(c, &k));
    for (skip_empty_lines(&k); *k.p; skip_empty_lines(&k)) TRY(read_row(c, &k));
    c->cells = c->all + c->columns;
done:
    return st;
}

jem_status csv_read(csv *out, const char *path)
{
    jem_status st;
    csv c = CSV_INIT;
    size_t size = 0;

    TRY(mem_strdup(&c.path, path));
    TRY(text_read(&c.text, &size, path, file_size_max));
    TRY(parse(&c, size));
    *out = c;
    c = (csv)CSV_INIT;
done:
    csv_clear(&c);
    return st;
}

void csv_clear(csv *c)
{
    mem_free(c->path);
    mem_free(c->text);
    mem_free(c->all);
    mem_free(c->lines);
    *c = (csv)CSV_INIT;
}

int csv_find(const csv *c, const char *name)
{
    for (int i = 0; i < c->columns; i++)
        if (strcasecmp(c->names[i], name) == 0) return i;
    return -1;
}

jem_status csv_need(int *column, const csv *c, const char *name, const char *remedy)
{
    char list[400] = "";
    int found = csv_find(c, name);

    if (found >= 0) {
        *column = found;
        return JEM_OK;
    }
    for (int i = 0; i < c->columns; i++) {
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", c->names[i]);
    }
    return jem_error(JEM_EDATA, "%s:1: no column '%s' among: %s; %s", c->path, name, list, remedy);
}

const char *csv_cell(const csv *c, int64_t row, int column)
{
    return c->cells[row * c->columns + column];
}

jem_status csv_number(double *out, const csv *c, int64_t row, int column)
{
    const char *text = csv_cell(c, row, column);
    double value;

    if (!table_text_number(&value, text, c->separator) || !isfinite(value))
        return jem_error(JEM_EDATA, "%s:%" PRId64 ": column '%s' holds '%s', not a finite number",
                         c->path, c->lines[row], c->names[column], text);
    *out = value;
    return JEM_OK;
}
