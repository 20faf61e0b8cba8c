/* The kernels of this folder, each for some x86 processors: arch_x86.c chooses. */
#ifndef BACKEND_CPU_X86_KERNELS_X86_H
#define BACKEND_CPU_X86_KERNELS_X86_H

#include "backend/cpu/cpu_arch.h"

extern const cpu_impl cpu_bf16_impl;         /* own bf16 convolutions */
extern const cpu_impl cpu_bf16_weights_impl; /* and their gradients to weights, by dot products */
extern const cpu_impl cpu_bf16_amx_weights_impl; /* and on the matrix unit */
extern const wino_kernels wino_avx512, wino_avx2;
extern const cpu_loops loops_avx512;

#endif
