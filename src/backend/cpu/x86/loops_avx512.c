/* The loops over whole buffers for AVX-512, where a comparison yields sixteen mask bits at once.
 * The last vector of a buffer is masked. */
#include <immintrin.h>

#include "backend/cpu/x86/kernels_x86.h"

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static inline __mmask16 tail(int64_t n, int64_t i)
{
    return (__mmask16)(n - i >= 16 ? 0xffffu : (1u << (n - i)) - 1);
}

AVX512 static inline __m512 load16(const void *v, int64_t i, __mmask16 m, jem_dtype dtype)
{
    if (dtype == JEM_F32) return _mm512_maskz_loadu_ps(m, (const float *)v + i);
    __m512i half = _mm512_maskz_loadu_epi16((__mmask32)m, (const uint16_t *)v + i);
    __m512i wide = _mm512_cvtepu16_epi32(_mm512_castsi512_si256(half));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

AVX512 static inline void store16(void *v, int64_t i, __m512 x, __mmask16 m, jem_dtype dtype)
{
    if (dtype == JEM_F32) {
        _mm512_mask_storeu_ps((float *)v + i, m, x);
        return;
    }
    __m512i bits = _mm512_castps_si512(x);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    bits = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
    _mm512_mask_cvtepi32_storeu_epi16((uint16_t *)v + i, m, _mm512_srli_epi32(bits, 16));
}

AVX512 static inline __mmask16 positive(__m512 x)
{
    return _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ);
}

AVX512 static void wide_mask_from_sign(uint16_t *mask, const void *v, int64_t n, jem_dtype dtype)
{
    for (int64_t i = 0; i < n; i += 16)
        mask[i / 16] = (uint16_t)positive(load16(v, i, tail(n, i), dtype));
}

AVX512 static void wide_forward(void *dst, uint16_t *mask, const void *src, int64_t n, float slope,
                                jem_dtype dtype)
{
    const __m512 factor = _mm512_set1_ps(slope);
    for (int64_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(n, i);
        __m512 x = load16(src, i, m, dtype);
        __mmask16 up = positive(x);
        if (mask) mask[i / 16] = (uint16_t)up;
        store16(dst, i, _mm512_mask_mov_ps(_mm512_mul_ps(x, factor), up, x), m, dtype);
    }
}

AVX512 static void wide_backward(void *dst, const void *src, const uint16_t *mask, int64_t n,
                                 float slope, bool accumulate, jem_dtype dtype)
{
    const __m512 factor = _mm512_set1_ps(slope);
    for (int64_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(n, i);
        __m512 y = load16(src, i, m, dtype);
        y = _mm512_mask_mov_ps(_mm512_mul_ps(y, factor), (__mmask16)mask[i / 16], y);
        if (accumulate) y = _mm512_add_ps(load16(dst, i, m, dtype), y);
        store16(dst, i, y, m, dtype);
    }
}

AVX512 static void wide_accumulate(void *dst, const void *src, int64_t n, jem_dtype dtype)
{
    for (int64_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(n, i);
        store16(dst, i, _mm512_add_ps(load16(dst, i, m, dtype), load16(src, i, m, dtype)), m, dtype);
    }
}

AVX512 static void wide_narrow(void *dst, const void *src, int64_t n)
{
    for (int64_t i = 0; i < n; i += 16) {
        __mmask16 m = tail(n, i);
        store16(dst, i, load16(src, i, m, JEM_F32), m, JEM_BF16);
    }
}

const cpu_loops loops_avx512 = {wide_mask_from_sign, wide_forward, wide_backward, wide_accumulate,
                                wide_narrow};
