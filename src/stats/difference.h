/* The difference of two means whose noise has several sources: training, images, people.
 *
 * Its variance is the sum of theirs, and t = difference / sqrt(variance) has Student's distribution
 * with Welch's (1947) and Satterthwaite's degrees of freedom,
 *
 *   df = (sum_k v_k)^2 / sum_k v_k^2 / df_k
 *
 * One source is the paired t-test, two independent ones are Welch's test. */
#ifndef STATS_DIFFERENCE_H
#define STATS_DIFFERENCE_H

#include "stats/summary.h"

typedef struct stats_source {
    double variance; /* of the difference of the means by this source alone; not negative */
    double df;       /* that it is known with; positive */
} stats_source;

typedef struct stats_difference {
    double value, se;
    double df;               /* NaN where se is 0 */
    stats_interval interval; /* at the level */
    double p;                /* two-sided, of no difference; where se is 0: 1 of none, else 0 */
} stats_difference;

/* source [sources]; 0 < level < 1. */
stats_difference stats_difference_find(double value, const stats_source *source, int sources, double level);

/* P(|T| >= |t|) of Student's T; df > 0. */
double stats_student_p(double t, double df);

#endif
