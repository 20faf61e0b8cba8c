/* The loss of a PixelVAE, pixel by pixel: backend/energy_steps.h, energy/logistic_mixture.h. */
#ifndef CUDA_MIXTURE_KERNELS_H
#define CUDA_MIXTURE_KERNELS_H

#include "backend/cuda/element.h"
#include "backend/energy_steps.h"
#include "energy/logistic_mixture.h"

/* Piece: one pixel.  Its 7.5 KB of local memory are set aside for every thread that a GPU can run at once when this
 * is first launched: about 2 GB on an H200. */
HOST_DEVICE void mixture_item(const energy_mixture *a, int64_t i)
{
    const int64_t area = a->h * a->w, image = i / area, p = i % area, values = MIXTURE_VALUES * a->mixtures;
    const float *out = a->out + image * values * area + p, *x = a->x + image * 3 * area + p;
    float *cotangent = a->cotangent + image * values * area + p;
    double pixel[3], l[MIXTURE_VALUES * MIXTURES_MOST], d[MIXTURE_VALUES * MIXTURES_MOST];
    int64_t c = 0;

    for (int k = 0; k < 3; k++) pixel[k] = (double)x[k * area];
    do l[c] = (double)out[c * area];
    while (++c < values);
    a->pixel_loss[i] = mixture_loss(d, l, pixel, a->mixtures);
    for (c = 0; c < values; c++) cotangent[c * area] = (float)d[c];
}

/* The only piece. */
HOST_DEVICE void likelihood_item(const energy_likelihood *a, int64_t i)
{
    const double nan = (double)float_of_bits(0x7fc00000u);
    energy_report r = {eq8_nothing(), nan, nan, nan, nan, 1, 0, 0, -1, 0, 0};
    double sum = 0, square = 0;
    (void)i;
    for (int64_t k = 0; k < a->n; k++) sum += a->loss[k];
    for (int64_t k = 0; k < ENERGY_SUMS; k++) square += a->sums[k];
    r.loss.loss_g = sum / (double)a->n;
    r.loss.g_g = sqrt(square);
    r.fine = finite_f64(r.loss.loss_g) && r.loss.g_g < EQ8_LARGEST_GRADIENT;
    if (a->before && !a->before->fine) r.fine = 0;
    *a->report = r;
}

#endif
