/* Gradients to weights: the two factors in pairs of positions, and their products. */
#include "backend/cpu/x86/bf16_weights.h"

#include <immintrin.h>
#include <string.h>

#include "backend/cpu/x86/bf16_unit.h"
#include "backend/cpu/x86/bf16_winograd.h"

enum { LANES = BF16_COLUMNS, PAIR_BYTES = 2 * LANES * 2, MAX_KERNEL = 7 };

bool bf16_weights_supports(const step *s)
{
    const op *o = &s->op;
    return s->kind == STEP_BACKWARD_PARAMS && o->kind == OP_CONV2D && bf16_best_unit() == &bf16_dot_unit &&
           s->src.f.dtype == JEM_BF16 && s->src2.f.dtype == JEM_BF16 && s->src.f.block == o->dst.c &&
           s->src2.f.block == o->src.c && o->kernel_h == o->kernel_w && o->kernel_h <= MAX_KERNEL &&
           op_even_pads(o) && o->bias >= 0 && !s->lean && !s->quad &&
           o->src.c >= LANES; /* of fewer channels oneDNN makes better vectors */
}

static int64_t blocks(int64_t channels)
{
    return (channels + LANES - 1) / LANES;
}

void bf16_weights_init(bf16_weights *w, const step *s)
{
    const op *o = &s->op;

    *w = (bf16_weights){.o = *o, .images = s->n, .in_blocks = blocks(o->src.c), .out_blocks = blocks(o->dst.c)};
    w->winograd = !s->direct && o->kernel_h == WINOGRAD_TAPS && o->stride == 1 && o->pad_top == 1 &&
                  o->src.w % (2 * WINOGRAD_OUT) == 0 && o->src.c % LANES == 0;
    w->planes = w->winograd ? WINOGRAD_PLANES : (int)o->kernel_w;
    w->z_planes = w->winograd ? WINOGRAD_PLANES : 1;
    w->pairs = w->winograd ? o->dst.w / (2 * WINOGRAD_OUT) : (o->dst.w + 1) / 2;
    w->rows = (o->dst.h - 1) * o->stride + o->kernel_h;
    w->v_image = w->rows * w->pairs * PAIR_BYTES;
    w->z_image = o->dst.h * w->pairs * PAIR_BYTES;
}

static int64_t v_bytes(const bf16_weights *w)
{
    return w->v_image * w->images * w->planes * w->in_blocks;
}

int64_t bf16_weights_scratch(const bf16_weights *w)
{
    return v_bytes(w) + w->z_image * w->images * w->z_planes * w->out_blocks;
}

/* ---- the factors, of sixteen channels of one row */

