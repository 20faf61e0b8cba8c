/* Pieces of work of norm layers and of attention's softmax.  The formulas, and what a group
 * of elements that shares statistics is: ref_norm.inc, ref_attention.inc. */
#ifndef CUDA_NORM_KERNELS_H
#define CUDA_NORM_KERNELS_H

#include "backend/backend.h"
#include "backend/cuda/map_kernels.h"

enum { NORM_PARTS = 16 }; /* of the positions of one image */

typedef struct norm_map {
    value dst, src, x;  /* x: the op's input; src: x, a gradient of the output or a tangent */
    extent e;
    const float *weight, *bias, *given_mean, *given_var; /* per channel; NULL: none */
    double *parts[2];   /* scratch [n][NORM_PARTS][room] */
    double *mean, *rstd, *sums[2]; /* scratch [groups] */
    float *out[2];      /* per channel: batch mean and variance, or gradients; NULL: not wanted */
    int64_t groups, runs; /* in all; runs of channels of one image (NORM_GROUP) */
    double eps;
    int32_t norm, given, silu, accumulate; /* norm_kind; statistics do not depend on x */
    int32_t tangent, square; /* sums of a tangent instead of a gradient; of squares */
    int32_t folded, rest;    /* how many of `parts` have sums over all images where those of the first were; 0 */
} norm_map;

typedef struct norm_range {
    int64_t n0, n1, c0, c1; /* images and channels [begin, end) */
} norm_range;

/* row: image times positions, plus the position. */
HOST_DEVICE int64_t norm_group_of(const norm_map *a, int64_t row, int64_t c)
{
    const int64_t n = row / (a->e.h * a->e.w);
    switch (a->norm) {
    case NORM_INSTANCE: return n * a->e.c + c;
    case NORM_LAYER: return n;
    case NORM_GROUP: return n * a->runs + c / (a->e.c / a->runs);
    case NORM_CHANNELS: return row;
    default: return c;
    }
}

HOST_DEVICE norm_range norm_range_of(const norm_map *a, int64_t g)
{
    norm_range r = {0, a->e.n, g, g + 1};
    const int64_t run = a->norm == NORM_GROUP ? a->e.c / a->runs : a->norm == NORM_LAYER ? a->e.c : 1;
    if (a->norm == NORM_INSTANCE || a->norm == NORM_LAYER || a->norm == NORM_GROUP) {
        const int64_t per = a->e.c / run;
        r.n0 = g / per;
        r.n1 = r.n0 + 1;
        r.c0 = g % per * run;
        r.c1 = r.c0 + run;
    }
    return r;
}

HOST_DEVICE double norm_count_of(const norm_map *a, norm_range r)
{
    return (double)((r.n1 - r.n0) * (r.c1 - r.c0) * a->e.h * a->e.w);
}

HOST_DEVICE double norm_weight_of(const norm_map *a, int64_t c)
{
    return a->weight ? (double)a->weight[c] : 1.0;
}

/* Derivative of the SiLU that the step may include, where the op's input is x. */
HOST_DEVICE double norm_bend(const norm_map *a, int64_t g, int64_t c, double x)
{
    if (!a->silu) return 1.0;
    return silu_slope_of((x - a->mean[g]) * (norm_weight_of(a, c) * a->rstd[g]) + (double)a->bias[c]);
}

/* Piece: (image, part of its positions, channel in memory) for the mean and the variance. */
HOST_DEVICE void norm_moment_item(const norm_map *a, int64_t i)
{
    const int64_t c = i % a->e.room, part = i / a->e.room % NORM_PARTS, n = i / a->e.room / NORM_PARTS;
    const int64_t hw = a->e.h * a->e.w;
    double sum = 0;
    if (c < a->e.c) {
        const double mean = a->square ? a->mean[norm_group_of(a, n * hw, c)] : 0;
        for (int64_t p = part; p < hw; p += NORM_PARTS) {
            const double v = (double)load1(a->x, (n * hw + p) * a->e.room + c);
            sum += a->square ? (v - mean) * (v - mean) : v;
        }
    }
    a->parts[0][i] = sum;
}

/* Piece: a part of a channel: the sum over images, at the first one's. */
HOST_DEVICE void norm_fold_item(const norm_map *a, int64_t i)
{
    for (int k = 0; k < a->folded; k++) {
        double sum = 0;
        for (int64_t n = 0; n < a->e.n; n++) sum += a->parts[k][n * NORM_PARTS * a->e.room + i];
        a->parts[k][i] = sum;
    }
}

