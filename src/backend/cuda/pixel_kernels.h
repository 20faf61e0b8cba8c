/* Pieces of work of what generative networks of pixels are made of, of scaled channels, and of windows that
 * may overlap.  The formulas: ref_steps.inc, ref_pixel.inc. */
#ifndef CUDA_PIXEL_KERNELS_H
#define CUDA_PIXEL_KERNELS_H

#include "backend/backend.h"
#include "backend/cuda/map_kernels.h"

HOST_DEVICE void put1(value dst, int64_t i, float v, int accumulate)
{
    store1(dst, i, accumulate ? load1(dst, i) + v : v);
}

/* ---- element by element.  Piece of each: one element of dst */

typedef struct pixel_map {
    value dst, src, src2; /* src2: the op's input, where that is not src */
    extent e;             /* of dst */
    int64_t src_room, src2_room;
    const float *affine;  /* [c][2] */
    int64_t rows, columns; /* shift: so far up and to the left the source's element lies */
    int32_t slope;        /* times the derivative at src2 */
    int32_t accumulate;
    float least, last;    /* sigmoid; ones: the channel behind the source's */
    int64_t shared;       /* ones: channels that both have */
} pixel_map;

HOST_DEVICE float sigmoid_of(float x)
{
    return 1 / (1 + expf(-x));
}

HOST_DEVICE void sigmoid_item(const pixel_map *a, int64_t i)
{
    float v = 0;
    if (i % a->e.room < a->e.c) {
        const float s = sigmoid_of(load1(a->slope ? a->src2 : a->src, i));
        if (a->slope)
            v = s > a->least ? load1(a->src, i) * s * (1 - s) : 0;
        else
            v = s > a->least ? s : a->least;
    }
    put1(a->dst, i, v, a->accumulate);
}

/* With `slope` without the shift. */
HOST_DEVICE void affine_item(const pixel_map *a, int64_t i)
{
    const int64_t c = i % a->e.room;
    float v = 0;
    if (c < a->e.c) v = a->affine[2 * c] * load1(a->src, i) + (a->slope ? 0 : a->affine[2 * c + 1]);
    put1(a->dst, i, v, a->accumulate);
}

/* dst has the e.c channels of the values; `slope`: src is a tangent, src2 the input. */
HOST_DEVICE void gate_item(const pixel_map *a, int64_t i)
{
    const int64_t c = i % a->e.room, from = i / a->e.room * a->src_room + c;
    float v = 0;
    if (c < a->e.c) {
        const int64_t at = a->slope ? i / a->e.room * a->src2_room + c : from;
        const value x = a->slope ? a->src2 : a->src;
        const float s = sigmoid_of(load1(x, at + a->e.c));
        v = a->slope ? load1(a->src, from) * s + load1(a->src, from + a->e.c) * load1(x, at) * s * (1 - s)
                     : load1(x, at) * s;
    }
    put1(a->dst, i, v, a->accumulate);
}

/* dst: the gradient of values and gates, e.c of both together; src2: these. */
HOST_DEVICE void gate_back_item(const pixel_map *a, int64_t i)
{
    const int64_t c = i % a->e.room, row = i / a->e.room, half = a->e.c / 2;
    const int second = c >= half;
    float v = 0;
    if (c < a->e.c) {
        const int64_t of = second ? c - half : c, x = row * a->src2_room + of;
        const float s = sigmoid_of(load1(a->src2, x + half)), d = load1(a->src, row * a->src_room + of);
        v = second ? d * load1(a->src2, x) * s * (1 - s) : d * s;
    }
    put1(a->dst, i, v, a->accumulate);
}

/* A map and a vector, src2, of each image. */
HOST_DEVICE void add_vector_item(const pixel_map *a, int64_t i)
{
    const int64_t c = i % a->e.room, n = i / a->e.room / (a->e.h * a->e.w);
    put1(a->dst, i, load1(a->src, i) + load1(a->src2, n * a->src2_room + c), a->accumulate);
}

HOST_DEVICE void shift_item(const pixel_map *a, int64_t i)
{
    const int64_t x = i / a->e.room % a->e.w, y = i / a->e.room / a->e.w % a->e.h;
    const int64_t p = y + a->rows, q = x + a->columns;
    const int inside = p >= 0 && p < a->e.h && q >= 0 && q < a->e.w;
    const float v = inside ? load1(a->src, i + (a->rows * a->e.w + a->columns) * a->e.room) : 0;
    put1(a->dst, i, v, a->accumulate);
}

