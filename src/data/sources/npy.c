/* Arrays written by numpy, as files of a folder or in one .npz file: images [N, C, H, W] in 8 bits, or
 * floats already in network units (latents, for instance), and labels [N]. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/npz.h"
#include "data/sources/sources.h"
#include "data/pictures/units.h"
#include "jem/tensor.h"

static const int64_t classes_max = 100000;

/* ---- where arrays lie */

/* A folder of npy files, or an npz file. */
typedef struct array_place {
    const char *path;
    char **keys; /* of an npz file */
    int key_count;
} array_place;

static jem_status open_place(array_place *p, const char *path)
{
    *p = (array_place){.path = path};
    return npz_is(path) ? npz_keys(&p->keys, &p->key_count, path) : JEM_OK;
}

static bool has_array(const array_place *p, const char *key)
{
    char *file = NULL;

    if (p->keys) return npz_has(p->keys, p->key_count, key);
    const bool there = str_format(&file, "%s/%s.npy", p->path, key) == JEM_OK && file_exists(file);
    mem_free(file);
    return there;
}

/* *name <- what messages call the array; owned */
static jem_status read_array(jem_tensor *x, char **name, const array_place *p, const char *key)
{
    jem_status st;

    TRY(str_format(name, p->keys ? "%s (%s)" : "%s/%s.npy", p->path, key));
    TRY(p->keys ? npz_read(x, p->path, key) : jem_npy_read(x, *name));
done:
    return st;
}

/* ---- images and labels */

static jem_status check_images(const jem_tensor *x, const char *path)
{
    if (x->dtype != JEM_U8 && x->dtype != JEM_F32 && x->dtype != JEM_F64)
        return jem_error(JEM_EDATA,
                         "%s: images of type %s; expected u8 (0 to 255) or floats (network units)",
                         path, jem_dtype_name(x->dtype));
    if (x->ndim != 4)
        return jem_error(JEM_EDATA, "%s: %d dimensions; expected 4: [N, C, H, W]", path, x->ndim);
    if (jem_tensor_count(x) == 0) return jem_error(JEM_EDATA, "%s: holds no images", path);
    if (x->shape[1] > 4 && x->shape[3] <= 4)
        return jem_error(JEM_EDATA,
                         "%s: shape [%" PRId64 ", %" PRId64 ", %" PRId64 ", %" PRId64
                         "] looks like [N, H, W, C]; save x.transpose(0, 3, 1, 2)",
                         path, x->shape[0], x->shape[1], x->shape[2], x->shape[3]);
    return JEM_OK;
}

/* Finite, and said if they look like other units. */
static jem_status check_values(const dataset *d, int64_t count, const char *path)
{
    float least = INFINITY, most = -INFINITY;

    for (int64_t i = 0; i < count; i++) {
        if (!isfinite(d->values[i]))
            return jem_error(JEM_EDATA,
                             "%s: image %" PRId64 " holds NaN or infinity (element %" PRId64
                             "): mend or remove it",
                             path, i / dataset_row_size(d), i % dataset_row_size(d));
        least = fminf(least, d->values[i]);
        most = fmaxf(most, d->values[i]);
    }
    units_check((double)least, (double)most, path);
    return JEM_OK;
}

static jem_status load_images(dataset **out, const array_place *p, const char *key)
{
    jem_status st;
    char *path = NULL;
    jem_tensor x = JEM_TENSOR_INIT;
    dataset *d = NULL;
    int64_t count;

    TRY(read_array(&x, &path, p, key));
    TRY(check_images(&x, path));
    if (x.dtype == JEM_F64) TRY(jem_tensor_convert(&x, JEM_F32));
    TRY(dataset_new(&d, x.shape[0], x.shape[1], x.shape[2], x.shape[3], x.dtype == JEM_F32));
    count = jem_tensor_count(&x);
    if (d->pixels) {
        memcpy(d->pixels, x.data, (size_t)count);
    } else {
        memcpy(d->values, x.data, (size_t)count * sizeof *d->values);
        TRY(check_values(d, count, path));
    }
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    mem_free(path);
    jem_tensor_clear(&x);
    return st;
}

static int64_t integer_at(const jem_tensor *t, int64_t i)
{
    switch (t->dtype) {
    case JEM_U8:
        return ((const uint8_t *)t->data)[i];
    case JEM_I32:
        return ((const int32_t *)t->data)[i];
    default:
        return ((const int64_t *)t->data)[i];
    }
}

