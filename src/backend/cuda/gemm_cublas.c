/* Matrix products by cuBLAS.  Its matrices lie in columns: one in rows is its transpose
 * there, and c^T = op(b)^T op(a)^T gives c in rows. */
#include "backend/cuda/gemm_cublas.h"

#include <stdio.h>

#include "backend/cuda/gemm.h"
#include "backend/cuda/gpu.h"
#include "backend/cuda/gpu_cuda.h"
#include "backend/cuda/libraries.h"
#include "base/try.h"

/* A fixed workspace: results depend on it, and a captured graph must not allocate. */
enum { WORKSPACE_BYTES = 32 << 20 };

static cublas_functions blas;
static cublasHandle_t handle;

static jem_status check(cublasStatus_t s, const char *what)
{
    if (s == CUBLAS_STATUS_SUCCESS) return JEM_OK;
    return jem_error(JEM_EINTERNAL, "cuBLAS: %s: %s", what, blas.cublasGetStatusString(s));
}

jem_status gemm_cublas_open(char *text, size_t size)
{
    jem_status st;
    void *workspace = NULL;
    int version = 0;

    TRY(libraries_cublas(&blas));
    TRY(check(blas.cublasCreate_v2(&handle), "creating a handle"));
    TRY(check(blas.cublasGetVersion_v2(handle, &version), "version"));
    if (version < 120400)
        return jem_error(JEM_EUSAGE, "cuBLAS %d.%d is too old: jem needs 12.4 or newer",
                         version / 10000, version / 100 % 100);
    TRY(gpu_alloc(&workspace, WORKSPACE_BYTES)); /* as long as the process */
    TRY(check(blas.cublasSetStream_v2(handle, gpu_stream()), "stream"));
    TRY(check(blas.cublasSetWorkspace_v2(handle, workspace, WORKSPACE_BYTES), "workspace"));
    TRY(check(blas.cublasSetMathMode(handle, CUBLAS_PEDANTIC_MATH), "math mode"));
    snprintf(text, size, "cuBLAS %d.%d", version / 10000, version / 100 % 100);
done:
    return st;
}

jem_status gemm_run(const gemm *g)
{
    return check(blas.cublasGemmStridedBatchedEx(
                     handle, g->b_turned ? CUBLAS_OP_T : CUBLAS_OP_N,
                     g->a_turned ? CUBLAS_OP_T : CUBLAS_OP_N, (int)g->n, (int)g->m, (int)g->k,
                     &g->scale, g->b, CUDA_R_32F, (int)g->ldb, g->b_step, g->a, CUDA_R_32F,
                     (int)g->lda, g->a_step, &g->keep, g->c, CUDA_R_32F, (int)g->ldc, g->c_step,
                     g->count ? (int)g->count : 1, CUBLAS_COMPUTE_32F_PEDANTIC, CUBLAS_GEMM_DEFAULT),
                 "matrix product");
}
