/* libjem_blas.so: what is linked with OpenBLAS, as one table (stats/blas.h).  liblinear is here
 * because Debian's is linked with it. */
#include "stats/blas.h"
#include "stats/liblinear.h"

/* OpenBLAS shows them, others that an administrator may have put in its place do not. */
extern void *blas_memory_alloc(int position) __attribute__((weak));
extern void blas_memory_free(void *buffer) __attribute__((weak));

/* Buffers that are given back stay mapped, and are taken again. */
static void reserve(int callers)
{
    if (callers == 0 || !blas_memory_alloc || !blas_memory_free) return;
    void *buffer = blas_memory_alloc(0);
    reserve(callers - 1);
    blas_memory_free(buffer);
}

static const struct liblinear svm = {train, check_parameter, free_and_destroy_model,
                                     set_print_string_function};

/* In place of LAPACKE's, which prints what the status says as well. */
extern void LAPACKE_xerbla(const char *name, lapack_int info) __attribute__((visibility("default")));
void LAPACKE_xerbla(const char *name, lapack_int info)
{
    (void)name;
    (void)info;
}

extern const blas jem_blas_library __attribute__((visibility("default")));
const blas jem_blas_library = {
    .version = JEM_VERSION,
    .layout = BLAS_LAYOUT,
    .dsyrk = cblas_dsyrk,
    .dgemm = cblas_dgemm,
    .dsyevd = LAPACKE_dsyevd,
    .dgelsd = LAPACKE_dgelsd,
    .dpotrf = LAPACKE_dpotrf,
    .svm = &svm,
    .threads = openblas_get_num_threads,
    .set_threads = openblas_set_num_threads,
    .reserve = reserve,
};
