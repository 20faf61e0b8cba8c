/* Latents that `jem data encode` made: train and val, which stay in their files. */
#include <inttypes.h>

#include "base/try.h"
#include "data/sources/sources.h"

/* One part of a folder; its data set has no hash yet. */
static jem_status load_part(dataset **out, const latent_index *x, int part, const char *dir)
{
    jem_status st;
    latent_set *s = NULL;
    dataset *d = NULL;

    TRY(latent_part_check_done(x, part, dir));
    TRY(latent_set_open(&s, x, part, dir));
    TRY(dataset_new_latents(&d, s));
    TRY(dataset_name_classes(d, (const char *const *)x->classes, x->class_count));
    for (int64_t i = 0; i < d->n; i++) {
        if (d->labels[i] >= 0 && d->labels[i] < d->classes) continue;
        st = jem_error(JEM_EDATA, "%s: row %" PRId64 " of %s has label %" PRId32 "; there are %" PRId64
                                  " classes", dir, i, latent_part_names[part], d->labels[i],
                       d->classes);
        goto done;
    }
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    latent_set_free(s);
    return st;
}

static jem_status load(dataset **train, dataset **test, const data_options *o)
{
    jem_status st;
    latent_index x = LATENT_INDEX_INIT;
    dataset *first = NULL, *second = NULL;

    TRY(latent_index_read(&x, o->path));
    TRY(load_part(&first, &x, LATENT_TRAIN, o->path));
    if (x.parts[LATENT_VAL].images > 0) TRY(load_part(&second, &x, LATENT_VAL, o->path));
    *train = first;
    *test = second;
    first = second = NULL;
done:
    dataset_free(first);
    dataset_free(second);
    latent_index_clear(&x);
    return st;
}

const data_source data_latents = {
    .name = "latents",
    .about = "pictures in the latent space of an autoencoder, made by jem data encode",
    .layout = "index.json, train-NNNNN.safetensors and val-NNNNN.safetensors",
    .load = load,
};
