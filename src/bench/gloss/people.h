/* The people of the gloss benchmark: 20 of them rated 50 renderings three times each. */
#ifndef BENCH_GLOSS_PEOPLE_H
#define BENCH_GLOSS_PEOPLE_H

#include "bench/bench.h"
#include "bench/gloss/ratings.h"
#include "stats/ratings.h"

enum { GLOSS_RATED = 50 }; /* images of the rating experiment */

typedef struct gloss_people {
    gloss_ratings ratings;
    double mean[GLOSS_RATED]; /* over people */
    stats_rating_ceiling noise;
    double *one_out; /* [observers] r of each with the mean of the others */
    uint64_t hash;   /* of the ratings */
} gloss_people;
#define GLOSS_PEOPLE_INIT {.ratings = GLOSS_RATINGS_INIT}

/* From the folder itself, its ratings/, or the place in the published repository.  JEM_EDATA
 * where experiment 1 is not whole, or somebody rates all images alike. */
jem_status gloss_people_read(gloss_people *out, const char *folder);
void gloss_people_clear(gloss_people *p); /* GLOSS_PEOPLE_INIT is fine */

/* One score on these ratings; s says what differs from the usual. */
jem_status gloss_add(const bench_request *r, const gloss_people *p, bench_score s);
/* Ceilings, means, and each person's and image's row. */
jem_status gloss_people_score(const bench_request *r, const gloss_people *p);

/* The benchmark's check: is the folder whole? */
jem_status gloss_people_check(const char *folder, const bench_finder *found);

#endif
