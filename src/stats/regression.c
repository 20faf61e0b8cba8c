/* The linear half of probe.h: standardisation, ordinary least squares through LAPACK, R2. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/blas.h"
#include "stats/bootstrap.h"
#include "stats/probe.h"
#include "stats/summary.h"

void stats_standardise_fit(double *mean, double *sd, const double *x, int64_t n, int64_t d)
{
    memset(mean, 0, (size_t)d * sizeof *mean);
    memset(sd, 0, (size_t)d * sizeof *sd);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++) mean[j] += x[i * d + j];
    for (int64_t j = 0; j < d; j++) mean[j] /= (double)n;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++) {
            double gap = x[i * d + j] - mean[j];
            sd[j] += gap * gap;
        }
    for (int64_t j = 0; j < d; j++) {
        sd[j] = sqrt(sd[j] / (double)n);
        /* A constant dimension leaves rounding behind, not spread. */
        if (!(sd[j] > 1e-12 * fabs(mean[j]))) sd[j] = 1;
    }
}

void stats_standardise_apply(double *out, const double *mean, const double *sd, const double *x,
                             int64_t n, int64_t d)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < d; j++) out[i * d + j] = (x[i * d + j] - mean[j]) / sd[j];
}

jem_status stats_ols_fit(double *w, const double *x, const double *y, int64_t n, int64_t d)
{
    jem_status st;
    double *a = NULL, *b = NULL, *singular = NULL, *mean = NULL;
    int64_t longest = n > d ? n : d, shortest = n > d ? d : n;
    const blas *lib;
    int rank;

    if (n < 1) return jem_error(JEM_EDATA, "least squares needs at least one row");
    TRY(MEM_NEW(a, n * d));
    TRY(MEM_NEW(b, longest));
    TRY(MEM_NEW(singular, shortest));
    TRY(MEM_NEW(mean, d));
    for (int64_t i = 0; i < n * d; i++) mean[i % d] += x[i] / (double)n;
    for (int64_t i = 0; i < n * d; i++) a[i] = x[i] - mean[i % d];
    double y_mean = stats_mean(y, n);
    for (int64_t i = 0; i < n; i++) b[i] = y[i] - y_mean;
    /* Machine precision times the larger side, as numpy.linalg.matrix_rank has it. */
    double tolerance = 2.220446049250313e-16 * (double)longest;
    TRY(blas_begin(&lib, 1));
    int info = lib->dgelsd(LAPACK_ROW_MAJOR, (int)n, (int)d, 1, a, (int)d, b, 1, singular,
                           tolerance, &rank);
    blas_end();
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR) {
        st = jem_error(JEM_ENOMEM, "no memory for least squares on %lld values", (long long)(n * d));
        goto done;
    }
    if (info) {
        st = jem_error(JEM_EINTERNAL, "LAPACK dgelsd failed (info %d)", info);
        goto done;
    }
    w[d] = y_mean;
    for (int64_t j = 0; j < d; j++) {
        w[j] = b[j];
        w[d] -= b[j] * mean[j];
    }
done:
    mem_free(mean);
    mem_free(singular);
    mem_free(b);
    mem_free(a);
    return st;
}

void stats_linear_predict(double *yhat, const double *w, const double *x, int64_t n, int64_t d)
{
    for (int64_t i = 0; i < n; i++) {
        double sum = w[d];
        for (int64_t j = 0; j < d; j++) sum += w[j] * x[i * d + j];
        yhat[i] = sum;
    }
}

/* JEM_EDATA for a value that is not finite; *exponent <- of the largest: |x| < 2^exponent. */
static jem_status size_of(int *exponent, const double *x, int64_t n)
{
    double largest = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return jem_error(JEM_EDATA, "value %lld is %g: its R2 is undefined", (long long)i,
                             x[i]);
        largest = fabs(x[i]) > largest ? fabs(x[i]) : largest;
    }
    frexp(largest, exponent);
    if (*exponent < -1000) *exponent = -1000;
    return JEM_OK;
}

