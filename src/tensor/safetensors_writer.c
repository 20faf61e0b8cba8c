/* Writing safetensors: collect the entries, then one atomic write.  Data is laid
 * out by falling element size, so that without padding every tensor starts on a
 * multiple of its element. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/bytes.h"
#include "tensor/safetensors.h"
#include "tensor/safetensors_dtype.h"

enum { LENGTH_SIZE = 8, HEADER_ALIGN = 64 };

const struct safetensors_dtype safetensors_dtypes[SAFETENSORS_DTYPES] = {
    [JEM_F32] = {"F32", JEM_F32}, [JEM_F64] = {"F64", JEM_F64}, [JEM_BF16] = {"BF16", JEM_BF16},
    [JEM_I32] = {"I32", JEM_I32}, [JEM_I64] = {"I64", JEM_I64}, [JEM_U8] = {"U8", JEM_U8},
};

typedef struct item {
    char *name;
    jem_dtype dtype;
    int ndim;
    int64_t shape[JEM_MAX_DIMS];
    const void *data; /* borrowed from the caller */
    size_t bytes;
    int position;
} item;

struct safetensors_writer {
    item *items;
    int count;
    int64_t room;
    json_t *metadata;
};

static jem_status no_memory(void)
{
    return jem_error(JEM_ENOMEM, "out of memory while writing a safetensors header");
}

jem_status safetensors_writer_new(safetensors_writer **out)
{
    jem_status st;
    safetensors_writer *w = NULL;

    TRY(MEM_NEW(w, 1));
    w->metadata = json_object();
    if (!w->metadata) {
        st = no_memory();
        goto done;
    }
    *out = w;
    w = NULL;
done:
    safetensors_writer_free(w);
    return st;
}

void safetensors_writer_free(safetensors_writer *w)
{
    if (!w) return;
    for (int i = 0; i < w->count; i++) mem_free(w->items[i].name);
    mem_free(w->items);
    json_decref(w->metadata);
    mem_free(w);
}

jem_status safetensors_writer_add(safetensors_writer *w, const char *name, jem_dtype dtype,
                                  int ndim, const int64_t *shape, const void *data)
{
    jem_status st;
    item it = {.dtype = dtype, .ndim = ndim, .data = data, .position = w->count};
    int64_t count;

    if (!shape_bytes(&it.bytes, &count, dtype, ndim, shape))
        return jem_error(JEM_EUSAGE, "tensor '%s': this shape cannot be stored", name);
    for (int i = 0; i < w->count; i++)
        if (strcmp(w->items[i].name, name) == 0)
            return jem_error(JEM_EUSAGE, "tensor '%s' was already added to the file", name);
    if (strcmp(name, "__metadata__") == 0)
        return jem_error(JEM_EUSAGE, "a tensor cannot be called __metadata__");
    if (ndim) memcpy(it.shape, shape, (size_t)ndim * sizeof *shape);
    TRY(MEM_GROW(w->items, w->count, w->room));
    TRY(mem_strdup(&it.name, name));
    w->items[w->count++] = it;
done:
    return st;
}

jem_status safetensors_writer_metadata(safetensors_writer *w, const char *key, const char *value)
{
    json_t *text = json_string(value);

    if (!text || json_object_set_new(w->metadata, key, text) != 0)
        return jem_error(JEM_EUSAGE, "metadata '%s' is not UTF-8 text", key);
    return JEM_OK;
}

static int compare_items(const void *a, const void *b)
{
    const item *x = a, *y = b;
    int by_size = (int)jem_dtype_size(y->dtype) - (int)jem_dtype_size(x->dtype);

    return by_size ? by_size : x->position - y->position;
}

static jem_status add_entry(json_t *header, const item *it, size_t begin)
{
    json_t *shape = json_array(), *entry = NULL;
    bool ok = shape != NULL;

    for (int i = 0; i < it->ndim && ok; i++)
        ok = json_array_append_new(shape, json_integer(it->shape[i])) == 0;
    if (ok) {
        entry = json_pack("{s:s, s:O, s:[I, I]}", "dtype", safetensors_dtypes[it->dtype].name,
                          "shape", shape, "data_offsets", (json_int_t)begin,
                          (json_int_t)(begin + it->bytes));
        ok = entry != NULL;
    }
    json_decref(shape);
    if (!ok) return no_memory();
    if (json_object_set_new(header, it->name, entry) != 0)
        return jem_error(JEM_EUSAGE, "tensor name '%s' is not UTF-8 text", it->name);
    return JEM_OK;
}

/* The JSON header as text, owned by the caller through free(). */
static jem_status make_header(char **out, const safetensors_writer *w)
{
    jem_status st = JEM_OK;
    json_t *header = json_object();
    char *text = NULL;
    size_t at = 0;

    if (!header) return no_memory();
    if (json_object_size(w->metadata) > 0 &&
        json_object_set(header, "__metadata__", w->metadata) != 0) {
        st = no_memory();
        goto done;
    }
    for (int i = 0; i < w->count; i++) {
        TRY(add_entry(header, &w->items[i], at));
        at += w->items[i].bytes;
    }
    text = json_dumps(header, JSON_COMPACT);
    if (text)
        *out = text;
    else
        st = no_memory();
done:
    json_decref(header);
    return st;
}

jem_status safetensors_writer_save(safetensors_writer *w, const char *path)
{
    static const char spaces[HEADER_ALIGN + 1] =
        "                                                                ";
    jem_status st;
    file_writer file = FILE_WRITER_INIT;
    char *header = NULL;
    size_t used, pad;
    uint64_t length;

    if (w->count) qsort(w->items, (size_t)w->count, sizeof *w->items, compare_items);
    TRY(make_header(&header, w));
    used = strlen(header);
    pad = (HEADER_ALIGN - (LENGTH_SIZE + used) % HEADER_ALIGN) % HEADER_ALIGN;
    length = used + pad;
    TRY(file_writer_open(&file, path));
    TRY(file_writer_put(&file, &length, sizeof length));
    TRY(file_writer_put(&file, header, used));
    TRY(file_writer_put(&file, spaces, pad));
    for (int i = 0; i < w->count; i++)
        TRY(file_writer_put(&file, w->items[i].data, w->items[i].bytes));
    TRY(file_writer_commit(&file));
done:
    file_writer_abort(&file);
    free(header);
    return st;
}
