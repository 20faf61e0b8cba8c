/* jem/stats.h: scores whose images are one factor. */
#include "lib/lib_stats.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "lib/lib_call.h"
#include "stats/bapps.h"
#include "stats/best_alpha.h"
#include "stats/calibration.h"
#include "stats/classify.h"
#include "stats/consistency.h"
#include "stats/dunnett.h"
#include "stats/rank.h"
#include "stats/shape_bias.h"
#include "stats/soft_label.h"
#include "stats/sort_order.h"

enum { ROUNDS_MAX = 10000000 };

/* ---- shared */

jem_status lib_stats_options(jem_stats_options *out, const jem_stats_options *o, const char *function)
{
    jem_stats_options s = JEM_STATS_INIT;
    const jem_status st = lib_options(&s, sizeof s, o, function, "JEM_STATS_INIT");
    if (st != JEM_OK) return st;
    if (s.rounds < 0 || s.rounds > ROUNDS_MAX)
        return jem_error(JEM_EUSAGE, "%s: o->rounds = %lld; choose 0 to %d", function, (long long)s.rounds, ROUNDS_MAX);
    if (!(s.level > 0 && s.level < 1))
        return jem_error(JEM_EUSAGE, "%s: o->level = %g; choose a share between 0 and 1", function, s.level);
    if (s.threads < 0 || s.threads > INT32_MAX)
        return jem_error(JEM_EUSAGE, "%s: o->threads = %lld; choose 0 (all processors) or more", function,
                         (long long)s.threads);
    *out = s;
    return JEM_OK;
}

jem_status lib_stats_count(int64_t n, const char *what, const char *function)
{
    if (n >= 1 && n <= INT32_MAX) return JEM_OK;
    return jem_error(JEM_EUSAGE, "%s: %s = %lld; choose 1 to %d", function, what, (long long)n, INT32_MAX);
}

jem_status lib_stats_labels(const int32_t *label, int64_t n, int64_t classes, const char *function)
{
    for (int64_t i = 0; i < n; i++)
        if (label[i] < 0 || label[i] >= classes)
            return jem_error(JEM_EDATA, "%s: label[%lld] is %d; expected 0 to %lld", function, (long long)i,
                             (int)label[i], (long long)classes - 1);
    return JEM_OK;
}

jem_status lib_stats_bytes(const uint8_t *x, int64_t n, const char *what, const char *function)
{
    for (int64_t i = 0; i < n; i++)
        if (x[i] > 1)
            return jem_error(JEM_EDATA, "%s: %s[%lld] is %d; expected 1 for right and 0 for wrong", function, what,
                             (long long)i, x[i]);
    return JEM_OK;
}

/* value [values] of the data themselves: every draw is 0, 1, 2, ... */
static jem_status of_data(double *value, const lib_statistics *s)
{
    jem_status st;
    bool *kept = NULL;
    TRY(MEM_NEW(kept, s->factors));
    for (int64_t f = 0; f < s->factors; f++) kept[f] = true;
    TRY(stats_bootstrap_distribution(value, &(const stats_bootstrap_plan){.factors = s->factors,
                                                                          .sizes = s->sizes,
                                                                          .kept = kept,
                                                                          .values = s->values,
                                                                          .statistic = s->statistic,
                                                                          .ctx = s->ctx,
                                                                          .rounds = 1}));
done:
    mem_free(kept);
    return st;
}

