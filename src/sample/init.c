/* Starts of Langevin chains: uniform on [-1, 1] (Grathwohl et al. 2020, JEM code). */
#include "sample/init.h"

#include <stddef.h>

static void fill_uniform(const void *ctx, float *x, int64_t n, int64_t size, int32_t y,
                         const rng_stream *s, uint32_t first)
{
    (void)ctx, (void)y;
    for (int64_t i = 0; i < n; i++)
        rng_fill_uniform(x + i * size, size, -1.0f, 1.0f, s, first + (uint32_t)i);
}

const chain_start chain_start_uniform = {fill_uniform, NULL, 0};
