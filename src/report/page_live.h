/* The page of a study that is being trained: how its runs stand, written anew again and again. */
#ifndef REPORT_PAGE_LIVE_H
#define REPORT_PAGE_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/* How a run stands; texts are borrowed, "" where there is nothing to say. */
typedef struct report_run {
    const char *name, *state, *verdict, *reason;
    double alpha;
    int64_t iteration, iterations;
    double val_accuracy, images_per_s, eta_s; /* NaN: unknown */
} report_run;

typedef struct report_live {
    int reload_s; /* the page reloads itself so often */
    double eta_s; /* of all runs; NaN: unknown */
    int64_t unfinished; /* so many runs wait or were interrupted */
    bool idle;          /* and nobody trains any */
    int64_t count;
    const report_run *runs; /* [count] */
} report_live;

/* The runs as a table, below when it was written and how long all takes. */
void page_live(strbuf *h, const report_live *live);

#endif