HOST_DEVICE void ones_item(const pixel_map *a, int64_t i)
{
    const int64_t c = i % a->e.room;
    float v = 0;
    if (c < a->shared)
        v = load1(a->src, i / a->e.room * a->src_room + c);
    else if (c < a->e.c)
        v = a->last;
    put1(a->dst, i, v, a->accumulate);
}

/* Times standard normal numbers. */
HOST_DEVICE void noise_item(const dropout_map *a, int64_t i)
{
    const int64_t c = i % a->e.room, hw = a->e.h * a->e.w, p = i / a->e.room % hw;
    const int64_t n = i / a->e.room / hw, element = c * hw + p;
    float z[4] = {0, 0, 0, 0};
    if (c < a->e.c) normals_of_block(z, drawn_block(a, n, element / 4));
    put1(a->dst, i, load1(a->src, i) * z[element % 4], a->accumulate);
}

/* ---- sums over the positions of a map: the gradient of a vector that was added to it */

typedef struct spots_map {
    value dst, src;
    extent e;     /* of src */
    int64_t room; /* of dst */
    int32_t accumulate, rest;
} spots_map;

/* Piece: one element of dst. */
HOST_DEVICE void spots_item(const spots_map *a, int64_t i)
{
    const int64_t c = i % a->room, n = i / a->room, hw = a->e.h * a->e.w;
    double sum = 0;
    for (int64_t p = 0; p < hw && c < a->e.c; p++) sum += (double)load1(a->src, (n * hw + p) * a->e.room + c);
    put1(a->dst, i, (float)sum, a->accumulate);
}

/* ---- tokens: a row of e.w, the first one trained, the others the positions of a map */

typedef struct tokens_map {
    value dst, src;
    extent e;                   /* of the row */
    const float *weight, *bias; /* [e.w][e.c], [e.c]; NULL: a tangent's, which has neither */
    float *dweight, *dbias;
    int32_t accumulate, rest;
} tokens_map;

/* Piece: one element of the row. */
HOST_DEVICE void tokens_item(const tokens_map *a, int64_t i)
{
    const int64_t c = i % a->e.room, t = i / a->e.room % a->e.w, n = i / a->e.room / a->e.w;
    float v = 0;
    if (c < a->e.c) {
        if (t > 0) v = load1(a->src, i - (n + 1) * a->e.room);
        if (a->weight) v += a->weight[t * a->e.c + c] + (t > 0 ? 0 : a->bias[c]);
    }
    put1(a->dst, i, v, a->accumulate);
}

/* Piece: one element of the map's gradient. */
HOST_DEVICE void tokens_back_item(const tokens_map *a, int64_t i)
{
    const int64_t n = i / a->e.room / (a->e.w - 1);
    put1(a->dst, i, load1(a->src, i + (n + 1) * a->e.room), a->accumulate);
}

/* Piece: one weight.  src: the row's gradient. */
HOST_DEVICE void tokens_params_item(const tokens_map *a, int64_t i)
{
    const int64_t c = i % a->e.c, t = i / a->e.c;
    double sum = 0;
    for (int64_t n = 0; n < a->e.n; n++) sum += (double)load1(a->src, (n * a->e.w + t) * a->e.room + c);
    a->dweight[i] = (float)sum;
    if (t == 0) a->dbias[c] = (float)sum;
}

/* ---- windows (op_window) of largest values and of means */

typedef struct pool_map {
    value dst, src, x;    /* x: the input of a max pool */
    extent large, small;  /* of the op's input and output; one room */
    int64_t kernel[2], stride, pad[2]; /* rows, columns */
    int32_t accumulate, rest;
} pool_map;

HOST_DEVICE op_range pool_range(const pool_map *a, int axis, int64_t i)
{
    return op_window(i, axis ? a->large.w : a->large.h, axis ? a->small.w : a->small.h, a->kernel[axis], a->stride,
                   a->pad[axis]);
}

