/* One step of Langevin dynamics on one element of an image; the three updates are those of
 * sample/sgld.h, which makes lambda_t and sigma of a step. */
#ifndef ENERGY_LANGEVIN_H
#define ENERGY_LANGEVIN_H

#include <stdbool.h>

#include "base/host_device.h"

typedef struct langevin_update {
    float step_size;   /* lambda_t: factor on the gradient */
    float noise_std;   /* sigma */
    bool clip;         /* to [clip_min, clip_max] after the step */
    float clip_min, clip_max;
    bool clamped;      /* x <- clip(x + lambda clamp(g, -1, 1)) + sigma z: the noise comes last */
} langevin_update;

/* Comparisons are false for NaN, so that NaN survives the clip. */
HOST_DEVICE float langevin_clip(float v, float low, float high)
{
    v = v < low ? low : v;
    return v > high ? high : v;
}

/* clip(x + lambda g + sigma z): Algorithm 1, and Eq. 7 with its own lambda and sigma. */
HOST_DEVICE float langevin_step(float x, float g, float z, float lambda, float sigma, float low,
                                float high)
{
    return langevin_clip(x + lambda * g + sigma * z, low, high);
}

/* The same without noise, whose zero would turn -0 into 0. */
HOST_DEVICE float langevin_ascent(float x, float g, float lambda, float low, float high)
{
    return langevin_clip(x + lambda * g, low, high);
}

#endif
