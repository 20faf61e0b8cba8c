/* Programs of examples/ that have nothing of their own to run on: tests make it, and run them. */
#ifndef SUPPORT_EXAMPLE_H
#define SUPPORT_EXAMPLE_H

#include <stdlib.h>

#include "support/check.h"

/* out [size] <- its path for a shell; skips the test where examples are not built. */
static inline void example_program(char *out, size_t size, const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s", JEM_PROGRAM);
    *strrchr(path, '/') = '\0';
    const size_t n = strlen(path);
    snprintf(path + n, sizeof path - n, "/examples/%s", name);
    if (access(path, X_OK) != 0) {
        print_message("skipped: %s is not built\n", path);
        skip();
    }
    snprintf(out, size, "'%s'", path);
}

#endif
