/* Checked allocation, aligned for the widest vector registers. */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 64 };

jem_status mem_alloc(void *out, size_t count, size_t size)
{
    size_t bytes;
    void *p = NULL;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > (size_t)PTRDIFF_MAX - ALIGNMENT)
        return jem_error(JEM_ENOMEM, "cannot allocate %zu items of %zu bytes: the size overflows",
                         count, size);
    if (posix_memalign(&p, ALIGNMENT, bytes ? bytes : 1) != 0)
        return jem_error(JEM_ENOMEM,
                         "cannot allocate %.1f MiB: use a smaller batch or model, or free memory",
                         (double)bytes / 1048576.0);
    memset(p, 0, bytes ? bytes : 1);
    memcpy(out, &p, sizeof p); /* *out may be any pointer type */
    return JEM_OK;
}

void mem_free(void *p)
{
    free(p);
}

jem_status mem_strdup(char **out, const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = NULL;
    jem_status st = mem_alloc(&copy, size, 1);

    if (st != JEM_OK) return st;
    memcpy(copy, s, size);
    *out = copy;
    return JEM_OK;
}
