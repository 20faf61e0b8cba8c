/* Agreement on one image set: condition by condition, then averaged. */
#include "bench/mvh_agreement.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

const char *const mvh_metric_names[MVH_METRICS] = {"accuracy", "accuracy_difference",
                                                   "observed_consistency", "error_consistency"};

/* One condition by itself. */
typedef struct block {
    int64_t start[2]; /* {0, images} */
    uint8_t *right;   /* [observers][images] */
    const uint8_t *subject;
    bool kept;
} block;

typedef struct job {
    const mvh_people *people;
    const uint8_t *subject; /* [images] or NULL */
    int64_t conditions, scopes;
    block blocks[MVH_CONDITIONS_MAX];
} job;

static void to_values(double out[MVH_METRICS], const stats_agreement *a)
{
    const double values[] = {a->accuracy, a->accuracy_difference, a->observed, a->kappa};
    memcpy(out, values, sizeof values);
}

/* Values of rows of one condition (or of all of them as one). */
static jem_status agree(mvh_values *out, const uint8_t *right, const stats_observers *people,
                        const stats_draw *draw)
{
    jem_status st;
    stats_agreement a = {NAN, NAN, NAN, NAN};

    if (right) TRY(stats_agreement_model(&a, right, people, draw));
    to_values(out->of[MVH_SUBJECT], &a);
    TRY(stats_agreement_people(&a, people, draw));
    to_values(out->of[MVH_PEOPLE], &a);
done:
    return st;
}

static jem_status block_values(mvh_values *out, const job *j, int64_t c, const stats_draw *draw)
{
    const block *b = &j->blocks[c];
    const stats_observers people = {j->people->observers, 1, b->start, b->right};
    if (!draw) return agree(out, b->subject, &people, NULL);
    const int64_t sizes[] = {draw->sizes[0], draw->sizes[1 + c]};
    const int64_t *const index[] = {draw->index[0], draw->index[1 + c]};
    return agree(out, b->subject, &people, &(const stats_draw){sizes, index});
}

/* All conditions as one; drawn within each. */
static jem_status pooled_values(mvh_values *out, const job *j, const stats_draw *draw)
{
    jem_status st;
    const trial_matrix *m = &j->people->all;
    const int64_t start[] = {0, m->images};
    const stats_observers people = {m->observers, 1, start, m->right};
    int64_t *all = NULL;

    if (!draw) return agree(out, j->subject, &people, NULL);
    TRY(MEM_NEW(all, m->images));
    for (int64_t c = 0; c < m->conditions; c++)
        for (int64_t i = m->start[c]; i < m->start[c + 1]; i++)
            all[i] = m->start[c] + draw->index[1 + c][i - m->start[c]];
    const int64_t sizes[] = {draw->sizes[0], m->images};
    const int64_t *const index[] = {draw->index[0], all};
    TRY(agree(out, j->subject, &people, &(const stats_draw){sizes, index}));
done:
    mem_free(all);
    return st;
}

/* Means over kept conditions; accuracy pools their trials. */
static void average(mvh_values *out, const job *j, const mvh_values *each)
{
    double conditions = 0, images = 0;
    *out = (mvh_values){{{0}}};
    for (int64_t c = 0; c < j->conditions; c++) {
        if (!j->blocks[c].kept) continue;
        double n = (double)j->blocks[c].start[1];
        conditions += 1;
        images += n;
        for (int w = 0; w < MVH_WHO; w++)
            for (int k = 0; k < MVH_METRICS; k++)
                out->of[w][k] += (k == MVH_ACCURACY ? n : 1) * each[c].of[w][k];
    }
    for (int w = 0; w < MVH_WHO; w++)
        for (int k = 0; k < MVH_METRICS; k++)
            out->of[w][k] /= k == MVH_ACCURACY ? images : conditions;
}

/* scope [scopes]: the set, then its conditions, then all of them pooled. */
static jem_status scope_values(mvh_values *scope, const job *j, const stats_draw *draw)
{
    jem_status st;
    if (j->scopes == 1) return block_values(scope, j, 0, draw);
    for (int64_t c = 0; c < j->conditions; c++) TRY(block_values(scope + 1 + c, j, c, draw));
    average(scope, j, scope + 1);
    TRY(pooled_values(scope + 1 + j->conditions, j, draw));
done:
    return st;
}

/* A stats_resampled: values are mvh_values [scopes]. */
static jem_status resampled(double *values, const void *ctx, const stats_draw *draw)
{
    mvh_values scope[MVH_SCOPES_MAX];
    const job *j = ctx;
    jem_status st = scope_values(scope, j, draw);
    if (st == JEM_OK) memcpy(values, scope, (size_t)j->scopes * sizeof *scope);
    return st;
}

