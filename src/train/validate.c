/* Validation accuracy and the pooled-pixel Frechet distance: see validate.h. */
#include "train/validate.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/frechet.h"

enum { VALIDATE_BATCH = 256, POOL_SIDE = 8 };

jem_status validate(validation *out, model *m, const dataset *d)
{
    jem_status st;
    int64_t k = model_classes(m), hits = 0;
    double nll = 0;
    float *x = NULL, *logits = NULL, *lse = NULL;
    int64_t index[VALIDATE_BATCH];

    TRY(MEM_NEW(x, VALIDATE_BATCH * model_input_count(m)));
    TRY(MEM_NEW(logits, VALIDATE_BATCH * k));
    TRY(MEM_NEW(lse, VALIDATE_BATCH));
    for (int64_t first = 0; first < d->n; first += VALIDATE_BATCH) {
        int64_t n = d->n - first < VALIDATE_BATCH ? d->n - first : VALIDATE_BATCH;
        for (int64_t i = 0; i < n; i++) index[i] = first + i;
        dataset_floats(x, d, index, n);
        TRY(model_evaluate(m, x, n, NULL, logits, lse, NULL));
        for (int64_t i = 0; i < n; i++) {
            const float *f = logits + i * k;
            int64_t best = 0, y = d->labels[first + i];
            for (int64_t c = 1; c < k; c++)
                if (f[c] > f[best]) best = c;
            hits += best == y;
            nll += (double)lse[i] - (double)f[y];
        }
    }
    out->accuracy = d->n > 0 ? (double)hits / (double)d->n : NAN;
    out->nll = d->n > 0 ? nll / (double)d->n : NAN;
done:
    mem_free(x);
    mem_free(logits);
    mem_free(lse);
    return st;
}

static int64_t grid(int64_t side)
{
    return side < POOL_SIDE ? side : POOL_SIDE;
}

/* f [c][8][8] <- means over a grid of cells of x [c][h][w]; sides below 8 stay as they are. */
static void pool_image(double *f, const float *x, shape s)
{
    int64_t gh = grid(s.h), gw = grid(s.w);
    for (int64_t c = 0; c < s.c; c++)
        for (int64_t p = 0; p < gh; p++)
            for (int64_t q = 0; q < gw; q++) {
                int64_t y0 = p * s.h / gh, y1 = (p + 1) * s.h / gh;
                int64_t x0 = q * s.w / gw, x1 = (q + 1) * s.w / gw;
                double sum = 0;
                for (int64_t y = y0; y < y1; y++)
                    for (int64_t u = x0; u < x1; u++) sum += (double)x[(c * s.h + y) * s.w + u];
                f[(c * gh + p) * gw + q] = sum / (double)((y1 - y0) * (x1 - x0));
            }
}

jem_status pixel_distance_init(pixel_distance *p, const dataset *d, int64_t limit)
{
    jem_status st;
    shape s = {d->channels, d->height, d->width};
    pixel_distance b = {s.c * grid(s.h) * grid(s.w), NULL, NULL};
    int64_t n = d->n < limit ? d->n : limit;
    double *f = NULL;
    float *x = NULL;

    TRY(MEM_NEW(b.mean, b.dim));
    TRY(MEM_NEW(b.covariance, b.dim * b.dim));
    TRY(MEM_NEW(f, n * b.dim));
    TRY(MEM_NEW(x, shape_count(s)));
    for (int64_t i = 0; i < n; i++) {
        dataset_floats(x, d, &i, 1);
        pool_image(f + i * b.dim, x, s);
    }
    TRY(stats_covariance(b.mean, b.covariance, f, n, b.dim));
    *p = b;
    b = (pixel_distance)PIXEL_DISTANCE_INIT;
done:
    pixel_distance_clear(&b);
    mem_free(f);
    mem_free(x);
    return st;
}

void pixel_distance_clear(pixel_distance *p)
{
    mem_free(p->mean);
    mem_free(p->covariance);
    p->mean = p->covariance = NULL;
}

jem_status pixel_distance_measure(double *out, const pixel_distance *p, const float *x,
                                  int64_t n, shape image)
{
    jem_status st;
    double *f = NULL, *mean = NULL, *covariance = NULL;
    TRY(MEM_NEW(f, n * p->dim));
    TRY(MEM_NEW(mean, p->dim));
    TRY(MEM_NEW(covariance, p->dim * p->dim));
    for (int64_t i = 0; i < n; i++) pool_image(f + i * p->dim, x + i * shape_count(image), image);
    TRY(stats_covariance(mean, covariance, f, n, p->dim));
    TRY(stats_frechet(out, p->mean, p->covariance, mean, covariance, p->dim));
done:
    mem_free(f);
    mem_free(mean);
    mem_free(covariance);
    return st;
}
