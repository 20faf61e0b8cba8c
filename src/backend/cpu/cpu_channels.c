/* Norms over the channels of each position, and a trained scale for each channel, on NHWC maps and
 * vectors; the mathematics is that of ref_norm.inc and ref_steps.inc.
 *
 * A position's statistics take two passes over its channels, in float32.  Sums of gradients over
 * positions are in float32 over a bunch of them and in double beyond. */
#include <math.h>

#include "backend/cpu/cpu_lanes.h"

enum { BUNCH = 32 }; /* positions */

typedef struct channels_task {
    const step *s;
    const float *weight, *bias; /* [c] each; NULL: 1 and 0 */
    const void *x, *d;          /* the op's input; the gradient that comes in */
    void *dst;
    double *sums;               /* [2][c]: of d xhat, of d */
    int64_t count, c;           /* positions, channels */
} channels_task;

typedef struct moments {
    float mean, rstd;
} moments;

LANES_INLINE float sum_lanes(lanes v)
{
    float sums[LANES];
    memcpy(sums, &v, sizeof sums);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; ++i) sums[i] += sums[i + width];
    return sums[0];
}

/* Lanes from `count` on are 0. */
LANES_INLINE lanes first_lanes(lanes v, int64_t count)
{
    const lanes_int number = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return count == LANES ? v : lanes_select(number < (int32_t)count, v, (lanes){0});
}

/* fn(arguments, c, how many) for chunks of the channels. */
#define EACH_CHUNK(t, fn, ...)                                                                     \
    {                                                                                              \
        int64_t c_ = 0;                                                                            \
        for (; c_ + LANES <= (t)->c; c_ += LANES) fn(__VA_ARGS__, c_, LANES);                      \
        if (c_ < (t)->c) fn(__VA_ARGS__, c_, (t)->c - c_);                                         \
    }

LANES_INLINE lanes load_x(const channels_task *t, int64_t p, int64_t c, int64_t count, jem_dtype in)
{
    return lanes_load(t->x, p * t->c + c, count, in);
}

LANES_INLINE lanes weight_at(const channels_task *t, int64_t c, int64_t count)
{
    return t->weight ? lanes_load(t->weight, c, count, JEM_F32) : lanes_all(1);
}

LANES_INLINE void add_values(const channels_task *t, lanes *sum, int64_t p, jem_dtype in, int64_t c, int64_t count)
{
    *sum += load_x(t, p, c, count, in);
}

LANES_INLINE void add_squares(const channels_task *t, lanes *sum, float mean, int64_t p, jem_dtype in, int64_t c,
                              int64_t count)
{
    const lanes x = first_lanes(load_x(t, p, c, count, in) - mean, count);
    *sum += x * x;
}

LANES_INLINE moments moments_at(const channels_task *t, int64_t p, jem_dtype in)
{
    lanes sum = {0}, squares = {0};
    EACH_CHUNK(t, add_values, t, &sum, p, in)
    const float mean = sum_lanes(sum) / (float)t->c;
    EACH_CHUNK(t, add_squares, t, &squares, mean, p, in)
    return (moments){mean, 1 / sqrtf(sum_lanes(squares) / (float)t->c + (float)t->s->op.eps)};
}

/* ---- a position's value and gradient */

LANES_INLINE void put_value(const channels_task *t, moments m, int64_t p, jem_dtype in, jem_dtype out, int64_t c,
                            int64_t count)
{
    const lanes x = load_x(t, p, c, count, in) - m.mean;
    const lanes shift = t->bias ? lanes_load(t->bias, c, count, JEM_F32) : (lanes){0};
    lanes_store(t->dst, p * t->c + c, count, out, x * (weight_at(t, c, count) * m.rstd) + shift);
}

/* e = weight d and xhat of some channels. */
typedef struct pair {
    lanes e, xhat;
} pair;

LANES_INLINE pair pair_at(const channels_task *t, moments m, int64_t p, jem_dtype in, int64_t c, int64_t count)
{
    return (pair){weight_at(t, c, count) * lanes_load(t->d, p * t->c + c, count, in),
                  (load_x(t, p, c, count, in) - m.mean) * m.rstd};
}

LANES_INLINE void add_pair(const channels_task *t, pair *sums, moments m, int64_t p, jem_dtype in, int64_t c, int64_t count)
{
    const pair k = pair_at(t, m, p, in, c, count);
    sums->e += k.e;
    sums->xhat += k.e * k.xhat;
}

LANES_INLINE void put_gradient(const channels_task *t, moments m, float e, float slope, int64_t p, jem_dtype in,
                               jem_dtype out, int64_t c, int64_t count)
{
    const pair k = pair_at(t, m, p, in, c, count);
    lanes_store(t->dst, p * t->c + c, count, out, m.rstd * (k.e - e - k.xhat * slope));
}

