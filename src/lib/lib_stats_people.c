/* jem/stats.h: scores over images and the people who saw them. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "lib/lib_call.h"
#include "lib/lib_stats.h"
#include "stats/consistency.h"
#include "stats/ratings.h"
#include "stats/soft_label.h"
#include "stats/soft_label_scores.h"

/* ---- agreement: factor 0 are people, factor 1 + c the images of condition c */

/* Models are counted TOGETHER at a time: a table holds all pairs of its rows, and people are counted with each. */
enum { AGREEMENT = 4, OBSERVERS_MAX = 1000, TOGETHER = 8 };

typedef struct agreement {
    int64_t people, models, conditions;
    const int64_t *start;      /* [conditions + 1] */
    stats_joint_table *tables; /* [groups] of people and then the group's models */
    bool among;                /* the people's own values come last */
} agreement;

static int64_t groups_of(const agreement *w) { return (w->models + TOGETHER - 1) / TOGETHER; }

/* Models of group g. */
static int64_t models_of(const agreement *w, int64_t g)
{
    const int64_t left = w->models - g * TOGETHER;
    return left < TOGETHER ? left : TOGETHER;
}

static void unpack(double *value, const stats_agreement *a)
{
    value[0] = a->accuracy;
    value[1] = a->accuracy_difference;
    value[2] = a->observed;
    value[3] = a->kappa;
}

static jem_status agreement_of(double *value, const void *ctx, const stats_draw *draw)
{
    jem_status st;
    const agreement *w = ctx;
    const int64_t *images = draw->sizes + 1;
    int64_t *both = NULL;
    double times[OBSERVERS_MAX] = {0};

    TRY(MEM_NEW(both, w->conditions * stats_joint_pairs(w->people + models_of(w, 0))));
    for (int64_t p = 0; p < w->people; p++) times[draw->index[0][p]] += 1;
    for (int64_t g = 0; g < groups_of(w); g++) {
        const int64_t models = models_of(w, g), rows = w->people + models, pairs = stats_joint_pairs(rows);
        const stats_joint joint = {rows, w->conditions, images, both};
        for (int64_t c = 0; c < w->conditions; c++)
            stats_joint_resample(both + c * pairs, &w->tables[g], w->start[c], draw->index[1 + c], images[c]);
        for (int64_t m = 0; m < models; m++) {
            const stats_agreement own = stats_joint_model(&joint, w->people + m, w->people, times);
            unpack(value + (g * TOGETHER + m) * AGREEMENT, &own);
        }
        if (w->among && g == 0) {
            const stats_agreement people = stats_joint_people(&joint, w->people, times);
            unpack(value + w->models * AGREEMENT, &people);
        }
    }
done:
    mem_free(both);
    return st;
}

static jem_status check_conditions(const jem_conditions *c, int64_t n, const char *function)
{
    if (c->count < 1 || !c->start || c->start[0] != 0 || c->start[c->count] != n)
        return jem_error(JEM_EUSAGE, "%s: conditions->start must go from 0 to n = %lld", function, (long long)n);
    for (int64_t i = 0; i < c->count; i++)
        if (c->start[i] >= c->start[i + 1])
            return jem_error(JEM_EUSAGE, "%s: condition %lld has no image: start[%lld] = %lld, start[%lld] = %lld",
                             function, (long long)i, (long long)i, (long long)c->start[i], (long long)i + 1,
                             (long long)c->start[i + 1]);
    return JEM_OK;
}

static jem_status fill_tables(agreement *w, const uint8_t *right, const uint8_t *people, int64_t n)
{
    jem_status st;
    const uint8_t **row = NULL;
    TRY(MEM_NEW(row, w->people + TOGETHER));
    TRY(MEM_NEW(w->tables, groups_of(w)));
    for (int64_t p = 0; p < w->people; p++) row[p] = people + p * n;
    for (int64_t g = 0; g < groups_of(w); g++) {
        for (int64_t m = 0; m < models_of(w, g); m++) row[w->people + m] = right + (g * TOGETHER + m) * n;
        TRY(stats_joint_table_init(&w->tables[g], row, w->people + models_of(w, g), n));
    }
done:
    mem_free(row);
    return st;
}

/* Values of a model in the order of unpack. */
static jem_agreement as_agreement(const jem_score *s)
{
    return (jem_agreement){s[0], s[1], s[2], s[3]};
}

static jem_status score_agreement(jem_agreement *models, jem_agreement *among, const agreement *w,
                                  const jem_stats_options *o)
{
    jem_status st;
    const int64_t factors = 1 + w->conditions, values = AGREEMENT * (w->models + w->among);
    int64_t *sizes = NULL;
    bool *of_people = NULL;
    jem_score *score = NULL;

    TRY(MEM_NEW(sizes, factors));
    TRY(MEM_NEW(of_people, factors));
    TRY(MEM_NEW(score, values));
    sizes[0] = w->people;
    of_people[0] = true;
    for (int64_t c = 0; c < w->conditions; c++) sizes[1 + c] = w->start[c + 1] - w->start[c];
    TRY(lib_stats_scores(score, &(const lib_statistics){factors, sizes, of_people, values, agreement_of, w}, o));
    for (int64_t m = 0; m < w->models; m++) models[m] = as_agreement(score + m * AGREEMENT);
    if (among) *among = as_agreement(score + w->models * AGREEMENT);
done:
    mem_free(score);
    mem_free(of_people);
    mem_free(sizes);
    return st;
}

