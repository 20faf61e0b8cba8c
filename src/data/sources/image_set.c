/* Many pictures at once: decoding and resizing spread over the processors. */
#include "data/sources/image_set.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/pool.h"
#include "base/try.h"
#include "data/pictures/image.h"

typedef struct job {
    char *const *paths;
    int64_t size;       /* 0: as they are */
    const dataset *src; /* where pictures come from if not from files */
    dataset *dst;
} job;

static jem_status read_sized(image *out, const char *path, int64_t size)
{
    jem_status st;
    image m = IMAGE_INIT;

    if (size == 0) return image_read(out, path);
    TRY(image_read(&m, path));
    st = image_resize_square(out, &m, size);
    if (st) jem_error_context(st, "%s", path);
done:
    image_clear(&m);
    return st;
}

static jem_status read_one(void *ctx, int task, int worker)
{
    const job *j = ctx;
    dataset *d = j->dst;
    jem_status st;
    image m = IMAGE_INIT;

    (void)worker;
    TRY(read_sized(&m, j->paths[task], j->size));
    if (m.height != d->height || m.width != d->width)
        st = jem_error(JEM_EDATA,
                       "%s: %" PRId64 " x %" PRId64 " pixels, but %s has %" PRId64 " x %" PRId64
                       ": set data.size to resize all pictures, or remove this one",
                       j->paths[task], m.width, m.height, j->paths[0], d->width, d->height);
    else
        image_to_planar(d->pixels + task * dataset_row_size(d), &m);
done:
    image_clear(&m);
    return st;
}

jem_status image_set_read(dataset **out, char *const *paths, int n, int64_t size)
{
    jem_status st;
    image first = IMAGE_INIT;
    dataset *d = NULL;
    pool *workers = NULL;
    job j = {.paths = paths, .size = size};

    TRY(read_sized(&first, paths[0], size));
    TRY(dataset_new(&d, n, 3, first.height, first.width, false));
    TRY(pool_new(&workers, 0));
    j.dst = d;
    TRY(pool_run(workers, n, read_one, &j));
    *out = d;
    d = NULL;
done:
    pool_free(workers);
    dataset_free(d);
    image_clear(&first);
    return st;
}

static jem_status resize_one(void *ctx, int task, int worker)
{
    const job *j = ctx;
    const dataset *src = j->src;
    int64_t area = src->height * src->width;
    const uint8_t *planes = src->pixels + task * dataset_row_size(src);
    jem_status st;
    image m = IMAGE_INIT, small = IMAGE_INIT;

    (void)worker;
    TRY(image_init(&m, src->height, src->width, src->channels));
    for (int64_t c = 0; c < m.channels; c++)
        for (int64_t i = 0; i < area; i++) m.pixels[i * m.channels + c] = planes[c * area + i];
    TRY(image_resize_square(&small, &m, j->size));
    image_to_planar(j->dst->pixels + task * dataset_row_size(j->dst), &small);
done:
    image_clear(&m);
    image_clear(&small);
    return st;
}

jem_status image_set_resize(dataset *d, int64_t size)
{
    jem_status st;
    dataset resized = *d;
    pool *workers = NULL;
    job j = {.size = size, .src = d, .dst = &resized};

    if (d->height == size && d->width == size) return JEM_OK;
    if (!d->pixels)
        return jem_error(JEM_EUSAGE,
                         "data.size = %" PRId64 " does not apply to float images of %" PRId64
                         " x %" PRId64 ": leave it at 0",
                         size, d->width, d->height);
    resized.height = resized.width = size;
    resized.pixels = NULL;
    TRY(mem_alloc(&resized.pixels, (size_t)d->n, (size_t)dataset_row_size(&resized)));
    TRY(pool_new(&workers, 0));
    TRY(pool_run(workers, (int)d->n, resize_one, &j));
    mem_free(d->pixels);
    *d = resized;
    resized.pixels = NULL;
done:
    pool_free(workers);
    mem_free(resized.pixels);
    return st;
}
