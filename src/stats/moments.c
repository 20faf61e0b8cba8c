/* Moments in one pass: see moments.h. */
#include "stats/moments.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/blas.h"

jem_status moments_init(moments *m, int64_t d)
{
    jem_status st;
    moments b = {.d = d};

    TRY(MEM_NEW(b.shift, d));
    TRY(MEM_NEW(b.sum, d));
    TRY(MEM_NEW(b.products, d * d));
    *m = b;
    b = (moments)MOMENTS_INIT;
done:
    moments_clear(&b);
    return st;
}

void moments_clear(moments *m)
{
    mem_free(m->shift);
    mem_free(m->sum);
    mem_free(m->products);
    *m = (moments)MOMENTS_INIT;
}

static void take_shift(moments *m, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n * m->d; i++) m->shift[i % m->d] += (double)x[i];
    for (int64_t j = 0; j < m->d; j++) m->shift[j] /= (double)n;
}

jem_status moments_add(moments *m, const float *x, int64_t n)
{
    jem_status st;
    double *centred = NULL;
    const blas *b;

    for (int64_t i = 0; i < n * m->d; i++)
        if (!isfinite(x[i]))
            return jem_error(JEM_EDATA, "feature %lld of row %lld is not finite", (long long)(i % m->d),
                             (long long)(m->n + i / m->d));
    TRY(MEM_NEW(centred, n * m->d));
    TRY(blas_begin(&b, 1));
    if (m->n == 0) take_shift(m, x, n);
    for (int64_t i = 0; i < n * m->d; i++) {
        centred[i] = (double)x[i] - m->shift[i % m->d];
        m->sum[i % m->d] += centred[i];
    }
    b->dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)m->d, (int)n, 1, centred, (int)m->d, 1, m->products,
             (int)m->d);
    blas_end();
    m->n += n;
done:
    mem_free(centred);
    return st;
}

jem_status moments_get(const moments *m, double *mean, double *covariance)
{
    const double n = (double)m->n;

    if (m->n < 2)
        return jem_error(JEM_EDATA, "a covariance needs at least 2 rows, not %lld", (long long)m->n);
    for (int64_t i = 0; i < m->d; i++) {
        mean[i] = m->shift[i] + m->sum[i] / n;
        for (int64_t j = i; j < m->d; j++) {
            const double c = (m->products[i * m->d + j] - m->sum[i] * m->sum[j] / n) / (n - 1);
            covariance[i * m->d + j] = covariance[j * m->d + i] = c;
        }
    }
    return JEM_OK;
}
