/* Keys of all benchmarks: bench.* and NAME.*, as --set and listings use them. */
#ifndef STUDY_BENCH_SETTINGS_H
#define STUDY_BENCH_SETTINGS_H

#include "bench/bench.h"

typedef struct bench_settings {
    bench_options common;
    void *own[BENCHMARKS_MAX]; /* in the order of the list; owned; NULL: no keys */
    option_group groups[BENCHMARKS_MAX + 2];
} bench_settings;

/* Of all in the list, with every default. */
jem_status bench_settings_init(bench_settings *s, const benchmark *const *list);
void bench_settings_clear(bench_settings *s); /* a zeroed one is fine */

/* Is the assignment's key one of these ("bench." or a benchmark's name before the dot)? */
bool bench_settings_own(const bench_settings *s, const char *assignment);

/* Options of benchmark number `place`. */
const void *bench_settings_get(const bench_settings *s, int place);

#endif
