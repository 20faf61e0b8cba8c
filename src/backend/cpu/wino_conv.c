/* Sizes of a Winograd convolution, and its transformed weights. */
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

bool wino_supports(const step *s)
{
    const op *o = &s->op;
    if (o->kind != OP_CONV2D || o->kernel_h != 3 || o->kernel_w != 3 || o->stride != 1) return false;
    if (s->kind != STEP_FORWARD && s->kind != STEP_BACKWARD_DATA) return false;
    if (s->direct || s->quad || s->split || s->lean || o->pad > 2 || !best_kernels()) return false;
    bool nhwc = s->src.f.block == s->src.s.c && s->dst.f.block == s->dst.s.c;
    bool same = s->src.f.dtype == JEM_F32 && s->dst.f.dtype == JEM_F32;
    return nhwc && same && (!s->lrelu || s->dst.s.c % 16 == 0);
}

/* Transformed patches and products of a block share a core's own cache with the weights. */
enum { BLOCK_BYTES = 384 << 10, ROWS = 12, LEAST_BLOCK = 2 * ROWS, MOST_BLOCK = 8 * ROWS };

static void choose_block(wino_conv *c)
{
    int64_t tile = WINO_PRODUCTS * (c->in_room + c->pass) * (int64_t)sizeof(float);
    int64_t most = BLOCK_BYTES / tile / ROWS * ROWS;

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
    c->pass = c->out_room < 2 * panel ? c->out_room : 2 * panel;
    choose_block(c);
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

void wino_run(const wino_conv *c, const float *values, const float *packed, float *scratch,
              int64_t block, const wino_output *out)
{
    (c->lanes == wino_avx512.lanes ? &wino_avx512 : &wino_avx2)->run(c, values, packed, scratch, block, out);
}

/* ---- weights */

/* G times three numbers, for the points 0, +-sqrt(1/2), +-sqrt(2), infinity. */
static void transform_line(double t[WINO_PATCH], double g0, double g1, double g2)
{
    const double root = 1.41421356237309504880;
    t[0] = g0;
    t[1] = (g0 + g1 * root / 2 + g2 / 2) / -1.5;
    t[2] = (g0 - g1 * root / 2 + g2 / 2) / -1.5;
    t[3] = (g0 + g1 * root + g2 * 2) / 6;
    t[4] = (g0 - g1 * root + g2 * 2) / 6;
    t[5] = g2;
}

static void transform_kernel(double t[WINO_PATCH][WINO_PATCH], const float *g, bool turned)
{
    double half[3][WINO_PATCH];
    for (int i = 0; i < 3; ++i) {
        const float *row = turned ? g + 3 * (2 - i) : g + 3 * i;
        transform_line(half[i], (double)row[turned ? 2 : 0], (double)row[1], (double)row[turned ? 0 : 2]);
    }
    for (int j = 0; j < WINO_PATCH; ++j) {
        double column[WINO_PATCH];
        transform_line(column, half[0][j], half[1][j], half[2][j]);
        for (int i = 0; i < WINO_PATCH; ++i) t[i][j] = column[i];
    }
}

/* Panels of two vectors of output channels (the last perhaps of one), in each for every
 * product a matrix [in][channels of the panel]. */
void wino_pack_weights(const wino_conv *c, const step *s, const float *weights, float *packed)
{
    for (int64_t first = 0; first < c->out_room; first += 2 * c->lanes) {
        int64_t width = c->out_room - first < 2 * c->lanes ? c->lanes : 2 * c->lanes;
        float *panel = packed + WINO_PRODUCTS * c->in.c * first;
        for (int64_t k = 0; k < c->in.c; ++k)
            for (int64_t n = 0; n < width; ++n) {
                double t[WINO_PATCH][WINO_PATCH] = {{0}};
                int64_t out = first + n, a = c->forward ? out : k, b = c->forward ? k : out;
                if (out < c->out.c)
                    transform_kernel(t, weights + (a * s->op.src.c + b) * 9, !c->forward);
                for (int i = 0; i < WINO_PRODUCTS; ++i)
                    panel[(i * c->in.c + k) * width + n] = (float)t[i / WINO_PATCH][i % WINO_PATCH];
            }
    }
}