LANES_INLINE void norm_position(const channels_task *t, int64_t p, jem_dtype in, jem_dtype out)
{
    const moments m = moments_at(t, p, in);
    pair sums = {{0}, {0}};

    if (t->s->kind == STEP_FORWARD) {
        EACH_CHUNK(t, put_value, t, m, p, in, out)
        return;
    }
    EACH_CHUNK(t, add_pair, t, &sums, m, p, in)
    const float e = sum_lanes(sums.e) / (float)t->c, slope = sum_lanes(sums.xhat) / (float)t->c;
    EACH_CHUNK(t, put_gradient, t, m, e, slope, p, in, out)
}

LANES_INLINE void scale_chunk(const channels_task *t, int64_t p, jem_dtype in, jem_dtype out, int64_t c, int64_t count)
{
    lanes_store(t->dst, p * t->c + c, count, out, weight_at(t, c, count) * load_x(t, p, c, count, in));
}

/* ---- gradients to the parameters */

LANES_INLINE void add_double(double *sum, lanes v, int64_t count)
{
    lanes_double total = {0};
    memcpy(&total, sum, (size_t)count * sizeof *sum);
    total += __builtin_convertvector(v, lanes_double);
    memcpy(sum, &total, (size_t)count * sizeof *sum);
}

/* Of the positions [first, first + n); m NULL: xhat is x. */
LANES_INLINE void bunch_chunk(const channels_task *t, const moments *m, int64_t first, int64_t n, jem_dtype in, int64_t c,
                              int64_t count)
{
    lanes weight = {0}, bias = {0};
    for (int64_t i = 0; i < n; ++i) {
        const lanes d = lanes_load(t->d, (first + i) * t->c + c, count, in);
        lanes x = load_x(t, first + i, c, count, in);
        if (m) x = (x - m[i].mean) * m[i].rstd;
        weight += d * x;
        bias += d;
    }
    add_double(t->sums + c, weight, count);
    add_double(t->sums + t->c + c, bias, count);
}

LANES_INLINE void add_bunch(const channels_task *t, int64_t first, jem_dtype in)
{
    const int64_t n = t->count - first < BUNCH ? t->count - first : BUNCH;
    const bool norm = t->s->op.kind == OP_NORM;
    moments m[BUNCH];
    for (int64_t i = 0; norm && i < n; ++i) m[i] = moments_at(t, first + i, in);
    EACH_CHUNK(t, bunch_chunk, t, norm ? m : NULL, first, n, in)
}

LANES_INLINE void channels_loop(channels_task t, jem_dtype in, jem_dtype out)
{
    if (t.sums) {
        memset(t.sums, 0, (size_t)(2 * t.c) * sizeof *t.sums);
        for (int64_t p = 0; p < t.count; p += BUNCH) add_bunch(&t, p, in);
    } else if (t.s->op.kind == OP_NORM) {
        for (int64_t p = 0; p < t.count; ++p) norm_position(&t, p, in, out);
    } else {
        for (int64_t p = 0; p < t.count; ++p) EACH_CHUNK(&t, scale_chunk, &t, p, in, out)
    }
}
CPU_LANES_FUNCTION(channels, channels_task)

/* ---- the step */

static bool is_to_params(const step *s)
{
    return s->kind == STEP_BACKWARD_PARAMS;
}

static jem_status prepare(cpu_kernel *k)
{
    if (is_to_params(&k->s)) k->scratch = (size_t)(2 * k->s.op.src.c) * sizeof(double);
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
    const float *params = b->k->params;
    /* A scale's gradient to data is the scale of what comes in. */
    const bool curved = is_to_params(s) || (o->kind == OP_NORM && s->kind != STEP_FORWARD);
    const slot *x = curved ? &s->src2 : &s->src;
    const channels_task t = {.s = s, .weight = o->weight >= 0 ? params + o->weight : NULL,
                             .bias = o->bias >= 0 ? params + o->bias : NULL, .x = cpu_at(b, *x),
                             .d = curved ? cpu_at(b, s->src) : NULL,
                             .dst = is_to_params(s) ? NULL : cpu_at(b, s->dst),
                             .sums = is_to_params(s) ? (double *)(void *)b->scratch : NULL,
                             .count = s->n * o->src.h * o->src.w, .c = o->src.c};
    float *d = io->dparams;

    (void)phase, (void)part;
    channels(t, x->f.dtype, is_to_params(s) ? x->f.dtype : s->dst.f.dtype);
    for (int64_t c = 0; is_to_params(s) && c < t.c; ++c) {
        if (o->weight >= 0) d[o->weight + c] = (float)t.sums[c];
        if (o->bias >= 0) d[o->bias + c] = (float)t.sums[t.c + c];
    }
    return JEM_OK;
}

const cpu_impl cpu_channels_impl = {
    .name = "channels",
    .prepare = prepare,
    .release = release,
    .run = run,
};
