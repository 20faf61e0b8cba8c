/* Eq. 8, which everything along alpha trains:
 *
 *   l_D = -(1/B) sum log softmax(f(x_i))[y_i]                   (label smoothing optional)
 *   l_G = -((1/G) sum LSE(x+_i) - (1/G) sum LSE(x-_i))          (+ energy penalty, optional)
 *   l   = alpha c l_G + (1 - alpha) l_D,   c = |grad l_D| / (|grad l_G| + 1e-8), a number
 *   l   = 2 alpha l_G + 2 (1 - alpha) l_D  (a plain sum), at alpha 1/2 the l_G + l_D of the JEM
 *                                          code, JEM++ and SADA-JEM; c = 1
 *
 * At alpha = 0 and alpha = 1 only one loss is active and c = 1. */
#ifndef ENERGY_EQ8_H
#define ENERGY_EQ8_H

#include "energy/logits.h"

/* Squares of larger gradients would leave float32 in Adam's second moments. */
#define EQ8_LARGEST_GRADIENT 1e15

/* Which losses alpha leaves: without l_D no label is seen, without l_G no chain runs. */
HOST_DEVICE bool eq8_has_loss_d(double alpha)
{
    return alpha < 1;
}

HOST_DEVICE bool eq8_has_loss_g(double alpha)
{
    return alpha > 0;
}

/* The images of a step and what the network said of them. */
typedef struct eq8_terms {
    int64_t labelled, positive, negative; /* first rows of lse, -1: not in this step; x+ may be
                                             the labelled images */
    int64_t rows, batch, generative;      /* all rows; B labelled images; G of x+, and of x- */
    const float *lse;                     /* [rows] */
    const double *loss_terms;             /* [batch]: cross-entropies */
    const int32_t *hit;                   /* [batch]: the largest logit is the label's */
    double energy_l2;
} eq8_terms;

/* NaN where a loss is not active. */
typedef struct eq8_result {
    double loss_d, loss_g;
    double g_d, g_g, c, cosine;  /* norms of the gradients, their ratio c, the cosine between them */
    double lse_pos, lse_neg;     /* batch means */
    double accuracy;             /* on the labelled batch */
} eq8_result;

HOST_DEVICE eq8_result eq8_nothing(void)
{
    const double nan = (double)float_of_bits(0x7fc00000u);
    eq8_result r = {nan, nan, nan, nan, 1, nan, nan, nan, nan};
    return r;
}

HOST_DEVICE double eq8_mean(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)x[i];
    return sum / (double)n;
}

HOST_DEVICE double eq8_mean_square(const float *x, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sum / (double)n;
}

/* Losses and accuracy into r. */
HOST_DEVICE void eq8_losses(eq8_result *r, const eq8_terms *t)
{
    if (t->labelled >= 0) {
        double sum = 0, hits = 0;
        for (int64_t i = 0; i < t->batch; i++) {
            sum += t->loss_terms[i];
            hits += t->hit[i];
        }
        r->loss_d = sum / (double)t->batch;
        r->accuracy = hits / (double)t->batch;
    }
    if (t->positive >= 0) {
        const float *pos = t->lse + t->positive, *neg = t->lse + t->negative;
        const int64_t n = t->generative;
        r->lse_pos = eq8_mean(pos, n);
        r->lse_neg = eq8_mean(neg, n);
        r->loss_g = r->lse_neg - r->lse_pos +
                    t->energy_l2 * (eq8_mean_square(pos, n) + eq8_mean_square(neg, n));
    }
}

/* Norms, cosine and c into r, from |grad l_D|^2, |grad l_G|^2 and their product. */
HOST_DEVICE void eq8_norms(eq8_result *r, const eq8_terms *t, double square_d, double square_g,
                           double product, bool plain_sum)
{
    if (t->labelled >= 0) r->g_d = sqrt(square_d);
    if (t->positive >= 0) r->g_g = sqrt(square_g);
    if (t->labelled >= 0 && t->positive >= 0) {
        const double norms = r->g_d * r->g_g;
        r->cosine = norms > 0 ? product / norms : 0;
        if (!plain_sum) r->c = r->g_d / (r->g_g + 1e-8);
    }
}

/* The direction of descent: g grad l_G + d grad l_D, or g times the only gradient. */
typedef struct eq8_weights {
    double g, d;
} eq8_weights;

HOST_DEVICE eq8_weights eq8_descent(const eq8_result *r, const eq8_terms *t, double alpha,
                                    bool plain_sum)
{
    eq8_weights w = {1, 0};
    if (t->labelled >= 0 && t->positive >= 0) {
        w.g = plain_sum ? 2 * alpha : alpha * r->c;
        w.d = plain_sum ? 2 * (1 - alpha) : 1 - alpha;
    }
    return w;
}

/* The least and the largest LSE of a step; NaN stays. */
HOST_DEVICE void eq8_range(double *low, double *high, const eq8_terms *t)
{
    *low = *high = (double)t->lse[0];
    for (int64_t i = 0; i < t->rows; i++) {
        const double e = (double)t->lse[i];
        if (e < *low || isnan(e)) *low = e;
        if (e > *high || isnan(e)) *high = e;
    }
}

/* May the state take this step?  Not if anything is not finite, or a gradient too large for the
 * optimiser.  low, high: eq8_range; movement: of the chains (sample/sgld.h). */
HOST_DEVICE bool eq8_usable(const eq8_result *r, const eq8_terms *t, double low, double high,
                            double movement)
{
    bool fine = finite_f64(low) && finite_f64(high);
    if (t->labelled >= 0) fine = fine && finite_f64(r->loss_d) && r->g_d < EQ8_LARGEST_GRADIENT;
    if (t->positive >= 0)
        fine = fine && finite_f64(r->loss_g) && r->g_g < EQ8_LARGEST_GRADIENT && finite_f64(movement);
    return fine;
}

#endif
