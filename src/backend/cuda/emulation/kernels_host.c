/* The kernels of kernels.h as loops over their pieces. */
#include "backend/cuda/kernels.h"

#include "backend/cuda/emulation/gpu_host.h"

#define KERNEL(name, type)                                                                         \
    static void name##_loop(const void *args, int64_t pieces)                                      \
    {                                                                                              \
        const type *a = args;                                                                      \
        for (int64_t i = 0; i < pieces; i++) name##_item(a, i);                                    \
    }                                                                                              \
    jem_status launch_##name(const type *a, int64_t pieces)                                        \
    {                                                                                              \
        return gpu_host_do(name##_loop, a, sizeof *a, pieces);                                     \
    }
CUDA_KERNELS(KERNEL)
