/* What generative networks of pixels do between convolutions, on NHWC maps of floats: ELU, concat-ELU, gates,
 * vectors added to maps, shifts, a channel of ones. */
#include "backend/cpu/cpu_lanes.h"

typedef struct pixel_task {
    const step *s;
    float *dst;
    const float *src, *x; /* x: src2's, the op's input or the second source */
} pixel_task;

/* fn(task, pixel, first channel, how many) over `channels` of all pixels. */
#define EACH_CHUNK(fn, channels)                                                                   \
    for (int64_t p = 0; p < pixels; ++p) {                                                         \
        int64_t c = 0;                                                                             \
        for (; c + LANES <= (channels); c += LANES) fn(t, p, c, LANES);                            \
        if (c < (channels)) fn(t, p, c, (channels) - c);                                           \
    }

LANES_INLINE lanes load(const float *v, int64_t i, int64_t count)
{
    return lanes_load(v, i, count, JEM_F32);
}

LANES_INLINE void store(float *v, int64_t i, int64_t count, lanes x)
{
    lanes_store(v, i, count, JEM_F32, x);
}

/* exp(-|x|), of which both halves of a concat-ELU are made. */
LANES_INLINE lanes exp_down(lanes x)
{
    return lanes_exp(lanes_select(x > 0, -x, x));
}

LANES_INLINE void elu_chunk(const pixel_task *t, int64_t p, int64_t c, int64_t count)
{
    const int64_t i = p * t->s->dst.s.c + c;
    const bool back = t->s->kind == STEP_BACKWARD_DATA;
    const lanes x = load(back ? t->x : t->src, i, count), e = exp_down(x);
    store(t->dst, i, count,
          back ? load(t->src, i, count) * lanes_select(x > 0, lanes_all(1), e) : lanes_select(x > 0, x, e - 1.0f));
}

LANES_INLINE void concat_elu_chunk(const pixel_task *t, int64_t p, int64_t c, int64_t count)
{
    const int64_t channels = t->s->src.s.c, i = p * channels + c, first = 2 * p * channels + c;
    const lanes x = load(t->src, i, count), e = exp_down(x) - 1.0f;
    store(t->dst, first, count, lanes_select(x > 0, x, e));
    store(t->dst, first + channels, count, lanes_select(x > 0, e, -x));
}

LANES_INLINE void concat_elu_back_chunk(const pixel_task *t, int64_t p, int64_t c, int64_t count)
{
    const int64_t channels = t->s->dst.s.c, i = p * channels + c, first = 2 * p * channels + c;
    const lanes x = load(t->x, i, count), e = exp_down(x), one = lanes_all(1);
    const lanes up = load(t->src, first, count), down = load(t->src, first + channels, count);
    store(t->dst, i, count, up * lanes_select(x > 0, one, e) - down * lanes_select(x > 0, e, one));
}

LANES_INLINE lanes sigmoid(lanes x)
{
    return 1.0f / (1.0f + lanes_exp(-x));
}

LANES_INLINE void gate_chunk(const pixel_task *t, int64_t p, int64_t c, int64_t count)
{
    const int64_t channels = t->s->dst.s.c, first = 2 * p * channels + c;
    store(t->dst, p * channels + c, count, load(t->src, first, count) * sigmoid(load(t->src, first + channels, count)));
}

LANES_INLINE void gate_back_chunk(const pixel_task *t, int64_t p, int64_t c, int64_t count)
{
    const int64_t channels = t->s->src.s.c, first = 2 * p * channels + c;
    const lanes dy = load(t->src, p * channels + c, count), s = sigmoid(load(t->x, first + channels, count));
    store(t->dst, first, count, dy * s);
    store(t->dst, first + channels, count, dy * load(t->x, first, count) * s * (1.0f - s));
}

LANES_INLINE void add_vector_chunk(const pixel_task *t, int64_t p, int64_t c, int64_t count)
{
    const shape s = t->s->dst.s;
    const int64_t i = p * s.c + c;
    store(t->dst, i, count, load(t->src, i, count) + load(t->x, p / (s.h * s.w) * s.c + c, count));
}

