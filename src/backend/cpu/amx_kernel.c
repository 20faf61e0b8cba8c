/* Running an amx_conv: bordered copy, tile products, finished sums. */
#include <immintrin.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/cpu/amx_conv.h"

#include <dnnl.h>

#define AMX __attribute__((target("amx-tile,amx-bf16,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

enum { ROWS = 16, COLUMNS = 16 };

/* The operating system saves the tiles of processes that asked for them only. */
static bool ask_for_tiles(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, TILE_DATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0;
}

/* oneDNN looks at the processor, and at ONEDNN_MAX_CPU_ISA for those who forbid it. */
bool amx_available(void)
{
    return dnnl_get_effective_cpu_isa() >= dnnl_cpu_isa_avx512_core_amx && ask_for_tiles();
}

typedef struct tile_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes_per_row[16];
    uint8_t rows[16];
} tile_config;

/* tmm0-3: sums, tmm4-5: positions, tmm6-7: weights. */
AMX static void configure(int64_t rows)
{
    tile_config t = {.palette = 1};
    for (int i = 0; i < 8; ++i) {
        t.bytes_per_row[i] = 64;
        t.rows[i] = (uint8_t)(i < 6 ? rows : ROWS);
    }
    _tile_loadconfig(&t);
}

/* ---- the bordered copy */

/* One row of an image, `dst` its first pixel in the bordered copy. */
static void copy_row(const amx_conv *c, uint16_t *dst, const uint16_t *src)
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
static void copy_band_row(const amx_conv *c, uint16_t *dst, const uint16_t *src)
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

static void copy_bands(const amx_conv *c, char *image, const uint16_t *values)
{
    for (int64_t lane = 0; lane < c->lanes; ++lane)
        for (int64_t y = 0; y < c->band_rows; ++y) {
            int64_t from = lane * c->band + y - c->pad_top;
            char *row = image + y * c->row_bytes + lane * c->pixel * 2;
            copy_band_row(c, (uint16_t *)(void *)row,
                          from < 0 || from >= c->in.h ? NULL : values + from * c->in.w * c->in.c);
        }
}

static void copy_image(const amx_conv *c, char *image, const uint16_t *values)
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

/* ---- products */

typedef struct target {
    const char *corner; /* of the tile's first position, in the bordered image */
    int64_t at;         /* of its first result, in the output */
    int64_t skip;       /* positions that the tile before has done */
} target;

