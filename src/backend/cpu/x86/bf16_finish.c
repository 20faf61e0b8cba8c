/* From sums to results.  Each way to end a convolution is a loop of its own: what is asked for is
 * known to the compiler. */
#include "backend/cpu/x86/bf16_finish.h"

#include "backend/cpu/x86/bf16_winograd.h"

#define INLINE WIDE static inline __attribute__((always_inline))

enum { ACCUMULATE = 1, RECTIFY = 2, TO_DATA = 4, WAYS = 8 };

typedef struct ending {
    uint16_t *values, *mask; /* of the output, mask may be NULL */
    const float *sums;
    int64_t count, stride;   /* positions, and results from one to the next */
    int64_t at;              /* of the first position's first result */
    __mmask16 columns;
    __m512 bias, slope;
} ending;

INLINE __m512 read_result(const uint16_t *v, __mmask16 m)
{
    __m256i half = _mm256_maskz_loadu_epi16(m, v);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

INLINE void write_result(uint16_t *v, __m512 x, __mmask16 m)
{
    if (m == 0xffff) /* masked stores are slow */
        _mm256_storeu_si256((__m256i *)(void *)v, (__m256i)_mm512_cvtneps_pbh(x));
    else
        _mm256_mask_storeu_epi16(v, m, (__m256i)_mm512_cvtneps_pbh(x));
}

INLINE void finish_one(const ending *e, __m512 v, int64_t at, const int way)
{
    v = _mm512_add_ps(v, e->bias);
    if (way == (RECTIFY | TO_DATA) || way == (RECTIFY | TO_DATA | ACCUMULATE))
        v = _mm512_mask_mov_ps(_mm512_mul_ps(v, e->slope), e->mask[at / BF16_COLUMNS], v);
    if (way & ACCUMULATE) v = _mm512_add_ps(v, read_result(e->values + at, e->columns));
    if ((way & RECTIFY) && !(way & TO_DATA)) {
        __mmask16 up = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
        if (e->mask) e->mask[at / BF16_COLUMNS] = up;
        v = _mm512_mask_mov_ps(_mm512_mul_ps(v, e->slope), up, v);
    }
    write_result(e->values + at, v, e->columns);
}

INLINE void finish_direct(const ending *e, const int way)
{
    const float *sums = e->sums;
    int64_t at = e->at;

    for (int64_t i = 0; i < e->count; ++i, sums += BF16_COLUMNS, at += e->stride)
        finish_one(e, _mm512_loadu_ps(sums), at, way);
}

INLINE void finish_winograd(const ending *e, const int way)
{
    const int64_t pixel = e->stride / WINOGRAD_OUT;
    const float *sums = e->sums;
    int64_t at = e->at;
    __m512 y[WINOGRAD_OUT];

    for (int64_t i = 0; i < e->count; ++i, sums += BF16_COLUMNS) {
        bf16_winograd_output(y, sums, BF16_BLOCK);
        for (int k = 0; k < WINOGRAD_OUT; ++k, at += pixel) finish_one(e, y[k], at, way);
    }
}

typedef void finisher(const ending *e);

#define WAY(way)                                                                         \
    WIDE static void direct_##way(const ending *e) { finish_direct(e, way); }                   \
    WIDE static void winograd_##way(const ending *e) { finish_winograd(e, way); }

WAY(0) WAY(1) WAY(2) WAY(3) WAY(4) WAY(5) WAY(6) WAY(7)

static finisher *const direct[WAYS] = {direct_0, direct_1, direct_2, direct_3,
                                       direct_4, direct_5, direct_6, direct_7};
static finisher *const winograd[WAYS] = {winograd_0, winograd_1, winograd_2, winograd_3,
                                         winograd_4, winograd_5, winograd_6, winograd_7};

WIDE void bf16_finish(const bf16_conv *c, const bf16_output *o, const float *sums, const bf16_target *t,
                      int64_t positions, int64_t group)
{
    const int64_t n = c->out.c, first = group * BF16_COLUMNS;
    const int way = o->accumulate * ACCUMULATE | o->lrelu * RECTIFY | !c->forward * TO_DATA;
    const int64_t stride = (c->winograd ? WINOGRAD_OUT : c->out_step) * n;
    __mmask16 m = (__mmask16)(n - first >= BF16_COLUMNS ? 0xffffu : (1u << (n - first)) - 1);
    ending e = {.values = o->values,
                .mask = o->mask,
                .sums = sums + t->skip * BF16_COLUMNS,
                .count = positions - t->skip,
                .stride = stride,
                .at = t->at + t->skip * stride + first,
                .columns = m,
                .bias = o->bias ? _mm512_maskz_loadu_ps(m, o->bias + first) : _mm512_setzero_ps(),
                .slope = _mm512_set1_ps(o->slope)};

    if (c->lanes == 1) {
        (c->winograd ? winograd : direct)[way](&e);
        return;
    }
    for (int64_t r = t->skip; r < positions; ++r) { /* neighbours are of different bands */
        e.sums = sums + r * BF16_COLUMNS;
        e.count = 1;
        e.at = t->at + r / c->lanes * stride + r % c->lanes * c->band * c->out_step * c->out.w * n + first;
        direct[way](&e);
    }
}
