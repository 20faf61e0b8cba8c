/* From many classes to few categories, such as ImageNet's 1000 to the 16 of
 * Geirhos et al. (2018, 2021): which category a network names. */
#ifndef STATS_CATEGORY_MAP_H
#define STATS_CATEGORY_MAP_H

#include <stdint.h>

#include "jem/status.h"

typedef struct stats_category_map {
    int64_t classes, categories; /* categories in alphabetical order */
    const int64_t *start;        /* [categories+1]: category c owns index[start[c] .. start[c+1]) */
    const int32_t *index;        /* classes, ascending within a category */
} stats_category_map;

/* JEM_EDATA for a category without a class, a class outside 0..classes-1, or classes
 * that are not strictly ascending within a category. */
jem_status stats_category_map_check(const stats_category_map *map);

/* means [n][categories] <- arithmetic mean of the probabilities p [n][classes] of each
 * category's classes (not sum, not largest), added in double in ascending order of
 * class.  Other classes are ignored; nothing is renormalised.  JEM_EDATA with row and
 * class for a NaN or a value outside [0,1]. */
jem_status stats_category_means(double *means, const double *p, int64_t n,
                                const stats_category_map *map);

/* answers [n] <- category with the largest mean; the *last* of exactly tied ones, which
 * is what model-vs-human's reversed ascending sort gives. */
void stats_category_decide(int32_t *answers, const double *means, int64_t n, int64_t categories);

#endif
