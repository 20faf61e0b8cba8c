/* Winograd convolutions of any processor: which steps, in blocks of what size; the loops are
 * wino_kernel.h's. */
#include "backend/cpu/wino_conv.h"

#include "backend/cpu/cpu_arch.h"

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

enum { LEAST_CHANNELS = 8 };

bool wino_supports(const step *s)
{
    const op *o = &s->op;
    if (o->kind != OP_CONV2D || o->kernel_h != 3 || o->kernel_w != 3 || o->stride != 1) return false;
    if (s->kind != STEP_FORWARD && s->kind != STEP_BACKWARD_DATA) return false;
    if (s->direct || s->quad || o->pad_top != o->pad_left || o->pad_top > 2 || !cpu_arch_wino()) return false;
    if (s->src.s.c < LEAST_CHANNELS) return false; /* most of each vector would be zeros */
    bool nhwc = s->src.f.block == s->src.s.c && s->dst.f.block == s->dst.s.c;
    bool same = s->src.f.dtype == JEM_F32 && s->dst.f.dtype == JEM_F32;
    return nhwc && same && (!s->lrelu || s->dst.s.c % 16 == 0);
}

/* Transformed patches and products of a block share a core's own cache with the weights. */
enum { BLOCK_BYTES = 384 << 10, ROWS = 12, LEAST_BLOCK = 2 * ROWS, MOST_BLOCK = 8 * ROWS, PARTS = 16 };

static void choose_block(wino_conv *c, bool split)
{
    int64_t tile = WINO_PRODUCTS * (c->in_room + c->pass) * (int64_t)sizeof(float);
    int64_t most = BLOCK_BYTES / tile / ROWS * ROWS;

    if (split && most > c->tiles / PARTS) most = c->tiles / PARTS;
    if (most < LEAST_BLOCK) most = LEAST_BLOCK;
    if (most > MOST_BLOCK) most = MOST_BLOCK;
    c->blocks = (c->tiles + most - 1) / most;
    c->block = (c->tiles + c->blocks - 1) / c->blocks;
}

/* What both kinds of step have in common: s->src or s->src2 is the input. */
static void set_sizes(wino_conv *c, const step *s, shape in, shape out)
{
    *c = (wino_conv){.forward = s->kind != STEP_BACKWARD_DATA, .in = in, .out = out, .images = s->n,
                     .kernels = cpu_arch_wino(), .lanes = cpu_arch_wino()->lanes};
    c->pad_top = c->forward ? s->op.pad_top : 2 - s->op.pad_top;
    c->tiles_y = (c->out.h + WINO_TILE - 1) / WINO_TILE;
    c->tiles_x = (c->out.w + WINO_TILE - 1) / WINO_TILE;
    c->tiles = c->images * c->tiles_y * c->tiles_x;
    c->in_room = round_up(c->in.c, c->lanes);
    c->out_room = round_up(c->out.c, c->lanes);
    c->panels = (c->out_room + 2 * c->lanes - 1) / (2 * c->lanes);
}

void wino_conv_init(wino_conv *c, const step *s)
{
    set_sizes(c, s, s->src.s, s->dst.s);
    c->pass = c->out_room < 4 * c->lanes ? c->out_room : 4 * c->lanes;
    choose_block(c, s->split);
    /* A cache line more than a power of two: the 36 matrices would fall on the same sets. */
    c->in_stride = c->block * c->in_room + 16;
    c->out_stride = c->block * c->pass + 16;
}

conv_shares wino_shares(const wino_conv *c)
{
    const double per_patch = 264, per_result = 160, in = (double)c->in.c, out = (double)c->out.c;
    const double direct = 2 * 9.0 * WINO_TILE * WINO_TILE * in * out;
    return (conv_shares){2 * WINO_PRODUCTS * in * out / direct, (per_patch * in + per_result * out) / direct};
}

int64_t wino_weight_bytes(const wino_conv *c)
{
    return WINO_PRODUCTS * c->in.c * c->out_room * (int64_t)sizeof(float);
}

int64_t wino_block_bytes(const wino_conv *c)
{
    return round_up(WINO_PRODUCTS * (c->in_stride + c->out_stride) * (int64_t)sizeof(float), 64);
}

void wino_run(const wino_conv *c, const float *values, const float *packed, float *scratch,
              int64_t block, const wino_output *out)
{
    c->kernels->run(c, values, packed, scratch, block, out);
}

void wino_pack_weights(const wino_conv *c, const step *s, const float *weights, float *packed, int64_t panel)
{
    c->kernels->pack(c, s, weights, packed, panel);
}

/* ---- gradients to the weights */

static bool plain_map(slot v)
{
    return v.f.dtype == JEM_F32 && v.f.block == v.s.c && v.s.c % 16 == 0;
}

bool wino_gradient_supports(const step *s)
{
    const op *o = &s->op;
    return s->kind == STEP_BACKWARD_PARAMS && o->kind == OP_CONV2D && o->kernel_h == 3 && o->kernel_w == 3 &&
           o->stride == 1 && o->pad_top == o->pad_left && o->pad_top <= 2 && !s->direct && plain_map(s->src) && plain_map(s->src2) &&
           cpu_arch_wino();
}

/* All tiles of few images, or as many as keep the transformed maps in the shared cache. */
enum { GRADIENT_BYTES = 8 << 20, LEAST_GRADIENT_BLOCK = 32 };

void wino_gradient_init(wino_conv *c, const step *s)
{
    set_sizes(c, s, s->src2.s, s->src.s);
    int64_t tile = WINO_PRODUCTS * (c->in_room + c->out_room) * (int64_t)sizeof(float);
    int64_t most = GRADIENT_BYTES / tile;
    if (most < LEAST_GRADIENT_BLOCK) most = LEAST_GRADIENT_BLOCK;
    c->blocks = (c->tiles + most - 1) / most;
    c->block = (c->tiles + c->blocks - 1) / c->blocks;
    c->in_stride = c->block * c->lanes + 16;
    c->out_stride = 2 * (c->block * c->lanes + 16);
}

int64_t wino_gradient_bytes(const wino_conv *c)
{
    const int64_t maps = WINO_PRODUCTS * (c->in_room / c->lanes * c->in_stride + c->panels * c->out_stride);
    return (maps + (WINO_PRODUCTS + 9) * c->lanes * 2 * c->lanes) * (int64_t)sizeof(float);
}

void wino_gradient_run(const wino_conv *c, const float *values, const float *gradients, float *scratch,
                       float *weights, float *bias)
{
    c->kernels->gradient(c, values, gradients, scratch, weights, bias);
}
