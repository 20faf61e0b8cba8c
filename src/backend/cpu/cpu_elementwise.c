/* Leaky rectifiers with bit masks, sums and copies on whole buffers, whatever
 * their layout. */
#include <string.h>

#include "backend/cpu/cpu_arch.h"

/* ---- for every machine */

static int64_t lanes(int64_t n, int64_t i)
{
    return n - i < 16 ? n - i : 16;
}

static void plain_mask_from_sign(uint16_t *mask, const void *v, int64_t n, jem_dtype dtype)
{
    for (int64_t i = 0; i < n; i += 16) {
        unsigned bits = 0;
        for (int64_t k = 0; k < lanes(n, i); ++k) bits |= (unsigned)(cpu_get(v, i + k, dtype) > 0) << k;
        mask[i / 16] = (uint16_t)bits;
    }
}

static void plain_forward(void *dst, uint16_t *mask, const void *src, int64_t n, float slope,
                          jem_dtype dtype)
{
    if (mask) plain_mask_from_sign(mask, src, n, dtype);
    for (int64_t i = 0; i < n; ++i) {
        float x = cpu_get(src, i, dtype);
        cpu_put(dst, i, x > 0 ? x : slope * x, dtype);
    }
}

static void plain_backward(void *dst, const void *src, const uint16_t *mask, int64_t n, float slope,
                           bool accumulate, jem_dtype dtype)
{
    for (int64_t i = 0; i < n; ++i) {
        float y = cpu_get(src, i, dtype) * (mask[i / 16] >> i % 16 & 1 ? 1.0f : slope);
        cpu_put(dst, i, accumulate ? cpu_get(dst, i, dtype) + y : y, dtype);
    }
}

static void plain_accumulate(void *dst, const void *src, int64_t n, jem_dtype dtype)
{
    for (int64_t i = 0; i < n; ++i) cpu_put(dst, i, cpu_get(dst, i, dtype) + cpu_get(src, i, dtype), dtype);
}

static void plain_narrow(void *dst, const void *src, int64_t n)
{
    for (int64_t i = 0; i < n; ++i) cpu_put(dst, i, cpu_get(src, i, JEM_F32), JEM_BF16);
}

static const cpu_loops plain_loops = {plain_mask_from_sign, plain_forward, plain_backward,
                                      plain_accumulate, plain_narrow};

static const cpu_loops *best_loops(void)
{
    const cpu_loops *own = cpu_arch_loops();
    return own ? own : &plain_loops;
}

/* ---- steps */

void cpu_mask_of(void *mask, const void *values, int64_t n, jem_dtype dtype, float cap)
{
    uint16_t *words = mask;
    best_loops()->mask_from_sign(words, values, n, dtype);
    for (int64_t i = 0; cap > 0 && i < n; ++i)
        if (cpu_get(values, i, dtype) >= cap)
            words[i / 16] = (uint16_t)(words[i / 16] & ~(1u << i % 16));
}

/* dst <- min(dst, cap) */
static void cap_values(void *dst, int64_t n, jem_dtype dtype, float cap)
{
    for (int64_t i = 0; i < n; ++i)
        if (cpu_get(dst, i, dtype) > cap) cpu_put(dst, i, cap, dtype);
}

/* Elements [first, first + n) of a step that all loops below work on. */
typedef struct stretch {
    int64_t first, n;
} stretch;

static void *stretch_at(const cpu_bound *b, slot s, stretch e)
{
    return (char *)cpu_at(b, s) + (size_t)e.first * jem_dtype_size(s.f.dtype);
}

static void run_rectifier(const cpu_bound *b, stretch e)
{
    const step *s = &b->k->s;
    void *dst = stretch_at(b, s->dst, e);
    const void *src = stretch_at(b, s->src, e);
    const float slope = (float)s->op.slope;
    uint16_t *mask = NULL;

    if (s->mask_offset >= 0) mask = (uint16_t *)(void *)(b->arena + s->mask_offset) + e.first / 16;
    if (s->kind == STEP_FORWARD) {
        const float cap = (float)s->op.cap;
        best_loops()->forward(dst, mask, src, e.n, slope, s->dst.f.dtype);
        if (cap > 0) cap_values(dst, e.n, s->dst.f.dtype, cap);
        if (cap > 0 && mask) cpu_mask_of(mask, dst, e.n, s->dst.f.dtype, cap);
    } else
        best_loops()->backward(dst, src, mask, e.n, slope, s->accumulate, s->dst.f.dtype);
}

/* dst <- src, which may be float32 where dst is bf16. */
static void copy(const cpu_bound *b, stretch e)
{
    const step *s = &b->k->s;
    void *dst = stretch_at(b, s->dst, e);
    const void *src = stretch_at(b, s->src, e);

    if (s->dst.f.dtype == s->src.f.dtype)
        memcpy(dst, src, (size_t)e.n * jem_dtype_size(s->dst.f.dtype));
    else
        best_loops()->narrow(dst, src, e.n);
}

enum { PART = 1 << 16 }; /* elements: whole vectors of a mask */

static int parts(const cpu_kernel *k, int phase)
{
    if (phase > 0) return 0;
    return k->s.split ? (int)((cpu_slot_count(k, k->s.dst) + PART - 1) / PART) : 1;
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    stretch e = {0, cpu_slot_count(b->k, s->dst)};

    (void)io, (void)phase;
    if (s->split) {
        e.first = part * (int64_t)PART;
        if (e.n - e.first > PART) e.n = e.first + PART;
        e.n -= e.first;
    }
    if (s->kind == STEP_COPY) {
        copy(b, e);
    } else if (s->kind == STEP_ACCUMULATE) {
        best_loops()->accumulate(stretch_at(b, s->dst, e), stretch_at(b, s->src, e), e.n,
                                 s->dst.f.dtype);
    } else if (s->op.kind == OP_LRELU) {
        run_rectifier(b, e);
    } else { /* OP_ADD: dst <- src, then + src2 */
        if (s->dst.offset != s->src.offset) copy(b, e);
        best_loops()->accumulate(stretch_at(b, s->dst, e), stretch_at(b, s->src2, e), e.n,
                                 s->dst.f.dtype);
    }
    return JEM_OK;
}

const cpu_impl cpu_elementwise_impl = {
    .name = "elementwise",
    .parts = parts,
    .run = run,
};
