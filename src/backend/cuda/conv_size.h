/* Sizes of what a convolution reads and writes. */
#ifndef CUDA_CONV_SIZE_H
#define CUDA_CONV_SIZE_H

#include "backend/cuda/conv.h"
#include "backend/cuda/map_kernels.h"

static inline int64_t conv_x_count(const conv_problem *p)
{
    return (int64_t)p->n * p->h * p->w * p->c;
}

static inline int64_t conv_y_count(const conv_problem *p)
{
    return (int64_t)p->n * p->p * p->q * p->k;
}

static inline int64_t conv_w_count(const conv_problem *p)
{
    return (int64_t)p->k * p->kernel_h * p->kernel_w * p->in;
}

static inline int64_t conv_dst_count(const conv_problem *p)
{
    return p->pass == CONV_FORWARD    ? conv_y_count(p)
           : p->pass == CONV_TO_INPUT ? conv_x_count(p)
                                      : conv_w_count(p);
}

static inline size_t conv_item_bytes(const conv_problem *p)
{
    return p->bf16 ? 2 : 4;
}

/* [k][kernel_h][kernel_w][in] beside plain (out, in, kernel_h, kernel_w). */
static inline weights_map conv_weights(const conv_problem *p, void *packed, float *plain, int64_t out,
                                       int64_t in)
{
    return (weights_map){.packed = {packed, p->bf16, 0},
                         .plain = plain,
                         .out = out,
                         .in = in,
                         .taps = p->kernel_h * p->kernel_w,
                         .out_room = p->k,
                         .in_room = p->in};
}

#endif
