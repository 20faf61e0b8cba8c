/* Starts of Langevin chains: uniform on [-1, 1] (Grathwohl et al. 2020, JEM code). */
#include "sample/init.h"

#include <stddef.h>

static void fill_uniform(const void *ctx, float *x, int64_t size, const rng_stream *s,
                         uint32_t image)
{
    (void)ctx;
    rng_fill_uniform(x, size, -1.0f, 1.0f, s, image);
}

const chain_start chain_start_uniform = {fill_uniform, NULL};
