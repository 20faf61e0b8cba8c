/* Strings that others wrote (files, names of files, arguments) as a terminal, a log or a page
 * may show them: a character that would steer a terminal, forge a line or turn the direction of
 * writing, and a byte that is no UTF-8, become \xNN for each of their bytes. */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "jem/status.h"

enum { PLAIN_MAX = 17 }; /* four bytes as \xNN, and a NUL */

/* The character at *s (before `end`), fit to be shown, with a NUL; steps over it.  Returns
 * the number of bytes. */
size_t plain_next(char shown[PLAIN_MAX], const char **s, const char *end);

/* Can all of the string be shown as it is? */
bool plain_is(const char *s);

/* *out <- s (owned), which if it is no UTF-8 is as it would be shown: for files that hold nothing else. */
jem_status plain_utf8(char **out, const char *s);

/* vsnprintf, but what %s and %c bring is made plain (format.h), and a text that is too long
 * ends with a whole character. */
void plain_vformat(char *out, size_t size, const char *fmt, va_list args) JEM_PRINTF(3, 0);
void plain_format(char *out, size_t size, const char *fmt, ...) JEM_PRINTF(3, 4); /* the same */

#endif
