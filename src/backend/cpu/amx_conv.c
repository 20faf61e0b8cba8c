/* Which products make a convolution, and its weights in tiles. */
#include "backend/cpu/amx_conv.h"

#include <string.h>

#include "backend/cpu/cpu.h"
#include "base/mem.h"
#include "base/try.h"

enum { TILE_K = 32, TILE_N = 16, TILE_BYTES = TILE_K * TILE_N * 2 };

/* The taps that output positions of one residue see along one axis: tap j reads the
 * input at position * in_step + first + j and multiplies by the kernel's entry k[j]. */
typedef struct taps {
    int64_t first;
    int count;
    int k[AMX_MAX_KERNEL];
} taps;

static taps forward_taps(const op *o)
{
    taps t = {.first = -o->pad, .count = (int)o->kernel_h};
    for (int j = 0; j < t.count; ++j) t.k[j] = j;
    return t;
}

/* dx[r + s a] = sum over k with r + pad - k = s i of w[k] dy[a + i]. */
static taps backward_taps(const op *o, int64_t residue)
{
    taps t = {0};
    for (int64_t k = o->kernel_h - 1; k >= 0; --k) {
        int64_t at = residue + o->pad - k;
        if (at % o->stride) continue;
        if (!t.count) t.first = at / o->stride;
        t.k[t.count++] = (int)k;
    }
    return t;
}

static taps taps_of(const step *s, int64_t residue)
{
    return s->kind == STEP_FORWARD ? forward_taps(&s->op) : backward_taps(&s->op, residue);
}

static int64_t positions(int64_t size, int64_t residue, int64_t out_step)
{
    return (size - residue + out_step - 1) / out_step;
}

/* Border before and after `size` numbers such that every class's taps stay inside. */
static void border(const amx_conv *c, const step *s, int64_t size, int64_t out_size, int64_t *before,
                   int64_t *after)
{
    *before = *after = 0;
    for (int64_t r = 0; r < c->out_step; ++r) {
        taps t = taps_of(s, r);
        if (!t.count) continue;
        int64_t last = (positions(out_size, r, c->out_step) - 1) * c->in_step + t.first + t.count - 1;
        if (-t.first > *before) *before = -t.first;
        if (last - (size - 1) > *after) *after = last - (size - 1);
    }
}

enum { TILE_M = 16 };

/* As many bands as fill a tile; a tap must fill whole tiles, since the next pixel is
 * another band's. */
static int64_t choose_lanes(const amx_conv *c)
{
    int64_t rows = positions(c->out.h, 0, c->out_step), cols = positions(c->out.w, 0, c->out_step);
    int64_t lanes = TILE_M / cols;
    bool even = c->out.h % c->out_step == 0 && c->out.w % c->out_step == 0;

    if (lanes < 2 || c->in_step != 1 || c->pixel % TILE_K || !even) return 1;
    while (rows % lanes) lanes--;
    return lanes;
}

static int64_t tiles_of(const amx_conv *c, const taps *t)
{
    return (t->count * c->pixel + TILE_K - 1) / TILE_K;
}

static void list_products(amx_conv *c, amx_class *class, const taps *ty, const taps *tx, int64_t *tile)
{
    int64_t across = tiles_of(c, tx);

    class->first = c->product_count;
    for (int64_t j = 0; j < ty->count; ++j)
        for (int64_t i = 0; i < across; ++i) {
            int64_t row = c->pad_top + ty->first + j, column = c->pad_left + tx->first;
            int64_t at = i * TILE_K, tap = c->lanes > 1 ? at / c->pixel : 0;
            int64_t a = row * c->row_bytes + (column + tap) * c->lanes * c->pixel * 2 +
                        (at - tap * c->pixel) * 2;
            int64_t b = (*tile)++ * TILE_BYTES;
            c->products[c->product_count++] = (amx_product){(int32_t)a, (int32_t)b};
        }
    class->count = c->product_count - class->first;
}

static void set_sizes(amx_conv *c, const step *s)
{
    int64_t after_y, after_x;

    c->forward = s->kind == STEP_FORWARD;
    c->in = s->src.s;
    c->out = s->dst.s;
    c->images = s->n;
    c->in_step = s->kind == STEP_FORWARD ? s->op.stride : 1;
    c->out_step = s->kind == STEP_FORWARD ? 1 : s->op.stride;
    c->pixel = (c->in.c + 1) / 2 * 2;
    border(c, s, c->in.h, c->out.h, &c->pad_top, &after_y);
    border(c, s, c->in.w, c->out.w, &c->pad_left, &after_x);
    c->padded_rows = c->pad_top + c->in.h + after_y;
    c->pitch = c->pad_left + c->in.w + after_x;
    c->lanes = choose_lanes(c);
    c->row_bytes = c->pitch * c->lanes * c->pixel * 2;
    c->band = positions(c->out.h, 0, c->out_step) / c->lanes;
    c->band_rows = c->lanes == 1 ? c->padded_rows : c->padded_rows - c->band * (c->lanes - 1);
    /* The last tile of a row reads up to a tile further, times zero weights. */
    c->image_bytes = (c->band_rows * c->row_bytes + TILE_K * 2 + 63) / 64 * 64;
    c->groups = (c->out.c + TILE_N - 1) / TILE_N;
}