static jem_status cut_blocks(job *j, bool exclusions)
{
    jem_status st;
    const trial_matrix *m = &j->people->all;

    for (int64_t c = 0; c < j->conditions; c++) {
        block *b = &j->blocks[c];
        int64_t first = m->start[c], n = m->start[c + 1] - first;
        b->start[1] = n;
        b->kept = j->scopes == 1 || !exclusions || mvh_kept(j->people->set, c);
        b->subject = j->subject ? j->subject + first : NULL;
        TRY(MEM_NEW(b->right, m->observers * n));
        for (int64_t o = 0; o < m->observers; o++)
            memcpy(b->right + o * n, m->right + o * m->images + first, (size_t)n);
    }
    return JEM_OK;
done:
    return st;
}

static void describe(mvh_agreement *out, const job *j, const mvh_values *value)
{
    const mvh_set *set = j->people->set;
    out->scopes = j->scopes;
    for (int64_t s = 0; s < j->scopes; s++) {
        mvh_scope *scope = &out->scope[s];
        bool pooled = s > j->conditions;
        scope->value = value[s];
        scope->condition = s == 0 ? NULL : pooled ? "all" : set->conditions[s - 1];
        scope->images = 0;
        for (int64_t c = 0; c < j->conditions; c++)
            if (pooled || s == 1 + c || (s == 0 && j->blocks[c].kept))
                scope->images += j->blocks[c].start[1];
    }
}

static jem_status bootstrap(mvh_agreement *out, mvh_values *rounds, const job *j, int64_t stream,
                            const bench_options *common, pool *threads)
{
    jem_status st;
    int64_t sizes[1 + MVH_CONDITIONS_MAX];
    mvh_values *drawn = NULL; /* [rounds][scopes] */
    const stats_bootstrap_plan draws = {
        .factors = 1 + j->conditions,
        .sizes = sizes,
        .values = j->scopes * MVH_WHO * MVH_METRICS,
        .statistic = resampled,
        .ctx = j,
        .rounds = common->rounds,
        /* seeds stay below 2^50: the highest bits are free to tell sets apart */
        .seed = (uint64_t)common->seed | (uint64_t)(stream + 1) << 56,
        .threads = threads};

    sizes[0] = j->people->observers;
    for (int64_t c = 0; c < j->conditions; c++) sizes[1 + c] = j->blocks[c].start[1];
    TRY(MEM_NEW(drawn, common->rounds * j->scopes));
    TRY(stats_bootstrap_distribution(drawn->of[0], &draws));
    for (int64_t s = 0; s < j->scopes; s++)
        for (int w = 0; w < MVH_WHO; w++)
            for (int k = 0; k < MVH_METRICS; k++)
                TRY(mvh_interval(&out->scope[s].interval[w][k], drawn + s, j->scopes, (mvh_who)w,
                                 (mvh_metric)k, common));
    for (int64_t r = 0; r < common->rounds; r++) rounds[r] = drawn[r * j->scopes];
done:
    mem_free(drawn);
    return st;
}

jem_status mvh_agreement_compute(mvh_agreement *out, mvh_values *rounds, const mvh_people *p,
                                 const uint8_t *right, bool exclusions, int64_t stream,
                                 const bench_options *common, pool *threads)
{
    jem_status st;
    mvh_values value[MVH_SCOPES_MAX];
    mvh_agreement got = {0};
    job j = {.people = p, .subject = right, .conditions = p->all.conditions};

    j.scopes = mvh_conditions(p->set) ? j.conditions + 2 : 1;
    TRY(cut_blocks(&j, exclusions));
    TRY(scope_values(value, &j, NULL));
    describe(&got, &j, value);
    TRY(bootstrap(&got, rounds, &j, stream, common, threads));
    *out = got;
done:
    for (int64_t c = 0; c < j.conditions; c++) mem_free(j.blocks[c].right);
    return st;
}

jem_status mvh_interval(stats_interval *interval, const mvh_values *rounds, int64_t stride,
                        mvh_who who, mvh_metric metric, const bench_options *common)
{
    const double *first = &rounds->of[who][metric];
    *interval = (stats_interval){NAN, NAN};
    bool defined = false;
    for (int64_t r = 0; r < common->rounds && !defined; r++)
        defined = !isnan(rounds[r * stride].of[who][metric]);
    if (!defined) return JEM_OK;
    return stats_percentile_interval(interval, NULL, first, common->rounds,
                                     stride * MVH_WHO * MVH_METRICS, common->level);
}
