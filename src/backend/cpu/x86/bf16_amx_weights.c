/* Gradients to weights on the matrix unit: the two factors, and their products. */
#include "backend/cpu/x86/bf16_amx_weights.h"

#include <immintrin.h>
#include <string.h>

#include "backend/cpu/x86/bf16_unit.h"
#include "backend/cpu/x86/bf16_winograd.h"

#define AMX __attribute__((target("amx-tile,amx-bf16")))

enum { LANES = BF16_COLUMNS, STEP = 32, STEP_BYTES = STEP * 2, PAIR_BYTES = 2 * LANES * 2, TAIL_BYTES = 2 * STEP_BYTES,
       GROUP = 6, MAX_STRIDE = 2 };

bool bf16_amx_weights_supports(const step *s)
{
    const op *o = &s->op;
    return s->kind == STEP_BACKWARD_PARAMS && o->kind == OP_CONV2D && o->groups <= 1 && bf16_amx_available() &&
           s->src.f.dtype == JEM_BF16 && s->src2.f.dtype == JEM_BF16 && s->src.f.block == o->dst.c &&
           s->src2.f.block == o->src.c && o->kernel_h * o->kernel_w <= AMX_MAX_TAPS && o->stride <= MAX_STRIDE &&
           op_even_pads(o) && !s->lean && !s->quad;
}

static int64_t blocks(int64_t channels)
{
    return (channels + LANES - 1) / LANES;
}

static int64_t round_up(int64_t n, int64_t unit)
{
    return (n + unit - 1) / unit * unit;
}

void bf16_amx_weights_init(bf16_amx_weights *w, const step *s)
{
    const op *o = &s->op;
    const int64_t more = (o->kernel_w - 1) / o->stride, below = (o->kernel_h - 1) / o->stride;

    *w = (bf16_amx_weights){.o = *o, .images = s->n, .in_blocks = blocks(o->src.c), .out_blocks = blocks(o->dst.c),
                            .pitch = o->dst.w + more, .rows = o->dst.h + below,
                            .taps = (int)(o->kernel_h * o->kernel_w)};
    w->steps = (o->dst.h * w->pitch + STEP - 1) / STEP;
    w->plane = w->rows * w->pitch * 2;
    w->image = o->stride * o->stride * LANES * w->plane;
    w->z_image = w->steps * (STEP / 2) * PAIR_BYTES;
    for (int t = 0; t < w->taps; ++t) {
        const int64_t ky = t / o->kernel_w, kx = t % o->kernel_w, plane = ky % o->stride * o->stride + kx % o->stride;
        w->tap_at[t] = plane * LANES * w->plane + (ky / o->stride * w->pitch + kx / o->stride) * 2;
    }
}

static int64_t v_bytes(const bf16_amx_weights *w)
{
    return round_up(w->in_blocks * w->images * w->image + TAIL_BYTES, 64);
}

static int64_t z_bytes(const bf16_amx_weights *w)
{
    return w->out_blocks * w->images * w->z_image;
}

/* M of two blocks of output channels: [in block][tap][2][16][16]. */
static int64_t m_bytes(const bf16_amx_weights *w)
{
    return w->in_blocks * w->taps * 2 * BF16_TILE * (int64_t)sizeof(float);
}

int64_t bf16_amx_weights_scratch(const bf16_amx_weights *w)
{
    return v_bytes(w) + z_bytes(w) + m_bytes(w);
}

/* ---- the factors */

static __mmask16 lanes_of(int64_t channels, int64_t block)
{
    const int64_t left = channels - block * LANES;
    return (__mmask16)(left >= LANES ? 0xffffu : (1u << left) - 1);
}

/* Pixels `at` and `at` + apart, those at `end` and beyond being zeros: [16 channels][2]. */
WIDE static inline __m512i pair_of(const uint16_t *at, const uint16_t *end, int64_t apart, __mmask16 lanes)
{
    const __m512i order = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8,
                                           23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    const __m256i even = at < end ? _mm256_maskz_loadu_epi16(lanes, at) : _mm256_setzero_si256();
    const __m256i odd = at + apart < end ? _mm256_maskz_loadu_epi16(lanes, at + apart) : _mm256_setzero_si256();
    return _mm512_permutexvar_epi16(order, _mm512_inserti64x4(_mm512_castsi256_si512(even), odd, 1));
}