jem_status amx_conv_init(amx_conv *c, const step *s)
{
    jem_status st;
    int64_t tile = 0, room = 0;

    *c = (amx_conv){0};
    set_sizes(c, s);
    for (int pass = 0; pass < 2; ++pass) { /* count, then fill */
        if (pass) TRY(MEM_NEW(c->products, room));
        for (int64_t ry = 0; ry < c->out_step; ++ry)
            for (int64_t rx = 0; rx < c->out_step; ++rx) {
                taps ty = taps_of(s, ry), tx = taps_of(s, rx);
                if (!pass) {
                    room += ty.count * tiles_of(c, &tx);
                    continue;
                }
                amx_class *class = &c->classes[c->class_count++];
                *class = (amx_class){.y0 = ry, .x0 = rx, .rows = positions(c->out.h, ry, c->out_step),
                                 .cols = positions(c->out.w, rx, c->out_step)};
                list_products(c, class, &ty, &tx, &tile);
            }
    }
    c->group_bytes = tile * TILE_BYTES;
    st = JEM_OK;
done:
    return st;
}

void amx_conv_clear(amx_conv *c)
{
    mem_free(c->products);
    c->products = NULL;
}

int64_t amx_image_bytes(const amx_conv *c)
{
    return c->image_bytes * c->images;
}

int64_t amx_weight_bytes(const amx_conv *c)
{
    return c->group_bytes * c->groups;
}

bool amx_supports(const step *s)
{
    const op *o = &s->op;
    if (o->kind != OP_CONV2D || s->split || s->lean || s->quad || o->pad != o->pad_end) return false;
    if (!amx_available()) return false;
    if (s->kind != STEP_FORWARD && s->kind != STEP_BACKWARD_DATA) return false;
    bool nhwc = s->src.f.block == s->src.s.c && s->dst.f.block == s->dst.s.c;
    bool same = s->src.f.dtype == JEM_BF16 && s->dst.f.dtype == JEM_BF16;
    bool masks = !s->lrelu || s->dst.s.c % TILE_N == 0;
    return nhwc && same && masks && o->stride <= AMX_MAX_STRIDE && o->kernel_h <= AMX_MAX_KERNEL &&
           o->kernel_h == o->kernel_w;
}

/* ---- weights */

/* The kernel's entry from channel `in` of what is read to channel `out` of what is
 * written. */
static float weight(const step *s, const float *w, int64_t out, int64_t in, int ky, int kx)
{
    const op *o = &s->op;
    int64_t first = s->kind == STEP_FORWARD ? out : in, second = s->kind == STEP_FORWARD ? in : out;
    return w[((first * o->src.c + second) * o->kernel_h + ky) * o->kernel_w + kx];
}

/* A tile holds pairs of rows side by side: [16 pairs][16 columns][2]. */
static void put_weight(uint16_t *tiles, int64_t tile, int64_t k, int64_t n, float v)
{
    tiles[tile * (TILE_BYTES / 2) + k / 2 * TILE_N * 2 + n * 2 + k % 2] = cpu_to_bf16(v);
}

static void pack_class(const amx_conv *c, const step *s, const float *w, const taps *ty,
                       const taps *tx, int64_t first_tile, char *packed)
{
    int64_t across = tiles_of(c, tx);
    for (int64_t n = 0; n < c->out.c; ++n) {
        uint16_t *tiles = (uint16_t *)(void *)(packed + n / TILE_N * c->group_bytes);
        for (int64_t j = 0; j < ty->count; ++j)
            for (int64_t i = 0; i < tx->count; ++i)
                for (int64_t channel = 0; channel < c->in.c; ++channel) {
                    int64_t k = i * c->pixel + channel;
                    put_weight(tiles, first_tile + j * across + k / TILE_K, k % TILE_K, n % TILE_N,
                               weight(s, w, n, channel, ty->k[j], tx->k[i]));
                }
    }
}

void amx_pack_weights(const amx_conv *c, const step *s, const float *weights, void *packed)
{
    int64_t tile = 0;
    memset(packed, 0, (size_t)amx_weight_bytes(c));
    for (int64_t ry = 0; ry < c->out_step; ++ry)
        for (int64_t rx = 0; rx < c->out_step; ++rx) {
            taps ty = taps_of(s, ry), tx = taps_of(s, rx);
            pack_class(c, s, weights, &ty, &tx, tile, packed);
            tile += ty.count * tiles_of(c, &tx);
        }
}
