/* Writing safetensors: collect the entries, then one atomic write.  Data is laid
 * out by falling element size, so that without padding every tensor starts on a
 * multiple of its element. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/bytes.h"
#include "tensor/safetensors.h"
#include "tensor/safetensors_checksum.h"
#include "tensor/safetensors_dtype.h"

enum { LENGTH_SIZE = 8, HEADER_ALIGN = 64 };

const struct safetensors_dtype safetensors_dtypes[SAFETENSORS_DTYPES] = {
    [JEM_F32] = {"F32", JEM_F32}, [JEM_F64] = {"F64", JEM_F64}, [JEM_BF16] = {"BF16", JEM_BF16},
    [JEM_I32] = {"I32", JEM_I32}, [JEM_I64] = {"I64", JEM_I64}, [JEM_U8] = {"U8", JEM_U8},
    [JEM_F16] = {"F16", JEM_F16},
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
    w->metadata = json_pack("{s:s}", CHECKSUM_KEY, CHECKSUM_BLANK);
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
    json_t *text;

    if (strcmp(key, CHECKSUM_KEY) == 0)
        return jem_error(JEM_EUSAGE, "metadata '%s' belongs to the writer", key);
    text = json_string(value);
    if (!text) return json_text_error(JEM_EUSAGE, value, "a value of the metadata");
    if (json_object_set_new(w->metadata, key, text) != 0)
        return json_text_error(JEM_EUSAGE, key, "a key of the metadata");
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
        return json_text_error(JEM_EUSAGE, it->name, "the name of a tensor");
    return JEM_OK;
}

/* The JSON header as text, owned. */
static jem_status make_header(char **out, const safetensors_writer *w)
{
    jem_status st = JEM_OK;
    json_t *header = json_object();
    size_t at = 0;

    if (!header) return no_memory();
    if (json_object_set(header, "__metadata__", w->metadata) != 0) {
        st = no_memory();
        goto done;
    }
    for (int i = 0; i < w->count; i++) {
        TRY(add_entry(header, &w->items[i], at));
        at += w->items[i].bytes;
    }
    TRY(json_text(out, header, JSON_COMPACT));
done:
    json_decref(header);
    return st;
}

/* Everything before the data: the length, the JSON header, spaces up to a multiple of
 * HEADER_ALIGN.  Owned. */
static jem_status make_head(char **out, size_t *size, const safetensors_writer *w)
{
    jem_status st;
    char *header = NULL, *head = NULL;
    size_t used, total;
    uint64_t length;

    TRY(make_header(&header, w));
    used = LENGTH_SIZE + strlen(header);
    total = (used + HEADER_ALIGN - 1) / HEADER_ALIGN * HEADER_ALIGN;
    length = total - LENGTH_SIZE;
    TRY(mem_alloc(&head, total, 1));
    memcpy(head, &length, LENGTH_SIZE);
    memcpy(head + LENGTH_SIZE, header, used - LENGTH_SIZE);
    memset(head + used, ' ', total - used);
    *out = head;
    *size = total;
done:
    mem_free(header);
    return st;
}

/* Writes the checksum of all that will be in the file over the blank one. */
static jem_status put_checksum(char *head, size_t size, const safetensors_writer *w)
{
    char text[CHECKSUM_DIGITS + 1];
    size_t place = safetensors_checksum_place(head, size, CHECKSUM_BLANK);
    XXH3_state_t *state;

    if (place == 0) return jem_error(JEM_EINTERNAL, "jansson did not write the checksum as asked");
    state = XXH3_createState();
    if (!state) return no_memory();
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, head, size);
    for (int i = 0; i < w->count; i++)
        if (w->items[i].bytes) XXH3_128bits_update(state, w->items[i].data, w->items[i].bytes);
    safetensors_checksum_text(text, XXH3_128bits_digest(state));
    XXH3_freeState(state);
    memcpy(head + place, text, CHECKSUM_DIGITS);
    return JEM_OK;
}

jem_status safetensors_writer_save(safetensors_writer *w, const char *path)
{
    jem_status st;
    file_writer file = FILE_WRITER_INIT;
    char *head = NULL;
    size_t size = 0;

    if (w->count) qsort(w->items, (size_t)w->count, sizeof *w->items, compare_items);
    TRY(make_head(&head, &size, w));
    TRY(put_checksum(head, size, w));
    TRY(file_writer_open(&file, path));
    TRY(file_writer_put(&file, head, size));
    for (int i = 0; i < w->count; i++)
        TRY(file_writer_put(&file, w->items[i].data, w->items[i].bytes));
    TRY(file_writer_commit(&file));
done:
    file_writer_abort(&file);
    mem_free(head);
    return st;
}
