/* UTF-8, a character at a time. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

/* Decodes the character at *s (before `end`) and steps over it; -1 if it is malformed, then
 * over one byte. */
int32_t utf8_next(const char **s, const char *end);

/* Is all of the string UTF-8? */
bool utf8_is(const char *s);

/* Characters of UTF-8, which a table in a terminal counts columns by. */
int utf8_length(const char *s);

#endif
