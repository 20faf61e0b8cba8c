/* The kinds of data there are, the settings data.*, and loading with splits. */
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/try.h"
#include "data/sources/image_set.h"
#include "data/sources/sources.h"

const data_source *const data_source_list[] = {
    &data_cifar10, &data_folder, &data_npy, &data_latents, &data_packed, &data_gloss, NULL,
};

const char data_kind_none[] = "none";

#define FIELD(name) offsetof(data_options, name)
const option data_option_table[] = {
    {"kind", OPTION_STRING, FIELD(kind), "cifar10", 0, 0, NULL,
     "reader of data.path: cifar10, folder, npy, latents, packed, gloss (jem data list)"},
    {"path", OPTION_STRING, FIELD(path), "", 0, 0, NULL, "folder of the data"},
    {"size", OPTION_INT, FIELD(size), "0", 0, 16384, NULL,
     "side in pixels images are resized to (shorter side, then centre crop); 0: all must agree"},
    {"val_fraction", OPTION_REAL, FIELD(val_fraction), "0.05", 0, 0.9, NULL,
     "share of the training images held out to select the model (paper E.1)"},
    {"test_fraction", OPTION_REAL, FIELD(test_fraction), "0.1", 0, 0.9, NULL,
     "share of all images tested on where the data have no test part (gloss: paper D.1)"},
    {"limit", OPTION_INT, FIELD(limit), "0", 0, 1e12, NULL,
     "use only the first so many training images; 0: all"},
    {"crop", OPTION_BOOL, FIELD(crop), "true", 0, 0, NULL,
     "augment by padding 4 pixels and cropping at random (paper E.1)"},
    {"pad", OPTION_CHOICE, FIELD(pad), "reflect", 0, 0, "reflect|zero",
     "what data.crop pads with: the picture mirrored, or black"},
    {"flip", OPTION_BOOL, FIELD(flip), "true", 0, 0, NULL,
     "augment by mirroring half of the images (paper E.1)"},
    {"order", OPTION_CHOICE, FIELD(order), "shuffled", 0, 0, "shuffled|file",
     "training images in an epoch: shuffled anew, or always in the order of their files (PixelVAE)"},
    {"augment_generative", OPTION_BOOL, FIELD(augment_generative), "true", 0, 0, NULL,
     "crop and mirror the images of the density term (x+) too; false in SADA-JEM"},
    {"noise_std", OPTION_REAL, FIELD(noise_std), "0.05", 0, 10, NULL,
     "Gaussian noise on training images, in network units (paper B.2)"},
    {"ranks", OPTION_INT, FIELD(ranks), "1", 1, 1048576, NULL,
     "processes that read each batch together, train.batch images each; sums no gradients yet"},
    {"rank", OPTION_INT, FIELD(rank), "0", 0, 1048575, NULL,
     "this process, from 0: it reads images rank * train.batch and following of the common batch"},
    {"label", OPTION_STRING, FIELD(label), "gloss_cat", 0, 0, NULL,
     "gloss: column of scene_log.csv with the label, 0 or 1"},
    {"light", OPTION_STRING, FIELD(light), "light", 0, 0, NULL,
     "gloss: column with the name of the light field"},
    {"bump", OPTION_STRING, FIELD(bump), "bump", 0, 0, NULL,
     "gloss: column with the height of the relief"},
    {NULL, OPTION_BOOL, 0, NULL, 0, 0, NULL, NULL},
};

static jem_status find_source(const data_source **out, const data_options *o)
{
    char list[200] = "";
    const data_source *const *s = o->sources ? o->sources : data_source_list;

    if (strcmp(o->kind, data_kind_none) == 0)
        return jem_error(JEM_EUSAGE, "there are no data (data.kind is %s): set data.kind and data.path to those "
                         "that are meant", o->kind);
    for (; *s; s++) {
        size_t used = strlen(list);
        if (strcmp((*s)->name, o->kind) == 0) break;
        snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", (*s)->name);
    }
    if (!*s)
        return jem_error(JEM_EUSAGE, "data.kind: '%s' is unknown; choose one of: %s", o->kind,
                         list);
    if (!o->path[0])
        return jem_error(JEM_EUSAGE, "data.path is empty: set it to a folder with %s",
                         (*s)->layout);
    *out = *s;
    return JEM_OK;
}

/* *kept and *held <- d without and with `share` of its images: the last ones, or
 * random ones by `random`, either part in the order of d.  Consumes *d. */
