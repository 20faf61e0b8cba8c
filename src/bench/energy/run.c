/* Energies: histograms and means of log-sum-exp, and how well scores made of the energy
 * tell test images from other images (Grathwohl et al. 2020; higher = more like the data). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/energy/measure.h"
#include "bench/predict.h"
#include "stats/rank.h"

enum { HISTOGRAM_BINS = 60 };

/* ---- log-sum-exp */

static jem_status add_mean(const bench_request *q, const char *kind, const predictions *p)
{
    bench_score r = {.benchmark = "energy", .metric = "mean_lse", .condition = kind, .n = p->n,
                .value = stats_mean(p->lse, p->n),
                .formula = "mean of LSE(f(x)) = -E(x); bootstrap interval"};
    jem_status st = stats_bootstrap_mean(&r.interval, p->lse, p->n, (uint64_t)eval_options_of(q)->seed);
    return st == JEM_OK ? generative_add(q, &r) : st;
}

/* Columns data, samples and noise: images per bin; nan throughout where there are none. */
static jem_status write_histogram(const bench_request *q, const predictions *const sets[3])
{
    static const char *const names[] = {"lo", "hi", "data", "samples", "noise"};
    jem_status st;
    int64_t counts[3][HISTOGRAM_BINS];
    double lo = INFINITY, hi = -INFINITY;
    table t = TABLE_INIT;

    for (int k = 0; k < 3; k++) stats_range_extend(&lo, &hi, sets[k]->lse, sets[k]->n);
    if (!(lo <= hi)) lo = hi = 0; /* not one finite value */
    if (lo == hi) hi = lo + 1;
    for (int k = 0; k < 3; k++)
        stats_histogram(counts[k], HISTOGRAM_BINS, lo, hi, sets[k]->lse, sets[k]->n);
    TRY(table_init(&t, 5, names));
    for (int b = 0; b < HISTOGRAM_BINS; b++) {
        double row[5] = {lo + (hi - lo) * b / HISTOGRAM_BINS,
                         lo + (hi - lo) * (b + 1) / HISTOGRAM_BINS};
        for (int k = 0; k < 3; k++) row[2 + k] = sets[k]->n ? (double)counts[k][b] : NAN;
        TRY(table_append(&t, row));
    }
    TRY(table_save(&t, q->out, "energy_hist"));
done:
    table_clear(&t);
    return st;
}

/* ---- out of distribution */

typedef enum ood_score { OOD_LSE, OOD_MAX_SOFTMAX, OOD_GRAD_NORM, OOD_SCORES } ood_score;
static const char *const score_names[OOD_SCORES] = {"lse", "max_softmax", "grad_norm"};
static const char *const score_formulas[OOD_SCORES] = {
    "AUROC of LSE(f(x)); DeLong interval", "AUROC of max softmax; DeLong interval",
    "AUROC of -|d LSE/dx|_2; DeLong interval"};

static double score_of(const predictions *p, ood_score kind, int64_t i)
{
    if (kind == OOD_LSE) return p->lse[i];
    return kind == OOD_MAX_SOFTMAX ? p->max_softmax[i] : -p->grad_norm[i];
}

/* Sum of squared deviations of (rank among all - rank among its own kind) / others:
 * the spread of the placements behind an AUROC (DeLong et al. 1988). */
static jem_status placement_variance(double *variance, const double *all, const double *own,
                                     int64_t n, int64_t others)
{
    jem_status st;
    double *within = NULL, *placement = NULL;
    TRY(MEM_NEW(within, n));
    TRY(MEM_NEW(placement, n));
    TRY(stats_ranks(within, own, n));
    for (int64_t i = 0; i < n; i++) placement[i] = (all[i] - within[i]) / (double)others;
    double sd = n > 1 ? stats_sd(placement, n) : 0;
    *variance = sd * sd / (double)n;
done:
    mem_free(within);
    mem_free(placement);
    return st;
}

/* values [n + m]: scores of the data, then of the other set. */
static jem_status auroc(bench_score *r, const double *values, int64_t n, int64_t m)
{
    jem_status st;
    double *ranks = NULL, a, b;
    TRY(MEM_NEW(ranks, n + m));
    TRY(stats_auroc(&r->value, values, n, values + n, m));
    TRY(stats_ranks(ranks, values, n + m));
    TRY(placement_variance(&a, ranks, values, n, m));
    TRY(placement_variance(&b, ranks + n, values + n, m, n));
    double half = stats_z95 * sqrt(a + b);
    r->interval = (stats_interval){fmax(0, r->value - half), fmin(1, r->value + half)};
    r->n = n + m;
done:
    mem_free(ranks);
    return st;
}

static jem_status add_aurocs(const bench_request *q, const char *set, const predictions *data,
                             const predictions *other)
{
    jem_status st;
    double *values = NULL;
    char condition[160];

    TRY(MEM_NEW(values, data->n + other->n));
    for (int k = 0; k < OOD_SCORES; k++) {
        bench_score r = {.benchmark = "ood", .metric = "auroc", .condition = condition,
                    .formula = score_formulas[k]};
        for (int64_t i = 0; i < data->n; i++) values[i] = score_of(data, (ood_score)k, i);
        for (int64_t i = 0; i < other->n; i++)
            values[data->n + i] = score_of(other, (ood_score)k, i);
        snprintf(condition, sizeof condition, "%s:%s", score_names[k], set);
        st = generative_tolerate(q, condition, auroc(&r, values, data->n, other->n));
        if (st != JEM_OK) goto done;
        if (r.n) TRY(generative_add(q, &r));
    }
done:
    mem_free(values);
    return st;
}

