/* The study's statistics as functions of plain arrays: what a vision scientist computes from answers, distances,
 * ratings and scores, whoever gave them.
 *
 *   jem_score kappa;
 *   jem_stats_consistency(&kappa, model_right, person_right, images, NULL);
 *   printf("%.3f [%.3f, %.3f]\n", kappa.value, kappa.low, kappa.high);
 *
 * Arrays are in C order and only read; nothing is kept.  Every interval is a percentile bootstrap over images
 * (and people where there are some), reproducible from its seed whatever the number of threads.  Mistakes in
 * the call are JEM_EUSAGE, values that a statistic is not defined for JEM_EDATA, both naming the place. */
#ifndef JEM_STATS_H
#define JEM_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A statistic of the data, and its interval: NaN where rounds = 0 or no round defines it. */
typedef struct jem_score {
    double value, low, high;
} jem_score;

/* How intervals are made.  NULL in a call means JEM_STATS_INIT. */
typedef struct jem_stats_options {
    size_t size;      /* of this struct as the caller knows it */
    int64_t rounds;   /* of the bootstrap; 0: no intervals */
    double level;     /* of intervals, in (0, 1) */
    uint64_t seed;
    int64_t threads;  /* 0: all processors */
    bool keep_people; /* images alone are drawn, so that intervals are about these people */
} jem_stats_options;

#define JEM_STATS_INIT {sizeof(jem_stats_options), 10000, 0.95, 0, 0, false}

/* ---- Do they err on the same images? */

/* Error consistency (Cohen's kappa of being right) of two observers (Geirhos, Meding & Wichmann 2020):
 * a, b [n] hold 1 where they were right, 0 where wrong. */
JEM_API jem_status jem_stats_consistency(jem_score *kappa, const uint8_t *a, const uint8_t *b, int64_t n,
                                         const jem_stats_options *o);

/* Agreement with people who saw the same images, as in model-vs-human (Geirhos et al. 2021). */
typedef struct jem_agreement {
    jem_score accuracy;            /* right trials / trials */
    jem_score accuracy_difference; /* (p_a - p_b)^2       } a mean over conditions for each pair,    */
    jem_score observed;            /* both right or wrong } then over people or over pairs of people */
    jem_score kappa;               /* error consistency   } */
} jem_agreement;

/* Conditions of an experiment: condition c has the images start[c] .. start[c+1]-1.  NULL for start: one. */
typedef struct jem_conditions {
    const int64_t *start; /* [count + 1], ascending from 0 */
    int64_t count;
} jem_conditions;

/* models [count] <- agreement of each row of right [count][n] with people [observers][n]; *among (may be
 * NULL) <- that of people with one another: it needs two of them.  conditions may be NULL.  All are drawn
 * together: images within each condition, and people. */
JEM_API jem_status jem_stats_agreement(jem_agreement *models, jem_agreement *among, const uint8_t *right,
                                       int64_t count, const uint8_t *people, int64_t observers, int64_t n,
                                       const jem_conditions *conditions, const jem_stats_options *o);

/* ---- Shape or texture? */

/* Share of shape among decisions for shape or texture (Geirhos et al. 2019): shape, texture [n] in 0 ..
 * categories-1, answer [n] the same or -1; images of equal shape and texture do not count.
 * JEM_EDATA if no answer is either. */
JEM_API jem_status jem_stats_shape_bias(jem_score *bias, const int32_t *shape, const int32_t *texture,
                                        const int32_t *answer, int64_t n, int64_t categories,
                                        const jem_stats_options *o);

/* ---- Which patch is closer?  BAPPS (Zhang et al. 2018) */

/* Two-alternative forced choice: mean agreement of distances d0, d1 [n] to the reference with judge [n],
 * the share of people who found the second patch closer; 1/2 where they are equal. */
JEM_API jem_status jem_stats_two_afc(jem_score *score, const double *d0, const double *d1, const double *judge,
                                     int64_t n, const jem_stats_options *o);
/* What people reach themselves: mean of judge^2 + (1 - judge)^2. */
JEM_API jem_status jem_stats_two_afc_people(jem_score *score, const double *judge, int64_t n,
                                            const jem_stats_options *o);
/* Just noticeable differences: mean average precision of "same" in order of distance [n]; same [n] is the
 * share of people who said so. */
JEM_API jem_status jem_stats_jnd_map(jem_score *map, const double *distance, const double *same, int64_t n,
                                     const jem_stats_options *o);

/* ---- How sure are people, and how sure is the model?  CIFAR-10H (Peterson et al. 2019) */

typedef struct jem_uncertainty {
    jem_score cross_entropy;    /* -sum_k p log q, nats, a mean over images: p people, q the model */
    jem_score kl;               /* that less the entropy of p */
    jem_score js;               /* Jensen-Shannon divergence */
    jem_score accuracy;         /* of the most likely class against label */
    jem_score people_accuracy;  /* ... against people's most frequent answer */
    jem_score entropy_pearson;  /* correlation of the entropies of q and p over images; NaN where one of them */
    jem_score entropy_spearman; /* does not vary */
    jem_score ece;              /* expected calibration error against label, 15 bins */
} jem_uncertainty;

/* Of logits [n][classes] and how often people gave each class, counts [n][classes]; label [n]. */
JEM_API jem_status jem_stats_uncertainty(jem_uncertainty *out, const double *logits, const int64_t *counts,
                                         const int32_t *label, int64_t n, int64_t classes,
                                         const jem_stats_options *o);
