/* Group and batch norms in NHWC, group norms also followed by SiLU; the mathematics is that
 * of ref_norm.inc.
 *
 * A batch norm is a group norm of one channel per group, all images being one.
 *
 * Phases: sums of x and x^2 per channel; the statistics of each group; and unless the step
 * is a forward one, sums of d and d (x - mean), d the incoming gradient or tangent, and
 * their means over each group; then every element.  Running statistics are given, without
 * sums.  Sums are in double, first over blocks of pixels, then over the blocks, in this
 * order whoever computes which. */
#include <math.h>

#include "backend/cpu/cpu_lanes.h"

enum phase { SUM_X, REDUCE_X, SUM_D, REDUCE_D, APPLY, PHASES };

/* What every channel of an image is computed with:
 *   z = (x - mean) * scale + shift, the norm's value;  core = scale * d - p - (x - mean) * q */
typedef struct channels {
    float *mean, *scale, *shift, *p, *q; /* [c] each */
    double *rstd;                        /* [c] */
} channels;

/* ---- what a step is: images, their pixels, channels per group */

static bool is_batch(const step *s)
{
    return s->op.norm == NORM_BATCH;
}

static bool is_given(const step *s)
{
    return is_batch(s) && !s->train;
}

static int64_t images_of(const step *s)
{
    return is_batch(s) ? 1 : s->n;
}

static int64_t area_of(const step *s)
{
    return s->op.src.h * s->op.src.w * (is_batch(s) ? s->n : 1);
}

static int64_t run_of(const step *s)
{
    return is_batch(s) ? 1 : s->op.src.c / s->op.groups;
}

static bool has_phase(const step *s, int phase)
{
    bool to_params = s->kind == STEP_BACKWARD_PARAMS;
    if (phase == SUM_X) return !is_given(s);
    if (phase == SUM_D || phase == REDUCE_D)
        return to_params || (s->kind != STEP_FORWARD && !is_given(s));
    return phase == REDUCE_X || !to_params;
}

/* The step's phase number `index`; PHASES behind the last. */
static int phase_at(const step *s, int index)
{
    int phase = 0;
    for (; phase < PHASES; ++phase)
        if (has_phase(s, phase) && index-- == 0) break;
    return phase;
}

/* Scratch: partial sums [n][blocks][2][c] in double, then `channels` of every image. */
static int64_t blocks_of(const cpu_kernel *k)
{
    int64_t most = k->s.split ? 64 : 16, blocks = area_of(&k->s) / 256;
    return blocks < 1 ? 1 : blocks > most ? most : blocks;
}

static double *sums_at(const cpu_bound *b, int64_t n, int64_t block)
{
    const cpu_kernel *k = b->k;
    return (double *)(void *)b->scratch + (n * blocks_of(k) + block) * 2 * k->s.op.src.c;
}

static channels channels_at(const cpu_bound *b, int64_t n)
{
    const int64_t c = b->k->s.op.src.c, images = images_of(&b->k->s);
    double *rstd = sums_at(b, images, 0) + n * c;
    float *f = (float *)(void *)(sums_at(b, images, 0) + images * c) + n * 5 * c;
    return (channels){f, f + c, f + 2 * c, f + 3 * c, f + 4 * c, rstd};
}

static jem_status prepare(cpu_kernel *k)
{
    const int64_t c = k->s.op.src.c, images = images_of(&k->s);
    const size_t sums = (size_t)(images * blocks_of(k) * 2 * c) * sizeof(double);
    k->scratch = sums + (size_t)(images * c) * (sizeof(double) + 5 * sizeof(float));
    return JEM_OK;
}

static void release(cpu_kernel *k)
{
    (void)k;
}

/* ---- loops over the pixels [first, end) of one image */

typedef struct pixels {
    step_kind kind;
    bool silu;
    const void *x, *d; /* the op's input; what comes in */
    void *dst;
    int64_t first, end, c; /* in pixels; channels */
    channels of;
    double *sums; /* [2][c] */
} pixels;

LANES_INLINE lanes bent(const pixels *t, int64_t c, int64_t count, lanes centred, lanes d)
{
    lanes z = centred * lanes_load(t->of.scale, c, count, JEM_F32) +
              lanes_load(t->of.shift, c, count, JEM_F32);
    return d * lanes_silu_slope(z);
}

enum { FEW = 16 }; /* pixels */

/* sums[0] += x (or d), sums[1] += x^2 (or d (x - mean)) over at most FEW pixels from `first`:
 * sixteen channels at a time, so that the sums stay in registers; so few numbers lose nothing
 * in float32. */
