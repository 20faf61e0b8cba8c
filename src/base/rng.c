/* The arithmetic of rng_math.h for many blocks side by side. */
#include "base/rng.h"

#include <assert.h>
#include <string.h>

#include "base/rng_math.h"

enum {
    LANES = 64 /* Philox blocks computed together */
};

/* w[j][i] <- word j of block first + i.  Rounds outside, lanes inside: the form
 * that compilers turn into vector code. */
HOST_DEVICE void philox_lanes(uint32_t (*restrict w)[LANES], int lanes, const rng_stream *s,
                          uint32_t image, uint32_t first)
{
    uint32_t key_0 = (uint32_t)s->seed, key_1 = (uint32_t)(s->seed >> 32);

    assert(s->sub < 1u << 24 && (uint32_t)s->purpose < 256);
    for (int i = 0; i < lanes; i++) {
        w[0][i] = first + (uint32_t)i;
        w[1][i] = image;
        w[2][i] = s->step;
        w[3][i] = (uint32_t)s->purpose << 24 | s->sub;
    }
    for (int r = 0; r < PHILOX_ROUNDS; r++) {
        for (int i = 0; i < lanes; i++)
            philox_round(&w[0][i], &w[1][i], &w[2][i], &w[3][i], key_0, key_1);
        key_0 += PHILOX_WEYL_0;
        key_1 += PHILOX_WEYL_1;
    }
}

void rng_block(uint32_t out[4], const rng_stream *s, uint32_t image, uint32_t block)
{
    uint32_t w[4][LANES];

    philox_lanes(w, 1, s, image, block);
    for (int j = 0; j < 4; j++) out[j] = w[j][0];
}

uint32_t rng_u32(const rng_stream *s, uint32_t image, uint32_t element)
{
    uint32_t w[4];

    rng_block(w, s, image, element / 4);
    return w[element % 4];
}

float rng_unit(const rng_stream *s, uint32_t image, uint32_t element)
{
    return unit_from_word(rng_u32(s, image, element));
}

uint32_t rng_below(const rng_stream *s, uint32_t image, uint32_t element, uint32_t bound)
{
    assert(bound >= 1);
    return below_from_word(rng_u32(s, image, element), bound);
}

void rng_fill_below(int64_t *dst, int64_t n, uint32_t bound, const rng_stream *s, uint32_t image)
{
    uint32_t w[4][LANES];

    assert(bound >= 1 && n >= 0 && n <= (int64_t)UINT32_MAX + 1);
    for (int64_t i = 0; i < n; i += 4 * LANES) {
        int64_t left = n - i, blocks = left / 4 < LANES ? left / 4 : LANES;
        if (blocks == LANES)
            philox_lanes(w, LANES, s, image, (uint32_t)(i / 4));
        else
            philox_lanes(w, (int)blocks + 1, s, image, (uint32_t)(i / 4));
        for (int64_t b = 0; b < blocks; b++)
            for (int j = 0; j < 4; j++)
                dst[i + 4 * b + j] = (int64_t)below_from_word(w[j][b], bound);
        for (int64_t e = 4 * blocks; blocks < LANES && e < left; e++)
            dst[i + e] = (int64_t)below_from_word(w[e % 4][blocks], bound);
    }
}

/* dst[0..4*LANES) <- the normals of blocks first .. first+LANES-1. */
HOST_DEVICE void normal_lanes(float *restrict dst, const rng_stream *s, uint32_t image, uint32_t first)
{
    uint32_t w[4][LANES];
    float z[4][LANES];

    philox_lanes(w, LANES, s, image, first);
    for (int i = 0; i < LANES; i++) {
        float r0 = radius_from_word(w[0][i]), r1 = radius_from_word(w[2][i]);
        float c0, s0, c1, s1;
        turn_from_word(&c0, &s0, w[1][i]);
        turn_from_word(&c1, &s1, w[3][i]);
        z[0][i] = r0 * c0;
        z[1][i] = r0 * s0;
        z[2][i] = r1 * c1;
        z[3][i] = r1 * s1;
    }
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < 4; j++) dst[4 * i + j] = z[j][i];
}

/* dst[0..4*LANES) <- uniforms on [low, low + span). */
HOST_DEVICE void uniform_lanes(float *restrict dst, const rng_stream *s, uint32_t image, uint32_t first,
                           float low, float span)
{
    uint32_t w[4][LANES];

    philox_lanes(w, LANES, s, image, first);
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < 4; j++) dst[4 * i + j] = low + span * unit_from_word(w[j][i]);
}

void rng_fill_uniform(float *dst, int64_t n, float low, float high, const rng_stream *s,
                      uint32_t image)
{
    float last[4 * LANES];
    int64_t i = 0;

    assert(n >= 0 && n <= (int64_t)UINT32_MAX + 1);
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        uniform_lanes(dst + i, s, image, (uint32_t)(i / 4), low, high - low);
    if (i == n) return;
    uniform_lanes(last, s, image, (uint32_t)(i / 4), low, high - low);
    memcpy(dst + i, last, (size_t)(n - i) * sizeof *dst);
}

void rng_fill_normal(float *dst, int64_t n, const rng_stream *s, uint32_t image)
{
    float last[4 * LANES];
    int64_t i = 0;

    assert(n >= 0 && n <= (int64_t)UINT32_MAX + 1);
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        normal_lanes(dst + i, s, image, (uint32_t)(i / 4));
    if (i == n) return;
    normal_lanes(last, s, image, (uint32_t)(i / 4));
    memcpy(dst + i, last, (size_t)(n - i) * sizeof *dst);
}

void rng_permutation(int64_t *perm, int64_t n, const rng_stream *s)
{
    assert(n >= 0 && n <= (int64_t)UINT32_MAX);
    for (int64_t i = 0; i < n; i++) perm[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = rng_below(s, 0, (uint32_t)i, (uint32_t)i + 1);
        int64_t swapped = perm[i];
        perm[i] = perm[j];
        perm[j] = swapped;
    }
}
