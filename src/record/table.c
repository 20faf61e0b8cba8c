/* Numeric tables: a header of column names, then rows of numbers. */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "base/fields.h"
#include "record/record.h"

jem_status table_init(table *t, int64_t columns, const char *const *names)
{
    jem_status st;
    table fresh = {.columns = columns};

    TRY(MEM_NEW(fresh.names, columns));
    for (int64_t c = 0; c < columns; c++) TRY(mem_strdup(&fresh.names[c], names[c]));
    *t = fresh;
    fresh = (table)TABLE_INIT;
done:
    table_clear(&fresh);
    return st;
}

jem_status table_append(table *t, const double *row)
{
    size_t row_bytes = (size_t)t->columns * sizeof *row;
    jem_status st =
        t->rows < t->capacity ? JEM_OK : mem_grow(&t->values, t->rows, &t->capacity, row_bytes);
    if (st != JEM_OK) return st;
    memcpy(t->values + t->rows * t->columns, row, row_bytes);
    t->rows++;
    return JEM_OK;
}

void table_clear(table *t)
{
    if (t->names)
        for (int64_t c = 0; c < t->columns; c++) mem_free(t->names[c]);
    mem_free(t->names);
    mem_free(t->values);
    *t = (table)TABLE_INIT;
}

int64_t table_find(const table *t, const char *name)
{
    for (int64_t c = 0; c < t->columns; c++)
        if (strcmp(t->names[c], name) == 0) return c;
    return -1;
}

double table_get(const table *t, int64_t row, int64_t column)
{
    return t->values[row * t->columns + column];
}

static bool is_among(const char *name, const char *const *names)
{
    for (; names && *names; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

/* Makes the table of the header's columns that are no `words`, and notes their fields:
 * from [columns], owned. */
static jem_status read_header(table *t, int64_t **from, field_reader *r, const char *const *words)
{
    int more;
    jem_status st;
    int64_t *kept = NULL, columns = 0;
    const char **names = NULL;

    TRY(field_reader_next(r, &more));
    if (!more) return jem_error(JEM_EDATA, "%s: empty, expected a line of column names", r->path);
    for (int64_t a = 0; a < r->count; a++)
        for (int64_t b = 0; b < a; b++)
            if (strcmp(r->fields[a], r->fields[b]) == 0)
                return jem_error(JEM_EDATA, "%s:%lld: two columns are named '%s'", r->path,
                                 (long long)r->line, r->fields[a]);
    TRY(MEM_NEW(kept, r->count));
    TRY(MEM_NEW(names, r->count));
    for (int64_t a = 0; a < r->count; a++) {
        if (is_among(r->fields[a], words)) continue;
        names[columns] = r->fields[a];
        kept[columns++] = a;
    }
    TRY(table_init(t, columns, names));
    *from = kept;
    kept = NULL;
done:
    mem_free(names);
    mem_free(kept);
    return st;
}

/* Room for all rows that may follow, at once: growing would hold them up to three times. */
static jem_status make_room(table *t, const field_reader *r)
{
    jem_status st;
    int64_t rows, fields;

    field_reader_rest(r, &rows, &fields);
    if (rows > fields / r->count + 1) rows = fields / r->count + 1;
    TRY(field_reader_afford_numbers(r, rows * t->columns));
    TRY(MEM_NEW(t->values, rows * t->columns));
    t->capacity = rows;
done:
    return st;
}

static jem_status read_rows(table *out, field_reader *r, const char *const *words, bool growing)
{
    jem_status st;
    table t = TABLE_INIT;
    int64_t *from = NULL, fields;
    double *row = NULL;
    int more;

    TRY(read_header(&t, &from, r, words));
    fields = r->count;
    TRY(make_room(&t, r));
    TRY(MEM_NEW(row, t.columns));
    for (;;) {
        TRY(field_reader_next(r, &more));
        if (!more || (growing && r->cut)) break;
        TRY(field_reader_expect(r, fields));
        for (int64_t c = 0; c < t.columns; c++) TRY(field_reader_number(&row[c], r, from[c]));
        TRY(table_append(&t, row));
    }
    *out = t;
    t = (table)TABLE_INIT;
done:
    mem_free(from);
    mem_free(row);
    table_clear(&t);
    return st;
}

jem_status table_read(table *out, const char *path, char separator)
{
    field_reader r = FIELD_READER_INIT;
    jem_status st = field_reader_open(&r, path, separator);
    if (st == JEM_OK) st = read_rows(out, &r, NULL, false);
    field_reader_clear(&r);
    return st;
}

jem_status table_read_log(table *out, const char *path, const char *const *words)
{
    field_reader r = FIELD_READER_INIT;
    jem_status st = field_reader_open(&r, path, ',');
    if (st == JEM_OK) st = read_rows(out, &r, words, true);
    field_reader_clear(&r);
    return st;
}

jem_status table_write(const table *t, const char *path, char separator)
{
    jem_status st;
    file_writer w = FILE_WRITER_INIT;
    char text[NUMBER_TEXT_MAX];

    TRY(file_writer_open(&w, path));
    for (int64_t c = 0; c < t->columns; c++) {
        if (c) TRY(file_writer_put(&w, &separator, 1));
        TRY(field_write(&w, t->names[c], separator));
    }
    TRY(file_writer_put(&w, "\n", 1));
    for (int64_t i = 0; i < t->rows * t->columns; i++) {
        number_text(text, t->values[i]);
        TRY(file_writer_put(&w, text, strlen(text)));
        TRY(file_writer_put(&w, (i + 1) % t->columns ? &separator : "\n", 1));
    }
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    return st;
}

jem_status table_save(const table *t, const char *run, const char *name)
{
    jem_status st;
    char *path = NULL;

    TRY(str_format(&path, "%s/scores", run));
    TRY(dir_ready(path));
    mem_free(path);
    path = NULL;
    TRY(str_format(&path, "%s/scores/%s.tsv", run, name));
    TRY(table_write(t, path, '\t'));
done:
    mem_free(path);
    return st;
}
