/* The list of benchmarks: to add one, name it here and in benchmarks.h. */
#include "bench/benchmarks.h"

#include <stddef.h>
#include <string.h>

const benchmark *const *benchmarks(void)
{
    static const benchmark *const list[] = {
        &bench_bapps,   &bench_gloss, &bench_cifar10h, &bench_model_vs_human, &bench_cue_conflict,
        &bench_clickme, NULL,
    };
    return list;
}

const benchmark *benchmark_find(const char *name)
{
    for (const benchmark *const *b = benchmarks(); *b; b++)
        if (strcmp((*b)->name, name) == 0) return *b;
    return NULL;
}
