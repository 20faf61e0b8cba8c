/* Runs single steps of the reference backend on plain NCHW arrays of double: packs
 * them into slots of any block, executes, unpacks, and checks that padding stayed
 * zero.  Buffers start as NaN, so that what a step fails to write shows. */
#ifndef TESTS_REF_RIG_H
#define TESTS_REF_RIG_H

#include "backend/ref/ref.h"
#include "base/mem.h"
#include "support/check.h"

enum { RIG_PARAMS = 4096, RIG_VALUES = 8192, RIG_SLOTS = 4 };

typedef struct rig {
    jem_dtype dtype;
    int64_t block;
    int64_t n;
    bool train, accumulate, lrelu;
    double params[RIG_PARAMS], dparams[RIG_PARAMS], stats[RIG_PARAMS];
    rng_stream dropout;
    uint32_t image0;
    uint8_t *mask;       /* of the last step that had one: RIG_VALUES * 16 bytes */
    char *arena;         /* RIG_SLOTS buffers of rig_slot_bytes(), then the mask */
} rig;

static inline int64_t rig_slot_bytes(void)
{
    return RIG_VALUES * 16 * (int64_t)sizeof(double);
}

static inline rig *rig_new(jem_dtype dtype, int64_t block, int64_t n)
{
    rig *r = NULL;
    check_ok(MEM_NEW(r, 1));
    check_ok(MEM_NEW(r->arena, RIG_SLOTS * rig_slot_bytes() + RIG_VALUES * 16));
    r->mask = (uint8_t *)r->arena + RIG_SLOTS * rig_slot_bytes();
    memset(r->arena, 0xff, (size_t)(RIG_SLOTS * rig_slot_bytes()));
    r->dtype = dtype;
    r->block = block;
    r->n = n;
    r->train = true;
    r->dropout = (rng_stream){11, RNG_DROPOUT, 5, 0};
    return r;
}

static inline void rig_free(rig *r)
{
    if (r) mem_free(r->arena);
    mem_free(r);
}

static inline slot rig_slot(const rig *r, int number, shape s)
{
    assert_true(r->n * shape_count(s) <= RIG_VALUES);
    return (slot){number < 0 ? -1 : number * rig_slot_bytes(), s, {r->dtype, r->block}};
}

static inline double rig_get(const rig *r, const char *base, int64_t i)
{
    return r->dtype == JEM_F64 ? ((const double *)(const void *)base)[i]
                               : (double)((const float *)(const void *)base)[i];
}

static inline void rig_set(const rig *r, char *base, int64_t i, double v)
{
    if (r->dtype == JEM_F64)
        ((double *)(void *)base)[i] = v;
    else
        ((float *)(void *)base)[i] = (float)v;
}

/* Plain array into a slot; x NULL fills it with NaN. */
static inline void rig_pack(rig *r, slot o, const double *x)
{
    char *base = r->arena + o.offset;
    int64_t total = format_count(o.f, o.s, r->n);
    for (int64_t i = 0; i < total; i++) rig_set(r, base, i, x ? 0.0 : NAN);
    for (int64_t n = 0; x && n < r->n; n++)
        for (int64_t c = 0; c < o.s.c; c++)
            for (int64_t i = 0; i < o.s.h * o.s.w; i++)
                rig_set(r, base, format_index(o.f, o.s, n, c, i / o.s.w, i % o.s.w), *x++);
}

static inline void rig_unpack(const rig *r, slot o, double *x)
{
    const char *base = r->arena + o.offset;
    const int64_t whole = (o.s.c + o.f.block - 1) / o.f.block * o.f.block;
    for (int64_t n = 0; n < r->n; n++) {
        for (int64_t c = 0; c < whole; c++) {
            for (int64_t i = 0; i < o.s.h * o.s.w; i++) {
                double v = rig_get(r, base, format_index(o.f, o.s, n, c, i / o.s.w, i % o.s.w));
                if (c < o.s.c)
                    *x++ = v;
                else if (v != 0.0)
                    fail_msg("padding channel %d holds %g", (int)c, v);
            }
        }
    }
}

/* One step in `r`'s precision; parameter vectors travel through copies. */
static inline void rig_run(rig *r, step *s, step_io *io)
{
    static float params[RIG_PARAMS], dparams[RIG_PARAMS], stats[RIG_PARAMS];
    s->n = r->n;
    s->train = r->train;
    s->accumulate = r->accumulate;
    s->lrelu = r->lrelu;
    s->mask_offset = (char *)r->mask - r->arena;
    io->count = io->count ? io->count : r->n;
    io->dropout = r->dropout;
    io->image0 = r->image0;
    if (r->dtype == JEM_F64) {
        io->params = r->params;
        io->dparams = r->dparams;
        io->batch_stats = r->stats;
        check_ok(ref_run_f64(s, r->arena, io));
        return;
    }
    for (int i = 0; i < RIG_PARAMS; i++) params[i] = (float)r->params[i];
    for (int i = 0; i < RIG_PARAMS; i++) dparams[i] = (float)r->dparams[i];
    for (int i = 0; i < RIG_PARAMS; i++) stats[i] = (float)r->stats[i];
    io->params = params;
    io->dparams = dparams;
    io->batch_stats = stats;
    check_ok(ref_run_f32(s, r->arena, io));
    for (int i = 0; i < RIG_PARAMS; i++) r->dparams[i] = (double)dparams[i];
    for (int i = 0; i < RIG_PARAMS; i++) r->stats[i] = (double)stats[i];
}

