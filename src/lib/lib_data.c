/* jem/data.h over data/. */
#include "jem/data.h"

#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "data/dataset.h"
#include "train/config.h"

/* data.* with their defaults and what `o` sets. */
static jem_status resolve(data_options *d, const jem_data_options *o)
{
    jem_status st;
    const option_group groups[] = {{"data", data_option_table, d}, {NULL, NULL, NULL}};
    const char *const origin = "jem_data_load";

    TRY(options_defaults(groups));
    TRY(options_set(groups, "data.kind", o->kind ? o->kind : "", origin));
    TRY(options_set(groups, "data.path", o->path ? o->path : "", origin));
    if (o->size < 0 || o->limit < 0)
        return jem_error(JEM_EUSAGE, "size = %lld, limit = %lld: neither may be negative",
                         (long long)o->size, (long long)o->limit);
    d->size = o->size;
    d->limit = o->limit;
done:
    return st;
}

static jem_status to_tensors(jem_data *out, const dataset *d)
{
    jem_status st;
    jem_data made = JEM_DATA_INIT;
    int64_t *index = NULL;

    TRY(jem_tensor_init(&made.images, JEM_F32, 4,
                        (int64_t[]){d->n, d->channels, d->height, d->width}));
    TRY(jem_tensor_init(&made.labels, JEM_I32, 1, &d->n));
    TRY(MEM_NEW(index, d->n));
    for (int64_t i = 0; i < d->n; i++) index[i] = i;
    TRY(dataset_floats(made.images.data, d, index, d->n));
    memcpy(made.labels.data, d->labels, (size_t)d->n * sizeof *d->labels);
    made.classes = d->classes;
    *out = made;
    made = (jem_data)JEM_DATA_INIT;
done:
    jem_data_clear(&made);
    mem_free(index);
    return st;
}

jem_status jem_data_load(jem_data *out, const jem_data_options *o)
{
    jem_status st;
    data_options *d = NULL; /* large: not on the stack */
    splits s = {NULL, NULL, NULL};

    TRY(MEM_NEW(d, 1));
    TRY(resolve(d, o));
    TRY(data_load(&s, d, CONFIG_SPLIT_SEED));
    TRY(to_tensors(out, o->part == JEM_DATA_TRAIN ? s.train
                        : o->part == JEM_DATA_VAL ? s.val
                                                  : s.test));
done:
    splits_free(&s);
    mem_free(d);
    return st;
}

void jem_data_clear(jem_data *d)
{
    jem_tensor_clear(&d->images);
    jem_tensor_clear(&d->labels);
    d->classes = 0;
}
