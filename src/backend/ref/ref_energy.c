/* Elementary steps of energy models: Langevin update, log-sum-exp, optimisers,
 * sums of squares.  Results do not depend on the vector width: every element, and every
 * lane of a sum, has one fixed order of operations. */
#include "backend/ref/ref.h"

#include <math.h>

#include "energy/logits.h"

enum { LANES = 8 };

void ref_langevin(float *x, const float *g, const float *noise, int64_t n,
                  const langevin_update *u)
{
    const float lambda = u->step_size, sigma = u->noise_std;
    const float low = u->clip ? u->clip_min : -INFINITY;
    const float high = u->clip ? u->clip_max : INFINITY;

    if (u->clamped) {
        for (int64_t i = 0; i < n; i++)
            x[i] = langevin_ascent(x[i], langevin_clip(g[i], -1, 1), lambda, low, high);
        for (int64_t i = 0; noise && i < n; i++) x[i] += sigma * noise[i];
    } else if (noise) {
        for (int64_t i = 0; i < n; i++)
            x[i] = langevin_step(x[i], g[i], noise[i], lambda, sigma, low, high);
    } else {
        for (int64_t i = 0; i < n; i++) x[i] = langevin_ascent(x[i], g[i], lambda, low, high);
    }
}

void ref_logsumexp(float *lse, float *softmax, const float *logits, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n; i++) {
        const float *v = logits + i * k;
        const lse_sum s = lse_sum_of(v, k);
        lse[i] = lse_of_sum(s);
        if (!softmax) continue;
        for (int64_t j = 0; j < k; j++) softmax[i * k + j] = softmax_of_sum(s, v[j]);
    }
}

void ref_adam(float *theta, float *m, float *v, const float *g, const float *h, double a, double b,
              int64_t n, const adam_update *u)
{
    const adam_factors f = adam_factors_of(u);
    const float ga = (float)a, hb = (float)b;

    for (int64_t i = 0; i < n; i++)
        adam_step(theta + i, m + i, v + i, h ? gradient_sum(ga, g[i], hb, h[i]) : ga * g[i], &f);
}

void ref_sgd(float *theta, float *m, const float *g, const float *h, double a, double b, int64_t n,
             const sgd_update *u)
{
    const float rate = (float)u->lr, momentum = (float)u->momentum;
    const float decay = (float)u->weight_decay, ga = (float)a, hb = (float)b;

    for (int64_t i = 0; i < n; i++)
        sgd_step(theta + i, m + i, h ? gradient_sum(ga, g[i], hb, h[i]) : ga * g[i], rate, momentum,
                 decay);
}

double ref_sum_squares(const float *x, int64_t n)
{
    double lane[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int j = 0; j < LANES; j++) lane[j] += (double)x[i + j] * x[i + j];
    for (int j = 0; i < n; i++, j++) lane[j] += (double)x[i] * x[i];
    return ((lane[0] + lane[4]) + (lane[1] + lane[5])) +
           ((lane[2] + lane[6]) + (lane[3] + lane[7]));
}
