/* CIFAR-10H without a model: what people say, how much they disagree, and how well half of
 * them predict the other half. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/try.h"
#include "bench/cifar10h/job.h"
#include "stats/classify.h"
#include "stats/soft_label.h"

enum { N = CIFAR10H_IMAGES, K = CIFAR10H_CLASSES, FORMULA_MAX = 300 };

static jem_status add_human(const cifar10h_job *j, const char *metric, const char *condition,
                            double value, const char *formula)
{
    return cifar10h_add(j, bench_human(metric, condition, value, formula));
}

static jem_status human_counts(const cifar10h_job *j)
{
    jem_status st;
    int64_t total = 0, least = INT64_MAX, most = 0, tied = 0, sure = 0, right = 0, right_tied = 0;
    for (int64_t i = 0; i < N; i++) {
        const int64_t *row = j->data.counts + i * K;
        const double *p = j->data.p + i * K;
        int64_t sum = 0, best = stats_argmax(p, K), equal = 0;
        for (int64_t k = 0; k < K; k++) sum += row[k];
        for (int64_t k = 0; k < K; k++) equal += row[k] == row[best];
        total += sum;
        least = sum < least ? sum : least;
        most = sum > most ? sum : most;
        tied += equal > 1;
        sure += p[best] >= 0.975;
        right += best == j->data.label[i];
        right_tied += row[best] == row[j->data.label[i]];
    }
    TRY(add_human(j, "judgements", NULL, (double)total, "sum of all counts"));
    TRY(add_human(j, "judgements_min", NULL, (double)least, "fewest people per image"));
    TRY(add_human(j, "judgements_max", NULL, (double)most, "most people per image"));
    TRY(add_human(j, "argmax_accuracy", NULL, (double)right / N,
                  "share of images whose most frequent answer is the label; the lowest class wins "
                  "ties"));
    TRY(add_human(j, "argmax_accuracy", "ties count as right", (double)right_tied / N,
                  "share of images where no answer is more frequent than the label"));
    TRY(add_human(j, "images_tied_for_top", NULL, (double)tied,
                  "images with several most frequent answers"));
    TRY(add_human(j, "images_top_ge_0.975", NULL, (double)sure,
                  "images where at least 97.5 % of people agree"));
done:
    return st;
}

static jem_status human_entropy(const cifar10h_job *j, double *scratch)
{
    static const char formula[] = "mean over images of -sum_k p log p, p shares of people";
    jem_status st;
    const double *h = j->human_entropy;
    int64_t top = 0, positive = 0;

    for (int64_t i = 0; i < N; i++) {
        positive += h[i] > 0;
        if (h[i] > h[top]) top = i;
    }
    TRY(add_human(j, "max_entropy_nats", NULL, h[top], "largest entropy of an image"));
    TRY(add_human(j, "argmax_max_entropy", NULL, (double)top, "that image, from 0"));
    TRY(add_human(j, "images_with_entropy", NULL, (double)positive,
                  "images on which people disagree"));
    TRY(add_human(j, "images_unanimous", NULL, (double)(N - positive),
                  "images on which all agree"));
    for (int64_t c = 0; c < K; c++) {
        int64_t m = 0;
        for (int64_t i = 0; i < N; i++)
            if (j->data.label[i] == c) scratch[m++] = h[i];
        TRY(cifar10h_add(j, (bench_score){.metric = "mean_entropy_by_label",
                                          .model = "human",
                                          .condition = j->data.class_names[c],
                                          .formula = formula,
                                          .value = stats_mean(scratch, m),
                                          .interval = {NAN, NAN},
                                          .n = m,
                                          .ceiling = NAN}));
    }
done:
    return st;
}

/* j->split_half <- mean over the splits of one half's cross-entropy with the other. */
static jem_status split_half(cifar10h_job *j)
{
    jem_status st;
    double *once = NULL;

    TRY(MEM_NEW(once, N));
    TRY(MEM_NEW(j->split_half, N));
    for (int64_t s = 0; s < j->o->splits; s++) {
        TRY(stats_split_half(once, j->data.counts, j->o->floor, (uint64_t)(j->r->common->seed + s),
                             N, K));
        for (int64_t i = 0; i < N; i++) j->split_half[i] += once[i] / (double)j->o->splits;
    }
done:
    mem_free(once);
    return st;
}

/* The means over images, which share the draws of one bootstrap. */
static jem_status human_means(const cifar10h_job *j, double *of_label)
{
    jem_status st;
    char condition[40], formula[FORMULA_MAX];
    const double *const x[] = {j->human_entropy, j->split_half, of_label};
    stats_interval interval[3];

    for (int64_t i = 0; i < N; i++) of_label[i] = j->data.p[i * K + j->data.label[i]];
    TRY(cifar10h_mean_intervals(interval, j, x, 3));
    snprintf(condition, sizeof condition, "floor %g", j->o->floor);
    snprintf(formula, sizeof formula,
             "cross-entropy of a random half of each image's people with the other half, whose "
             "shares are raised to %g (the value depends on it); mean of %" PRId64 " splits",
             j->o->floor, j->o->splits);
    double nats = stats_mean(x[0], N), bit = log(2);
    const bench_score rows[] = {
        {.metric = "mean_entropy_nats",
         .value = nats,
         .interval = interval[0],
         .formula = "mean over images of -sum_k p log p, p shares of people, natural logarithm: "
                    "the lower bound of every cross-entropy; percentile bootstrap over images"},
        {.metric = "mean_entropy_bits",
         .value = nats / bit,
         .interval = {interval[0].low / bit, interval[0].high / bit},
         .formula = "the same with logarithm to base 2"},
        {.metric = "split_half_cross_entropy",
         .condition = condition,
         .value = stats_mean(x[1], N),
         .interval = interval[1],
         .formula = formula},
        {.metric = "mean_prob_of_label",
         .value = stats_mean(x[2], N),
         .interval = interval[2],
         .formula = "mean share of people who chose the label; bootstrap over images"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench_score s = rows[i];
        s.model = "human";
        s.ceiling = NAN;
        TRY(cifar10h_add(j, s));
    }
done:
    return st;
}

/* What the paper and chance have in this place. */
static jem_status reference_lines(const cifar10h_job *j)
{
    jem_status st;
    TRY(add_human(j, "paper_cross_entropy", NULL, CIFAR10H_PAPER_CEILING,
                  "as given by the paper for independent groups of people, without a recipe; not "
                  "a bound"));
    TRY(cifar10h_add(j, (bench_score){.metric = "uniform_cross_entropy",
                                      .model = "uniform",
                                      .value = log(K),
                                      .interval = {NAN, NAN},
                                      .ceiling = NAN,
                                      .formula = "all classes equally likely: log 10"}));
done:
    return st;
}

jem_status cifar10h_people_score(const cifar10h_job *j)
{
    jem_status st;
    double *scratch = NULL;

    TRY(MEM_NEW(scratch, N));
    TRY(human_counts(j));
    TRY(human_entropy(j, scratch));
    TRY(human_means(j, scratch));
    TRY(reference_lines(j));
done:
    mem_free(scratch);
    return st;
}

jem_status cifar10h_people_prepare(cifar10h_job *j)
{
    jem_status st;
    TRY(MEM_NEW(j->human_entropy, N));
    TRY(stats_entropy(j->human_entropy, j->data.p, N, K));
    TRY(split_half(j));
done:
    return st;
}