static jem_status add_source(const bench_request *q, const char *name, const predictions *data,
                             const image_source *images)
{
    jem_status st;
    predictions p = PREDICTIONS_INIT;
    if (images->n == 0) return JEM_OK;
    TRY(predict(&p, generative_of(q), images, true));
    TRY(add_aurocs(q, name, data, &p));
done:
    predictions_clear(&p);
    return st;
}

/* "cifar10:/data/cifar" as a condition: the last part of the path. */
static jem_status add_user_set(const bench_request *q, const predictions *data, const char *kind,
                               const char *path)
{
    jem_status st;
    data_options o = *generative_of(q)->data_options;
    splits s = {NULL, NULL, NULL};
    const char *slash = strrchr(path, '/'), *name = slash && slash[1] ? slash + 1 : path;

    snprintf(o.kind, sizeof o.kind, "%s", kind);
    snprintf(o.path, sizeof o.path, "%s", path);
    o.size = dataset_is_8bit(generative_of(q)->data->test) && generative_of(q)->image.h == generative_of(q)->image.w ? generative_of(q)->image.h : 0;
    o.limit = 0;
    o.val_fraction = o.test_fraction = 0;
    TRY(data_load(&s, &o, 0));
    const dataset *d = s.test && s.test->n ? s.test : s.train;
    if (d->channels != generative_of(q)->image.c || d->height != generative_of(q)->image.h || d->width != generative_of(q)->image.w) {
        st = jem_error(JEM_EDATA,
                       "eval.ood: %s has images of %lldx%lldx%lld, the model takes %lldx%lldx%lld",
                       path, (long long)d->channels, (long long)d->height, (long long)d->width,
                       (long long)generative_of(q)->image.c, (long long)generative_of(q)->image.h, (long long)generative_of(q)->image.w);
        goto done;
    }
    const image_source images = source_dataset(d, eval_options_of(q)->limit);
    TRY(add_source(q, name, data, &images));
done:
    splits_free(&s);
    return st;
}

static jem_status add_user_sets(const bench_request *q, const predictions *data)
{
    jem_status st;
    char *list = NULL, *rest = NULL;
    TRY(mem_strdup(&list, eval_options_of(q)->ood));
    for (char *w = strtok_r(list, ",", &rest); w; w = strtok_r(NULL, ",", &rest)) {
        while (*w == ' ') w++;
        char *colon = strchr(w, ':');
        if (!colon || !colon[1]) {
            st = jem_error(JEM_EUSAGE, "eval.ood: '%s': expected KIND:PATH, such as folder:DIR", w);
            goto done;
        }
        *colon = '\0';
        TRY(add_user_set(q, data, w, colon + 1));
    }
done:
    mem_free(list);
    return st;
}

static jem_status add_ood(const bench_request *q, const predictions *data, const predictions *noise)
{
    jem_status st;
    const dataset *test = generative_of(q)->data->test;
    uint64_t seed = (uint64_t)eval_options_of(q)->seed;
    const image_source constant = source_constant(generative_of(q)->image, data->n, seed);
    const image_source mixed = source_interpolated(test, eval_options_of(q)->limit, seed);

    TRY(add_aurocs(q, "noise", data, noise));
    TRY(add_source(q, "constant", data, &constant));
    TRY(add_source(q, "interpolated", data, &mixed));
    TRY(add_user_sets(q, data));
done:
    return st;
}

static jem_status run(const bench_request *q)
{
    jem_status st;
    const generative *g = generative_of(q);
    const int64_t limit = eval_options_of(q)->limit;
    predictions data = PREDICTIONS_INIT, samples = PREDICTIONS_INIT, noise = PREDICTIONS_INIT;
    const predictions *const sets[3] = {&data, &samples, &noise};
    const image_source test = source_dataset(g->data->test, limit);
    const image_source buffer = source_array(g->replay, g->replay_count, g->image, limit);
    const image_source uniform = source_noise(g->image, test.n, (uint64_t)eval_options_of(q)->seed);

    TRY(predict(&data, g, &test, true));
    TRY(predict(&noise, g, &uniform, true));
    if (g->replay) TRY(predict(&samples, g, &buffer, false));
    TRY(add_mean(q, "data", &data));
    if (g->replay) TRY(add_mean(q, "samples", &samples));
    TRY(add_mean(q, "noise", &noise));
    TRY(write_histogram(q, sets));
    TRY(add_ood(q, &data, &noise));
done:
    predictions_clear(&data);
    predictions_clear(&samples);
    predictions_clear(&noise);
    return st;
}

const benchmark bench_energy = {
    .name = "energy",
    .measures = "log-sum-exp of data, samples and noise; how well it tells other images from the "
                "training kind",
    .meaning = &ood_measures,
    .also = &energy_measures,
    .generative = true,
    .run = run,
};
