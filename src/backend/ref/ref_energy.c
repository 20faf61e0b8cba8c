/* Elementary steps of energy models: Langevin update, log-sum-exp, optimisers,
 * sums of squares.  Results do not depend on the vector width: every element, and every
 * lane of a sum, has one fixed order of operations. */
#include "backend/ref/ref.h"

#include <math.h>

enum { LANES = 8 };

/* Comparisons are false for NaN, so that NaN survives the clip. */
static inline float clip(float v, float low, float high)
{
    v = v < low ? low : v;
    return v > high ? high : v;
}

void ref_langevin(float *x, const float *g, const float *noise, int64_t n,
                  const langevin_update *u)
{
    const float lambda = u->step_size, sigma = u->noise_std;
    const float low = u->clip ? u->clip_min : -INFINITY;
    const float high = u->clip ? u->clip_max : INFINITY;

    if (u->clamped) {
        for (int64_t i = 0; i < n; i++) x[i] = clip(x[i] + lambda * clip(g[i], -1, 1), low, high);
        for (int64_t i = 0; noise && i < n; i++) x[i] += sigma * noise[i];
    } else if (noise) {
        for (int64_t i = 0; i < n; i++)
            x[i] = clip(x[i] + lambda * g[i] + sigma * noise[i], low, high);
    } else {
        for (int64_t i = 0; i < n; i++) x[i] = clip(x[i] + lambda * g[i], low, high);
    }
}

/* log sum exp v = m + log sum exp(v - m), m = max v, so that nothing overflows.
 * NaN in a row makes its results NaN; +inf and all -inf give themselves. */
void ref_logsumexp(float *lse, float *softmax, const float *logits, int64_t n, int64_t k)
{
    for (int64_t i = 0; i < n; i++) {
        const float *v = logits + i * k;
        double m = v[0], sum = 0.0;
        for (int64_t j = 1; j < k; j++) m = v[j] > m ? v[j] : m;
        if (!isfinite(m)) m = 0.0;
        for (int64_t j = 0; j < k; j++) sum += exp(v[j] - m);
        lse[i] = (float)(m + log(sum));
        if (!softmax) continue;
        for (int64_t j = 0; j < k; j++) softmax[i * k + j] = (float)(exp(v[j] - m) / sum);
    }
}

/* Kingma & Ba 2015, algorithm 1, with the two bias corrections (in double) folded
 * into a factor on m and a factor on sqrt(v). */
void ref_adam(float *theta, float *m, float *v, const float *g, const float *h, double a, double b,
              int64_t n, const adam_update *u)
{
    const float beta1 = (float)u->beta1, rest1 = (float)(1.0 - u->beta1);
    const float beta2 = (float)u->beta2, rest2 = (float)(1.0 - u->beta2);
    const float rate = (float)(u->lr / (1.0 - pow(u->beta1, (double)u->step)));
    const float root = (float)(1.0 / sqrt(1.0 - pow(u->beta2, (double)u->step)));
    const float eps = (float)u->eps, ga = (float)a, hb = (float)b;

    for (int64_t i = 0; i < n; i++) {
        const float grad = h ? ga * g[i] + hb * h[i] : ga * g[i];
        m[i] = beta1 * m[i] + rest1 * grad;
        v[i] = beta2 * v[i] + rest2 * grad * grad;
        theta[i] -= rate * m[i] / (sqrtf(v[i]) * root + eps);
    }
}

/* torch.optim.SGD, whose first step has m = gradient: ours begins with m = 0. */
void ref_sgd(float *theta, float *m, const float *g, const float *h, double a, double b, int64_t n,
             const sgd_update *u)
{
    const float rate = (float)u->lr, momentum = (float)u->momentum;
    const float decay = (float)u->weight_decay, ga = (float)a, hb = (float)b;

    for (int64_t i = 0; i < n; i++) {
        const float grad = h ? ga * g[i] + hb * h[i] : ga * g[i];
        m[i] = momentum * m[i] + (grad + decay * theta[i]);
        theta[i] -= rate * m[i];
    }
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
