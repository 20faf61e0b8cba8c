/* A small folder of latents as jem data encode leaves it, made of random numbers. */
#ifndef TRAIN_LATENT_FOLDER_H
#define TRAIN_LATENT_FOLDER_H

#include "support/check.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "data/shards/index.h"

enum { LATENT_SIDE = 8, LATENT_SIZE = 4 * LATENT_SIDE * LATENT_SIDE };

static const shard_format latent_folder_plain = {
    .vae = "0123456789abcdef0123456789abcdef", .scale = 0.5, .picture = 64,
    .channels = 4, .height = LATENT_SIDE, .width = LATENT_SIDE, .dtype = JEM_F32};

/* Rows of a part: row i holds values around base + i, or levels. */
static void latent_folder_part(shard_index *x, const char *dir, int part, int64_t rows, float base)
{
    const shard_format f = shard_part_format(x, part);
    const int64_t views = f.flip ? 2 : 1, size = shard_values(&f), count = rows * views * size;
    const rng_stream s = {3, RNG_TEST, (uint32_t)part, 0};
    float *values = NULL;
    uint8_t *pixels = NULL;
    int32_t *labels = NULL, *images = NULL;
    char path[160], name[32], checksum[SHARD_CHECKSUM_SIZE];

    check_ok(MEM_NEW(values, count));
    check_ok(MEM_NEW(pixels, count));
    check_ok(MEM_NEW(labels, rows));
    check_ok(MEM_NEW(images, rows));
    for (int64_t i = 0; i < rows; i++) {
        float *row = values + i * views * size;
        rng_fill_uniform(row, views * size, -0.1f, 0.1f, &s, (uint32_t)i);
        for (int64_t k = 0; k < views * size; k++) {
            row[k] += base + (float)i;
            pixels[i * views * size + k] = (uint8_t)rng_below(&s, (uint32_t)i, (uint32_t)k, 256);
        }
        labels[i] = (int32_t)(i % 2);
        images[i] = (int32_t)i;
    }
    const bool levels = f.dtype == JEM_U8;
    const shard_rows all = {rows, levels ? NULL : values, levels ? pixels : NULL, labels, images};
    snprintf(name, sizeof name, "%s-00000.safetensors", shard_part_names[part]);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(shard_file_write(path, &f, &all, checksum));
    check_ok(shard_part_add_shard(&x->parts[part], name, rows, checksum));
    x->parts[part].images = x->parts[part].done = rows;
    mem_free(values);
    mem_free(pixels);
    mem_free(labels);
    mem_free(images);
}

/* Two classes, `images` of them for training, and a bank of `entries` if there are any. */
static void latent_folder_write(const char *dir, const shard_format *f, int64_t images, int64_t entries,
                                float base)
{
    char cat[] = "cat", dog[] = "dog", *const classes[] = {cat, dog};
    shard_index x = {.format = *f};
    check_ok(dir_make(dir));
    for (int i = 0; i < SHARD_PARTS; i++) snprintf(x.parts[i].listing, 17, "%016d", i);
    check_ok(shard_index_name_classes(&x, classes, 2));
    latent_folder_part(&x, dir, SHARD_TRAIN, images, 0);
    if (entries) latent_folder_part(&x, dir, SHARD_NOISE, entries, base);
    check_ok(shard_index_write(&x, dir));
    shard_index_clear(&x);
}

#endif
