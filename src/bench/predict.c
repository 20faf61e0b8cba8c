/* Images by the batch through a model: see predict.h. */
#include "bench/predict.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "stats/classify.h"

enum { PREDICT_BATCH = 128 };

/* Streams of RNG_SAMPLE: the starts of chains use step 0. */
enum { STREAM_NOISE = 1, STREAM_CONSTANT, STREAM_INTERPOLATED };

/* ---- sources */

int64_t source_row(const image_source *s, int64_t i)
{
    return i * s->total / s->n;
}

static jem_status fill_dataset(const image_source *s, float *x, int64_t first, int64_t count)
{
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < count; i++) {
        int64_t row = source_row(s, first + i);
        TRY(dataset_floats(x + i * shape_count(s->image), s->d, &row, 1));
    }
done:
    return st;
}

static jem_status fill_array(const image_source *s, float *x, int64_t first, int64_t count)
{
    int64_t size = shape_count(s->image);
    for (int64_t i = 0; i < count; i++)
        memcpy(x + i * size, s->images + source_row(s, first + i) * size, (size_t)size * sizeof *x);
    return JEM_OK;
}

static jem_status fill_noise(const image_source *s, float *x, int64_t first, int64_t count)
{
    const rng_stream stream = {s->seed, RNG_SAMPLE, STREAM_NOISE, 0};
    int64_t size = shape_count(s->image);
    for (int64_t i = 0; i < count; i++)
        rng_fill_uniform(x + i * size, size, -1, 1, &stream, (uint32_t)(first + i));
    return JEM_OK;
}

static jem_status fill_constant(const image_source *s, float *x, int64_t first, int64_t count)
{
    const rng_stream stream = {s->seed, RNG_SAMPLE, STREAM_CONSTANT, 0};
    int64_t plane = s->image.h * s->image.w;
    for (int64_t i = 0; i < count; i++)
        for (int64_t c = 0; c < s->image.c; c++) {
            float value = 2 * rng_unit(&stream, (uint32_t)(first + i), (uint32_t)c) - 1;
            for (int64_t p = 0; p < plane; p++) *x++ = value;
        }
    return JEM_OK;
}

/* Image i and another one of the set, half of each. */
static jem_status fill_interpolated(const image_source *s, float *x, int64_t first, int64_t count)
{
    const rng_stream stream = {s->seed, RNG_SAMPLE, STREAM_INTERPOLATED, 0};
    int64_t size = shape_count(s->image), n = s->total;
    jem_status st = JEM_OK;
    for (int64_t i = 0; i < count; i++, x += size) {
        int64_t a = source_row(s, first + i);
        uint32_t other = rng_below(&stream, (uint32_t)(first + i), 0, (uint32_t)(n - 1));
        TRY(dataset_midpoint(x, s->d, a, (a + 1 + other) % n));
    }
done:
    return st;
}

static int64_t least(int64_t n, int64_t limit)
{
    return limit > 0 && limit < n ? limit : n;
}

image_source source_dataset(const dataset *d, int64_t limit)
{
    return (image_source){.fill = fill_dataset, .n = least(d->n, limit), .total = d->n, .d = d,
                          .image = {d->channels, d->height, d->width}};
}

image_source source_array(const float *images, int64_t total, shape size, int64_t limit)
{
    return (image_source){.fill = fill_array, .n = least(total, limit), .total = total,
                          .images = images, .image = size};
}

image_source source_noise(shape size, int64_t n, uint64_t seed)
{
    return (image_source){.fill = fill_noise, .n = n, .total = n, .image = size, .seed = seed};
}

image_source source_constant(shape size, int64_t n, uint64_t seed)
{
    return (image_source){.fill = fill_constant, .n = n, .total = n, .image = size, .seed = seed};
}

image_source source_interpolated(const dataset *d, int64_t n, uint64_t seed)
{
    image_source s = source_dataset(d, n);
    if (d->n < 2) s.n = 0; /* there is no pair */
    s.fill = fill_interpolated;
    s.seed = seed;
    return s;
}

/* ---- predictions */

void predictions_clear(predictions *p)
{
    mem_free(p->logits);
    mem_free(p->lse);
    mem_free(p->max_softmax);
    mem_free(p->grad_norm);
    *p = (predictions)PREDICTIONS_INIT;
}

/* The numbers of `count` images that begin with number `first`. */
static void take(predictions *p, int64_t first, int64_t count, const float *logits,
                 const float *grad, int64_t size)
{
    for (int64_t i = 0; i < count; i++) {
        double *row = p->logits + (first + i) * p->k;
        for (int64_t c = 0; c < p->k; c++) row[c] = (double)logits[i * p->k + c];
        double lse = stats_logsumexp(row, p->k);
        p->lse[first + i] = lse;
        p->max_softmax[first + i] = exp(row[stats_argmax(row, p->k)] - lse);
        if (!grad) continue;
        double squares = 0;
        for (int64_t k = 0; k < size; k++)
            squares += (double)grad[i * size + k] * (double)grad[i * size + k];
        p->grad_norm[first + i] = sqrt(squares);
    }
}

jem_status predict(predictions *out, const generative *g, const image_source *s, bool gradients)
{
    jem_status st;
    predictions p = {.n = s->n, .k = g->classes};
    int64_t size = shape_count(g->image);
    float *x = NULL, *logits = NULL, *grad = NULL;

    TRY(MEM_NEW(p.logits, p.n * p.k));
    TRY(MEM_NEW(p.lse, p.n));
    TRY(MEM_NEW(p.max_softmax, p.n));
    TRY(MEM_NEW(x, PREDICT_BATCH * size));
    TRY(MEM_NEW(logits, PREDICT_BATCH * p.k));
    if (gradients) {
        TRY(MEM_NEW(p.grad_norm, p.n));
        TRY(MEM_NEW(grad, PREDICT_BATCH * size));
    }
    for (int64_t first = 0; first < p.n; first += PREDICT_BATCH) {
        int64_t count = least(p.n - first, PREDICT_BATCH);
        TRY(s->fill(s, x, first, count));
        TRY(g->evaluate(g->ctx, x, count, logits, grad));
        take(&p, first, count, logits, grad, size);
    }
    *out = p;
    p = (predictions)PREDICTIONS_INIT;
done:
    predictions_clear(&p);
    mem_free(x);
    mem_free(logits);
    mem_free(grad);
    return st;
}

jem_status predict_features(double **features, int64_t *dim, const generative *g,
                            bool of_classifier, const image_source *s)
{
    jem_status st;
    const char *layer = of_classifier ? g->classifier_feature : g->feature;
    int64_t d = 0;
    double *all = NULL;
    float *x = NULL, *part = NULL;

    TRY(g->features(g->ctx, of_classifier, layer, NULL, 0, NULL, &d));
    TRY(MEM_NEW(all, s->n * d));
    TRY(MEM_NEW(x, PREDICT_BATCH * shape_count(g->image)));
    TRY(MEM_NEW(part, PREDICT_BATCH * d));
    for (int64_t first = 0; first < s->n; first += PREDICT_BATCH) {
        int64_t count = least(s->n - first, PREDICT_BATCH);
        TRY(s->fill(s, x, first, count));
        TRY(g->features(g->ctx, of_classifier, layer, x, count, part, &d));
        for (int64_t i = 0; i < count * d; i++) all[first * d + i] = (double)part[i];
    }
    *features = all;
    *dim = d;
    all = NULL;
done:
    mem_free(all);
    mem_free(x);
    mem_free(part);
    return st;
}
