/* Running a bf16_conv: bordered or transformed copy, products, finished sums. */
#include <immintrin.h>
#include <string.h>

#include "backend/cpu/bf16_conv.h"
#include "backend/cpu/bf16_winograd.h"

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

const bf16_unit *bf16_best_unit(void)
{
    if (bf16_amx_available()) return &bf16_amx_unit;
    return bf16_dot_available() ? &bf16_dot_unit : NULL;
}

/* ---- the bordered copy */

/* One row of an image, `dst` its first pixel in the bordered copy. */
static void copy_row(const bf16_conv *c, uint16_t *dst, const uint16_t *src)
{
    int64_t channels = c->in.c;
    if (channels == c->pixel) {
        memcpy(dst, src, (size_t)(c->in.w * channels) * 2);
        return;
    }
    for (int64_t x = 0; x < c->in.w; ++x) { /* an odd number of channels: the last is 0 */
        memcpy(dst + x * c->pixel, src + x * channels, (size_t)channels * 2);
        dst[x * c->pixel + channels] = 0;
    }
}

/* A bordered row of one band; src is NULL for a row of the border. */
static void copy_band_row(const bf16_conv *c, uint16_t *dst, const uint16_t *src)
{
    int64_t step_to_next = c->lanes * c->pixel;

    for (int64_t x = 0; x < c->pitch; ++x, dst += step_to_next) {
        int64_t from = x - c->pad_left;
        if (!src || from < 0 || from >= c->in.w)
            memset(dst, 0, (size_t)c->pixel * 2);
        else
            memcpy(dst, src + from * c->pixel, (size_t)c->pixel * 2);
    }
}

static void copy_bands(const bf16_conv *c, char *image, const uint16_t *values)
{
    for (int64_t lane = 0; lane < c->lanes; ++lane)
        for (int64_t y = 0; y < c->band_rows; ++y) {
            int64_t from = lane * c->band + y - c->pad_top;
            char *row = image + y * c->row_bytes + lane * c->pixel * 2;
            copy_band_row(c, (uint16_t *)(void *)row,
                          from < 0 || from >= c->in.h ? NULL : values + from * c->in.w * c->in.c);
        }
}

static void copy_image(const bf16_conv *c, char *image, const uint16_t *values)
{
    int64_t row = c->row_bytes, left = c->pad_left * c->pixel * 2, inner = c->in.w * c->pixel * 2;

    memset(image, 0, (size_t)(c->pad_top * row + left));
    for (int64_t y = 0; y < c->in.h; ++y) {
        int64_t at = (c->pad_top + y) * row + left, end = at + inner;
        copy_row(c, (uint16_t *)(void *)(image + at), values + y * c->in.w * c->in.c);
        int64_t next = y + 1 < c->in.h ? at + row : c->image_bytes; /* right border, next left */
        memset(image + end, 0, (size_t)(next - end));
    }
}

/* ---- finished sums */

