/* Convolutions as own kernels see them: of stride 1, one or several that write in turn.
 *
 * Along one side, element s a + r of dx (s the stride) is the sum over taps u of dy at
 * (s a + r + pad - u) / s, where that leaves no rest.  So dx's elements with one remainder r of rows and
 * one of columns - a phase - are a convolution of stride 1 over dy by a part of the kernel, and the
 * phases share all taps out among them.  A phase of rows has 1 and 2 taps of 3 at stride 2, pad 1. */
#ifndef CUDA_CONV_PHASES_H
#define CUDA_CONV_PHASES_H

#include "backend/cuda/conv.h"
#include "base/host_device.h"

/* Element (y, x) of the phase is the sum over its taps (i, j) of what is read at (y + i - pad_h, x + j - pad_w),
 * times the kernel's tap (first_h + step i, first_w + step j). */
typedef struct conv_phase {
    int32_t row, column; /* remainders, of what is written */
    int32_t taps_h, taps_w, pad_h, pad_w, first_h, first_w;
    int32_t tap0;        /* taps of the phases before */
} conv_phase;

enum { CONV_PHASES_MAX = 4 };
typedef struct conv_phases {
    conv_phase list[CONV_PHASES_MAX];
    int32_t count, stride, step; /* stride: between neighbours of a phase, in what is written */
} conv_phases;

typedef struct conv_side {
    int32_t taps, first, pad;
} conv_side;

/* The phase of remainder r along one side. */
static inline conv_side conv_side_of(int32_t stride, int32_t kernel, int32_t pad, int32_t r)
{
    const int32_t least = (r + pad) % stride;
    conv_side s = {0, 0, 0};
    if (least >= kernel) return s;
    s.taps = (kernel - 1 - least) / stride + 1;
    s.first = least + (s.taps - 1) * stride;
    s.pad = (s.first - r - pad) / stride;
    return s;
}

static inline void conv_phases_add(conv_phases *all, conv_phase f)
{
    if (all->count > 0) {
        const conv_phase *before = &all->list[all->count - 1];
        f.tap0 = before->tap0 + before->taps_h * before->taps_w;
    }
    all->list[all->count++] = f;
}

/* Forward at stride 1, or to the input at stride 1 or 2.  Those of most taps first; what no tap
 * reaches is in no phase. */
static inline conv_phases conv_phases_of(const conv_problem *p)
{
    conv_phases all;
    all.count = 0;
    all.stride = p->stride;
    all.step = p->pass == CONV_FORWARD ? 1 : -p->stride;
    if (p->pass == CONV_FORWARD) {
        conv_phases_add(&all, (conv_phase){0, 0, p->kernel_h, p->kernel_w, p->pad[0], p->pad[1], 0, 0, 0});
        return all;
    }
    for (int32_t taps = p->kernel_h * p->kernel_w; taps > 0; taps--)
        for (int32_t row = 0; row < p->stride; row++)
            for (int32_t column = 0; column < p->stride; column++) {
                const conv_side h = conv_side_of(p->stride, p->kernel_h, p->pad[0], row);
                const conv_side w = conv_side_of(p->stride, p->kernel_w, p->pad[1], column);
                if (h.taps * w.taps != taps) continue;
                conv_phases_add(&all, (conv_phase){row, column, h.taps, w.taps, h.pad, w.pad, h.first, w.first, 0});
            }
    return all;
}

/* Where pixel number `pixel` of a phase, counted through all images, is written: by the maps' columns in
 * the phase, where the written map has `stride` times its rows and columns. */
HOST_DEVICE int64_t conv_phase_pixel(uint32_t pixel, uint32_t columns, int32_t stride, int32_t row, int32_t column)
{
    const uint32_t x = pixel % columns;
    return ((int64_t)(pixel - x) * stride + (int64_t)row * columns + x) * stride + column;
}

#endif
