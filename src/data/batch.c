/* Training batches: an epoch's permutation, padding by 4 and crop, flip with
 * probability 1/2, scaling to [-1, 1], Gaussian noise (Grathwohl et al. 2020; the
 * study's B.2 and E.1).  Everything follows from (seed, iteration), so a batch can be
 * made again at any time and a resumed run sees what an uninterrupted one saw. */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "data/dataset.h"
#include "data/pictures/units.h"

enum { CROP_PAD = 4 };

jem_status batcher_init(batcher *b, const dataset *d, const data_options *o, int64_t batch,
                        uint64_t seed, bool generative)
{
    jem_status st;
    const bool augmented = !generative || o->augment_generative;
    const int64_t ranks = o->ranks > 0 ? o->ranks : 1;
    batcher made = {
        .d = d,
        .seed = seed,
        .batch = batch,
        .common = ranks * batch,
        .first = o->rank * batch,
        .shuffle = generative ? RNG_SHUFFLE_GEN : RNG_SHUFFLE,
        .augment = generative ? RNG_AUGMENT_GEN : RNG_AUGMENT,
        .noise = generative ? RNG_INPUT_NOISE_GEN : RNG_INPUT_NOISE,
        .crop = o->crop && augmented,
        .flip = o->flip && augmented,
        .file_order = o->order == ORDER_FILE,
        .pad = (data_pad)o->pad,
        .noise_std = (float)o->noise_std,
        .order_epoch = -1,
    };

    if (batch < 1 || d->n < made.common)
        return jem_error(JEM_EDATA,
                         "%" PRId64 " training images do not fill a batch of %" PRId64
                         "%s: lower the batch size or add images (data.limit, data.path)",
                         d->n, made.common, ranks > 1 ? " for all data.ranks" : "");
    if (made.crop && made.pad == PAD_REFLECT && (d->height <= CROP_PAD || d->width <= CROP_PAD))
        return jem_error(JEM_EDATA,
                         "%" PRId64 " x %" PRId64 " images are too small to reflect %d pixels: "
                         "set data.crop to false or data.pad to zero",
                         d->width, d->height, CROP_PAD);
    const shard_format *latents = dataset_latents(d);
    if (made.flip && latents && !latents->flip)
        return jem_error(JEM_EDATA, "%s: holds no latents of mirrored pictures: set data.flip to "
                                    "false, or encode mirrored pictures, too", o->path);
    TRY(MEM_NEW(made.order, d->n));
    TRY(MEM_NEW(made.columns, d->width));
    if (d->shards) TRY(MEM_NEW(made.row, dataset_row_size(d)));
    *b = made;
    return JEM_OK;
done:
    batcher_clear(&made);
    return st;
}

void batcher_clear(batcher *b)
{
    batch_ahead_free(b->ahead);
    b->ahead = NULL;
    mem_free(b->order);
    mem_free(b->columns);
    mem_free(b->row);
    b->order = b->columns = NULL;
    b->row = NULL;
    b->order_epoch = -1;
}

int64_t batcher_per_epoch(const batcher *b) { return b->d->n / b->common; }

/* Where position i of a padded axis of n pixels comes from: mirrored without repeating the edge,
 * or -1 where it is empty. */
static int64_t source_of(data_pad pad, int64_t i, int64_t n)
{
    if (i >= 0 && i < n) return i;
    if (pad == PAD_ZERO) return -1;
    return i < 0 ? -i : 2 * n - 2 - i;
}

typedef struct placement {
    int64_t top, left; /* of the crop, relative to the image: -4 .. 4 */
    bool flipped;
} placement;

static placement draw_placement(const batcher *b, int64_t iteration, int64_t slot)
{
    const rng_stream s = {b->seed, b->augment, (uint32_t)iteration, 0};
    uint32_t image = (uint32_t)slot;
    placement p = {0, 0, false};

    if (b->crop) {
        p.top = (int64_t)rng_below(&s, image, 0, 2 * CROP_PAD + 1) - CROP_PAD;
        p.left = (int64_t)rng_below(&s, image, 1, 2 * CROP_PAD + 1) - CROP_PAD;
    }
    if (b->flip) p.flipped = rng_below(&s, image, 2, 2) == 1;
    return p;
}

/* x [c][h][w] <- placed row of the data set + scale * x. */
static jem_status put_row(batcher *b, float *x, int64_t row, placement p, const float table[256],
                          float scale)
{
    const dataset *d = b->d;
    int64_t h = d->height, w = d->width;
    const float *values = d->values;

    if (d->shards) {
        const bool mirrored = p.flipped && dataset_latents(d); /* it has a latent of its own */
        const jem_status st = shard_set_row(d->shards, d->rows[row], mirrored, b->row);
        if (st) return st;
        p.flipped = p.flipped && !mirrored;
        values = b->row;
        row = 0;
    }
    const float empty = dataset_latents(d) ? 0 : table[0];
    for (int64_t j = 0; j < w; j++)
        b->columns[j] = source_of(b->pad, p.left + (p.flipped ? w - 1 - j : j), w);
    for (int64_t c = 0; c < d->channels; c++)
        for (int64_t i = 0; i < h; i++, x += w) {
            const int64_t line = source_of(b->pad, p.top + i, h);
            const int64_t at = ((row * d->channels + c) * h + line) * w;
            for (int64_t j = 0; j < w; j++) {
                const int64_t k = at + b->columns[j];
                const float v = line < 0 || b->columns[j] < 0 ? empty : d->pixels ? table[d->pixels[k]] : values[k];
                x[j] = v + scale * x[j];
            }
        }
    return JEM_OK;
}

const int64_t *batcher_order(batcher *b, int64_t epoch)
{
    if (epoch != b->order_epoch) {
        const rng_stream order = {b->seed, b->shuffle, (uint32_t)epoch, 0};
        if (b->file_order)
            for (int64_t i = 0; i < b->d->n; i++) b->order[i] = i;
        else
            rng_permutation(b->order, b->d->n, &order);
        b->order_epoch = epoch;
    }
    return b->order;
}

static jem_status make_batch(void *ctx, int64_t iteration, float *x, int32_t *y)
{
    jem_status st = JEM_OK;
    batcher *b = ctx;
    int64_t per_epoch = batcher_per_epoch(b);
    int64_t size = dataset_row_size(b->d), end = b->first + b->batch;
    const int64_t *rows = batcher_order(b, iteration / per_epoch) + iteration % per_epoch * b->common;
    const rng_stream noise = {b->seed, b->noise, (uint32_t)iteration, 0};
    float table[256];

    units_table(table);
    for (int64_t slot = b->first; slot < end; slot++, x += size) {
        int64_t row = rows[slot];
        if (b->noise_std > 0)
            rng_fill_normal(x, size, &noise, (uint32_t)slot);
        else
            memset(x, 0, (size_t)size * sizeof *x);
        TRY(put_row(b, x, row, draw_placement(b, iteration, slot), table, b->noise_std));
        if (y) *y++ = b->d->labels[row];
    }
done:
    return st;
}

jem_status batcher_get(batcher *b, int64_t iteration, float *x, int32_t *y)
{
    jem_status st;

    if (!b->d->shards) return make_batch(b, iteration, x, y);
    if (!b->ahead)
        TRY(batch_ahead_new(&b->ahead, make_batch, b, b->batch * dataset_row_size(b->d), b->batch));
    TRY(batch_ahead_get(b->ahead, iteration, x, y));
done:
    return st;
}

batch_times batcher_times(const batcher *b)
{
    return b->ahead ? batch_ahead_times(b->ahead) : (batch_times){0, 0};
}
