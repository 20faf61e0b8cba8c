/* The pieces of work of backend/device.h's steps. */
#ifndef CUDA_ENERGY_KERNELS_H
#define CUDA_ENERGY_KERNELS_H

#include "backend/cuda/philox.h"
#include "backend/device.h"

/* Blocks of four random numbers in an image of `size` elements. */
HOST_DEVICE int64_t blocks_of(int64_t size)
{
    return (size + 3) / 4;
}

/* ---- training batches: data/batch.c */

enum { BATCH_CROP_PAD = 4 };

HOST_DEVICE int64_t mirror(int64_t i, int64_t n)
{
    if (i < 0) return -i;
    return i >= n ? 2 * n - 2 - i : i;
}

/* Piece: four elements of one image. */
HOST_DEVICE void batch_item(const device_batch *a, int64_t i)
{
    const int64_t size = a->c * a->h * a->w, blocks = blocks_of(size);
    const int64_t place = i / blocks, block = i % blocks;
    const uint32_t iteration = a->numbers->iteration;
    const int64_t row = a->order[a->numbers->first[a->which] + place];
    int64_t top = 0, left = 0;
    int flipped = 0;
    float z[4] = {0, 0, 0, 0};

    if (a->crop || a->flip) {
        words drawn = philox_block(a->numbers->seed, (uint32_t)a->augment, iteration, 0,
                                   (uint32_t)place, 0);
        if (a->crop) {
            top = (int64_t)below_from_word(drawn.w[0], 2 * BATCH_CROP_PAD + 1) - BATCH_CROP_PAD;
            left = (int64_t)below_from_word(drawn.w[1], 2 * BATCH_CROP_PAD + 1) - BATCH_CROP_PAD;
        }
        if (a->flip) flipped = below_from_word(drawn.w[2], 2) == 1;
    }
    if (a->noise_std > 0)
        normals_of_block(z, philox_block(a->numbers->seed, (uint32_t)a->noise, iteration, 0,
                                         (uint32_t)place, (uint32_t)block));
    for (int j = 0; j < 4; j++) {
        const int64_t e = 4 * block + j;
        if (e >= size) break;
        const int64_t x = e % a->w, y = e / a->w % a->h, c = e / (a->w * a->h);
        const int64_t column = mirror(left + (flipped ? a->w - 1 - x : x), a->w);
        const int64_t at = ((row * a->c + c) * a->h + mirror(top + y, a->h)) * a->w + column;
        const float v = a->pixels ? a->table[a->pixels[at]] : a->values[at];
        a->x[place * size + e] = v + a->noise_std * z[j];
    }
    if (block == 0 && a->y) a->y[place] = a->labels[row];
}

/* ---- chains */

/* Piece: four elements of one image.  Streams: sample/replay_buffer.c, train/trainer.c. */
HOST_DEVICE void start_item(const device_start *a, int64_t i)
{
    const int64_t blocks = blocks_of(a->size), image = i / blocks, block = i % blocks;
    const uint64_t seed = a->numbers->chain_seed;
    const uint32_t it = a->numbers->iteration, n = (uint32_t)image;
    int64_t slice = a->entries, first = 0;
    words drawn = {{0, 0, 0, 0}};

    if (a->chain_class) {
        const uint32_t y = below_from_word(philox_block(seed, RNG_REPLAY_INDEX, it, 1, n, 0).w[0],
                                         (uint32_t)a->classes);
        slice = a->entries / a->classes;
        first = y * slice;
        if (block == 0) a->chain_class[image] = (int32_t)y;
    }
    const int64_t index = first + below_from_word(philox_block(seed, RNG_REPLAY_INDEX, it, 0, n, 0).w[0],
                                                (uint32_t)slice);
    const int fresh = (double)unit_from_word(philox_block(seed, RNG_REPLAY_FRESH, it, 0, n, 0).w[0]) <
                      a->reinit_prob;
    if (block == 0) {
        a->index[image] = (int32_t)index;
        a->fresh[image] = fresh;
        a->bad[image] = 0;
    }
    if (fresh) drawn = philox_block(seed, RNG_CHAIN_START, it, 0, n, (uint32_t)block);
    for (int j = 0; j < 4; j++) {
        const int64_t e = 4 * block + j;
        if (e >= a->size) break;
        const float v = fresh ? -1.0f + 2.0f * unit_from_word(drawn.w[j])
                              : a->replay[index * a->size + e];
        a->x[image * a->size + e] = v;
        a->start[image * a->size + e] = v;
    }
}

