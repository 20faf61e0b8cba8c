/* Which of the kernels in this folder the processor can run. */
#include "backend/cpu/cpu_arch.h"
#include "backend/cpu/x86/cpu_isa.h"
#include "backend/cpu/x86/bf16_amx_weights.h"
#include "backend/cpu/x86/bf16_conv.h"
#include "backend/cpu/x86/bf16_weights.h"
#include "backend/cpu/x86/kernels_x86.h"

bool cpu_arch_bf16(void)
{
    return cpu_has(dnnl_cpu_isa_avx512_core);
}

bool cpu_arch_matrix_unit(void)
{
    return bf16_amx_available();
}

const cpu_impl *cpu_arch_bf16_conv(const step *s)
{
    if (bf16_supports(s)) return &cpu_bf16_impl;
    if (bf16_amx_weights_supports(s)) return &cpu_bf16_amx_weights_impl;
    return bf16_weights_supports(s) ? &cpu_bf16_weights_impl : NULL;
}

const wino_kernels *cpu_arch_wino(void)
{
    if (cpu_has(dnnl_cpu_isa_avx512_core)) return &wino_avx512;
    return cpu_has(dnnl_cpu_isa_avx2) ? &wino_avx2 : NULL;
}

const cpu_loops *cpu_arch_loops(void)
{
    return __builtin_cpu_supports("avx512bw") ? &loops_avx512 : NULL;
}
