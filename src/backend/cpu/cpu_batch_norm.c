/* Batch norms by the statistics of the batch, alone or followed by a leaky rectifier, of batches in
 * slices (backend.meets); the mathematics is that of ref_norm.inc.
 *
 * Each slice leaves sums over its own images in the memory of the meeting; behind the meeting each
 * adds up what all have left, in the slices' order, so that all know the same to the bit whoever
 * computes which.
 *
 *   FORWARD          mean and sum of squares of each slice's own channels | meeting: those of the
 *                    batch (Chan et al. 1979), then z = (x - mean) * scale + shift
 *   BACKWARD_PARAMS  the slice's own sums of d and d (x - mean), which are its share of the gradients
 *   BACKWARD_DATA    the same sums unless a BACKWARD_PARAMS has left them | meeting: the batch's,
 *                    then scale * (d - mean(d) - (x - mean) * slope)
 *
 * d is the gradient that comes in, times the rectifier's derivative, which follows from the sign of z and
 * so from x.  Squares are of differences from the slice's first pixel, so that a mean far from
 * zero cancels nothing.  Sums are in float32 over a few pixels and in double beyond them. */
#include <math.h>

#include "backend/cpu/cpu_lanes.h"

enum { CHAN_MEAN, CHAN_SQUARES, CHAN_D, CHAN_DX, CHAN_DOUBLES };
enum { OF_MEAN, OF_SCALE, OF_SHIFT, OF_RSTD, OF_P, OF_Q, OF_FLOATS };

/* What a slice leaves of each channel: the mean of x and the sum of squares of differences from that,
 * the sums of d and d (x - mean); and what it knows of the batch: mean, scale and shift, and behind the
 * meeting of a gradient p and q in  scale * d - p - (x - mean) * q. */
typedef struct slice_state {
    double *sums; /* [CHAN_DOUBLES][c] */
    float *of;    /* [OF_FLOATS][c] */
} slice_state;

size_t cpu_batch_norm_bytes(const op *o)
{
    const size_t c = (size_t)o->src.c, bytes = c * (CHAN_DOUBLES * sizeof(double) + OF_FLOATS * sizeof(float));
    return (bytes + 63) / 64 * 64; /* no two slices write to one cache line */
}

static slice_state state_of(const step *s, const step_io *io, int slice)
{
    char *at = (char *)io->meeting + s->meeting_offset + (size_t)slice * cpu_batch_norm_bytes(&s->op);
    double *sums = (double *)(void *)at;
    return (slice_state){sums, (float *)(void *)(sums + CHAN_DOUBLES * s->op.src.c)};
}

/* ---- loops over pixels: vectors of channels in NHWC, one channel at a time in any other format */

typedef struct pixels {
    const step *s;
    const void *x, *d; /* the norm's input; the gradient that comes in, NULL forward */
    void *dst;
    int64_t count, c; /* pixels; channels */
    slice_state of;
    float slope;
    bool rectified;
} pixels;

LANES_INLINE lanes of_channels(const pixels *t, int which, int64_t c, int64_t count)
{
    return lanes_load(t->of.of + which * t->c, c, count, JEM_F32);
}

typedef struct channel_lanes {
    lanes mean, scale, shift, p, q;
} channel_lanes;

LANES_INLINE channel_lanes lanes_of(const pixels *t, int64_t c, int64_t count)
{
    return (channel_lanes){of_channels(t, OF_MEAN, c, count), of_channels(t, OF_SCALE, c, count),
                           of_channels(t, OF_SHIFT, c, count), of_channels(t, OF_P, c, count),
                           of_channels(t, OF_Q, c, count)};
}

/* d times the derivative of what follows the norm, x being centred. */
LANES_INLINE lanes bent(const pixels *t, const channel_lanes *k, lanes x, lanes d)
{
    if (!t->rectified) return d;
    return lanes_select(x * k->scale + k->shift > 0, d, t->slope * d);
}

LANES_INLINE void add_double(double *sum, lanes v, int64_t count)
{
    lanes_double total = {0};
    memcpy(&total, sum, (size_t)count * sizeof *sum);
    total += __builtin_convertvector(v, lanes_double);
    memcpy(sum, &total, (size_t)count * sizeof *sum);
}

/* Pixels [first, end) of some channels: a += d, b += d x with x centred; forward d = x. */
LANES_INLINE void sum_one(const pixels *t, const channel_lanes *k, int64_t i, int64_t c, int64_t count, lanes *a,
                          lanes *b, jem_dtype dtype)
{
    const lanes x = lanes_load(t->x, i * t->c + c, count, dtype) - k->mean;
    const lanes d = t->d ? bent(t, k, x, lanes_load(t->d, i * t->c + c, count, dtype)) : x;
    *a += d;
    *b += d * x;
}

