/* What the cpu backend has for one processor architecture alone.  CMake compiles one of two folders:
 * x86/ or plain/, which serves every other architecture with what compilers make of C. */
#ifndef BACKEND_CPU_ARCH_H
#define BACKEND_CPU_ARCH_H

#include "backend/cpu/cpu.h"
#include "backend/cpu/wino_conv.h"

/* Can this processor multiply bf16 numbers faster than float32 ones? */
bool cpu_arch_bf16(void);
/* Has it a matrix unit (AMX), which does so many times faster, and may this process use it? */
bool cpu_arch_matrix_unit(void);

/* The own convolution in bf16 that can do the step, or NULL. */
const cpu_impl *cpu_arch_bf16_conv(const step *s);

/* The loops of Winograd convolutions for this processor, or NULL. */
const wino_kernels *cpu_arch_wino(void);

/* Loops over whole buffers, whatever their layout; they carry a training step's time outside
 * oneDNN.  All give the same bits. */
typedef struct cpu_loops {
    void (*mask_from_sign)(uint16_t *mask, const void *v, int64_t n, jem_dtype dtype);
    /* dst <- lrelu(src); mask may be NULL */
    void (*forward)(void *dst, uint16_t *mask, const void *src, int64_t n, float slope,
                    jem_dtype dtype);
    /* dst <- (dst +) src * (mask ? 1 : slope) */
    void (*backward)(void *dst, const void *src, const uint16_t *mask, int64_t n, float slope,
                     bool accumulate, jem_dtype dtype);
    void (*accumulate)(void *dst, const void *src, int64_t n, jem_dtype dtype);
    void (*narrow)(void *dst, const void *src, int64_t n); /* float32 to bf16 */
} cpu_loops;

/* Those for this processor, or NULL: the plain ones will do. */
const cpu_loops *cpu_arch_loops(void);

#endif
