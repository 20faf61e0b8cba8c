/* BLAS, LAPACK and liblinear: functions of libjem_blas.so, which is opened at first use.
 *
 * Why not linked: OpenBLAS sets aside address space as it is loaded, 128 MiB and more for each
 * processor, and where a limit (ulimit -v, set by SGE and PBS) refuses it, tries again for ever
 * (0.3.21, blas_memory_alloc).  So room is looked for first, and what needs no linear algebra
 * (jem --version among it) never meets OpenBLAS.
 *
 * Why one thread: how OpenBLAS cuts a product over threads changes its last bits, and by itself
 * it takes as many threads as it finds processors: results would depend on the machine and on
 * what a process is pinned to.  The setting is the process's and is put back, so one user at a
 * time works with it. */
#ifndef STATS_BLAS_H
#define STATS_BLAS_H

#include <cblas.h>
#include <lapacke.h>
#include <stdint.h>

#include "jem/status.h"

struct liblinear; /* stats/liblinear.h: its names are too common to be let in everywhere */

/* The functions keep their names and their documentation. */
typedef struct blas {
    const char *version; /* JEM_VERSION */
    uint64_t layout;     /* BLAS_LAYOUT */

    __typeof__(&cblas_dsyrk) dsyrk;
    __typeof__(&cblas_dgemm) dgemm;
    __typeof__(&LAPACKE_dsyevd) dsyevd;
    __typeof__(&LAPACKE_dgelsd) dgelsd;
    __typeof__(&LAPACKE_dpotrf) dpotrf;

    const struct liblinear *svm;

    int (*threads)(void);
    void (*set_threads)(int n);
    void (*reserve)(int callers); /* buffers for so many at once, kept by OpenBLAS from then on */
} blas;
#define BLAS_LIBRARY_ENTRY "jem_blas_library"
#define BLAS_LAYOUT ((uint64_t)sizeof(blas) * 1009 + sizeof(lapack_int))

/* *out <- the functions, set to one thread, for the calling thread, or for as many threads as
 * `callers` says until blas_end(); others wait here.  The file is the one that the environment
 * variable JEM_BLAS_LIBRARY names (an absolute path), else libjem_blas.so beside the program or
 * libjem or where that was installed (base/own_place.h).
 *   JEM_ENOMEM  there is no room for OpenBLAS
 *   JEM_EUSAGE  the file is not there, or belongs to another version */
jem_status blas_begin(const blas **out, int callers);
void blas_end(void); /* after each blas_begin that did not fail, by the same thread */

/* Address space that is taken for them, most of it never touched. */
int64_t blas_address_bytes(int callers);

#endif
