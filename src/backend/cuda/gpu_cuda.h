/* Between the files that call the CUDA runtime. */
#ifndef CUDA_GPU_CUDA_H
#define CUDA_GPU_CUDA_H

#include <stdbool.h>

#include <cuda_runtime_api.h>

#include "jem/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The one stream that everything is enqueued on. */
cudaStream_t gpu_stream(void);
/* The status of the launch just made. */
jem_status gpu_launched(const char *name);
/* Loads all kernels now: the first launch of one that is still to be loaded may not be captured. */
jem_status kernels_load(void);
/* False while a graph is captured in which what comes next does not follow one kernel alone. */
bool gpu_after_kernel(void);
/* *us <- microseconds of what enqueue(ctx) enqueues: the mean of five times after a first one. */
jem_status gpu_time(double *us, jem_status (*enqueue)(const void *ctx), const void *ctx);
/* JEM_OK, or what went wrong, in words. */
jem_status gpu_status(cudaError_t e, const char *what);

#ifdef __cplusplus
}
#endif

#endif