AMX static void products_2x2(const amx_product *list, int count, const target *t, int64_t stride,
                             const char *b, int64_t group_bytes)
{
    const char *a0 = t[0].corner, *a1 = t[1].corner, *b1 = b + group_bytes;
    for (int i = 0; i < count; ++i) {
        _tile_loadd(6, b + list[i].b, 64);
        _tile_loadd(4, a0 + list[i].a, stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(7, b1 + list[i].b, 64);
        _tile_dpbf16ps(1, 4, 7);
        _tile_loadd(5, a1 + list[i].a, stride);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
}

AMX static void products_4x1(const amx_product *list, int count, const target *t, int64_t stride,
                             const char *b)
{
    const char *a0 = t[0].corner, *a1 = t[1].corner, *a2 = t[2].corner, *a3 = t[3].corner;
    for (int i = 0; i < count; ++i) {
        _tile_loadd(6, b + list[i].b, 64);
        _tile_loadd(4, a0 + list[i].a, stride);
        _tile_dpbf16ps(0, 4, 6);
        _tile_loadd(5, a1 + list[i].a, stride);
        _tile_dpbf16ps(1, 5, 6);
        _tile_loadd(4, a2 + list[i].a, stride);
        _tile_dpbf16ps(2, 4, 6);
        _tile_loadd(5, a3 + list[i].a, stride);
        _tile_dpbf16ps(3, 5, 6);
    }
}

/* ---- finished sums */

AMX static inline __m512 load_result(const uint16_t *v, __mmask16 m)
{
    __m256i half = _mm256_maskz_loadu_epi16(m, v);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

AMX static inline void store_result(uint16_t *v, __m512 x, __mmask16 m)
{
    _mm256_mask_storeu_epi16(v, m, (__m256i)_mm512_cvtneps_pbh(x));
}

AMX static void finish(const amx_conv *c, const amx_output *o, const float *sums, const target *t,
                       int64_t rows, int64_t group)
{
    int64_t n = c->out.c, first = group * COLUMNS, stride = c->out_step * n;
    int64_t lane_stride = c->band * c->out_step * c->out.w * n;
    __mmask16 m = (__mmask16)(n - first >= COLUMNS ? 0xffffu : (1u << (n - first)) - 1);
    __m512 bias = o->bias ? _mm512_maskz_loadu_ps(m, o->bias + first) : _mm512_setzero_ps();
    const __m512 slope = _mm512_set1_ps(o->slope);

    for (int64_t r = t->skip; r < rows; ++r) {
        int64_t x = c->lanes > 1 ? r / c->lanes : r, lane = c->lanes > 1 ? r % c->lanes : 0;
        int64_t at = t->at + x * stride + lane * lane_stride + first;
        __m512 v = _mm512_add_ps(_mm512_load_ps(sums + r * COLUMNS), bias);
        if (o->lrelu && !c->forward)
            v = _mm512_mask_mov_ps(_mm512_mul_ps(v, slope), o->mask[at / COLUMNS], v);
        if (o->accumulate) v = _mm512_add_ps(v, load_result(o->values + at, m));
        if (o->lrelu && c->forward) {
            __mmask16 up = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_GT_OQ);
            if (o->mask) o->mask[at / COLUMNS] = up;
            v = _mm512_mask_mov_ps(_mm512_mul_ps(v, slope), up, v);
        }
        store_result(o->values + at, v, m);
    }
}

/* ---- one class of positions */

/* Tiles of a class one after the other: along a row, row by row, image by image. */
typedef struct walk {
    const amx_conv *c;
    const amx_class *k;
    int64_t rows;          /* positions per tile */
    int64_t x, y;          /* of the next tile's first position */
    int64_t left;          /* tiles still to come */
    const char *image;
    int64_t image_at;      /* of the class's first result in this image */
} walk;

static walk walk_start(const amx_conv *c, const amx_class *k, const char *images, int64_t rows)
{
    return (walk){.c = c,
                  .k = k,
                  .rows = rows,
                  .left = c->images * (k->rows / c->lanes) * ((k->cols * c->lanes + rows - 1) / rows),
                  .image = images,
                  .image_at = (k->y0 * c->out.w + k->x0) * c->out.c};
}

static target walk_next(walk *w)
{
    const amx_conv *c = w->c;
    /* The last tile of a row ends with it and so may begin before the last one's end. */
    int64_t cols = w->k->cols * c->lanes;
    int64_t skip = w->x + w->rows > cols ? w->x + w->rows - cols : 0, x = w->x - skip;
    target t = {.corner = w->image + w->y * c->in_step * c->row_bytes + x * c->in_step * c->pixel * 2,
                .at = w->image_at + (w->y * c->out.w + x) * c->out_step * c->out.c,
                .skip = skip};

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

/* Sums of up to 4 tiles of one group, or up to 2 of two groups. */
AMX static void run_block(walk *w, int64_t group, int groups, const char *packed,
                          const amx_output *o)
{
    _Alignas(64) float sums[4][ROWS * COLUMNS];
    const amx_conv *c = w->c;
    const amx_product *list = c->products + w->k->first;
    const char *b = packed + group * c->group_bytes;
    int64_t stride = c->in_step * c->pixel * 2;
    int block = 4 / groups, count = w->left < block ? (int)w->left : block;
    target t[4];

    for (int i = 0; i < block; ++i) t[i] = i < count ? walk_next(w) : t[0];
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    if (groups == 2)
        products_2x2(list, w->k->count, t, stride, b, c->group_bytes);
    else
        products_4x1(list, w->k->count, t, stride, b);
    _tile_stored(0, sums[0], 64);
    _tile_stored(1, sums[1], 64);
    _tile_stored(2, sums[2], 64);
    _tile_stored(3, sums[3], 64);
    for (int i = 0; i < count; ++i)
        for (int g = 0; g < groups; ++g)
            finish(c, o, sums[i * groups + g], &t[i], w->rows, group + g);
}

AMX static void run_class(const amx_conv *c, const amx_class *k, const char *images,
                          const char *packed, const amx_output *o)
{
    int64_t rows = k->cols * c->lanes < ROWS ? k->cols * c->lanes : ROWS;
    if (!k->rows || !k->cols) return;
    configure(rows);
    for (int64_t group = 0; group < c->groups; group += 2) {
        int groups = c->groups - group >= 2 ? 2 : 1;
        for (walk w = walk_start(c, k, images, rows); w.left > 0;)
            run_block(&w, group, groups, packed, o);
    }
}

AMX void amx_run(const amx_conv *c, const uint16_t *values, const void *packed, void *scratch,
                 const amx_output *out)
{
    char *images = scratch;

    for (int64_t i = 0; i < c->images; ++i)
        (c->lanes > 1 ? copy_bands : copy_image)(c, images + i * c->image_bytes,
                                                 values + i * shape_count(c->in));
    for (int i = 0; i < c->class_count; ++i) run_class(c, &c->classes[i], images, packed, out);
    _tile_release();
}
