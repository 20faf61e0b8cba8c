/* Arrays to train on, kept beside the run: see lib_train_data.h. */
#include "lib/lib_train_data.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"

static jem_status check(const jem_data *d, const char *function)
{
    const jem_tensor *x = &d->images, *y = &d->labels;
    if (!x->data || x->ndim != 4 || (x->dtype != JEM_U8 && x->dtype != JEM_F32))
        return jem_error(JEM_EUSAGE, "%s: o->data->images: expected [n, channels, height, width] of JEM_U8 or JEM_F32",
                         function);
    if (!y->data || y->ndim != 1 || (y->dtype != JEM_I32 && y->dtype != JEM_I64) || y->shape[0] != x->shape[0])
        return jem_error(JEM_EUSAGE, "%s: o->data->labels: expected [%lld], one for each image, of JEM_I32 or JEM_I64",
                         function, (long long)x->shape[0]);
    return JEM_OK;
}

static bool same(const jem_tensor *a, const jem_tensor *b)
{
    const size_t bytes = (size_t)jem_tensor_count(a) * jem_dtype_size(a->dtype);
    return a->dtype == b->dtype && a->ndim == b->ndim &&
           memcmp(a->shape, b->shape, (size_t)a->ndim * sizeof *a->shape) == 0 && memcmp(a->data, b->data, bytes) == 0;
}

/* Writes FOLDER/NAME.npy, or finds that it is there. */
static jem_status keep(const char *folder, const char *name, const jem_tensor *t, const char *function)
{
    jem_status st;
    char *path = NULL;
    jem_tensor found = JEM_TENSOR_INIT;

    TRY(str_format(&path, "%s/%s.npy", folder, name));
    if (!file_exists(path)) {
        TRY(jem_npy_write(path, t));
        goto done;
    }
    TRY(jem_npy_read(&found, path));
    if (!same(&found, t))
        st = jem_error(JEM_EUSAGE, "%s: %s holds other %s, of an earlier training with this name; choose another folder for "
                       "the run, or remove that one", function, path, name);
done:
    jem_tensor_clear(&found);
    mem_free(path);
    return st;
}

jem_status lib_keep_data(char **folder, const jem_data *d, const char *out, const char *function)
{
    jem_status st;
    char *made = NULL;
    size_t length = strlen(out);

    TRY(check(d, function));
    while (length > 1 && out[length - 1] == '/') length--;
    TRY(str_format(&made, "%.*s-data", (int)length, out));
    TRY(dir_make(made));
    TRY(keep(made, "images", &d->images, function));
    TRY(keep(made, "labels", &d->labels, function));
    *folder = made;
    made = NULL;
done:
    mem_free(made);
    return st;
}

jem_status lib_train_data(config *c, const jem_data *d, const char *out, const char *function)
{
    jem_status st;
    char *folder = NULL, *set = NULL;

    TRY(lib_keep_data(&folder, d, out, function));
    TRY(str_format(&set, "data.path=%s", folder));
    TRY(options_assign(config_groups(c), "data.kind=npy"));
    TRY(options_assign(config_groups(c), set));
done:
    mem_free(set);
    mem_free(folder);
    return st;
}
