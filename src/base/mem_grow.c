/* Growing arrays, on top of mem_alloc; apart from it so that a test can put its
 * own counting or failing mem_alloc in place of mem.c. */
#include <string.h>

#include "base/mem.h"

jem_status mem_grow(void *array, int64_t count, int64_t *room, size_t size)
{
    const int64_t first = 32;
    int64_t larger = *room ? 2 * *room : first;
    void *old, *grown = NULL;

    if (count < *room) return JEM_OK;
    jem_status st = mem_alloc(&grown, (size_t)larger, size);
    if (st != JEM_OK) return st;
    memcpy(&old, array, sizeof old); /* *array may be any pointer type */
    if (count) memcpy(grown, old, (size_t)count * size);
    mem_free(old);
    memcpy(array, &grown, sizeof grown);
    *room = larger;
    return JEM_OK;
}
