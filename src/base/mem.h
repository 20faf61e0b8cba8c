/* Checked allocation: zeroed, 64-byte aligned, released with mem_free(). */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

#include "jem/status.h"

/* *out <- count * size zeroed bytes, 64-byte aligned (never NULL, even for 0
 * bytes).  JEM_ENOMEM on overflow or exhaustion.  `out` is a pointer to a
 * pointer; MEM_NEW checks the type. */
jem_status mem_alloc(void *out, size_t count, size_t size);
void mem_free(void *p); /* NULL is fine */
jem_status mem_strdup(char **out, const char *s);

#define MEM_NEW(p, count) mem_alloc(&(p), (size_t)(count), sizeof *(p))

#endif
