/* The order that sorts an array. */
#ifndef STATS_SORT_ORDER_H
#define STATS_SORT_ORDER_H

#include <stdint.h>

#include "jem/status.h"

/* order [n] <- indices of x [n] from the smallest value to the largest; equal values
 * (-0 and 0 are equal) stay in the order of x.  Radix sort on the bits: time is
 * proportional to n, and digits in which all values agree cost nothing.  JEM_EDATA
 * with the place of a NaN. */
jem_status stats_sort_order(int64_t *order, const double *x, int64_t n);

/* The same in memory of the caller's: scratch [stats_sort_scratch(n)]; the place of the i-th
 * smallest value is (uint32_t)scratch[i]. */
int64_t stats_sort_scratch(int64_t n);
/* JEM_EDATA as above, and for 2^32 values or more. */
jem_status stats_sort_items(uint64_t *scratch, const double *x, int64_t n);

#endif
