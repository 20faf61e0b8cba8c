/* Where pictures come from: see fid_pictures.h. */
#include "fid/fid_pictures.h"

#include <inttypes.h>

#include "base/mem.h"
#include "base/try.h"

static jem_status check_channels(int64_t channels)
{
    if (channels == 1 || channels == 3) return JEM_OK;
    return jem_error(JEM_EDATA, "%" PRId64 " channels: FID is of colour or grey pictures (3 or 1); latents are "
                     "to be decoded first (jem sample writes pictures)", channels);
}

/* *out <- pictures of one channel become three equal ones. */
static jem_status as_colour(image *out, const image *m)
{
    jem_status st;
    TRY(image_init(out, m->height, m->width, 3));
    for (int64_t i = 0; i < 3 * m->height * m->width; i++) out->pixels[i] = m->pixels[i / 3];
done:
    return st;
}

/* As RGB; takes m. */
static jem_status finish(image *out, image *m)
{
    jem_status st = JEM_OK;
    if (m->channels == 3) {
        *out = *m;
        return JEM_OK;
    }
    st = as_colour(out, m);
    image_clear(m);
    return st;
}

static jem_status get_values(image *out, const fid_pictures *p, int64_t i)
{
    jem_status st;
    image m = IMAGE_INIT;
    TRY(image_init(&m, p->height, p->width, p->channels));
    image_from_floats(&m, p->values + i * p->channels * p->height * p->width);
    TRY(finish(out, &m));
done:
    return st;
}

static jem_status get_pixels(image *out, const fid_pictures *p, int64_t i)
{
    jem_status st;
    image m = IMAGE_INIT;
    TRY(image_init(&m, p->height, p->width, p->channels));
    image_from_planar(&m, p->pixels + i * p->channels * p->height * p->width);
    TRY(finish(out, &m));
done:
    return st;
}

static jem_status get_packed(image *out, const fid_pictures *p, int64_t i)
{
    jem_status st;
    image m = IMAGE_INIT;
    uint8_t *planar = NULL;
    TRY(MEM_NEW(planar, p->channels * p->height * p->width));
    TRY(shard_set_picture(p->data->shards, p->data->rows[i], planar));
    TRY(image_init(&m, p->height, p->width, p->channels));
    image_from_planar(&m, planar);
    TRY(finish(out, &m));
done:
    mem_free(planar);
    return st;
}

static jem_status get_file(image *out, const fid_pictures *p, int64_t i)
{
    return image_read(out, p->list->paths[i]);
}

jem_status fid_pictures_of_values(fid_pictures *out, const float *values, int64_t n, int64_t channels,
                                  int64_t height, int64_t width)
{
    jem_status st = check_channels(channels);
    if (st == JEM_OK)
        *out = (fid_pictures){.n = n, .get = get_values, .values = values, .channels = channels,
                              .height = height, .width = width};
    return st;
}

jem_status fid_pictures_of_pixels(fid_pictures *out, const uint8_t *pixels, int64_t n, int64_t channels,
                                  int64_t height, int64_t width)
{
    jem_status st = check_channels(channels);
    if (st == JEM_OK)
        *out = (fid_pictures){.n = n, .get = get_pixels, .pixels = pixels, .channels = channels,
                              .height = height, .width = width};
    return st;
}

jem_status fid_pictures_of_data(fid_pictures *out, const dataset *d)
{
    if (dataset_latents(d))
        return jem_error(JEM_EDATA, "latents of %" PRId64 " channels: FID is of pictures; name a folder of those "
                         "that were encoded", d->channels);
    if (d->shards) {
        *out = (fid_pictures){.n = d->n, .get = get_packed, .data = d, .channels = d->channels,
                              .height = d->height, .width = d->width};
        return JEM_OK;
    }
    return d->pixels ? fid_pictures_of_pixels(out, d->pixels, d->n, d->channels, d->height, d->width)
                     : fid_pictures_of_values(out, d->values, d->n, d->channels, d->height, d->width);
}

fid_pictures fid_pictures_of_files(const image_list *l)
{
    return (fid_pictures){.n = l->n, .get = get_file, .list = l};
}
