/* Lists of scores in the hands of hosts: see lib_scores.h. */
#include "lib/lib_scores.h"

#include <string.h>

#include "base/mem.h"
#include "base/try.h"

/* What rows point into. */
typedef struct part {
    score_list list;
    char *folder;
} part;

typedef struct parts {
    int64_t count, room;
    part *part;
} parts;

static void part_clear(part *p)
{
    score_list_clear(&p->list);
    mem_free(p->folder);
}

void jem_bench_scores_clear(jem_bench_scores *s)
{
    if (!s) return;
    parts *owner = s->owner;
    for (int64_t i = 0; owner && i < owner->count; i++) part_clear(&owner->part[i]);
    if (owner) mem_free(owner->part);
    mem_free(owner);
    mem_free(s->rows);
    *s = (jem_bench_scores)JEM_BENCH_SCORES_INIT;
}

static jem_bench_score row_of(const score *s, const char *folder)
{
    return (jem_bench_score){.benchmark = s->benchmark,
                             .metric = s->metric,
                             .dataset = s->dataset,
                             .condition = s->condition,
                             .model = s->model,
                             .folder = folder,
                             .alpha = s->alpha,
                             .seed = s->seed,
                             .value = s->value,
                             .low = s->low,
                             .high = s->high,
                             .ceiling = s->ceiling,
                             .n = s->n,
                             .formula = s->formula};
}

jem_status lib_scores_append(jem_bench_scores *out, score_list *list, const char *folder)
{
    jem_status st;
    part added = {SCORE_LIST_INIT, NULL};
    jem_bench_score *rows = NULL;

    if (!out->owner) {
        parts *owner = NULL;
        TRY(MEM_NEW(owner, 1));
        out->owner = owner;
    }
    parts *all = out->owner;
    if (folder) TRY(mem_strdup(&added.folder, folder));
    TRY(MEM_GROW(all->part, all->count, all->room));
    TRY(MEM_NEW(rows, out->count + list->count));
    if (out->count > 0) memcpy(rows, out->rows, (size_t)out->count * sizeof *rows);
    for (int64_t i = 0; i < list->count; i++) rows[out->count + i] = row_of(&list->scores[i], added.folder);
    mem_free(out->rows);
    out->rows = rows;
    out->count += list->count;
    added.list = *list;
    *list = (score_list)SCORE_LIST_INIT;
    all->part[all->count++] = added;
    added.folder = NULL;
done:
    mem_free(added.folder);
    return st;
}