WIDE static inline __m512 load_result(const uint16_t *v, __mmask16 m)
{
    __m256i half = _mm256_maskz_loadu_epi16(m, v);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

WIDE static inline void store_result(uint16_t *v, __m512 x, __mmask16 m)
{
    _mm256_mask_storeu_epi16(v, m, (__m256i)_mm512_cvtneps_pbh(x));
}

typedef struct target {
    int64_t at;   /* of the tile's first result, in the output */
    int64_t skip; /* positions that the tile before has done */
} target;

/* `rows` pixels' sums of sixteen channels into the output. */
WIDE static void finish(const bf16_conv *c, const bf16_output *o, const float *sums, const target *t,
                        int64_t rows, int64_t group)
{
    int64_t n = c->out.c, first = group * BF16_COLUMNS, stride = c->out_step * n;
    int64_t lane_stride = c->band * c->out_step * c->out.w * n;
    __mmask16 m = (__mmask16)(n - first >= BF16_COLUMNS ? 0xffffu : (1u << (n - first)) - 1);
    __m512 bias = o->bias ? _mm512_maskz_loadu_ps(m, o->bias + first) : _mm512_setzero_ps();
    const __m512 slope = _mm512_set1_ps(o->slope);

    for (int64_t r = t->skip; r < rows; ++r) {
        int64_t x = c->lanes > 1 ? r / c->lanes : r, lane = c->lanes > 1 ? r % c->lanes : 0;
        int64_t at = t->at + x * stride + lane * lane_stride + first;
        __m512 v = _mm512_add_ps(_mm512_load_ps(sums + r * BF16_COLUMNS), bias);
        if (o->lrelu && !c->forward)
            v = _mm512_mask_mov_ps(_mm512_mul_ps(v, slope), o->mask[at / BF16_COLUMNS], v);
        if (o->accumulate) v = _mm512_add_ps(v, load_result(o->values + at, m));
        if (o->lrelu && c->forward) {
            __mmask16 up = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
            if (o->mask) o->mask[at / BF16_COLUMNS] = up;
            v = _mm512_mask_mov_ps(_mm512_mul_ps(v, slope), up, v);
        }
        store_result(o->values + at, v, m);
    }
}

/* ---- one class of positions */

/* Tiles of a class one after the other: along a row, row by row, image by image. */
typedef struct walk {
    const bf16_conv *c;
    const bf16_class *k;
    int64_t rows;          /* positions per tile */
    int64_t x, y;          /* of the next tile's first position */
    int64_t left;          /* tiles still to come */
    const char *image;
    int64_t image_at;      /* of the class's first result in this image */
} walk;

static walk walk_start(const bf16_conv *c, const bf16_class *k, const char *images, int64_t rows)
{
    return (walk){.c = c,
                  .k = k,
                  .rows = rows,
                  .left = c->images * (k->rows / c->lanes) * ((k->cols * c->lanes + rows - 1) / rows),
                  .image = images,
                  .image_at = (k->y0 * c->out.w + k->x0) * c->out.c};
}

static target walk_next(walk *w, const char **corner)
{
    const bf16_conv *c = w->c;
    /* The last tile of a row ends with it and so may begin before the last one's end. */
    int64_t cols = w->k->cols * c->lanes;
    int64_t skip = w->x + w->rows > cols ? w->x + w->rows - cols : 0, x = w->x - skip;
    int64_t pixels = c->winograd ? WINOGRAD_OUT : c->out_step; /* from one position to the next */
    target t = {.at = w->image_at + (w->y * c->out_step * c->out.w + x * pixels) * c->out.c,
                .skip = skip};

    *corner = w->image + w->y * c->in_step * c->row_bytes + x * c->in_step * c->pixel * 2;
    w->left--;
    w->x += w->rows;
    if (w->x >= cols) {
        w->x = 0;
        if (++w->y == w->k->rows / c->lanes) {
            w->y = 0;
            w->image += c->image_bytes;
            w->image_at += shape_count(c->out);
        }
    }
    return t;
}

/* Four results of each position's six sums. */
static void finish_winograd(const bf16_conv *c, const bf16_output *o, const float *sums,
                            const target *t, int64_t rows, int64_t group)
{
    _Alignas(64) float y[WINOGRAD_OUT * BF16_TILE];
    target pixels = {t->at, t->skip * WINOGRAD_OUT};

    bf16_winograd_output(y, sums, 4 * BF16_TILE, rows);
    finish(c, o, y, &pixels, rows * WINOGRAD_OUT, group);
}

/* Sums of up to 4 tiles of one group, or up to 2 of two groups. */
static void run_block(walk *w, int64_t group, int groups, const char *packed, const bf16_output *o)
{
    _Alignas(64) float sums[WINOGRAD_PLANES][4 * BF16_TILE];
    const bf16_conv *c = w->c;
    bf16_block k = {.list = c->products + w->k->first,
                    .count = w->k->count,
                    .rows = w->rows,
                    .stride = c->in_step * c->pixel * 2,
                    .weights = packed + group * c->group_bytes,
                    .group_bytes = c->group_bytes,
                    .groups = groups};
    target t[4];

    while (k.tiles < 4 / groups && w->left > 0) {
        t[k.tiles] = walk_next(w, &k.corner[k.tiles]);
        k.tiles++;
    }
    for (int plane = 0; plane < c->planes; ++plane) {
        c->unit->sum(sums[plane], &k);
        for (int i = 0; i < k.tiles; ++i) k.corner[i] += c->plane_bytes;
        k.weights += c->plane_weights;
    }
    for (int i = 0; i < k.tiles; ++i)
        for (int g = 0; g < groups; ++g)
            (c->winograd ? finish_winograd : finish)(c, o, sums[0] + (i * groups + g) * BF16_TILE, &t[i],
                                                     w->rows, group + g);
}

static void run_class(const bf16_conv *c, const bf16_class *k, const char *images, const char *packed,
                      const bf16_output *o)
{
    int64_t rows = k->cols * c->lanes < BF16_ROWS ? k->cols * c->lanes : BF16_ROWS;
    if (!k->rows || !k->cols) return;
    c->unit->begin(rows);
    for (int64_t group = 0; group < c->groups; group += 2) {
        int groups = c->groups - group >= 2 ? 2 : 1;
        for (walk w = walk_start(c, k, images, rows); w.left > 0;)
            run_block(&w, group, groups, packed, o);
    }
}

static void copy_in(const bf16_conv *c, char *image, const uint16_t *values)
{
    if (c->winograd)
        bf16_winograd_input(image, c->plane_bytes, values, c->in.h, c->pitch, c->in.c);
    else if (c->lanes > 1)
        copy_bands(c, image, values);
    else
        copy_image(c, image, values);
}

void bf16_run(const bf16_conv *c, const uint16_t *values, const void *packed, void *scratch,
              const bf16_output *out)
{
    char *images = scratch;

    for (int64_t i = 0; i < c->images; ++i)
        copy_in(c, images + i * c->image_bytes, values + i * shape_count(c->in));
    for (int i = 0; i < c->class_count; ++i) run_class(c, &c->classes[i], images, packed, out);
    c->unit->end();
}
