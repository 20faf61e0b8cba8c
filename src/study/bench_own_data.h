/* Settings of benchmarks that follow from what a run was trained on, or that it was not trained here. */
#ifndef STUDY_BENCH_OWN_DATA_H
#define STUDY_BENCH_OWN_DATA_H

#include "study/bench_settings.h"
#include "run/run.h"

/* Where the run's own data are images that a benchmark asks about, sets the keys of `s` that say
 * where they are and how they are split; assignments given[count] ("KEY=VALUE") go first.
 * A run that was imported takes no Langevin steps unless they are asked for.
 * JEM_EUSAGE for a gloss.split that tests images which the run was trained on. */
jem_status bench_own_data(bench_settings *s, run *r, const char *const *given, int count);

#endif
