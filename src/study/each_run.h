/* The runs of a study, one after the other. */
#ifndef STUDY_EACH_RUN_H
#define STUDY_EACH_RUN_H

#include <stdint.h>

#include "study/failures.h"

typedef jem_status (*run_fn)(void *ctx, const char *folder);

/* Calls fn for the run in `path`, and that is all; or for every run of the study there (of a grid's studies, record/grid.h)
 * in order of their names, where one that fails is noted in f and the next one follows, unless it ends all
 * (failures.h).  JEM_EDATA if there is no folder or no run. */
jem_status each_run(const char *path, run_fn fn, void *ctx, failures *f);

/* *count <- how many those are: 1 for a run, 0 where there is none. */
jem_status each_run_count(int64_t *count, const char *path);

#endif
