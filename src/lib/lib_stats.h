/* What the functions of jem/stats.h share: options of any age, and scores with intervals. */
#ifndef LIB_LIB_STATS_H
#define LIB_LIB_STATS_H

#include "jem/stats.h"
#include "stats/bootstrap.h"

/* *out <- what `o` says (NULL: the defaults; a caller of an older version has fewer fields).  JEM_EUSAGE naming
 * function and field for what cannot be. */
jem_status lib_stats_options(jem_stats_options *out, const jem_stats_options *o, const char *function);

/* Statistics of the data and of draws. */
typedef struct lib_statistics {
    int64_t factors;
    const int64_t *sizes;   /* [factors] */
    const bool *of_people;  /* [factors] people are drawn by it; NULL: images by all */
    int64_t values;
    stats_resampled statistic;
    const void *ctx;
} lib_statistics;

/* out [values] <- with intervals as `o` (of lib_stats_options) asks. */
jem_status lib_stats_scores(jem_score *out, const lib_statistics *s, const jem_stats_options *o);
/* The same for the mean of x [n]. */
jem_status lib_stats_mean(jem_score *out, const double *x, int64_t n, const jem_stats_options *o);

/* JEM_EUSAGE unless 1 <= n < 2^31. */
jem_status lib_stats_count(int64_t n, const char *what, const char *function);
/* JEM_EDATA naming the place unless all of x [n] are 0 or 1. */
jem_status lib_stats_bytes(const uint8_t *x, int64_t n, const char *what, const char *function);
/* JEM_EDATA naming the place unless all of label [n] are in 0 .. classes-1. */
jem_status lib_stats_labels(const int32_t *label, int64_t n, int64_t classes, const char *function);

#endif
