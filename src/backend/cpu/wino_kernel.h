/* The loops of a Winograd convolution, for one vector length: included by wino_avx512.c and
 * wino_avx2.c, which define LANES, vec, and
 *     load, store          unaligned vectors
 *     positive_bits(x)     one bit per lane: x > 0
 *     select_bits(m, a, b) lane by lane the bit ? a : b
 *     ROWS                 tiles in a block of products held in registers
 * A block of tiles goes through three stages: patches transformed, products, products
 * transformed back with all that follows the convolution. */
#include <string.h>

#include "backend/cpu/wino_conv.h"

/* As many doubles as a vector has floats. */
typedef double wide __attribute__((vector_size(2 * sizeof(vec))));

#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))

static const float root_half = 0.70710678f, root_two = 1.41421356f, root_eight = 2.82842712f,
                   root_eighth = 0.35355339f;

/* A tile's place. */
typedef struct tile_at {
    int64_t image, y, x; /* of its first result */
} tile_at;

INLINE tile_at find_tile(const wino_conv *c, int64_t t)
{
    int64_t per_image = c->tiles_y * c->tiles_x, in_image = t % per_image;
    return (tile_at){t / per_image, in_image / c->tiles_x * WINO_TILE, in_image % c->tiles_x * WINO_TILE};
}

/* ---- patches */

/* Two of the six rows of B^T times six numbers: 1 and 2, 3 and 4, or 0 and 5, which share what they read. */
static const int row_pairs[WINO_PATCH / 2][2] = {{1, 2}, {3, 4}, {0, 5}};

INLINE void transform_in(vec t[2], const int pair, vec d0, vec d1, vec d2, vec d3, vec d4, vec d5)
{
    if (pair < 2) {
        const float inner = pair == 0 ? 2.0f : 0.5f, factor = pair == 0 ? root_half : root_two;
        vec even = d4 - inner * d2, odd = d3 - inner * d1;
        t[0] = even + factor * odd;
        t[1] = even - factor * odd;
    } else {
        t[0] = d0 + (d4 - 2.5f * d2);
        t[1] = d1 + (d5 - 2.5f * d3);
    }
}

/* One patch, one vector of channels; `from` is pixel (0,0) of it, which may lie outside.  Two rows
 * at a time, read anew: registers do not hold the half transformed numbers of all six. */
INLINE void transform_patch(float *to, int64_t to_stride, const float *from, int64_t row, int64_t pixel,
                            int64_t first_y, int64_t end_y, int64_t first_x, int64_t end_x)
{
    const vec zero = {0};

#pragma GCC unroll 3
    for (int p = 0; p < WINO_PATCH / 2; ++p) {
        vec half[WINO_PATCH][2];
#pragma GCC unroll 6
        for (int j = 0; j < WINO_PATCH; ++j) {
            const bool in_x = j >= first_x && j < end_x;
            vec d[WINO_PATCH];
#pragma GCC unroll 6
            for (int i = 0; i < WINO_PATCH; ++i)
                d[i] = in_x && i >= first_y && i < end_y ? load(from + i * row + j * pixel) : zero;
            transform_in(half[j], p, d[0], d[1], d[2], d[3], d[4], d[5]);
        }
#pragma GCC unroll 2
        for (int i = 0; i < 2; ++i)
#pragma GCC unroll 3
            for (int q = 0; q < WINO_PATCH / 2; ++q) {
                float *at = to + row_pairs[p][i] * WINO_PATCH * to_stride;
                vec t[2];
                transform_in(t, q, half[0][i], half[1][i], half[2][i], half[3][i], half[4][i], half[5][i]);
                store(at + row_pairs[q][0] * to_stride, t[0]);
                store(at + row_pairs[q][1] * to_stride, t[1]);
            }
    }
}

/* One vector of channels of a patch within the image, or partly outside.  Not inlined: compilers compute
 * the 72 addresses of all vectors at once then, and have no registers for them. */
NOINLINE void transform_inside(float *to, int64_t to_stride, const float *from, int64_t row, int64_t pixel)
{
    transform_patch(to, to_stride, from, row, pixel, 0, WINO_PATCH, 0, WINO_PATCH);
}

NOINLINE void transform_border(float *to, int64_t to_stride, const float *from, int64_t row, int64_t pixel,
                               const int64_t bounds[4])
{
    transform_patch(to, to_stride, from, row, pixel, bounds[0], bounds[1], bounds[2], bounds[3]);
}

