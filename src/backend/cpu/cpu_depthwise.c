/* Gradients to the weights of depthwise convolutions, sixteen channels of an image at a time.
 *
 * Both factors are copied to float32 side by side, the image read with its border of zeros; then a row of
 * the kernel is one sum for each of its columns over all positions, which stays in registers:
 *
 *     dw[ky][kx][c] = sum over images and positions (y, x) of dy[y][x][c] x[y s + ky][x s + kx][c]
 *
 * Sums are in float32 over an image and over the images of a chunk. */
#include "backend/cpu/cpu_lanes.h"

enum { MOST_COLUMNS = 7 };

typedef struct depthwise_task {
    const step *s;
    const void *x, *d;
    float *image, *gradient, *sums; /* [rows][pitch], [h w], [kernel_h][kernel_w] and one for the bias, lanes each */
    float *weights, *bias;          /* what is wanted; bias NULL: none */
    int64_t rows, pitch;
} depthwise_task;

LANES_INLINE void copy_pixels(float *to, const void *from, int64_t first, int64_t pixels, int64_t channels, int64_t count,
                              jem_dtype in)
{
    for (int64_t p = 0; p < pixels; ++p)
        lanes_store(to, p * LANES, LANES, JEM_F32, lanes_load(from, first + p * channels, count, in));
}

LANES_INLINE void copy_image(const depthwise_task *t, int64_t n, int64_t c, int64_t count, jem_dtype in)
{
    const op *o = &t->s->op;
    for (int64_t y = 0; y < o->src.h; ++y)
        copy_pixels(t->image + ((y + o->pad_top) * t->pitch + o->pad_left) * LANES, t->x,
                    (n * o->src.h + y) * o->src.w * o->src.c + c, o->src.w, o->src.c, count, in);
    copy_pixels(t->gradient, t->d, n * shape_count(o->dst) + c, o->dst.h * o->dst.w, o->dst.c, count, in);
}

LANES_INLINE lanes lane_at(const float *v, int64_t i)
{
    return lanes_load(v, i * LANES, LANES, JEM_F32);
}

LANES_INLINE void add_to(float *sum, int64_t i, lanes v)
{
    lanes_store(sum, i * LANES, LANES, JEM_F32, lane_at(sum, i) + v);
}

/* Row ky of the kernel, of `columns` columns. */
LANES_INLINE void sum_row(const depthwise_task *t, int64_t ky, int columns)
{
    const op *o = &t->s->op;
    lanes sums[MOST_COLUMNS] = {{0}};

    for (int64_t y = 0; y < o->dst.h; ++y) {
        const float *row = t->image + (y * o->stride + ky) * t->pitch * LANES;
        for (int64_t x = 0; x < o->dst.w; ++x) {
            const lanes d = lane_at(t->gradient, y * o->dst.w + x);
#pragma GCC unroll 7
            for (int k = 0; k < columns; ++k) sums[k] += d * lane_at(row, x * o->stride + k);
        }
    }
#pragma GCC unroll 7
    for (int k = 0; k < columns; ++k) add_to(t->sums, ky * columns + k, sums[k]);
}

LANES_INLINE void sum_image(const depthwise_task *t)
{
    const op *o = &t->s->op;
    lanes bias = {0};

    for (int64_t ky = 0; ky < o->kernel_h; ++ky) {
        if (o->kernel_w == 7)
            sum_row(t, ky, 7);
        else if (o->kernel_w == 5)
            sum_row(t, ky, 5);
        else if (o->kernel_w == 3)
            sum_row(t, ky, 3);
        else
            sum_row(t, ky, (int)o->kernel_w);
    }
    for (int64_t p = 0; t->bias && p < o->dst.h * o->dst.w; ++p) bias += lane_at(t->gradient, p);
    add_to(t->sums, o->kernel_h * o->kernel_w, bias);
}

LANES_INLINE void depthwise_chunk(const depthwise_task *t, int64_t c, int64_t count, jem_dtype in)
{
    const int64_t taps = t->s->op.kernel_h * t->s->op.kernel_w;

    memset(t->sums, 0, (size_t)((taps + 1) * LANES) * sizeof(float));
    for (int64_t n = 0; n < t->s->n; ++n) {
        copy_image(t, n, c, count, in);
        sum_image(t);
    }
    for (int64_t k = 0; k < count; ++k) {
        for (int64_t i = 0; i < taps; ++i) t->weights[(c + k) * taps + i] = t->sums[i * LANES + k];
        if (t->bias) t->bias[c + k] = t->sums[taps * LANES + k];
    }
}

LANES_INLINE void depthwise_loop(depthwise_task t, jem_dtype in, jem_dtype out)
{
    const int64_t channels = t.s->op.src.c;
    int64_t c = 0;

    (void)out;
    memset(t.image, 0, (size_t)(t.rows * t.pitch * LANES) * sizeof(float));
    for (; c + LANES <= channels; c += LANES) depthwise_chunk(&t, c, LANES, in);
    if (c < channels) depthwise_chunk(&t, c, channels - c, in);
}
CPU_LANES_FUNCTION(depthwise, depthwise_task)

/* ---- the step */

bool cpu_depthwise_supports(const step *s)
{
    const op *o = &s->op;
    return s->kind == STEP_BACKWARD_PARAMS && o->kind == OP_CONV2D && o->groups == o->src.c && o->groups > 1 &&
           o->dst.c == o->src.c && o->kernel_w <= MOST_COLUMNS && s->src.f.dtype == s->src2.f.dtype &&
           s->src.f.block == o->dst.c && s->src2.f.block == o->src.c;
}

/* Of the image with its border, as far as the kernel reaches. */
static int64_t rows_of(const op *o)
{
    const int64_t seen = (o->dst.h - 1) * o->stride + o->kernel_h, filled = o->src.h + o->pad_top;
    return seen > filled ? seen : filled;
}

static int64_t pitch_of(const op *o)
{
    const int64_t seen = (o->dst.w - 1) * o->stride + o->kernel_w, filled = o->src.w + o->pad_left;
    return seen > filled ? seen : filled;
}

static jem_status prepare(cpu_kernel *k)
{
    const op *o = &k->s.op;
    const int64_t vectors = rows_of(o) * pitch_of(o) + o->dst.h * o->dst.w + o->kernel_h * o->kernel_w + 1;
    k->scratch = (size_t)(vectors * LANES) * sizeof(float);
    return JEM_OK;
}

static void release(cpu_kernel *k)
{
    (void)k;
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    const op *o = &s->op;
    float *scratch = (float *)(void *)b->scratch, *d = io->dparams;
    depthwise_task t = {.s = s, .x = cpu_at(b, s->src2), .d = cpu_at(b, s->src), .image = scratch,
                        .weights = d + o->weight, .bias = o->bias >= 0 ? d + o->bias : NULL,
                        .rows = rows_of(o), .pitch = pitch_of(o)};
    t.gradient = t.image + t.rows * t.pitch * LANES;
    t.sums = t.gradient + o->dst.h * o->dst.w * LANES;

    (void)phase, (void)part;
    depthwise(t, s->src.f.dtype, s->src.f.dtype);
    return JEM_OK;
}

const cpu_impl cpu_depthwise_impl = {
    .name = "depthwise",
    .prepare = prepare,
    .release = release,
    .run = run,
};
