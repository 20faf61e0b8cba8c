/* See weight_norm.h. */
#include "nn/weight_norm.h"

#include <math.h>

#define LEAST_SQUARE 1e-12

static inline double get(const void *x, int64_t i, jem_dtype dtype)
{
    return dtype == JEM_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static inline void put(void *x, int64_t i, double value, jem_dtype dtype)
{
    if (dtype == JEM_F64)
        ((double *)x)[i] = value;
    else
        ((float *)x)[i] = (float)value;
}

enum { LANES = 8 };

/* <a, b> of n elements from `first` on, in lanes: the same order whatever the compiler makes of it. */
static inline double product(const void *a, const void *b, int64_t first, int64_t n, jem_dtype dtype)
{
    double lane[LANES] = {0}, sum = 0;
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (int k = 0; k < LANES; ++k)
            lane[k] += get(a, first + i + k, dtype) * get(b, first + i + k, dtype);
    for (int k = 0; k < LANES; ++k) sum += lane[k];
    for (; i < n; ++i) sum += get(a, first + i, dtype) * get(b, first + i, dtype);
    return sum;
}

static inline void apply_rows(const weight_norm *n, void *w, const void *v, const void *g, jem_dtype dtype)
{
    for (int64_t r = 0; r < n->rows; ++r) {
        const int64_t first = r * n->each;
        const double square = product(v, v, first, n->each, dtype);
        const double scale = get(g, r, dtype) / sqrt(fmax(square, LEAST_SQUARE));
        for (int64_t i = first; i < first + n->each; ++i) put(w, i, scale * get(v, i, dtype), dtype);
    }
}

void weight_norm_apply(const weight_norm *n, void *w, const void *v, const void *g)
{
    if (n->dtype == JEM_F64) /* twice, so that either is a loop without questions */
        apply_rows(n, w, v, g, JEM_F64);
    else
        apply_rows(n, w, v, g, JEM_F32);
}

static inline void turn_rows(const weight_norm *n, void *d, void *dg, const void *v, const void *g, jem_dtype dtype)
{
    for (int64_t r = 0; r < n->rows; ++r) {
        const int64_t first = r * n->each;
        const double square = fmax(product(v, v, first, n->each, dtype), LEAST_SQUARE), norm = sqrt(square);
        const double along = product(d, v, first, n->each, dtype), scale = get(g, r, dtype) / norm;
        put(dg, r, along / norm, dtype);
        for (int64_t i = first; i < first + n->each; ++i)
            put(d, i, scale * (get(d, i, dtype) - get(v, i, dtype) * along / square), dtype);
    }
}

void weight_norm_gradient(const weight_norm *n, void *d, void *dg, const void *v, const void *g)
{
    if (n->dtype == JEM_F64)
        turn_rows(n, d, dg, v, g, JEM_F64);
    else
        turn_rows(n, d, dg, v, g, JEM_F32);
}
