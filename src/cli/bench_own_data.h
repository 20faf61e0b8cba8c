/* Settings of benchmarks that follow from what a run was trained on. */
#ifndef CLI_BENCH_OWN_DATA_H
#define CLI_BENCH_OWN_DATA_H

#include "cli/bench_settings.h"
#include "cli/cli.h"
#include "run/run.h"

/* Where the run's own data are images that a benchmark asks about, sets the keys of `s` that say
 * where they are and how they are split; assignments `given` ("KEY=VALUE") go first.
 * JEM_EUSAGE for a gloss.split that tests images which the run was trained on. */
jem_status bench_own_data(bench_settings *s, run *r, const cli_list *given);

#endif
