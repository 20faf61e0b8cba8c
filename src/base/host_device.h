/* HOST_DEVICE begins a function that compiles as C for the processor and as CUDA for a GPU's
 * kernels, where it must give the same bits: single operations in a fixed order, no fused
 * multiplication (-ffp-contract=off, nvcc --fmad=false).  On the host it is always inlined, so that
 * the loops that call it become vector code. */
#ifndef BASE_HOST_DEVICE_H
#define BASE_HOST_DEVICE_H

#ifdef __CUDACC__
#define HOST_DEVICE static __host__ __device__ __forceinline__
#else
#define HOST_DEVICE static inline __attribute__((always_inline))
#endif

#endif
