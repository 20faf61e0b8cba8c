/* Pieces of work on values: what plans do between convolutions and products. */
#ifndef CUDA_MAP_KERNELS_H
#define CUDA_MAP_KERNELS_H

#include "backend/cuda/philox.h"

/* The shape of a value: images, positions and channels, those of memory too. */
typedef struct extent {
    int64_t n, h, w, c, room; /* room: channels in memory, a multiple of 8 */
} extent;

/* Where element i of a map lies. */
typedef struct map_place {
    int64_t n, y, x, c; /* c may be one that memory alone has */
} map_place;

HOST_DEVICE map_place place_of(const extent *e, int64_t i)
{
    const map_place p = {i / e->room / e->w / e->h, i / e->room / e->w % e->h, i / e->room % e->w, i % e->room};
    return p;
}

HOST_DEVICE int64_t octets_of(extent e)
{
    return e.n * e.h * e.w * (e.room / 8);
}

/* ---- the outside world: plain [count][c][h][w] floats */

typedef struct port_copy {
    value v;
    extent e;
    float *outside;
    int64_t count;
} port_copy;

/* Piece: an octet of v. */
HOST_DEVICE void load_item(const port_copy *a, int64_t i)
{
    const int64_t per = a->e.room / 8, hw = a->e.h * a->e.w;
    const int64_t c0 = i % per * 8, p = i / per % hw, n = i / per / hw;
    float v[8];
    for (int j = 0; j < 8; j++)
        v[j] = n < a->count && c0 + j < a->e.c ? a->outside[(n * a->e.c + c0 + j) * hw + p] : 0;
    store8(a->v, i, v);
}

/* Piece: one outside element. */
HOST_DEVICE void store_out_item(const port_copy *a, int64_t i)
{
    const int64_t hw = a->e.h * a->e.w, p = i % hw, c = i / hw % a->e.c, n = i / hw / a->e.c;
    a->outside[i] = load1(a->v, (n * hw + p) * a->e.room + c);
}

/* ---- octet by octet */

/* dst <- op(src, src2), added to dst if so asked. */
typedef enum octet_op {
    OCTET_COPY,
    OCTET_ADD,         /* src + src2 */
    OCTET_LRELU,
    OCTET_LRELU_BACK,  /* src by the sign of src2, the rectified value */
    OCTET_SILU,
    OCTET_SILU_BACK,   /* src2: the op's input */
    OCTET_GELU,
    OCTET_GELU_BACK,   /* src2: the op's input */
    OCTET_ELU,
    OCTET_ELU_BACK     /* src2: the op's input */
} octet_op;
typedef struct octet_map {
    value dst, src, src2;
    int32_t op, accumulate; /* octet_op */
    float slope, cap;       /* of LRELU; no cap: 0 */
} octet_map;

HOST_DEVICE double silu_of(double x)
{
    return x / (1.0 + exp(-x));
}

HOST_DEVICE double silu_slope_of(double x)
{
    const double s = 1.0 / (1.0 + exp(-x));
    return s * (1.0 + x * (1.0 - s));
}

/* As ref_steps.inc has them. */
HOST_DEVICE double normal_below_of(double x)
{
    return 0.5 * erfc(-x * 0.70710678118654752440);
}

HOST_DEVICE double gelu_slope_of(double x)
{
    return normal_below_of(x) + x * 0.39894228040143267794 * exp(-0.5 * x * x);
}

HOST_DEVICE float elu_of(float v)
{
    return v > 0 ? v : expf(v) - 1;
}

HOST_DEVICE float elu_slope_of(float v)
{
    return v > 0 ? 1 : expf(v);
}

/* With a cap the slope is 0: 0 < z < cap is where the derivative is 1. */
HOST_DEVICE float octet_value(const octet_map *a, float x, float z)
{
    switch (a->op) {
    case OCTET_ADD: return x + z;
    case OCTET_LRELU: return a->cap > 0 && x >= a->cap ? a->cap : x > 0 ? x : a->slope * x;
    case OCTET_LRELU_BACK: return z > 0 && !(a->cap > 0 && z >= a->cap) ? x : a->slope * x;
    case OCTET_SILU: return (float)silu_of((double)x);
    case OCTET_SILU_BACK: return (float)((double)x * silu_slope_of((double)z));
    case OCTET_GELU: return (float)((double)x * normal_below_of((double)x));
    case OCTET_GELU_BACK: return (float)((double)x * gelu_slope_of((double)z));
    case OCTET_ELU: return elu_of(x);
    case OCTET_ELU_BACK: return x * elu_slope_of(z);
    default: return x;
    }
}

