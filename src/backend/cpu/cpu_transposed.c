/* Transposed convolutions on NHWC maps of floats: for every element of the source and every tap a product of one
 * pixel's channels with a matrix, in vectors. */
#include "backend/cpu/cpu_lanes.h"

#include "base/mem.h"
#include "base/try.h"

/* y [out] += x [in] times w [in][out], or, `outer`, w [in][out] += the products x y. */
typedef struct product_task {
    float *y, *w;
    const float *x;
    int64_t in, out;
    bool outer;
} product_task;

LANES_INLINE void product_chunk(const product_task *t, int64_t c, int64_t count)
{
    lanes sum = lanes_load(t->y, c, count, JEM_F32);
    for (int64_t i = 0; i < t->in; ++i) sum += t->x[i] * lanes_load(t->w, i * t->out + c, count, JEM_F32);
    lanes_store(t->y, c, count, JEM_F32, sum);
}

LANES_INLINE void outer_chunk(const product_task *t, int64_t c, int64_t count)
{
    const lanes y = lanes_load(t->y, c, count, JEM_F32);
    for (int64_t i = 0; i < t->in; ++i)
        lanes_store(t->w, i * t->out + c, count, JEM_F32,
                    lanes_load(t->w, i * t->out + c, count, JEM_F32) + t->x[i] * y);
}

LANES_INLINE void product_loop(product_task t, jem_dtype in, jem_dtype out)
{
    int64_t c = 0;
    (void)in, (void)out;
    for (; c + LANES <= t.out; c += LANES) t.outer ? outer_chunk(&t, c, LANES) : product_chunk(&t, c, LANES);
    if (c < t.out) t.outer ? outer_chunk(&t, c, t.out - c) : product_chunk(&t, c, t.out - c);
}
CPU_LANES_FUNCTION(product, product_task)

/* Weights (out, in, taps) beside the packed [tap][source channels][target channels] of this step. */
typedef struct transposed_state {
    float *packed;
} transposed_state;

static size_t weights_of(const op *o)
{
    return (size_t)(o->dst.c * o->src.c * o->kernel_h * o->kernel_w);
}

/* Position of weight (o, i, tap): forward products go from i to o, the others from o to i. */
static int64_t packed_at(const step *s, int64_t o, int64_t i, int64_t tap)
{
    const int64_t out = s->op.dst.c, in = s->op.src.c;
    return s->kind == STEP_FORWARD ? (tap * in + i) * out + o : (tap * out + o) * in + i;
}

static void pack(float *packed, float *plain, const step *s, bool to_plain)
{
    const int64_t taps = s->op.kernel_h * s->op.kernel_w;
    for (int64_t o = 0; o < s->op.dst.c; ++o)
        for (int64_t i = 0; i < s->op.src.c; ++i)
            for (int64_t tap = 0; tap < taps; ++tap, ++plain) {
                float *at = packed + packed_at(s, o, i, tap);
                if (to_plain)
                    *plain = *at;
                else
                    *at = *plain;
            }
}

static jem_status prepare(cpu_kernel *k)
{
    jem_status st;
    transposed_state *x = NULL;

    if (k->s.src.f.dtype != JEM_F32)
        return jem_error(JEM_EUSAGE, "transposed convolutions need engine.precision f32");
    TRY(MEM_NEW(x, 1));
    k->state = x;
    if (k->s.kind == STEP_BACKWARD_PARAMS)
        k->scratch = weights_of(&k->s.op) * sizeof(float);
    else
        TRY(MEM_NEW(x->packed, weights_of(&k->s.op)));
    if (x->packed) k->packed = weights_of(&k->s.op) * sizeof(float);
done:
    return st;
}

static void release(cpu_kernel *k)
{
    transposed_state *x = k->state;
    if (x) mem_free(x->packed);
    mem_free(x);
}

static jem_status load(cpu_kernel *k, const void *params)
{
    const transposed_state *x = k->state;
    if (x->packed) pack(x->packed, (float *)(uintptr_t)((const float *)params + k->s.op.weight), &k->s, false);
    return JEM_OK;
}

static void fill_bias(const step *s, float *y, const float *bias)
{
    const int64_t c = s->dst.s.c, pixels = s->n * s->dst.s.h * s->dst.s.w;
    for (int64_t p = 0; p < pixels; ++p)
        for (int64_t i = 0; i < c; ++i) y[p * c + i] = bias ? bias[i] : 0;
}

/* db <- sums of dy [pixels][c] over pixels. */
static void sum_bias(float *db, const float *dy, int64_t pixels, int64_t c)
{
    for (int64_t i = 0; i < c; ++i) {
        double sum = 0;
        for (int64_t p = 0; p < pixels; ++p) sum += (double)dy[p * c + i];
        db[i] = (float)sum;
    }
}

/* All pairs of a small map's pixel and a large one's that a tap brings together. */
static void multiply(const step *s, float *small, float *large, float *weights)
{
    const op *o = &s->op;
    const shape a = o->src, b = o->dst;

    for (int64_t i = 0; i < s->n * a.h * a.w; ++i) {
        const int64_t n = i / a.w / a.h, p = i / a.w % a.h, q = i % a.w;
        for (int64_t tap = 0; tap < o->kernel_h * o->kernel_w; ++tap) {
            const int64_t y = p * o->stride + tap / o->kernel_w - o->pad_top;
            const int64_t x = q * o->stride + tap % o->kernel_w - o->pad_left;
            if (y < 0 || y >= b.h || x < 0 || x >= b.w) continue;
            float *low = small + i * a.c, *high = large + ((n * b.h + y) * b.w + x) * b.c;
            float *w = weights + tap * a.c * b.c;
            if (s->kind == STEP_FORWARD)
                product((product_task){high, w, low, a.c, b.c, false}, JEM_F32, JEM_F32);
            else
                product((product_task){low, w, high, b.c, a.c, s->kind == STEP_BACKWARD_PARAMS}, JEM_F32, JEM_F32);
        }
    }
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    const transposed_state *x = b->k->state;
    const int64_t weight = s->op.weight, bias = s->op.bias;

    (void)phase, (void)part;
    if (s->kind == STEP_FORWARD) {
        fill_bias(s, cpu_at(b, s->dst), bias >= 0 ? b->k->params + bias : NULL);
        multiply(s, cpu_at(b, s->src), cpu_at(b, s->dst), x->packed);
    } else if (s->kind == STEP_BACKWARD_DATA) {
        memset(cpu_at(b, s->dst), 0, (size_t)cpu_slot_count(b->k, s->dst) * sizeof(float));
        multiply(s, cpu_at(b, s->dst), cpu_at(b, s->src), x->packed);
    } else {
        float *dw = (float *)(void *)b->scratch, *dparams = io->dparams;
        memset(dw, 0, weights_of(&s->op) * sizeof *dw);
        multiply(s, cpu_at(b, s->src2), cpu_at(b, s->src), dw);
        pack(dw, dparams + weight, s, true);
        if (bias >= 0) sum_bias(dparams + bias, cpu_at(b, s->src), s->n * s->src.s.h * s->src.s.w, s->src.s.c);
    }
    return JEM_OK;
}

const cpu_impl cpu_transposed_impl = {
    .name = "transposed",
    .prepare = prepare,
    .release = release,
    .load = load,
    .run = run,
};
