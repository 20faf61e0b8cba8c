/* Weights that others published: scripts/fetch-weights FOLDER brings them, JEM_WEIGHTS=FOLDER leads tests to them. */
#ifndef TESTS_PUBLISHED_WEIGHTS_H
#define TESTS_PUBLISHED_WEIGHTS_H

#include <stdlib.h>

#include "base/file.h"
#include "support/check.h"

/* path <- the file's; false, and the test says so, where there is none. */
static inline bool published_weights(char *path, size_t size, const char *name)
{
    const char *from = getenv("JEM_WEIGHTS");
    snprintf(path, size, "%s/%s", from ? from : "", name);
    if (from && file_exists(path)) return true;
    print_message("skipped: no published weights %s (scripts/fetch-weights FOLDER, then JEM_WEIGHTS=FOLDER)\n", name);
    return false;
}

#endif