HOST_DEVICE void octet_item(const octet_map *a, int64_t i)
{
    float x[8], z[8], d[8];
    const int two = a->op == OCTET_ADD || a->op == OCTET_LRELU_BACK || a->op == OCTET_SILU_BACK ||
                    a->op == OCTET_GELU_BACK || a->op == OCTET_ELU_BACK;
    load8(x, a->src, i);
    if (two) load8(z, a->src2, i);
    if (a->accumulate) load8(d, a->dst, i);
    for (int j = 0; j < 8; j++) {
        const float v = octet_value(a, x[j], two ? z[j] : 0);
        x[j] = a->accumulate ? d[j] + v : v;
    }
    store8(a->dst, i, x);
}

/* What a plan that only makes the product leaves to do: conv.h.  product may be dst. */
typedef struct conv_finish {
    value dst, product, mask, copy; /* copy: no data, or where the rectified dst goes as well */
    const float *bias; /* NULL: none */
    int64_t room;      /* channels of dst */
    int32_t add, lrelu, backward, rest;
    float slope, rest2;
} conv_finish;

HOST_DEVICE void conv_finish_item(const conv_finish *a, int64_t i)
{
    const int64_t c0 = i % (a->room / 8) * 8;
    float t[8], d[8], m[8];
    load8(t, a->product, i);
    if (a->add) load8(d, a->dst, i);
    if (a->lrelu && a->backward) load8(m, a->mask, i);
    for (int j = 0; j < 8; j++) {
        float v = t[j];
        if (a->bias) v += a->bias[c0 + j];
        if (a->lrelu && a->backward) v = m[j] > 0 ? v : a->slope * v;
        if (a->add) v += d[j];
        if (a->lrelu && !a->backward) v = v > 0 ? v : a->slope * v;
        t[j] = v;
    }
    store8(a->dst, i, t);
    if (!a->copy.data) return;
    load8(t, a->dst, i); /* as it was rounded */
    for (int j = 0; j < 8; j++) t[j] = t[j] > 0 ? t[j] : a->slope * t[j];
    store8(a->copy, i, t);
}

/* Values to time and compare convolutions with: normals times `std`.  Piece: an octet. */
typedef struct fill_map {
    value dst;
    float std;
    uint32_t stream;
} fill_map;

HOST_DEVICE void fill_item(const fill_map *a, int64_t i)
{
    float z[8];
    normals_of_block(z, philox_block(a->stream, RNG_TEST, 0, 0, (uint32_t)(i >> 30),
                                     (uint32_t)(2 * i)));
    normals_of_block(z + 4, philox_block(a->stream, RNG_TEST, 0, 0, (uint32_t)(i >> 30),
                                         (uint32_t)(2 * i + 1)));
    for (int j = 0; j < 8; j++) z[j] *= a->std;
    store8(a->dst, i, z);
}

/* ---- pooling and upsampling: e is the larger map, whose windows are wh x ww */

typedef struct window_map {
    value dst, src;
    extent e;
    int64_t wh, ww;
    float scale;
    int32_t accumulate;
} window_map;

HOST_DEVICE int64_t octet_at(extent e, int64_t n, int64_t y, int64_t x, int64_t o)
{
    return ((n * e.h + y) * e.w + x) * (e.room / 8) + o;
}

HOST_DEVICE void put8(value dst, int64_t i, float v[8], int accumulate)
{
    if (accumulate) {
        float d[8];
        load8(d, dst, i);
        for (int j = 0; j < 8; j++) v[j] += d[j];
    }
    store8(dst, i, v);
}

