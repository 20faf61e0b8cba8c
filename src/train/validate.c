/* Validation accuracy and the pooled-pixel Frechet distance: see validate.h. */
#include "train/validate.h"

#include <math.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/frechet.h"
#include "stats/pooled_pixels.h"

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
        TRY(dataset_floats(x, d, index, n));
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

jem_status pixel_distance_init(pixel_distance *p, const dataset *d, int64_t limit)
{
    jem_status st;
    shape s = {d->channels, d->height, d->width};
    pixel_distance b = {stats_pooled_pixels_dim(s.c, s.h, s.w), NULL, NULL};
    int64_t n = d->n < limit ? d->n : limit;
    double *f = NULL;
    float *x = NULL;

    TRY(MEM_NEW(b.mean, b.dim));
    TRY(MEM_NEW(b.covariance, b.dim * b.dim));
    TRY(MEM_NEW(f, n * b.dim));
    TRY(MEM_NEW(x, shape_count(s)));
    for (int64_t i = 0; i < n; i++) {
        TRY(dataset_floats(x, d, &i, 1));
        stats_pooled_pixels(f + i * b.dim, x, s.c, s.h, s.w);
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
    for (int64_t i = 0; i < n; i++)
        stats_pooled_pixels(f + i * p->dim, x + i * shape_count(image), image.c, image.h, image.w);
    TRY(stats_covariance(mean, covariance, f, n, p->dim));
    TRY(stats_frechet(out, p->mean, p->covariance, mean, covariance, p->dim));
done:
    mem_free(f);
    mem_free(mean);
    mem_free(covariance);
    return st;
}
