/* Shape bias of one or several observers, pooled and averaged. */
#include "bench/cue_conflict/scores.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

static double ratio(double a, double b) { return b > 0 ? a / b : NAN; }

static double bias_of(const stats_shape_counts *c)
{
    return ratio((double)c->shape, (double)(c->shape + c->texture));
}

static void add_counts(stats_shape_counts *sum, const stats_shape_counts *c)
{
    sum->conflicts += c->conflicts;
    sum->shape += c->shape;
    sum->texture += c->texture;
}

/* A mean that leaves out what is undefined. */
typedef struct mean_of {
    double sum, n;
} mean_of;

static void add_defined(mean_of *m, double x)
{
    if (isnan(x)) return;
    m->sum += x;
    m->n += 1;
}

static int64_t count_right(const cue_answers *a, int64_t observer, const int64_t *index)
{
    const int32_t *answer = a->answer + observer * a->images;
    int64_t right = 0;
    for (int64_t i = 0; i < a->images; i++) {
        int64_t k = index ? index[i] : i;
        right += answer[k] == a->shape[k];
    }
    return right;
}

/* *counts, value [CUE_VALUES] <- all of one draw (NULL: the data). */
static jem_status evaluate(cue_counts *counts, double *value, const cue_answers *a,
                           const stats_draw *draw)
{
    const int64_t *images = draw ? draw->index[1] : NULL;
    mean_of observers = {0, 0}, categories = {0, 0}, each[CATEGORY_COUNT] = {{0, 0}};
    int64_t right = 0;

    stats_shape_counts *total = &counts->total, *by = counts->by_shape, *texture = counts->by_texture;

    memset(counts, 0, sizeof *counts);
    for (int64_t o = 0; o < a->observers; o++) {
        int64_t who = draw ? draw->index[0][o] : o;
        cue_counts own;
        jem_status st = stats_shape_count(&own.total, own.by_shape, own.by_texture, a->shape,
                                          a->texture, a->answer + who * a->images, images,
                                          a->images, CATEGORY_COUNT);
        if (st != JEM_OK) return st;
        add_counts(total, &own.total);
        add_defined(&observers, bias_of(&own.total));
        for (int c = 0; c < CATEGORY_COUNT; c++) {
            add_counts(&by[c], &own.by_shape[c]);
            add_counts(&texture[c], &own.by_texture[c]);
            add_defined(&each[c], bias_of(&own.by_shape[c]));
        }
        right += count_right(a, who, images);
    }
    for (int c = 0; c < CATEGORY_COUNT; c++) {
        value[CUE_BY_CATEGORY + c] = bias_of(&by[c]);
        value[CUE_BY_TEXTURE + c] = bias_of(&texture[c]);
        value[CUE_OBSERVERS_BY_CATEGORY + c] = ratio(each[c].sum, each[c].n);
        add_defined(&categories, bias_of(&by[c]));
    }
    value[CUE_BIAS] = bias_of(total);
    value[CUE_CATEGORY_MEAN] = ratio(categories.sum, categories.n);
    value[CUE_OBSERVER_MEAN] = ratio(observers.sum, observers.n);
    value[CUE_ACCURACY] = ratio((double)right, (double)(a->observers * a->images));
    value[CUE_SHAPE_OR_TEXTURE] =
        ratio((double)(total->shape + total->texture), (double)total->conflicts);
    return JEM_OK;
}

static jem_status resampled(double *values, const void *ctx, const stats_draw *draw)
{
    cue_counts counts;
    return evaluate(&counts, values, ctx, draw);
}

static jem_status intervals(cue_scores *out, const cue_answers *a, const bench_options *common,
                            pool *threads)
{
    jem_status st;
    double *rounds = NULL;
    const int64_t sizes[] = {a->observers, a->images};
    const bool kept[] = {bench_keeps_people(common), false};
    const stats_bootstrap_plan draws = {.factors = 2,
                                        .sizes = sizes,
                                        .kept = kept,
                                        .values = CUE_VALUES,
                                        .statistic = resampled,
                                        .ctx = a,
                                        .rounds = common->rounds,
                                        .seed = (uint64_t)common->seed,
                                        .threads = threads};

    TRY(MEM_NEW(rounds, common->rounds * CUE_VALUES));
    TRY(stats_bootstrap_distribution(rounds, &draws));
    for (int v = 0; v < CUE_VALUES; v++) {
        if (isnan(out->value[v])) continue; /* no interval around nothing */
        TRY(stats_percentile_interval(&out->interval[v], NULL, rounds + v, common->rounds,
                                      CUE_VALUES, common->level));
    }
done:
    mem_free(rounds);
    return st;
}

jem_status cue_scores_compute(cue_scores *out, const cue_answers *a, const bench_options *common,
                              pool *threads)
{
    jem_status st;
    cue_scores got;

    for (int v = 0; v < CUE_VALUES; v++) got.interval[v] = (stats_interval){NAN, NAN};
    TRY(evaluate(&got.counts, got.value, a, NULL));
    if (common) TRY(intervals(&got, a, common, threads));
    *out = got;
done:
    return st;
}
