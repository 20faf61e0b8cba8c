/* CIFAR-10H: a model's class probabilities for the CIFAR-10 test images against the answers of
 * about 51 people per image (Peterson, Battleday, Griffiths & Russakovsky, ICCV 2019).
 *
 * Trials: OUT/trials/cifar10h.csv has the model's first choice per image, and
 * cifar10h-logits.npy (or -probabilities.npy) what it answered: scored again as recorded answers
 * it gives the same numbers. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/try.h"
#include "bench/benchmarks.h"
#include "bench/cifar10h/job.h"
#include "bench/cifar10h/redraw.h"
#include "jem/tensor.h"
#include "stats/classify.h"
#include "stats/soft_label.h"
#include "stats/soft_label_scores.h"

enum { N = CIFAR10H_IMAGES, K = CIFAR10H_CLASSES, FORMULA_MAX = 400 };

/* ---- settings */

#define AT(field) offsetof(cifar10h_options, field)
static const option cifar10h_option_table[] = {
    {"images", OPTION_STRING, AT(images), "", 0, 0, NULL,
     "folder with test_batch.bin of CIFAR-10's binary version, for models that see pictures"},
    {"ceiling", OPTION_CHOICE, AT(ceiling), "paper", 0, 0, "paper|split_half|entropy",
     "human reference of the cross-entropy: the paper's " CIFAR10H_PAPER_TEXT ", half of the people "
     "predicting the other half, or the entropy of all of them (a lower bound)"},
    {"floor", OPTION_REAL, AT(floor), "1e-12", 1e-300, 0.1, NULL,
     "least probability in the split-half value, which depends on it"},
    {"splits", OPTION_INT, AT(splits), "5", 1, 1000, NULL, "random halves it is averaged over"},
    {"clip", OPTION_REAL, AT(clip), "1e-12", 1e-12, 0.1, NULL,
     "least probability of models that gave probabilities instead of logits"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

static void job_clear(cifar10h_job *j)
{
    cifar10h_clear(&j->data);
    mem_free(j->human_entropy);
    mem_free(j->split_half);
    mem_free(j->logits);
    mem_free(j->logq);
}

jem_status cifar10h_add(const cifar10h_job *j, bench_score s)
{
    s.benchmark = "cifar10h";
    s.dataset = "cifar10h";
    if (s.n == 0) s.n = N;
    s.data_hash = j->data.hash;
    return bench_add(j->r, &s);
}

typedef struct columns {
    const double *const *x; /* [count][N] */
    int64_t count;
} columns;

/* A stats_resampled: the mean of each column. */
static jem_status resampled_means(double *values, const void *ctx, const stats_draw *draw)
{
    const columns *c = ctx;
    for (int64_t v = 0; v < c->count; v++) {
        jem_status st = stats_resampled_mean(&values[v], c->x[v], draw);
        if (st != JEM_OK) return st;
    }
    return JEM_OK;
}

jem_status cifar10h_mean_intervals(stats_interval *interval, const cifar10h_job *j,
                                   const double *const *x, int64_t count)
{
    jem_status st;
    static const int64_t size = N;
    const bench_options *o = j->r->common;
    const columns all = {x, count};
    double *means = NULL;
    const stats_bootstrap_plan rounds = {.factors = 1,
                                         .sizes = &size,
                                         .values = count,
                                         .statistic = resampled_means,
                                         .ctx = &all,
                                         .rounds = o->rounds,
                                         .seed = (uint64_t)o->seed,
                                         .threads = j->r->threads};

    TRY(MEM_NEW(means, o->rounds * count));
    TRY(stats_bootstrap_distribution(means, &rounds));
    for (int64_t v = 0; v < count; v++)
        TRY(stats_percentile_interval(&interval[v], NULL, means + v, o->rounds, count, o->level));
done:
    mem_free(means);
    return st;
}

/* ---- the model's answers */

/* pictures [N] of the data set; they borrow pixels [N][h][w][c]. */
static void take_pictures(image *pictures, uint8_t *pixels, const dataset *d)
{
    int64_t row = dataset_row_size(d);
    for (int64_t i = 0; i < d->n; i++) {
        pictures[i] = (image){d->height, d->width, d->channels, pixels + i * row};
        image_from_planar(&pictures[i], d->pixels + i * row);
    }
}

static jem_status ask(cifar10h_job *j)
{
    jem_status st;
    const subject *s = j->r->subject;
    stimulus *stimuli = NULL;
    image *pictures = NULL; /* borrow pixels */
    uint8_t *pixels = NULL;

    TRY(MEM_NEW(stimuli, N));
    TRY(MEM_NEW(j->logits, N * K));
    if (j->data.pictures) {
        TRY(MEM_NEW(pixels, N * dataset_row_size(j->data.pictures)));
        TRY(MEM_NEW(pictures, N));
        take_pictures(pictures, pixels, j->data.pictures);
    }
    for (int64_t i = 0; i < N; i++)
        stimuli[i] = (stimulus){
            .name = j->data.name[i], .place = i, .picture = pictures ? &pictures[i] : NULL};
    TRY(s->ops->logits(s->ctx, stimuli, N, j->logits));
done:
    mem_free(pixels);
    mem_free(pictures);
    mem_free(stimuli);
    return st;
}

/* j->logq <- log-probabilities; j->logits stays what was answered, with probabilities below
 * the floor raised to it. */
static jem_status take_answers(cifar10h_job *j)
{
    jem_status st;
    const subject *s = j->r->subject;
    double *q = NULL;

    TRY(ask(j));
    TRY(MEM_NEW(j->logq, N * K));
    if (s->logits_known) {
        TRY(stats_log_softmax(j->logq, j->logits, N, K));
    } else {
        TRY(MEM_NEW(q, N * K));
        for (int64_t i = 0; i < N * K; i++) q[i] = exp(j->logits[i]);
        TRY(stats_log_clipped(j->logq, NULL, q, j->o->clip, N, K));
    }
done:
    mem_free(q);
    return st == JEM_EDATA ? jem_error_context(st, "answers of %s", s->name) : st;
}

static jem_status check_subject(const cifar10h_job *j)
{
    const subject *s = j->r->subject;
    jem_status st = subject_can(s, s->ops->logits != NULL, "cifar10h", bench_cifar10h.needs);
    if (st != JEM_OK) return st;
    if (s->classes != K)
        return jem_error(JEM_EUSAGE,
                         "%s answers with %" PRId64
                         " classes; cifar10h needs the 10 of CIFAR-10 in their order",
                         s->name, s->classes);
    if (s->places && s->places != N)
        return jem_error(JEM_EDATA,
                         "%s: answers to %" PRId64 " images, people labelled %d; expected [%d][%d] "
                         "in the order of test_batch.bin",
                         s->name, s->places, N, N, K);
    if (s->needs_pictures && !j->o->images[0])
        return jem_error(JEM_EUSAGE,
                         "%s looks at pictures: set cifar10h.images to the folder with "
                         "test_batch.bin (cifar-10-binary.tar.gz of "
                         "https://www.cs.toronto.edu/~kriz/cifar.html)",
                         s->name);
    return JEM_OK;
}

/* ---- scores of the model */

static const struct {
    const char *name, *formula;
} metrics[SOFT_METRICS] = {
    [SOFT_CROSS_ENTROPY] = {"cross_entropy_human",
                            "mean over images of -sum_k p log q, p shares of people, q the model"},
    [SOFT_KL] = {"kl_human_model", "cross-entropy minus the mean entropy of people"},
    [SOFT_JS] = {"js_divergence", "mean of KL(p|m)/2 + KL(q|m)/2, m = (p + q)/2"},
    [SOFT_LABEL_LOSS] = {"cross_entropy_label", "mean of -log q[label]"},
    [SOFT_ACCURACY] = {"accuracy", "share of argmax q == label"},
    [SOFT_ACCURACY_HUMAN] = {"accuracy_human_argmax",
                             "share of argmax q == argmax p; the lowest class wins ties"},
    [SOFT_ENTROPY] = {"mean_model_entropy", "mean of -sum_k q log q"},
    [SOFT_ENTROPY_PEARSON] = {"entropy_pearson", "Pearson r of the entropies of p and q"},
    [SOFT_ENTROPY_SPEARMAN] = {"entropy_spearman",
                               "Spearman correlation of the entropies of p and q, average ranks"},
    [SOFT_CELL_PEARSON] = {"prob_pearson_all_cells", "Pearson r over all 100,000 cells of p and q"},
    [SOFT_ECE] = {"ece_15",
                  "calibration error over 15 bins, confidence m in bin min(floor(15 m), 14)"},
};

static const char *const class_metrics[SOFT_CLASS_METRICS] = {
    [SOFT_CLASS_CROSS_ENTROPY] = "cross_entropy_human",
    [SOFT_CLASS_KL] = "kl_human_model",
    [SOFT_CLASS_ACCURACY] = "accuracy",
    [SOFT_CLASS_ENTROPY] = "mean_model_entropy",
};

static double human_cross_entropy(const cifar10h_job *j, const char **what)
{
    switch ((cifar10h_ceiling)j->o->ceiling) {
    case CEILING_SPLIT_HALF:
        *what = "ceiling: split half of people";
        return stats_mean(j->split_half, N);
    case CEILING_ENTROPY:
        *what = "ceiling: entropy of people";
        return stats_mean(j->human_entropy, N);
    case CEILING_PAPER:
        break;
    }
    *what = "ceiling: the paper's " CIFAR10H_PAPER_TEXT;
    return CIFAR10H_PAPER_CEILING;
}

/* Human ceiling of a metric and its name; NaN and "" where there is none. */
static double ceiling_of(const cifar10h_job *j, stats_soft_metric m, const char **what)
{
    int64_t right = 0;
    *what = "";
    switch (m) {
    case SOFT_CROSS_ENTROPY:
        return human_cross_entropy(j, what);
    case SOFT_KL:
        return human_cross_entropy(j, what) - stats_mean(j->human_entropy, N);
    case SOFT_ENTROPY:
        *what = "ceiling: entropy of people";
        return stats_mean(j->human_entropy, N);
    case SOFT_ACCURACY:
        *what = "ceiling: most frequent human answer";
        for (int64_t i = 0; i < N; i++)
            right += stats_argmax(j->data.p + i * K, K) == j->data.label[i];
        return (double)right / N;
    default:
        return NAN;
    }
}

static void describe(char text[FORMULA_MAX], const cifar10h_job *j, const char *formula,
                     const char *ceiling)
{
    char clip[100] = "; q = softmax of logits, natural logarithm";
    if (!j->r->subject->logits_known)
        snprintf(clip, sizeof clip, "; probabilities below %g count as that", j->o->clip);
    snprintf(text, FORMULA_MAX, "%s%s; percentile bootstrap over images%s%s", formula, clip,
             *ceiling ? "; " : "", ceiling);
}

static jem_status add_all(const cifar10h_job *j, const double *value, const double *distribution,
                          const int64_t of_class[K])
{
    jem_status st = JEM_OK;
    const bench_options *c = j->r->common;
    int64_t values = stats_soft_values(K);
    char formula[FORMULA_MAX];

    for (int64_t v = 0; v < values; v++) {
        int64_t of = (v - SOFT_METRICS) / SOFT_CLASS_METRICS;
        bool whole = v < SOFT_METRICS;
        const char *name =
            whole ? metrics[v].name : class_metrics[(v - SOFT_METRICS) % SOFT_CLASS_METRICS];
        const char *what = "";
        bench_score s = {.metric = name,
                         .value = value[v],
                         .formula = formula,
                         .ceiling = NAN,
                         .condition = whole ? NULL : j->data.class_names[of],
                         .n = whole ? N : of_class[of]};
        if (isnan(value[v])) {
            log_warning("cifar10h: %s of %s is undefined and left out: nothing varies", name,
                        j->r->subject->name);
            continue;
        }
        if (whole) s.ceiling = ceiling_of(j, (stats_soft_metric)v, &what);
        describe(formula, j, whole ? metrics[v].formula : "the same over images of one class",
                 what);
        TRY(stats_percentile_interval(&s.interval, NULL, distribution + v, c->rounds, values,
                                      c->level));
        TRY(cifar10h_add(j, s));
    }
done:
    return st;
}

static jem_status score_model(const cifar10h_job *j)
{
    jem_status st;
    static const int64_t size = N;
    const bench_options *c = j->r->common;
    stats_soft_scores scores = {0};
    double value[SOFT_METRICS + SOFT_CLASS_METRICS * K], *distribution = NULL;
    int64_t of_class[K] = {0};

    TRY(stats_soft_scores_init(&scores, j->data.p, j->logq, j->data.label, N, K));
    TRY(stats_soft_scores_draw(value, &scores, NULL));
    const stats_bootstrap_plan rounds = {.factors = 1,
                                         .sizes = &size,
                                         .values = stats_soft_values(K),
                                         .statistic = stats_soft_scores_draw,
                                         .ctx = &scores,
                                         .rounds = c->rounds,
                                         .seed = (uint64_t)c->seed,
                                         .threads = j->r->threads};
    TRY(MEM_NEW(distribution, c->rounds * rounds.values));
    TRY(stats_bootstrap_distribution(distribution, &rounds));
    for (int64_t i = 0; i < N; i++) of_class[j->data.label[i]]++;
    TRY(add_all(j, value, distribution, of_class));
done:
    mem_free(distribution);
    stats_soft_scores_clear(&scores);
    return st;
}

/* The same network if it were exactly as unsure, on average, as people. */
static jem_status score_scaled(const cifar10h_job *j)
{
    static const char *const names[] = {"cross_entropy_human_scaled", "kl_human_model_scaled"};
    jem_status st;
    double *scaled = NULL, *ce = NULL, *kl = NULL, t[2];
    int32_t *half = NULL;
    char formula[FORMULA_MAX];
    stats_interval interval[2];
    const char *what;

    TRY(MEM_NEW(scaled, N * K));
    TRY(MEM_NEW(ce, N));
    TRY(MEM_NEW(kl, N));
    TRY(MEM_NEW(half, N));
    TRY(stats_soft_temperature(scaled, t, half, j->r->subject->logits_known ? j->logits : j->logq,
                               j->data.p, (uint64_t)j->r->common->seed, N, K));
    snprintf(formula, sizeof formula,
             "with logits divided by the temperature that minimises it on the other half of the "
             "images: %.6g and %.6g for two random halves, held fixed in the bootstrap over images",
             t[0], t[1]);
    stats_cross_entropy(ce, j->data.p, scaled, N, K);
    for (int64_t i = 0; i < N; i++) kl[i] = ce[i] - j->human_entropy[i];
    const double *const rows[] = {ce, kl};
    TRY(cifar10h_mean_intervals(interval, j, rows, 2));
    for (int m = 0; m < 2; m++)
        TRY(cifar10h_add(
            j, (bench_score){.metric = names[m],
                             .value = stats_mean(rows[m], N),
                             .interval = interval[m],
                             .formula = formula,
                             .ceiling = ceiling_of(j, m ? SOFT_KL : SOFT_CROSS_ENTROPY, &what)}));
    TRY(cifar10h_add(j, (bench_score){.metric = "temperature",
                                      .value = sqrt(t[0] * t[1]),
                                      .interval = {NAN, NAN},
                                      .ceiling = NAN,
                                      .formula = formula}));
done:
    mem_free(half);
    mem_free(kl);
    mem_free(ce);
    mem_free(scaled);
    return st;
}

/* ---- trials */

static jem_status save_answers(const cifar10h_job *j)
{
    jem_status st;
    char *path = NULL;
    jem_tensor t = JEM_TENSOR_INIT;
    const int64_t sizes[] = {N, K};
    bool known = j->r->subject->logits_known;

    TRY(jem_tensor_init(&t, JEM_F64, 2, sizes));
    double *x = t.data;
    for (int64_t i = 0; i < N * K; i++) x[i] = known ? j->logits[i] : exp(j->logits[i]);
    TRY(str_format(&path, "%s/trials/cifar10h-%s.npy", j->r->out,
                   known ? "logits" : "probabilities"));
    TRY(jem_npy_write(path, &t));
done:
    mem_free(path);
    jem_tensor_clear(&t);
    return st;
}

static jem_status save_trials(const cifar10h_job *j)
{
    static const char *const column[] = {"cross_entropy", "entropy_human", CIFAR10H_SPLIT_HALF_COLUMN};
    jem_status st;
    trial_list trials = TRIAL_LIST_INIT;
    table extra = TABLE_INIT;
    double *loss = NULL;

    TRY(MEM_NEW(loss, N));
    TRY(table_init(&extra, 3, column));
    stats_cross_entropy(loss, j->data.p, j->logq, N, K);
    for (int64_t i = 0; i < N; i++) {
        TRY(trial_list_append(
            &trials,
            &(trial){.subj = j->r->subject->name,
                     .session = 1,
                     .trial = i + 1,
                     .rt = NAN,
                     .object_response = j->data.class_names[stats_argmax(j->logits + i * K, K)],
                     .category = j->data.class_names[j->data.label[i]],
                     .condition = "0",
                     .imagename = j->data.name[i]}));
        TRY(table_append(&extra, (const double[]){loss[i], j->human_entropy[i], j->split_half[i]}));
    }
    TRY(trial_list_save_with(&trials, &extra, j->r->out, "cifar10h"));
    TRY(save_answers(j));
done:
    mem_free(loss);
    table_clear(&extra);
    trial_list_clear(&trials);
    return st;
}

static jem_status run(const bench_request *r)
{
    jem_status st = JEM_OK;
    cifar10h_job j = {.r = r, .o = r->options};

    if (r->subject) TRY(check_subject(&j));
    TRY(cifar10h_read(&j.data, r->data, j.o->images));
    TRY(cifar10h_people_prepare(&j));
    if (r->subject) {
        TRY(take_answers(&j));
        TRY(cifar10h_check_order(&j));
        TRY(score_model(&j));
        TRY(score_scaled(&j));
        if (r->out) TRY(save_trials(&j));
    }
    TRY(cifar10h_people_score(&j));
done:
    job_clear(&j);
    return st;
}

/* ---- is the folder whole? */

static jem_status check(const char *folder, const bench_finder *found)
{
    jem_status st = JEM_OK;
    static const struct {
        const char *name, *without;
    } files[] = {{"cifar10h-counts.npy", "needed; from https://github.com/jcpeterson/cifar-10h"},
                 {"cifar10h-probs.npy", "not needed; it only checks the counts"},
                 {"test-images.tsv", "labels and names are then taken from cifar10h.images"}};
    cifar10h_data d = {0};
    char *path = NULL, line[1200];

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        mem_free(path);
        path = NULL;
        TRY(str_format(&path, "%s/%s", folder, files[i].name));
        if (file_exists(path)) continue;
        snprintf(line, sizeof line, "%s is missing: %s", files[i].name, files[i].without);
        TRY(found->part(found->ctx, &(bench_part){.name = files[i].name, .state = BENCH_MISSING, .line = line}));
    }
    TRY(cifar10h_read(&d, folder, ""));
    int64_t total = 0;
    for (int64_t i = 0; i < N * K; i++) total += d.counts[i];
    snprintf(line, sizeof line, "%" PRId64 " judgements of %d images in %d classes", total, N, K);
    TRY(found->part(found->ctx, &(bench_part){.name = "cifar10h", .images = N, .published_images = N, .line = line}));
done:
    mem_free(path);
    cifar10h_clear(&d);
    return st;
}

const benchmark bench_cifar10h = {
    .name = "cifar10h",
    .measures = "cross-entropy between people's answers and class probabilities (lower is closer)",
    .meaning = &cifar10h_measures,
    .source = "Peterson, Battleday, Griffiths & Russakovsky 2019, ICCV",
    .needs = "logits or probabilities of the 10 classes of CIFAR-10",
    .data = "cifar10h-counts.npy, cifar10h-probs.npy (https://github.com/jcpeterson/cifar-10h, "
            "CC BY-NC-SA 4.0), test-images.tsv; for networks also CIFAR-10's test_batch.bin "
            "(cifar10h.images)",
    .options = cifar10h_option_table,
    .options_size = sizeof(cifar10h_options),
    .check = check,
    .run = run,
};
