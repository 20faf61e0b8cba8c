/* Winograd convolutions for processors with AVX-512. */
#include <immintrin.h>
#include <stdint.h>

#define LANES 16
#define ROWS 12

typedef float vec __attribute__((vector_size(64)));

static inline vec load(const float *p)
{
    return (vec)_mm512_loadu_ps(p);
}

static inline void store(float *p, vec v)
{
    _mm512_storeu_ps(p, (__m512)v);
}

static inline __mmask16 positive(vec v)
{
    return _mm512_cmp_ps_mask((__m512)v, _mm512_setzero_ps(), _CMP_GT_OQ);
}

static inline void put_positive_bits(void *mask, vec v)
{
    *(uint16_t *)mask = positive(v);
}

static inline vec select_bits(const void *mask, vec a, vec b)
{
    return (vec)_mm512_mask_mov_ps((__m512)b, *(const uint16_t *)mask, (__m512)a);
}

static inline vec select_positive(vec v, vec low)
{
    return (vec)_mm512_mask_mov_ps((__m512)low, positive(v), (__m512)v);
}

#include "backend/cpu/wino_kernel.h"
#include "backend/cpu/wino_gradient.h"
#include "backend/cpu/x86/kernels_x86.h"

const wino_kernels wino_avx512 = {LANES, run_block, pack_panel, run_gradient};
