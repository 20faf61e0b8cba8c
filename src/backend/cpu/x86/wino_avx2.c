/* Winograd convolutions for processors with AVX2. */
#include <immintrin.h>

#define LANES 8
#define ROWS 6

typedef float vec __attribute__((vector_size(32)));

static inline vec load(const float *p)
{
    return (vec)_mm256_loadu_ps(p);
}

static inline void store(float *p, vec v)
{
    _mm256_storeu_ps(p, (__m256)v);
}

static inline __m256 positive(vec v)
{
    return _mm256_cmp_ps((__m256)v, _mm256_setzero_ps(), _CMP_GT_OQ);
}

static inline void put_positive_bits(unsigned char *mask, vec v)
{
    *mask = (unsigned char)_mm256_movemask_ps(positive(v));
}

static inline vec select_bits(const unsigned char *mask, vec a, vec b)
{
    const __m256i bit = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    __m256i set = _mm256_cmpeq_epi32(_mm256_and_si256(_mm256_set1_epi32(*mask), bit), bit);
    return (vec)_mm256_blendv_ps((__m256)b, (__m256)a, _mm256_castsi256_ps(set));
}

static inline vec select_positive(vec v, vec low)
{
    return (vec)_mm256_blendv_ps((__m256)low, (__m256)v, positive(v));
}

#include "backend/cpu/wino_kernel.h"
#include "backend/cpu/wino_gradient.h"
#include "backend/cpu/x86/kernels_x86.h"

const wino_kernels wino_avx2 = {LANES, run_block, pack_panel, run_gradient};
