/* What the network's features say about the surfaces of its own test split: gloss, light field,
 * relief, as scores of "scenes"; those of "gloss" are the benchmark's (bench/gloss/scenes.h).
 *
 * Probes are linear, standardised and fitted on training and validation images and
 * scored on test images (Storrs et al. 2021; the study's D.2).  Gloss is read from the
 * classifier head, except at alpha = 1, where the head was never trained and a linear
 * support vector machine on the features takes its place.  Trials keep the answers that a score was
 * made of, whichever they were. */
#include <math.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/predict.h"
#include "bench/scene_trials.h"
#include "bench/scenes/measure.h"
#include "stats/classify.h"
#include "stats/probe.h"

enum { LIGHT_FIELDS = 6 };

/* Features of train + val and of test, with what is to be read from them. */
typedef struct probe_data {
    int64_t n, m, d; /* fitting images, test images, dimensions */
    double *train, *test;
    int32_t *train_gloss, *test_gloss, *train_light, *test_light;
    double *train_bump, *test_bump;
    int64_t lights;
    const char *feature;
} probe_data;

static void probe_data_clear(probe_data *p)
{
    void *const owned[] = {p->train,       p->test,       p->train_gloss, p->test_gloss,
                           p->train_light, p->test_light, p->train_bump,  p->test_bump};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(owned[i]);
}

/* Labels and columns of d into the arrays from row `first` on. */
static void take_truth(const dataset *d, int64_t first, int32_t *gloss, int32_t *light,
                       double *bump, int64_t *lights)
{
    const double *l = dataset_column(d, "light"), *b = dataset_column(d, "bump");
    for (int64_t i = 0; i < d->n; i++) {
        gloss[first + i] = d->labels[i];
        light[first + i] = (int32_t)l[i];
        bump[first + i] = b[i];
        if ((int64_t)l[i] >= *lights) *lights = (int64_t)l[i] + 1;
    }
}

static jem_status truth_init(probe_data *p, const splits *s)
{
    jem_status st;
    int64_t val = s->val ? s->val->n : 0;
    p->n = s->train->n + val;
    p->m = s->test->n;
    TRY(MEM_NEW(p->train_gloss, p->n));
    TRY(MEM_NEW(p->train_light, p->n));
    TRY(MEM_NEW(p->train_bump, p->n));
    TRY(MEM_NEW(p->test_gloss, p->m));
    TRY(MEM_NEW(p->test_light, p->m));
    TRY(MEM_NEW(p->test_bump, p->m));
    take_truth(s->train, 0, p->train_gloss, p->train_light, p->train_bump, &p->lights);
    if (val)
        take_truth(s->val, s->train->n, p->train_gloss, p->train_light, p->train_bump, &p->lights);
    take_truth(s->test, 0, p->test_gloss, p->test_light, p->test_bump, &p->lights);
done:
    return st;
}

/* Appends the features of d behind the `used` rows of *all. */
static jem_status features_of(double **all, int64_t *used, int64_t *dim, const bench_request *q,
                              const dataset *d)
{
    jem_status st = JEM_OK;
    double *more = NULL, *both = NULL;
    const image_source images = source_dataset(d, 0);

    if (d->n == 0) return JEM_OK;
    TRY(predict_features(&more, dim, generative_of(q), false, &images));
    TRY(MEM_NEW(both, (*used + d->n) * *dim));
    for (int64_t i = 0; i < *used * *dim; i++) both[i] = (*all)[i];
    for (int64_t i = 0; i < d->n * *dim; i++) both[*used * *dim + i] = more[i];
    mem_free(*all);
    *all = both;
    *used += d->n;
    both = NULL;
done:
    mem_free(more);
    mem_free(both);
    return st;
}

static jem_status probe_data_init(probe_data *p, const bench_request *q)
{
    jem_status st;
    const splits *s = generative_of(q)->data;
    int64_t train = 0, test = 0;

    p->feature = generative_of(q)->feature;
    TRY(truth_init(p, s));
    TRY(features_of(&p->train, &train, &p->d, q, s->train));
    if (s->val) TRY(features_of(&p->train, &train, &p->d, q, s->val));
    TRY(features_of(&p->test, &test, &p->d, q, s->test));
done:
    return st;
}

/* ---- trials */

static void name_of(char name[SCENE_NAME_MAX], const void *ctx, int64_t i)
{
    (void)ctx;
    generative_picture(name, i);
}

static scene_rows rows_of(const char *who, int64_t n)
{
    return (scene_rows){.who = who, .n = n, .name = name_of};
}

/* ---- the three scores */

/* A question whose answers are classes, and what it is scored under. */
typedef struct label_question {
    const char *name, *metric, *what;
    const int32_t *train, *test; /* labels */
    int64_t classes;
} label_question;

