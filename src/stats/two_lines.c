/* Least-squares lines through a part of the points. */
#include "stats/two_lines.h"

#include <math.h>
#include <stdbool.h>

static stats_slope line_of(const double *x, const double *y, int64_t n, double at, bool above)
{
    double count = 0, mx = 0, my = 0, xx = 0, xy = 0, rest = 0;
    for (int64_t i = 0; i < n; i++)
        if (above ? x[i] >= at : x[i] <= at) count++, mx += x[i], my += y[i];
    mx /= count;
    my /= count;
    for (int64_t i = 0; i < n; i++)
        if (above ? x[i] >= at : x[i] <= at) {
            xx += (x[i] - mx) * (x[i] - mx);
            xy += (x[i] - mx) * (y[i] - my);
        }
    if (!(xx > 0)) return (stats_slope){NAN, NAN};
    const double slope = xy / xx;
    for (int64_t i = 0; i < n; i++)
        if (above ? x[i] >= at : x[i] <= at) {
            const double gap = y[i] - my - slope * (x[i] - mx);
            rest += gap * gap;
        }
    return (stats_slope){slope, count > 2 ? sqrt(rest / (count - 2) / xx) : NAN};
}

void stats_two_lines(stats_slope *below, stats_slope *above, const double *x, const double *y,
                     int64_t n, double at)
{
    *below = line_of(x, y, n, at, false);
    *above = line_of(x, y, n, at, true);
}
