/* Sharpness-aware minimisation (sharpness.h), plain and adaptive, on a flat parameter vector. */
#include "train/sharpness.h"

#include <string.h>

#include "base/mem.h"
#include "energy/sharpness.h"

jem_status sharpness_init(sharpness *s, int kind, double rho, int64_t n)
{
    *s = (sharpness){kind, rho, n, NULL};
    return kind == SHARPNESS_NONE ? JEM_OK : MEM_NEW(s->kept, n);
}

void sharpness_clear(sharpness *s)
{
    mem_free(s->kept);
    *s = (sharpness){.kept = NULL};
}

static double slope(const direction *d, int64_t i)
{
    double g = d->a * (double)d->g[i];
    return d->h ? g + d->b * (double)d->h[i] : g;
}

void sharpness_ascend(sharpness *s, float *theta, const direction *d)
{
    const bool adaptive = s->kind == SHARPNESS_ADAPTIVE;
    double squares = 0;
    memcpy(s->kept, theta, (size_t)s->n * sizeof *theta);
    for (int64_t i = 0; i < s->n; i++) {
        double g = slope(d, i) * (adaptive ? (double)theta[i] : 1);
        squares += g * g;
    }
    const double scale = uphill_scale(s->rho, squares);
    for (int64_t i = 0; i < s->n; i++)
        theta[i] = uphill((double)theta[i], slope(d, i), scale, adaptive);
}

void sharpness_return(const sharpness *s, float *theta)
{
    memcpy(theta, s->kept, (size_t)s->n * sizeof *theta);
}
