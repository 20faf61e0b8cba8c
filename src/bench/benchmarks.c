/* The list of benchmarks: see benchmarks.h. */
#include "bench/benchmarks.h"

#include <assert.h>
#include <string.h>

#include "bench/classification/measure.h"
#include "bench/energy/measure.h"
#include "bench/generation/measure.h"
#include "bench/ood/measure.h"
#include "bench/scenes/measure.h"

/* What describes a model without people, which `jem eval` scores. */
static const benchmark classification = {.name = "classification", .meaning = &classification_measures};
static const benchmark scenes = {.name = "scenes", .meaning = &scenes_measures};
static const benchmark ood = {.name = "ood", .meaning = &ood_measures};
static const benchmark generation = {.name = "generation", .meaning = &generation_measures};
static const benchmark energy = {.name = "energy", .meaning = &energy_measures};

const benchmark *const benchmark_list[] = {
    &classification,     &bench_bapps,   &bench_gloss, &bench_cifar10h, &bench_model_vs_human,
    &bench_cue_conflict, &bench_clickme, &scenes,      &ood,            &generation,
    &energy,             NULL,
};

const benchmark *benchmark_find(const benchmark *const *list, const char *name, int *place)
{
    for (int i = 0; list[i]; i++) {
        if (!list[i]->run || strcmp(list[i]->name, name) != 0) continue;
        if (place) *place = i;
        return list[i];
    }
    return NULL;
}

void benchmark_meanings(const measures *out[BENCHMARKS_MAX + 1], const benchmark *const *list)
{
    int n = 0;
    for (; *list; list++) {
        assert(n < BENCHMARKS_MAX);
        if ((*list)->meaning) out[n++] = (*list)->meaning;
    }
    out[n] = NULL;
}
