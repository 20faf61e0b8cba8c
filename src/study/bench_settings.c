/* One group of keys per benchmark. */
#include "study/bench_settings.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

jem_status bench_settings_init(bench_settings *s, const benchmark *const *list)
{
    jem_status st = JEM_OK;
    int groups = 0;

    *s = (bench_settings){.groups = {{NULL, NULL, NULL}}};
    s->groups[groups++] = (option_group){"bench", bench_option_table, &s->common};
    for (int i = 0; list[i]; i++) {
        assert(i < BENCHMARKS_MAX);
        if (!list[i]->options) continue;
        TRY(mem_alloc(&s->own[i], 1, list[i]->options_size));
        s->groups[groups++] = (option_group){list[i]->name, list[i]->options, s->own[i]};
    }
    TRY(options_defaults(s->groups));
done:
    return st;
}

void bench_settings_clear(bench_settings *s)
{
    for (int i = 0; i < BENCHMARKS_MAX; i++) mem_free(s->own[i]);
    memset(s->own, 0, sizeof s->own);
}

bool bench_settings_own(const bench_settings *s, const char *assignment)
{
    for (const option_group *g = s->groups; g->options; g++) {
        size_t n = strlen(g->prefix);
        if (strncmp(assignment, g->prefix, n) == 0 && assignment[n] == '.') return true;
    }
    return false;
}

const void *bench_settings_get(const bench_settings *s, int place) { return s->own[place]; }
