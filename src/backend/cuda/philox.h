/* Blocks of base/rng.h on the device, bit for bit (tests/backend/test_cuda_elements.c). */
#ifndef CUDA_PHILOX_H
#define CUDA_PHILOX_H

#include "backend/cuda/element.h"
#include "base/rng.h"
#include "base/rng_math.h"

typedef struct words {
    uint32_t w[4];
} words;

/* rng_block; at: the stream's step */
HOST_DEVICE words philox_block(uint64_t seed, uint32_t purpose, uint32_t at, uint32_t sub, uint32_t image,
                               uint32_t block)
{
    uint32_t key_0 = (uint32_t)seed, key_1 = (uint32_t)(seed >> 32);
    words b = {{block, image, at, purpose << 24 | sub}};

    for (int r = 0; r < PHILOX_ROUNDS; r++) {
        philox_round(&b.w[0], &b.w[1], &b.w[2], &b.w[3], key_0, key_1);
        key_0 += PHILOX_WEYL_0;
        key_1 += PHILOX_WEYL_1;
    }
    return b;
}

/* Normals of one block: elements 4 block .. 4 block + 3 of rng_fill_normal. */
HOST_DEVICE void normals_of_block(float z[4], words b)
{
    float r0 = radius_from_word(b.w[0]), r1 = radius_from_word(b.w[2]), c, s;
    turn_from_word(&c, &s, b.w[1]);
    z[0] = r0 * c;
    z[1] = r0 * s;
    turn_from_word(&c, &s, b.w[3]);
    z[2] = r1 * c;
    z[3] = r1 * s;
}

#endif
