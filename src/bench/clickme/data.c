/* ClickMe images from shards or from arrays. */
#include "bench/clickme/data.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

/* ---- arrays */

static jem_status check_shape(const jem_tensor *t, const char *folder, const char *name,
                              int64_t n, int channels)
{
    const bool fits = t->ndim == (channels ? 4 : 3) && t->shape[0] == n && n > 0 &&
                      t->shape[1] == CLICKME_SIDE && t->shape[2] == CLICKME_SIDE &&
                      (!channels || t->shape[3] == channels);
    if (fits) return JEM_OK;
    return jem_error(JEM_EDATA,
                     "%s/%s: expected [n][224][224]%s, n at least 1 and the same in maps-224.npy, "
                     "images-224.npy and index.tsv (maps: %" PRId64 ")",
                     folder, name, channels ? "[3]" : "", n);
}

static jem_status read_arrays(clickme_reader *r)
{
    jem_status st;
    char *path = NULL;

    TRY(str_format(&path, "%s/maps-224.npy", r->folder));
    TRY(jem_npy_read(&r->maps, path));
    const int64_t n = r->maps.ndim > 0 ? r->maps.shape[0] : 0;
    TRY(check_shape(&r->maps, r->folder, "maps-224.npy", n, 0));
    if (r->maps.dtype != JEM_F64) TRY(jem_tensor_convert(&r->maps, JEM_F32));
    mem_free(path);
    path = NULL;
    TRY(str_format(&path, "%s/images-224.npy", r->folder));
    TRY(jem_npy_read(&r->pictures, path));
    TRY(check_shape(&r->pictures, r->folder, "images-224.npy", n, 3));
    if (r->pictures.dtype != JEM_U8)
        st = jem_error(JEM_EDATA, "%s: expected uint8 levels, found %s", path,
                       jem_dtype_name(r->pictures.dtype));
done:
    mem_free(path);
    return st;
}

static jem_status read_index(clickme_reader *r)
{
    char *path = NULL;
    jem_status st = str_format(&path, "%s/index.tsv", r->folder);
    if (st == JEM_OK) st = clickme_index_read(&r->index, path, r->maps.shape[0]);
    mem_free(path);
    return st;
}

static jem_status next_of_arrays(clickme_image *m, clickme_reader *r, bool *more)
{
    const int64_t i = r->at;
    *more = i < r->maps.shape[0];
    if (!*more) return JEM_OK;
    if (!m->picture.pixels) {
        jem_status st = image_init(&m->picture, CLICKME_SIDE, CLICKME_SIDE, 3);
        if (st != JEM_OK) return st;
    }
    snprintf(m->name, sizeof m->name, "%s", r->index.names[i]);
    snprintf(m->source, sizeof m->source, "%s", r->index.sources[i]);
    m->label = -1;
    memcpy(m->picture.pixels, (const uint8_t *)r->pictures.data + i * CLICKME_PIXELS * 3,
           (size_t)CLICKME_PIXELS * 3);
    for (int64_t p = 0; p < CLICKME_PIXELS; p++) {
        const int64_t at = i * CLICKME_PIXELS + p;
        m->map[p] = r->maps.dtype == JEM_F64 ? ((const double *)r->maps.data)[at]
                                             : (double)((const float *)r->maps.data)[at];
        if (!isfinite(m->map[p]))
            return jem_error(JEM_EDATA, "%s/maps-224.npy: map %" PRId64 " (%s) holds %g", r->folder,
                             i, m->name, m->map[p]);
    }
    return JEM_OK;
}

/* ---- shards */

/* out [224][224][3] <- in [256][256][3], rounded to 8 bits, which is what subjects see. */
static jem_status resize_picture(image *out, const image *in)
{
    jem_status st;
    double *plane = NULL, *small = NULL;
    image m = IMAGE_INIT;

    TRY(MEM_NEW(plane, in->height * in->width));
    TRY(MEM_NEW(small, CLICKME_PIXELS));
    TRY(image_init(&m, CLICKME_SIDE, CLICKME_SIDE, 3));
    for (int c = 0; c < 3; c++) {
        for (int64_t p = 0; p < in->height * in->width; p++)
            plane[p] = (double)in->pixels[3 * p + c];
        TRY(map_resize(small, CLICKME_SIDE, CLICKME_SIDE, plane, in->height, in->width));
        for (int64_t p = 0; p < CLICKME_PIXELS; p++)
            m.pixels[3 * p + c] = (uint8_t)(small[p] + 0.5);
    }
    image_clear(out);
    *out = m;
    m = (image)IMAGE_INIT;
done:
    image_clear(&m);
    mem_free(plane);
    mem_free(small);
    return st;
}

