/* index.tsv of ClickMe maps that are prepared already: a header with the columns name and source,
 * then a line for each map in their order. */
#ifndef BENCH_CLICKME_INDEX_H
#define BENCH_CLICKME_INDEX_H

#include <stdint.h>

#include "jem/status.h"

typedef struct clickme_index {
    char **names, **sources; /* [count], owned */
    int64_t count;
} clickme_index;
#define CLICKME_INDEX_INIT {NULL, NULL, 0}

/* Of n maps.  JEM_EDATA with file and line for a missing column, another number of lines or of
 * fields. */
jem_status clickme_index_read(clickme_index *out, const char *path, int64_t n);
void clickme_index_clear(clickme_index *x); /* CLICKME_INDEX_INIT is fine */

#endif
