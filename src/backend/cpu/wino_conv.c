/* Sizes of a Winograd convolution. */
#include "backend/cpu/wino_conv.h"

#include <dnnl.h>

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* oneDNN looks at the processor, and at ONEDNN_MAX_CPU_ISA for those who forbid it. */
static const wino_kernels *best_kernels(void)
{
    dnnl_cpu_isa_t isa = dnnl_get_effective_cpu_isa();
    return isa >= dnnl_cpu_isa_avx512_core ? &wino_avx512 : isa >= dnnl_cpu_isa_avx2 ? &wino_avx2 : NULL;
}

enum { LEAST_CHANNELS = 8 };

bool wino_supports(const step *s)
{
    const op *o = &s->op;
    if (o->kind != OP_CONV2D || o->kernel_h != 3 || o->kernel_w != 3 || o->stride != 1) return false;
    if (s->kind != STEP_FORWARD && s->kind != STEP_BACKWARD_DATA) return false;
    if (s->direct || s->quad || o->pad > 2 || !best_kernels()) return false;
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

void wino_conv_init(wino_conv *c, const step *s)
{
    const int64_t lanes = best_kernels()->lanes, panel = 2 * lanes;

    *c = (wino_conv){.forward = s->kind == STEP_FORWARD, .in = s->src.s, .out = s->dst.s, .images = s->n,
                     .lanes = lanes};
    c->pad_top = c->forward ? s->op.pad : 2 - s->op.pad;
    c->tiles_y = (c->out.h + WINO_TILE - 1) / WINO_TILE;
    c->tiles_x = (c->out.w + WINO_TILE - 1) / WINO_TILE;
    c->tiles = c->images * c->tiles_y * c->tiles_x;
    c->in_room = round_up(c->in.c, lanes);
    c->out_room = round_up(c->out.c, lanes);
    c->panels = (c->out_room + panel - 1) / panel;
    c->pass = c->out_room < 2 * panel ? c->out_room : 2 * panel;
    choose_block(c, s->split);
    /* A cache line more than a power of two: the 36 matrices would fall on the same sets. */
    c->in_stride = c->block * c->in_room + 16;
    c->out_stride = c->block * c->pass + 16;
}

int64_t wino_weight_bytes(const wino_conv *c)
{
    return WINO_PRODUCTS * c->in.c * c->out_room * (int64_t)sizeof(float);
}

int64_t wino_block_bytes(const wino_conv *c)
{
    return round_up(WINO_PRODUCTS * (c->in_stride + c->out_stride) * (int64_t)sizeof(float), 64);
}

static const wino_kernels *kernels_of(const wino_conv *c)
{
    return c->lanes == wino_avx512.lanes ? &wino_avx512 : &wino_avx2;
}

void wino_run(const wino_conv *c, const float *values, const float *packed, float *scratch,
              int64_t block, const wino_output *out)
{
    kernels_of(c)->run(c, values, packed, scratch, block, out);
}

void wino_pack_weights(const wino_conv *c, const step *s, const float *weights, float *packed, int64_t panel)
{
    kernels_of(c)->pack(c, s, weights, packed, panel);
}