LANES_INLINE void sums_chunk(const pixels *t, int64_t first, int64_t end, int64_t c, int64_t count,
                             jem_dtype dtype)
{
    lanes a = {0}, b = {0};
    lanes_double total;
    lanes mean = t->d ? lanes_load(t->of.mean, c, count, JEM_F32) : lanes_all(0);

    for (int64_t i = first; i < end; ++i) {
        lanes x = lanes_load(t->x, i * t->c + c, count, dtype) - mean, d = x;
        if (t->d) d = lanes_load(t->d, i * t->c + c, count, dtype);
        if (t->silu) d = bent(t, c, count, x, d);
        a += d;
        b += d * x;
    }
    for (int which = 0; which < 2; ++which) {
        double *sum = t->sums + which * t->c + c;
        memcpy(&total, sum, (size_t)count * sizeof(double));
        total += __builtin_convertvector(which ? b : a, lanes_double);
        memcpy(sum, &total, (size_t)count * sizeof(double));
    }
}

/* A few pixels at a time, which the cache keeps from one chunk to the next. */
LANES_INLINE void sums_loop(pixels t, jem_dtype in, jem_dtype out)
{
    (void)out;
    memset(t.sums, 0, (size_t)(2 * t.c) * sizeof(double));
    for (int64_t i = t.first; i < t.end; i += FEW) {
        int64_t c = 0, end = i + FEW < t.end ? i + FEW : t.end;
        for (; c + LANES <= t.c; c += LANES) sums_chunk(&t, i, end, c, LANES, in);
        if (c < t.c) sums_chunk(&t, i, end, c, t.c - c, in);
    }
}
CPU_LANES_FUNCTION(sums, pixels)

LANES_INLINE lanes apply_to(const pixels *t, int64_t c, int64_t count, lanes x, lanes d)
{
    lanes scale = lanes_load(t->of.scale, c, count, JEM_F32);
    x -= lanes_load(t->of.mean, c, count, JEM_F32);
    if (t->kind == STEP_FORWARD) {
        lanes z = x * scale + lanes_load(t->of.shift, c, count, JEM_F32);
        return t->silu ? lanes_silu(z) : z;
    }
    if (t->silu && t->kind == STEP_BACKWARD_DATA) d = bent(t, c, count, x, d);
    d = scale * d - lanes_load(t->of.p, c, count, JEM_F32) -
        x * lanes_load(t->of.q, c, count, JEM_F32);
    return t->silu && t->kind == STEP_TANGENT ? bent(t, c, count, x, d) : d;
}

LANES_INLINE void apply_chunk(const pixels *t, int64_t i, int64_t c, int64_t count, jem_dtype in,
                              jem_dtype out)
{
    lanes x = lanes_load(t->x, i * t->c + c, count, in), d = x;
    if (t->d) d = lanes_load(t->d, i * t->c + c, count, in);
    lanes_store(t->dst, i * t->c + c, count, out, apply_to(t, c, count, x, d));
}

LANES_INLINE void apply_loop(pixels t, jem_dtype in, jem_dtype out)
{
    for (int64_t i = t.first; i < t.end; ++i) {
        int64_t c = 0;
        for (; c + LANES <= t.c; c += LANES) apply_chunk(&t, i, c, LANES, in, out);
        if (c < t.c) apply_chunk(&t, i, c, t.c - c, in, out);
    }
}
CPU_LANES_FUNCTION(apply, pixels)

/* ---- between the loops: groups of one image */

/* Sum number `which` of channel c over the blocks. */
static double block_sum(const cpu_bound *b, int64_t n, int which, int64_t c)
{
    double sum = 0;
    for (int64_t i = 0; i < blocks_of(b->k); ++i) sum += sums_at(b, n, i)[which * b->k->s.op.src.c + c];
    return sum;
}

typedef struct moments {
    double mean, var;
} moments;

/* Of the group that begins at channel `first`. */
static moments group_moments(const cpu_bound *b, int64_t n, int64_t first)
{
    const step *s = &b->k->s;
    const double size = (double)(run_of(s) * area_of(s));
    double sum = 0, squares = 0;
    if (is_given(s))
        return (moments){(double)b->k->params[s->op.mean + first],
                         (double)b->k->params[s->op.var + first]};
    for (int64_t c = first; c < first + run_of(s); ++c) {
        sum += block_sum(b, n, 0, c);
        squares += block_sum(b, n, 1, c);
    }
    double mean = sum / size, var = squares / size - mean * mean;
    return (moments){mean, var > 0 ? var : 0};
}

/* batch_stats: what a forward pass in training mode tells of the batch, the variance
 * unbiased; NULL: not wanted. */
