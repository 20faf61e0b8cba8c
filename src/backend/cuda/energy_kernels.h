/* The pieces of work of backend/energy_steps.h. */
#ifndef CUDA_ENERGY_KERNELS_H
#define CUDA_ENERGY_KERNELS_H

#include "backend/cuda/philox.h"
#include "backend/energy_steps.h"
#include "energy/langevin.h"

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
HOST_DEVICE void batch_item(const energy_batch *a, int64_t i)
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
HOST_DEVICE void start_item(const energy_start *a, int64_t i)
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
HOST_DEVICE void langevin_item(const energy_langevin *a, int64_t i)
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
        if (!finite_f32(g) && (a->bad[image] == 0 || a->bad[image] == (int32_t)a->t + 1))
            a->bad[image] = (int32_t)a->t + 1;
        a->x[at] = sigma > 0 ? langevin_step(a->x[at], g, z[j], lambda, sigma, a->clip_min, a->clip_max)
                             : langevin_ascent(a->x[at], g, lambda, a->clip_min, a->clip_max);
    }
}

/* ---- energies and losses; piece: one image */

HOST_DEVICE float cotangent_of(const energy_cotangent *a, float p, int64_t c, int64_t y, double factor)
{
    switch (a->kind) {
    case COTANGENT_CLASS:
        return class_cotangent(c, y);
    case COTANGENT_LABELLED:
        return labelled_cotangent(p, smoothed_target(c == y, a->label_smoothing, a->k), a->batch);
    case COTANGENT_POSITIVE:
    case COTANGENT_NEGATIVE:
        return density_cotangent(p, factor);
    default:
        return p;
    }
}

HOST_DEVICE void cotangent_item(const energy_cotangent *a, int64_t i)
{
    const float *v = a->logits + i * a->k;
    const lse_sum s = lse_sum_of(v, a->k);
    const float lse = lse_of_sum(s);
    const bool label = a->kind == COTANGENT_CLASS || a->kind == COTANGENT_LABELLED;
    const int64_t y = label ? a->y[i] : -1;
    double factor = 1;

    a->lse[i] = lse;
    if (a->kind == COTANGENT_LABELLED) {
        const labelled_loss l = labelled_loss_of(v, a->k, y, (double)lse, a->label_smoothing);
        a->loss_terms[i] = l.loss;
        a->hit[i] = l.hit;
    }
    if (a->kind == COTANGENT_POSITIVE || a->kind == COTANGENT_NEGATIVE)
        factor = density_factor(a->kind == COTANGENT_POSITIVE ? -1 : 1, a->numbers->energy_l2,
                                (double)lse, a->batch);
    for (int64_t c = 0; c < a->k; c++)
        a->cotangent[i * a->k + c] = cotangent_of(a, softmax_of_sum(s, v[c]), c, y, factor);
}

/* ---- sums over long vectors, in two stages */

/* Piece: one of ENERGY_SUMS * ENERGY_SUM_PARTS interleaved parts. */
HOST_DEVICE void norms_item(const energy_norms *a, int64_t i)
{
    const int64_t parts = (int64_t)ENERGY_SUMS * ENERGY_SUM_PARTS;
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
HOST_DEVICE void moved_item(const energy_moved *a, int64_t i)
{
    const int64_t image = i / ENERGY_MOVED_PARTS, part = i % ENERGY_MOVED_PARTS;
    const float *x = a->x + image * a->size, *start = a->start + image * a->size;
    double squares = 0, clipped = 0;
    for (int64_t k = part; k < a->size; k += ENERGY_MOVED_PARTS) {
        const double d = (double)x[k] - (double)start[k];
        squares += d * d;
        clipped += x[k] <= a->low || x[k] >= a->high;
    }
    a->parts[i] = squares;
    a->parts[a->n * ENERGY_MOVED_PARTS + i] = clipped;
}

/* ---- the verdict */

HOST_DEVICE void finish_norms(const energy_finish *a, const eq8_terms *t, energy_report *r)
{
    double s[3] = {0, 0, 0};
    eq8_weights w;
    for (int k = 0; k < 3; k++)
        for (int64_t i = 0; i < ENERGY_SUMS; i++) s[k] += a->sums[k * ENERGY_SUMS + i];
    eq8_norms(&r->loss, t, s[0], t->labelled >= 0 ? s[1] : s[0], s[2], a->plain_sum);
    w = eq8_descent(&r->loss, t, a->alpha, a->plain_sum);
    r->a = (float)w.g;
    r->b = (float)w.d;
}

HOST_DEVICE void finish_chains(const energy_finish *a, energy_report *r)
{
    const int64_t n = a->terms.generative;
    double movement = 0, clipped = 0;
    for (int64_t i = 0; i < n; i++) {
        movement += sqrt(a->moved[i]);
        clipped += a->moved[n + i];
        if (a->bad[i] > 0 && (r->bad_image < 0 || a->bad[i] - 1 < r->bad_step)) {
            r->bad_image = (int32_t)i;
            r->bad_step = a->bad[i] - 1;
        }
    }
    r->movement = movement / (double)n;
    r->clipped = a->clips ? clipped / (double)(n * a->size) : 0;
}

/* The only piece. */
HOST_DEVICE void finish_item(const energy_finish *a, int64_t i)
{
    const double nan = (double)float_of_bits(0x7fc00000u);
    energy_report r = {eq8_nothing(), nan, nan, nan, nan, 0, 0, 0, -1, 0, 0};
    eq8_terms t = a->terms;
    (void)i;
    t.energy_l2 = a->numbers->energy_l2;
    eq8_losses(&r.loss, &t);
    eq8_range(&r.lse_min, &r.lse_max, &t);
    finish_norms(a, &t, &r);
    if (a->moved) finish_chains(a, &r);
    r.fine = eq8_usable(&r.loss, &t, r.lse_min, r.lse_max, r.movement) && r.bad_image < 0;
    *a->report = r;
}

/* ---- the update */

/* Piece: one parameter. */
HOST_DEVICE void adam_item(const energy_adam *a, int64_t i)
{
    const energy_report *r = a->report;
    adam_factors f = a->factors;
    if (!r->fine) return;
    f.rate = a->numbers->rate;
    f.root = a->numbers->root;
    adam_step(a->theta + i, a->m + i, a->v + i,
              a->h ? gradient_sum(r->a, a->g[i], r->b, a->h[i]) : r->a * a->g[i], &f);
    if (a->ema) a->ema[i] = weight_average(a->ema[i], a->theta[i], a->keep);
}

/* Piece: four elements of one chain. */
HOST_DEVICE void store_item(const energy_store *a, int64_t i)
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
HOST_DEVICE void add_item(const energy_add *a, int64_t i)
{
    a->dst[i] += a->src[i];
}

#endif
