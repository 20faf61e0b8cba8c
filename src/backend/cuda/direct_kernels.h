/* Pieces of work of convolutions that cuDNN is not asked for: in groups of less than 8 channels, depthwise, transposed; and of weight
 * norm (nn/weight_norm.h).
 *
 * A convolution relates a large map x and a small one y, y[p,q] to x[p stride + u - top, q stride + v - left] by
 * tap (u,v) of the weights.  One that is transposed has y as its source.  Sums are over channels, then taps, each
 * made by one piece; those of gradients to weights over images and rows in parts, whose order is fixed. */
#ifndef CUDA_DIRECT_KERNELS_H
#define CUDA_DIRECT_KERNELS_H

#include "backend/cuda/pixel_kernels.h"

typedef struct direct_map {
    value large, small, mask; /* maps of the forward or backward pass; the rectified value of dst's shape */
    extent x, y;              /* theirs */
    int64_t kernel_h, kernel_w, stride, top, left;
    int64_t in, out;          /* channels of a group of x and of y */
    const float *plain;       /* (y's channels, in, taps), or with `turned` (x's channels, y's, taps) */
    float *packed;            /* for y: [taps][in][y's room]; for x: [taps][out][x's room] */
    const float *bias;        /* of the map that is written; NULL: none */
    float *parts, *sums;      /* [part_count][taps][in][y.c]; in plain's order */
    int64_t part_count;
    int32_t turned, to_large, accumulate, rectifies;
    float slope, cap;         /* 0: none */
} direct_map;

HOST_DEVICE int64_t direct_taps(const direct_map *a)
{
    return a->kernel_h * a->kernel_w;
}

/* Place among the plain weights: channel k of y, channel j of its group of x. */
HOST_DEVICE int64_t direct_plain(const direct_map *a, int64_t k, int64_t j, int64_t tap)
{
    return (a->turned ? j * a->y.c + k : k * a->in + j) * direct_taps(a) + tap;
}

/* Piece: one packed weight. */
HOST_DEVICE void direct_pack_item(const direct_map *a, int64_t i)
{
    const int64_t room = a->to_large ? a->x.room : a->y.room, each = a->to_large ? a->out : a->in;
    const int64_t c = i % room, j = i / room % each, tap = i / room / each;
    float w = 0;
    if (c < (a->to_large ? a->x.c : a->y.c))
        w = a->to_large ? a->plain[direct_plain(a, c / a->in * a->out + j, c % a->in, tap)]
                        : a->plain[direct_plain(a, c, j, tap)];
    a->packed[i] = w;
}

/* What a sum becomes, and where it goes. */
HOST_DEVICE void direct_finish(const direct_map *a, value dst, int64_t i, int64_t c, float v)
{
    if (a->bias) v += a->bias[c];
    if (a->mask.data && !(load1(a->mask, i) > 0)) v *= a->slope;
    if (a->accumulate) v += load1(dst, i);
    if (a->rectifies) {
        v = v > 0 ? v : a->slope * v;
        if (a->cap > 0 && v > a->cap) v = a->cap;
    }
    store1(dst, i, v);
}

/* Piece: one element of the small map. */
HOST_DEVICE void direct_small_item(const direct_map *a, int64_t i)
{
    const map_place to = place_of(&a->y, i);
    const int64_t first = to.c / a->out * a->in;
    float sum = 0;
    if (to.c >= a->y.c) {
        store1(a->small, i, 0);
        return;
    }
    for (int64_t u = 0; u < a->kernel_h; u++)
        for (int64_t v = 0; v < a->kernel_w; v++) {
            const int64_t row = to.y * a->stride + u - a->top, column = to.x * a->stride + v - a->left;
            if (row < 0 || row >= a->x.h || column < 0 || column >= a->x.w) continue;
            const int64_t at = ((to.n * a->x.h + row) * a->x.w + column) * a->x.room + first;
            const float *w = a->packed + (u * a->kernel_w + v) * a->in * a->y.room + to.c;
            for (int64_t j = 0; j < a->in; j++) sum += w[j * a->y.room] * load1(a->large, at + j);
        }
    direct_finish(a, a->small, i, to.c, sum);
}

