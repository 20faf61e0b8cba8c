/* The pieces of work of backend/energy_steps.h. */
#ifndef CUDA_ENERGY_KERNELS_H
#define CUDA_ENERGY_KERNELS_H

#include "backend/cuda/philox.h"
#include "backend/energy_steps.h"
#include "energy/langevin.h"
#include "energy/sharpness.h"

/* Blocks of four random numbers in an image of `size` elements. */
HOST_DEVICE int64_t blocks_of(int64_t size)
{
    return (size + 3) / 4;
}

/* ---- training batches: data/batch.c */

enum { BATCH_CROP_PAD = 4 };

HOST_DEVICE float float_of_f16(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = h >> 10 & 31u, fraction = h & 1023u;
    if (exponent == 0) return float_of_bits(bits_of_float((float)fraction * 0x1p-24f) | sign);
    if (exponent == 31) return float_of_bits(sign | 0x7f800000u | fraction << 13);
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

HOST_DEVICE float image_value(const energy_batch *a, int64_t at)
{
    return a->pixels ? a->table[a->pixels[at]] : a->halves ? float_of_f16(a->halves[at]) : a->values[at];
}

/* Where position i of a padded axis of n pixels comes from; -1: it is empty. */
HOST_DEVICE int64_t source_at(int64_t i, int64_t n, bool pad_zero)
{
    if (i >= 0 && i < n) return i;
    if (pad_zero) return -1;
    return i < 0 ? -i : 2 * n - 2 - i;
}

/* Piece: four elements of one image. */
HOST_DEVICE void batch_item(const energy_batch *a, int64_t i)
{
    const int64_t size = a->c * a->h * a->w, blocks = blocks_of(size);
    const int64_t place = i / blocks, block = i % blocks;
    const uint32_t iteration = a->numbers->iteration;
    const int64_t row = a->order[a->numbers->first[a->which] + place];
    int64_t top = 0, left = 0, view = row * a->views;
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
    if (a->views == 2) { /* it is mirrored already */
        view += flipped;
        flipped = 0;
    }
    if (a->noise_std > 0)
        normals_of_block(z, philox_block(a->numbers->seed, (uint32_t)a->noise, iteration, 0,
                                         (uint32_t)place, (uint32_t)block));
    for (int j = 0; j < 4; j++) {
        const int64_t e = 4 * block + j;
        if (e >= size) break;
        const int64_t x = e % a->w, y = e / a->w % a->h, c = e / (a->w * a->h);
        const int64_t column = source_at(left + (flipped ? a->w - 1 - x : x), a->w, a->pad_zero);
        const int64_t line = source_at(top + y, a->h, a->pad_zero);
        const int64_t at = ((view * a->c + c) * a->h + line) * a->w + column;
        const float v = line < 0 || column < 0 ? a->empty : image_value(a, at);
        a->x[place * size + e] = v + a->noise_std * z[j];
    }
    if (block == 0 && a->y) a->y[place] = a->labels[row];
}

/* ---- chains */

/* v [4] <- what the device has of a fresh start's elements from 4 block on: all, or the normals of a
 * Gaussian (class_gaussian.c: its class comes behind the normals of an image). */
HOST_DEVICE void fresh_start(float v[4], const energy_start *a, int64_t image, int64_t block)
{
    const uint64_t seed = a->numbers->chain_seed;
    const uint32_t it = a->numbers->iteration, n = (uint32_t)image;
    if (a->bank) {
        const int64_t entry = below_from_word(philox_block(seed, RNG_CHAIN_START, it, 0, n, 0).w[0],
                                            (uint32_t)a->banked);
        for (int j = 0; j < 4; j++)
            v[j] = 4 * block + j < a->size ? a->bank[entry * a->size + 4 * block + j] : 0;
        return;
    }
    const words drawn = philox_block(seed, RNG_CHAIN_START, it, 0, n, (uint32_t)block);
    if (a->z)
        normals_of_block(v, drawn);
    else
        for (int j = 0; j < 4; j++) v[j] = -1.0f + 2.0f * unit_from_word(drawn.w[j]);
}

HOST_DEVICE int32_t drawn_class(const energy_start *a, int64_t image)
{
    const words drawn = philox_block(a->numbers->chain_seed, RNG_CHAIN_START, a->numbers->iteration, 0,
                                     (uint32_t)image, (uint32_t)blocks_of(a->size));
    return (int32_t)below_from_word(drawn.w[0], (uint32_t)a->gaussians);
}

/* Piece: four elements of one image.  Streams: sample/replay_buffer.c, train/trainer.c. */
HOST_DEVICE void start_item(const energy_start *a, int64_t i)
{
    const int64_t blocks = blocks_of(a->size), image = i / blocks, block = i % blocks;
    const uint64_t seed = a->numbers->chain_seed;
    const uint32_t it = a->numbers->iteration, n = (uint32_t)image;
    int64_t slice = a->entries, first = 0;
    int32_t own = -1;
    float anew[4] = {0, 0, 0, 0};

    if (a->chain_class) {
        const uint32_t y = below_from_word(philox_block(seed, RNG_REPLAY_INDEX, it, 1, n, 0).w[0],
                                         (uint32_t)a->classes);
        slice = a->entries / a->classes;
        first = y * slice;
        own = (int32_t)y;
        if (block == 0) a->chain_class[image] = own;
    }
    const int64_t index = first + below_from_word(philox_block(seed, RNG_REPLAY_INDEX, it, 0, n, 0).w[0],
                                                (uint32_t)slice);
    const int fresh = (double)unit_from_word(philox_block(seed, RNG_REPLAY_FRESH, it, 0, n, 0).w[0]) <
                      a->reinit_prob;
    if (block == 0) {
        a->index[image] = (int32_t)index;
        a->fresh[image] = fresh;
        a->bad[image] = 0;
        if (a->z) a->own_class[image] = own >= 0 ? own : drawn_class(a, image);
    }
    if (fresh) fresh_start(anew, a, image, block);
    for (int j = 0; j < 4; j++) {
        const int64_t e = 4 * block + j;
        if (e >= a->size) break;
        const float v = fresh ? anew[j] : a->replay[index * a->size + e];
        if (a->z && fresh) a->z[image * a->size + e] = v;
        a->x[image * a->size + e] = v;
        a->start[image * a->size + e] = v;
    }
}

/* Piece: one element of one image: a sum over the columns in class_gaussian.c's order. */
HOST_DEVICE void gaussian_item(const energy_gaussian *a, int64_t i)
{
    const int64_t d = a->size, image = i / d, k = i % d, y = a->own_class[image];
    const float *z = a->z + image * d, *root = a->root + y * (d * (d + 1) / 2);
    float v = a->mean[y * d + k];
    if (!a->fresh[image]) return;
    for (int64_t j = 0; j <= k; root += d - j, j++) v += root[k - j] * z[j];
    v = langevin_clip(v, -1, 1);
    a->x[i] = v;
    a->start[i] = v;
}

/* One element after a step. */
HOST_DEVICE float moved_by(const energy_langevin *a, float x, float g, float z, float lambda, float sigma)
{
    if (a->clamped) {
        const float up = langevin_ascent(x, langevin_clip(g, -1, 1), lambda, a->clip_min, a->clip_max);
        return sigma > 0 ? up + sigma * z : up;
    }
    return sigma > 0 ? langevin_step(x, g, z, lambda, sigma, a->clip_min, a->clip_max)
                     : langevin_ascent(x, g, lambda, a->clip_min, a->clip_max);
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
        a->x[at] = moved_by(a, a->x[at], g, z[j], lambda, sigma);
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

HOST_DEVICE int32_t finish_running(const energy_finish *a)
{
    double sum = 0;
    for (int64_t i = 0; i < ENERGY_SUMS; i++) sum += a->running[i];
    return sum - sum == 0; /* finite */
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
    if (a->before && !a->before->fine) r.fine = 0;
    if (a->running) r.fine = r.fine && finish_running(a);
    *a->report = r;
}

/* ---- uphill: train/sharpness.c */

HOST_DEVICE double slope_at(const energy_ascend *a, int64_t i)
{
    const double g = (double)a->report->a * (double)a->g[i];
    return a->h ? g + (double)a->report->b * (double)a->h[i] : g;
}

/* Piece: one of ENERGY_SUMS * ENERGY_SUM_PARTS interleaved parts. */
HOST_DEVICE void slope_norm_item(const energy_ascend *a, int64_t i)
{
    double squares = 0;
    for (int64_t k = i; k < a->n; k += (int64_t)ENERGY_SUMS * ENERGY_SUM_PARTS) {
        const double g = slope_at(a, k) * (a->adaptive ? (double)a->theta[k] : 1);
        squares += g * g;
    }
    a->parts[i] = squares;
}

/* Piece: one parameter. */
HOST_DEVICE void ascend_item(const energy_ascend *a, int64_t i)
{
    const double w = (double)a->theta[i];
    a->kept[i] = a->theta[i];
    if (a->report->fine) a->theta[i] = uphill(w, slope_at(a, i), uphill_scale(a->rho, *a->square), a->adaptive);
}

/* ---- the update */

HOST_DEVICE float descent_at(const energy_update *a, int64_t i)
{
    const energy_report *r = a->report;
    return a->h ? gradient_sum(r->a, a->g[i], r->b, a->h[i]) : r->a * a->g[i];
}

HOST_DEVICE float decay_at(const energy_update *a, int64_t i)
{
    return !a->decays || a->decays[i] ? a->factors.decay : 0;
}

/* Piece: one parameter. */
HOST_DEVICE void adam_item(const energy_update *a, int64_t i)
{
    adam_factors f = a->factors;
    if (!a->report->fine) return;
    f.rate = a->numbers->rate;
    f.root = a->numbers->root;
    f.decay = decay_at(a, i);
    adam_step(a->theta + i, a->m + i, a->v + i, descent_at(a, i), &f);
    if (a->ema) a->ema[i] = weight_average(a->ema[i], a->theta[i], a->keep);
}

/* Piece: one parameter. */
HOST_DEVICE void sgd_item(const energy_update *a, int64_t i)
{
    if (!a->report->fine) return;
    sgd_step(a->theta + i, a->m + i, descent_at(a, i), a->numbers->rate, a->momentum, decay_at(a, i));
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
HOST_DEVICE void mix_item(const energy_mix *a, int64_t i)
{
    const int64_t to = a->dst_at ? a->dst_at[i] : i;
    const float added = a->rest * a->src[a->src_at ? a->src_at[i] : i];
    if (a->report && !a->report->fine) return;
    a->dst[to] = a->kept != 0 ? a->kept * a->dst[to] + added : added;
}

/* Piece: one element. */
HOST_DEVICE void add_item(const energy_add *a, int64_t i)
{
    a->dst[i] += a->src[i];
}

#endif