jem_status jem_stats_agreement(jem_agreement *models, jem_agreement *among, const uint8_t *right, int64_t count,
                               const uint8_t *people, int64_t observers, int64_t n, const jem_conditions *conditions,
                               const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    const int64_t whole[] = {0, n};
    jem_conditions c = {whole, 1};
    agreement w = {.people = observers, .models = count, .among = among != NULL};

    HOST_NEED(models);
    HOST_NEED(right);
    HOST_NEED(people);
    if (conditions) c = *conditions;
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(n, "n", __func__));
    TRY(lib_stats_count(count, "count", __func__));
    if (observers < 1 + (among != NULL) || observers > OBSERVERS_MAX)
        return jem_error(JEM_EUSAGE, "%s: observers = %lld; choose %d to %d", __func__, (long long)observers,
                         1 + (among != NULL), OBSERVERS_MAX);
    TRY(check_conditions(&c, n, __func__));
    TRY(lib_stats_bytes(right, count * n, "right", __func__));
    TRY(lib_stats_bytes(people, observers * n, "people", __func__));
    w.start = c.start;
    w.conditions = c.count;
    TRY(fill_tables(&w, right, people, n));
    TRY(score_agreement(models, among, &w, &s));
done:
    for (int64_t g = 0; w.tables && g < groups_of(&w); g++) stats_joint_table_clear(&w.tables[g]);
    mem_free(w.tables);
    return st;
}

/* ---- uncertainty */

jem_status jem_stats_uncertainty(jem_uncertainty *out, const double *logits, const int64_t *counts,
                                 const int32_t *label, int64_t n, int64_t classes, const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    stats_soft_scores scores = {0};
    double *p = NULL, *logq = NULL;
    jem_score *score = NULL;

    HOST_NEED(out);
    HOST_NEED(logits);
    HOST_NEED(counts);
    HOST_NEED(label);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(n, "n", __func__));
    TRY(lib_stats_count(classes, "classes", __func__));
    TRY(MEM_NEW(p, n * classes));
    TRY(MEM_NEW(logq, n * classes));
    TRY(stats_label_distribution(p, counts, n, classes));
    TRY(stats_log_softmax(logq, logits, n, classes));
    TRY(stats_soft_scores_init(&scores, p, logq, label, n, classes));
    TRY(MEM_NEW(score, stats_soft_values(classes)));
    TRY(lib_stats_scores(score, &(const lib_statistics){1, &n, NULL, stats_soft_values(classes),
                                                        stats_soft_scores_draw, &scores}, &s));
    *out = (jem_uncertainty){.cross_entropy = score[SOFT_CROSS_ENTROPY],
                             .kl = score[SOFT_KL],
                             .js = score[SOFT_JS],
                             .accuracy = score[SOFT_ACCURACY],
                             .people_accuracy = score[SOFT_ACCURACY_HUMAN],
                             .entropy_pearson = score[SOFT_ENTROPY_PEARSON],
                             .entropy_spearman = score[SOFT_ENTROPY_SPEARMAN],
                             .ece = score[SOFT_ECE]};
done:
    mem_free(score);
    stats_soft_scores_clear(&scores);
    mem_free(logq);
    mem_free(p);
    return st;
}

jem_status jem_stats_split_half(jem_score *cross_entropy, const int64_t *counts, int64_t n, int64_t classes,
                                double floor, int64_t splits, const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    double *once = NULL, *mean = NULL;

    HOST_NEED(cross_entropy);
    HOST_NEED(counts);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(n, "n", __func__));
    TRY(lib_stats_count(classes, "classes", __func__));
    TRY(lib_stats_count(splits, "splits", __func__));
    if (!(floor > 0 && floor < 1))
        return jem_error(JEM_EUSAGE, "%s: floor = %g; choose a share between 0 and 1", __func__, floor);
    TRY(MEM_NEW(once, n));
    TRY(MEM_NEW(mean, n));
    for (int64_t k = 0; k < splits; k++) {
        TRY(stats_split_half(once, counts, floor, s.seed + (uint64_t)k, n, classes));
        for (int64_t i = 0; i < n; i++) mean[i] += once[i] / (double)splits;
    }
    TRY(lib_stats_mean(cross_entropy, mean, n, &s));
done:
    mem_free(mean);
    mem_free(once);
    return st;
}

/* ---- ratings: factor 0 are people, factor 1 images */

typedef struct rated {
    const double *model, *ratings;
    int64_t n;
} rated;

static jem_status correlation_of(double *value, const void *ctx, const stats_draw *draw)
{
    const rated *r = ctx;
    return stats_rating_resampled(value, r->model, r->ratings, draw, r->n);
}

jem_status jem_stats_ratings(jem_score *r, jem_rating_ceiling *ceiling, const double *model, const double *ratings,
                             int64_t observers, int64_t n, const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    stats_rating_fit fit;
    stats_rating_ceiling noise;
    const int64_t sizes[] = {observers, n};
    const bool of_people[] = {true, false};
    const rated data = {model, ratings, n};

    HOST_NEED(r);
    HOST_NEED(model);
    HOST_NEED(ratings);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(n, "n", __func__));
    TRY(lib_stats_count(observers, "observers", __func__));
    TRY(stats_rating_compare(&fit, model, ratings, observers, n, 0, 1)); /* refuses what does not vary */
    if (ceiling) TRY(stats_rating_noise(&noise, NULL, ratings, observers, n, 0, 1));
    TRY(lib_stats_scores(r, &(const lib_statistics){2, sizes, of_people, 1, correlation_of, &data}, &s));
    if (ceiling) *ceiling = (jem_rating_ceiling){noise.leave_one_out, noise.with_own};
done:
    return st;
}
