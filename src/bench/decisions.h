/* Asking a subject which of the 16 categories it sees, and writing down what it said. */
#ifndef BENCH_DECISIONS_H
#define BENCH_DECISIONS_H

#include "bench/bench.h"
#include "bench/mvh_sets.h"

/* The images of one set in the benchmark's order. */
typedef struct decision_set {
    const mvh_set *set;
    int64_t n;
    const char *const *id;    /* [n] "n04111531_14126.png" */
    const int64_t *condition; /* [n] place in the set's; NULL: the set has none */
    const int32_t *category;  /* [n] the right answer */
    /* Picture of image i; NULL where there are no pictures. */
    jem_status (*picture)(void *ctx, image *out, int64_t i);
    void *ctx;
} decision_set;

/* answer [n] <- categories, -1 for none.  Pictures are read 64 at a time if the subject
 * needs any.  JEM_EUSAGE if the subject cannot decide, has no answers to this set, or
 * needs pictures where there are none (`pictures_needed` says how to name them). */
jem_status decisions_ask(int32_t *answer, const bench_request *r, const char *bench,
                         const decision_set *set, const char *pictures_needed);

/* Appends a trial per image, of the subject as files name it (see below). */
jem_status decisions_list(trial_list *list, const bench_request *r, const decision_set *set,
                          const int32_t *answer, const char *variant);

/* OUT/trials/BENCH/SET/SET_SUBJECT_session-1.csv, the layout of model-vs-human's raw-data;
 * `variant` ("" or "-steps-5") follows the subject's name.  Does nothing without an
 * output folder. */
jem_status decisions_save(const bench_request *r, const char *bench, const decision_set *set,
                          const int32_t *answer, const char *variant);

#endif
