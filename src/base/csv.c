/* Tables of names and cells (csv.h): the rows of a field_reader, whose text the cells point into. */
#include "base/csv.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/fields.h"
#include "base/mem.h"
#include "base/table_text.h"
#include "base/try.h"

/* Pointers to the fields of a file, and its lines' numbers, take at most twice as many bytes as the
 * file and so many: two million fields, and one for every 4 bytes. */
enum { BESIDE_TEXT = 16 << 20 };

static jem_status take_names(csv *c, const field_reader *r)
{
    c->columns = (int)r->count;
    c->names = c->all;
    memcpy(c->names, r->fields, (size_t)r->count * sizeof *c->names);
    for (int i = 0; i < c->columns; i++)
        for (int j = 0; j < i; j++)
            if (strcasecmp(c->names[i], c->names[j]) == 0)
                return jem_error(JEM_EDATA, "%s:%" PRId64 ": two columns are called '%s': rename one",
                                 c->path, r->line, c->names[i]);
    c->cells = c->all + c->columns;
    return JEM_OK;
}

static jem_status parse(csv *c, field_reader *r)
{
    jem_status st;
    int64_t lines, fields; /* at most */
    int more;

    field_reader_rest(r, &lines, &fields);
    if ((size_t)(fields + lines) * sizeof *c->all > 2 * r->size + BESIDE_TEXT)
        return jem_error(JEM_EDATA, "%s: %zu bytes with too many empty or short fields: not a "
                                    "table that jem knows", c->path, r->size);
    TRY(MEM_NEW(c->all, (size_t)fields));
    TRY(MEM_NEW(c->lines, (size_t)lines));
    TRY(field_reader_next(r, &more));
    if (!more)
        return jem_error(JEM_EDATA, "%s: empty; a CSV begins with a line of column names", c->path);
    TRY(take_names(c, r));
    for (;;) {
        TRY(field_reader_next(r, &more));
        if (!more) break;
        TRY(field_reader_expect(r, c->columns));
        memcpy(c->cells + c->rows * c->columns, r->fields, (size_t)r->count * sizeof *c->cells);
        c->lines[c->rows++] = r->line;
    }
done:
    return st;
}

jem_status csv_read(csv *out, const char *path)
{
    jem_status st;
    csv c = CSV_INIT;
    field_reader r = FIELD_READER_INIT;

    TRY(mem_strdup(&c.path, path));
    TRY(field_reader_open(&r, path, 0));
    r.spans = true;
    TRY(parse(&c, &r));
    c.separator = r.separator;
    c.text = r.text;
    r.text = NULL;
    *out = c;
    c = (csv)CSV_INIT;
done:
    field_reader_clear(&r);
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
