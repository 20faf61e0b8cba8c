/* Winograd's F(4, 3) in bf16 (bf16_winograd.h): the linear maps of weights, their gradients and
 * whole images; the header has those of single positions. */
#include "backend/cpu/x86/bf16_winograd.h"

#include <string.h>

#define P WINOGRAD_P
#define Q WINOGRAD_Q
#define P2 (P * P)
#define Q2 (Q * Q)

enum { LANES = 16 };

/* Factors of the rows of G that belong to the points: 1 / products of distances to the others. */
#define N_0 (1 / (P2 * Q2))
#define N_P (1 / (2 * P2 * (P2 - Q2)))
#define N_Q (1 / (2 * Q2 * (Q2 - P2)))

conv_shares bf16_winograd_shares(int64_t in, int64_t out, bool to_weights)
{
    const double per_patch = 22, per_result = to_weights ? 14 : 16;
    const double products = (double)(in * out), taps = WINOGRAD_TAPS * WINOGRAD_TAPS;
    const double direct = 2 * taps * WINOGRAD_OUT * products;
    return (conv_shares){2 * WINOGRAD_TAPS * WINOGRAD_PLANES * products / direct,
                         (per_patch * (double)in + per_result * (double)out) / direct};
}

void bf16_winograd_weights(float u[WINOGRAD_PLANES], const float g[WINOGRAD_TAPS])
{
    const float even_p = (g[0] + P2 * g[2]) * N_P, odd_p = P * g[1] * N_P;
    const float even_q = (g[0] + Q2 * g[2]) * N_Q, odd_q = Q * g[1] * N_Q;

    u[0] = g[0] * N_0;
    u[1] = even_p + odd_p;
    u[2] = even_p - odd_p;
    u[3] = even_q + odd_q;
    u[4] = even_q - odd_q;
    u[5] = g[2];
}

WIDE void bf16_winograd_gradient(float m[][256])
{
    for (int i = 0; i < 256; ++i) {
        float even_p = (m[1][i] + m[2][i]) * N_P, odd_p = (m[1][i] - m[2][i]) * N_P;
        float even_q = (m[3][i] + m[4][i]) * N_Q, odd_q = (m[3][i] - m[4][i]) * N_Q;
        m[0][i] = m[0][i] * N_0 + even_p + even_q;
        m[1][i] = P * odd_p + Q * odd_q;
        m[2][i] = P2 * even_p + Q2 * even_q + m[5][i];
    }
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
    __m512 d[6] = {_mm512_setzero_ps(), load(in)}, v[WINOGRAD_PLANES];

    for (int64_t x = 0; x < tiles; ++x, out += 2 * channels) {
        d[2] = load(in + channels);
        d[3] = load(in + 2 * channels);
        d[4] = load(in + 3 * channels);
        in += 4 * channels;
        d[5] = x + 1 < tiles ? load(in) : _mm512_setzero_ps();
        bf16_winograd_numbers(v, d);
        for (int t = 0; t < WINOGRAD_PLANES; ++t) store(out + t * plane, v[t]);
        d[0] = d[4];
        d[1] = d[5];
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
