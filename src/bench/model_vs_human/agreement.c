/* Agreement on one image set: condition by condition, then averaged. */
#include "bench/model_vs_human/agreement.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

const char *const mvh_metric_names[MVH_METRICS] = {"accuracy", "accuracy_difference",
                                                   "observed_consistency", "error_consistency"};

typedef struct job {
    const mvh_people *people;
    int64_t rows, conditions, scopes;
    const uint8_t **row; /* [rows] people, then the subject if there is one */
    int64_t images[MVH_CONDITIONS_MAX];
    bool kept[MVH_CONDITIONS_MAX];
    stats_joint_table table;
} job;

static void job_clear(job *j)
{
    stats_joint_table_clear(&j->table);
    mem_free(j->row);
}

static void to_values(double out[MVH_METRICS], stats_agreement a)
{
    const double values[] = {a.accuracy, a.accuracy_difference, a.observed, a.kappa};
    memcpy(out, values, sizeof values);
}

/* Values of one condition, or of all of them as one. */
static void agree(mvh_values *out, const job *j, const int64_t *both, int64_t images,
                  const double *times)
{
    int64_t people = j->people->observers;
    const stats_joint joint = {j->rows, 1, &images, both};
    to_values(out->of[MVH_SUBJECT], j->rows > people
                                        ? stats_joint_model(&joint, people, people, times)
                                        : (stats_agreement){NAN, NAN, NAN, NAN});
    to_values(out->of[MVH_PEOPLE], stats_joint_people(&joint, people, times));
}

/* Means over kept conditions; accuracy pools their trials. */
static void average(mvh_values *out, const job *j, const mvh_values *each)
{
    double conditions = 0, images = 0;
    *out = (mvh_values){{{0}}};
    for (int64_t c = 0; c < j->conditions; c++) {
        if (!j->kept[c]) continue;
        double n = (double)j->images[c];
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

/* scope [scopes] <- the set, then its conditions, then all of them pooled. */
static jem_status scope_values(mvh_values *scope, const job *j, const stats_draw *draw)
{
    jem_status st;
    const int64_t *start = j->people->all.start, pairs = stats_joint_pairs(j->rows);
    mvh_values *each = j->scopes == 1 ? scope : scope + 1;
    int64_t *both = NULL, *pooled;
    double *times = NULL;

    TRY(MEM_NEW(both, 2 * pairs));
    TRY(MEM_NEW(times, j->people->observers));
    pooled = both + pairs;
    for (int64_t o = 0; o < j->people->observers; o++) times[draw ? draw->index[0][o] : o] += 1;
    for (int64_t c = 0; c < j->conditions; c++) {
        if (draw)
            stats_joint_resample(both, &j->table, start[c], draw->index[1 + c], j->images[c]);
        else
            stats_joint_count(both, j->row, j->rows, start[c], j->images[c]);
        agree(each + c, j, both, j->images[c], times);
        for (int64_t p = 0; p < pairs; p++) pooled[p] += both[p];
    }
    if (j->scopes == 1) goto done;
    average(scope, j, each);
    agree(each + j->conditions, j, pooled, j->people->all.images, times);
done:
    mem_free(times);
    mem_free(both);
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

static jem_status job_init(job *j, const mvh_people *p, const uint8_t *right, bool exclusions)
{
    jem_status st;
    const trial_matrix *m = &p->all;

    if (p->observers < 2)
        return jem_error(JEM_EDATA, "agreement between people needs two of them, not %lld",
                         (long long)p->observers);
    j->people = p;
    j->rows = p->observers + (right != NULL);
    j->conditions = m->conditions;
    j->scopes = mvh_conditions(p->set) ? j->conditions + 2 : 1;
    for (int64_t c = 0; c < j->conditions; c++) {
        j->images[c] = m->start[c + 1] - m->start[c];
        j->kept[c] = j->scopes == 1 || !exclusions || mvh_kept(p->set, c);
    }
    TRY(MEM_NEW(j->row, j->rows));
    for (int64_t o = 0; o < p->observers; o++) j->row[o] = m->right + o * m->images;
    if (right) j->row[p->observers] = right;
    TRY(stats_joint_table_init(&j->table, j->row, j->rows, m->images));
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
            if (pooled || s == 1 + c || (s == 0 && j->kept[c])) scope->images += j->images[c];
    }
}

static jem_status bootstrap(mvh_agreement *out, mvh_values *rounds, const job *j, int64_t stream,
                            const bench_options *common, pool *threads)
{
    jem_status st;
    int64_t sizes[1 + MVH_CONDITIONS_MAX];
    const bool kept[1 + MVH_CONDITIONS_MAX] = {bench_keeps_people(common)};
    mvh_values *drawn = NULL; /* [rounds][scopes] */
    const stats_bootstrap_plan draws = {
        .factors = 1 + j->conditions,
        .sizes = sizes,
        .kept = kept,
        .values = j->scopes * MVH_WHO * MVH_METRICS,
        .statistic = resampled,
        .ctx = j,
        .rounds = common->rounds,
        /* seeds stay below 2^50: the highest bits are free to tell sets apart */
        .seed = (uint64_t)common->seed | (uint64_t)(stream + 1) << 56,
        .threads = threads};

    sizes[0] = j->people->observers;
    for (int64_t c = 0; c < j->conditions; c++) sizes[1 + c] = j->images[c];
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
    job j = {0};

    TRY(job_init(&j, p, right, exclusions));
    TRY(scope_values(value, &j, NULL));
    describe(&got, &j, value);
    TRY(bootstrap(&got, rounds, &j, stream, common, threads));
    *out = got;
done:
    job_clear(&j);
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