/* Channels that do not fill a vector: through a copy with zeros. */
static void transform_few(float *to, int64_t to_stride, const float *from, int64_t row, int64_t pixel,
                          int64_t channels, const int64_t bounds[4])
{
    float patch[WINO_PRODUCTS * LANES] = {0};
    for (int64_t i = bounds[0]; i < bounds[1]; ++i)
        for (int64_t j = bounds[2]; j < bounds[3]; ++j)
            for (int64_t k = 0; k < channels; ++k)
                patch[(i * WINO_PATCH + j) * LANES + k] = from[i * row + j * pixel + k];
    transform_patch(to, to_stride, patch, WINO_PATCH * LANES, LANES, 0, WINO_PATCH, 0, WINO_PATCH);
}

INLINE int64_t clamp(int64_t v, int64_t low, int64_t high)
{
    return v < low ? low : v > high ? high : v;
}

/* All channels of a tile's patch; product i of vector v of channels to to[v * per_vector + i * per_product]. */
static void transform_tile(const wino_conv *c, float *to, int64_t per_product, int64_t per_vector,
                           const float *values, tile_at t)
{
    const int64_t pixel = c->in.c, row = c->in.w * pixel, y = t.y - c->pad_top, x = t.x - c->pad_top;
    const float *from = values + (t.image * c->in.h + y) * row + x * pixel;
    const int64_t bounds[4] = {clamp(-y, 0, WINO_PATCH), clamp(c->in.h - y, 0, WINO_PATCH),
                               clamp(-x, 0, WINO_PATCH), clamp(c->in.w - x, 0, WINO_PATCH)};
    const bool inside = bounds[1] - bounds[0] == WINO_PATCH && bounds[3] - bounds[2] == WINO_PATCH;
    int64_t k = 0;

    if (inside)
        for (; k + LANES <= c->in.c; k += LANES, to += per_vector)
            transform_inside(to, per_product, from + k, row, pixel);
    else
        for (; k + LANES <= c->in.c; k += LANES, to += per_vector)
            transform_border(to, per_product, from + k, row, pixel, bounds);
    if (k < c->in.c) transform_few(to, per_product, from + k, row, pixel, c->in.c - k, bounds);
}

/* ---- products */

/* to[rows][vecs] = from[rows][depth] weights[depth][vecs]; rows of `from` are from_row apart, its
 * columns from_step. */
