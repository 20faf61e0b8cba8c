/* Scores of record/ as those of jem/bench.h. */
#ifndef LIB_LIB_SCORES_H
#define LIB_LIB_SCORES_H

#include "jem/bench.h"
#include "record/record.h"

/* Takes the list over, which is empty afterwards, and appends its scores to *out, which begins as
 * JEM_BENCH_SCORES_INIT; jem_bench_scores_clear.  folder: of the run that they are of, or NULL.  JEM_ENOMEM: both are as
 * they were. */
jem_status lib_scores_append(jem_bench_scores *out, score_list *list, const char *folder);

#endif
