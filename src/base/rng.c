/* Philox4x32-10 and Box-Muller normals, computed for many blocks side by side.
 *
 * Philox: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"; the tests hold this against Random123's own philox4x32_R(10, ...).
 * Logarithm and sine: the single-precision polynomials of Cephes (Moshier),
 * in a form that needs no fused operation and no table, so that the bits do not
 * depend on compiler, vector width, or device. */
#include "base/rng.h"

#include <assert.h>
#include <string.h>

enum {
    LANES = 64, /* Philox blocks computed together */
    ROUNDS = 10
};

static const uint32_t mul_0 = 0xD2511F53u, mul_1 = 0xCD9E8D57u;   /* round multipliers */
static const uint32_t weyl_0 = 0x9E3779B9u, weyl_1 = 0xBB67AE85u; /* key increments */

#define INLINE static inline __attribute__((always_inline))

/* One of the ten rounds on the four counter words. */
INLINE void philox_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d, uint32_t key_0,
                         uint32_t key_1)
{
    uint64_t p0 = (uint64_t)mul_0 * *a, p1 = (uint64_t)mul_1 * *c;

    *a = (uint32_t)(p1 >> 32) ^ *b ^ key_0;
    *b = (uint32_t)p1;
    *c = (uint32_t)(p0 >> 32) ^ *d ^ key_1;
    *d = (uint32_t)p0;
}

/* w[j][i] <- word j of block first + i.  Rounds outside, lanes inside: the form
 * that compilers turn into vector code. */
INLINE void philox_lanes(uint32_t (*restrict w)[LANES], int lanes, const rng_stream *s,
                         uint32_t image, uint32_t first)
{
    uint32_t key_0 = (uint32_t)s->seed, key_1 = (uint32_t)(s->seed >> 32);

    assert(s->sub < 1u << 24 && (uint32_t)s->purpose < 256);
    for (int i = 0; i < lanes; i++) {
        w[0][i] = first + (uint32_t)i;
        w[1][i] = image;
        w[2][i] = s->step;
        w[3][i] = (uint32_t)s->purpose << 24 | s->sub;
    }
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < lanes; i++)
            philox_round(&w[0][i], &w[1][i], &w[2][i], &w[3][i], key_0, key_1);
        key_0 += weyl_0;
        key_1 += weyl_1;
    }
}

void rng_block(uint32_t out[4], const rng_stream *s, uint32_t image, uint32_t block)
{
    uint32_t w[4][LANES];

    philox_lanes(w, 1, s, image, block);
    for (int j = 0; j < 4; j++) out[j] = w[j][0];
}

uint32_t rng_u32(const rng_stream *s, uint32_t image, uint32_t element)
{
    uint32_t w[4];

    rng_block(w, s, image, element / 4);
    return w[element % 4];
}

INLINE float unit_from_word(uint32_t w)
{
    return (float)(int32_t)(w >> 8) * 0x1p-24f;
}

float rng_unit(const rng_stream *s, uint32_t image, uint32_t element)
{
    return unit_from_word(rng_u32(s, image, element));
}

uint32_t rng_below(const rng_stream *s, uint32_t image, uint32_t element, uint32_t bound)
{
    assert(bound >= 1);
    return (uint32_t)((uint64_t)rng_u32(s, image, element) * bound >> 32);
}

void rng_fill_below(int64_t *dst, int64_t n, uint32_t bound, const rng_stream *s, uint32_t image)
{
    uint32_t w[4][LANES];

    assert(bound >= 1 && n >= 0 && n <= (int64_t)UINT32_MAX + 1);
    for (int64_t i = 0; i < n; i += 4 * LANES) {
        int64_t left = n - i, blocks = left / 4 < LANES ? left / 4 : LANES;
        if (blocks == LANES)
            philox_lanes(w, LANES, s, image, (uint32_t)(i / 4));
        else
            philox_lanes(w, (int)blocks + 1, s, image, (uint32_t)(i / 4));
        for (int64_t b = 0; b < blocks; b++)
            for (int j = 0; j < 4; j++)
                dst[i + 4 * b + j] = (int64_t)((uint64_t)w[j][b] * bound >> 32);
        for (int64_t e = 4 * blocks; blocks < LANES && e < left; e++)
            dst[i + e] = (int64_t)((uint64_t)w[e % 4][blocks] * bound >> 32);
    }
}