/* Four pixels at a time, so that additions need not wait for one another. */
LANES_INLINE void sums_chunk(const pixels *t, double *sums, int64_t first, int64_t end, int64_t c, int64_t count,
                             jem_dtype dtype)
{
    const channel_lanes k = lanes_of(t, c, count);
    lanes a[4] = {{0}}, b[4] = {{0}};
    int64_t i = first;

    for (; i + 4 <= end; i += 4)
#pragma GCC unroll 4
        for (int j = 0; j < 4; ++j) sum_one(t, &k, i + j, c, count, &a[j], &b[j], dtype);
    for (; i < end; ++i) sum_one(t, &k, i, c, count, &a[0], &b[0], dtype);
    add_double(sums + c, (a[0] + a[1]) + (a[2] + a[3]), count);
    add_double(sums + t->c + c, (b[0] + b[1]) + (b[2] + b[3]), count);
}

/* As many pixels at a time as the nearest cache keeps from one chunk of channels to the next. */
static int64_t few_pixels(int64_t channels)
{
    const int64_t fit = 4096 / channels;
    return fit < 16 ? 16 : fit > 64 ? 64 : fit;
}

/* t.of.sums' mean and squares (or d and dx) <- the plain sums of both. */
LANES_INLINE void sums_loop(pixels t, jem_dtype in, jem_dtype out)
{
    double *sums = t.of.sums + (t.d ? CHAN_D : CHAN_MEAN) * t.c;
    const int64_t few = few_pixels(t.c);

    (void)out;
    memset(sums, 0, (size_t)(2 * t.c) * sizeof *sums);
    for (int64_t i = 0; i < t.count; i += few) {
        int64_t c = 0, end = i + few < t.count ? i + few : t.count;
        for (; c + LANES <= t.c; c += LANES) sums_chunk(&t, sums, i, end, c, LANES, in);
        if (c < t.c) sums_chunk(&t, sums, i, end, c, t.c - c, in);
    }
}
CPU_LANES_FUNCTION(sums, pixels)

LANES_INLINE void apply_chunk(const pixels *t, const channel_lanes *k, int64_t i, int64_t c, int64_t count,
                              jem_dtype in, jem_dtype out)
{
    const lanes x = lanes_load(t->x, i * t->c + c, count, in) - k->mean;
    lanes y = x * k->scale + k->shift;
    if (t->d)
        y = k->scale * bent(t, k, x, lanes_load(t->d, i * t->c + c, count, in)) - k->p - x * k->q;
    else if (t->rectified)
        y = lanes_select(y > 0, y, t->slope * y);
    lanes_store(t->dst, i * t->c + c, count, out, y);
}

LANES_INLINE void apply_channels(const pixels *t, int64_t first, int64_t end, int64_t c, int64_t count, jem_dtype in,
                                 jem_dtype out)
{
    const channel_lanes k = lanes_of(t, c, count);
    for (int64_t i = first; i < end; ++i) apply_chunk(t, &k, i, c, count, in, out);
}

LANES_INLINE void apply_loop(pixels t, jem_dtype in, jem_dtype out)
{
    const int64_t few = few_pixels(t.c);
    for (int64_t i = 0; i < t.count; i += few) {
        int64_t c = 0, end = i + few < t.count ? i + few : t.count;
        for (; c + LANES <= t.c; c += LANES) apply_channels(&t, i, end, c, LANES, in, out);
        if (c < t.c) apply_channels(&t, i, end, c, t.c - c, in, out);
    }
}
CPU_LANES_FUNCTION(apply, pixels)

/* ---- the same in any format, a channel of an image at a time */

/* Image i, channel c: its first element, and how far apart the next ones are. */
typedef struct plane {
    int64_t at, apart;
} plane;

static plane plane_of(const slot *v, int64_t i, int64_t c)
{
    return (plane){format_index(v->f, v->s, i, c, 0, 0), v->f.block};
}

/* What comes in at an element, times the rectifier's derivative; x is centred. */
static float bent_at(const pixels *t, int64_t c, float x, int64_t element)
{
    const float d = cpu_get(t->d, element, t->s->src.f.dtype);
    const float z = x * t->of.of[OF_SCALE * t->c + c] + t->of.of[OF_SHIFT * t->c + c];
    return t->rectified && !(z > 0) ? t->slope * d : d;
}

