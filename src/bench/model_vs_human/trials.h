/* One table of everything that the scores of model-vs-human are made of: a row per image with the
 * subject's answer and with who of the people was right.  All scores of the benchmark can be
 * computed from it alone. */
#ifndef BENCH_MODEL_VS_HUMAN_TRIALS_H
#define BENCH_MODEL_VS_HUMAN_TRIALS_H

#include "base/file.h"
#include "bench/decisions.h"

/* OUT/trials/model-vs-human.csv: the columns of trials, and
 *   set      "colour"
 *   counted  1, or 0 where the condition is not in the scores
 *   people   "1011": 1 for each of the people who was right, in order of their files
 * Rows become a file with mvh_trials_close; file_writer_abort gives them up. */
jem_status mvh_trials_open(file_writer *w, const char *out);
/* Images of `set` are those of `people`, in their order; exclusions: of the scores. */
jem_status mvh_trials_add(file_writer *w, const bench_request *r, const decision_set *set,
                          const int32_t *answer, const mvh_people *people, bool exclusions);
jem_status mvh_trials_close(file_writer *w); /* as file_writer_commit: *w is free then */

#endif