jem_status lib_stats_scores(jem_score *out, const lib_statistics *s, const jem_stats_options *o)
{
    jem_status st;
    double *value = NULL, *distribution = NULL;
    pool *threads = NULL;
    stats_bootstrap_plan plan = {.factors = s->factors,
                                 .sizes = s->sizes,
                                 .kept = o->keep_people ? s->of_people : NULL,
                                 .values = s->values,
                                 .statistic = s->statistic,
                                 .ctx = s->ctx,
                                 .rounds = o->rounds,
                                 .seed = o->seed};

    TRY(MEM_NEW(value, s->values));
    TRY(of_data(value, s));
    if (o->rounds > 0) {
        TRY(MEM_NEW(distribution, o->rounds * s->values));
        TRY(pool_new(&threads, (int)o->threads));
        plan.threads = threads;
        TRY(stats_bootstrap_distribution(distribution, &plan));
    }
    for (int64_t v = 0; v < s->values; v++) {
        stats_interval interval = {NAN, NAN};
        if (o->rounds > 0) {
            st = stats_percentile_interval(&interval, NULL, distribution + v, o->rounds, s->values, o->level);
            if (st != JEM_OK && st != JEM_EDATA) goto done; /* JEM_EDATA: no round defines it */
        }
        out[v] = (jem_score){value[v], interval.low, interval.high};
    }
    st = JEM_OK;
done:
    pool_free(threads);
    mem_free(distribution);
    mem_free(value);
    return st;
}

jem_status lib_stats_mean(jem_score *out, const double *x, int64_t n, const jem_stats_options *o)
{
    return lib_stats_scores(out, &(const lib_statistics){1, &n, NULL, 1, stats_resampled_mean, x}, o);
}

/* ---- error consistency of two */

typedef struct observers {
    const uint8_t *a, *b;
} observers;

static jem_status kappa_of(double *value, const void *ctx, const stats_draw *draw)
{
    const observers *w = ctx;
    int64_t cell[2][2] = {{0}};
    stats_consistency c;
    for (int64_t k = 0; k < draw->sizes[0]; k++) {
        const int64_t i = draw->index[0][k];
        cell[w->a[i]][w->b[i]]++;
    }
    jem_status st = stats_consistency_counts(&c, cell[1][1], cell[1][0], cell[0][1], cell[0][0]);
    if (st == JEM_OK) value[0] = c.kappa;
    return st;
}

jem_status jem_stats_consistency(jem_score *kappa, const uint8_t *a, const uint8_t *b, int64_t n,
                                 const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    HOST_NEED(kappa);
    HOST_NEED(a);
    HOST_NEED(b);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(n, "n", __func__));
    TRY(lib_stats_bytes(a, n, "a", __func__));
    TRY(lib_stats_bytes(b, n, "b", __func__));
    TRY(lib_stats_scores(kappa, &(const lib_statistics){1, &n, NULL, 1, kappa_of, &(const observers){a, b}}, &s));
done:
    return st;
}

/* ---- shape bias */

typedef struct decisions {
    const int32_t *shape, *texture, *answer;
    int64_t categories;
} decisions;

static jem_status bias_of(double *value, const void *ctx, const stats_draw *draw)
{
    const decisions *d = ctx;
    stats_shape_counts counts;
    jem_status st = stats_shape_count(&counts, NULL, NULL, d->shape, d->texture, d->answer, draw->index[0],
                                      draw->sizes[0], d->categories);
    if (st != JEM_OK) return st;
    const int64_t either = counts.shape + counts.texture;
    value[0] = either ? (double)counts.shape / (double)either : NAN;
    return JEM_OK;
}

jem_status jem_stats_shape_bias(jem_score *bias, const int32_t *shape, const int32_t *texture, const int32_t *answer,
                                int64_t n, int64_t categories, const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    stats_shape_counts counts;
    double value;
    HOST_NEED(bias);
    HOST_NEED(shape);
    HOST_NEED(texture);
    HOST_NEED(answer);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(n, "n", __func__));
    TRY(lib_stats_count(categories, "categories", __func__));
    TRY(stats_shape_count(&counts, NULL, NULL, shape, texture, answer, NULL, n, categories));
    TRY(stats_shape_bias(&value, &counts));
    const decisions d = {shape, texture, answer, categories};
    TRY(lib_stats_scores(bias, &(const lib_statistics){1, &n, NULL, 1, bias_of, &d}, &s));
done:
    return st;
}

/* ---- BAPPS */

