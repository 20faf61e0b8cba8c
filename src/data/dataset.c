/* A data set in memory: making, selecting, converting to network units. */
#include "data/dataset.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

#include "base/mem.h"
#include "base/plain.h"
#include "base/try.h"
#include "data/pictures/units.h"

int64_t dataset_row_size(const dataset *d) { return d->channels * d->height * d->width; }

int64_t dataset_bytes(const dataset *d)
{
    int64_t image = d->pixels   ? dataset_row_size(d)
                    : d->values ? dataset_row_size(d) * (int64_t)sizeof *d->values
                                : (int64_t)sizeof *d->rows + shard_set_row_bytes(d->shards);
    return d->n * (image + (int64_t)sizeof *d->labels + d->column_count * (int64_t)sizeof(double));
}

int64_t dataset_file_bytes(const dataset *d)
{
    return d->shards ? d->n * shard_row_bytes(shard_set_format(d->shards)) : 0;
}

const shard_format *dataset_latents(const dataset *d)
{
    const shard_format *f = d->shards ? shard_set_format(d->shards) : NULL;
    return f && f->kind == SHARD_LATENTS ? f : NULL;
}

bool dataset_is_8bit(const dataset *d)
{
    return d->pixels || (d->shards && !dataset_latents(d));
}

/* A data set whose images are still to come. */
static jem_status new_without_images(dataset **out, int64_t n, int64_t channels, int64_t height,
                                     int64_t width)
{
    jem_status st;
    dataset *d = NULL;

    TRY(MEM_NEW(d, 1));
    d->n = n;
    d->channels = channels;
    d->height = height;
    d->width = width;
    TRY(MEM_NEW(d->labels, n));
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    return st;
}

jem_status dataset_new(dataset **out, int64_t n, int64_t channels, int64_t height, int64_t width,
                       bool floats)
{
    jem_status st;
    dataset *d = NULL;
    size_t row = (size_t)channels * (size_t)height * (size_t)width;

    TRY(new_without_images(&d, n, channels, height, width));
    if (floats)
        TRY(mem_alloc(&d->values, (size_t)n, row * sizeof *d->values));
    else
        TRY(mem_alloc(&d->pixels, (size_t)n, row));
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    return st;
}

/* n rows without labels. */
static jem_status new_rows(dataset **out, shard_set *s, int64_t n)
{
    jem_status st;
    const shard_format *f = shard_set_format(s);
    dataset *d = NULL;

    TRY(new_without_images(&d, n, f->channels, f->height, f->width));
    d->shards = shard_set_share(s);
    TRY(MEM_NEW(d->rows, n));
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    return st;
}

jem_status dataset_new_shards(dataset **out, shard_set *s)
{
    jem_status st;
    dataset *d = NULL;

    TRY(new_rows(&d, s, shard_set_count(s)));
    for (int64_t i = 0; i < d->n; i++) {
        d->rows[i] = i;
        d->labels[i] = shard_set_label(s, i);
    }
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    return st;
}

void dataset_free(dataset *d)
{
    if (!d) return;
    for (int64_t k = 0; d->class_names && k < d->classes; k++) mem_free(d->class_names[k]);
    for (int i = 0; i < d->column_count; i++) {
        mem_free(d->columns[i].name);
        mem_free(d->columns[i].values);
    }
    mem_free(d->class_names);
    mem_free(d->columns);
    mem_free(d->pixels);
    mem_free(d->values);
    shard_set_free(d->shards);
    mem_free(d->rows);
    mem_free(d->labels);
    mem_free(d);
}

jem_status dataset_name_classes(dataset *d, const char *const *names, int64_t classes)
{
    jem_status st;

    TRY(MEM_NEW(d->class_names, classes));
    d->classes = classes;
    for (int64_t k = 0; k < classes; k++) TRY(mem_strdup(&d->class_names[k], names[k]));
done:
    return st;
}

void class_text(char text[CLASS_TEXT], int64_t k, char *const *names)
{
    char number[24];

    snprintf(number, sizeof number, "%" PRId64, k);
    if (names && strcmp(names[k], number) != 0)
        plain_format(text, CLASS_TEXT, "%s (%s)", number, names[k]);
    else
        snprintf(text, CLASS_TEXT, "%s", number);
}

bool dataset_classes_are_named(const dataset *d)
{
    char number[24];

    for (int64_t k = 0; d->class_names && k < d->classes; k++) {
        snprintf(number, sizeof number, "%" PRId64, k);
        if (strcmp(d->class_names[k], number) != 0) return true;
    }
    return false;
}

