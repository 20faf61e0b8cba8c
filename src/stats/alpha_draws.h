/* Draws of the noise along alpha, and the largest standardised difference to one of them.
 *
 *   W_b = max over i of (Z_i - Z_b) / SE_ib(v*)          Z ~ N(0, C + diag(v / n))
 *
 * where v* is each v times chi-squared / df with the df of its own estimate: the multivariate t of
 * Dunnett (1955) where variances are equal and C = 0.  In the form `sum` it is -Z_i - Z_b, for
 * scores that are best at a reference.  Every draw is a function of (seed, number). */
#ifndef STATS_ALPHA_DRAWS_H
#define STATS_ALPHA_DRAWS_H

#include "base/pool.h"
#include "stats/alpha_noise.h"

/* One maximum over draws.  What it is compared with is counted, what it was is kept. */
typedef struct stats_alpha_maximum {
    int64_t base;            /* b */
    bool inner;              /* over alphas between the ends; else over all others */
    bool sum;                /* the other form */
    const double *threshold; /* [K] or NULL; NaN where there is none */
    int64_t *hits;           /* [K] draws in which W >= threshold[i] */
    float *values;           /* [draws] <- W; NULL: not kept */
} stats_alpha_maximum;

/* What an alpha i must have over the ends so that it beats both:
 *   need_i = max over ends e of (d_e SE_ie(v*) - (Z_i - Z_e)). */
typedef struct stats_alpha_need {
    double point[2];   /* d of the lower and of the upper end */
    float **values;    /* [K][draws] <- need_i; NULL for alphas not asked for */
    float **certainty; /* [K][draws] <- SE_ie(v*) / SE_ie of the end with the larger SE_ie */
} stats_alpha_need;

/* All that is asked about one noise. */
typedef struct stats_alpha_questions {
    const stats_alpha_noise *noise;
    int64_t count;
    stats_alpha_maximum *maximum; /* [count] */
    const stats_alpha_need *need; /* NULL: nothing */
} stats_alpha_questions;

/* Answers those about `noises` noises of equally many alphas with the same draws (1 <= draws).
 * threads: NULL for the calling thread alone.  JEM_ENOMEM */
jem_status stats_alpha_draws(stats_alpha_questions *asked, int64_t noises, int64_t draws,
                             uint64_t seed, pool *threads);

/* x [n] is put into another order; returns the value that a share q of them do not exceed
 * (0 < q <= 1, n >= 1). */
double stats_point_of(float *x, int64_t n, double q);

#endif