/* Sixteen rows of sixteen 32-bit numbers to their columns. */
WIDE static inline void transpose(__m512i r[16])
{
    __m512i t[16];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
        t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        r[4 * i] = _mm512_unpacklo_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 1] = _mm512_unpackhi_epi64(t[4 * i], t[4 * i + 2]);
        r[4 * i + 2] = _mm512_unpacklo_epi64(t[4 * i + 1], t[4 * i + 3]);
        r[4 * i + 3] = _mm512_unpackhi_epi64(t[4 * i + 1], t[4 * i + 3]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        t[i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
        t[4 + i] = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
        t[8 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
        t[12 + i] = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
        r[i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0x88);
        r[8 + i] = _mm512_shuffle_i32x4(t[i], t[8 + i], 0xdd);
        r[4 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0x88);
        r[12 + i] = _mm512_shuffle_i32x4(t[4 + i], t[12 + i], 0xdd);
    }
}

/* Row y of the image read, `lanes` channels from `x` on, into the planes of V at `v` that some tap reads. */
WIDE static void write_row(const bf16_amx_weights *w, char *v, int64_t y, const uint16_t *x, __mmask16 lanes)
{
    const op *o = &w->o;
    const int64_t s = o->stride, padded = y + o->pad_top, apart = s * o->src.c;
    const uint16_t *end = x + o->src.w * o->src.c;

    for (int64_t p = 0; p < s && p < o->kernel_w; ++p) {
        char *row = v + (padded % s * s + p) * LANES * w->plane + padded / s * w->pitch * 2;
        const int64_t first = p < o->pad_left ? (o->pad_left - p + s - 1) / s : 0; /* column with a pixel */
        const uint16_t *at = x + (s * first + p - o->pad_left) * o->src.c;
        for (int64_t column = first; column < w->pitch && at < end; column += STEP, at += STEP * apart) {
            __m512i r[16];
            const int64_t room = w->pitch - column;
            const __mmask32 m = room >= STEP ? 0xffffffffu : (1u << room) - 1;
#pragma GCC unroll 16
            for (int i = 0; i < 16; ++i) r[i] = pair_of(at + 2 * i * apart, end, apart, lanes);
            transpose(r);
#pragma GCC unroll 16
            for (int c = 0; c < LANES; ++c) _mm512_mask_storeu_epi16(row + c * w->plane + column * 2, m, r[c]);
        }
    }
}

static void write_input(const bf16_amx_weights *w, char *v, const uint16_t *x)
{
    const shape s = w->o.src;
    const int64_t stride = w->o.stride;

    for (int64_t b = 0; b < w->in_blocks; ++b)
        for (int64_t n = 0; n < w->images; ++n) {
            char *image = v + (b * w->images + n) * w->image;
            memset(image, 0, (size_t)w->image); /* borders */
            for (int64_t y = 0; y < s.h; ++y)
                if ((y + w->o.pad_top) / stride < w->rows && (y + w->o.pad_top) % stride < w->o.kernel_h)
                    write_row(w, image, y, x + (n * s.h + y) * s.w * s.c + b * LANES, lanes_of(s.c, b));
        }
    memset(v + w->in_blocks * w->images * w->image, 0, TAIL_BYTES); /* read beyond the end, times zeros */
}

WIDE static inline __m512 widen(__m256i half)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

/* Row y of one image's gradient, and its sum over the row. */
WIDE static __m512 write_gradient_row(const bf16_amx_weights *w, char *z, int64_t y, const uint16_t *dy, __mmask16 lanes)
{
    const int64_t channels = w->o.dst.c, first = y * w->pitch;
    __m512 sum = _mm512_setzero_ps();

    /* a pair may lie across two rows: element by element, two bytes apart */
    for (int64_t x = 0; x < w->o.dst.w; ++x) {
        const __m256i g = _mm256_maskz_loadu_epi16(lanes, dy + x * channels);
        const int64_t p = first + x;
        sum = _mm512_add_ps(sum, widen(g));
        if (p % 2 == 0 && x + 1 < w->o.dst.w) {
            const uint16_t *at = dy + x * channels;
            _mm512_storeu_si512(z + p / 2 * PAIR_BYTES, pair_of(at, at + 2 * channels, channels, lanes));
            sum = _mm512_add_ps(sum, widen(_mm256_maskz_loadu_epi16(lanes, at + channels)));
            ++x;
            continue;
        }
        char *pair = z + p / 2 * PAIR_BYTES; /* the other half is written before, later, or 0 */
        const __m512i spread = _mm512_slli_epi32(_mm512_cvtepu16_epi32(g), p % 2 ? 16 : 0);
        _mm512_storeu_si512(pair, _mm512_or_si512(_mm512_loadu_si512(pair), spread));
    }
    return sum;
}

WIDE static void write_gradient(const bf16_amx_weights *w, char *z, float *dbias, const uint16_t *dy)
{
    const shape s = w->o.dst;

    for (int64_t b = 0; b < w->out_blocks; ++b) {
        const __mmask16 lanes = lanes_of(s.c, b);
        __m512 sum = _mm512_setzero_ps();
        for (int64_t n = 0; n < w->images; ++n) {
            char *image = z + (b * w->images + n) * w->z_image;
            memset(image, 0, (size_t)w->z_image);
            for (int64_t y = 0; y < s.h; ++y)
                sum = _mm512_add_ps(sum, write_gradient_row(w, image, y,
                                                            dy + (n * s.h + y) * s.w * s.c + b * LANES, lanes));
        }
        if (dbias) _mm512_mask_storeu_ps(dbias + b * LANES, lanes, sum);
    }
}

/* ---- products */

/* Where the taps of a group begin in V, of their first image, and their sums in M. */
typedef struct group {
    const char *v[GROUP], *z[2];
    float *m[GROUP];
} group;

AMX static void clear_tiles(void)
{
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    _tile_zero(4);
    _tile_zero(5);
}

/* Six taps of one block of output channels; tmm6: V, tmm7: Z. */
AMX static void add_up_six(const bf16_amx_weights *w, const group *g)
{
    clear_tiles();
    for (int64_t n = 0; n < w->images; ++n) {
        const char *z = g->z[0] + n * w->z_image;
        int64_t at = n * w->image;
        for (int64_t i = 0; i < w->steps; ++i, at += STEP_BYTES) {
            _tile_loadd(7, z + i * (STEP / 2) * PAIR_BYTES, 64);
            _tile_loadd(6, g->v[0] + at, w->plane);
            _tile_dpbf16ps(0, 6, 7);
            _tile_loadd(6, g->v[1] + at, w->plane);
            _tile_dpbf16ps(1, 6, 7);
            _tile_loadd(6, g->v[2] + at, w->plane);
            _tile_dpbf16ps(2, 6, 7);
            _tile_loadd(6, g->v[3] + at, w->plane);
            _tile_dpbf16ps(3, 6, 7);
            _tile_loadd(6, g->v[4] + at, w->plane);
            _tile_dpbf16ps(4, 6, 7);
            _tile_loadd(6, g->v[5] + at, w->plane);
            _tile_dpbf16ps(5, 6, 7);
        }
    }
    _tile_stored(0, g->m[0], 64);
    _tile_stored(1, g->m[1], 64);
    _tile_stored(2, g->m[2], 64);
    _tile_stored(3, g->m[3], 64);
    _tile_stored(4, g->m[4], 64);
    _tile_stored(5, g->m[5], 64);
}

/* Three taps of two blocks, whose sums are a tile apart. */
AMX static void add_up_pair(const bf16_amx_weights *w, const group *g)
{
    clear_tiles();
    for (int64_t n = 0; n < w->images; ++n) {
        const char *z0 = g->z[0] + n * w->z_image, *z1 = g->z[1] + n * w->z_image;
        int64_t at = n * w->image;
        for (int64_t i = 0; i < w->steps; ++i, at += STEP_BYTES) {
            const int64_t pairs = i * (STEP / 2) * PAIR_BYTES;
            _tile_loadd(7, z0 + pairs, 64);
            _tile_loadd(6, g->v[0] + at, w->plane);
            _tile_dpbf16ps(0, 6, 7);
            _tile_loadd(6, g->v[1] + at, w->plane);
            _tile_dpbf16ps(1, 6, 7);
            _tile_loadd(6, g->v[2] + at, w->plane);
            _tile_dpbf16ps(2, 6, 7);
            _tile_loadd(7, z1 + pairs, 64);
            _tile_dpbf16ps(5, 6, 7);
            _tile_loadd(6, g->v[1] + at, w->plane);
            _tile_dpbf16ps(4, 6, 7);
            _tile_loadd(6, g->v[0] + at, w->plane);
            _tile_dpbf16ps(3, 6, 7);
        }
    }
    _tile_stored(0, g->m[0], 64);
    _tile_stored(1, g->m[1], 64);
    _tile_stored(2, g->m[2], 64);
    _tile_stored(3, g->m[0] + BF16_TILE, 64);
    _tile_stored(4, g->m[1] + BF16_TILE, 64);
    _tile_stored(5, g->m[2] + BF16_TILE, 64);
}

/* M of the blocks `out` and out + 1, if there is one.  Where a group is not full, its last tap's products are
 * formed once more. */
static void sum_blocks(const bf16_amx_weights *w, float *m, const char *v, const char *z, int64_t out)
{
    const bool pair = out + 1 < w->out_blocks;
    const int64_t items = w->in_blocks * w->taps, each = pair ? GROUP / 2 : GROUP;
    group g = {.z = {z + out * w->images * w->z_image, z + (out + 1) * w->images * w->z_image}};

    for (int64_t first = 0; first < items; first += each) {
        for (int i = 0; i < each; ++i) {
            const int64_t item = first + i < items ? first + i : items - 1;
            g.v[i] = v + item / w->taps * w->images * w->image + w->tap_at[item % w->taps];
            g.m[i] = m + item * 2 * BF16_TILE;
        }
        (pair ? add_up_pair : add_up_six)(w, &g);
    }
}

/* A block of output channels from its M, a block of input channels at a time, which the nearest cache keeps. */
static void put(const bf16_amx_weights *w, float *dweights, const float *m, int64_t out)
{
    const int64_t channels = w->o.src.c, each = channels * w->taps;
    const int64_t outs = w->o.dst.c - out * LANES < LANES ? w->o.dst.c - out * LANES : LANES;

    dweights += out * LANES * each;
    for (int64_t first = 0; first < channels; first += LANES, m += w->taps * 2 * BF16_TILE)
        for (int64_t k = 0; k < outs; ++k) {
            float *to = dweights + k * each + first * w->taps;
            for (int64_t c = 0; c < LANES && first + c < channels; ++c)
                for (int t = 0; t < w->taps; ++t) *to++ = m[t * 2 * BF16_TILE + c * LANES + k];
        }
}

void bf16_amx_weights_run(const bf16_amx_weights *w, float *dweights, float *dbias, const uint16_t *x,
                          const uint16_t *dy, void *scratch)
{
    char *v = scratch, *z = v + v_bytes(w);
    float *m = (float *)(void *)(z + z_bytes(w));

    write_input(w, v, x);
    write_gradient(w, z, dbias, dy);
    bf16_amx_unit.begin(BF16_ROWS);
    for (int64_t out = 0; out < w->out_blocks; out += 2) {
        sum_blocks(w, m, v, z, out);
        for (int64_t k = out; k < out + 2 && k < w->out_blocks; ++k) put(w, dweights, m + (k - out) * BF16_TILE, k);
    }
    bf16_amx_unit.end();
}
