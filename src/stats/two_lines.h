/* A line on either side of a point: the shape of a curve as a description. */
#ifndef STATS_TWO_LINES_H
#define STATS_TWO_LINES_H

#include <stdint.h>

typedef struct stats_slope {
    double slope, error; /* of the least-squares line, and its standard error; NaN: undefined */
} stats_slope;

/* Of the points x, y [n] with x <= at, and of those with x >= at (Simonsohn 2018, with a break that is
 * chosen by the same data: signs describe, they claim nothing). */
void stats_two_lines(stats_slope *below, stats_slope *above, const double *x, const double *y,
                     int64_t n, double at);

#endif
