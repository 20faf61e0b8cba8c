/* Replay buffer of persistent chains (replay_buffer.h).  Which entries a step takes and which of
 * them begin anew follows from (seed, iteration, place in the batch) alone: of the buffer's past
 * only contents and ages are state, and those are what a checkpoint holds. */
#include "sample/replay_buffer.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"

static void fill_uniform(const void *ctx, float *x, int64_t n, int64_t size, int32_t y,
                         const rng_stream *s, uint32_t first)
{
    (void)ctx, (void)y;
    for (int64_t i = 0; i < n; i++)
        rng_fill_uniform(x + i * size, size, -1.0f, 1.0f, s, first + (uint32_t)i);
}

const chain_start chain_start_uniform = {fill_uniform, NULL, 0};

/* Sub-streams of RNG_CHAIN_START. */
enum { START_FRESH = 0, START_FILL = 1 };

/* How many entries the deviation is measured on; they lie size / measured apart. */
static int64_t measured(const replay_buffer *r)
{
    return r->size < 256 ? r->size : 256;
}

/* Standard deviation over entries, quadratic mean over elements.  A block of elements at
 * a time, so that memory is read in order; values are shifted by the first entry's. */
static double deviation(const replay_buffer *r)
{
    enum { BLOCK = 64 };
    int64_t size = shape_count(r->image), n = measured(r), stride = r->size / (n > 0 ? n : 1);
    double total = 0;

    if (n < 2) return NAN;
    for (int64_t first = 0; first < size; first += BLOCK) {
        int64_t width = size - first < BLOCK ? size - first : BLOCK;
        double sum[BLOCK] = {0}, squares[BLOCK] = {0};
        const float *shift = r->images + first;
        for (int64_t i = 1; i < n; i++) {
            const float *x = r->images + i * stride * size + first;
            for (int64_t k = 0; k < width; k++) {
                double d = (double)x[k] - (double)shift[k];
                sum[k] += d;
                squares[k] += d * d;
            }
        }
        for (int64_t k = 0; k < width; k++) total += squares[k] - sum[k] * sum[k] / (double)n;
    }
    return sqrt(fmax(total, 0) / (double)(size * (n - 1)));
}

/* Entries of a class whose starts are drawn of it. */
static int64_t part_size(const replay_buffer *r)
{
    return r->size / (r->start.classes > 0 ? r->start.classes : 1);
}

/* Entries first .. first + n - 1, all of one class, as they are when the buffer is new. */
static void fill_entries(replay_buffer *r, uint64_t seed, int64_t first, int64_t n)
{
    const rng_stream s = {seed, RNG_CHAIN_START, 0, START_FILL};
    const int64_t count = shape_count(r->image);
    r->start.fill(r->start.ctx, r->images + first * count, n, count,
                  (int32_t)(first / part_size(r)), &s, (uint32_t)first);
}

void replay_buffer_refill(replay_buffer *r, uint64_t seed)
{
    const int64_t part = part_size(r);
    for (int64_t first = 0; first < r->size; first += part) fill_entries(r, seed, first, part);
    memset(r->age, 0, (size_t)r->size * sizeof *r->age);
}

static void fill_measured(replay_buffer *r, uint64_t seed)
{
    const int64_t n = measured(r);
    for (int64_t i = 0; i < n; i++) fill_entries(r, seed, i * (r->size / n), 1);
}

static jem_status init(replay_buffer *r, const sampler_options *o, shape image, int64_t classes,
                       const chain_start *start, uint64_t seed,
                       void (*fill)(replay_buffer *r, uint64_t seed))
{
    jem_status st;
    replay_buffer b = {.size = o->buffer_size,
                       .image = image,
                       .classes = o->class_conditional ? classes : 0,
                       .reinit_prob = o->reinit_prob,
                       .start = *start,
                       .seed = seed};
    int64_t count = shape_count(image);

    if ((b.classes > 0 || start->classes > 0) && b.size % classes != 0)
        return jem_error(JEM_EUSAGE,
                         "sampler.buffer_size: %lld is not a multiple of the %lld classes, which "
                         "%s needs",
                         (long long)b.size, (long long)classes,
                         b.classes > 0 ? "sampler.class_conditional" : "sampler.start: class_gaussian");
    TRY(MEM_NEW(b.images, b.size * count));
    TRY(MEM_NEW(b.age, b.size));
    fill(&b, seed);
    b.start_deviation = deviation(&b);
    *r = b;
    return JEM_OK;
done:
    replay_buffer_clear(&b);
    return st;
}

