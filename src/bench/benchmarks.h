/* The benchmarks there are; benchmarks.c lists them. */
#ifndef BENCH_BENCHMARKS_H
#define BENCH_BENCHMARKS_H

#include "bench/bench.h"

extern const benchmark bench_bapps, bench_gloss, bench_cifar10h, bench_model_vs_human,
    bench_cue_conflict, bench_clickme;

#endif
