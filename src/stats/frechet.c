/* Frechet distance through two symmetric eigenproblems (LAPACK dsyevd). */
#include "stats/frechet.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/blas.h"

jem_status stats_covariance(double *mean, double *covariance, const double *x, int64_t n, int64_t d)
{
    jem_status st;
    double *centred = NULL;
    const blas *b;

    if (n < 2)
        return jem_error(JEM_EDATA, "a covariance needs at least 2 rows, not %lld", (long long)n);
    TRY(MEM_NEW(centred, n * d));
    memset(mean, 0, (size_t)d * sizeof *mean);
    for (int64_t i = 0; i < n * d; i++) {
        if (!isfinite(x[i])) {
            st = jem_error(JEM_EDATA, "feature %lld of row %lld is not finite", (long long)(i % d),
                           (long long)(i / d));
            goto done;
        }
        mean[i % d] += x[i];
    }
    for (int64_t j = 0; j < d; j++) mean[j] /= (double)n;
    for (int64_t i = 0; i < n * d; i++) centred[i] = x[i] - mean[i % d];
    TRY(blas_begin(&b, 1));
    b->dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)d, (int)n, 1.0 / (double)(n - 1), centred,
             (int)d, 0, covariance, (int)d);
    blas_end();
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < i; j++) covariance[i * d + j] = covariance[j * d + i];
done:
    mem_free(centred);
    return st;
}

/* Eigenvalues (ascending) of the symmetric a [d][d]; with vectors, a becomes
 * them, one per column. */
static jem_status eigen(const blas *b, double *a, double *values, int64_t d, char job)
{
    int info = b->dsyevd(LAPACK_ROW_MAJOR, job, 'U', (int)d, a, (int)d, values);
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        return jem_error(JEM_ENOMEM, "no memory for %lld eigenvalues", (long long)d);
    if (info) return jem_error(JEM_EINTERNAL, "LAPACK dsyevd did not converge (info %d)", info);
    return JEM_OK;
}

/* root <- V L^1/2 V^T, formed as (V L^1/4)(V L^1/4)^T so that it is symmetric to
 * the last bit; v [d][d] is overwritten. */
static void square_root(const blas *b, double *root, double *v, const double *lambda, int64_t d)
{
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) v[i * d + j] *= sqrt(sqrt(fmax(0, lambda[j])));
    b->dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)d, (int)d, (int)d, 1, v, (int)d, v,
             (int)d, 0, root, (int)d);
}

jem_status stats_frechet(double *out, const double *mean1, const double *covariance1,
                         const double *mean2, const double *covariance2, int64_t d)
{
    jem_status st;
    double *v = NULL, *root = NULL, *product = NULL, *lambda = NULL;
    double distance = 0;
    const blas *b = NULL;

    for (int64_t i = 0; i < d; i++) {
        double gap = mean1[i] - mean2[i];
        distance += gap * gap + covariance1[i * d + i] + covariance2[i * d + i];
    }
    if (!isfinite(distance)) {
        st = jem_error(JEM_EDATA, "the moments are not finite");
        goto done;
    }
    TRY(MEM_NEW(v, d * d));
    TRY(MEM_NEW(root, d * d));
    TRY(MEM_NEW(product, d * d));
    TRY(MEM_NEW(lambda, d));
    TRY(blas_begin(&b, 1));
    memcpy(v, covariance1, (size_t)(d * d) * sizeof *v);
    TRY(eigen(b, v, lambda, d, 'V'));
    square_root(b, root, v, lambda, d);
    /* product <- root S2 root; v holds S2 root on the way */
    b->dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)d, (int)d, (int)d, 1, covariance2,
             (int)d, root, (int)d, 0, v, (int)d);
    b->dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)d, (int)d, (int)d, 1, root, (int)d, v,
             (int)d, 0, product, (int)d);
    TRY(eigen(b, product, lambda, d, 'N'));
    for (int64_t i = 0; i < d; i++) distance -= 2 * sqrt(fmax(0, lambda[i]));
    *out = fmax(0, distance); /* rounding may leave -1e-15 for equal moments */
done:
    if (b) blas_end();
    mem_free(lambda);
    mem_free(product);
    mem_free(root);
    mem_free(v);
    return st;
}

jem_status stats_frechet_features(double *out, const double *a, int64_t na, const double *b,
                                  int64_t nb, int64_t d)
{
    jem_status st;
    double *moments = NULL;

    TRY(MEM_NEW(moments, 2 * (d + d * d)));
    double *mean1 = moments, *mean2 = mean1 + d, *cov1 = mean2 + d, *cov2 = cov1 + d * d;
    TRY(stats_covariance(mean1, cov1, a, na, d));
    TRY(stats_covariance(mean2, cov2, b, nb, d));
    TRY(stats_frechet(out, mean1, cov1, mean2, cov2, d));
done:
    mem_free(moments);
    return st;
}
