/* The list of benchmarks: see benchmarks.h. */
#include "bench/benchmarks.h"

#include <assert.h>
#include <string.h>

const benchmark *const benchmark_list[] = {
    &bench_classification, &bench_bapps,      &bench_gloss,   &bench_cifar10h, &bench_model_vs_human,
    &bench_cue_conflict,   &bench_clickme,    &bench_scenes,  &bench_energy,   &bench_generation,
    &bench_robustness,     NULL,
};

const benchmark *benchmark_find(const benchmark *const *list, const char *name, int *place)
{
    for (int i = 0; list[i]; i++) {
        if (list[i]->generative || strcmp(list[i]->name, name) != 0) continue;
        if (place) *place = i;
        return list[i];
    }
    return NULL;
}

void benchmark_meanings(const measures *out[MEASURES_MAX + 1], const benchmark *const *list)
{
    int n = 0;
    for (int pass = 0; pass < 2; pass++)
        for (const benchmark *const *b = list; *b; b++) {
            const measures *m = pass == 0 ? (*b)->meaning : (*b)->also;
            if (!m) continue;
            assert(n < MEASURES_MAX);
            out[n++] = m;
        }
    out[n] = NULL;
}