/* Cross-entropy of a random half of each image's people with the other half, whose shares are raised to
 * `floor` (the value depends on it; 1e-12 is customary): a mean of `splits` splits. */
JEM_API jem_status jem_stats_split_half(jem_score *cross_entropy, const int64_t *counts, int64_t n,
                                        int64_t classes, double floor, int64_t splits,
                                        const jem_stats_options *o);

/* ---- Confidence */

/* Expected calibration error over `bins` equal bins of the largest softmax probability (Guo et al. 2017). */
JEM_API jem_status jem_stats_calibration(jem_score *ece, const double *logits, const int32_t *label, int64_t n,
                                         int64_t classes, int64_t bins, const jem_stats_options *o);
/* Area under the ROC curve: P(inside > outside) + P(equal) / 2; the images of both sets are drawn. */
JEM_API jem_status jem_stats_auroc(jem_score *area, const double *inside, int64_t insides, const double *outside,
                                   int64_t outsides, const jem_stats_options *o);

/* ---- Ratings by several people */

typedef struct jem_rating_ceiling {
    double others; /* mean correlation of one observer with the mean of the others: lower noise ceiling */
    double all;    /* ... with the mean of all: upper */
} jem_rating_ceiling;

/* *r <- correlation of model [n] with the mean of ratings [observers][n]; *ceiling may be NULL, and needs two
 * observers.  JEM_EDATA where something does not vary. */
JEM_API jem_status jem_stats_ratings(jem_score *r, jem_rating_ceiling *ceiling, const double *model,
                                     const double *ratings, int64_t observers, int64_t n,
                                     const jem_stats_options *o);

/* ---- Several settings with several networks each */

/* Is a setting in between better than both ends (Dunnett 1955), and which can be the best (Hsu 1996)? */
typedef struct jem_sweetspot_scores {
    double p;          /* that a setting in between is better than both ends */
    double p_drop;     /* the largest such p with any one network left out */
    double margin;     /* of the best in between over the nearer end */
    double margin_low; /* its simultaneous lower limit */
    double detectable; /* the margin that these networks would have shown with power .8 */
    int64_t best;      /* the setting with the best mean */
} jem_sweetspot_scores;

/* networks [settings]: how many scores each setting has; score: theirs, one setting after another, larger is
 * better.  in_best_set [settings] <- may it be the best, at o->level?  low [settings] <- lower limit of its
 * advantage over the nearer end, NaN at the ends; both may be NULL.  Training noise alone (images are not drawn),
 * guarded variances, o->rounds draws of the null distribution (0: 100,000).  With one network per setting the
 * noise of training is unknown: JEM_EDATA; so are fewer than three settings or one without a network. */
JEM_API jem_status jem_stats_sweetspot(jem_sweetspot_scores *out, bool *in_best_set, double *low,
                                       const double *score, const int64_t *networks, int64_t settings,
                                       const jem_stats_options *o);

/* ---- Several groups against one */

typedef enum jem_side {
    JEM_TWO_SIDED, /* a group may differ either way */
    JEM_GREATER,   /* only what is greater than the control counts */
    JEM_LESS
} jem_side;

typedef struct jem_contrast {
    double difference; /* of the group's mean from the control's */
    double t;
    double p;          /* adjusted for all groups */
    double low, high;  /* simultaneous limits of the difference at o->level; one-sided: infinite on the other side */
} jem_contrast;

/* Many-to-one comparisons (Dunnett 1955), as scipy.stats.dunnett: out [groups] <- each group's mean against the
 * control's, for equal variances in all.  score: the control's counts[0] values, then those of each group; counts
 * [groups + 1].  The multivariate t is integrated, not drawn: rounds, seed and threads change nothing.  JEM_EDATA where
 * every group has one value, or none varies. */
JEM_API jem_status jem_stats_dunnett(jem_contrast *out, const double *score, const int64_t *counts, int64_t groups,
                                     jem_side side, const jem_stats_options *o);

/* adjusted [n] <- Holm's (1979) p of several claims; NaN stays NaN and counts as no claim. */
JEM_API jem_status jem_stats_holm(double *adjusted, const double *p, int64_t n);

/* ---- A statistic of one's own */

/* value [values] <- the statistic of the items that were drawn, of each factor f index[f][0 .. sizes[f]-1], numbers of
 * 0 .. sizes[f]-1; NaN where it is not defined for them.  Anything but JEM_OK ends the call with it (jem_error says
 * why).  Several threads call it at once unless o->threads is 1. */
typedef jem_status (*jem_statistic)(double *value, void *ctx, const int64_t *const *index, const int64_t *sizes);

/* The percentile bootstrap of any statistic: scores [values] <- of the data themselves (index 0, 1, 2, ...), with
 * intervals.  What is drawn with replacement are factors, each by itself: images ({n}, 1), or people and images
 * ({people, n}, 2), or two groups.  All values of a round are of the same draw, so that their differences may be
 * among them.  o->keep_people changes nothing. */
JEM_API jem_status jem_stats_bootstrap(jem_score *scores, int64_t values, jem_statistic statistic, void *ctx,
                                       const int64_t *sizes, int64_t factors, const jem_stats_options *o);

#ifdef __cplusplus
}
#endif
#endif
