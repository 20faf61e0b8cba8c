/* Which products make a convolution, and its packed weights. */
#include "backend/cpu/x86/bf16_conv.h"

#include <string.h>

#include "backend/cpu/x86/bf16_winograd.h"
#include "backend/cpu/cpu.h"
#include "base/mem.h"
#include "base/try.h"

enum { PAIR_BYTES = 2 * BF16_COLUMNS * 2, /* weights of a pair of numbers, sixteen channels */
       TAIL_BYTES = 64 };                 /* that a product may read past an image's end */

/* The taps that output positions of one residue see along one axis: tap j reads the
 * input at position * in_step + first + j and multiplies by the kernel's entry k[j]. */
typedef struct taps {
    int64_t first;
    int count;
    int k[BF16_MAX_KERNEL];
} taps;

static taps forward_taps(const op *o)
{
    taps t = {.first = -o->pad_top, .count = (int)o->kernel_h};
    for (int j = 0; j < t.count; ++j) t.k[j] = j;
    return t;
}

/* dx[r + s a] = sum over k with r + pad - k = s i of w[k] dy[a + i]. */
static taps backward_taps(const op *o, int64_t residue)
{
    taps t = {0};
    for (int64_t k = o->kernel_h - 1; k >= 0; --k) {
        int64_t at = residue + o->pad_top - k;
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
static void border(const bf16_conv *c, const step *s, int64_t size, int64_t out_size, int64_t *before,
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

/* As many bands as fill a tile; a tap must fill whole products, since the next pixel is
 * another band's. */
static int64_t choose_lanes(const bf16_conv *c)
{
    int64_t rows = positions(c->out.h, 0, c->out_step), cols = positions(c->out.w, 0, c->out_step);
    int64_t lanes = BF16_ROWS / cols;
    bool even = c->out.h % c->out_step == 0 && c->out.w % c->out_step == 0;

    if (!c->unit->lanes || lanes < 2 || c->in_step != 1 || c->pixel % (2 * c->unit->pairs) || !even)
        return 1;
    while (rows % lanes) lanes--;
    return lanes;
}

/* Pairs of numbers in a kernel row, filled up with zero weights to whole products. */
static int64_t pairs_of(const bf16_conv *c, const taps *t)
{
    int64_t pairs = t->count * c->pixel / 2, each = c->unit->pairs;
    return each ? (pairs + each - 1) / each * each : pairs;
}

static int64_t pairs_per_product(const bf16_conv *c, const taps *t)
{
    return c->unit->pairs ? c->unit->pairs : pairs_of(c, t);
}

static void list_products(bf16_conv *c, bf16_class *class, const taps *ty, const taps *tx,
                          int64_t *weights)
{
    int64_t each = pairs_per_product(c, tx), pairs = pairs_of(c, tx);

    class->first = c->product_count;
    for (int64_t j = 0; j < ty->count; ++j)
        for (int64_t at = 0; at < pairs * 2; at += each * 2) {
            int64_t row = c->pad_top + ty->first + j, column = c->pad_left + tx->first;
            int64_t tap = c->lanes > 1 ? at / c->pixel : 0;
            int64_t a = row * c->row_bytes + (column + tap) * c->lanes * c->pixel * 2 +
                        (at - tap * c->pixel) * 2;
            c->products[c->product_count++] =
                (bf16_product){(int32_t)a, (int32_t)*weights, (int32_t)each};
            *weights += each * PAIR_BYTES;
        }
    class->count = c->product_count - class->first;
}

static bool suits_winograd(const bf16_conv *c, const step *s)
{
    const op *o = &s->op;
    return c->unit->winograd && !s->direct && o->kernel_h == WINOGRAD_TAPS && o->stride == 1 && o->pad_top == 1 &&
           c->in.w % WINOGRAD_OUT == 0 && c->in.c % BF16_COLUMNS == 0;
}

/* A position is a tile of four pixels; tiles of all rows lie one after the other. */
static void set_winograd_sizes(bf16_conv *c)
{
    c->planes = WINOGRAD_PLANES;
    c->pad_top = 1;
    c->padded_rows = c->in.h + 2;
    c->pitch = c->in.w / WINOGRAD_OUT;
    c->row_bytes = c->pitch * c->pixel * 2;
    c->plane_bytes = c->padded_rows * c->row_bytes;
    c->image_bytes = (c->planes * c->plane_bytes + 63) / 64 * 64;
}

static void set_direct_sizes(bf16_conv *c, const step *s)
{
    int64_t after_y, after_x;

    c->planes = 1;
    border(c, s, c->in.h, c->out.h, &c->pad_top, &after_y);
    border(c, s, c->in.w, c->out.w, &c->pad_left, &after_x);
    c->padded_rows = c->pad_top + c->in.h + after_y;
    c->pitch = c->pad_left + c->in.w + after_x;
    c->lanes = choose_lanes(c);
    c->row_bytes = c->pitch * c->lanes * c->pixel * 2;
    c->band = positions(c->out.h, 0, c->out_step) / c->lanes;
    c->band_rows = c->lanes == 1 ? c->padded_rows : c->padded_rows - c->band * (c->lanes - 1);
    /* The last product of a row may go on behind it, times zero weights. */
    c->image_bytes = (c->band_rows * c->row_bytes + TAIL_BYTES + 63) / 64 * 64;
}

static void set_sizes(bf16_conv *c, const step *s)
{
    c->unit = bf16_best_unit();
    c->forward = s->kind == STEP_FORWARD;
    c->in = s->src.s;
    c->out = s->dst.s;
    c->images = s->n;
    c->in_step = s->kind == STEP_FORWARD ? s->op.stride : 1;
    c->out_step = s->kind == STEP_FORWARD ? 1 : s->op.stride;
    c->pixel = (c->in.c + 1) / 2 * 2;
    c->lanes = 1;
    c->groups = (c->out.c + BF16_COLUMNS - 1) / BF16_COLUMNS;
    c->winograd = suits_winograd(c, s);
    if (c->winograd)
        set_winograd_sizes(c);
    else
        set_direct_sizes(c, s);
}

/* The taps of a class's products: with Winograd, those along a row are in the planes. */
static taps product_taps(const bf16_conv *c, const step *s, int64_t residue)
{
    return c->winograd ? (taps){.count = 1} : taps_of(s, residue);
}

static bf16_class class_of(const bf16_conv *c, int64_t ry, int64_t rx)
{
    if (c->winograd) return (bf16_class){.rows = 1, .cols = c->out.h * c->pitch};
    return (bf16_class){.y0 = ry, .x0 = rx, .rows = positions(c->out.h, ry, c->out_step),
                        .cols = positions(c->out.w, rx, c->out_step)};
}

jem_status bf16_conv_init(bf16_conv *c, const step *s)
{
    jem_status st;
    int64_t weights = 0, room = 0;

    *c = (bf16_conv){0};
    set_sizes(c, s);
    for (int pass = 0; pass < 2; ++pass) { /* count, then fill */
        if (pass) TRY(MEM_NEW(c->products, room));
        for (int64_t ry = 0; ry < c->out_step; ++ry)
            for (int64_t rx = 0; rx < c->out_step; ++rx) {
                taps ty = taps_of(s, ry), tx = product_taps(c, s, rx);
                if (!pass) {
                    if (tx.count) room += ty.count * pairs_of(c, &tx) / pairs_per_product(c, &tx);
                    continue;
                }
                bf16_class *class = &c->classes[c->class_count++];
                *class = class_of(c, ry, rx);
                if (tx.count) list_products(c, class, &ty, &tx, &weights);
            }
    }
    c->plane_weights = weights;
    c->group_bytes = c->planes * weights;
    st = JEM_OK;
done:
    return st;
}

void bf16_conv_clear(bf16_conv *c)
{
    mem_free(c->products);
    c->products = NULL;
}

int64_t bf16_image_bytes(const bf16_conv *c)
{
    /* Units read whole tiles of positions. */
    return c->image_bytes * c->images + BF16_ROWS * c->in_step * c->pixel * c->lanes * 2;
}

int64_t bf16_weight_bytes(const bf16_conv *c)
{
    return c->group_bytes * c->groups;
}

bool bf16_supports(const step *s)
{
    const op *o = &s->op;
    if (o->kind != OP_CONV2D || s->split || s->lean || s->quad || !op_even_pads(o)) return false;
    if (!bf16_best_unit()) return false;
    if (s->kind != STEP_FORWARD && s->kind != STEP_BACKWARD_DATA) return false;
    bool nhwc = s->src.f.block == s->src.s.c && s->dst.f.block == s->dst.s.c;
    bool same = s->src.f.dtype == JEM_BF16 && s->dst.f.dtype == JEM_BF16;
    bool masks = !s->lrelu || s->dst.s.c % BF16_COLUMNS == 0;
    return nhwc && same && masks && o->stride <= BF16_MAX_STRIDE && o->kernel_h <= BF16_MAX_KERNEL &&
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

/* Number k of a row of products, whose weights begin at `row`: [pairs][16 columns][2]. */
static void put_weight(char *row, int64_t k, int64_t n, float v)
{
    ((uint16_t *)(void *)row)[(k / 2 * BF16_COLUMNS + n) * 2 + k % 2] = cpu_to_bf16(v);
}

enum { PAIR = 2 * BF16_COLUMNS };

WIDE static void round_pair(char *to, const float from[PAIR])
{
    uint16_t v[PAIR];
    for (int i = 0; i < PAIR; ++i) v[i] = cpu_to_bf16(from[i]);
    memcpy(to, v, sizeof v);
}

/* A kernel row as it is, to a group of output channels: pair by pair of what is read. */
static void pack_direct_row(const bf16_conv *c, const step *s, const float *w, int64_t group, int ky, const taps *tx,
                            char *row)
{
    const op *o = &s->op;
    const bool forward = s->kind == STEP_FORWARD;
    const int64_t near = o->kernel_h * o->kernel_w, far = o->src.c * near; /* from one channel to the next */
    const int64_t to_out = forward ? far : near, to_in = forward ? near : far, first = group * BF16_COLUMNS;
    const int64_t outs = c->out.c - first < BF16_COLUMNS ? c->out.c - first : BF16_COLUMNS;

    for (int64_t in = 0; in < c->in.c; in += 2)
        for (int i = 0; i < tx->count; ++i) {
            const float *at = w + first * to_out + in * to_in + ky * o->kernel_w + tx->k[i];
            float v[PAIR] = {0};
            for (int64_t n = 0; n < outs; ++n) {
                v[2 * n] = at[n * to_out];
                if (in + 1 < c->in.c) v[2 * n + 1] = at[n * to_out + to_in];
            }
            round_pair(row + (i * c->pixel + in) / 2 * PAIR_BYTES, v);
        }
}

/* From channel `in` to channel `out`: a kernel row transformed. */
static void pack_winograd_row(const bf16_conv *c, const step *s, const float *w, int64_t out, int64_t in, int ky,
                              const taps *tx, char *row)
{
    float u[BF16_MAX_KERNEL], g[BF16_MAX_KERNEL];

    for (int i = 0; i < tx->count; ++i) g[i] = weight(s, w, out, in, ky, tx->k[i]);
    bf16_winograd_weights(u, g);
    for (int t = 0; t < WINOGRAD_PLANES; ++t)
        put_weight(row + t * c->plane_weights, in, out % BF16_COLUMNS, u[t]);
}

static void pack_class(const bf16_conv *c, const step *s, const float *w, const taps *ty,
                       const taps *tx, int64_t row_weights, char *packed)
{
    for (int64_t g = 0; g < c->groups && !c->winograd; ++g)
        for (int64_t j = 0; j < ty->count; ++j)
            pack_direct_row(c, s, w, g, ty->k[j], tx, packed + g * c->group_bytes + j * row_weights);
    for (int64_t n = 0; n < c->out.c && c->winograd; ++n)
        for (int64_t j = 0; j < ty->count; ++j) {
            char *row = packed + n / BF16_COLUMNS * c->group_bytes + j * row_weights;
            for (int64_t channel = 0; channel < c->in.c; ++channel)
                pack_winograd_row(c, s, w, n, channel, ty->k[j], tx, row);
        }
}

void bf16_pack_weights(const bf16_conv *c, const step *s, const float *weights, void *packed)
{
    char *at = packed;
    memset(packed, 0, (size_t)bf16_weight_bytes(c));
    for (int64_t ry = 0; ry < c->out_step; ++ry)
        for (int64_t rx = 0; rx < c->out_step; ++rx) {
            taps ty = taps_of(s, ry), tx = taps_of(s, rx), row = product_taps(c, s, rx);
            int64_t row_weights = pairs_of(c, &row) * PAIR_BYTES;
            pack_class(c, s, weights, &ty, &tx, row_weights, at);
            at += ty.count * row_weights;
        }
}
