/* Tables that others made: separated text (fields.h) as spreadsheets save it (table_text.h), with
 * semicolons or tabs, blanks behind separators, line breaks in quoted fields.  The first row names
 * the columns. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include <stdint.h>

#include "jem/status.h"

typedef struct csv {
    char *path;
    int64_t rows; /* without the header */
    int columns;
    char **names;   /* [columns], borrowed from text */
    char **cells;   /* [rows][columns], borrowed from text */
    int64_t *lines; /* [rows] line of the file where a row begins, from 1 */
    char *text;
    char **all; /* names, then cells */
    char separator;
} csv;
#define CSV_INIT                                                                                   \
    {                                                                                              \
        0                                                                                          \
    }

/* JEM_EDATA with file:line for an unclosed quote, text after a closing quote, a
 * wrong number of fields, a column named twice, or a NUL byte. */
jem_status csv_read(csv *out, const char *path);
void csv_clear(csv *c); /* CSV_INIT is fine; names and cells end here */

/* Column called `name` in any letter case; -1 if there is none. */
int csv_find(const csv *c, const char *name);
/* The same, or JEM_EDATA that lists the columns there are and ends with `remedy`. */
jem_status csv_need(int *column, const csv *c, const char *name, const char *remedy);

const char *csv_cell(const csv *c, int64_t row, int column); /* borrowed; rows from 0 */
/* A finite number (where semicolons separate, a comma may stand for its point), or JEM_EDATA with file:line and column. */
jem_status csv_number(double *out, const csv *c, int64_t row, int column);

#endif