/* Images whose parts a group's sums are made of, from r.n0 on. */
HOST_DEVICE int64_t norm_end_of(const norm_map *a, norm_range r)
{
    return a->folded ? r.n0 + 1 : r.n1;
}

/* Piece: a group.  First the mean, then with `square` the variance. */
HOST_DEVICE void norm_moment_end_item(const norm_map *a, int64_t g)
{
    const norm_range r = norm_range_of(a, g);
    const double count = norm_count_of(a, r);
    double sum = 0;
    for (int64_t n = r.n0; n < norm_end_of(a, r); n++)
        for (int64_t part = 0; part < NORM_PARTS; part++)
            for (int64_t c = r.c0; c < r.c1; c++)
                sum += a->parts[0][(n * NORM_PARTS + part) * a->e.room + c];
    if (!a->square) {
        a->mean[g] = sum / count;
        return;
    }
    a->rstd[g] = 1.0 / sqrt(sum / count + a->eps);
    if (a->out[0]) {
        a->out[0][g] = (float)a->mean[g];
        a->out[1][g] = (float)(sum / (count > 1 ? count - 1 : 1));
    }
}

/* Piece: a channel, whose statistics are given: running ones, or NORM_ACT's. */
HOST_DEVICE void norm_given_item(const norm_map *a, int64_t c)
{
    if (a->norm == NORM_ACT) {
        a->mean[c] = a->bias ? -(double)a->bias[c] : 0;
        a->rstd[c] = 1;
    } else {
        a->mean[c] = (double)a->given_mean[c];
        a->rstd[c] = 1.0 / sqrt((double)a->given_var[c] + a->eps);
    }
}

/* Piece: an element of dst. */
HOST_DEVICE void norm_apply_item(const norm_map *a, int64_t i)
{
    const int64_t c = i % a->e.room;
    double v = 0;
    if (c < a->e.c) {
        const int64_t g = norm_group_of(a, i / a->e.room, c);
        const double shift = a->norm != NORM_ACT && a->bias ? (double)a->bias[c] : 0;
        v = ((double)load1(a->x, i) - a->mean[g]) * (norm_weight_of(a, c) * a->rstd[g]) + shift;
        if (a->silu) v = silu_of(v);
    }
    store1(a->dst, i, a->accumulate ? load1(a->dst, i) + (float)v : (float)v);
}

/* Piece: a row, whose channels have a mean and a variance of their own (NORM_CHANNELS). */
HOST_DEVICE void norm_row_item(const norm_map *a, int64_t row)
{
    double sum = 0, square = 0;
    for (int64_t c = 0; c < a->e.c; c++) sum += (double)load1(a->x, row * a->e.room + c);
    const double mean = sum / (double)a->e.c;
    for (int64_t c = 0; c < a->e.c; c++) {
        const double v = (double)load1(a->x, row * a->e.room + c) - mean;
        square += v * v;
    }
    a->mean[row] = mean;
    a->rstd[row] = 1.0 / sqrt(square / (double)a->e.c + a->eps);
}

/* Piece: the same row's means as norm_slope_end_item has them of its groups. */
HOST_DEVICE void norm_row_slope_item(const norm_map *a, int64_t row)
{
    double sum = 0, product = 0;
    for (int64_t c = 0; c < a->e.c; c++) {
        const int64_t at = row * a->e.room + c;
        const double w = a->tangent ? 1.0 : norm_weight_of(a, c), d = w * (double)load1(a->src, at);
        sum += d;
        product += d * ((double)load1(a->x, at) - a->mean[row]) * a->rstd[row];
    }
    a->sums[0][row] = sum / (double)a->e.c;
    a->sums[1][row] = product / (double)a->e.c;
}

/* Piece: as norm_moment_item, for the sums of a gradient or tangent d and of d xhat. */
HOST_DEVICE void norm_slope_item(const norm_map *a, int64_t i)
{
    const int64_t c = i % a->e.room, part = i / a->e.room % NORM_PARTS, n = i / a->e.room / NORM_PARTS;
    const int64_t hw = a->e.h * a->e.w;
    double sum = 0, product = 0;
    if (c < a->e.c) {
        for (int64_t p = part; p < hw; p += NORM_PARTS) {
            const int64_t g = norm_group_of(a, n * hw + p, c), at = (n * hw + p) * a->e.room + c;
            const double x = (double)load1(a->x, at);
            const double d = (double)load1(a->src, at) * (a->tangent ? 1.0 : norm_bend(a, g, c, x));
            sum += d;
            product += d * (x - a->mean[g]) * a->rstd[g];
        }
    }
    a->parts[0][i] = sum;
    a->parts[1][i] = product;
}