WIDE static inline __m512 widen(const uint16_t *v, __mmask16 m)
{
    __m256i half = _mm256_maskz_loadu_epi16(m, v);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

WIDE static inline void store_pair(char *at, __m512 even, __m512 odd)
{
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
                                           23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    __m512i both = (__m512i)_mm512_cvtne2ps_pbh(odd, even);
    _mm512_storeu_si512(at, _mm512_permutexvar_epi16(order, both));
}

/* What reads rows of pixels: pixel x of a row, or zeros beside it. */
typedef struct pixels {
    const uint16_t *row;
    int64_t width, channels;
    __mmask16 lanes;
} pixels;

WIDE static inline __m512 pixel(const pixels *p, int64_t x)
{
    return x < 0 || x >= p->width ? _mm512_setzero_ps() : widen(p->row + x * p->channels, p->lanes);
}

WIDE static void input_planes(const bf16_weights *w, char *out, int64_t plane, const pixels *p)
{
    __m512 even[WINOGRAD_PLANES], odd[WINOGRAD_PLANES], d[10];

    for (int64_t j = 0; j < w->pairs; ++j, out += PAIR_BYTES) {
        for (int i = 0; i < 10; ++i) d[i] = pixel(p, 8 * j - 1 + i);
        bf16_winograd_numbers(even, d);
        bf16_winograd_numbers(odd, d + WINOGRAD_OUT);
        for (int t = 0; t < WINOGRAD_PLANES; ++t) store_pair(out + t * plane, even[t], odd[t]);
    }
}

WIDE static void input_columns(const bf16_weights *w, char *out, int64_t plane, const pixels *p)
{
    const op *o = &w->o;
    for (int64_t j = 0; j < w->pairs; ++j, out += PAIR_BYTES)
        for (int t = 0; t < w->planes; ++t) {
            int64_t x = 2 * j * o->stride + t - o->pad_left;
            store_pair(out + t * plane, pixel(p, x), pixel(p, x + o->stride));
        }
}

WIDE static __m512 gradient_planes(const bf16_weights *w, char *out, int64_t plane, const pixels *p)
{
    __m512 even[WINOGRAD_PLANES], odd[WINOGRAD_PLANES], d[8], sum = _mm512_setzero_ps();

    for (int64_t j = 0; j < w->pairs; ++j, out += PAIR_BYTES) {
        for (int i = 0; i < 8; ++i) sum = _mm512_add_ps(sum, d[i] = pixel(p, 8 * j + i));
        bf16_winograd_spread(even, d);
        bf16_winograd_spread(odd, d + WINOGRAD_OUT);
        for (int t = 0; t < WINOGRAD_PLANES; ++t) store_pair(out + t * plane, even[t], odd[t]);
    }
    return sum;
}

WIDE static __m512 gradient_pairs(const bf16_weights *w, char *out, int64_t plane, const pixels *p)
{
    __m512 sum = _mm512_setzero_ps();

    (void)plane;
    for (int64_t j = 0; j < w->pairs; ++j, out += PAIR_BYTES) {
        __m512 even = pixel(p, 2 * j), odd = pixel(p, 2 * j + 1);
        sum = _mm512_add_ps(sum, _mm512_add_ps(even, odd));
        store_pair(out, even, odd);
    }
    return sum;
}

/* Block b of channels of row y of an image of shape s. */
static pixels pixels_of(const uint16_t *image, shape s, int64_t y, int64_t b)
{
    int64_t left = s.c - b * LANES;
    return (pixels){.row = image + y * s.w * s.c + b * LANES, .width = s.w, .channels = s.c,
                    .lanes = (__mmask16)(left >= LANES ? 0xffffu : (1u << left) - 1)};
}

/* V [block][plane][image][row][pair]. */
static void write_input(const bf16_weights *w, char *v, const uint16_t *x)
{
    const shape s = w->o.src;
    const int64_t plane = w->v_image * w->images, row = w->pairs * PAIR_BYTES;

    for (int64_t n = 0; n < w->images; ++n, x += shape_count(s))
        for (int64_t b = 0; b < w->in_blocks; ++b)
            for (int64_t r = 0; r < w->rows; ++r) {
                char *out = v + b * w->planes * plane + n * w->v_image + r * row;
                int64_t y = r - w->o.pad_top;
                if (y < 0 || y >= s.h) {
                    for (int t = 0; t < w->planes; ++t) memset(out + t * plane, 0, (size_t)row);
                    continue;
                }
                pixels p = pixels_of(x, s, y, b);
                (w->winograd ? input_planes : input_columns)(w, out, plane, &p);
            }
}

/* Z [block][plane][image][row][pair], and the gradient to the bias. */
WIDE static void write_gradient(const bf16_weights *w, char *z, float *dbias, const uint16_t *dy)
{
    const shape s = w->o.dst;
    const int64_t plane = w->z_image * w->images, row = w->pairs * PAIR_BYTES;

    for (int64_t b = 0; b < w->out_blocks; ++b) {
        __m512 sum = _mm512_setzero_ps();
        pixels p;
        for (int64_t n = 0; n < w->images; ++n)
            for (int64_t y = 0; y < s.h; ++y) {
                char *out = z + b * w->z_planes * plane + n * w->z_image + y * row;
                p = pixels_of(dy + n * shape_count(s), s, y, b);
                sum = _mm512_add_ps(sum, (w->winograd ? gradient_planes : gradient_pairs)(w, out, plane, &p));
            }
        _mm512_mask_storeu_ps(dbias + b * LANES, p.lanes, sum);
    }
}

/* ---- products */

/* m [in][out] <- sum over images and rows of v . z, whose rows are v_row, z_row bytes apart. */
typedef struct sums {
    const char *v, *z;
    int64_t v_row, v_image, z_image;
    int64_t images, rows, pairs;
} sums;

WIDE static void add_up(float *m, const sums *s)
{
    __m512 acc[LANES];

#pragma GCC unroll 16
    for (int r = 0; r < LANES; ++r) acc[r] = _mm512_setzero_ps();
    for (int64_t n = 0; n < s->images; ++n) {
        const char *z = s->z + n * s->z_image;
        for (int64_t y = 0; y < s->rows; ++y) {
            const char *v = s->v + n * s->v_image + y * s->v_row, *end = v + s->pairs * PAIR_BYTES;
            for (; v < end; v += PAIR_BYTES, z += PAIR_BYTES) {
                __m512bh k = (__m512bh)_mm512_loadu_si512(z);
#pragma GCC unroll 16
                for (int r = 0; r < LANES; ++r) {
                    int32_t pair;
                    memcpy(&pair, v + 4 * r, sizeof pair);
                    acc[r] = _mm512_dpbf16_ps(acc[r], k, (__m512bh)_mm512_set1_epi32(pair));
                }
            }
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < LANES; ++r) _mm512_storeu_ps(m + r * LANES, acc[r]);
}

/* One kernel row's sums of all planes, for a block of input and of output channels. */
static void sum_planes(const bf16_weights *w, float m[][LANES * LANES], const char *v, const char *z,
                       int64_t ky)
{
    const int64_t row = w->pairs * PAIR_BYTES, stride = w->o.stride;
    /* Where the rows of both lie one after the other they are one long row. */
    const bool joined = stride == 1;
    sums s = {.v = v + ky * row,
              .z = z,
              .v_row = stride * row,
              .v_image = w->v_image,
              .z_image = w->z_image,
              .images = w->images,
              .rows = joined ? 1 : w->o.dst.h,
              .pairs = joined ? w->pairs * w->o.dst.h : w->pairs};

    for (int t = 0; t < w->planes; ++t) {
        add_up(m[t], &s);
        s.v += w->v_image * w->images;
        if (w->z_planes > 1) s.z += w->z_image * w->images;
    }
}

/* Gradients [out, in, k, k] of one kernel row from [kx][in][out] of a block. */
static void put(const bf16_weights *w, float *dweights, float m[][LANES * LANES], int64_t ky, int64_t c0,
                int64_t k0)
{
    const op *o = &w->o;
    const int64_t taps = o->kernel_w, channels = o->src.c - c0 < LANES ? o->src.c - c0 : LANES;
    const int64_t outs = o->dst.c - k0 < LANES ? o->dst.c - k0 : LANES;

    for (int64_t k = 0; k < outs; ++k) {
        float *d = dweights + (((k0 + k) * o->src.c + c0) * o->kernel_h + ky) * taps;
        for (int64_t c = 0; c < channels; ++c, d += taps * o->kernel_h)
            for (int64_t t = 0; t < taps; ++t) d[t] = m[t][c * LANES + k];
    }
}

void bf16_weights_run(const bf16_weights *w, float *dweights, float *dbias, const uint16_t *x,
                      const uint16_t *dy, void *scratch)
{
    _Alignas(64) float m[MAX_KERNEL][LANES * LANES];
    char *v = scratch, *z = v + v_bytes(w);

    write_input(w, v, x);
    write_gradient(w, z, dbias, dy);
    for (int64_t k = 0; k < w->out_blocks; ++k)
        for (int64_t c = 0; c < w->in_blocks; ++c)
            for (int64_t ky = 0; ky < w->o.kernel_h; ++ky) {
                sum_planes(w, m, v + c * w->planes * w->v_image * w->images,
                           z + k * w->z_planes * w->z_image * w->images, ky);
                if (w->winograd) bf16_winograd_gradient(m);
                put(w, dweights, m, ky, c * LANES, k * LANES);
            }
}
