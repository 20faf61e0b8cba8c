/* Latents that `jem data encode` made: train and val, which stay in their files. */
#include <inttypes.h>

#include "base/try.h"
#include "data/sources/sources.h"

/* One part of a folder; its data set has no hash yet. */
static jem_status load_part(dataset **out, const shard_index *x, int part, const char *dir)
{
    jem_status st;
    shard_set *s = NULL;
    dataset *d = NULL;

    TRY(shard_part_check_done(x, part, dir));
    TRY(shard_set_open(&s, x, part, dir));
    TRY(dataset_new_shards(&d, s));
    TRY(dataset_name_classes(d, (const char *const *)x->classes, x->class_count));
    for (int64_t i = 0; i < d->n; i++) {
        if (d->labels[i] >= 0 && d->labels[i] < d->classes) continue;
        st = jem_error(JEM_EDATA, "%s: row %" PRId64 " of %s has label %" PRId32 "; there are %" PRId64
                                  " classes", dir, i, shard_part_names[part], d->labels[i],
                       d->classes);
        goto done;
    }
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    shard_set_free(s);
    return st;
}

static jem_status load(dataset **train, dataset **test, const data_options *o)
{
    jem_status st;
    shard_index x = SHARD_INDEX_INIT;
    dataset *first = NULL, *second = NULL;

    TRY(shard_index_read(&x, o->path));
    TRY(load_part(&first, &x, SHARD_TRAIN, o->path));
    if (x.parts[SHARD_VAL].images > 0) TRY(load_part(&second, &x, SHARD_VAL, o->path));
    *train = first;
    *test = second;
    first = second = NULL;
done:
    dataset_free(first);
    dataset_free(second);
    shard_index_clear(&x);
    return st;
}

const data_source data_latents = {
    .name = "latents",
    .about = "pictures in the latent space of an autoencoder, made by jem data encode",
    .layout = "index.json, train-NNNNN.safetensors and val-NNNNN.safetensors",
    .load = load,
};
