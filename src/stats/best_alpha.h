/* Is an alpha in between better than both ends, which alphas can be the best, and by how much?
 *
 * With m_i the mean over the networks of alpha i and t_ie = (m_i - m_e) / SE_ie (alpha_noise.h,
 * alpha_draws.h; W_e is the maximum over the alphas between the ends):
 *
 *   p_ie = P(W_e >= t_ie), counted as (1 + hits) / (draws + 1)
 *   p    = min over i of max over ends e of p_ie
 *
 * which is valid against the hardest case, all alphas in between being equal to the better end and
 * the other end far below: Dunnett (1955) for one end.  Holds at level 1 - `level` together with the
 * set of possible best alphas (Hsu 1996, comparisons with the best) and the lower bound of the
 * advantage.  Where a score is best at a reference r (rule of distance), m_i is nearer than m_e if
 * m_i - m_e and 2r - m_i - m_e are both positive or both negative: t is the smaller of the two,
 * p_ie the larger of theirs. */
#ifndef STATS_BEST_ALPHA_H
#define STATS_BEST_ALPHA_H

#include "stats/alpha_draws.h"
#include "stats/summary.h"

enum { STATS_ALPHA_DRAWS = 100000 };

/* What takes time and is not always asked for; it is NaN then, and the set everybody. */
typedef enum stats_alpha_part {
    STATS_ALPHA_DROPS = 1, /* p_drop */
    STATS_ALPHA_SET = 2,
    STATS_ALPHA_DESIGN = 4 /* what could have been shown */
} stats_alpha_part;

typedef struct stats_best_alpha_options {
    stats_variance variance;
    double level; /* of the set and of the bounds; .95 */
    int64_t draws;
    uint64_t seed;
    pool *threads; /* NULL: the calling thread alone */
    unsigned leave_out; /* of stats_alpha_part; 0: nothing */
} stats_best_alpha_options;

typedef struct stats_best_alpha {
    int64_t alphas, low, high; /* the ends are the first and the last */
    int64_t best;              /* the best mean; the smaller alpha of equals */
    int64_t leader;            /* the best between the ends; -1: there is none */
    bool *in_set;              /* [alphas] it may be the best */
    double *advantage;         /* [alphas] over the nearer end; NaN at the ends */
    double *least;             /* [alphas] its simultaneous lower limit; NaN at the ends */
    double *p_alpha;           /* [alphas] that it is better than both ends; NaN at the ends */
    double p;                  /* that one of them is; 1 where nothing varies or none is there */
    double p_drop;             /* the largest p with a network left out; NaN with one per alpha */
    int64_t dropped;           /* the network without which p is largest; -1 */
    double margin;             /* advantage of the leader */
    double margin_low;         /* max over `least` */
    double detectable;         /* what an alpha must have over both ends, others level with them,
                                  for power .8 of p <= 1 - level; NaN with one network per alpha */
    stats_interval detectable_range; /* its 5 and 95 % points, from those of the variances */
    double spread;             /* between networks of one alpha, pooled; NaN with one per alpha */
    double images;             /* standard error that images leave in an alpha's mean, against the
                                  others: half the variance of a difference, a mean over pairs */
    bool varies;               /* false: all scores of each alpha are equal, and images are not drawn */
} stats_best_alpha;

/* Of scores that are finite.  JEM_EDATA for fewer than two alphas or an alpha without a network. */
jem_status stats_best_alpha_find(stats_best_alpha *out, const stats_alphas *data,
                                 const stats_best_alpha_options *o);
void stats_best_alpha_clear(stats_best_alpha *b); /* a zeroed one is fine */

/* Of a noise with the 1 - level points of both ends: *margin <- what one alpha must have over both
 * ends, others level with them, for power .8 (the worst such alpha); *range <- that at the 5 and
 * 95 % points of its standard error. */
jem_status stats_alpha_needed(double *margin, stats_interval *range, const stats_alpha_noise *n,
                              const double *point, const stats_best_alpha_options *o);
/* A study before it is run; its numbers are in units of the spread between networks of one alpha. */
typedef struct stats_alpha_design {
    int64_t alphas; /* three or more */
    double images;  /* standard error that images leave in each alpha's mean, against the others */
    bool far;       /* one end is far below, so that only the other has to be beaten */
} stats_alpha_design;

/* The margin that networks [alphas] at each alpha can show.  Power .8 of p at the options' level. */
jem_status stats_alpha_detectable(double *margin, const int64_t *networks, const stats_alpha_design *d,
                                  const stats_best_alpha_options *o);
/* The smallest number of networks, the same at each alpha, whose detectable margin is not larger than
 * `margin`; JEM_EDATA if 1,000 are not enough. */
jem_status stats_alpha_networks(int64_t *networks, double margin, const stats_alpha_design *d,
                                const stats_best_alpha_options *o);
/* *ends, *between <- at each end and at each alpha between, so that it is the fewest networks: two or
 * more, and not more between than at the ends.  equal: what stats_alpha_networks found. */
jem_status stats_alpha_fewest(int64_t *ends, int64_t *between, int64_t equal, double margin,
                              const stats_alpha_design *d, const stats_best_alpha_options *o);

/* adjusted [n] <- Holm's (1979) p of several claims, valid whatever their dependence; NaN stays and
 * counts as no claim. */
void stats_holm(double *adjusted, const double *p, int64_t n);

#endif
