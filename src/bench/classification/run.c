/* The test images through the classifier: accuracy, likelihood, calibration, and one
 * trial per image. */
#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/classification/measure.h"
#include "bench/predict.h"
#include "stats/calibration.h"
#include "stats/classify.h"

/* Per test image. */
typedef struct answers {
    int64_t n;
    double *confidence, *nll;
    bool *correct;
} answers;

static void answers_clear(answers *a)
{
    mem_free(a->confidence);
    mem_free(a->nll);
    mem_free(a->correct);
}

static jem_status answers_init(answers *a, const predictions *p, const int32_t *labels)
{
    jem_status st;
    a->n = p->n;
    TRY(MEM_NEW(a->confidence, p->n));
    TRY(MEM_NEW(a->nll, p->n));
    TRY(MEM_NEW(a->correct, p->n));
    for (int64_t i = 0; i < p->n; i++) {
        const double *row = p->logits + i * p->k;
        a->confidence[i] = p->max_softmax[i];
        a->nll[i] = p->lse[i] - row[labels[i]];
        a->correct[i] = stats_argmax(row, p->k) == labels[i];
    }
done:
    return st;
}

/* ---- calibration */

typedef struct resampled {
    const answers *a;
    double *confidence;
    bool *correct;
} resampled;

static double ece_of(const void *ctx, const int64_t *index, int64_t n)
{
    const resampled *r = ctx;
    reliability_bin bins[STATS_CALIBRATION_BINS];
    for (int64_t i = 0; i < n; i++) {
        r->confidence[i] = r->a->confidence[index[i]];
        r->correct[i] = r->a->correct[index[i]];
    }
    stats_reliability(bins, STATS_CALIBRATION_BINS, r->confidence, r->correct, n);
    return stats_ece(bins, STATS_CALIBRATION_BINS);
}

static jem_status ece_interval(stats_interval *out, const bench_request *q, const answers *a)
{
    jem_status st;
    resampled r = {a, NULL, NULL};
    TRY(MEM_NEW(r.confidence, a->n));
    TRY(MEM_NEW(r.correct, a->n));
    TRY(stats_bootstrap(out, ece_of, &r, a->n, 1000, 0.95, (uint64_t)eval_options_of(q)->seed));
done:
    mem_free(r.confidence);
    mem_free(r.correct);
    return st;
}

static jem_status calibration(const bench_request *q, const answers *a)
{
    static const char *const names[] = {"lo", "hi", "confidence", "accuracy", "count"};
    jem_status st;
    reliability_bin bins[STATS_CALIBRATION_BINS];
    table t = TABLE_INIT;
    bench_score r = {.benchmark = "classification", .metric = "ece", .n = a->n,
                .formula = "sum over 20 equal bins of max softmax: (n_b/n) |accuracy_b - "
                           "confidence_b|; bootstrap interval"};

    stats_reliability(bins, STATS_CALIBRATION_BINS, a->confidence, a->correct, a->n);
    r.value = stats_ece(bins, STATS_CALIBRATION_BINS);
    TRY(ece_interval(&r.interval, q, a));
    TRY(generative_add(q, &r));
    TRY(table_init(&t, 5, names));
    for (int i = 0; i < STATS_CALIBRATION_BINS; i++) {
        const reliability_bin *b = &bins[i];
        const double row[] = {b->lo, b->hi, b->confidence, b->accuracy, (double)b->count};
        TRY(table_append(&t, row));
    }
    TRY(table_save(&t, q->out, "reliability"));
done:
    table_clear(&t);
    return st;
}

/* ---- trials */

static jem_status write_trials(const bench_request *q, const predictions *p)
{
    jem_status st;
    trial_list list = TRIAL_LIST_INIT;

    for (int64_t i = 0; i < p->n; i++)
        TRY(generative_add_trial(q, &list, "test", i, stats_argmax(p->logits + i * p->k, p->k)));
    TRY(trial_list_save(&list, q->out, "test"));
done:
    trial_list_clear(&list);
    return st;
}

static jem_status accuracy_and_likelihood(const bench_request *q, const answers *a)
{
    jem_status st;
    int64_t hits = 0;
    for (int64_t i = 0; i < a->n; i++) hits += a->correct[i];
    const bench_score accuracy = {.benchmark = "classification", .metric = "accuracy", .n = a->n,
                             .value = (double)hits / (double)a->n,
                             .interval = stats_wilson(hits, a->n, stats_z95),
                             .formula = "share of argmax f(x) == label; Wilson interval"};
    bench_score nll = {.benchmark = "classification", .metric = "nll", .n = a->n,
                  .value = stats_mean(a->nll, a->n),
                  .formula = "mean of LSE(f(x)) - f_label(x), nats; bootstrap interval"};
    TRY(generative_add(q, &accuracy));
    TRY(stats_bootstrap_mean(&nll.interval, a->nll, a->n, (uint64_t)eval_options_of(q)->seed));
    TRY(generative_add(q, &nll));
done:
    return st;
}

static jem_status run(const bench_request *q)
{
    jem_status st;
    const dataset *d = generative_of(q)->data->test;
    const image_source images = source_dataset(d, 0);
    predictions p = PREDICTIONS_INIT;
    answers a = {0, NULL, NULL, NULL};

    TRY(predict(&p, generative_of(q), &images, false));
    TRY(answers_init(&a, &p, d->labels));
    TRY(accuracy_and_likelihood(q, &a));
    TRY(calibration(q, &a));
    TRY(write_trials(q, &p));
done:
    answers_clear(&a);
    predictions_clear(&p);
    return st;
}

const benchmark bench_classification = {
    .name = "classification",
    .measures = "accuracy, likelihood and calibration on the run's own test images",
    .meaning = &classification_measures,
    .generative = true,
    .run = run,
};