jem_status stats_r2(double *out, const double *y, const double *yhat, int64_t n)
{
    jem_status st;
    double mean = 0, total = 0, left = 0;
    int size, size_hat;
    bool constant = true;

    TRY(size_of(&size, y, n));
    TRY(size_of(&size_hat, yhat, n));
    for (int64_t i = 1; i < n; i++) constant = constant && y[i] == y[0];
    if (constant) return jem_error(JEM_EDATA, "R2 of constant values is undefined");
    if (size_hat < size) size_hat = size;
    /* Powers of two keep squares within doubles and change no digit. */
    double scale = ldexp(1, -size), scale_hat = ldexp(1, -size_hat);
    for (int64_t i = 0; i < n; i++) mean += scale * y[i];
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        double spread = scale * y[i] - mean, error = scale_hat * y[i] - scale_hat * yhat[i];
        total += spread * spread;
        left += error * error;
    }
    double value = 1 - ldexp(left / total, 2 * (size_hat - size));
    if (!isfinite(value)) {
        st = jem_error(JEM_EDATA, "R2 is below any number: predictions are out of proportion");
        goto done;
    }
    *out = value;
done:
    return st;
}

/* Values whose R2 is resampled. */
typedef struct fitted {
    const double *y, *yhat;
} fitted;

static jem_status resampled_r2(double *value, const void *ctx, const stats_draw *draw)
{
    jem_status st;
    const fitted *f = ctx;
    int64_t n = draw->sizes[0];
    double *drawn = NULL;

    TRY(MEM_NEW(drawn, 2 * n));
    for (int64_t i = 0; i < n; i++) {
        drawn[i] = f->y[draw->index[0][i]];
        drawn[n + i] = f->yhat[draw->index[0][i]];
    }
    if (stats_r2(value, drawn, drawn + n, n) != JEM_OK) *value = NAN;
done:
    mem_free(drawn);
    return st;
}

jem_status stats_r2_interval(stats_interval *out, const double *y, const double *yhat, int64_t n,
                             int64_t rounds, double level, uint64_t seed)
{
    jem_status st;
    const fitted f = {y, yhat};
    const stats_bootstrap_plan plan = {.factors = 1,
                                       .sizes = &n,
                                       .values = 1,
                                       .statistic = resampled_r2,
                                       .ctx = &f,
                                       .rounds = rounds,
                                       .seed = seed};
    double *values = NULL;

    TRY(MEM_NEW(values, rounds));
    TRY(stats_bootstrap_distribution(values, &plan));
    TRY(stats_percentile_interval(out, NULL, values, rounds, 1, level));
done:
    mem_free(values);
    return st;
}

jem_status stats_ols_probe_predict(double *yhat, const double *train, const double *train_y,
                                   int64_t n, const double *test, int64_t m, int64_t d)
{
    jem_status st;
    double *moments = NULL, *scaled = NULL, *w = NULL;

    TRY(MEM_NEW(moments, 2 * d));
    TRY(MEM_NEW(scaled, (n > m ? n : m) * d));
    TRY(MEM_NEW(w, d + 1));
    stats_standardise_fit(moments, moments + d, train, n, d);
    stats_standardise_apply(scaled, moments, moments + d, train, n, d);
    TRY(stats_ols_fit(w, scaled, train_y, n, d));
    stats_standardise_apply(scaled, moments, moments + d, test, m, d);
    stats_linear_predict(yhat, w, scaled, m, d);
done:
    mem_free(w);
    mem_free(scaled);
    mem_free(moments);
    return st;
}

jem_status stats_ols_probe(double *r2, const double *train, const double *train_y, int64_t n,
                           const double *test, const double *test_y, int64_t m, int64_t d)
{
    jem_status st;
    double *yhat = NULL;

    TRY(MEM_NEW(yhat, m));
    TRY(stats_ols_probe_predict(yhat, train, train_y, n, test, m, d));
    TRY(stats_r2(r2, test_y, yhat, m));
done:
    mem_free(yhat);
    return st;
}