jem_status dataset_add_column(dataset *d, const char *name, double **values)
{
    jem_status st;
    scene_column *more = NULL, added = {NULL, NULL};

    TRY(MEM_NEW(more, d->column_count + 1));
    TRY(mem_strdup(&added.name, name));
    TRY(MEM_NEW(added.values, d->n));
    if (d->column_count) memcpy(more, d->columns, (size_t)d->column_count * sizeof *more);
    more[d->column_count++] = added;
    mem_free(d->columns);
    d->columns = more;
    *values = added.values;
    return JEM_OK;
done:
    mem_free(added.name);
    mem_free(added.values);
    mem_free(more);
    return st;
}

const double *dataset_column(const dataset *d, const char *name)
{
    for (int i = 0; i < d->column_count; i++)
        if (strcmp(d->columns[i].name, name) == 0) return d->columns[i].values;
    return NULL;
}

/* xxHash64 of the images, seeded with that of shape and labels. */
void dataset_seal(dataset *d)
{
    const int64_t shape[] = {d->n, d->channels, d->height, d->width, d->classes};
    size_t count = (size_t)(d->n * dataset_row_size(d));
    uint64_t hash = XXH64(shape, sizeof shape, 0);

    hash = XXH64(d->labels, (size_t)d->n * sizeof *d->labels, hash);
    if (d->pixels) {
        d->hash = XXH64(d->pixels, count, hash);
    } else if (d->values) {
        d->hash = XXH64(d->values, count * sizeof *d->values, hash);
    } else {
        hash ^= shard_set_hash(d->shards);
        d->hash = XXH64(d->rows, (size_t)d->n * sizeof *d->rows, hash);
    }
}

jem_status dataset_select(dataset **out, const dataset *d, const int64_t *index, int64_t n)
{
    jem_status st;
    dataset *s = NULL;
    double *values = NULL;
    int64_t row = dataset_row_size(d);

    if (d->shards)
        TRY(new_rows(&s, d->shards, n));
    else
        TRY(dataset_new(&s, n, d->channels, d->height, d->width, d->values != NULL));
    TRY(dataset_name_classes(s, (const char *const *)d->class_names, d->classes));
    for (int64_t i = 0; i < n; i++) {
        if (d->pixels)
            memcpy(s->pixels + i * row, d->pixels + index[i] * row, (size_t)row);
        else if (d->shards)
            s->rows[i] = d->rows[index[i]];
        else
            memcpy(s->values + i * row, d->values + index[i] * row,
                   (size_t)row * sizeof *s->values);
        s->labels[i] = d->labels[index[i]];
    }
    for (int k = 0; k < d->column_count; k++) {
        TRY(dataset_add_column(s, d->columns[k].name, &values));
        for (int64_t i = 0; i < n; i++) values[i] = d->columns[k].values[index[i]];
    }
    dataset_seal(s);
    *out = s;
    s = NULL;
done:
    dataset_free(s);
    return st;
}

jem_status dataset_floats(float *dst, const dataset *d, const int64_t *index, int64_t n)
{
    jem_status st = JEM_OK;
    int64_t row = dataset_row_size(d);
    float table[256];

    units_table(table);
    for (int64_t i = 0; i < n; i++, dst += row) {
        if (d->shards) {
            TRY(shard_set_row(d->shards, d->rows[index[i]], false, dst));
            continue;
        }
        if (d->values) {
            memcpy(dst, d->values + index[i] * row, (size_t)row * sizeof *dst);
            continue;
        }
        const uint8_t *src = d->pixels + index[i] * row;
        for (int64_t k = 0; k < row; k++) dst[k] = table[src[k]];
    }
done:
    return st;
}

jem_status dataset_midpoint(float *dst, const dataset *d, int64_t a, int64_t b)
{
    const int64_t size = dataset_row_size(d);

    if (d->shards) return shard_set_midpoint(d->shards, d->rows[a], d->rows[b], dst);
    for (int64_t k = 0; k < size; k++) {
        double sum = d->values ? (double)d->values[a * size + k] + (double)d->values[b * size + k]
                               : ((double)d->pixels[a * size + k] +
                                  (double)d->pixels[b * size + k]) / 127.5 - 2;
        dst[k] = (float)(sum / 2);
    }
    return JEM_OK;
}

void splits_free(splits *s)
{
    dataset_free(s->train);
    dataset_free(s->val);
    dataset_free(s->test);
    *s = (splits){NULL, NULL, NULL};
}