static jem_status part(dataset **kept, dataset **held, dataset **d, double share, bool ordered,
                       const rng_stream *random)
{
    jem_status st;
    int64_t n = (*d)->n, held_n = llround(share * (double)n), counts[2] = {0, 0};
    int64_t *order = NULL, *index = NULL;
    bool *out = NULL;
    dataset *a = NULL, *b = NULL;

    TRY(MEM_NEW(order, n));
    TRY(MEM_NEW(index, n));
    TRY(MEM_NEW(out, n));
    if (!ordered) rng_permutation(order, n, random);
    for (int64_t i = 0; i < held_n; i++) out[ordered ? n - 1 - i : order[i]] = true;
    for (int64_t i = 0; i < n; i++) /* kept rows from the front, held ones behind them */
        index[out[i] ? n - held_n + counts[1]++ : counts[0]++] = i;
    TRY(dataset_select(&b, *d, index + n - held_n, held_n));
    TRY(dataset_select(&a, *d, index, n - held_n));
    dataset_free(*d);
    *d = NULL;
    *kept = a;
    *held = b;
    a = NULL;
    b = NULL;
done:
    mem_free(order);
    mem_free(index);
    mem_free(out);
    dataset_free(a);
    dataset_free(b);
    return st;
}

/* *d <- its first `limit` rows, if it has more. */
static jem_status shorten(dataset **d, int64_t limit)
{
    jem_status st;
    int64_t *index = NULL;
    dataset *shorter = NULL;

    if (limit == 0 || limit >= (*d)->n) return JEM_OK;
    TRY(MEM_NEW(index, limit));
    for (int64_t i = 0; i < limit; i++) index[i] = i;
    TRY(dataset_select(&shorter, *d, index, limit));
    dataset_free(*d);
    *d = shorter;
done:
    mem_free(index);
    return st;
}

static jem_status check_shapes(const dataset *train, const dataset *test, const char *path)
{
    if (train->channels == test->channels && train->height == test->height &&
        train->width == test->width && dataset_is_8bit(train) == dataset_is_8bit(test))
        return JEM_OK;
    return jem_error(JEM_EDATA,
                     "%s: training images are %s [%" PRId64 ", %" PRId64 ", %" PRId64
                     "], test images %s [%" PRId64 ", %" PRId64 ", %" PRId64
                     "]: they must agree (data.size resizes pictures)",
                     path, dataset_is_8bit(train) ? "u8" : "float", train->channels, train->height,
                     train->width, dataset_is_8bit(test) ? "u8" : "float", test->channels, test->height,
                     test->width);
}

/* Sizes and hashes of what a source gave. */
static jem_status finish(dataset *train, dataset *test, const data_options *o)
{
    jem_status st = JEM_OK;

    if (o->size) TRY(image_set_resize(train, o->size));
    if (o->size && test) TRY(image_set_resize(test, o->size));
    if (test) TRY(check_shapes(train, test, o->path));
    dataset_seal(train);
    if (test) dataset_seal(test);
done:
    return st;
}

jem_status data_load(splits *out, const data_options *o, uint64_t seed)
{
    enum { SPLIT_VAL, SPLIT_TEST };
    jem_status st;
    const data_source *source = NULL;
    splits s = {NULL, NULL, NULL};
    dataset *all = NULL, *pool = NULL;
    const rng_stream val_stream = {seed, RNG_SPLIT, SPLIT_VAL, 0};
    const rng_stream test_stream = {seed, RNG_SPLIT, SPLIT_TEST, 0};

    TRY(find_source(&source, o));
    TRY(source->load(&all, &s.test, o));
    TRY(finish(all, s.test, o));
    if (s.test) {
        pool = all;
        all = NULL;
    } else {
        TRY(part(&pool, &s.test, &all, o->test_fraction, source->ordered, &test_stream));
    }
    TRY(shorten(&pool, o->limit));
    TRY(part(&s.train, &s.val, &pool, o->val_fraction, source->ordered, &val_stream));
    if (s.train->n == 0) {
        st = jem_error(JEM_EDATA,
                       "%s: no training images are left after splitting: add images or lower "
                       "data.val_fraction and data.test_fraction",
                       o->path);
        goto done;
    }
    *out = s;
    s = (splits){NULL, NULL, NULL};
done:
    splits_free(&s);
    dataset_free(all);
    dataset_free(pool);
    return st;
}
