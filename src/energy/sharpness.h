/* Sharpness-aware minimisation, where the gradient g at a parameter w leads uphill; train/sharpness.h has the
 * formulas. */
#ifndef ENERGY_SHARPNESS_H
#define ENERGY_SHARPNESS_H

#include <math.h>
#include <stdbool.h>

#include "base/host_device.h"

/* Of all parameters; square is |g|^2, adaptive | |w| g |^2. */
HOST_DEVICE double uphill_scale(double rho, double square)
{
    return rho / (sqrt(square) + 1e-12);
}

/* w + e of one of them. */
HOST_DEVICE float uphill(double w, double g, double scale, bool adaptive)
{
    return (float)(w + scale * (adaptive ? w * w : 1) * g);
}

#endif