static void sums_in_planes(const pixels *t, const slot *input, int64_t images)
{
    const int64_t area = input->s.h * input->s.w;
    for (int64_t c = 0; c < t->c; ++c) {
        double a = 0, b = 0;
        for (int64_t i = 0; i < images; ++i) {
            const plane x = plane_of(input, i, c), d = plane_of(&t->s->src, i, c);
            for (int64_t k = 0; k < area; ++k) {
                const float v = cpu_get(t->x, x.at + k * x.apart, input->f.dtype) - t->of.of[OF_MEAN * t->c + c];
                const float w = t->d ? bent_at(t, c, v, d.at + k * d.apart) : v;
                a += (double)w;
                b += (double)w * (double)v;
            }
        }
        t->of.sums[(t->d ? CHAN_D : CHAN_MEAN) * t->c + c] = a;
        t->of.sums[(t->d ? CHAN_DX : CHAN_SQUARES) * t->c + c] = b;
    }
}

static void apply_in_planes(const pixels *t, const slot *input, int64_t images)
{
    const int64_t area = input->s.h * input->s.w;
    for (int64_t row = 0; row < images * t->c; ++row) {
        const int64_t i = row / t->c, c = row % t->c;
        const float *of = t->of.of + c;
        const plane x = plane_of(input, i, c), d = plane_of(&t->s->src, i, c), to = plane_of(&t->s->dst, i, c);
        for (int64_t k = 0; k < area; ++k) {
            const float v = cpu_get(t->x, x.at + k * x.apart, input->f.dtype) - of[OF_MEAN * t->c];
            float y = v * of[OF_SCALE * t->c] + of[OF_SHIFT * t->c];
            if (t->d)
                y = of[OF_SCALE * t->c] * bent_at(t, c, v, d.at + k * d.apart) - of[OF_P * t->c] - v * of[OF_Q * t->c];
            else if (t->rectified && !(y > 0))
                y *= t->slope;
            cpu_put(t->dst, to.at + k * to.apart, y, t->s->dst.f.dtype);
        }
    }
}

/* ---- the step */

static bool is_forward(const step *s)
{
    return s->kind == STEP_FORWARD;
}

static const slot *input_of(const step *s)
{
    return is_forward(s) ? &s->src : &s->src2;
}

static bool in_nhwc(const step *s)
{
    const slot *slots[] = {&s->dst, &s->src, &s->src2};
    for (int i = 0; i < 3; ++i)
        if (slots[i]->offset >= 0 && slots[i]->f.block != slots[i]->s.c && slots[i]->s.h * slots[i]->s.w > 1)
            return false;
    return true;
}

static int64_t area_of(const step *s)
{
    return s->op.src.h * s->op.src.w;
}

static pixels pixels_of(const cpu_bound *b, const step_io *io, int64_t images)
{
    const step *s = &b->k->s;
    return (pixels){.s = s, .x = cpu_at(b, *input_of(s)), .d = is_forward(s) ? NULL : cpu_at(b, s->src),
                    .dst = s->dst.offset >= 0 ? cpu_at(b, s->dst) : NULL, .count = images * area_of(s),
                    .c = s->op.src.c, .of = state_of(s, io, io->slice), .slope = (float)s->op.slope,
                    .rectified = s->lrelu};
}

static void take_sums(const cpu_bound *b, const step_io *io)
{
    const pixels t = pixels_of(b, io, io->count);
    const slot *input = input_of(t.s);
    if (in_nhwc(t.s))
        sums(t, input->f.dtype, input->f.dtype);
    else
        sums_in_planes(&t, input, io->count);
}

static void take_moments(const cpu_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const slot *input = input_of(s);
    const int64_t c = s->op.src.c;
    const double count = (double)(io->count * area_of(s));
    const slice_state own = state_of(s, io, io->slice);

    for (int64_t k = 0; k < c; ++k) /* the pivot; nothing is rectified before the sums are taken */
        own.of[OF_MEAN * c + k] =
            cpu_get(cpu_at(b, *input), format_index(input->f, input->s, 0, k, 0, 0), input->f.dtype);
    take_sums(b, io);
    for (int64_t k = 0; k < c; ++k) {
        double *mean = &own.sums[CHAN_MEAN * c + k], *squares = &own.sums[CHAN_SQUARES * c + k];
        *squares -= *mean * *mean / count;
        *mean = (double)own.of[OF_MEAN * c + k] + *mean / count;
    }
}

/* Valid images of slice i. */
static double images_of(const step *s, const step_io *io, int i)
{
    return (double)(i + 1 < io->slices ? s->n : io->total - i * s->n);
}

typedef struct moments {
    double mean, var;
} moments;

static moments batch_moments(const step *s, const step_io *io, int64_t c)
{
    const double area = (double)area_of(s);
    double count = 0, mean = 0, squares = 0;
    for (int i = 0; i < io->slices; ++i) {
        const double *of = state_of(s, io, i).sums, more = images_of(s, io, i) * area;
        const double apart = of[CHAN_MEAN * s->op.src.c + c] - mean;
        squares += of[CHAN_SQUARES * s->op.src.c + c] + apart * apart * count * more / (count + more);
        count += more;
        mean += apart * more / count;
    }
    return (moments){mean, squares > 0 ? squares / count : 0};
}