/* Piece: one element of the large map. */
HOST_DEVICE void direct_large_item(const direct_map *a, int64_t i)
{
    const map_place to = place_of(&a->x, i);
    const int64_t first = to.c / a->in * a->out;
    float sum = 0;
    if (to.c >= a->x.c) {
        store1(a->large, i, 0);
        return;
    }
    for (int64_t u = 0; u < a->kernel_h; u++)
        for (int64_t v = 0; v < a->kernel_w; v++) {
            const int64_t y = to.y + a->top - u, x = to.x + a->left - v;
            if (y < 0 || x < 0 || y % a->stride || x % a->stride) continue;
            const int64_t p = y / a->stride, q = x / a->stride;
            if (p >= a->y.h || q >= a->y.w) continue;
            const int64_t at = ((to.n * a->y.h + p) * a->y.w + q) * a->y.room + first;
            const float *w = a->packed + (u * a->kernel_w + v) * a->out * a->x.room + to.c;
            for (int64_t j = 0; j < a->out; j++) sum += w[j * a->x.room] * load1(a->small, at + j);
        }
    direct_finish(a, a->large, i, to.c, sum);
}

/* Piece: one part, some of the small map's rows, of one weight's gradient. */
HOST_DEVICE void direct_weights_item(const direct_map *a, int64_t i)
{
    const int64_t k = i % a->y.c, j = i / a->y.c % a->in, tap = i / a->y.c / a->in % direct_taps(a);
    const int64_t part = i / a->y.c / a->in / direct_taps(a);
    const int64_t u = tap / a->kernel_w, v = tap % a->kernel_w, c = k / a->out * a->in + j;
    float sum = 0;
    for (int64_t r = part; r < a->y.n * a->y.h; r += a->part_count) {
        const int64_t n = r / a->y.h, row = r % a->y.h * a->stride + u - a->top;
        if (row < 0 || row >= a->x.h) continue;
        for (int64_t q = 0; q < a->y.w; q++) {
            const int64_t column = q * a->stride + v - a->left;
            if (column < 0 || column >= a->x.w) continue;
            sum += load1(a->small, (r * a->y.w + q) * a->y.room + k) *
                   load1(a->large, ((n * a->x.h + row) * a->x.w + column) * a->x.room + c);
        }
    }
    a->parts[i] = sum;
}

/* Piece: one weight's gradient. */
HOST_DEVICE void direct_weights_end_item(const direct_map *a, int64_t i)
{
    const int64_t k = i % a->y.c, j = i / a->y.c % a->in, tap = i / a->y.c / a->in;
    const int64_t count = a->y.c * a->in * direct_taps(a);
    double sum = 0;
    for (int64_t part = 0; part < a->part_count; part++) sum += (double)a->parts[part * count + i];
    a->sums[direct_plain(a, k, j, tap)] = (float)sum;
}

/* ---- weight norm: w = g V / |V|, |V| at least 1e-6 */

typedef struct direction_map {
    const float *v, *g; /* [rows][each], [rows] */
    float *w;           /* [rows][each]: the weights, or a gradient to them that becomes that to V */
    float *dg;          /* [rows] */
    int64_t each;
} direction_map;

HOST_DEVICE double direction_square(const direction_map *a, int64_t row)
{
    double sum = 0;
    for (int64_t i = row * a->each; i < (row + 1) * a->each; i++) sum += (double)a->v[i] * (double)a->v[i];
    return sum > 1e-12 ? sum : 1e-12;
}

/* Piece: a row. */
HOST_DEVICE void direction_item(const direction_map *a, int64_t row)
{
    const double scale = (double)a->g[row] / sqrt(direction_square(a, row));
    for (int64_t i = row * a->each; i < (row + 1) * a->each; i++) a->w[i] = (float)(scale * (double)a->v[i]);
}

/* Piece: a row. */
HOST_DEVICE void direction_back_item(const direction_map *a, int64_t row)
{
    const double square = direction_square(a, row), norm = sqrt(square), scale = (double)a->g[row] / norm;
    double along = 0;
    for (int64_t i = row * a->each; i < (row + 1) * a->each; i++) along += (double)a->w[i] * (double)a->v[i];
    a->dg[row] = (float)(along / norm);
    for (int64_t i = row * a->each; i < (row + 1) * a->each; i++)
        a->w[i] = (float)(scale * ((double)a->w[i] - (double)a->v[i] * along / square));
}

#endif