jem_status jem_stats_two_afc(jem_score *score, const double *d0, const double *d1, const double *judge, int64_t n,
                             const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    double *each = NULL;
    HOST_NEED(score);
    HOST_NEED(d0);
    HOST_NEED(d1);
    HOST_NEED(judge);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(n, "n", __func__));
    TRY(MEM_NEW(each, n));
    TRY(stats_two_afc(each, d0, d1, judge, n));
    TRY(lib_stats_mean(score, each, n, &s));
done:
    mem_free(each);
    return st;
}

jem_status jem_stats_two_afc_people(jem_score *score, const double *judge, int64_t n, const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    double *each = NULL;
    HOST_NEED(score);
    HOST_NEED(judge);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(n, "n", __func__));
    TRY(MEM_NEW(each, n));
    TRY(stats_two_afc_human(each, judge, n));
    TRY(lib_stats_mean(score, each, n, &s));
done:
    mem_free(each);
    return st;
}

typedef struct differences {
    const int64_t *order;
    const double *same;
} differences;

static jem_status map_of(double *value, const void *ctx, const stats_draw *draw)
{
    const differences *d = ctx;
    const int64_t n = draw->sizes[0];
    int64_t *times = NULL;
    jem_status st = MEM_NEW(times, n);
    if (st != JEM_OK) return st;
    for (int64_t k = 0; k < n; k++) times[draw->index[0][k]]++;
    value[0] = stats_jnd_resampled(d->order, d->same, times, n);
    mem_free(times);
    return JEM_OK;
}

jem_status jem_stats_jnd_map(jem_score *map, const double *distance, const double *same, int64_t n,
                             const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    int64_t *order = NULL;
    double value;
    HOST_NEED(map);
    HOST_NEED(distance);
    HOST_NEED(same);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(n, "n", __func__));
    TRY(stats_jnd_map(&value, NULL, distance, same, n));
    TRY(MEM_NEW(order, n));
    TRY(stats_jnd_order(order, distance, n));
    TRY(lib_stats_scores(map, &(const lib_statistics){1, &n, NULL, 1, map_of, &(const differences){order, same}}, &s));
done:
    mem_free(order);
    return st;
}

/* ---- confidence */

typedef struct predictions {
    const double *confidence; /* [n] */
    const bool *correct;
    int64_t bins;
} predictions;

static jem_status ece_of(double *value, const void *ctx, const stats_draw *draw)
{
    jem_status st;
    const predictions *p = ctx;
    const int64_t n = draw->sizes[0];
    reliability_bin *bins = NULL;
    double *confidence = NULL;
    bool *correct = NULL;

    TRY(MEM_NEW(bins, p->bins));
    TRY(MEM_NEW(confidence, n));
    TRY(MEM_NEW(correct, n));
    for (int64_t k = 0; k < n; k++) {
        confidence[k] = p->confidence[draw->index[0][k]];
        correct[k] = p->correct[draw->index[0][k]];
    }
    stats_reliability(bins, p->bins, confidence, correct, n);
    value[0] = stats_ece(bins, p->bins);
done:
    mem_free(correct);
    mem_free(confidence);
    mem_free(bins);
    return st;
}

jem_status jem_stats_calibration(jem_score *ece, const double *logits, const int32_t *label, int64_t n,
                                 int64_t classes, int64_t bins, const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    double *q = NULL, *confidence = NULL;
    bool *correct = NULL;

    HOST_NEED(ece);
    HOST_NEED(logits);
    HOST_NEED(label);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(n, "n", __func__));
    TRY(lib_stats_count(classes, "classes", __func__));
    TRY(lib_stats_count(bins, "bins", __func__));
    TRY(lib_stats_labels(label, n, classes, __func__));
    TRY(MEM_NEW(q, n * classes));
    TRY(MEM_NEW(confidence, n));
    TRY(MEM_NEW(correct, n));
    TRY(stats_log_softmax(q, logits, n, classes));
    for (int64_t i = 0; i < n; i++) {
        const int64_t best = stats_argmax(q + i * classes, classes);
        confidence[i] = exp(q[i * classes + best]);
        correct[i] = best == label[i];
    }
    const predictions p = {confidence, correct, bins};
    TRY(lib_stats_scores(ece, &(const lib_statistics){1, &n, NULL, 1, ece_of, &p}, &s));
