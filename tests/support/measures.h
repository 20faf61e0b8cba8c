/* What scores of jem's own benchmarks mean, as the program hands it to reports and sweet spots. */
#ifndef SUPPORT_MEASURES_H
#define SUPPORT_MEASURES_H

#include "measure/measure.h"

/* bench/benchmarks.h, without all that a benchmark sees */
struct benchmark;
extern const struct benchmark *const benchmark_list[];
enum { MEASURES_ROOM = 129 }; /* MEASURES_MAX + 1 */
void benchmark_meanings(const measures *out[MEASURES_ROOM], const struct benchmark *const *list);

static inline const measures *const *all_measures(void)
{
    static const measures *list[MEASURES_ROOM];
    if (!list[0]) benchmark_meanings(list, benchmark_list);
    return list;
}

#endif
