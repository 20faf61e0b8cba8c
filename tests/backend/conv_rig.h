/* Convolutions under test: layers, numbers, and how far Winograd's results may be off. */
#ifndef TESTS_BACKEND_CONV_RIG_H
#define TESTS_BACKEND_CONV_RIG_H

#include <math.h>
#include <string.h>

#include "backend/backend.h"
#include "support/check.h"

typedef struct layer {
    int64_t in, out, h, w, kernel, stride, pad, n;
} layer;

enum { SLOPE_PERCENT = 20 };

/* Weights first in the flat vector, then biases. */
static inline op op_of(const layer *l)
{
    shape in = {l->in, l->h, l->w};
    shape out = {l->out, (l->h + 2 * l->pad - l->kernel) / l->stride + 1,
                 (l->w + 2 * l->pad - l->kernel) / l->stride + 1};
    return (op){.kind = OP_CONV2D, .src = in, .dst = out, .kernel_h = l->kernel, .kernel_w = l->kernel,
                .stride = l->stride, .pad_top = l->pad, .pad_left = l->pad, .pad_bottom = l->pad,
                .pad_right = l->pad, .weight = 0,
                .bias = l->in * l->out * l->kernel * l->kernel, .mean = -1, .var = -1,
                .slope = SLOPE_PERCENT / 100.0};
}

static inline float noise(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0f - 1.0f;
}

static inline float round_to(float v, jem_dtype dtype)
{
    union {
        float value;
        uint32_t bits;
    } u = {v};
    if (dtype == JEM_F32) return v;
    u.bits = (u.bits + 0x7fff + (u.bits >> 16 & 1)) & 0xffff0000u;
    return u.value;
}

static inline void put(char *at, int64_t i, float v, jem_dtype dtype)
{
    union {
        float value;
        uint32_t bits;
    } u = {v};
    if (dtype == JEM_F32)
        ((float *)(void *)at)[i] = v;
    else
        ((uint16_t *)(void *)at)[i] = (uint16_t)(u.bits >> 16);
}

static inline float get(const char *at, int64_t i, jem_dtype dtype)
{
    union {
        uint32_t bits;
        float value;
    } u;
    if (dtype == JEM_F32) return ((const float *)(const void *)at)[i];
    u.bits = (uint32_t)((const uint16_t *)(const void *)at)[i] << 16;
    return u.value;
}

/* ---- Winograd's F(4, 3) from its points: the maps of bf16_winograd.h in absolute values */

enum { POINTS = 5 };
static const double points[POINTS] = {0, 0.625, -0.625, 1.5, -1.5};

/* Coefficients of the product of (x - points[k]) without k == left_out. */
static inline void polynomial(double *coefficients, int left_out)
{
    int degree = 0;
    memset(coefficients, 0, (POINTS + 1) * sizeof *coefficients);
    coefficients[0] = 1;
    for (int k = 0; k < POINTS; ++k) {
        if (k == left_out) continue;
        for (int i = ++degree; i >= 0; --i)
            coefficients[i] = (i ? coefficients[i - 1] : 0) - points[k] * coefficients[i];
    }
}

/* |A|, |G| and |B| of plane t; the last plane is the point at infinity. */
static inline void sizes_of_plane(int t, double a[4], double g[3], double b[6])
{
    bool infinite = t == POINTS;
    double scale = 1;

    polynomial(b, t);
    for (int k = 0; k < POINTS; ++k)
        if (!infinite && k != t) scale *= points[t] - points[k];
    for (int i = 0; i < 4; ++i) a[i] = infinite ? i == 3 : fabs(pow(points[t], i));
    for (int i = 0; i < 3; ++i) g[i] = infinite ? i == 2 : fabs(pow(points[t], i) / scale);
    for (int i = 0; i < 6; ++i) b[i] = fabs(b[i]);
}

#endif