/* batch_stats: the batch's mean and unbiased variance, which one slice tells. */
static void reduce_forward(const cpu_bound *b, const step_io *io)
{
    const op *o = &b->k->s.op;
    const float *params = b->k->params;
    const int64_t c = o->src.c;
    const double count = (double)(io->total * area_of(&b->k->s)), unbiased = count > 1 ? count / (count - 1) : 1;
    float *of = state_of(&b->k->s, io, io->slice).of, *stats = io->slice == 0 && o->mean >= 0 ? io->batch_stats : NULL;

    for (int64_t k = 0; k < c; ++k) {
        const moments m = batch_moments(&b->k->s, io, k);
        const double rstd = 1 / sqrt(m.var + o->eps);
        of[OF_MEAN * c + k] = (float)m.mean;
        of[OF_RSTD * c + k] = (float)rstd;
        of[OF_SCALE * c + k] = (float)(o->weight >= 0 ? (double)params[o->weight + k] * rstd : rstd);
        of[OF_SHIFT * c + k] = o->bias >= 0 ? params[o->bias + k] : 0;
        if (!stats) continue;
        stats[o->mean + k] = (float)m.mean;
        stats[o->var + k] = (float)(m.var * unbiased);
    }
}

static void reduce_backward(const cpu_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const int64_t c = s->op.src.c;
    const double count = (double)(io->total * area_of(s));
    float *of = state_of(s, io, io->slice).of;

    for (int64_t k = 0; k < c; ++k) {
        const double rstd = (double)of[OF_RSTD * c + k], scale = (double)of[OF_SCALE * c + k];
        double d = 0, dx = 0;
        for (int i = 0; i < io->slices; ++i) {
            const double *sums = state_of(s, io, i).sums;
            d += sums[CHAN_D * c + k];
            dx += sums[CHAN_DX * c + k];
        }
        of[OF_P * c + k] = (float)(scale * d / count);
        of[OF_Q * c + k] = (float)(scale * rstd * rstd * dx / count);
    }
}

/* The slice's share. */
static void put_dparams(const cpu_bound *b, const step_io *io)
{
    const op *o = &b->k->s.op;
    const slice_state own = state_of(&b->k->s, io, io->slice);
    float *d = io->dparams;
    for (int64_t k = 0; k < o->src.c; ++k) {
        d[o->weight + k] = (float)(own.sums[CHAN_DX * o->src.c + k] * (double)own.of[OF_RSTD * o->src.c + k]);
        if (o->bias >= 0) d[o->bias + k] = (float)own.sums[CHAN_D * o->src.c + k];
    }
}

/* Images beyond the valid ones get values that are finite, and gradients of 0. */
static void apply_all(const cpu_bound *b, const step_io *io)
{
    const step *s = &b->k->s;
    const pixels t = pixels_of(b, io, is_forward(s) ? s->n : io->count);
    const size_t image = (size_t)shape_count(s->op.src) * jem_dtype_size(s->dst.f.dtype);

    if (in_nhwc(s))
        apply(t, input_of(s)->f.dtype, s->dst.f.dtype);
    else
        apply_in_planes(&t, input_of(s), is_forward(s) ? s->n : io->count);
    if (!is_forward(s)) memset((char *)t.dst + (size_t)io->count * image, 0, (size_t)(s->n - io->count) * image);
}

static bool sums_first(const step *s)
{
    return s->kind != STEP_BACKWARD_DATA || !s->summed;
}

static int parts(const cpu_kernel *k, int phase)
{
    return phase < (k->s.kind == STEP_BACKWARD_PARAMS ? 1 : sums_first(&k->s) + 1);
}

static int meets(const cpu_kernel *k)
{
    return k->s.kind == STEP_BACKWARD_PARAMS ? -1 : sums_first(&k->s);
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;

    (void)part;
    if (phase < meets(b->k) || s->kind == STEP_BACKWARD_PARAMS) {
        if (is_forward(s))
            take_moments(b, io);
        else
            take_sums(b, io);
        if (s->kind == STEP_BACKWARD_PARAMS) put_dparams(b, io);
        return JEM_OK;
    }
    if (is_forward(s))
        reduce_forward(b, io);
    else
        reduce_backward(b, io);
    apply_all(b, io);
    return JEM_OK;
}

const cpu_impl cpu_batch_norm_impl = {
    .name = "norm",
    .parts = parts,
    .run = run,
    .meets = meets,
};
