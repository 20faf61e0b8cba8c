/* What the logits of one image say, and the cotangents that a backward pass starts from: the
 * derivatives of log-sum-exp (the log-density up to a constant, Eq. 3) and of the losses of Eq. 8
 * with respect to the logits.  All in double from float32 logits. */
#ifndef ENERGY_LOGITS_H
#define ENERGY_LOGITS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/rng_math.h"

/* False for infinities and NaN. */
HOST_DEVICE bool finite_f32(float f)
{
    return (bits_of_float(f) & 0x7f800000u) != 0x7f800000u;
}

HOST_DEVICE bool finite_f64(double x)
{
    return x - x == 0;
}

/* log sum exp v = shift + log sum, sum = sum exp(v - shift), shift = max v, so that nothing
 * overflows.  NaN in a row makes its results NaN; +inf and all -inf give themselves. */
typedef struct lse_sum {
    double shift, sum;
} lse_sum;

/* Of the logits v [k] of one image. */
HOST_DEVICE lse_sum lse_sum_of(const float *v, int64_t k)
{
    lse_sum s;
    double m = v[0], sum = 0.0;
    for (int64_t j = 1; j < k; j++) m = v[j] > m ? v[j] : m;
    if (!finite_f32((float)m)) m = 0.0;
    for (int64_t j = 0; j < k; j++) sum += exp(v[j] - m);
    s.shift = m;
    s.sum = sum;
    return s;
}

HOST_DEVICE float lse_of_sum(lse_sum s)
{
    return (float)(s.shift + log(s.sum));
}

/* d LSE / d v: the softmax of one logit. */
HOST_DEVICE float softmax_of_sum(lse_sum s, float v)
{
    return (float)(exp(v - s.shift) / s.sum);
}

/* What the gradient of the logits is asked for. */
typedef enum cotangent_kind {
    COTANGENT_LSE,      /* d LSE / d logits: the softmax */
    COTANGENT_CLASS,    /* of the logit of y */
    COTANGENT_LABELLED, /* of l_D */
    COTANGENT_POSITIVE, /* of l_G, x+ */
    COTANGENT_NEGATIVE  /* of l_G, x- */
} cotangent_kind;

/* d v[y] / d v[class], for chains that climb the logit of a class. */
HOST_DEVICE float class_cotangent(int64_t k, int64_t y)
{
    return k == y ? 1.0f : 0.0f;
}

/* ---- l_D, cross-entropy with label smoothing: targets smoothing/classes, and 1 - smoothing more
 * for the label */

HOST_DEVICE double smoothed_target(bool label, double smoothing, int64_t classes)
{
    return smoothing / (double)classes + (label ? 1 - smoothing : 0);
}

/* d l_D / d logit of an image among `batch`, whose softmax is p. */
HOST_DEVICE float labelled_cotangent(float p, double target, double batch)
{
    return (float)(((double)p - target) / batch);
}

typedef struct labelled_loss {
    double loss; /* cross-entropy, nats */
    bool hit;    /* the first largest logit is the label's */
} labelled_loss;

/* Of logits v [k] with log-sum-exp `lse` and label y. */
HOST_DEVICE labelled_loss labelled_loss_of(const float *v, int64_t k, int64_t y, double lse,
                                           double smoothing)
{
    labelled_loss l;
    double sum = 0;
    int64_t best = 0;
    for (int64_t c = 0; c < k; c++) {
        sum += lse - (double)v[c];
        if (v[c] > v[best]) best = c;
    }
    l.loss = (1 - smoothing) * (lse - (double)v[y]) + smoothing / (double)k * sum;
    l.hit = best == y;
    return l;
}

/* ---- l_G with its penalty energy_l2 LSE^2: sign -1 for x+, +1 for x- */

/* Factor on the softmax of an image among n. */
HOST_DEVICE double density_factor(double sign, double energy_l2, double lse, double n)
{
    return (sign + 2 * energy_l2 * lse) / n;
}

HOST_DEVICE float density_cotangent(float p, double factor)
{
    return (float)(factor * (double)p);
}

#endif
