/* A training small enough for tests: 16x16 images of three classes that differ in
 * brightness and grain, WRN-10-1, chains of three steps. */
#ifndef TRAIN_TINY_H
#define TRAIN_TINY_H

#include "support/check.h"
#include "support/identity.h"

#include "base/file.h"
#include "base/mem.h"
#include "run/loop.h"

enum { TINY_SIDE = 16, TINY_CLASSES = 3, TINY_COUNT = 3 * TINY_SIDE * TINY_SIDE };

static inline dataset *tiny_dataset(int64_t n, uint32_t part)
{
    dataset *d = NULL;
    rng_stream s = {99, RNG_TEST, part, 0};
    check_ok(MEM_NEW(d, 1));
    d->n = n;
    d->channels = 3;
    d->height = d->width = TINY_SIDE;
    d->classes = TINY_CLASSES;
    d->hash = 4711;
    check_ok(MEM_NEW(d->pixels, n * TINY_COUNT));
    check_ok(MEM_NEW(d->labels, n));
    for (int64_t i = 0; i < n; i++) {
        int32_t y = (int32_t)(i % TINY_CLASSES);
        d->labels[i] = y;
        for (int64_t k = 0; k < TINY_COUNT; k++) {
            uint32_t grain = rng_below(&s, (uint32_t)i, (uint32_t)k, 60);
            int64_t stripe = y == 2 && k % 4 < 2 ? 80 : 0;
            d->pixels[i * TINY_COUNT + k] = (uint8_t)(40 + 60 * y + stripe + grain);
        }
    }
    return d;
}

static inline splits tiny_splits(int64_t train, int64_t val)
{
    return (splits){tiny_dataset(train, 0), tiny_dataset(val, 1), tiny_dataset(3, 2)};
}

/* Settings of SADA-JEM, for `more`. */
#define TINY_SADA                                                                             \
    "model.norm=batch", "data.augment_generative=false", "sampler.update=clamped",           \
        "sampler.decay=constant", "sampler.noise_std=0", "sampler.batch_norm=batch",         \
        "sampler.start=class_gaussian", "sampler.buffer_size=39", "train.loss=sum",          \
        "train.generative_batch=6", "train.sharpness=adaptive", "train.optimizer=sgd",       \
        "train.lr=0.05", "train.weight_decay=5e-4", "train.schedule=multistep"

/* Settings of a PixelVAE, for `more`. */
#define TINY_PIXELVAE                                                                         \
    "model.name=pixelvae", "model.latents=3", "model.filters=6", "model.encoder_filters=4",  \
        "model.blocks=1", "model.mixtures=2", "alpha=1", "train.objective=pixelvae",         \
        "data.noise_std=0", "data.crop=false", "data.flip=false", "data.order=file",         \
        "train.schedule=exponential", "train.warmup=0", "train.adam_eps_inside=true",        \
        "train.beta1=0.95", "train.beta2=0.9995"

/* `more`: further assignments, NULL-terminated, or NULL. */
static inline void tiny_config(config *c, const char *const *more)
{
    static const char *const set[] = {
        "model.name=wrn-10-1", "model.pool=adaptive", "data.crop=true", "sampler.steps=3",
        "sampler.buffer_size=40", "train.batch=8", "train.epochs=2", "train.lr=1e-3",
        "train.warmup=2", "train.log_every=2", "engine.threads=2", "engine.chunk=3", NULL};
    check_ok(config_defaults(c, &config_builtin));
    for (int i = 0; set[i]; i++) check_ok(options_assign(config_groups(c), set[i]));
    int count = 0;
    while (more && more[count]) count++;
    check_ok(config_assign(c, more, count));
    c->model.classes = TINY_CLASSES;
    c->model.channels = 3;
    c->model.height = c->model.width = TINY_SIDE;
}

/* Whole file DIR/NAME; owned. */
static inline char *tiny_read(const char *dir, const char *name, size_t *size)
{
    char path[1024], *data = NULL;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    check_ok(file_read(&data, size, path, 0));
    return data;
}

#endif
