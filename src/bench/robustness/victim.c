/* A JEM's classifier under attack: see victim.h. */
#include "bench/robustness/victim.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

enum { ROWS = 128 }; /* copies of images that are computed together */

/* Langevin steps have the lower numbers: the noise that a copy begins with. */
static const uint32_t FIRST_NOISE = 0xffffff;

struct victim {
    const generative *g;
    const attack_options *o;
    uint64_t seed;
    int64_t refine, size;
    attack_victim as;
    int64_t rows;           /* that there is room for */
    float *x, *grad;        /* [rows][size] copies */
    float *logits;          /* [rows][classes] */
    chain_key *keys;        /* [rows] */
    float *cotangent;       /* [rows][classes] */
    float *mean;            /* [classes] */
};

void victim_free(victim *v)
{
    if (!v) return;
    mem_free(v->x);
    mem_free(v->grad);
    mem_free(v->logits);
    mem_free(v->keys);
    mem_free(v->cotangent);
    mem_free(v->mean);
    mem_free(v);
}

static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

/* Copies that it makes of an image at most. */
static int64_t copies_of(const victim *v)
{
    return v->refine ? most(v->o->copies, v->o->draws) : 1;
}

int64_t victim_batch(const victim *v)
{
    return most(1, ROWS / copies_of(v));
}

/* v->x <- `copies` refined copies of each image, draws first_draw, first_draw + 1, ... */
static jem_status refine(victim *v, const float *x, const int64_t *id, int64_t n, int64_t copies, chain_part part,
                         int64_t first_draw)
{
    const int64_t size = v->size;
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < copies; c++) {
            float *row = v->x + (i * copies + c) * size;
            const chain_key key = {(uint32_t)id[i], (uint32_t)(first_draw + c)};
            const rng_stream s = {v->seed, RNG_SAMPLE_NOISE, (uint32_t)part + key.draw, FIRST_NOISE};
            v->keys[i * copies + c] = key;
            rng_fill_normal(row, size, &s, key.image);
            for (int64_t k = 0; k < size; k++)
                row[k] = (float)((double)x[i * size + k] + v->o->noise_std * (double)row[k]);
        }
    const chain_request how = {.steps = v->refine, .seed = v->seed, .part = part, .keys = v->keys};
    return v->g->chain(v->g->ctx, &how, v->x, n * copies);
}

/* v->mean <- of the logits of image i's copies. */
static void average(victim *v, int64_t i, int64_t copies)
{
    const int64_t k = v->g->classes;
    for (int64_t j = 0; j < k; j++) {
        double sum = 0;
        for (int64_t c = 0; c < copies; c++) sum += (double)v->logits[(i * copies + c) * k + j];
        v->mean[j] = (float)(sum / (double)copies);
    }
}

/* The first largest, as stats_argmax. */
static int32_t largest(const float *logits, int64_t classes)
{
    int64_t at = 0;
    for (int64_t k = 1; k < classes; k++)
        if (logits[k] > logits[at]) at = k;
    return (int32_t)at;
}

static jem_status classify(void *ctx, const float *x, const int64_t *id, int64_t n, int32_t *answer)
{
    jem_status st = JEM_OK;
    victim *v = ctx;
    const int64_t copies = v->refine ? v->o->copies : 1, batch = victim_batch(v);

    for (int64_t first = 0; first < n; first += batch) {
        const int64_t count = n - first < batch ? n - first : batch;
        const float *at = x + first * v->size;
        if (v->refine) TRY(refine(v, at, id + first, count, copies, CHAINS_JUDGED, 0));
        TRY(v->g->evaluate(v->g->ctx, v->refine ? v->x : at, count * copies, v->logits, NULL));
        for (int64_t i = 0; i < count; i++) {
            average(v, i, copies);
            answer[first + i] = largest(v->mean, v->g->classes);
        }
    }
done:
    return st;
}

/* cotangent [classes] <- softmax of the other classes, less one-hot of y. */
static void others_less_label(float *cotangent, const float *logits, int64_t classes, int64_t y)
{
    double top = -INFINITY, sum = 0;
    for (int64_t k = 0; k < classes; k++)
        if (k != y && (double)logits[k] > top) top = (double)logits[k];
    for (int64_t k = 0; k < classes; k++)
        if (k != y) sum += exp((double)logits[k] - top);
    for (int64_t k = 0; k < classes; k++)
        cotangent[k] = k == y ? -1.0f : (float)(exp((double)logits[k] - top) / sum);
}