done:
    mem_free(correct);
    mem_free(confidence);
    mem_free(q);
    return st;
}

/* ---- area under the ROC curve */

/* Each image's place among the distinct scores, so that a draw needs no sorting. */
typedef struct places {
    int64_t distinct;
    int64_t *place; /* [insides + outsides] */
    int64_t insides;
} places;

static jem_status area_of(double *value, const void *ctx, const stats_draw *draw)
{
    const places *p = ctx;
    int64_t *in = NULL, *out = NULL;
    jem_status st;
    double above = 0, below = 0; /* pairs won or half won; drawn outsiders below the place */

    TRY(MEM_NEW(in, p->distinct));
    TRY(MEM_NEW(out, p->distinct));
    for (int64_t k = 0; k < draw->sizes[0]; k++) in[p->place[draw->index[0][k]]]++;
    for (int64_t k = 0; k < draw->sizes[1]; k++) out[p->place[p->insides + draw->index[1][k]]]++;
    for (int64_t d = 0; d < p->distinct; d++) {
        above += (double)in[d] * (below + 0.5 * (double)out[d]);
        below += (double)out[d];
    }
    value[0] = above / ((double)draw->sizes[0] * (double)draw->sizes[1]);
done:
    mem_free(out);
    mem_free(in);
    return st;
}

static jem_status find_places(places *p, const double *inside, int64_t insides, const double *outside,
                              int64_t outsides)
{
    jem_status st;
    const int64_t n = insides + outsides;
    double *all = NULL;
    int64_t *order = NULL;

    TRY(MEM_NEW(p->place, n));
    TRY(MEM_NEW(all, n));
    memcpy(all, inside, (size_t)insides * sizeof *all);
    memcpy(all + insides, outside, (size_t)outsides * sizeof *all);
    TRY(MEM_NEW(order, n));
    TRY(stats_sort_order(order, all, n));
    p->insides = insides;
    for (int64_t k = 0; k < n; k++) {
        p->distinct += k == 0 || all[order[k]] != all[order[k - 1]];
        p->place[order[k]] = p->distinct - 1;
    }
done:
    mem_free(order);
    mem_free(all);
    return st;
}

jem_status jem_stats_auroc(jem_score *area, const double *inside, int64_t insides, const double *outside,
                           int64_t outsides, const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    places p = {0};
    double value;
    const int64_t sizes[] = {insides, outsides};

    HOST_NEED(area);
    HOST_NEED(inside);
    HOST_NEED(outside);
    TRY(lib_stats_options(&s, o, __func__));
    TRY(lib_stats_count(insides, "insides", __func__));
    TRY(lib_stats_count(outsides, "outsides", __func__));
    TRY(stats_auroc(&value, inside, insides, outside, outsides));
    TRY(find_places(&p, inside, insides, outside, outsides));
    TRY(lib_stats_scores(area, &(const lib_statistics){2, sizes, NULL, 1, area_of, &p}, &s));
done:
    mem_free(p.place);
    return st;
}

/* ---- several groups */

static jem_status check_groups(const double *score, const int64_t *counts, int64_t groups, const char *function)
{
    jem_status st;
    int64_t n = 0;

    TRY(lib_stats_count(groups, "groups", function));
    for (int64_t g = 0; g <= groups; g++) {
        TRY(lib_stats_count(counts[g], "a group's count", function));
        n += counts[g];
    }
    for (int64_t j = 0; j < n; j++)
        if (!isfinite(score[j]))
            return jem_error(JEM_EDATA, "%s: score[%lld] is not finite", function, (long long)j);
done:
    return st;
}

