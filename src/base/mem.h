/* Checked allocation: zeroed, 64-byte aligned, released with mem_free(). */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

/* *out <- count * size zeroed bytes, 64-byte aligned (never NULL, even for 0
 * bytes).  JEM_ENOMEM on overflow or exhaustion.  `out` is a pointer to a
 * pointer; MEM_NEW checks the type. */
jem_status mem_alloc(void *out, size_t count, size_t size);
void mem_free(void *p); /* NULL is fine */
jem_status mem_strdup(char **out, const char *s); /* owned (mem_free); JEM_ENOMEM */

/* Makes room for one more item behind the `count` in an array of *room items of
 * `size` bytes: does nothing while count < *room, else doubles it (new items are
 * zero).  `array` is a pointer to the array's pointer; MEM_GROW checks the type.
 * On failure the array is as it was. */
jem_status mem_grow(void *array, int64_t count, int64_t *room, size_t size);

#define MEM_NEW(p, count) mem_alloc(&(p), (size_t)(count), sizeof *(p))
#define MEM_GROW(p, count, room) mem_grow(&(p), count, &(room), sizeof *(p))

#endif