INLINE void multiply(float *to, int64_t to_row, const float *from, int64_t from_row, int64_t from_step,
                     const float *weights, int64_t depth, const int rows, const int vecs)
{
    vec sum[ROWS][2] = {{{0}}};
    for (int64_t k = 0; k < depth; ++k) {
        vec w0 = load(weights + k * vecs * LANES), w1 = vecs > 1 ? load(weights + (k * vecs + 1) * LANES) : w0;
#pragma GCC unroll 12
        for (int r = 0; r < rows; ++r) {
            vec a = from[r * from_row + k * from_step] - (vec){0};
            sum[r][0] += a * w0;
            if (vecs > 1) sum[r][1] += a * w1;
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < rows; ++r) {
        store(to + r * to_row, sum[r][0]);
        if (vecs > 1) store(to + r * to_row + LANES, sum[r][1]);
    }
}

/* Up to ROWS rows. */
INLINE void multiply_rows(float *to, int64_t to_row, const float *from, int64_t from_row,
                          const float *weights, int64_t depth, int64_t rows, const int vecs)
{
#define CASE(n)                                                                \
    case n:                                                                    \
        if (n <= ROWS) multiply(to, to_row, from, from_row, 1, weights, depth, n <= ROWS ? n : ROWS, vecs); \
        break
    switch (rows) {
        CASE(1);
        CASE(2);
        CASE(3);
        CASE(4);
        CASE(5);
        CASE(6);
        CASE(7);
        CASE(8);
        CASE(9);
        CASE(10);
        CASE(11);
        CASE(12);
    default:
        break;
    }
#undef CASE
}

static void multiply_two(float *to, int64_t to_row, const float *from, int64_t from_row,
                         const float *weights, int64_t depth, int64_t rows)
{
    multiply_rows(to, to_row, from, from_row, weights, depth, rows, 2);
}

static void multiply_one(float *to, int64_t to_row, const float *from, int64_t from_row,
                         const float *weights, int64_t depth, int64_t rows)
{
    multiply_rows(to, to_row, from, from_row, weights, depth, rows, 1);
}

/* All products of `tiles` tiles for the output channels [first, end). */
static void multiply_pass(const wino_conv *c, float *to, const float *from, const float *packed,
                          int64_t tiles, int64_t first, int64_t end)
{
    const int64_t parts = (tiles + ROWS - 1) / ROWS, rows = (tiles + parts - 1) / parts;

    for (int64_t n = first; n < end; n += 2 * LANES) {
        const int64_t width = end - n < 2 * LANES ? LANES : 2 * LANES;
        const float *weights = packed + WINO_PRODUCTS * c->in.c * n;
        for (int i = 0; i < WINO_PRODUCTS; ++i, weights += c->in.c * width)
            for (int64_t t = 0; t < tiles; t += rows)
                (width == LANES ? multiply_one : multiply_two)(
                    to + i * c->out_stride + t * c->pass + n - first, c->pass,
                    from + i * c->in_stride + t * c->in_room, c->in_room, weights, c->in.c,
                    tiles - t < rows ? tiles - t : rows);
    }
}

/* ---- results */

/* A^T times six numbers. */
INLINE void transform_out(vec y[WINO_TILE], vec m0, vec m1, vec m2, vec m3, vec m4, vec m5)
{
    vec sum = m1 + m2, difference = m1 - m2, sum2 = m3 + m4, difference2 = m3 - m4;
    y[0] = m0 + sum + sum2;
    y[1] = root_half * difference + root_two * difference2;
    y[2] = 0.5f * sum + 2.0f * sum2;
    y[3] = root_eighth * difference + (root_eight * difference2 + m5);
}

/* What follows the convolution, on one vector whose first element is `at`. */
INLINE vec finish(const wino_conv *c, const wino_output *o, vec v, int64_t at)
{
    uint8_t *mask = o->mask + at / 8;
    if (o->lrelu && !c->forward) v = select_bits(mask, v, o->slope * v);
    if (o->accumulate) v += load(o->values + at);
    if (o->lrelu && c->forward) {
        vec low = o->slope * v;
        if (o->mask) put_positive_bits(mask, v);
        v = select_positive(v, low);
    }
    return v;
}

/* A^T times the 6x6 products of a tile. */
INLINE void transform_rows(vec half[WINO_PATCH][WINO_TILE], const float *from, int64_t stride)
{
#pragma GCC unroll 6
    for (int i = 0; i < WINO_PATCH; ++i, from += WINO_PATCH * stride)
        transform_out(half[i], load(from), load(from + stride), load(from + 2 * stride),
                      load(from + 3 * stride), load(from + 4 * stride), load(from + 5 * stride));
}

INLINE void transform_column(vec y[WINO_TILE], vec half[WINO_PATCH][WINO_TILE], int j)
{
    transform_out(y, half[0][j], half[1][j], half[2][j], half[3][j], half[4][j], half[5][j]);
}

/* The results of one tile for one vector of channels; corner: of the first. */
INLINE void finish_vector(const wino_conv *c, const wino_output *o, const float *from, int64_t corner,
                          const float *bias, int64_t rows, int64_t columns)
{
    const int64_t pixel = c->out.c, row = c->out.w * pixel;
    const vec b = bias ? load(bias) : (vec){0};
    vec half[WINO_PATCH][WINO_TILE], y[WINO_TILE];

    transform_rows(half, from, c->out_stride);
#pragma GCC unroll 4
    for (int j = 0; j < WINO_TILE; ++j) {
        if (j >= columns) break;
        transform_column(y, half, j);
#pragma GCC unroll 4
        for (int i = 0; i < WINO_TILE; ++i) {
            const int64_t at = corner + i * row + j * pixel;
            if (i >= rows) break;
            store(o->values + at, finish(c, o, y[i] + b, at));
        }
    }
}

NOINLINE void finish_inside(const wino_conv *c, const wino_output *o, const float *from, int64_t corner,
                            const float *bias)
{
    finish_vector(c, o, from, corner, bias, WINO_TILE, WINO_TILE);
}

NOINLINE void finish_border(const wino_conv *c, const wino_output *o, const float *from, int64_t corner,
                            const float *bias, int64_t rows, int64_t columns)
{
    finish_vector(c, o, from, corner, bias, rows, columns);
}

/* Channels that do not fill a vector; these have no mask. */
static void finish_few(const wino_conv *c, const wino_output *o, const float *from, int64_t corner,
                       const float *bias, int64_t rows, int64_t columns, int64_t channels)
{
    vec half[WINO_PATCH][WINO_TILE], y[WINO_TILE];

    transform_rows(half, from, c->out_stride);
    for (int j = 0; j < columns; ++j) {
        transform_column(y, half, j);
        for (int i = 0; i < rows; ++i) {
            float *to = o->values + corner + (i * c->out.w + j) * c->out.c;
            for (int64_t k = 0; k < channels; ++k) {
                const float v = y[i][k] + (bias ? bias[k] : 0) + (o->accumulate ? to[k] : 0);
                to[k] = o->lrelu && v <= 0 ? o->slope * v : v;
            }
        }
    }
}

/* The results of one tile for the vector of channels from `channel`. */
static void finish_tile(const wino_conv *c, const wino_output *o, const float *from, tile_at t,
                        int64_t channel)
{
    const int64_t rows = clamp(c->out.h - t.y, 0, WINO_TILE), columns = clamp(c->out.w - t.x, 0, WINO_TILE);
    const int64_t corner = ((t.image * c->out.h + t.y) * c->out.w + t.x) * c->out.c + channel;
    const float *bias = o->bias ? o->bias + channel : NULL;

    if (c->out.c - channel < LANES)
        finish_few(c, o, from, corner, bias, rows, columns, c->out.c - channel);
    else if (rows == WINO_TILE && columns == WINO_TILE)
        finish_inside(c, o, from, corner, bias);
    else
        finish_border(c, o, from, corner, bias, rows, columns);
}

static void run_block(const wino_conv *c, const float *values, const float *packed, float *scratch,
                      int64_t block, const wino_output *out)
{
    const int64_t first = block * c->block;
    const int64_t tiles = c->tiles - first < c->block ? c->tiles - first : c->block;
    float *patches = scratch, *products = scratch + WINO_PRODUCTS * c->in_stride;

    for (int64_t t = 0; t < tiles; ++t)
        transform_tile(c, patches + t * c->in_room, c->in_stride, LANES, values, find_tile(c, first + t));
    for (int64_t n = 0; n < c->out_room; n += c->pass) {
        const int64_t end = c->out_room - n < c->pass ? c->out_room : n + c->pass;
        multiply_pass(c, products, patches, packed, tiles, n, end);
        for (int64_t t = 0; t < tiles; ++t) {
            const tile_at at = find_tile(c, first + t);
            for (int64_t k = n; k < end; k += LANES)
                finish_tile(c, out, products + t * c->pass + k - n, at, k);
        }
    }
}

/* ---- weights */

/* G times three numbers; in double, so that only the result is rounded. */
INLINE void transform_weights(wide t[WINO_PATCH], wide g0, wide g1, wide g2)
{
    const double root = 1.41421356237309504880;
    wide ends = g0 + 0.5 * g2, middle = 0.5 * root * g1, ends2 = g0 + 2.0 * g2, middle2 = root * g1;
    t[0] = g0;
    t[1] = (ends + middle) / -1.5;
    t[2] = (ends - middle) / -1.5;
    t[3] = (ends2 + middle2) / 6.0;
    t[4] = (ends2 - middle2) / 6.0;
    t[5] = g2;
}

/* Kernels of one input channel to a vector of output channels, at product 0 of `to`. */
static void transform_kernels(float *to, int64_t to_stride, float kernels[9][LANES])
{
    wide half[3][WINO_PATCH], column[WINO_PATCH], g[3];

    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 3; ++j) g[j] = __builtin_convertvector(load(kernels[3 * i + j]), wide);
        transform_weights(half[i], g[0], g[1], g[2]);
    }
    for (int j = 0; j < WINO_PATCH; ++j) {
        transform_weights(column, half[0][j], half[1][j], half[2][j]);
        for (int i = 0; i < WINO_PATCH; ++i)
            store(to + (i * WINO_PATCH + j) * to_stride, __builtin_convertvector(column[i], vec));
    }
}

/* A panel holds two vectors of output channels (the last perhaps one): for every product a
 * matrix [in][channels of the panel]. */
static void pack_panel(const wino_conv *c, const step *s, const float *weights, float *packed, int64_t panel)
{
    const int64_t first = panel * 2 * LANES, width = c->out_room - first < 2 * LANES ? LANES : 2 * LANES;
    const int64_t to_out = c->forward ? s->op.src.c * 9 : 9, to_in = c->forward ? 9 : s->op.src.c * 9;
    float *to = packed + WINO_PRODUCTS * c->in.c * first;

    for (int64_t k = 0; k < c->in.c; ++k)
        for (int64_t v = 0; v < width; v += LANES) {
            float kernels[9][LANES] = {{0}};
            for (int64_t n = 0; n < LANES && first + v + n < c->out.c; ++n) {
                const float *from = weights + (first + v + n) * to_out + k * to_in;
                for (int i = 0; i < 9; ++i) kernels[c->forward ? i : 8 - i][n] = from[i];
            }
            transform_kernels(to + k * width + v, c->in.c * width, kernels);
        }
}
