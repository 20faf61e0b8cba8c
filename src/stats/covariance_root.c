/* Eigenvalues of a small symmetric matrix by Jacobi's rotations, and its root. */
#include "stats/covariance_root.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

enum { SWEEPS_MOST = 60 }; /* some six are enough; each squares what is left off the diagonal */

static double off_diagonal(const double *a, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < i; k++) sum += a[i * n + k] * a[i * n + k];
    return sum;
}

/* Rows and columns p, q of a and columns p, q of v are turned so that a[p][q] becomes 0. */
static void rotate(double *a, double *v, int64_t n, int64_t p, int64_t q)
{
    const double apq = a[p * n + q];
    if (apq == 0) return;
    const double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
    const double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int64_t k = 0; k < n; k++) {
        const double kp = a[k * n + p], kq = a[k * n + q];
        a[k * n + p] = c * kp - s * kq;
        a[k * n + q] = s * kp + c * kq;
    }
    for (int64_t k = 0; k < n; k++) {
        const double pk = a[p * n + k], qk = a[q * n + k];
        a[p * n + k] = c * pk - s * qk;
        a[q * n + k] = s * pk + c * qk;
        const double vp = v[k * n + p], vq = v[k * n + q];
        v[k * n + p] = c * vp - s * vq;
        v[k * n + q] = s * vp + c * vq;
    }
}

jem_status stats_covariance_root(double *root, double *a, int64_t n)
{
    jem_status st;
    double *d = NULL, *v = NULL, scale = 0;

    TRY(MEM_NEW(d, n * n));
    TRY(MEM_NEW(v, n * n));
    memcpy(d, a, (size_t)(n * n) * sizeof *d);
    for (int64_t i = 0; i < n; i++) v[i * n + i] = 1;
    for (int64_t i = 0; i < n * n; i++) scale += d[i] * d[i];
    for (int k = 0; k < SWEEPS_MOST && off_diagonal(d, n) > 1e-30 * scale; k++)
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = p + 1; q < n; q++) rotate(d, v, n, p, q);
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < n; k++)
            root[i * n + k] = v[i * n + k] * sqrt(fmax(d[k * n + k], 0));
    for (int64_t i = 0; i < n; i++)
        for (int64_t l = 0; l < n; l++) {
            double sum = 0;
            for (int64_t k = 0; k < n; k++) sum += root[i * n + k] * root[l * n + k];
            a[i * n + l] = sum;
        }
done:
    mem_free(v);
    mem_free(d);
    return st;
}
