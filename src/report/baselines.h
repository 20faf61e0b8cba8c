/* Published scores of other models and of people, to be drawn beside a study's own.  Names
 * and units are those of the benchmarks' scores. */
#ifndef REPORT_BASELINES_H
#define REPORT_BASELINES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

typedef struct baseline {
    const char *benchmark, *metric;
    const char *dataset, *condition; /* NULL: that of the benchmark's headline score */
    const char *model;               /* "human": people */
    double value;
    const char *source;
} baseline;

/* All of them; *count entries. */
const baseline *baselines(int64_t *count);

/* The value, NaN where nothing is published.  dataset and condition may be NULL. */
double baseline_value(const char *benchmark, const char *metric, const char *dataset,
                      const char *condition, const char *model);

/* Is it a published model's value of this headline score (of a dataset NULL: the benchmark's
 * own)?  People are no model. */
bool baseline_is_model(const baseline *b, const char *benchmark, const char *metric,
                       const char *dataset, const char *condition);

/* As lines of benchmark metric dataset condition model value source, with a header. */
void baselines_tsv(strbuf *out);

#endif
