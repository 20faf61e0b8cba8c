/* base/rng.h on the device, bit for bit (tests/backend/test_cuda_elements.c): Philox4x32-10,
 * and normals by Box-Muller on IEEE additions and multiplications alone.  Sources and the
 * reasons for this form: base/rng.c.  nvcc must not fuse multiplications with additions here:
 * it is called with --fmad=false. */
#ifndef CUDA_PHILOX_H
#define CUDA_PHILOX_H

#include "backend/cuda/element.h"
#include "base/rng.h"

typedef struct words {
    uint32_t w[4];
} words;

/* rng_block; at: the stream's step */
HD words philox_block(uint64_t seed, uint32_t purpose, uint32_t at, uint32_t sub, uint32_t image,
                      uint32_t block)
{
    uint32_t a = block, b = image, c = at, d = purpose << 24 | sub;
    uint32_t key_0 = (uint32_t)seed, key_1 = (uint32_t)(seed >> 32);
    words out;

    for (int r = 0; r < 10; r++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * a, p1 = (uint64_t)0xCD9E8D57u * c;
        a = (uint32_t)(p1 >> 32) ^ b ^ key_0;
        b = (uint32_t)p1;
        c = (uint32_t)(p0 >> 32) ^ d ^ key_1;
        d = (uint32_t)p0;
        key_0 += 0x9E3779B9u;
        key_1 += 0xBB67AE85u;
    }
    out.w[0] = a;
    out.w[1] = b;
    out.w[2] = c;
    out.w[3] = d;
    return out;
}

/* rng_unit, from a word */
HD float unit_of_word(uint32_t w)
{
    return (float)(int32_t)(w >> 8) * 0x1p-24f;
}

/* rng_below, from a word */
HD uint32_t below_of_word(uint32_t w, uint32_t bound)
{
    return (uint32_t)((uint64_t)w * bound >> 32);
}

HD float newton_root(float v)
{
    float half = 0.5f * v;
    float y = float_of_bits(0x5f375a86u - (bits_of_float(v) >> 1));
    for (int i = 0; i < 3; i++) y = y * (1.5f - half * y * y);
    return v * y;
}

HD float radius_of_word(uint32_t w)
{
    float u = ((float)(int32_t)(w >> 1) + 0.5f) * 0x1p-31f;
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
    return newton_root(-2.0f * (x + y + k * 0.693359375f));
}

HD void turn_of_word(float *cosine, float *sine, uint32_t w)
{
    uint32_t quadrant = (w + 0x20000000u) >> 30;
    int32_t rest = (int32_t)(w - (quadrant << 30));
    float x = (float)rest * 1.46291807926715968e-9f;
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

/* Normals of one block: elements 4 block .. 4 block + 3 of rng_fill_normal. */
HD void normals_of_block(float z[4], words b)
{
    float r0 = radius_of_word(b.w[0]), r1 = radius_of_word(b.w[2]), c, s;
    turn_of_word(&c, &s, b.w[1]);
    z[0] = r0 * c;
    z[1] = r0 * s;
    turn_of_word(&c, &s, b.w[3]);
    z[2] = r1 * c;
    z[3] = r1 * s;
}

#endif