/* Copies labels and returns one more than the largest in *classes; *name as read_array. */
static jem_status load_labels(dataset *d, int64_t *classes, char **name, const array_place *p,
                              const char *key)
{
    jem_status st;
    jem_tensor y = JEM_TENSOR_INIT;
    int64_t top = -1;

    TRY(read_array(&y, name, p, key));
    const char *path = *name;
    if (y.dtype != JEM_U8 && y.dtype != JEM_I32 && y.dtype != JEM_I64)
        st = jem_error(JEM_EDATA, "%s: labels of type %s; expected whole numbers: save "
                                  "y.astype('i8')", path, jem_dtype_name(y.dtype));
    else if ((y.ndim != 1 && !(y.ndim == 2 && y.shape[1] == 1)) || y.shape[0] != d->n)
        st = jem_error(JEM_EDATA,
                       "%s: %" PRId64 " labels in %d dimensions for %" PRId64
                       " images; expected shape [%" PRId64 "]",
                       path, jem_tensor_count(&y), y.ndim, d->n, d->n);
    if (st) goto done;
    for (int64_t i = 0; i < d->n; i++) {
        int64_t label = integer_at(&y, i);
        if (label < 0 || label >= classes_max) {
            st = jem_error(JEM_EDATA,
                           "%s: label %" PRId64 " of image %" PRId64
                           "; labels count from 0 without gaps",
                           path, label, i);
            goto done;
        }
        d->labels[i] = (int32_t)label;
        if (label > top) top = label;
    }
    *classes = top + 1;
done:
    jem_tensor_clear(&y);
    return st;
}

/* Every label below `classes` must occur among the training images. */
static jem_status check_contiguous(const dataset *d, int64_t classes, const char *path)
{
    jem_status st;
    bool *seen = NULL;

    TRY(MEM_NEW(seen, classes));
    for (int64_t i = 0; i < d->n; i++) seen[d->labels[i]] = true;
    for (int64_t k = 0; k < classes; k++)
        if (!seen[k]) {
            st = jem_error(JEM_EDATA,
                           "%s: label %" PRId64 " never occurs but %" PRId64
                           " does: number the classes from 0 without gaps",
                           path, k, classes - 1);
            break;
        }
done:
    mem_free(seen);
    return st;
}

/* Classes are called by their numbers. */
static jem_status number_classes(dataset *d, int64_t classes)
{
    jem_status st;

    TRY(MEM_NEW(d->class_names, classes));
    d->classes = classes;
    for (int64_t k = 0; k < classes; k++) TRY(str_format(&d->class_names[k], "%" PRId64, k));
done:
    return st;
}

/* One pair of arrays; classes 0 means: as many as the labels say. */
static jem_status load_pair(dataset **out, const array_place *p, const char *images,
                            const char *labels, int64_t classes)
{
    jem_status st;
    char *name = NULL;
    dataset *d = NULL;
    int64_t found = 0;

    TRY(load_images(&d, p, images));
    TRY(load_labels(d, &found, &name, p, labels));
    if (classes == 0)
        TRY(check_contiguous(d, found, name));
    else if (found > classes) {
        st = jem_error(JEM_EDATA,
                       "%s: label %" PRId64 " does not occur among the training labels (0 to "
                       "%" PRId64 ")",
                       name, found - 1, classes - 1);
        goto done;
    }
    TRY(number_classes(d, classes ? classes : found));
    *out = d;
    d = NULL;
done:
    dataset_free(d);
    mem_free(name);
    return st;
}

static jem_status load(dataset **train, dataset **test, const data_options *o)
{
    jem_status st;
    array_place p;
    dataset *first = NULL, *second = NULL;

    TRY(open_place(&p, o->path));
    if (has_array(&p, "train_x")) {
        TRY(load_pair(&first, &p, "train_x", "train_y", 0));
        if (has_array(&p, "test_x"))
            TRY(load_pair(&second, &p, "test_x", "test_y", first->classes));
    } else {
        TRY(load_pair(&first, &p, "images", "labels", 0));
    }
    *train = first;
    *test = second;
    first = second = NULL;
done:
    dataset_free(first);
    dataset_free(second);
    strings_free(p.keys, p.key_count);
    return st;
}

const data_source data_npy = {
    .name = "npy",
    .about = "numpy arrays: images [N, C, H, W] as u8 or as f32 in network units, labels [N]",
    .layout = "images.npy and labels.npy, or train_x.npy, train_y.npy, test_x.npy, test_y.npy; or a "
              ".npz file with arrays of these names",
    .load = load,
};