static jem_status open_shard(clickme_reader *r)
{
    jem_status st;

    mem_free(r->path);
    r->path = NULL;
    TRY(str_format(&r->path, "%s/val-%" PRId64 ".tfrecords", r->folder, r->shard));
    r->file = (tfrecord_reader)TFRECORD_READER_INIT;
    TRY(tfrecord_open(&r->file, r->path));
    r->open = true;
done:
    return st;
}

static jem_status next_of_shards(clickme_image *m, clickme_reader *r, bool *more)
{
    jem_status st = JEM_OK;

    for (*more = false; r->shard < r->shards; r->shard++) {
        if (!r->open) TRY(open_shard(r));
        TRY(clickme_next(&r->item, &r->file, more));
        if (*more) break;
        tfrecord_close(&r->file);
        r->open = false;
    }
    if (!*more) return JEM_OK;
    snprintf(m->name, sizeof m->name, "val-%" PRId64 "/%" PRId64, r->shard, r->file.record);
    snprintf(m->source, sizeof m->source, "val");
    m->label = r->item.label;
    TRY(map_prepare_clickme(m->map, r->item.heat.pixels));
    TRY(resize_picture(&m->picture, &r->item.picture));
done:
    return st;
}

/* ---- both */

/* *there: folder/name exists. */
static jem_status find_file(bool *there, const char *folder, const char *name)
{
    char *path = NULL;
    jem_status st = str_format(&path, "%s/%s", folder, name);
    if (st == JEM_OK) *there = file_exists(path);
    mem_free(path);
    return st;
}

/* All shards are there, before hours are spent on the first ones. */
static jem_status check_shards(const clickme_reader *r)
{
    char name[40];
    for (int64_t i = 0; i < r->shards; i++) {
        bool there = false;
        snprintf(name, sizeof name, "val-%" PRId64 ".tfrecords", i);
        jem_status st = find_file(&there, r->folder, name);
        if (st != JEM_OK) return st;
        if (!there)
            return jem_error(JEM_EDATA,
                             "%s/%s: missing; val-0 to val-%" PRId64
                             " are needed: 'jem data fetch clickme' gets them, or score part of the set "
                             "with "
                             "clickme.shards=%" PRId64,
                             r->folder, name, r->shards - 1, i);
    }
    return JEM_OK;
}

jem_status clickme_data_open(clickme_reader *r, const char *folder, int64_t shards)
{
    jem_status st;
    bool first = false;
    clickme_reader opened = CLICKME_READER_INIT;

    TRY(mem_strdup(&opened.folder, folder));
    opened.shards = shards;
    TRY(find_file(&opened.arrays, folder, "maps-224.npy"));
    TRY(find_file(&first, folder, "val-0.tfrecords"));
    if (opened.arrays) {
        TRY(read_arrays(&opened));
        TRY(read_index(&opened));
    } else if (first) {
        TRY(check_shards(&opened));
    } else {
        st = jem_error(JEM_EDATA,
                       "%s: neither val-0.tfrecords nor maps-224.npy is there: give the folder "
                       "that holds the ClickMe validation shards; 'jem data fetch clickme' gets "
                       "them",
                       folder);
        goto done;
    }
    *r = opened;
    opened = (clickme_reader)CLICKME_READER_INIT;
done:
    clickme_data_close(&opened);
    return st;
}

jem_status clickme_data_next(clickme_image *m, clickme_reader *r, bool *more)
{
    jem_status st = r->arrays ? next_of_arrays(m, r, more) : next_of_shards(m, r, more);
    if (st == JEM_OK && *more) r->at++;
    return st;
}

void clickme_data_close(clickme_reader *r)
{
    clickme_index_clear(&r->index);
    jem_tensor_clear(&r->maps);
    jem_tensor_clear(&r->pictures);
    clickme_item_clear(&r->item);
    if (r->open) tfrecord_close(&r->file);
    mem_free(r->path);
    mem_free(r->folder);
    *r = (clickme_reader)CLICKME_READER_INIT;
}