/* The gradient to the vector: sums over the positions of each image, in double. */
LANES_INLINE void sum_positions(const pixel_task *t, int64_t image, int64_t c, int64_t count)
{
    const shape s = t->s->src.s;
    lanes_double sum = {0};
    for (int64_t p = 0; p < s.h * s.w; ++p)
        sum += __builtin_convertvector(load(t->src, (image * s.h * s.w + p) * s.c + c, count), lanes_double);
    store(t->dst, image * s.c + c, count, __builtin_convertvector(sum, lanes));
}

LANES_INLINE void pixel_loop(pixel_task task, jem_dtype in, jem_dtype out)
{
    const pixel_task *t = &task;
    const step *s = t->s;
    const bool back = s->kind == STEP_BACKWARD_DATA;
    int64_t pixels = s->n * s->dst.s.h * s->dst.s.w;

    (void)in, (void)out;
    if (s->op.kind == OP_ELU) {
        EACH_CHUNK(elu_chunk, s->dst.s.c)
    } else if (s->op.kind == OP_CONCAT_ELU && !back) {
        EACH_CHUNK(concat_elu_chunk, s->src.s.c)
    } else if (s->op.kind == OP_CONCAT_ELU) {
        EACH_CHUNK(concat_elu_back_chunk, s->dst.s.c)
    } else if (s->op.kind == OP_GATE && !back) {
        EACH_CHUNK(gate_chunk, s->dst.s.c)
    } else if (s->op.kind == OP_GATE) {
        EACH_CHUNK(gate_back_chunk, s->src.s.c)
    } else if (!back) {
        EACH_CHUNK(add_vector_chunk, s->dst.s.c)
    } else {
        pixels = s->n;
        EACH_CHUNK(sum_positions, s->src.s.c)
    }
}
CPU_LANES_FUNCTION(pixel, pixel_task)

/* ---- shifts and the channel of ones: copies */

static void shift(const pixel_task *t)
{
    const step *s = t->s;
    const shape m = s->dst.s;
    const bool back = s->kind == STEP_BACKWARD_DATA;
    const int64_t rows = s->op.pad_top, columns = s->op.pad_left < m.w ? s->op.pad_left : m.w;
    const int64_t width = (m.w - columns) * m.c, gap = columns * m.c;

    memset(t->dst, 0, (size_t)(s->n * shape_count(m)) * sizeof(float));
    for (int64_t i = 0; i < s->n; ++i)
        for (int64_t y = 0; y + rows < m.h; ++y) {
            const int64_t high = (i * m.h + y) * m.w * m.c, low = (i * m.h + y + rows) * m.w * m.c + gap;
            memcpy(t->dst + (back ? high : low), t->src + (back ? low : high), (size_t)width * sizeof(float));
        }
}

static void ones(const pixel_task *t)
{
    const step *s = t->s;
    const int64_t from = s->src.s.c, to = s->dst.s.c, shared = from < to ? from : to;

    for (int64_t p = 0; p < s->n * s->dst.s.h * s->dst.s.w; ++p) {
        memcpy(t->dst + p * to, t->src + p * from, (size_t)shared * sizeof(float));
        if (to > from) t->dst[p * to + from] = 1;
    }
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    const pixel_task t = {.s = s, .dst = cpu_at(b, s->dst), .src = cpu_at(b, s->src),
                          .x = s->src2.offset >= 0 ? cpu_at(b, s->src2) : NULL};

    (void)io, (void)phase, (void)part;
    if (s->op.kind == OP_SHIFT)
        shift(&t);
    else if (s->op.kind == OP_ONES)
        ones(&t);
    else if (s->op.kind == OP_ADD_VECTOR && s->kind == STEP_BACKWARD_DATA && s->source == 0)
        memcpy(t.dst, t.src, (size_t)cpu_slot_count(b->k, s->dst) * sizeof(float));
    else
        pixel(t, JEM_F32, JEM_F32);
    return JEM_OK;
}

const cpu_impl cpu_pixel_impl = {
    .name = "pixel",
    .run = run,
};
