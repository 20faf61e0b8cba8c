/* What networks beside a study have in the parts of a benchmark: sets of images, categories. */
#ifndef REPORT_PART_VALUES_H
#define REPORT_PART_VALUES_H

#include "report/model_rows.h"

enum { PART_NETWORKS_MAX = 4 }; /* as many as colours tell apart beside those of two scores */

typedef struct part_value {
    double at; /* mean over seeds; NaN: none */
    bool at_chance;
} part_value;

typedef struct part_values {
    int networks, parts;
    const char *names[PART_NETWORKS_MAX]; /* borrowed from beside */
    part_value *values; /* [networks][parts] owned */
    model_list beside;                    /* owned */
} part_values;

/* Of the networks beside s that have any of these parts.  Warns the study where there are more than have room.  Borrows the
 * study; for part_values_clear, also on failure. */
jem_status part_values_collect(part_values *v, study *s, const score_wanted *parts, int count, const measures *of);
void part_values_clear(part_values *v); /* a zeroed one is fine */

const part_value *part_values_get(const part_values *v, int network, int part);
/* A network's value of a part as a mark of its shape at (x, y), hollow where it decides at chance; nothing where it has none. */
void part_values_mark(draw *d, const part_values *v, int network, int part, int shape, double x, double y, colour ink);

#endif
