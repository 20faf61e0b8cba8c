/* From sums to results: Winograd's last map, bias, sum, rectifier. */
#ifndef BACKEND_CPU_BF16_FINISH_H
#define BACKEND_CPU_BF16_FINISH_H

#include "backend/cpu/x86/bf16_conv.h"

typedef struct bf16_target {
    int64_t at;   /* of a tile's first result, in the output */
    int64_t skip; /* positions that the tile before has done */
} bf16_target;

/* sums [positions][16] of one tile and group of channels; with Winograd plane p's are BF16_BLOCK
 * floats after plane p - 1's. */
void bf16_finish(const bf16_conv *c, const bf16_output *o, const float *sums, const bf16_target *t,
                 int64_t positions, int64_t group);

#endif