/* dst, small <- scale * sum over windows of src, large.  Piece: an octet of dst. */
HOST_DEVICE void window_sum_item(const window_map *a, int64_t i)
{
    const int64_t per = a->e.room / 8, h = a->e.h / a->wh, w = a->e.w / a->ww;
    const int64_t o = i % per, x = i / per % w, y = i / per / w % h, n = i / per / w / h;
    double sum[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    float v[8];
    for (int64_t u = 0; u < a->wh; u++)
        for (int64_t k = 0; k < a->ww; k++) {
            load8(v, a->src, octet_at(a->e, n, y * a->wh + u, x * a->ww + k, o));
            for (int j = 0; j < 8; j++) sum[j] += (double)v[j];
        }
    for (int j = 0; j < 8; j++) v[j] = (float)(sum[j] * (double)a->scale);
    put8(a->dst, i, v, a->accumulate);
}

/* dst, large <- scale * the window's element of src, small; 0 where no window is.  Piece:
 * an octet of dst. */
HOST_DEVICE void window_spread_item(const window_map *a, int64_t i)
{
    const int64_t per = a->e.room / 8, h = a->e.h / a->wh, w = a->e.w / a->ww;
    const int64_t o = i % per, x = i / per % a->e.w, y = i / per / a->e.w % a->e.h;
    const int64_t n = i / per / a->e.w / a->e.h, py = y / a->wh, px = x / a->ww;
    float v[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    if (py < h && px < w) {
        load8(v, a->src, ((n * h + py) * w + px) * per + o);
        for (int j = 0; j < 8; j++) v[j] *= a->scale;
    }
    put8(a->dst, i, v, a->accumulate);
}

/* ---- concatenation */

/* Channels [to, to + count) of dst <- those from `from` on of src; 0 behind the first `filled`. */
typedef struct channels_map {
    value dst, src;
    int64_t dst_room, src_room, to, from, count, filled;
    int32_t accumulate, rest;
} channels_map;

/* Piece: one element of the channels written. */
HOST_DEVICE void channels_item(const channels_map *a, int64_t i)
{
    const int64_t c = i % a->count, row = i / a->count, at = row * a->dst_room + a->to + c;
    const float v = c < a->filled ? load1(a->src, row * a->src_room + a->from + c) : 0;
    store1(a->dst, at, a->accumulate ? load1(a->dst, at) + v : v);
}

/* ---- element by element */

/* concat-ELU of a value of e.c channels: dst has 2 e.c of them in `room` places. */
typedef struct elu_map {
    value dst, src, src2; /* backward, tangent: src2 is the op's input */
    extent e;             /* of the op's input */
    int64_t room;         /* of the doubled value */
    int32_t accumulate, tangent;
} elu_map;

/* Piece: one element of dst, the doubled value. */
HOST_DEVICE void elu_item(const elu_map *a, int64_t i)
{
    const int64_t c2 = i % a->room, at = i / a->room * a->e.room;
    const int second = c2 >= a->e.c;
    float v = 0;
    if (c2 < 2 * a->e.c) {
        const int64_t from = at + (second ? c2 - a->e.c : c2);
        const float x = load1(a->tangent ? a->src2 : a->src, from);
        const float u = a->tangent ? load1(a->src, from) : 0;
        v = !a->tangent ? elu_of(second ? -x : x)
                        : (second ? -u : u) * elu_slope_of(second ? -x : x);
    }
    store1(a->dst, i, a->accumulate ? load1(a->dst, i) + v : v);
}

/* Piece: one element of dst, a gradient of the op's input. */
HOST_DEVICE void elu_back_item(const elu_map *a, int64_t i)
{
    const int64_t c = i % a->e.room, at = i / a->e.room * a->room;
    float v = 0;
    if (c < a->e.c) {
        const float x = load1(a->src2, i);
        v = load1(a->src, at + c) * elu_slope_of(x) -
            load1(a->src, at + a->e.c + c) * elu_slope_of(-x);
    }
    store1(a->dst, i, a->accumulate ? load1(a->dst, i) + v : v);
}

typedef struct dropout_map {
    value dst, src;
    extent e;
    rng_stream stream;
    const rng_stream *stream_at; /* step_io.dropout_at; NULL: `stream` */
    uint32_t node, image0;
    int32_t accumulate, whole; /* one draw for all of an image */
    float scale, rest;
    double threshold;
} dropout_map;

/* Random words of image n of the batch. */
HOST_DEVICE words drawn_block(const dropout_map *a, int64_t n, int64_t block)
{
    const rng_stream *s = a->stream_at ? a->stream_at : &a->stream;
    return philox_block(s->seed, (uint32_t)s->purpose, s->step, a->node, a->image0 + (uint32_t)n, (uint32_t)block);
}

/* Piece: one element. */
HOST_DEVICE void dropout_item(const dropout_map *a, int64_t i)
{
    const int64_t c = i % a->e.room, hw = a->e.h * a->e.w, p = i / a->e.room % hw;
    const int64_t n = i / a->e.room / hw, element = a->whole ? 0 : c * hw + p;
    float v = 0;
    if (c < a->e.c) {
        const words b = drawn_block(a, n, element / 4);
        if (b.w[element % 4] >= a->threshold) v = a->scale * load1(a->src, i);
    }
    store1(a->dst, i, a->accumulate ? load1(a->dst, i) + v : v);
}

/* Channels times weights [c] of their own, and what gradients to these are sums of. */
typedef struct scale_map {
    value dst, src, x; /* products: dst <- src x, in float32 */
    const float *weight;
    int64_t c, room;
    int32_t accumulate, rest;
} scale_map;

/* Piece: one element. */
HOST_DEVICE void scale_item(const scale_map *a, int64_t i)
{
    const int64_t c = i % a->room;
    const float v = c < a->c ? a->weight[c] * load1(a->src, i) : 0;
    store1(a->dst, i, a->accumulate ? load1(a->dst, i) + v : v);
}

/* Piece: one element. */
HOST_DEVICE void scale_products_item(const scale_map *a, int64_t i)
{
    store1(a->dst, i, load1(a->src, i) * load1(a->x, i));
}

/* ---- weights */

/* Convolution weights (out, in, taps) beside the packed [out][taps][in]. */
typedef struct weights_map {
    value packed;
    float *plain;
    int64_t out, in, taps, out_room, in_room;
} weights_map;

/* Piece: an (out, in) pair of the packed weights. */
HOST_DEVICE void pack_item(const weights_map *a, int64_t i)
{
    const int64_t in = i % a->in_room, out = i / a->in_room;
    const int there = in < a->in && out < a->out;
    for (int64_t t = 0; t < a->taps; t++)
        store1(a->packed, (out * a->taps + t) * a->in_room + in,
               there ? a->plain[(out * a->in + in) * a->taps + t] : 0);
}

/* Piece: one of the plain weights. */
HOST_DEVICE void unpack_item(const weights_map *a, int64_t i)
{
    const uint32_t n = (uint32_t)i, taps = (uint32_t)a->taps, t = n % taps, pair = n / taps;
    const uint32_t in = pair % (uint32_t)a->in, out = pair / (uint32_t)a->in;
    a->plain[i] = load1(a->packed, ((int64_t)out * a->taps + t) * a->in_room + in);
}

/* dst [rows][room] <- bias [c], added to dst if so asked.  Piece: one element. */
typedef struct bias_map {
    float *dst;
    const float *bias; /* NULL: zeros */
    int64_t c, room;
    int32_t accumulate, rest;
} bias_map;

HOST_DEVICE void bias_item(const bias_map *a, int64_t i)
{
    const int64_t c = i % a->room;
    const float b = a->bias && c < a->c ? a->bias[c] : 0;
    a->dst[i] = a->accumulate ? a->dst[i] + b : b;
}

/* Sums over rows of [rows][room], by channel, in three stages. */
enum { COLUMN_PARTS = 2048, COLUMN_LOTS = 32 }; /* the first where it is not measured: columns.h */
typedef struct columns_map {
    value v;
    double *parts; /* [part_count][room], the first COLUMN_LOTS of them lots afterwards */
    float *sums;   /* [c] */
    int64_t rows, room, part_count;
} columns_map;

/* Piece: one part of eight channels. */
HOST_DEVICE void columns_item(const columns_map *a, int64_t i)
{
    const int64_t per = a->room / 8, o = i % per;
    double sum[8] = {0, 0, 0, 0, 0, 0, 0, 0};
    float v[8];
    for (int64_t r = i / per; r < a->rows; r += a->part_count) {
        load8(v, a->v, r * per + o);
        for (int j = 0; j < 8; j++) sum[j] += (double)v[j];
    }
    for (int j = 0; j < 8; j++) a->parts[i / per * a->room + o * 8 + j] = sum[j];
}

/* Piece: one lot of one channel, over its own first part. */
HOST_DEVICE void columns_fold_item(const columns_map *a, int64_t i)
{
    double sum = 0;
    for (int64_t p = i / a->room; p < a->part_count; p += COLUMN_LOTS)
        sum += a->parts[p * a->room + i % a->room];
    a->parts[i] = sum;
}

/* Piece: one channel. */
HOST_DEVICE void columns_end_item(const columns_map *a, int64_t i)
{
    double sum = 0;
    for (int64_t p = 0; p < COLUMN_LOTS; p++) sum += a->parts[p * a->room + i];
    a->sums[i] = (float)sum;
}

#endif
