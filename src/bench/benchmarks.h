/* jem's own benchmarks: to add one, name it here and in benchmarks.c. */
#ifndef BENCH_BENCHMARKS_H
#define BENCH_BENCHMARKS_H

#include "bench/bench.h"

extern const benchmark bench_bapps, bench_gloss, bench_cifar10h, bench_model_vs_human,
    bench_cue_conflict, bench_clickme; /* of people */
extern const benchmark bench_classification, bench_robustness, bench_scenes, bench_energy, bench_generation;

/* All of them in the order of the study; ends with NULL. */
extern const benchmark *const benchmark_list[];

#endif
