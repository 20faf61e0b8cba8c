/* jem/compare.h over compare/. */
#include "jem/compare.h"

#include <limits.h>
#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "compare/compare.h"
#include "lib/lib_call.h"
#include "report/fig_compare.h"
#include "stats/bootstrap.h"

/* What a jem_comparisons owns: the texts are theirs. */
typedef struct compared {
    compare_models models;
    compare_list list;
} compared;

void jem_comparisons_clear(jem_comparisons *c)
{
    compared *own = c ? c->owner : NULL;
    if (!c) return;
    if (own) {
        compare_list_clear(&own->list);
        compare_models_clear(&own->models);
    }
    mem_free(own);
    mem_free(c->rows);
    mem_free(c->gap);
    *c = (jem_comparisons)JEM_COMPARISONS_INIT;
}

static jem_comparison row_of(const compared *all, const comparison *c)
{
    const measure *m = c->line->score[c->score];
    return (jem_comparison){.benchmark = c->of->benchmark,
                            .metric = m->metric,
                            .measure = measure_spot_name(c->line, c->score),
                            .model = all->models.model[c->model].name,
                            .against = all->models.model[0].name,
                            .value = c->other,
                            .value_against = c->first,
                            .difference = c->gap.value,
                            .low = c->gap.interval.low,
                            .high = c->gap.interval.high,
                            .p = c->gap.p,
                            .p_holm = c->p_holm,
                            .df = c->gap.df,
                            .variance_training = c->training,
                            .variance_images = c->images,
                            .variance_people = c->people,
                            .images = c->shared_images,
                            .people = c->shared_people,
                            .primary = c->primary,
                            .lower_is_better = m->lower_is_better,
                            .verdict = compare_verdict_text(compare_verdict_of(c, all->list.level))};
}

static jem_comparison_gap gap_of(const compared *all, const comparison_gap *g)
{
    return (jem_comparison_gap){g->of->benchmark, g->line->score[g->score]->metric,
                                measure_spot_name(g->line, g->score), all->models.model[g->model].name, g->reason};
}

/* c->owner has models and list. */
static jem_status fill(jem_comparisons *c)
{
    jem_status st;
    const compared *own = c->owner;
    const compare_list *list = &own->list;

    TRY(MEM_NEW(c->rows, list->count));
    TRY(MEM_NEW(c->gap, list->gaps));
    for (int64_t i = 0; i < list->count; i++) c->rows[i] = row_of(own, &list->rows[i]);
    for (int64_t i = 0; i < list->gaps; i++) c->gap[i] = gap_of(own, &list->gap[i]);
    c->count = list->count;
    c->gaps = list->gaps;
    c->level = list->level;
    c->primaries = list->primaries;
done:
    return st;
}

static jem_status take_options(compare_options *to, const jem_compare_options *o, const char *function)
{
    if (o->rounds != 0 && (o->rounds < 100 || o->rounds > 10000000))
        return jem_error(JEM_EUSAGE, "%s: o->rounds = %lld; choose 100 to 10000000, or 0 for %d", function,
                         (long long)o->rounds, STATS_BOOTSTRAP_ROUNDS);
    if (o->level != 0 && !(o->level >= 0.5 && o->level <= 0.9999))
        return jem_error(JEM_EUSAGE, "%s: o->level = %g; choose 0.5 to 0.9999, or 0 for 0.95", function, o->level);
    if (o->seed > INT64_MAX) return jem_error(JEM_EUSAGE, "%s: o->seed is beyond 2^63 - 1", function);
    to->rounds = o->rounds ? o->rounds : STATS_BOOTSTRAP_ROUNDS;
    to->seed = (int64_t)o->seed;
    to->level = o->level != 0 ? o->level : 0.95;
    return lib_threads(&to->threads, o->threads, function);
}

jem_status jem_compare(jem_comparisons *out, const char *const *models, int64_t count, const jem_compare_options *asked)
{
    LIB_CALL;
    jem_status st;
    jem_compare_options o = JEM_COMPARE_INIT;
    compare_options how = {.threads = NULL};
    jem_comparisons made = JEM_COMPARISONS_INIT;
    compared *own = NULL;
    const measures *known[MEASURES_MAX + 1];

    HOST_NEED(out);
    HOST_NEED(models);
    if (count < 2 || count > INT_MAX)
        return jem_error(JEM_EUSAGE, "%s: count = %lld models; two or more can be compared", __func__, (long long)count);
    TRY(lib_check_texts(models, (int)count, "models", __func__));
    TRY(lib_options(&o, sizeof o, asked, __func__, "JEM_COMPARE_INIT"));
    benchmark_meanings(known, benchmark_list);
    how.measures = known;
    TRY(take_options(&how, &o, __func__));
    TRY(MEM_NEW(own, 1));
    own->models = (compare_models)COMPARE_MODELS_INIT;
    own->list = (compare_list)COMPARE_LIST_INIT;
    made.owner = own;
    TRY(compare_models_read(&own->models, models, (int)count));
    TRY(compare_find(&own->list, &own->models, &how));
    if (o.figure) TRY(fig_compare_write(o.figure, &own->list, &own->models));
    TRY(fill(&made));
    *out = made;
    made = (jem_comparisons)JEM_COMPARISONS_INIT;
done:
    jem_comparisons_clear(&made);
    pool_free(how.threads);
    return st;
}
