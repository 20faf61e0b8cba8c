/* The training images of steps in a device's memory: there as well, as they lie in memory or in files, or
 * made ready on the host one step ahead.  See resident.h. */
#include "train/resident.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/try.h"
#include "data/pictures/units.h"
#include "tensor/bytes.h"

/* ---- images that move into the device's memory */

static jem_dtype type_of(const dataset *d)
{
    if (d->shards) return shard_set_format(d->shards)->dtype;
    return d->pixels ? JEM_U8 : JEM_F32;
}

/* Mirrored latents are wanted, too, if batches mirror. */
static int64_t views_of(const dataset *d, const data_options *o)
{
    return dataset_latents(d) && dataset_latents(d)->flip && o->flip ? 2 : 1;
}

/* Not worth it: of images in files a short training reads only some. */
static bool is_short(const resident *r, const trainer *t)
{
    return t->data->train->shards && t->iterations * r->data_rows < t->data->train->n;
}

/* A share of each batch (data.ranks) is cut by the host. */
static bool may_move(const resident *r, const trainer *t, size_t bytes)
{
    return t->cfg->data.ranks <= 1 && bytes <= r->d->available() / 4 && !is_short(r, t);
}

enum { BLOCK = 1024 }; /* rows read at a time */

typedef struct reading {
    const dataset *d;
    int64_t first;  /* row that the block begins with */
    int64_t views, size;
    jem_dtype type;
    void *block;    /* [BLOCK][views][size] */
    float *wide;    /* [workers][size] */
} reading;

static jem_status read_view(const reading *g, int64_t row, int64_t view, int64_t at, float *wide)
{
    jem_status st;
    if (g->type == JEM_U8) return shard_set_picture(g->d->shards, row, (uint8_t *)g->block + at);
    if (g->type == JEM_F32) return shard_set_row(g->d->shards, row, view == 1, (float *)g->block + at);
    TRY(shard_set_row(g->d->shards, row, view == 1, wide));
    for (int64_t k = 0; k < g->size; k++) ((uint16_t *)g->block)[at + k] = f16_from_float(wide[k]); /* exact */
done:
    return st;
}

static jem_status read_row(void *ctx, int task, int worker)
{
    const reading *g = ctx;
    jem_status st = JEM_OK;
    for (int64_t v = 0; v < g->views; v++)
        TRY(read_view(g, g->d->rows[g->first + task], v, (task * g->views + v) * g->size,
                      g->wide + worker * g->size));
done:
    return st;
}

static jem_status read_block(resident *r, reading *g, pool *p, size_t row_bytes)
{
    const int64_t left = g->d->n - g->first, count = left < BLOCK ? left : BLOCK;
    jem_status st;
    TRY(pool_run(p, (int)count, read_row, g));
    TRY(r->d->copy((char *)r->images + (size_t)g->first * row_bytes, g->block, (size_t)count * row_bytes));
done:
    return st;
}

static jem_status read_files(resident *r, const trainer *t)
{
    reading g = {.d = t->data->train, .views = r->views, .size = dataset_row_size(t->data->train),
                 .type = r->image_type};
    const size_t row_bytes = (size_t)(g.views * g.size) * jem_dtype_size(g.type);
    const double begin = clock_s();
    jem_status st;
    pool *p = NULL;

    TRY(pool_new(&p, 0));
    TRY(mem_alloc(&g.block, BLOCK, row_bytes));
    TRY(MEM_NEW(g.wide, pool_threads(p) * g.size));
    for (; g.first < g.d->n; g.first += BLOCK) {
        TRY(model_check_stop(t->m, 0));
        TRY(read_block(r, &g, p, row_bytes));
    }
    log_info("the training images, %.2f GB, are in the GPU's memory, read in %.1f s",
             1e-9 * (double)row_bytes * (double)g.d->n, clock_s() - begin);
done:
    mem_free(g.wide);
    mem_free(g.block);
    pool_free(p);
    return st;
}

static jem_status make_host_batch(resident *r, const trainer *t)
{
    jem_status st;
    TRY(MEM_NEW(r->next_x, r->data_rows * dataset_row_size(t->data->train)));
    TRY(MEM_NEW(r->next_y, t->labelled.batch));
done:
    return st;
}

