/* Statistics in memory and in npz files: see fid_statistics.h. */
#include "fid/fid_statistics.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "stats/frechet.h"
#include "tensor/npz.h"

static const int64_t d = FID_FEATURES;

jem_status fid_statistics_init(fid_statistics *s)
{
    jem_status st;
    fid_statistics b = FID_STATISTICS_INIT;

    TRY(MEM_NEW(b.mean, d));
    TRY(MEM_NEW(b.covariance, d * d));
    *s = b;
    b = (fid_statistics)FID_STATISTICS_INIT;
done:
    fid_statistics_clear(&b);
    return st;
}

void fid_statistics_clear(fid_statistics *s)
{
    mem_free(s->mean);
    mem_free(s->covariance);
    *s = (fid_statistics)FID_STATISTICS_INIT;
}

/* ---- reading */

bool fid_statistics_are(const char *path)
{
    char **keys = NULL;
    int count = 0;
    if (!npz_is(path) || npz_keys(&keys, &count, path) != JEM_OK) return false;
    const bool are = npz_has(keys, count, "sigma");
    strings_free(keys, count);
    return are;
}

/* dst [count] <- the array, of `ndim` times FID_FEATURES. */
static jem_status read_floats(double *dst, const char *path, const char *key, int ndim)
{
    jem_status st;
    jem_tensor t = JEM_TENSOR_INIT;

    TRY(npz_read(&t, path, key));
    if (t.ndim != ndim || t.shape[0] != d || (ndim == 2 && t.shape[1] != d)) {
        st = jem_error(JEM_EDATA, "%s (%s): %d dimensions, the first of %" PRId64 "; statistics for FID have %s "
                       "of Inception's features: are these of another network?", path, key, t.ndim,
                       t.ndim ? t.shape[0] : 1, ndim == 1 ? "the mean [2048]" : "the covariance [2048,2048]");
        goto done;
    }
    TRY(jem_tensor_convert(&t, JEM_F64));
    memcpy(dst, t.data, (size_t)jem_tensor_count(&t) * sizeof *dst);
    for (int64_t i = 0; i < jem_tensor_count(&t); i++)
        if (!isfinite(dst[i])) {
            st = jem_error(JEM_EDATA, "%s (%s): element %" PRId64 " is not finite; make the statistics again",
                           path, key, i);
            goto done;
        }
done:
    jem_tensor_clear(&t);
    return st;
}

/* Published ones are float or double sums: symmetric but for rounding. */
static jem_status check_covariance(const fid_statistics *s, const char *path)
{
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j <= i; j++) {
            const double a = s->covariance[i * d + j], b = s->covariance[j * d + i];
            const double size = sqrt(fabs(s->covariance[i * d + i] * s->covariance[j * d + j]));
            if ((i == j && a < 0) || fabs(a - b) > 1e-5 * size + 1e-12)
                return jem_error(JEM_EDATA, "%s (sigma): element [%" PRId64 ",%" PRId64 "] is %g, [%" PRId64
                                 ",%" PRId64 "] %g: this is no covariance", path, i, j, a, j, i, b);
        }
    return JEM_OK;
}

static jem_status read_count(int64_t *n, const char *path)
{
    jem_status st;
    jem_tensor t = JEM_TENSOR_INIT;

    TRY(npz_read(&t, path, "n"));
    if (t.dtype == JEM_I64 && jem_tensor_count(&t) == 1) *n = *(const int64_t *)t.data;
done:
    jem_tensor_clear(&t);
    return st;
}

jem_status fid_statistics_read(fid_statistics *out, const char *path)
{
    jem_status st;
    fid_statistics s = FID_STATISTICS_INIT;
    char **keys = NULL;
    int count = 0;

    TRY(npz_keys(&keys, &count, path));
    TRY(fid_statistics_init(&s));
    TRY(read_floats(s.mean, path, "mu", 1));
    TRY(read_floats(s.covariance, path, "sigma", 2));
    TRY(check_covariance(&s, path));
    if (npz_has(keys, count, "n")) TRY(read_count(&s.n, path));
    *out = s;
    s = (fid_statistics)FID_STATISTICS_INIT;
done:
    strings_free(keys, count);
    fid_statistics_clear(&s);
    return st;
}

/* ---- writing */

jem_status fid_statistics_write(const fid_statistics *s, const char *path)
{
    int64_t n = s->n;
    const jem_tensor mean = {JEM_F64, 1, {d}, s->mean}, sigma = {JEM_F64, 2, {d, d}, s->covariance},
                     pictures = {JEM_I64, 0, {0}, &n};
    static const char *const keys[] = {"mu", "sigma", "n"};
    return npz_write(path, keys, (const jem_tensor *const[]){&mean, &sigma, &pictures}, s->n > 0 ? 3 : 2);
}

/* ---- distance */

jem_status fid_distance(double *out, const fid_statistics *a, const fid_statistics *b)
{
    return stats_frechet(out, a->mean, a->covariance, b->mean, b->covariance, d);
}

const char *fid_bias(int64_t n)
{
    if (n == 0 || n > d) return NULL;
    return "fewer pictures than the 2,048 features: their covariance is singular and the distance too large; "
           "use 10,000 and more";
}
