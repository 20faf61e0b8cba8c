/* How far the mean scores along alpha may be off: by training again, and by other images.
 *
 * K alphas with n_i networks (seeds) each; score ij of network j at alpha i is turned so that
 * larger is better.  What differs between the networks of one alpha is training noise, with one
 * network's own noise on each image in it.  What all networks share is that they were asked about
 * the same images (and compared with the same people): with G the covariance of all networks'
 * scores when images are drawn anew,
 *
 *   C_il = mean over j, k of G(ij, lk)          C_ii = mean over j != k of G(ij, ik)
 *
 * so that nothing counts twice.  Where alpha i has one network, C_ii is G(i1, i1) less what one
 * network's own noise adds at the other alphas.  (Obuchowski & Rockette 1995, for fixed networks.) */
#ifndef STATS_ALPHA_NOISE_H
#define STATS_ALPHA_NOISE_H

#include <stdbool.h>
#include <stdint.h>

#include "jem/status.h"

/* Whose spread is the training noise of an alpha. */
typedef enum stats_variance {
    STATS_VARIANCE_GUARDED, /* an end its own; between the ends the pooled or its own, whichever is
                               larger */
    STATS_VARIANCE_POOLED,  /* that of all alphas together */
    STATS_VARIANCE_EACH     /* its own everywhere */
} stats_variance;
const char *stats_variance_text(stats_variance v); /* "guarded", "pooled", "each" */

/* The networks of a study and their scores. */
typedef struct stats_alphas {
    int64_t count;            /* K, two or more */
    const int64_t *networks;  /* [K] n_i, one or more */
    const double *score;      /* [N] alpha after alpha, N the sum of n_i */
    const double *covariance; /* [N][N] G; NULL: images are not drawn */
    double reference;         /* the best score where that is no bound: the score nearest to it is
                                 best, and G covers sums of scores as well; NAN: the largest is */
} stats_alphas;

typedef struct stats_alpha_noise {
    int64_t alphas;    /* K */
    int64_t low, high; /* the ends: first and last alpha with a network */
    double *mean;      /* [K] NaN where no network is left */
    double *variance;  /* [K] of the mean, by training: v_i / n_i */
    double *shared;    /* [K][K] C */
    double *root;      /* [K][K] root root' = C */
    int64_t *group;    /* [K] alphas of one group share the estimate of their variance */
    double *df;        /* [K + 1] of each group; 0: no spread is known */
    bool has_shared;   /* C is not zero */
} stats_alpha_noise;

/* Without network `left_out` (its number in data->score; -1: all are in).  With one network at
 * every alpha there is no training noise and C is G.  An alpha whose own spread is not known (one
 * network) takes the pooled one.  JEM_ENOMEM */
jem_status stats_alpha_noise_init(stats_alpha_noise *out, const stats_alphas *data,
                                  stats_variance rule, int64_t left_out);
void stats_alpha_noise_clear(stats_alpha_noise *n); /* a zeroed one is fine */

/* Variance of m_i - m_l; of m_i + m_l where `sum`. */
double stats_alpha_variance(const stats_alpha_noise *n, int64_t i, int64_t l, bool sum);

#endif
