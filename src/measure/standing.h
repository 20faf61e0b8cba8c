/* Where a score stands: among what others published, and against people. */
#ifndef MEASURE_STANDING_H
#define MEASURE_STANDING_H

#include "measure/measure.h"
#include "record/record.h"

typedef struct standing {
    int64_t rank, of;                     /* 1 is the best; of: models published and this one, 1: none are */
    const published_score *above, *below; /* the next better, the next worse or as good; NULL: none */
} standing;
/* Of a value of the score that `s` of benchmark `m` shows, among published models. */
standing standing_of(const measures *m, const measure *s, double value);

/* Is it a score by which the benchmark compares with people? */
bool measure_compares(const measures *m, const measure *s);

/* What people reach where `s` is shown: the score's own reference, else people's published value, else
 * what the measure says; NaN where nothing does. */
double people_reach(const measures *m, const measure *s, const score *of);

/* Is a reference of that value a bound of the score, and nothing that people reach? */
bool reference_is_bound(const measures *m, const measure *s, double value);

typedef enum chance_state { CHANCE_UNKNOWN, CHANCE_ABOVE, CHANCE_AT } chance_state;
/* Does the network that has this score of the list decide no better than by chance (measure.chance)?  Only
 * its own score of the same data and condition, with an interval, says so. */
chance_state standing_chance(const score_list *list, const measures *m, const score *of);

#endif
