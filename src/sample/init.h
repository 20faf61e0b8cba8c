/* Where Langevin chains begin: the distribution of fresh starts and of the
 * replay buffer's first contents.  Uniform noise as in the JEM code; a bank of
 * given images or encodings can stand here as well. */
#ifndef SAMPLE_INIT_H
#define SAMPLE_INIT_H

#include <stdint.h>

#include "base/rng.h"

typedef struct chain_start {
    /* x [n][size] <- the starts of chains first .. first + n - 1 of stream s, all of class y;
     * -1: of whatever class the stream says.  The same for any n. */
    void (*fill)(const void *ctx, float *x, int64_t n, int64_t size, int32_t y,
                 const rng_stream *s, uint32_t first);
    const void *ctx; /* borrowed */
    int64_t classes; /* a new replay buffer holds as many of each; 0: starts know no classes */
} chain_start;

/* Uniform on [-1, 1], every element independent. */
extern const chain_start chain_start_uniform;

#endif
