/* How OpenBLAS cuts a product over threads changes its last bits, and by itself it takes as
 * many threads as it finds processors: results would depend on the machine and on what
 * a process is pinned to.  So every use of BLAS and LAPACK here stands between
 * these two. */
#ifndef STATS_BLAS_THREADS_H
#define STATS_BLAS_THREADS_H

#include <cblas.h>

/* Returns what blas_threads_restore needs; the setting is the process's. */
static inline int blas_threads_one(void)
{
    int before = openblas_get_num_threads();
    openblas_set_num_threads(1);
    return before;
}

static inline void blas_threads_restore(int before)
{
    openblas_set_num_threads(before);
}

#endif
