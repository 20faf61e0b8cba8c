/* Own bf16 convolutions for Hopper GPUs (compute capability 9.0): forward at stride 1 and to the
 * input at stride 1 or 2, with their epilogue done before dst is written once.  One more candidate
 * for conv_choice.c, which times it against cuDNN's.
 *
 * An implicit matrix product: a block computes `blocks` x 128 neighbouring pixels by `columns`
 * channels.  What it needs of x for one column of taps, rows above and below included, is
 * copied to shared memory once and used for all taps of the column; a vertical step is an
 * offset in it.  Two blocks of a cluster share their weights.  At stride 2 the four phases of dx
 * (conv_phases.h) are computed in one launch. */
#ifndef CUDA_CONV_HOPPER_H
#define CUDA_CONV_HOPPER_H

#include "backend/cuda/conv.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hopper_plan {
    int32_t columns, blocks, cluster; /* 0 columns: none */
    int32_t early; /* starts while the kernel before it ends, and waits for that before it touches memory */
} hopper_plan;
enum { HOPPER_PLANS_MAX = 16 };

/* After gpu_open.  A GPU that cannot do it has no plans. */
jem_status hopper_open(void);
/* The plans that can compute a problem, the likely best first; 0: none. */
int hopper_plans(hopper_plan list[HOPPER_PLANS_MAX], const conv_problem *p);

size_t hopper_weight_bytes(const conv_problem *p, hopper_plan plan); /* as the plan wants them */
/* Enqueues packed <- plain [out][in][kernel_h][kernel_w] of float32, both in device memory; to the
 * input the kernel is turned. */
jem_status hopper_pack(void *packed, const float *plain, int64_t out, int64_t in,
                       const conv_problem *p, hopper_plan plan);

/* Enqueues the convolution by one of hopper_plans, as conv_run does; needs no scratch. */
jem_status hopper_run(const conv_problem *p, hopper_plan plan, const conv_call *call);

#ifdef __cplusplus
}
#endif

#endif
