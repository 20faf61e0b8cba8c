/* Products by the dot products of AVX512-BF16: a pair of numbers of one position, broadcast,
 * times the same pair's weights for sixteen channels. */
#include <immintrin.h>
#include <string.h>

#include "backend/cpu/x86/bf16_unit.h"
#include "backend/cpu/x86/cpu_isa.h"

#define DOT __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

bool bf16_dot_available(void)
{
    return cpu_has(dnnl_cpu_isa_avx512_core_bf16);
}

DOT static inline __m512bh broadcast_pair(const char *at)
{
    int32_t pair;
    memcpy(&pair, at, sizeof pair);
    return (__m512bh)_mm512_set1_epi32(pair);
}

/* One tile of `rows` positions by `groups` groups; both known to the compiler, so that the sums
 * stay in registers. */
DOT static inline __attribute__((always_inline)) void tile(float *sums, const bf16_block *k,
                                                           const char *corner, const char *weights,
                                                           const int rows, const int groups)
{
    __m512 acc[2][BF16_ROWS];
    int64_t s = k->stride, s3 = 3 * s;

#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) acc[0][r] = acc[1][r] = _mm512_setzero_ps();
    /* The processor adds one index to a pointer; the compiler must not make sixteen of them. */
    __asm__("" : "+r"(s), "+r"(s3));
    for (int i = 0; i < k->count; ++i) {
        const char *p[4] = {corner + k->list[i].a};
        const char *w = weights + k->list[i].b, *end = w + 64 * (int64_t)k->list[i].pairs;
        for (int q = 1; q < 4; ++q) p[q] = p[q - 1] + 4 * s;
        for (; w < end; w += 64) {
            __m512bh v0 = (__m512bh)_mm512_loadu_si512(w), v1 = v0;
            if (groups == 2) v1 = (__m512bh)_mm512_loadu_si512(w + k->group_bytes);
#pragma GCC unroll 16
            for (int r = 0; r < rows; ++r) {
                int64_t at = r % 4 == 3 ? s3 : r % 4 * s;
                __m512bh x = broadcast_pair(p[r / 4] + at);
                acc[0][r] = _mm512_dpbf16_ps(acc[0][r], v0, x);
                if (groups == 2) acc[1][r] = _mm512_dpbf16_ps(acc[1][r], v1, x);
            }
#pragma GCC unroll 4
            for (int q = 0; q < rows / 4; ++q) p[q] += 4;
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < rows; ++r) {
        _mm512_storeu_ps(sums + r * BF16_COLUMNS, acc[0][r]);
        if (groups == 2) _mm512_storeu_ps(sums + BF16_TILE + r * BF16_COLUMNS, acc[1][r]);
    }
}

DOT static void tile_16x1(float *sums, const bf16_block *k, const char *a, const char *w)
{
    tile(sums, k, a, w, 16, 1);
}

DOT static void tile_12x1(float *sums, const bf16_block *k, const char *a, const char *w)
{
    tile(sums, k, a, w, 12, 1);
}

DOT static void tile_8x1(float *sums, const bf16_block *k, const char *a, const char *w)
{
    tile(sums, k, a, w, 8, 1);
}

DOT static void tile_4x1(float *sums, const bf16_block *k, const char *a, const char *w)
{
    tile(sums, k, a, w, 4, 1);
}

DOT static void tile_12x2(float *sums, const bf16_block *k, const char *a, const char *w)
{
    tile(sums, k, a, w, 12, 2);
}

DOT static void tile_8x2(float *sums, const bf16_block *k, const char *a, const char *w)
{
    tile(sums, k, a, w, 8, 2);
}

DOT static void tile_4x2(float *sums, const bf16_block *k, const char *a, const char *w)
{
    tile(sums, k, a, w, 4, 2);
}

/* Thirty-two sums are too many for the registers. */
DOT static void tile_16x2(float *sums, const bf16_block *k, const char *a, const char *w)
{
    tile_8x2(sums, k, a, w);
    tile_8x2(sums + 8 * BF16_COLUMNS, k, a + 8 * k->stride, w);
}

DOT static void sum(float *sums, const bf16_block *k)
{
    static void (*const tiles[2][4])(float *, const bf16_block *, const char *, const char *) = {
        {tile_4x1, tile_8x1, tile_12x1, tile_16x1},
        {tile_4x2, tile_8x2, tile_12x2, tile_16x2},
    };
    int64_t size = (k->rows - 1) / 4;

    for (int i = 0; i < k->tiles; ++i)
        tiles[k->groups - 1][size](sums + i * k->groups * BF16_TILE, k, k->corner[i], k->weights);
}

static void nothing(void)
{
}

static void nothing_for(int64_t rows)
{
    (void)rows;
}

const bf16_unit bf16_dot_unit = {
    .name = "dot",
    .winograd = true,
    .begin = nothing_for,
    .sum = sum,
    .end = nothing,
};
