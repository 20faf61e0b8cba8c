/* The kernels of kernels.h as the device runs them: one thread per piece. */
#include "backend/cuda/kernels.h"

#include "backend/cuda/gpu_cuda.h"

enum { THREADS = 256 };

#define KERNEL(name, type)                                                                         \
    static __global__ void __launch_bounds__(THREADS)                                              \
        name##_kernel(const __grid_constant__ type a, int64_t pieces)                              \
    {                                                                                              \
        int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x;                                   \
        if (i < pieces) name##_item(&a, i);                                                        \
    }                                                                                              \
    extern "C" jem_status launch_##name(const type *a, int64_t pieces)                             \
    {                                                                                              \
        if (pieces > 0)                                                                            \
            name##_kernel<<<(unsigned)((pieces + THREADS - 1) / THREADS), THREADS, 0,              \
                            gpu_stream()>>>(*a, pieces);                                           \
        return gpu_launched(#name);                                                                \
    }
CUDA_KERNELS(KERNEL)

#define LOAD(name, type) cudaFuncGetAttributes(&attributes, name##_kernel);
extern "C" jem_status kernels_load(void)
{
    cudaFuncAttributes attributes;
    CUDA_KERNELS(LOAD)
    return gpu_launched("loading kernels");
}
