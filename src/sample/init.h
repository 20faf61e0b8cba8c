/* Where Langevin chains begin: the distribution of fresh starts and of the
 * replay buffer's first contents.  Uniform noise as in the JEM code; a bank of
 * given images or encodings can stand here as well. */
#ifndef SAMPLE_INIT_H
#define SAMPLE_INIT_H

#include <stdint.h>

#include "base/rng.h"

typedef struct chain_start {
    /* x [size] <- the start of chain number `image` of stream s. */
    void (*fill)(const void *ctx, float *x, int64_t size, const rng_stream *s, uint32_t image);
    const void *ctx; /* borrowed */
} chain_start;

/* Uniform on [-1, 1], every element independent. */
extern const chain_start chain_start_uniform;

#endif
