/* Convolutions on the GPU, one call each with its epilogue.  Implemented by cuDNN and own kernels
 * (conv_choice.c) and, on the host, by plain loops (emulation/conv_host.c).
 *
 * Values are [n][h][w][c], channels are multiples of 8; weights as conv_pack lays them.
 *
 *   CONV_FORWARD     t = conv(x, w) + bias     dst = y: lrelu(t), or t + addend, or t; in the last two
 *                                              cases, if so asked, copy: lrelu(what dst then holds)
 *   CONV_TO_INPUT    t = conv^T(dy, w)         dst = dx: t * slope-or-1 by mask, + addend
 *   CONV_TO_WEIGHTS  dw = sum over images and positions of dy x, [k][kernel_h][kernel_w][in]
 *
 * mask is a value of dx's shape and type: where it is above 0 the rectifier's derivative is
 * 1, else slope.  The addend is what dst holds.  Everything is computed in float32 and
 * rounded once, when dst is written, if one call does it all; a candidate that cannot is
 * followed by own kernels, which round in between. */
#ifndef CUDA_CONV_H
#define CUDA_CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jem/status.h"

typedef enum conv_pass { CONV_FORWARD, CONV_TO_INPUT, CONV_TO_WEIGHTS } conv_pass;

/* Key of the cache as well: no padding between the fields. */
typedef struct conv_problem {
    int32_t pass;   /* conv_pass */
    int32_t n, c, h, w; /* of x */
    int32_t in;         /* channels of x that one of y sees: c, or in groups those of its own, a multiple of 8, too */
    int32_t k, p, q;    /* of y: channels, height, width */
    int32_t kernel_h, kernel_w, stride;
    int32_t pad[2], pad_end[2]; /* rows and columns of zeros: at the top and left, at the bottom and right */
    int32_t bf16;   /* x, w, y and their gradients, dw too; else float32 */
    int32_t bias;   /* FORWARD: float32 [k] */
    int32_t lrelu, add, copy;
    float slope;
} conv_problem;

/* float32 products keep float32's precision (no TF32); no algorithm's result depends on
 * the order in which threads finish. */
typedef struct conv conv;

typedef struct conv_call {
    const void *x, *w, *dy, *mask;
    const float *bias;
    void *dst; /* y, dx, or dw */
    void *copy; /* of y's shape and type */
    void *scratch; /* conv_scratch bytes */
} conv_call;

/* *out is shared with all other users of the same problem and lives as long as the
 * process: a network asks for few problems many times. */
jem_status conv_get(const conv **out, const conv_problem *p);
size_t conv_scratch(const conv *c); /* bytes of device memory that conv_run needs */

/* Bytes of the weights as conv_run wants them (not for CONV_TO_WEIGHTS). */
size_t conv_weight_bytes(const conv *c);
/* Enqueues packed <- plain [out][in][kernel_h][kernel_w], both in device memory; channels that
 * memory alone has get zeros. */
jem_status conv_pack(const conv *c, void *packed, const float *plain, int64_t out, int64_t in);

/* text <- the algorithm and, if it was measured, its time: "own:256x128 31 us", "cudnn:48+own". */
void conv_describe(const conv *c, char *text, size_t size);
/* Enqueues the convolution; arrays are device memory, channels in multiples of 8 as above. */
jem_status conv_run(const conv *c, const conv_call *call);

#endif