INLINE float float_from_bits(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

INLINE uint32_t bits_from_float(float f)
{
    uint32_t bits;

    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* sqrt(v) for v >= 0, by Newton's method for 1 / sqrt(v): sqrtf() may set errno,
 * which keeps compilers from vectorising a loop that calls it. */
INLINE float root(float v)
{
    float half = 0.5f * v;
    float y = float_from_bits(0x5f375a86u - (bits_from_float(v) >> 1)); /* within 2e-3 */

    for (int i = 0; i < 3; i++) y = y * (1.5f - half * y * y);
    return v * y;
}

/* sqrt(-2 ln u), u = (w / 2 + 1/2) / 2^31 in (0, 1]: at most 6.66. */
INLINE float radius_from_word(uint32_t w)
{
    float u = ((float)(int32_t)(w >> 1) + 0.5f) * 0x1p-31f;
    /* u = m 2^e with m in [sqrt(1/2), sqrt(2)) */
    uint32_t shifted = bits_from_float(u) - 0x3f3504f3u + (127u << 23);
    int32_t e = (int32_t)(shifted >> 23) - 127;
    float m = float_from_bits((shifted & 0x7fffffu) + 0x3f3504f3u);
    float x = m - 1.0f, z = x * x, k = (float)e, y;

    y = 7.0376836292e-2f;
    y = y * x - 1.1514610310e-1f;
    y = y * x + 1.1676998740e-1f;
    y = y * x - 1.2420140846e-1f;
    y = y * x + 1.4249322787e-1f;
    y = y * x - 1.6668057665e-1f;
    y = y * x + 2.0000714765e-1f;
    y = y * x - 2.4999993993e-1f;
    y = y * x + 3.3333331174e-1f;
    y = y * x * z + k * -2.12194440e-4f - 0.5f * z;
    return root(-2.0f * (x + y + k * 0.693359375f));
}

/* cos and sin of 2 pi w / 2^32: the two top bits (after rounding) are the
 * quadrant, the rest an angle within a quarter of pi. */
INLINE void turn_from_word(float *cosine, float *sine, uint32_t w)
{
    uint32_t quadrant = (w + 0x20000000u) >> 30;
    int32_t rest = (int32_t)(w - (quadrant << 30));
    float x = (float)rest * 1.46291807926715968e-9f; /* 2 pi / 2^32 */
    float z = x * x, s, c;
    uint32_t swap = 0u - (quadrant & 1u), s_bits, c_bits, differ;

    s = -1.9515295891e-4f;
    s = s * z + 8.3321608736e-3f;
    s = s * z - 1.6666654611e-1f;
    s = s * z * x + x;
    c = 2.443315711809948e-5f;
    c = c * z - 1.388731625493765e-3f;
    c = c * z + 4.166664568298827e-2f;
    c = c * z * z - 0.5f * z + 1.0f;

    s_bits = bits_from_float(s);
    c_bits = bits_from_float(c);
    differ = (s_bits ^ c_bits) & swap;
    s_bits ^= differ ^ ((quadrant & 2u) << 30);
    c_bits ^= differ ^ (((quadrant + 1u) & 2u) << 30);
    *sine = float_from_bits(s_bits);
    *cosine = float_from_bits(c_bits);
}

/* dst[0..4*LANES) <- the normals of blocks first .. first+LANES-1. */
INLINE void normal_lanes(float *restrict dst, const rng_stream *s, uint32_t image, uint32_t first)
{
    uint32_t w[4][LANES];
    float z[4][LANES];

    philox_lanes(w, LANES, s, image, first);
    for (int i = 0; i < LANES; i++) {
        float r0 = radius_from_word(w[0][i]), r1 = radius_from_word(w[2][i]);
        float c0, s0, c1, s1;
        turn_from_word(&c0, &s0, w[1][i]);
        turn_from_word(&c1, &s1, w[3][i]);
        z[0][i] = r0 * c0;
        z[1][i] = r0 * s0;
        z[2][i] = r1 * c1;
        z[3][i] = r1 * s1;
    }
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < 4; j++) dst[4 * i + j] = z[j][i];
}

/* dst[0..4*LANES) <- uniforms on [low, low + span). */
INLINE void uniform_lanes(float *restrict dst, const rng_stream *s, uint32_t image, uint32_t first,
                          float low, float span)
{
    uint32_t w[4][LANES];

    philox_lanes(w, LANES, s, image, first);
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < 4; j++) dst[4 * i + j] = low + span * unit_from_word(w[j][i]);
}

void rng_fill_uniform(float *dst, int64_t n, float low, float high, const rng_stream *s,
                      uint32_t image)
{
    float last[4 * LANES];
    int64_t i = 0;

    assert(n >= 0 && n <= (int64_t)UINT32_MAX + 1);
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        uniform_lanes(dst + i, s, image, (uint32_t)(i / 4), low, high - low);
    if (i == n) return;
    uniform_lanes(last, s, image, (uint32_t)(i / 4), low, high - low);
    memcpy(dst + i, last, (size_t)(n - i) * sizeof *dst);
}

void rng_fill_normal(float *dst, int64_t n, const rng_stream *s, uint32_t image)
{
    float last[4 * LANES];
    int64_t i = 0;

    assert(n >= 0 && n <= (int64_t)UINT32_MAX + 1);
    for (; i + 4 * LANES <= n; i += 4 * LANES)
        normal_lanes(dst + i, s, image, (uint32_t)(i / 4));
    if (i == n) return;
    normal_lanes(last, s, image, (uint32_t)(i / 4));
    memcpy(dst + i, last, (size_t)(n - i) * sizeof *dst);
}

void rng_permutation(int64_t *perm, int64_t n, const rng_stream *s)
{
    assert(n >= 0 && n <= (int64_t)UINT32_MAX);
    for (int64_t i = 0; i < n; i++) perm[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = rng_below(s, 0, (uint32_t)i, (uint32_t)i + 1);
        int64_t swapped = perm[i];
        perm[i] = perm[j];
        perm[j] = swapped;
    }
}
