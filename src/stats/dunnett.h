/* Several groups against one: simultaneous p and limits of the differences of their means from a control's
 * (Dunnett 1955), for equal variances in all groups.
 *
 * With s^2 the pooled variance of all groups, of df = N - groups - 1 degrees of freedom, t_i = (m_i - m_0) /
 * (s sqrt(1/n_i + 1/n_0)).  Under no difference the t_i are a multivariate t whose correlations are l_i l_k, l_i =
 * sqrt(n_i / (n_i + n_0)), so that the distribution of their maximum is a double integral over the control's mean z
 * and the scale s,
 *
 *   P(max t_i <= t) = E_s E_z prod_i Phi((l_i z + t s) / sqrt(1 - l_i^2))
 *
 * (two-sided: of the difference of two Phi), computed here to about 1e-10 by sums over equidistant points. */
#ifndef STATS_DUNNETT_H
#define STATS_DUNNETT_H

#include <stdbool.h>
#include <stdint.h>

#include "jem/status.h"
#include "stats/summary.h"

/* Which differences count against "none of them". */
typedef enum stats_side { STATS_TWO_SIDED, STATS_GREATER, STATS_LESS } stats_side;

typedef struct stats_contrast {
    double difference;       /* of the group's mean from the control's */
    double t;
    double p;                /* adjusted for all groups */
    stats_interval interval; /* simultaneous; one-sided: infinite on the other side */
} stats_contrast;

/* out [groups]; score: the control's counts[0] values, then those of each group; counts [groups + 1].  0 < level < 1.
 * JEM_EDATA for a group without a value, fewer than one degree of freedom, values that are not finite, and where no
 * group varies. */
jem_status stats_dunnett(stats_contrast *out, const double *score, const int64_t *counts, int64_t groups,
                         stats_side side, double level);

#endif
