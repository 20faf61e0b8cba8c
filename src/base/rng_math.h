/* The arithmetic of random numbers, one element at a time: Philox4x32-10 and Box-Muller normals,
 * for the processor (rng.c, whose loops compilers turn into vector code) and for a GPU's
 * kernels, with the same bits.
 *
 * Philox: Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as
 * 1, 2, 3"; the tests hold this against Random123's own philox4x32_R(10, ...).
 * Logarithm and sine: the single-precision polynomials of Cephes (Moshier),
 * in a form that needs no fused operation and no table, so that the bits do not
 * depend on compiler, vector width, or device. */
#ifndef BASE_RNG_MATH_H
#define BASE_RNG_MATH_H

#include <stdint.h>
#include <string.h>

#include "base/host_device.h"

enum { PHILOX_ROUNDS = 10 };
#define PHILOX_WEYL_0 0x9E3779B9u /* key increments */
#define PHILOX_WEYL_1 0xBB67AE85u

/* One of the ten rounds on the four counter words. */
HOST_DEVICE void philox_round(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d, uint32_t key_0,
                          uint32_t key_1)
{
    uint64_t p0 = (uint64_t)0xD2511F53u * *a, p1 = (uint64_t)0xCD9E8D57u * *c;

    *a = (uint32_t)(p1 >> 32) ^ *b ^ key_0;
    *b = (uint32_t)p1;
    *c = (uint32_t)(p0 >> 32) ^ *d ^ key_1;
    *d = (uint32_t)p0;
}

/* [0, 1) with 24 bits. */
HOST_DEVICE float unit_from_word(uint32_t w)
{
    return (float)(int32_t)(w >> 8) * 0x1p-24f;
}

/* On [0, bound). */
HOST_DEVICE uint32_t below_from_word(uint32_t w, uint32_t bound)
{
    return (uint32_t)((uint64_t)w * bound >> 32);
}

HOST_DEVICE float float_of_bits(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

HOST_DEVICE uint32_t bits_of_float(float f)
{
    uint32_t bits;

    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* sqrt(v) for v >= 0, by Newton's method for 1 / sqrt(v): sqrtf() may set errno,
 * which keeps compilers from vectorising a loop that calls it. */
HOST_DEVICE float root(float v)
{
    float half = 0.5f * v;
    float y = float_of_bits(0x5f375a86u - (bits_of_float(v) >> 1)); /* within 2e-3 */

    for (int i = 0; i < 3; i++) y = y * (1.5f - half * y * y);
    return v * y;
}

/* sqrt(-2 ln u), u = (w / 2 + 1/2) / 2^31 in (0, 1]: at most 6.66. */
HOST_DEVICE float radius_from_word(uint32_t w)
{
    float u = ((float)(int32_t)(w >> 1) + 0.5f) * 0x1p-31f;
    /* u = m 2^e with m in [sqrt(1/2), sqrt(2)) */
    uint32_t shifted = bits_of_float(u) - 0x3f3504f3u + (127u << 23);
    int32_t e = (int32_t)(shifted >> 23) - 127;
    float m = float_of_bits((shifted & 0x7fffffu) + 0x3f3504f3u);
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
HOST_DEVICE void turn_from_word(float *cosine, float *sine, uint32_t w)
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

    s_bits = bits_of_float(s);
    c_bits = bits_of_float(c);
    differ = (s_bits ^ c_bits) & swap;
    s_bits ^= differ ^ ((quadrant & 2u) << 30);
    c_bits ^= differ ^ (((quadrant + 1u) & 2u) << 30);
    *sine = float_of_bits(s_bits);
    *cosine = float_of_bits(c_bits);
}

#endif
