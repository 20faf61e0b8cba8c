/* What the processor can do.  oneDNN looks at it, and at ONEDNN_MAX_CPU_ISA for those who forbid
 * something; its values are sets of bits and not ordered (laptops' avx2_vnni is the largest). */
#ifndef BACKEND_CPU_X86_CPU_ISA_H
#define BACKEND_CPU_X86_CPU_ISA_H

#include <dnnl.h>
#include <stdbool.h>

static inline bool cpu_has(dnnl_cpu_isa_t wanted)
{
    return (dnnl_get_effective_cpu_isa() & wanted) == wanted;
}

#endif