jem_status resident_make_data(resident *r, const trainer *t)
{
    const dataset *d = t->data->train;
    const int64_t views = views_of(d, &t->cfg->data), count = d->n * views * dataset_row_size(d);
    const size_t bytes = (size_t)count * jem_dtype_size(type_of(d));
    float table[256];
    jem_status st;

    if (!may_move(r, t, bytes)) return make_host_batch(r, t);
    r->image_type = type_of(d);
    r->views = views;
    TRY(resident_array(&r->images, r, count, jem_dtype_size(r->image_type)));
    if (d->shards)
        TRY(read_files(r, t));
    else
        TRY(r->d->copy(r->images, d->pixels ? (const void *)d->pixels : d->values, bytes));
    units_table(table);
    TRY(ARRAY(r->table, 256));
    TRY(r->d->copy(r->table, table, sizeof table));
    TRY(ARRAY(r->labels, d->n));
    TRY(r->d->copy(r->labels, d->labels, (size_t)d->n * sizeof *d->labels));
    for (int i = 0; i < 2; i++) TRY(ARRAY(r->order[i], d->n));
    TRY(MEM_NEW(r->order_host, d->n));
done:
    return st;
}

/* An epoch's order, when it begins. */
static jem_status send_order(resident *r, batcher *b, int which, int64_t iteration)
{
    const int64_t epoch = iteration / batcher_per_epoch(b);
    jem_status st;
    if (r->order_epoch[which] == epoch) return JEM_OK;
    batch_ahead_free(b->ahead); /* of a first batch that the host has asked for: the order is the thread's */
    b->ahead = NULL;
    const int64_t *order = batcher_order(b, epoch);
    for (int64_t i = 0; i < b->d->n; i++) r->order_host[i] = (int32_t)order[i];
    TRY(r->d->copy(r->order[which], r->order_host, (size_t)b->d->n * sizeof *r->order_host));
    r->order_epoch[which] = epoch;
done:
    return st;
}

static jem_status draw_batch(resident *r, const batcher *b, int64_t row, int which)
{
    const dataset *d = b->d;
    const energy_batch a = {.x = r->x + row * dataset_row_size(d),
                            .y = which == 0 ? r->y : NULL,
                            .pixels = r->image_type == JEM_U8 ? r->images : NULL,
                            .halves = r->image_type == JEM_F16 ? r->images : NULL,
                            .values = r->image_type == JEM_F32 ? r->images : NULL,
                            .labels = r->labels,
                            .order = r->order[which],
                            .table = r->table,
                            .numbers = r->numbers,
                            .n = b->batch,
                            .c = d->channels,
                            .h = d->height,
                            .w = d->width,
                            .noise_std = b->noise_std,
                            .empty = dataset_latents(d) ? 0 : -1, /* black */
                            .crop = b->crop,
                            .flip = b->flip,
                            .pad_zero = b->pad == PAD_ZERO,
                            .augment = (int32_t)b->augment,
                            .noise = (int32_t)b->noise,
                            .which = which,
                            .views = (int32_t)r->views};
    return r->energy->batch(&a);
}

jem_status resident_draw(resident *r, const trainer *t)
{
    jem_status st = JEM_OK;
    if (!r->images) return JEM_OK;
    if (r->labelled_row >= 0) TRY(draw_batch(r, &t->labelled, r->labelled_row, 0));
    if (r->generative_row >= 0) TRY(draw_batch(r, &t->generative, r->generative_row, 1));
done:
    return st;
}

/* ---- images that stay on the host */

jem_status resident_prepare_batch(resident *r, trainer *t, int64_t iteration)
{
    const int64_t size = model_input_count(t->m);
    jem_status st = JEM_OK;
    if (r->labelled_row >= 0)
        TRY(batcher_get(&t->labelled, iteration, r->next_x + r->labelled_row * size, r->next_y));
    if (r->generative_row >= 0)
        TRY(batcher_get(&t->generative, iteration, r->next_x + r->generative_row * size, NULL));
    r->next = iteration;
done:
    return st;
}

static jem_status send_batch(resident *r, trainer *t)
{
    jem_status st;
    if (r->next != t->iteration) TRY(resident_prepare_batch(r, t, t->iteration));
    TRY(r->d->copy(r->x, r->next_x, (size_t)(r->data_rows * model_input_count(t->m)) * sizeof *r->x));
    if (r->y) TRY(r->d->copy(r->y, r->next_y, (size_t)t->labelled.batch * sizeof *r->y));
done:
    return st;
}

jem_status resident_send_data(resident *r, trainer *t)
{
    jem_status st = JEM_OK;
    if (!r->images) return send_batch(r, t);
    if (r->labelled_row >= 0) TRY(send_order(r, &t->labelled, 0, t->iteration));
    if (r->generative_row >= 0) TRY(send_order(r, &t->generative, 1, t->iteration));
done:
    return st;
}