static jem_status add_share(const bench_request *q, trial_list *trials, const label_question *a,
                            const int32_t *answer, int64_t n, const char *formula)
{
    jem_status st;
    char who[GENERATIVE_NAME_MAX];
    int64_t right = 0;

    for (int64_t i = 0; i < n; i++) right += answer[i] == a->test[i];
    const bench_score r = {.benchmark = "scenes", .metric = a->metric, .value = (double)right / (double)n,
                           .n = n, .interval = stats_wilson(right, n, stats_z95), .formula = formula};
    TRY(generative_add(q, &r));
    generative_name(who, q);
    const scene_rows rows = rows_of(who, n);
    TRY(scene_trials_labels(trials, &rows, a->name, answer, a->test));
done:
    return st;
}

static jem_status svm_score(const bench_request *q, trial_list *trials, const probe_data *p,
                            const label_question *a)
{
    jem_status st;
    double c;
    char formula[200];
    int32_t *answer = NULL;

    TRY(MEM_NEW(answer, p->m));
    TRY(stats_svm_probe_predict(answer, NULL, &c,
                                &(stats_svm_probe){.train = p->train,
                                                   .labels = a->train,
                                                   .n = p->n,
                                                   .test = p->test,
                                                   .m = p->m,
                                                   .d = p->d,
                                                   .classes = a->classes,
                                                   .seed = (uint64_t)eval_options_of(q)->seed,
                                                   .threads = q->threads}));
    snprintf(formula, sizeof formula,
             "%s by linear SVM (C = %g by 5-fold cross-validation) on %lld-d %s, fitted on %lld "
             "training and validation images; Wilson interval",
             a->what, c, (long long)p->d, p->feature, (long long)p->n);
    TRY(add_share(q, trials, a, answer, p->m, formula));
done:
    mem_free(answer);
    return st;
}

static jem_status head_score(const bench_request *q, trial_list *trials, const label_question *a)
{
    jem_status st;
    const image_source images = source_dataset(generative_of(q)->data->test, 0);
    predictions p = PREDICTIONS_INIT;
    int32_t *answer = NULL;

    TRY(predict(&p, generative_of(q), &images, false));
    TRY(MEM_NEW(answer, p.n));
    for (int64_t i = 0; i < p.n; i++) answer[i] = (int32_t)stats_argmax(p.logits + i * p.k, p.k);
    TRY(add_share(q, trials, a, answer, p.n, "share of argmax f(x) == gloss label; Wilson interval"));
done:
    mem_free(answer);
    predictions_clear(&p);
    return st;
}

static jem_status relief_score(const bench_request *q, trial_list *trials, const probe_data *p)
{
    jem_status st;
    char formula[160], who[GENERATIVE_NAME_MAX];
    double *yhat = NULL;
    bench_score r = {.benchmark = "scenes", .metric = "relief_r2", .n = p->m, .formula = formula};

    TRY(MEM_NEW(yhat, p->m));
    TRY(stats_ols_probe_predict(yhat, p->train, p->train_bump, p->n, p->test, p->m, p->d));
    TRY(stats_r2(&r.value, p->test_bump, yhat, p->m));
    TRY(stats_r2_interval(&r.interval, p->test_bump, yhat, p->m, 1000, 0.95,
                          (uint64_t)eval_options_of(q)->seed));
    snprintf(formula, sizeof formula,
             "R2 of bump height by least squares on %lld-d %s, fitted on %lld training and "
             "validation images; bootstrap interval",
             (long long)p->d, p->feature, (long long)p->n);
    TRY(generative_add(q, &r));
    generative_name(who, q);
    const scene_rows rows = rows_of(who, p->m);
    TRY(scene_trials_heights(trials, &rows, yhat, p->test_bump));
done:
    mem_free(yhat);
    return st;
}

static jem_status run(const bench_request *q)
{
    jem_status st;
    const dataset *test = generative_of(q)->data->test;
    probe_data p = {.n = 0};
    trial_list trials = TRIAL_LIST_INIT;

    if (!dataset_column(test, "light") || !dataset_column(test, "bump")) return JEM_OK;
    TRY(probe_data_init(&p, q));
    const label_question gloss = {"gloss", "accuracy", "gloss", p.train_gloss, p.test_gloss, test->classes},
                         light = {"light", "light_accuracy", "light field", p.train_light, p.test_light, p.lights};
    if (generative_of(q)->learned_labels)
        TRY(head_score(q, &trials, &gloss));
    else
        TRY(generative_tolerate(q, "gloss accuracy", svm_score(q, &trials, &p, &gloss)));
    if (p.lights != LIGHT_FIELDS)
        log_warning("%s: %lld light fields instead of %d: chance is not 1/6", q->out,
                    (long long)p.lights, LIGHT_FIELDS);
    TRY(generative_tolerate(q, "light-field accuracy", svm_score(q, &trials, &p, &light)));
    TRY(generative_tolerate(q, "surface relief", relief_score(q, &trials, &p)));
    TRY(trial_list_save(&trials, q->out, "scenes"));
done:
    trial_list_clear(&trials);
    probe_data_clear(&p);
    return st;
}

const benchmark bench_scenes = {
    .name = "scenes",
    .measures = "gloss, light field and relief in features of the run's own test scenes",
    .meaning = &scenes_measures,
    .generative = true,
    .run = run,
};