/* Piece: four elements of one image.  All that see a bad gradient write the same number. */
HOST_DEVICE void langevin_item(const device_langevin *a, int64_t i)
{
    const int64_t blocks = blocks_of(a->size), image = i / blocks, block = i % blocks;
    const float lambda = a->schedule[2 * a->t], sigma = a->schedule[2 * a->t + 1];
    float z[4] = {0, 0, 0, 0};

    if (sigma > 0)
        normals_of_block(z, philox_block(a->numbers->chain_seed, RNG_CHAIN_NOISE,
                                         a->numbers->iteration, (uint32_t)a->t, (uint32_t)image,
                                         (uint32_t)block));
    for (int j = 0; j < 4; j++) {
        const int64_t e = 4 * block + j, at = image * a->size + e;
        if (e >= a->size) break;
        const float g = a->g[at];
        if (!is_finite(g) && (a->bad[image] == 0 || a->bad[image] == (int32_t)a->t + 1))
            a->bad[image] = (int32_t)a->t + 1;
        /* the order of backend_ref.langevin, whose comparisons let NaN through */
        float v = sigma > 0 ? a->x[at] + lambda * g + sigma * z[j] : a->x[at] + lambda * g;
        v = v < a->clip_min ? a->clip_min : v;
        a->x[at] = v > a->clip_max ? a->clip_max : v;
    }
}

/* ---- energies and losses; piece: one image */

HOST_DEVICE double lse_of_row(double *largest, double *total, const float *v, int64_t k)
{
    double m = v[0], sum = 0;
    for (int64_t j = 1; j < k; j++) m = v[j] > m ? v[j] : m;
    if (!is_finite((float)m)) m = 0;
    for (int64_t j = 0; j < k; j++) sum += exp(v[j] - m);
    *largest = m;
    *total = sum;
    return m + log(sum);
}

/* The loss of one labelled image and whether its logits are right: train/objective.c. */
HOST_DEVICE void labelled_row(const device_cotangent *a, int64_t i, double lse)
{
    const float *v = a->logits + i * a->k;
    const double eps = a->label_smoothing, off = eps / (double)a->k;
    const int64_t y = a->y[i];
    double sum = 0;
    int64_t best = 0;
    for (int64_t c = 0; c < a->k; c++) {
        sum += lse - (double)v[c];
        if (v[c] > v[best]) best = c;
    }
    a->loss_terms[i] = (1 - eps) * (lse - (double)v[y]) + off * sum;
    a->hit[i] = best == y;
}

HOST_DEVICE void cotangent_item(const device_cotangent *a, int64_t i)
{
    const float *v = a->logits + i * a->k;
    float *d = a->cotangent + i * a->k;
    double m, total, factor = 1;
    const float lse = (float)lse_of_row(&m, &total, v, a->k);
    const double eps = a->label_smoothing, off = eps / (double)a->k;

    a->lse[i] = lse;
    if (a->loss == DEVICE_LABELLED) labelled_row(a, i, (double)lse);
    if (a->loss == DEVICE_POSITIVE || a->loss == DEVICE_NEGATIVE)
        factor = ((a->loss == DEVICE_POSITIVE ? -1 : 1) +
                  2 * a->numbers->energy_l2 * (double)lse) / a->batch;
    for (int64_t c = 0; c < a->k; c++) {
        const float p = (float)(exp(v[c] - m) / total);
        switch (a->loss) {
        case DEVICE_CLASS:
            d[c] = a->y[i] == c ? 1.0f : 0.0f;
            break;
        case DEVICE_LABELLED:
            d[c] = (float)(((double)p - (off + (c == a->y[i] ? 1 - eps : 0))) / a->batch);
            break;
        case DEVICE_POSITIVE:
        case DEVICE_NEGATIVE:
            d[c] = (float)(factor * (double)p);
            break;
        default:
            d[c] = p;
        }
    }
}

