/* Architectures without kernels of jem's own: oneDNN convolves, plain loops do the rest. */
#include "backend/cpu/cpu_arch.h"

bool cpu_arch_bf16(void)
{
    return false;
}

bool cpu_arch_matrix_unit(void)
{
    return false;
}

const cpu_impl *cpu_arch_bf16_conv(const step *s)
{
    (void)s;
    return NULL;
}

const wino_kernels *cpu_arch_wino(void)
{
    return NULL;
}

const cpu_loops *cpu_arch_loops(void)
{
    return NULL;
}
