/* Encoding pictures (encode.h). */
#include "data/shards/encode.h"

#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/try.h"
#include "data/pictures/units.h"

/* Values of the pictures of noise, the same in every set. */
static const rng_stream noise_pictures = {0, RNG_CHAIN_START, 0, 0};

/* Buffers of a batch of pictures and of a shard of latents. */
typedef struct encoding {
    const latent_job *j;
    float *x;        /* [batch,3,s,s] */
    float *mean;     /* [batch,c,h,w] */
    float *values;   /* [per_shard,o,c,h,w] */
    int64_t orientations;  /* o: 2 if mirrored pictures are encoded as well */
    int64_t waiting, rows; /* pictures in x; finished rows */
    float units[256];
} encoding;

static void encoding_clear(encoding *e)
{
    mem_free(e->x);
    mem_free(e->mean);
    mem_free(e->values);
}

static jem_status encoding_init(encoding *e, const latent_job *j)
{
    jem_status st;
    const int64_t pixels = 3 * j->format.picture * j->format.picture;
    const int64_t n = shard_values(&j->format);

    e->j = j;
    units_table(e->units);
    TRY(MEM_NEW(e->x, j->batch * pixels));
    TRY(MEM_NEW(e->mean, j->batch * n));
    TRY(MEM_NEW(e->values, j->per_shard * (j->format.flip ? 2 : 1) * n));
done:
    return st;
}

static void mirror(float *x, int64_t rows, int64_t width)
{
    for (int64_t i = 0; i < rows; i++, x += width)
        for (int64_t k = 0; k < width / 2; k++) {
            float left = x[k];
            x[k] = x[width - 1 - k];
            x[width - 1 - k] = left;
        }
}

/* Encodes the pictures that wait, and their mirror images. */
static jem_status flush(encoding *e)
{
    jem_status st = JEM_OK;
    const latent_job *j = e->j;
    const int64_t n = shard_values(&j->format), side = j->format.picture;
    const float scale = (float)j->format.scale;

    for (int64_t o = 0; o < e->orientations && e->waiting > 0; o++) {
        TRY(shard_check_stop(j->stop));
        if (o == 1) mirror(e->x, e->waiting * 3 * side, side);
        TRY(j->encode(j->encoder, e->x, e->waiting, e->mean));
        for (int64_t i = 0; i < e->waiting; i++) {
            float *dst = e->values + ((e->rows + i) * e->orientations + o) * n;
            for (int64_t k = 0; k < n; k++) dst[k] = scale * e->mean[i * n + k];
        }
    }
    e->rows += e->waiting;
    e->waiting = 0;
done:
    return st;
}

static void begin(void *ctx, int part)
{
    encoding *e = ctx;
    e->orientations = e->j->format.flip && part != SHARD_NOISE ? 2 : 1;
    e->rows = e->waiting = 0;
}

static jem_status take(void *ctx, const uint8_t *planar, int64_t i, int64_t row)
{
    encoding *e = ctx;
    const int64_t pixels = 3 * e->j->format.picture * e->j->format.picture;
    float *x = e->x + e->waiting * pixels;

    (void)row; /* those that wait, behind those that are finished */
    if (planar)
        for (int64_t k = 0; k < pixels; k++) x[k] = e->units[planar[k]];
    else
        rng_fill_uniform(x, pixels, -1, 1, &noise_pictures, (uint32_t)i);
    e->waiting++;
    return e->waiting == e->j->batch ? flush(e) : JEM_OK;
}

static jem_status finish(void *ctx, shard_rows *rows)
{
    encoding *e = ctx;
    const jem_status st = flush(e);
    rows->values = e->values;
    return st;
}

jem_status latent_encode(shard_index *index, const latent_job *j)
{
    jem_status st;
    encoding e = {.rows = 0};

    TRY(encoding_init(&e, j));
    TRY(shard_fill(index, &(shard_job){.source = j->source,
                                       .out = j->out,
                                       .images = j->images,
                                       .format = j->format,
                                       .kernel = j->kernel,
                                       .per_shard = j->per_shard,
                                       .noise = j->noise,
                                       .threads = j->threads,
                                       .ahead = 2 * j->batch + j->threads,
                                       .skip_damaged = j->skip_damaged,
                                       .stop = j->stop,
                                       .watch = j->watch,
                                       .maker = {&e, begin, take, finish}}));
done:
    encoding_clear(&e);
    return st;
}