/* ---- sums over long vectors, in two stages */

/* Piece: one of DEVICE_SUMS * DEVICE_SUM_PARTS interleaved parts. */
HOST_DEVICE void norms_item(const device_norms *a, int64_t i)
{
    const int64_t parts = (int64_t)DEVICE_SUMS * DEVICE_SUM_PARTS;
    double gg = 0, hh = 0, gh = 0;
    for (int64_t k = i; k < a->n; k += parts) {
        const double g = (double)a->g[k], h = a->h ? (double)a->h[k] : 0;
        gg += g * g;
        hh += h * h;
        gh += g * h;
    }
    a->parts[i] = gg;
    a->parts[parts + i] = hh;
    a->parts[2 * parts + i] = gh;
}

/* Piece: the sum of one row of [rows][columns]. */
typedef struct fold {
    double *sums;        /* [rows] */
    const double *parts; /* [rows][columns] */
    int64_t columns;
} fold;

HOST_DEVICE void fold_item(const fold *a, int64_t i)
{
    double sum = 0;
    for (int64_t k = 0; k < a->columns; k++) sum += a->parts[i * a->columns + k];
    a->sums[i] = sum;
}

/* Piece: one part of one image. */
HOST_DEVICE void moved_item(const device_moved *a, int64_t i)
{
    const int64_t image = i / DEVICE_MOVED_PARTS, part = i % DEVICE_MOVED_PARTS;
    const float *x = a->x + image * a->size, *start = a->start + image * a->size;
    double squares = 0, clipped = 0;
    for (int64_t k = part; k < a->size; k += DEVICE_MOVED_PARTS) {
        const double d = (double)x[k] - (double)start[k];
        squares += d * d;
        clipped += x[k] <= a->low || x[k] >= a->high;
    }
    a->parts[i] = squares;
    a->parts[a->n * DEVICE_MOVED_PARTS + i] = clipped;
}

/* ---- the verdict: train/objective.c (summarise), train/trainer.c (check_finite) */

HOST_DEVICE double mean_of(const float *x, int64_t n, int squared)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += squared ? (double)x[i] * (double)x[i] : (double)x[i];
    return sum / (double)n;
}

HOST_DEVICE void finish_losses(const device_finish *a, device_report *r)
{
    const int64_t b = a->batch, n = a->generative;
    double terms = 0, hits = 0;
    if (a->labelled >= 0) {
        for (int64_t i = 0; i < b; i++) {
            terms += a->loss_terms[i];
            hits += a->hit[i];
        }
        r->loss_d = terms / (double)b;
        r->accuracy = hits / (double)b;
    }
    if (a->positive >= 0) {
        const float *pos = a->lse + a->positive, *neg = a->lse + a->negative;
        r->lse_pos = mean_of(pos, n, 0);
        r->lse_neg = mean_of(neg, n, 0);
        r->loss_g = r->lse_neg - r->lse_pos +
                    a->numbers->energy_l2 * (mean_of(pos, n, 1) + mean_of(neg, n, 1));
    }
    r->lse_min = r->lse_max = (double)a->lse[0];
    for (int64_t i = 0; i < a->rows; i++) {
        const double e = (double)a->lse[i];
        if (!(e >= r->lse_min)) r->lse_min = e; /* written so that NaN stays */
        if (!(e <= r->lse_max)) r->lse_max = e;
    }
}