/* What threads need for the cotangents of one pass. */
typedef struct pass {
    const victim *v;
    const int32_t *y;
} pass;

static void of_own_logits(void *ctx, float *cotangent, const float *logits, int64_t first, int64_t count)
{
    const pass *p = ctx;
    const int64_t k = p->v->g->classes;
    for (int64_t i = 0; i < count; i++)
        others_less_label(cotangent + i * k, logits + i * k, k, p->y[first + i]);
}

static void of_means(void *ctx, float *cotangent, const float *logits, int64_t first, int64_t count)
{
    const pass *p = ctx;
    const int64_t k = p->v->g->classes;
    (void)logits;
    memcpy(cotangent, p->v->cotangent + first * k, (size_t)(count * k) * sizeof *cotangent);
}

/* Of refined copies: their mean logits first, whose cotangent then goes to each of them. */
static jem_status gradient_refined(victim *v, const float *x, const int64_t *id, const int32_t *y, int64_t n,
                                   int64_t number, float *grad)
{
    jem_status st;
    const int64_t copies = v->o->draws, k = v->g->classes, size = v->size;
    pass p = {v, y};

    TRY(refine(v, x, id, n, copies, CHAINS_ATTACKED, number * copies));
    TRY(v->g->evaluate(v->g->ctx, v->x, n * copies, v->logits, NULL));
    for (int64_t i = 0; i < n; i++) {
        average(v, i, copies);
        for (int64_t c = 0; c < copies; c++)
            others_less_label(v->cotangent + (i * copies + c) * k, v->mean, k, y[i]);
    }
    const model_loss loss = {of_means, &p};
    TRY(v->g->loss_gradient(v->g->ctx, v->x, n * copies, &loss, NULL, v->grad));
    memset(grad, 0, (size_t)(n * size) * sizeof *grad);
    for (int64_t row = 0; row < n * copies; row++)
        for (int64_t j = 0; j < size; j++) grad[row / copies * size + j] += v->grad[row * size + j];
done:
    return st;
}

static jem_status gradient(void *ctx, const float *x, const int64_t *id, const int32_t *y, int64_t n,
                           int64_t number, float *grad)
{
    jem_status st = JEM_OK;
    victim *v = ctx;
    const int64_t batch = victim_batch(v), size = v->size;

    for (int64_t first = 0; first < n; first += batch) {
        const int64_t count = n - first < batch ? n - first : batch;
        pass p = {v, y + first};
        const model_loss loss = {of_own_logits, &p};
        const float *at = x + first * size;
        if (v->refine)
            TRY(gradient_refined(v, at, id + first, y + first, count, number, grad + first * size));
        else
            TRY(v->g->loss_gradient(v->g->ctx, at, count, &loss, NULL, grad + first * size));
    }
done:
    return st;
}

jem_status victim_new(victim **out, const bench_request *q, int64_t steps)
{
    jem_status st;
    victim *v = NULL;
    const generative *g = generative_of(q);

    TRY(MEM_NEW(v, 1));
    v->g = g;
    v->o = &eval_options_of(q)->attack;
    v->seed = (uint64_t)eval_options_of(q)->seed;
    v->refine = steps;
    v->size = shape_count(g->image);
    v->as = (attack_victim){v->size, classify, gradient, v};
    v->rows = victim_batch(v) * copies_of(v);
    TRY(MEM_NEW(v->x, v->rows * v->size));
    TRY(MEM_NEW(v->grad, v->rows * v->size));
    TRY(MEM_NEW(v->logits, v->rows * g->classes));
    TRY(MEM_NEW(v->keys, v->rows));
    TRY(MEM_NEW(v->cotangent, v->rows * g->classes));
    TRY(MEM_NEW(v->mean, g->classes));
    *out = v;
    v = NULL;
done:
    victim_free(v);
    return st;
}

const attack_victim *victim_of(const victim *v) { return &v->as; }
