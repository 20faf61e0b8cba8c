/* Who goes with whom: the best one-to-one assignment (Kuhn 1955, Munkres 1957). */
#ifndef STATS_ASSIGNMENT_H
#define STATS_ASSIGNMENT_H

#include <stdint.h>

#include "jem/status.h"

/* to [n] <- the permutation with the largest sum over i of gain [i][to[i]]; gain [n][n] finite.  O(n^3). */
jem_status stats_assignment(int64_t *to, const double *gain, int64_t n);

#endif
