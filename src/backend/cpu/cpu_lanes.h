/* Sixteen floats at a time, in the vector types of gcc and clang: one source for
 * AVX-512 and for every other machine, with the same bits.
 *
 * A loop over lanes is an inline function NAME_loop(task, in, out) with the types of what it
 * reads and writes; CPU_LANES_FUNCTION makes of it NAME(task, in, out), compiled for any machine of
 * the architecture, on x86 for AVX-512 as well, and for each pair of types but bf16 to float32,
 * which no step needs. */
#ifndef BACKEND_CPU_LANES_H
#define BACKEND_CPU_LANES_H

#include <string.h>

#include "backend/cpu/cpu.h"

enum { LANES = 16 };
typedef float lanes __attribute__((vector_size(64)));
typedef int32_t lanes_int __attribute__((vector_size(64)));
typedef uint32_t lanes_bits __attribute__((vector_size(64)));
typedef uint16_t lanes_half __attribute__((vector_size(32)));
typedef double lanes_double __attribute__((vector_size(128)));

#define LANES_INLINE static inline __attribute__((always_inline))

#define CPU_LANES_TYPES(name, t, in, out)                                              \
    out == JEM_F32  ? name##_loop(t, JEM_F32, JEM_F32)                                 \
    : in == JEM_F32 ? name##_loop(t, JEM_F32, JEM_BF16)                                \
                    : name##_loop(t, JEM_BF16, JEM_BF16)
#define CPU_LANES_COMPILED(name, type, suffix)                                         \
    static void name##suffix(type t, jem_dtype in, jem_dtype out)                      \
    {                                                                                  \
        CPU_LANES_TYPES(name, t, in, out);                                             \
    }
#ifdef __x86_64__
#define LANES_WIDE __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define CPU_LANES_FUNCTION(name, type)                                                 \
    CPU_LANES_COMPILED(name, type, _plain)                                             \
    LANES_WIDE CPU_LANES_COMPILED(name, type, _wide)                                   \
    static void name(type t, jem_dtype in, jem_dtype out)                              \
    {                                                                                  \
        (__builtin_cpu_supports("avx512dq") ? name##_wide : name##_plain)(t, in, out); \
    }
#else
#define CPU_LANES_FUNCTION(name, type) CPU_LANES_COMPILED(name, type, )
#endif

/* Elements [i, i + count) of a buffer of either type; lanes beyond are 0.  Fast where the
 * compiler sees that count is LANES. */
LANES_INLINE lanes lanes_load(const void *v, int64_t i, int64_t count, jem_dtype dtype)
{
    lanes x = {0};
    lanes_half h = {0};
    const bool wide = dtype == JEM_F32;
    const void *from = wide ? (const void *)((const float *)v + i) : (const uint16_t *)v + i;

    if (count < LANES)
        for (int k = 0; k < count; ++k) x[k] = cpu_get(v, i + k, dtype);
    else if (wide)
        memcpy(&x, from, sizeof x);
    else
        memcpy(&h, from, sizeof h);
    return wide || count < LANES ? x : (lanes)(__builtin_convertvector(h, lanes_bits) << 16);
}

LANES_INLINE void lanes_store(void *v, int64_t i, int64_t count, jem_dtype dtype, lanes x)
{
    if (count < LANES) {
        for (int k = 0; k < count; ++k) cpu_put(v, i + k, x[k], dtype);
    } else if (dtype == JEM_F32) {
        memcpy((float *)v + i, &x, sizeof x);
    } else {
        lanes_bits bits = (lanes_bits)x; /* as cpu_to_bf16 */
        lanes_half h = __builtin_convertvector((bits + 0x7fff + (bits >> 16 & 1)) >> 16, lanes_half);
        memcpy((uint16_t *)v + i, &h, sizeof h);
    }
}

/* mask ? a : b, lane by lane; mask is what a comparison yields. */
LANES_INLINE lanes lanes_select(lanes_int mask, lanes a, lanes b)
{
    return (lanes)(((lanes_int)a & mask) | ((lanes_int)b & ~mask));
}

LANES_INLINE lanes lanes_all(float x)
{
    return (lanes){0} + x;
}

/* exp(x) to 2 units in the last place, x limited to +-87: x = n log 2 + r, exp(r) by the
 * polynomial of Cephes' expf. */
LANES_INLINE lanes lanes_exp(lanes x)
{
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to whole numbers */
    x = lanes_select(x < -87.0f, lanes_all(-87.0f), x);
    x = lanes_select(x > 87.0f, lanes_all(87.0f), x);
    lanes shifted = x * 1.44269504f + magic, n = shifted - magic;
    lanes r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
    lanes p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    lanes_int power = (lanes_int)shifted - (lanes_int)lanes_all(magic) + 127;
    return p * (lanes)(power << 23);
}

LANES_INLINE lanes lanes_silu(lanes x)
{
    return x / (1.0f + lanes_exp(-x));
}

LANES_INLINE lanes lanes_silu_slope(lanes x)
{
    lanes s = 1.0f / (1.0f + lanes_exp(-x));
    return s * (1.0f + x * (1.0f - s));
}

/* Phi(x), the distribution function of a standard normal, and *density its density there.
 * Phi(-|x|) = erfc(z) / 2 with z = |x| / sqrt 2, and erfc(z) = exp(-z^2) t p(t), t = 1 / (1 + z/2), p of degree 8
 * fitted to 5e-8 of the value for z up to 9; in float32 it is within 4e-7 of that, times what rounding z^2
 * costs the exponential (z^2 units). */
LANES_INLINE lanes lanes_normal(lanes *density, lanes x)
{
    const lanes e = lanes_exp(-0.5f * (x * x)), up = lanes_select(x > 0, x, -x);
    const lanes t = 1.0f / (1.0f + 0.35355339059f * up);
    lanes p = t * -0.05968604236841202f + 0.28741979598999023f;
    p = p * t - 0.4927140176296234f;
    p = p * t + 0.2839049696922302f;
    p = p * t - 0.030294902622699738f;
    p = p * t + 0.20407874882221222f;
    p = p * t + 0.24279513955116272f;
    p = p * t + 0.2824115455150604f;
    p = p * t + 0.28208470344543457f;
    const lanes tail = 0.5f * (e * (t * p));
    *density = 0.3989422804f * e;
    return lanes_select(x > 0, 1.0f - tail, tail);
}

LANES_INLINE lanes lanes_gelu(lanes x)
{
    lanes density;
    return x * lanes_normal(&density, x);
}

LANES_INLINE lanes lanes_gelu_slope(lanes x)
{
    lanes density;
    const lanes below = lanes_normal(&density, x);
    return below + x * density;
}

#endif
