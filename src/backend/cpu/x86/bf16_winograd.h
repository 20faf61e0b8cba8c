/* Winograd's F(4, 3) along the rows of an image, with products of bf16 numbers.
 *
 * Four neighbouring results of a kernel row g of three taps on six pixels d are
 *
 *     y = A^T [(G g) * (B^T d)]
 *
 * six products instead of twelve (Lavin and Gray 2016).  A, B and G follow from the points
 * 0, +-5/8, +-3/2 and infinity (Cook and Toom), which make the error small where G g and B^T d
 * are rounded to bf16: 0.5 % of the results' size, 2.7 times that of rounding g alone
 * (perf/winograd_points.py).
 */
#ifndef BACKEND_CPU_BF16_WINOGRAD_H
#define BACKEND_CPU_BF16_WINOGRAD_H

#include <immintrin.h>
#include <stdint.h>

#include "backend/backend.h"

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

/* The points; their squares and products are exact in float32. */
#define WINOGRAD_P 0.625f
#define WINOGRAD_Q 1.5f

enum { WINOGRAD_OUT = 4, WINOGRAD_TAPS = 3, WINOGRAD_PLANES = 6 };

/* What a 3x3 convolution from `in` to `out` channels, or its gradient to the weights, computes: as
 * written below 22 FLOPs for each channel of six pixels, 16 (14) for each of four results. */
conv_shares bf16_winograd_shares(int64_t in, int64_t out, bool to_weights);

/* u <- G g. */
void bf16_winograd_weights(float u[WINOGRAD_PLANES], const float g[WINOGRAD_TAPS]);

/* The first three of m [planes][256] <- G^T m. */
void bf16_winograd_gradient(float m[][256]);

/* planes[t][row + 1][x][c] <- B^T of pixels 4x - 1 to 4x + 4 of the row, for an image
 * bf16 [rows][4 tiles][channels], channels a multiple of 16; rows 0 and rows + 1 of each
 * plane are zeros, plane_bytes is the distance of planes. */
void bf16_winograd_input(char *planes, int64_t plane_bytes, const uint16_t *image, int64_t rows,
                         int64_t tiles, int64_t channels);

/* v <- B^T d, six pixels of sixteen channels. */
WIDE static inline void bf16_winograd_numbers(__m512 v[WINOGRAD_PLANES], const __m512 d[])
{
    const __m512 p = _mm512_set1_ps(WINOGRAD_P), q = _mm512_set1_ps(WINOGRAD_Q);
    const __m512 p2 = _mm512_mul_ps(p, p), q2 = _mm512_mul_ps(q, q);
    const __m512 product = _mm512_mul_ps(p2, q2), sum = _mm512_add_ps(p2, q2);
    __m512 even_p = _mm512_fnmadd_ps(q2, d[2], d[4]), odd_p = _mm512_mul_ps(p, _mm512_fnmadd_ps(q2, d[1], d[3]));
    __m512 even_q = _mm512_fnmadd_ps(p2, d[2], d[4]), odd_q = _mm512_mul_ps(q, _mm512_fnmadd_ps(p2, d[1], d[3]));

    v[0] = _mm512_fmadd_ps(product, d[0], _mm512_fnmadd_ps(sum, d[2], d[4]));
    v[1] = _mm512_add_ps(even_p, odd_p);
    v[2] = _mm512_sub_ps(even_p, odd_p);
    v[3] = _mm512_add_ps(even_q, odd_q);
    v[4] = _mm512_sub_ps(even_q, odd_q);
    v[5] = _mm512_fmadd_ps(product, d[1], _mm512_fnmadd_ps(sum, d[3], d[5]));
}

/* z <- A dy, four results' gradients of sixteen channels. */
WIDE static inline void bf16_winograd_spread(__m512 z[WINOGRAD_PLANES], const __m512 dy[])
{
    const __m512 p = _mm512_set1_ps(WINOGRAD_P), q = _mm512_set1_ps(WINOGRAD_Q);
    const __m512 p2 = _mm512_mul_ps(p, p), q2 = _mm512_mul_ps(q, q);
    __m512 even_p = _mm512_fmadd_ps(p2, dy[2], dy[0]), odd_p = _mm512_mul_ps(p, _mm512_fmadd_ps(p2, dy[3], dy[1]));
    __m512 even_q = _mm512_fmadd_ps(q2, dy[2], dy[0]), odd_q = _mm512_mul_ps(q, _mm512_fmadd_ps(q2, dy[3], dy[1]));

    z[0] = dy[0];
    z[1] = _mm512_add_ps(even_p, odd_p);
    z[2] = _mm512_sub_ps(even_p, odd_p);
    z[3] = _mm512_add_ps(even_q, odd_q);
    z[4] = _mm512_sub_ps(even_q, odd_q);
    z[5] = dy[3];
}

/* y <- A^T of one position's sums of sixteen channels, plane t `plane` floats further. */
WIDE static inline void bf16_winograd_output(__m512 y[WINOGRAD_OUT], const float *sums, int64_t plane)
{
    const __m512 p = _mm512_set1_ps(WINOGRAD_P), q = _mm512_set1_ps(WINOGRAD_Q);
    __m512 m1 = _mm512_loadu_ps(sums + plane), m2 = _mm512_loadu_ps(sums + 2 * plane);
    __m512 m3 = _mm512_loadu_ps(sums + 3 * plane), m4 = _mm512_loadu_ps(sums + 4 * plane);
    __m512 even_p = _mm512_add_ps(m1, m2), odd_p = _mm512_mul_ps(p, _mm512_sub_ps(m1, m2));
    __m512 even_q = _mm512_add_ps(m3, m4), odd_q = _mm512_mul_ps(q, _mm512_sub_ps(m3, m4));
    const __m512 p2 = _mm512_mul_ps(p, p), q2 = _mm512_mul_ps(q, q);

    y[0] = _mm512_add_ps(_mm512_loadu_ps(sums), _mm512_add_ps(even_p, even_q));
    y[1] = _mm512_add_ps(odd_p, odd_q);
    y[2] = _mm512_fmadd_ps(p2, even_p, _mm512_mul_ps(q2, even_q));
    y[3] = _mm512_fmadd_ps(p2, odd_p, _mm512_fmadd_ps(q2, odd_q, _mm512_loadu_ps(sums + 5 * plane)));
}

#endif