static void reduce_x(const cpu_bound *b, int64_t n, float *batch_stats)
{
    const step *s = &b->k->s;
    const op *o = &s->op;
    const float *params = b->k->params;
    const int64_t run = run_of(s), count = area_of(s);
    channels of = channels_at(b, n);

    for (int64_t first = 0; first < o->src.c; first += run) {
        const moments m = group_moments(b, n, first);
        for (int64_t c = first; c < first + run; ++c) {
            of.mean[c] = (float)m.mean;
            of.rstd[c] = 1 / sqrt(m.var + o->eps);
            of.scale[c] = (float)(params[o->weight + c] * of.rstd[c]);
            of.shift[c] = params[o->bias + c];
            of.p[c] = of.q[c] = 0;
        }
        if (!batch_stats) continue;
        batch_stats[o->mean + first] = (float)m.mean;
        batch_stats[o->var + first] =
            (float)(m.var * (double)count / (double)(count > 1 ? count - 1 : 1));
    }
}

static void put_dparams(const cpu_bound *b, float *dparams)
{
    const op *o = &b->k->s.op;
    const channels of = channels_at(b, 0);
    for (int64_t c = 0; c < o->src.c; ++c) {
        dparams[o->weight + c] = (float)(block_sum(b, 0, 1, c) * of.rstd[c]);
        dparams[o->bias + c] = (float)block_sum(b, 0, 0, c);
    }
}

/* Backward the means are of e = weight d; a tangent takes the factor weight afterwards. */
static void reduce_d(const cpu_bound *b, int64_t n)
{
    const op *o = &b->k->s.op;
    const float *weight = b->k->params + o->weight;
    const bool tangent = b->k->s.kind == STEP_TANGENT;
    const int64_t run = run_of(&b->k->s);
    const double size = (double)(run * area_of(&b->k->s));
    channels of = channels_at(b, n);

    for (int64_t first = 0; first < o->src.c; first += run) {
        double mean = 0, slope = 0;
        for (int64_t c = first; c < first + run; ++c) {
            double factor = (tangent ? 1 : weight[c]) / size;
            mean += factor * block_sum(b, n, 0, c);
            slope += factor * block_sum(b, n, 1, c) * of.rstd[c];
        }
        for (int64_t c = first; c < first + run; ++c) {
            double factor = (tangent ? weight[c] : 1) * of.rstd[c];
            of.p[c] = (float)(factor * mean);
            of.q[c] = (float)(factor * slope * of.rstd[c]);
        }
    }
}

/* ---- the step */

static int parts(const cpu_kernel *k, int phase)
{
    phase = phase_at(&k->s, phase);
    if (phase == PHASES) return 0;
    if (phase == REDUCE_X || phase == REDUCE_D || !k->s.split) return 1;
    return (int)(images_of(&k->s) * blocks_of(k));
}

static void *element_at(const cpu_bound *b, slot s, int64_t i)
{
    return (char *)cpu_at(b, s) + (size_t)i * jem_dtype_size(s.f.dtype);
}

/* Block number i over all images. */
static void run_block(cpu_bound *b, int phase, int64_t i)
{
    const step *s = &b->k->s;
    const int64_t blocks = blocks_of(b->k), n = i / blocks, area = area_of(s);
    const bool forward = s->kind == STEP_FORWARD;
    const slot x = forward ? s->src : s->src2;
    const int64_t image = n * area * x.s.c;
    pixels t = {.kind = s->kind, .silu = s->silu && phase != SUM_X, .c = x.s.c,
                .x = element_at(b, x, image),
                .dst = phase == APPLY ? element_at(b, s->dst, image) : NULL,
                .d = forward || phase == SUM_X ? NULL : element_at(b, s->src, image),
                .first = area * (i % blocks) / blocks, .end = area * (i % blocks + 1) / blocks,
                .of = channels_at(b, n), .sums = sums_at(b, n, i % blocks)};

    if (phase == SUM_D && s->kind == STEP_TANGENT) t.silu = false; /* it comes after the norm */
    if (phase == APPLY)
        apply(t, x.f.dtype, s->dst.f.dtype);
    else
        sums(t, x.f.dtype, x.f.dtype);
}

static jem_status run(cpu_bound *b, const step_io *io, int phase, int part)
{
    const step *s = &b->k->s;
    const int64_t images = images_of(s), all = images * blocks_of(b->k);
    float *batch_stats = is_batch(s) && s->op.mean >= 0 && s->train && s->kind == STEP_FORWARD ? io->batch_stats : NULL;

    phase = phase_at(s, phase);
    if (phase == REDUCE_X) {
        for (int64_t n = 0; n < images; ++n) reduce_x(b, n, batch_stats);
    } else if (phase == REDUCE_D && s->kind == STEP_BACKWARD_PARAMS) {
        put_dparams(b, io->dparams);
    } else if (phase == REDUCE_D) {
        for (int64_t n = 0; n < images; ++n) reduce_d(b, n);
    } else {
        for (int64_t i = s->split ? part : 0; i < (s->split ? part + 1 : all); ++i)
            run_block(b, phase, i);
    }
    return JEM_OK;
}

const cpu_impl cpu_norm_impl = {
    .name = "norm",
    .prepare = prepare,
    .release = release,
    .parts = parts,
    .run = run,
};