HOST_DEVICE void finish_norms(const device_finish *a, device_report *r)
{
    double s[3] = {0, 0, 0};
    for (int k = 0; k < 3; k++)
        for (int64_t i = 0; i < DEVICE_SUMS; i++) s[k] += a->sums[k * DEVICE_SUMS + i];
    if (a->labelled >= 0) r->g_d = sqrt(s[0]);
    if (a->positive >= 0) r->g_g = sqrt(a->labelled >= 0 ? s[1] : s[0]);
    r->a = 1;
    if (a->labelled >= 0 && a->positive >= 0) {
        const double norms = r->g_d * r->g_g;
        r->cosine = norms > 0 ? s[2] / norms : 0;
        if (!a->plain) r->c = r->g_d / (r->g_g + 1e-8);
        /* of grad_g, then of grad_d: objective_direction */
        r->a = (float)(a->plain ? 2 * a->alpha : a->alpha * r->c);
        r->b = (float)(a->plain ? 2 * (1 - a->alpha) : 1 - a->alpha);
    }
}

HOST_DEVICE void finish_chains(const device_finish *a, device_report *r)
{
    double movement = 0, clipped = 0;
    for (int64_t i = 0; i < a->generative; i++) {
        movement += sqrt(a->moved[i]);
        clipped += a->moved[a->generative + i];
        if (a->bad[i] > 0 && (r->bad_image < 0 || a->bad[i] - 1 < r->bad_step)) {
            r->bad_image = (int32_t)i;
            r->bad_step = a->bad[i] - 1;
        }
    }
    r->movement = movement / (double)a->generative;
    r->clipped = a->clips ? clipped / (double)(a->generative * a->size) : 0;
}

HOST_DEVICE int finite64(double x)
{
    return x - x == 0;
}

/* The only piece. */
HOST_DEVICE void finish_item(const device_finish *a, int64_t i)
{
    const double nan = (double)float_of_bits(0x7fc00000u), largest = 1e15;
    device_report r = {nan, nan, nan, nan, 1, nan, nan, nan, nan, nan, nan, nan, nan, 0, 0, 0, -1, 0, 0};
    int fine;
    (void)i;
    finish_losses(a, &r);
    finish_norms(a, &r);
    if (a->moved) finish_chains(a, &r);
    fine = finite64(r.lse_min) && finite64(r.lse_max) && r.bad_image < 0;
    if (a->labelled >= 0) fine = fine && finite64(r.loss_d) && r.g_d < largest;
    if (a->positive >= 0)
        fine = fine && finite64(r.loss_g) && r.g_g < largest && finite64(r.movement);
    r.fine = fine;
    *a->report = r;
}

/* ---- the update */

/* Piece: one parameter; backend_ref.adam. */
HOST_DEVICE void adam_item(const device_adam *a, int64_t i)
{
    if (!a->report->fine) return;
    const float grad = a->h ? a->report->a * a->g[i] + a->report->b * a->h[i]
                            : a->report->a * a->g[i];
    const float m = a->beta1 * a->m[i] + a->rest1 * grad;
    const float v = a->beta2 * a->v[i] + a->rest2 * grad * grad;
    const float theta = a->theta[i] - a->numbers->rate * m / (sqrtf(v) * a->numbers->root + a->eps);
    a->m[i] = m;
    a->v[i] = v;
    a->theta[i] = theta;
    if (a->ema) a->ema[i] = a->keep * a->ema[i] + (1.0f - a->keep) * theta;
}

/* Piece: four elements of one chain. */
HOST_DEVICE void store_item(const device_store *a, int64_t i)
{
    const int64_t blocks = blocks_of(a->size), image = i / blocks, block = i % blocks;
    const int32_t index = a->index[image];
    if (!a->report->fine) return;
    for (int64_t k = image + 1; k < a->n; k++)
        if (a->index[k] == index) return; /* a later one stays */
    for (int j = 0; j < 4; j++) {
        const int64_t e = 4 * block + j;
        if (e < a->size) a->replay[index * a->size + e] = a->x[image * a->size + e];
    }
    if (block == 0) {
        int32_t age = a->age[index];
        for (int64_t k = 0; k <= image; k++)
            if (a->index[k] == index) age = a->fresh[k] ? 1 : age + 1;
        a->age[index] = age;
    }
}

/* Piece: one element. */
HOST_DEVICE void add_item(const device_add *a, int64_t i)
{
    a->dst[i] += a->src[i];
}

#endif
