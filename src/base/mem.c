/* Checked allocation, aligned for the widest vector registers. */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, HUGE_PAGE = 2 << 20, LARGE = 2 * HUGE_PAGE };

/* Weights that are read once per chunk take a fifth longer from pages of 4 KiB, for looking
 * these up.  Only whole huge pages: nothing takes more memory.  A kernel without them says no. */
static void ask_for_huge_pages(void *p, size_t bytes)
{
    (void)madvise(p, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
}

jem_status mem_alloc(void *out, size_t count, size_t size)
{
    size_t bytes;
    void *p = NULL;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > (size_t)PTRDIFF_MAX - ALIGNMENT)
        return jem_error(JEM_ENOMEM, "cannot allocate %zu items of %zu bytes: the size overflows",
                         count, size);
    if (posix_memalign(&p, bytes < LARGE ? ALIGNMENT : HUGE_PAGE, bytes ? bytes : 1) != 0)
        return jem_error(JEM_ENOMEM,
                         "cannot allocate %.1f MiB: use a smaller batch or model, or free memory",
                         (double)bytes / 1048576.0);
    if (bytes >= LARGE) ask_for_huge_pages(p, bytes);
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
