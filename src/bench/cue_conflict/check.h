/* Is a folder of cue-conflict images, edges and silhouettes whole? */
#ifndef BENCH_CUE_CONFLICT_CHECK_H
#define BENCH_CUE_CONFLICT_CHECK_H

#include "bench/bench.h"

/* As benchmark.check: each set's images, as files and as records, and people's trials in the folder or in model-vs-human
 * beside it.  JEM_EDATA where neither conflict images nor people's trials of them are whole. */
jem_status cue_check(const char *data, const bench_finder *found);

#endif
