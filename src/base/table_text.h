/* Tables as people save them: which separator, where the line of names is. */
#ifndef BASE_TABLE_TEXT_H
#define BASE_TABLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct table_text {
    char *start;    /* the line of names */
    char separator; /* comma, semicolon or tab */
    bool blanks;    /* behind each separator, and part of no field */
    int64_t line;   /* of `start` in the file, from 1 */
} table_text;

/* Looks at the text [size], which holds no NUL but the one behind it (text_file.h).  Excel's "sep=;" is
 * passed over and names the separator; else the one that the line of names has most of is it.  Line
 * ends of old Macs (CR) become LF. */
table_text table_text_open(char *text, size_t size);

/* All of a field as a number; between semicolons a comma may be its decimal mark.  False: it is none. */
bool table_text_number(double *out, const char *field, char separator);

#endif