/* Piece: a group: means of weight d and weight d xhat (of a tangent without weight). */
HOST_DEVICE void norm_slope_end_item(const norm_map *a, int64_t g)
{
    const norm_range r = norm_range_of(a, g);
    double sum = 0, product = 0;
    for (int64_t n = r.n0; n < norm_end_of(a, r) && !a->given; n++)
        for (int64_t part = 0; part < NORM_PARTS; part++)
            for (int64_t c = r.c0; c < r.c1; c++) {
                const int64_t at = (n * NORM_PARTS + part) * a->e.room + c;
                const double w = a->tangent ? 1.0 : norm_weight_of(a, c);
                sum += w * a->parts[0][at];
                product += w * a->parts[1][at];
            }
    a->sums[0][g] = sum / norm_count_of(a, r);
    a->sums[1][g] = product / norm_count_of(a, r);
}

/* Piece: an element of dst, a gradient of the op's input or a tangent of its output. */
HOST_DEVICE void norm_slope_apply_item(const norm_map *a, int64_t i)
{
    const int64_t c = i % a->e.room;
    double v = 0;
    if (c < a->e.c) {
        const int64_t g = norm_group_of(a, i / a->e.room, c);
        const double x = (double)load1(a->x, i), d = (double)load1(a->src, i);
        const double xhat = (x - a->mean[g]) * a->rstd[g], bend = norm_bend(a, g, c, x);
        const double w = norm_weight_of(a, c);
        v = a->tangent ? w * a->rstd[g] * (d - a->sums[0][g] - xhat * a->sums[1][g]) * bend
                       : a->rstd[g] * (w * d * bend - a->sums[0][g] - xhat * a->sums[1][g]);
    }
    store1(a->dst, i, a->accumulate ? load1(a->dst, i) + (float)v : (float)v);
}

/* Piece: a channel's gradients, from folded sums: out[0] of the weight, out[1] of the bias. */
HOST_DEVICE void norm_params_item(const norm_map *a, int64_t c)
{
    double sum = 0, product = 0;
    for (int64_t part = 0; part < NORM_PARTS; part++) {
        sum += a->parts[0][part * a->e.room + c];
        product += a->parts[1][part * a->e.room + c];
    }
    if (a->out[0]) a->out[0][c] = (float)product;
    if (a->out[1]) a->out[1][c] = (float)((a->norm == NORM_ACT ? norm_weight_of(a, c) : 1.0) * sum);
}

/* ---- attention: rows of scores [rows][t] */

typedef struct softmax_map {
    float *p;             /* scores on entry, their softmax on return; or only read */
    float *d;             /* backward and tangent: d on entry, p (d - sum p d) on return */
    int64_t t;
} softmax_map;

/* Piece: a row. */
HOST_DEVICE void softmax_item(const softmax_map *a, int64_t i)
{
    float *p = a->p + i * a->t;
    float largest = p[0];
    double total = 0;
    for (int64_t j = 1; j < a->t; j++) largest = p[j] > largest ? p[j] : largest;
    for (int64_t j = 0; j < a->t; j++) total += exp((double)p[j] - (double)largest);
    for (int64_t j = 0; j < a->t; j++)
        p[j] = (float)(exp((double)p[j] - (double)largest) / total);
}

/* Piece: a row. */
HOST_DEVICE void softmax_slope_item(const softmax_map *a, int64_t i)
{
    const float *p = a->p + i * a->t;
    float *d = a->d + i * a->t;
    double mean = 0;
    for (int64_t j = 0; j < a->t; j++) mean += (double)p[j] * (double)d[j];
    for (int64_t j = 0; j < a->t; j++) d[j] = (float)((double)p[j] * ((double)d[j] - mean));
}

/* Heads side by side in the channels of a value [n][t][room], and one behind another in a float matrix
 * [n][heads][t][c]. */
typedef struct head_map {
    value v;
    float *matrix;
    int64_t t, heads, c, room, first; /* first: the first head's first channel in the value */
    int32_t to_value, accumulate;
} head_map;

/* Piece: an element of the matrix. */
HOST_DEVICE void head_item(const head_map *a, int64_t i)
{
    const int64_t position = i / a->c % a->t, head = i / a->c / a->t, n = head / a->heads;
    const int64_t at = (n * a->t + position) * a->room + a->first + head % a->heads * a->c + i % a->c;
    if (!a->to_value)
        a->matrix[i] = load1(a->v, at);
    else
        store1(a->v, at, a->accumulate ? load1(a->v, at) + a->matrix[i] : a->matrix[i]);
}

#endif
