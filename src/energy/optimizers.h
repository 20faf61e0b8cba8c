/* One step of an optimiser on one parameter. */
#ifndef ENERGY_OPTIMIZERS_H
#define ENERGY_OPTIMIZERS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/host_device.h"

typedef struct adam_update {
    double lr, beta1, beta2, eps;
    double weight_decay;
    int64_t step;       /* counts from 1 */
    bool eps_inside;    /* of the root: g / sqrt(v + eps), as TensorFlow programs of PixelCNN++ */
} adam_update;

typedef struct sgd_update {
    double lr, momentum, weight_decay;
} sgd_update;

/* A gradient that is the sum of two: a g + b h. */
HOST_DEVICE float gradient_sum(float a, float g, float b, float h)
{
    return a * g + b * h;
}

/* Kingma & Ba 2015, algorithm 1, with the two bias corrections (in double) folded
 * into a factor on m and a factor on sqrt(v). */
typedef struct adam_factors {
    float beta1, rest1, beta2, rest2, eps, decay;
    float rate, root;   /* lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t) */
    int32_t inside;     /* bool: eps_inside */
} adam_factors;

static inline adam_factors adam_factors_of(const adam_update *u)
{
    adam_factors f;
    f.beta1 = (float)u->beta1;
    f.rest1 = (float)(1.0 - u->beta1);
    f.beta2 = (float)u->beta2;
    f.rest2 = (float)(1.0 - u->beta2);
    f.eps = (float)u->eps;
    f.inside = u->eps_inside;
    f.decay = (float)u->weight_decay;
    f.rate = (float)(u->lr / (1.0 - pow(u->beta1, (double)u->step)));
    f.root = (float)(1.0 / sqrt(1.0 - pow(u->beta2, (double)u->step)));
    return f;
}

/* theta, m, v <- one step with gradient g + decay theta, as torch.optim.Adam takes a weight decay. */
HOST_DEVICE void adam_step(float *theta, float *m, float *v, float g, const adam_factors *f)
{
    g += f->decay * *theta;
    const float first = f->beta1 * *m + f->rest1 * g;
    const float second = f->beta2 * *v + f->rest2 * g * g;
    *m = first;
    *v = second;
    if (f->inside)
        *theta -= f->rate * first / sqrtf(second * f->root * f->root + f->eps);
    else
        *theta -= f->rate * first / (sqrtf(second) * f->root + f->eps);
}

/* torch.optim.SGD, whose first step has m = gradient: ours begins with m = 0. */
HOST_DEVICE void sgd_step(float *theta, float *m, float g, float rate, float momentum, float decay)
{
    *m = momentum * *m + (g + decay * *theta);
    *theta -= rate * *m;
}

/* Averaged weights: keep average + (1 - keep) theta. */
HOST_DEVICE float weight_average(float average, float theta, float keep)
{
    return keep * average + (1.0f - keep) * theta;
}

#endif