/* Windows that may hold element i of a side of the large map. */
HOST_DEVICE op_range pool_candidates(const pool_map *a, int axis, int64_t i)
{
    const int64_t in = axis ? a->large.w : a->large.h, out = axis ? a->small.w : a->small.h;
    op_range r = {0, 0};
    if (a->stride > 0) {
        const int64_t before = i + a->pad[axis] - a->kernel[axis];
        r.begin = before < 0 ? 0 : before / a->stride;
        r.end = (i + a->pad[axis]) / a->stride + 1;
    } else {
        r.begin = i * out / in - 1;
        r.end = (i + 1) * out / in + 2;
    }
    if (r.begin < 0) r.begin = 0;
    if (r.end > out) r.end = out;
    return r;
}

/* Element of the large map: image n, row y, column x, channel c. */
HOST_DEVICE int64_t pool_at(const pool_map *a, int64_t n, int64_t y, int64_t x, int64_t c)
{
    return ((n * a->large.h + y) * a->large.w + x) * a->large.room + c;
}

/* Where in x the first largest element of window (p, q) is. */
HOST_DEVICE int64_t pool_largest(const pool_map *a, int64_t n, int64_t p, int64_t q, int64_t c)
{
    const op_range rows = pool_range(a, 0, p), columns = pool_range(a, 1, q);
    int64_t best = pool_at(a, n, rows.begin, columns.begin, c);
    float most = load1(a->x, best);
    for (int64_t y = rows.begin; y < rows.end; y++)
        for (int64_t x = columns.begin; x < columns.end; x++) {
            const int64_t at = pool_at(a, n, y, x, c);
            const float v = load1(a->x, at);
            if (v > most) {
                most = v;
                best = at;
            }
        }
    return best;
}

/* dst, small <- src, large, where x is largest; src may be a tangent.  Piece: one element of dst. */
HOST_DEVICE void max_pool_item(const pool_map *a, int64_t i)
{
    const map_place at = place_of(&a->small, i);
    put1(a->dst, i, load1(a->src, pool_largest(a, at.n, at.y, at.x, at.c)), a->accumulate);
}

/* dst, large <- sums of src, small, over the windows whose largest element it is.  Piece: one element of dst. */
HOST_DEVICE void max_pool_back_item(const pool_map *a, int64_t i)
{
    const map_place at = place_of(&a->large, i);
    const op_range rows = pool_candidates(a, 0, at.y), columns = pool_candidates(a, 1, at.x);
    float sum = 0;
    for (int64_t p = rows.begin; p < rows.end; p++)
        for (int64_t q = columns.begin; q < columns.end; q++)
            if (pool_largest(a, at.n, p, q, at.c) == i)
                sum += load1(a->src, ((at.n * a->small.h + p) * a->small.w + q) * a->small.room + at.c);
    put1(a->dst, i, sum, a->accumulate);
}

/* dst, small <- means over windows of src, large.  Piece: one element of dst. */
HOST_DEVICE void mean_pool_item(const pool_map *a, int64_t i)
{
    const map_place at = place_of(&a->small, i);
    const op_range rows = pool_range(a, 0, at.y), columns = pool_range(a, 1, at.x);
    double sum = 0;
    for (int64_t y = rows.begin; y < rows.end; y++)
        for (int64_t x = columns.begin; x < columns.end; x++) sum += (double)load1(a->src, pool_at(a, at.n, y, x, at.c));
    put1(a->dst, i, (float)(sum / (double)((rows.end - rows.begin) * (columns.end - columns.begin))), a->accumulate);
}

/* dst, large <- the shares of src, small, in the windows that hold it.  Piece: one element of dst. */
HOST_DEVICE void mean_pool_back_item(const pool_map *a, int64_t i)
{
    const map_place at = place_of(&a->large, i);
    const op_range rows = pool_candidates(a, 0, at.y), columns = pool_candidates(a, 1, at.x);
    double sum = 0;
    for (int64_t p = rows.begin; p < rows.end; p++)
        for (int64_t q = columns.begin; q < columns.end; q++) {
            const op_range r = pool_range(a, 0, p), k = pool_range(a, 1, q);
            if (at.y < r.begin || at.y >= r.end || at.x < k.begin || at.x >= k.end) continue;
            sum += (double)load1(a->src, ((at.n * a->small.h + p) * a->small.w + q) * a->small.room + at.c) /
                   (double)((r.end - r.begin) * (k.end - k.begin));
        }
    put1(a->dst, i, (float)sum, a->accumulate);
}

#endif
