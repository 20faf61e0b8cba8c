/* Products of float32 matrices on the GPU, in float32 throughout: cuBLAS (gemm_cublas.c), or
 * loops on the host (emulation/gemm_host.c).
 *
 *   c [m][n] <- scale * op(a) op(b) + keep * c,   op(a) [m][k], op(b) [k][n]
 *
 * Matrices lie in rows, `lda`, ... elements apart; with `a_turned`, a is [k][m] in memory.
 * `count` of them, the next `a_step`, ... elements on. */
#ifndef CUDA_GEMM_H
#define CUDA_GEMM_H

#include <stdbool.h>
#include <stdint.h>

#include "jem/status.h"

typedef struct gemm {
    int64_t m, n, k;
    const float *a, *b;
    float *c;
    int64_t lda, ldb, ldc;
    bool a_turned, b_turned;
    float scale, keep;
    int64_t count, a_step, b_step, c_step; /* count 0 means 1 */
} gemm;

/* Enqueues the products; matrices lie in device memory and c overlaps neither a nor b. */
jem_status gemm_run(const gemm *g);

#endif
