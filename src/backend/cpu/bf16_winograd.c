/* Winograd's F(4, 3): the three linear maps. */
#include "backend/cpu/bf16_winograd.h"

#include <string.h>

#define P WINOGRAD_P
#define Q WINOGRAD_Q
#define P2 (P * P)
#define Q2 (Q * Q)

enum { LANES = 16 };

void bf16_winograd_weights(float u[WINOGRAD_PLANES], const float g[WINOGRAD_TAPS])
{
    const float even_p = (g[0] + P2 * g[2]) / (2 * P2 * (P2 - Q2)), odd_p = g[1] / (2 * P * (P2 - Q2));
    const float even_q = (g[0] + Q2 * g[2]) / (2 * Q2 * (Q2 - P2)), odd_q = g[1] / (2 * Q * (Q2 - P2));

    u[0] = g[0] / (P2 * Q2);
    u[1] = even_p + odd_p;
    u[2] = even_p - odd_p;
    u[3] = even_q + odd_q;
    u[4] = even_q - odd_q;
    u[5] = g[2];
}

WIDE static inline __m512 load(const uint16_t *v)
{
    __m256i half = _mm256_loadu_si256((const __m256i *)(const void *)v);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

WIDE static inline void store(char *at, __m512 x)
{
    _mm256_storeu_si256((__m256i *)(void *)at, (__m256i)_mm512_cvtneps_pbh(x));
}

/* Sixteen channels of a row of tiles; out: of plane 0. */
WIDE static void input_row(char *out, int64_t plane, const uint16_t *in, int64_t tiles,
                           int64_t channels)
{
    const __m512 p = _mm512_set1_ps(P), q = _mm512_set1_ps(Q);
    const __m512 p2 = _mm512_set1_ps(P2), q2 = _mm512_set1_ps(Q2);
    const __m512 product = _mm512_set1_ps(P2 * Q2), sum = _mm512_set1_ps(P2 + Q2);
    __m512 d0 = _mm512_setzero_ps(), d1 = load(in), d2, d3, d4, d5;

    for (int64_t x = 0; x < tiles; ++x) {
        d2 = load(in + channels);
        d3 = load(in + 2 * channels);
        d4 = load(in + 3 * channels);
        in += 4 * channels;
        d5 = x + 1 < tiles ? load(in) : _mm512_setzero_ps();
        __m512 even_p = _mm512_fnmadd_ps(q2, d2, d4), odd_p = _mm512_mul_ps(p, _mm512_fnmadd_ps(q2, d1, d3));
        __m512 even_q = _mm512_fnmadd_ps(p2, d2, d4), odd_q = _mm512_mul_ps(q, _mm512_fnmadd_ps(p2, d1, d3));
        store(out, _mm512_fmadd_ps(product, d0, _mm512_fnmadd_ps(sum, d2, d4)));
        store(out + plane, _mm512_add_ps(even_p, odd_p));
        store(out + 2 * plane, _mm512_sub_ps(even_p, odd_p));
        store(out + 3 * plane, _mm512_add_ps(even_q, odd_q));
        store(out + 4 * plane, _mm512_sub_ps(even_q, odd_q));
        store(out + 5 * plane, _mm512_fmadd_ps(product, d1, _mm512_fnmadd_ps(sum, d3, d5)));
        out += 2 * channels;
        d0 = d4;
        d1 = d5;
    }
}

void bf16_winograd_input(char *planes, int64_t plane_bytes, const uint16_t *image, int64_t rows,
                         int64_t tiles, int64_t channels)
{
    const int64_t row = tiles * channels;

    for (int t = 0; t < WINOGRAD_PLANES; ++t) {
        memset(planes + t * plane_bytes, 0, (size_t)row * 2);
        memset(planes + t * plane_bytes + (rows + 1) * row * 2, 0, (size_t)row * 2);
    }
    for (int64_t y = 0; y < rows; ++y)
        for (int64_t c = 0; c < channels; c += LANES)
            input_row(planes + ((y + 1) * row + c) * 2, plane_bytes, image + 4 * y * row + c, tiles,
                      channels);
}
