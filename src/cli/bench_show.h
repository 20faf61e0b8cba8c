/* What jem bench prints: the list of benchmarks, and scores as a table or as JSON. */
#ifndef CLI_BENCH_SHOW_H
#define CLI_BENCH_SHOW_H

#include "bench/bench.h"

/* Benchmarks with what they measure, need and where their data are; answers; keys. */
jem_status bench_list(const benchmark *const *list);
/* One array of objects: name, measures, source, needs, data. */
jem_status bench_list_json(const benchmark *const *list);

/* One line per score, under a heading per model; meanings: of whose scores something is known. */
void bench_show_table(const score_list *l, const measures *const *meanings);
/* One array of objects; null where a key does not apply. */
jem_status bench_show_json(const score_list *l, const measures *const *meanings);

#endif
