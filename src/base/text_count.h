/* Counting characters, eight at a time: what a reader does before it allocates. */
#ifndef BASE_TEXT_COUNT_H
#define BASE_TEXT_COUNT_H

#include <stddef.h>

/* How often `c` occurs in text[0..size). */
size_t text_count(const char *text, size_t size, char c);

#endif
