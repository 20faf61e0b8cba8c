/* The discretised mixture of logistics of PixelCNN++ (Salimans et al. 2017, section 2.1-2.2), a distribution of one
 * pixel's levels of red, green and blue; the loss of Storrs et al.'s PixelVAE.
 *
 *   x [3]   the pixel, (level - 127.5) / 127.5
 *   l [10K] what the network says of it, K mixtures: K logits, then for red, green and blue each
 *           K means m, K log-scales s (not below -7), K coefficients c before tanh
 *
 * The means are m_R,  m_G + c_R x_R,  m_B + c_G x_R + c_B x_G: c_J is what stands with colour J.  With
 * p = exp(-s) (x - m + 1/255) and q = exp(-s) (x - m - 1/255), a colour's probability under one mixture is
 * sigmoid(p) - sigmoid(q), where level 0 takes all below and level 255 all above; a difference of at most 1e-5 is
 * taken as the density at the centre times the width 2/255. */
#ifndef ENERGY_LOGISTIC_MIXTURE_H
#define ENERGY_LOGISTIC_MIXTURE_H

#include <math.h>
#include <stdint.h>

#include "base/host_device.h"

enum { MIXTURES_MOST = 32, MIXTURE_VALUES = 10 }; /* values of the network for each mixture */
#define MIXTURE_LEAST_SCALE -7.0

HOST_DEVICE double mixture_softplus(double x)
{
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

HOST_DEVICE double mixture_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* One colour under one mixture: the log-probability, and its derivatives to m and s. */
typedef struct mixture_term {
    double log_p, to_mean, to_scale;
} mixture_term;

HOST_DEVICE mixture_term mixture_colour(double x, double mean, double log_scale)
{
    const double s = log_scale > MIXTURE_LEAST_SCALE ? log_scale : MIXTURE_LEAST_SCALE, inverse = exp(-s);
    const double d = x - mean, p = inverse * (d + 1.0 / 255), q = inverse * (d - 1.0 / 255);
    const double up = mixture_sigmoid(p), down = mixture_sigmoid(q);
    double to_p = 0, to_q = 0; /* derivatives of log_p */
    mixture_term t = {0, 0, 0};

    if (x < -0.999) {
        t.log_p = p - mixture_softplus(p);
        to_p = mixture_sigmoid(-p);
    } else if (x > 0.999) {
        t.log_p = -mixture_softplus(q);
        to_q = -down;
    } else if (up - down > 1e-5) {
        t.log_p = log(up - down);
        to_p = up * (1 - up) / (up - down);
        to_q = -down * (1 - down) / (up - down);
    } else {
        const double centre = inverse * d;
        t.log_p = centre - s - 2 * mixture_softplus(centre) - log(127.5);
        t.to_mean = -inverse * (1 - 2 * mixture_sigmoid(centre));
        t.to_scale = -centre * (1 - 2 * mixture_sigmoid(centre)) - 1;
    }
    t.to_mean -= inverse * (to_p + to_q);
    t.to_scale -= p * to_p + q * to_q;
    if (log_scale < MIXTURE_LEAST_SCALE) t.to_scale = 0;
    return t;
}

/* The mean of colour j, 0 to 2, under mixture k, with what it takes of the colours before. */
HOST_DEVICE double mixture_mean(const double *l, const double x[3], int64_t mixtures, int64_t k, int j)
{
    const int64_t block = 3 * mixtures, first = mixtures + k;
    double mean = l[first + j * block];
    if (j == 1) mean += tanh(l[first + 2 * mixtures]) * x[0];
    if (j == 2) mean += tanh(l[first + block + 2 * mixtures]) * x[0] + tanh(l[first + 2 * block + 2 * mixtures]) * x[1];
    return mean;
}

/* Adds up what mixture k's terms, times `weight`, say of its values in l. */
HOST_DEVICE void mixture_gradient(double *d, const double *l, const double x[3], int64_t mixtures, int64_t k,
                                  const mixture_term t[3], double weight)
{
    const int coefficient_of[3] = {1, 2, 2}, seen[3] = {0, 0, 1}; /* whose mean, times which colour */
    for (int j = 0; j < 3; j++) {
        const int64_t at = mixtures + j * 3 * mixtures + k;
        const double c = tanh(l[at + 2 * mixtures]);
        d[at] = weight * t[j].to_mean;
        d[at + mixtures] = weight * t[j].to_scale;
        d[at + 2 * mixtures] = weight * t[coefficient_of[j]].to_mean * x[seen[j]] * (1 - c * c);
    }
}

/* -log p(x) in nats, and its gradient to l into d [10K], NULL: not wanted.  mixtures: K, at most MIXTURES_MOST. */
HOST_DEVICE double mixture_loss(double *d, const double *l, const double x[3], int64_t mixtures)
{
    mixture_term terms[MIXTURES_MOST][3];
    double joint[MIXTURES_MOST], most_logit = l[0], most = 0, prior = 0, sum = 0;

    for (int64_t k = 0; k < mixtures; k++) {
        joint[k] = l[k];
        if (l[k] > most_logit) most_logit = l[k];
        for (int j = 0; j < 3; j++) {
            const double log_scale = l[mixtures + j * 3 * mixtures + mixtures + k];
            terms[k][j] = mixture_colour(x[j], mixture_mean(l, x, mixtures, k, j), log_scale);
            joint[k] += terms[k][j].log_p;
        }
        if (k == 0 || joint[k] > most) most = joint[k];
    }
    for (int64_t k = 0; k < mixtures; k++) {
        prior += exp(l[k] - most_logit);
        sum += exp(joint[k] - most);
    }
    for (int64_t k = 0; d && k < mixtures; k++) {
        const double share = exp(joint[k] - most) / sum;
        d[k] = exp(l[k] - most_logit) / prior - share;
        mixture_gradient(d, l, x, mixtures, k, terms[k], -share);
    }
    return most_logit + log(prior) - most - log(sum);
}

/* A draw: the mixture whose logit - log(-log u[k]) is largest, then colour after colour m + exp(s) log(v / (1 - v)),
 * clipped to [-1,1], as the next one's mean sees it.  u [K], v [3] in (0,1). */
HOST_DEVICE void mixture_draw(double x[3], const double *l, int64_t mixtures, const double *u, const double v[3])
{
    int64_t k = 0;
    for (int64_t i = 1; i < mixtures; i++)
        if (l[i] - log(-log(u[i])) > l[k] - log(-log(u[k]))) k = i;
    for (int j = 0; j < 3; j++) {
        const double s = l[mixtures + j * 3 * mixtures + mixtures + k];
        const double scale = exp(s > MIXTURE_LEAST_SCALE ? s : MIXTURE_LEAST_SCALE);
        const double drawn = mixture_mean(l, x, mixtures, k, j) + scale * (log(v[j]) - log(1 - v[j]));
        x[j] = drawn < -1 ? -1 : drawn > 1 ? 1 : drawn;
    }
}

#endif
