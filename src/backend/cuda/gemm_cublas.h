/* Between gemm_cublas.c and the entry of the library. */
#ifndef CUDA_GEMM_CUBLAS_H
#define CUDA_GEMM_CUBLAS_H

#include <stddef.h>

#include "jem/status.h"

/* After gpu_open.  Writes "cuBLAS 13.0" for people. */
jem_status gemm_cublas_open(char *version, size_t size);

#endif