/* y <- op(x, x2).  With r->accumulate y is read as the previous content. */
static inline void rig_forward(rig *r, const op *o, double *y, const double *x, const double *x2)
{
    step s = {.kind = STEP_FORWARD, .op = *o, .dst = rig_slot(r, 0, o->dst),
              .src = rig_slot(r, 1, o->src), .src2 = rig_slot(r, x2 ? 2 : -1, o->src)};
    step_io io = {0};
    rig_pack(r, s.dst, r->accumulate ? y : NULL);
    rig_pack(r, s.src, x);
    if (x2) rig_pack(r, s.src2, x2);
    rig_run(r, &s, &io);
    rig_unpack(r, s.dst, y);
}

/* dx <- transpose of the op at x, applied to dy. */
static inline void rig_backward_data(rig *r, const op *o, double *dx, const double *dy,
                                     const double *x)
{
    step s = {.kind = STEP_BACKWARD_DATA, .op = *o, .dst = rig_slot(r, 0, o->src),
              .src = rig_slot(r, 1, o->dst), .src2 = rig_slot(r, 2, o->src)};
    step_io io = {0};
    rig_pack(r, s.dst, r->accumulate ? dx : NULL);
    rig_pack(r, s.src, dy);
    rig_pack(r, s.src2, x);
    rig_run(r, &s, &io);
    rig_unpack(r, s.dst, dx);
}

static inline void rig_backward_params(rig *r, const op *o, const double *dy, const double *x)
{
    step s = {.kind = STEP_BACKWARD_PARAMS, .op = *o, .dst = rig_slot(r, -1, o->src),
              .src = rig_slot(r, 1, o->dst), .src2 = rig_slot(r, 2, o->src)};
    step_io io = {0};
    rig_pack(r, s.src, dy);
    rig_pack(r, s.src2, x);
    rig_run(r, &s, &io);
}

/* ---- ops.  Weights start at element 1, biases follow after a gap of one. */

static inline op rig_op(op_kind kind, shape src, shape dst)
{
    return (op){.kind = kind, .src = src, .dst = dst, .weight = -1, .bias = -1, .mean = -1,
                .var = -1, .slope = 0.2f};
}

static inline op rig_conv(shape src, int64_t out, int64_t kernel, int64_t stride, int64_t pad)
{
    shape dst = {out, (src.h + 2 * pad - kernel) / stride + 1,
                 (src.w + 2 * pad - kernel) / stride + 1};
    op o = rig_op(OP_CONV2D, src, dst);
    o.kernel_h = o.kernel_w = kernel;
    o.stride = stride;
    o.pad_top = o.pad_left = o.pad_bottom = o.pad_right = pad;
    o.weight = 1;
    o.bias = 2 + out * src.c * kernel * kernel;
    assert_true(o.bias + out < RIG_PARAMS);
    return o;
}

static inline op rig_linear(shape src, int64_t out)
{
    op o = rig_op(OP_LINEAR, src, (shape){out, 1, 1});
    o.weight = 1;
    o.bias = 2 + out * shape_count(src);
    assert_true(o.bias + out < RIG_PARAMS);
    return o;
}

static inline op rig_pool(shape src, int64_t kh, int64_t kw, float scale)
{
    op o = rig_op(OP_POOL, src, (shape){src.c, src.h / kh, src.w / kw});
    o.kernel_h = kh;
    o.kernel_w = kw;
    o.scale = scale;
    return o;
}

static inline op rig_concat_elu(shape src)
{
    return rig_op(OP_CONCAT_ELU, src, (shape){2 * src.c, src.h, src.w});
}

static inline op rig_norm(shape src, norm_kind kind)
{
    op o = rig_op(OP_NORM, src, src);
    o.norm = kind;
    o.eps = 1e-5f;
    o.weight = 1;
    o.bias = 2 + src.c;
    if (kind == NORM_BATCH) {
        o.mean = o.bias + src.c + 1;
        o.var = o.mean + src.c + 1;
    }
    return o;
}

/* Numbers in [-1, 1) that look random and are the same everywhere. */
static inline void rig_fill(double *v, int64_t n, uint32_t seed)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t u = (uint32_t)i * 2654435761u + seed * 40503u + 977u;
        u ^= u >> 15;
        u *= 2246822519u;
        u ^= u >> 13;
        v[i] = (double)u / 2147483648.0 - 1.0;
    }
}

#endif
