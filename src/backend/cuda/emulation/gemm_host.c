/* The GPU's matrix products (gemm.h) in plain loops on the host, in place of cuBLAS. */
#include "backend/cuda/gemm.h"

#include "backend/cuda/emulation/gpu_host.h"

static void multiply(const void *args, int64_t pieces)
{
    const gemm *g = args;
    for (int64_t i = 0; i < pieces; i++) {
        const float *a = g->a + i * g->a_step, *b = g->b + i * g->b_step;
        for (int64_t r = 0; r < g->m; r++)
            for (int64_t c = 0; c < g->n; c++) {
                double sum = 0;
                for (int64_t k = 0; k < g->k; k++)
                    sum += (double)a[g->a_turned ? k * g->lda + r : r * g->lda + k] *
                           (double)b[g->b_turned ? c * g->ldb + k : k * g->ldb + c];
                float *to = g->c + i * g->c_step + r * g->ldc + c;
                *to = (float)((double)g->scale * sum) + (g->keep != 0 ? g->keep * *to : 0);
            }
    }
}

jem_status gemm_run(const gemm *g)
{
    return gpu_host_do(multiply, g, sizeof *g, g->count ? g->count : 1);
}
