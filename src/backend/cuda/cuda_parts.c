/* What the backend on a real GPU opens beside the CUDA runtime: cuBLAS and cuDNN. */
#include <stdio.h>

#include "backend/cuda/conv_choice.h"
#include "backend/cuda/cuda.h"
#include "backend/cuda/gemm_cublas.h"
#include "base/try.h"

jem_status cuda_open_parts(char *text, size_t size)
{
    char cudnn[64], cublas[64];
    jem_status st;
    TRY(gemm_cublas_open(cublas, sizeof cublas));
    TRY(conv_open(cudnn, sizeof cudnn));
    snprintf(text, size, "%s, %s", cudnn, cublas);
done:
    return st;
}