jem_status replay_buffer_init(replay_buffer *r, const sampler_options *o, shape image,
                              int64_t classes, const chain_start *start, uint64_t seed)
{
    return init(r, o, image, classes, start, seed, replay_buffer_refill);
}

jem_status replay_buffer_init_unfilled(replay_buffer *r, const sampler_options *o, shape image,
                                       int64_t classes, const chain_start *start, uint64_t seed)
{
    return init(r, o, image, classes, start, seed, fill_measured);
}

void replay_buffer_clear(replay_buffer *r)
{
    mem_free(r->images);
    mem_free(r->age);
    r->images = NULL;
    r->age = NULL;
    r->size = 0;
}

void replay_buffer_draw(const replay_buffer *r, int64_t iteration, const int32_t *y, int64_t n,
                        int64_t *index, float *x, bool *fresh)
{
    int64_t count = shape_count(r->image);
    int64_t slice = r->classes > 0 ? r->size / r->classes : r->size;
    rng_stream where = {r->seed, RNG_REPLAY_INDEX, (uint32_t)iteration, 0};
    rng_stream whether = {r->seed, RNG_REPLAY_FRESH, (uint32_t)iteration, 0};
    rng_stream anew = {r->seed, RNG_CHAIN_START, (uint32_t)iteration, START_FRESH};

    for (int64_t i = 0; i < n; i++) {
        int32_t own = r->classes > 0 && y ? y[i] : -1;
        int64_t first = own >= 0 ? own * slice : 0;
        index[i] = first + rng_below(&where, (uint32_t)i, 0, (uint32_t)slice);
        fresh[i] = (double)rng_unit(&whether, (uint32_t)i, 0) < r->reinit_prob;
        if (fresh[i])
            r->start.fill(r->start.ctx, x + i * count, 1, count, own, &anew, (uint32_t)i);
        else
            memcpy(x + i * count, r->images + index[i] * count, (size_t)count * sizeof *x);
    }
}

void replay_buffer_store(replay_buffer *r, const int64_t *index, const float *x,
                         const bool *fresh, int64_t n)
{
    int64_t count = shape_count(r->image);
    for (int64_t i = 0; i < n; i++) {
        memcpy(r->images + index[i] * count, x + i * count, (size_t)count * sizeof *x);
        r->age[index[i]] = fresh[i] ? 1 : r->age[index[i]] + 1;
    }
}

double replay_buffer_mean_age(const replay_buffer *r)
{
    double sum = 0;
    for (int64_t i = 0; i < r->size; i++) sum += r->age[i];
    return r->size > 0 ? sum / (double)r->size : (double)NAN;
}

double replay_buffer_diversity(const replay_buffer *r)
{
    return deviation(r) / r->start_deviation;
}

jem_status replay_buffer_save(const replay_buffer *r, safetensors_writer *w)
{
    int64_t dims[4] = {r->size, r->image.c, r->image.h, r->image.w};
    jem_status st;
    TRY(safetensors_writer_add(w, "replay_buffer", JEM_F32, 4, dims, r->images));
    TRY(safetensors_writer_add(w, "replay_buffer.age", JEM_I32, 1, dims, r->age));
done:
    return st;
}

jem_status replay_buffer_restore(replay_buffer *r, const safetensors *f)
{
    int64_t dims[4] = {r->size, r->image.c, r->image.h, r->image.w};
    jem_status st;
    int i = safetensors_find(f, "replay_buffer.age");
    if (i < 0)
        return jem_error(JEM_EDATA, "%s: tensor replay_buffer.age is missing: not a checkpoint "
                         "of a run with Langevin chains", safetensors_path(f));
    jem_tensor age = safetensors_view(f, i);
    if (age.dtype != JEM_I32 || age.ndim != 1 || age.shape[0] != r->size)
        return jem_error(JEM_EDATA, "%s: replay_buffer.age must hold %lld i32 values",
                         safetensors_path(f), (long long)r->size);
    TRY(safetensors_read_f32(f, "replay_buffer", r->images, 4, dims));
    memcpy(r->age, age.data, (size_t)r->size * sizeof *r->age);
done:
    return st;
}
