/* What all kernels share: functions that compile as C for the host and as CUDA for the
 * device, and values in groups of eight.
 *
 * A kernel is a function NAME_item(arguments, i) that does the i-th of many independent
 * pieces of work (kernels.h lists them).  The device runs one thread per piece, the host
 * emulation a loop, so that both compute the same.  Pieces never wait for or write over each
 * other; sums are made in stages, whose order is fixed. */
#ifndef CUDA_ELEMENT_H
#define CUDA_ELEMENT_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/rng_math.h"

#ifdef __CUDACC__
#define SIXTEEN __align__(16)
#else
#define SIXTEEN __attribute__((aligned(16), may_alias))
#endif

HOST_DEVICE float float_of_bf16(uint16_t v)
{
    return float_of_bits((uint32_t)v << 16);
}

/* To nearest, ties to even; NaN stays NaN. */
HOST_DEVICE uint16_t bf16_of_float(float f)
{
    uint32_t bits = bits_of_float(f);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return (uint16_t)(bits >> 16 | 64u);
    return (uint16_t)((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}

/* ---- values: [n][h][w][c] of bf16 or float32, c a multiple of 8.  Eight neighbours are
 * one "octet": 16 or 32 bytes, which one thread reads at once. */

typedef struct value {
    void *data;
    int32_t bf16, rest;
} value;

typedef struct SIXTEEN sixteen {
    uint32_t w[4];
} sixteen;

HOST_DEVICE void load8(float out[8], value v, int64_t octet)
{
    if (v.bf16) {
        sixteen raw = ((const sixteen *)v.data)[octet];
        for (int j = 0; j < 4; j++) {
            out[2 * j] = float_of_bits(raw.w[j] << 16);
            out[2 * j + 1] = float_of_bits(raw.w[j] & 0xffff0000u);
        }
    } else {
        const sixteen *at = (const sixteen *)v.data + 2 * octet;
        for (int k = 0; k < 2; k++) {
            sixteen raw = at[k];
            for (int j = 0; j < 4; j++) out[4 * k + j] = float_of_bits(raw.w[j]);
        }
    }
}

HOST_DEVICE void store8(value v, int64_t octet, const float in[8])
{
    if (v.bf16) {
        sixteen raw;
        for (int j = 0; j < 4; j++)
            raw.w[j] = (uint32_t)bf16_of_float(in[2 * j]) |
                       (uint32_t)bf16_of_float(in[2 * j + 1]) << 16;
        ((sixteen *)v.data)[octet] = raw;
    } else {
        sixteen *at = (sixteen *)v.data + 2 * octet;
        for (int k = 0; k < 2; k++) {
            sixteen raw;
            for (int j = 0; j < 4; j++) raw.w[j] = bits_of_float(in[4 * k + j]);
            at[k] = raw;
        }
    }
}

HOST_DEVICE float load1(value v, int64_t i)
{
    return v.bf16 ? float_of_bf16(((const uint16_t *)v.data)[i]) : ((const float *)v.data)[i];
}

HOST_DEVICE void store1(value v, int64_t i, float x)
{
    if (v.bf16)
        ((uint16_t *)v.data)[i] = bf16_of_float(x);
    else
        ((float *)v.data)[i] = x;
}

#endif
