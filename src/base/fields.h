/* Separated text, row by row, cut in place: RFC 4180 with quoted fields, any line ends, an optional
 * byte order mark; empty lines are skipped.  The one tokenizer of CSV and TSV: csv.h reads a table
 * of names and cells with it, record/ what a run's files hold. */
#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/file.h"
#include "jem/status.h"

typedef struct field_reader {
    const char *path;
    char separator;
    bool blanks;       /* before a field are no part of it */
    bool spans;        /* a quoted field may hold line breaks; else a stray quote costs one line */
    char *text, *next; /* text is owned */
    size_t size;       /* of the text */
    int64_t line;      /* of the file where the row last read begins, from 1 */
    int64_t next_line; /* where `next` lies */
    bool cut;          /* that row lacks its line break: the last one of the file */
    int64_t count;     /* fields of this row */
    char **fields;     /* [count], into text; valid until clear */
    int64_t capacity;
} field_reader;
#define FIELD_READER_INIT                                                                          \
    {                                                                                              \
        NULL, '\t', false, false, NULL, NULL, 0, 0, 0, false, 0, NULL, 0                            \
    }

/* A row has at most so many fields. */
enum { FIELDS_MAX = 1000 };

/* Reads the file (a byte order mark is skipped).  Separator 0: what the file has, as
 * base/table_text.h finds out. */
jem_status field_reader_open(field_reader *r, const char *path, char separator);
void field_reader_clear(field_reader *r); /* fields of lines read before end here */
/* The next row; *more is 0 at the end.  JEM_EDATA with file:line for an unclosed quote or text after a
 * closing one; the reader then stands behind that line. */
jem_status field_reader_next(field_reader *r, int *more);
/* At least as many as the rows and fields that are still to come. */
void field_reader_rest(const field_reader *r, int64_t *rows, int64_t *fields);
/* JEM_EDATA unless the file is large enough for results of `bytes`: they, with the text,
 * should not take more than 4 times the file and 64 MiB. */
jem_status field_reader_afford(const field_reader *r, int64_t bytes);
/* The same for numbers, whose reading takes time: two million, and one for every 8 bytes. */
jem_status field_reader_afford_numbers(const field_reader *r, int64_t count);
/* JEM_EDATA naming path:line unless the row has `count` fields. */
jem_status field_reader_expect(const field_reader *r, int64_t count);
/* Field as a number: empty and nan (any case) read as NaN, else JEM_EDATA. */
jem_status field_reader_number(double *out, const field_reader *r, int64_t field);
/* Field as a whole number of 64 bits; JEM_EDATA for anything else, empty included. */
jem_status field_reader_integer(int64_t *out, const field_reader *r, int64_t field);

enum { NUMBER_TEXT_MAX = 32 };
/* text <- the shortest that reads back as x; "nan" for NaN, "inf", "-inf".  Returns text. */
const char *number_text(char text[NUMBER_TEXT_MAX], double x);
/* One field, quoted where it must be. */
jem_status field_write(file_writer *w, const char *text, char separator);

#endif