jem_status jem_stats_dunnett(jem_contrast *out, const double *score, const int64_t *counts, int64_t groups,
                             jem_side side, const jem_stats_options *o)
{
    LIB_CALL;
    static const stats_side sides[] = {
        [JEM_TWO_SIDED] = STATS_TWO_SIDED, [JEM_GREATER] = STATS_GREATER, [JEM_LESS] = STATS_LESS};
    jem_status st;
    jem_stats_options s;
    stats_contrast *found = NULL;

    HOST_NEED(out);
    HOST_NEED(score);
    HOST_NEED(counts);
    TRY(lib_stats_options(&s, o, __func__));
    if ((int)side < JEM_TWO_SIDED || side > JEM_LESS)
        return jem_error(JEM_EUSAGE, "%s: side = %d; choose JEM_TWO_SIDED, JEM_GREATER or JEM_LESS", __func__, (int)side);
    TRY(check_groups(score, counts, groups, __func__));
    TRY(MEM_NEW(found, groups));
    st = stats_dunnett(found, score, counts, groups, sides[side], s.level);
    if (st != JEM_OK) {
        jem_error_context(st, "%s", __func__);
        goto done;
    }
    for (int64_t i = 0; i < groups; i++)
        out[i] = (jem_contrast){found[i].difference, found[i].t, found[i].p, found[i].interval.low, found[i].interval.high};
done:
    mem_free(found);
    return st;
}

/* ---- several settings */

jem_status jem_stats_sweetspot(jem_sweetspot_scores *out, bool *in_best_set, double *low, const double *score,
                               const int64_t *networks, int64_t settings, const jem_stats_options *o)
{
    LIB_CALL;
    jem_status st;
    jem_stats_options s;
    stats_best_alpha found = {0};
    pool *threads = NULL;
    bool several = false;
    int64_t n = 0;

    HOST_NEED(out);
    HOST_NEED(score);
    HOST_NEED(networks);
    TRY(lib_stats_options(&s, o, __func__));
    if (settings < 3)
        return jem_error(JEM_EDATA, "%s: %lld settings; between two ends there must be one", __func__,
                         (long long)settings);
    for (int64_t i = 0; i < settings; i++) {
        TRY(lib_stats_count(networks[i], "a setting's networks", __func__));
        several |= networks[i] > 1;
        n += networks[i];
    }
    for (int64_t j = 0; j < n; j++)
        if (!isfinite(score[j]))
            return jem_error(JEM_EDATA, "%s: score[%lld] is not finite", __func__, (long long)j);
    if (!several)
        return jem_error(JEM_EDATA, "%s: one network per setting: the noise of training is unknown", __func__);
    TRY(pool_new(&threads, (int)s.threads));
    TRY(stats_best_alpha_find(&found, &(const stats_alphas){settings, networks, score, NULL, NAN},
                              &(const stats_best_alpha_options){.variance = STATS_VARIANCE_GUARDED,
                                                                .level = s.level,
                                                                .draws = s.rounds ? s.rounds : STATS_ALPHA_DRAWS,
                                                                .seed = s.seed,
                                                                .threads = threads}));
    *out = (jem_sweetspot_scores){found.p,          found.p_drop,     found.margin,
                                  found.margin_low, found.detectable, found.best};
    if (in_best_set) memcpy(in_best_set, found.in_set, (size_t)settings * sizeof *in_best_set);
    if (low) memcpy(low, found.least, (size_t)settings * sizeof *low);
done:
    stats_best_alpha_clear(&found);
    pool_free(threads);
    return st;
}

jem_status jem_stats_holm(double *adjusted, const double *p, int64_t n)
{
    LIB_CALL;
    jem_status st;
    HOST_NEED(adjusted);
    HOST_NEED(p);
    TRY(lib_stats_count(n, "n", __func__));
    stats_holm(adjusted, p, n);
done:
    return st;
}
