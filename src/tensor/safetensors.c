/* Reading safetensors: the header is JSON from a stranger, so that every claim
 * it makes is checked against the file before anything is used.
 * Format: huggingface/safetensors, README "Format". */
#include "tensor/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/bytes.h"
#include "tensor/safetensors_checksum.h"
#include "tensor/safetensors_dtype.h"
#include "tensor/safetensors_internal.h"

enum { LENGTH_SIZE = 8, ALIGN = 8, KIND_SIZE = 64 }; /* ALIGN: of any element */
static const uint64_t header_max = 100000000;

/* ---- one tensor's entry */

static jem_status bad_entry(const char *path, const char *name, const char *what)
{
    return jem_error(JEM_EDATA, "%s: tensor '%.200s': %s; the file is damaged or not safetensors: "
                                "write it again", path, name, what);
}

static jem_status read_dtype(jem_dtype *out, const json_t *object, const char *path,
                             const char *name)
{
    const char *text = json_string_value(json_object_get(object, "dtype"));

    if (!text) return bad_entry(path, name, "no dtype");
    for (int i = 0; i < SAFETENSORS_DTYPES; i++) {
        if (strcmp(text, safetensors_dtypes[i].name) != 0) continue;
        *out = safetensors_dtypes[i].dtype;
        return JEM_OK;
    }
    return jem_error(JEM_EDATA, "%s: tensor '%.200s' has dtype %.20s; convert it to one of F32 F64 "
                                "F16 BF16 I32 I64 U8", path, name, text);
}

static bool read_integers(int64_t *out, size_t count, const json_t *array)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(array, i);
        if (!json_is_integer(item) || json_integer_value(item) < 0) return false;
        out[i] = json_integer_value(item);
    }
    return true;
}

static jem_status read_entry(entry *e, const char *path, const char *name, const json_t *object,
                             int64_t data_size)
{
    const json_t *shape = json_object_get(object, "shape");
    const json_t *offsets = json_object_get(object, "data_offsets");
    int64_t span[2] = {0, 0}, count;
    size_t bytes;
    jem_status st;

    if (!json_is_object(object)) return bad_entry(path, name, "its entry is not an object");
    if (json_object_size(object) != 3) return bad_entry(path, name, "its entry needs three keys");
    st = read_dtype(&e->view.dtype, object, path, name);
    if (st != JEM_OK) return st;
    if (!json_is_array(shape) || json_array_size(shape) > JEM_MAX_DIMS)
        return bad_entry(path, name, "its shape is not a list of at most 8 sizes");
    e->view.ndim = (int)json_array_size(shape);
    if (!read_integers(e->view.shape, json_array_size(shape), shape))
        return bad_entry(path, name, "its shape holds something else than sizes");
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !read_integers(span, 2, offsets))
        return bad_entry(path, name, "its data_offsets are not two positions");
    if (span[0] > span[1] || span[1] > data_size)
        return bad_entry(path, name, "its data lies outside the file (truncated?)");
    if (!shape_bytes(&bytes, &count, e->view.dtype, e->view.ndim, e->view.shape) ||
        bytes != (size_t)(span[1] - span[0]))
        return bad_entry(path, name, "its shape and data_offsets disagree in size");
    e->name = name;
    e->begin = span[0];
    e->end = span[1];
    return JEM_OK;
}

/* ---- the file */

static int compare_entries(const void *a, const void *b)
{
    const entry *x = a, *y = b;

    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1; /* empty ones first */
    return x->position - y->position;
}

/* The data must be covered completely, each byte by one tensor. */
static jem_status check_cover(const safetensors *f, int64_t data_size)
{
    int64_t at = 0;

    for (int i = 0; i < f->count; i++) {
        const entry *e = &f->entries[i];
        if (e->begin < at) return bad_entry(f->path, e->name, "its data overlaps another tensor's");
        if (e->begin > at) return bad_entry(f->path, e->name, "unused bytes lie before its data");
        at = e->end;
    }
    if (at != data_size)
        return jem_error(JEM_EDATA, "%s: %lld bytes follow the last tensor; the file is damaged: "
                                    "write it again", f->path, (long long)(data_size - at));
    return JEM_OK;
}

static jem_status read_metadata(safetensors *f, json_t *metadata)
{
    const char *key;
    json_t *value;

    if (json_is_null(metadata)) return JEM_OK; /* as if it were not there */
    if (!json_is_object(metadata))
        return jem_error(JEM_EDATA, "%s: __metadata__ is not an object", f->path);
    json_object_foreach(metadata, key, value)
    {
        if (!json_is_string(value))
            return jem_error(JEM_EDATA, "%s: __metadata__ '%.200s' is not a string", f->path, key);
    }
    f->metadata = metadata;
    return JEM_OK;
}

static jem_status read_entries(safetensors *f, int64_t data_size)
{
    jem_status st;
    const char *name;
    json_t *value;

    TRY(MEM_NEW(f->entries, json_object_size(f->header)));
    json_object_foreach(f->header, name, value)
    {
        if (strcmp(name, "__metadata__") == 0) {
            TRY(read_metadata(f, value));
            continue;
        }
        f->entries[f->count].position = f->count;
        TRY(read_entry(&f->entries[f->count], f->path, name, value, data_size));
        f->count++;
    }
    if (f->count) qsort(f->entries, (size_t)f->count, sizeof *f->entries, compare_entries);
    TRY(check_cover(f, data_size));
done:
    return st;
}

/* Points the views into the file as it was read; false if a tensor is not aligned to its elements. */
static bool point_into_file(safetensors *f)
{
    for (int i = 0; i < f->count; i++) {
        entry *e = &f->entries[i];
        if ((f->head + (size_t)e->begin) % jem_dtype_size(e->view.dtype)) return false;
        e->view.data = f->file + f->head + e->begin;
    }
    return true;
}

/* Offsets in the file promise no alignment; the views do. */
static jem_status copy_aligned(safetensors *f)
{
    const char *data = f->file + f->head;
    size_t total = 0, at = 0;
    jem_status st;

    for (int i = 0; i < f->count; i++)
        total += ((size_t)(f->entries[i].end - f->entries[i].begin) + ALIGN - 1) / ALIGN * ALIGN;
    st = mem_alloc(&f->data, total, 1);
    if (st != JEM_OK) return st;
    for (int i = 0; i < f->count; i++) {
        entry *e = &f->entries[i];
        size_t bytes = (size_t)(e->end - e->begin);
        memcpy(f->data + at, data + e->begin, bytes);
        e->view.data = f->data + at;
        at += (bytes + ALIGN - 1) / ALIGN * ALIGN;
    }
    mem_free(f->file);
    f->file = NULL;
    return JEM_OK;
}

static jem_status read_header(safetensors *f, const char *text, size_t size)
{
    /* half of what a file may take: the list of entries comes on top of it */
    jem_status st = json_parse(&f->header, text, size, "the header is not a JSON object",
                               JSON_MEMORY / 2 + 2 * size);

    if (st != JEM_OK) return jem_error_context(st, "%s", f->path);
    if (!json_is_object(f->header))
        return jem_error(JEM_EDATA, "%s: the header is not a JSON object but another value",
                         f->path);
    return JEM_OK;
}

/* Where the file's header says a checksum, it must be the file's. */
static jem_status verify_checksum(const safetensors *f, size_t size)
{
    const char *file = f->file;
    const char *value = json_string_value(
        json_object_get(json_object_get(f->header, "__metadata__"), CHECKSUM_KEY));
    char text[CHECKSUM_DIGITS + 1] = "";
    XXH3_state_t *state;
    size_t place;

    if (!value) return JEM_OK;
    place = safetensors_checksum_place(file, f->head, value);
    if (place > 0) {
        const size_t behind = place + CHECKSUM_DIGITS;
        state = XXH3_createState();
        if (!state) return jem_error(JEM_ENOMEM, "out of memory while reading %s", f->path);
        XXH3_128bits_reset(state);
        XXH3_128bits_update(state, file, place);
        XXH3_128bits_update(state, CHECKSUM_BLANK, CHECKSUM_DIGITS);
        XXH3_128bits_update(state, file + behind, size - behind);
        safetensors_checksum_text(text, XXH3_128bits_digest(state));
        XXH3_freeState(state);
    }
    if (strcmp(text, value) == 0) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: checksum does not match: the file is damaged, or another "
                                "program changed it and kept the checksum; use a copy of it, or the "
                                "checkpoint before it, or have that program leave out the metadata "
                                "'" CHECKSUM_KEY "'", f->path);
}

/* Bytes of length and header, from the file's first `got` bytes; `size` is the file's. */
static jem_status head_size(size_t *head, const safetensors *f, const char *file, size_t got,
                            size_t size)
{
    uint64_t length = 0;
    jem_status st = safetensors_check_kind(f->path, file, got);

    if (st != JEM_OK) return st;
    if (got < LENGTH_SIZE)
        return jem_error(JEM_EDATA, "%s: %zu bytes are too few for a safetensors file; copy or download it again", f->path,
                         size);
    memcpy(&length, file, sizeof length);
    if (length > header_max || length > size - LENGTH_SIZE)
        return jem_error(JEM_EDATA, "%s: the header claims %llu bytes, the file has %zu; it is "
                                    "truncated or not safetensors", f->path,
                         (unsigned long long)length, size);
    *head = LENGTH_SIZE + (size_t)length;
    return JEM_OK;
}

static jem_status parse(safetensors *f, size_t size)
{
    jem_status st;

    TRY(head_size(&f->head, f, f->file, size, size));
    TRY(read_header(f, f->file + LENGTH_SIZE, f->head - LENGTH_SIZE));
    TRY(verify_checksum(f, size));
    TRY(read_entries(f, (int64_t)(size - f->head)));
    if (!point_into_file(f)) TRY(copy_aligned(f));
done:
    return st;
}

jem_status safetensors_open(safetensors **out, const char *path)
{
    jem_status st;
    safetensors *f = NULL;
    size_t size = 0;

    TRY(MEM_NEW(f, 1));
    TRY(mem_strdup(&f->path, path));
    TRY(file_read(&f->file, &size, path, 0));
    TRY(parse(f, size));
    *out = f;
    f = NULL;
done:
    safetensors_close(f);
    return st;
}

/* *out <- the header, parsed; *size <- the file's bytes. */
static jem_status open_head(safetensors **out, int64_t *size, const char *path)
{
    jem_status st;
    safetensors *f = NULL;
    char *start = NULL;
    size_t got = 0;

    TRY(MEM_NEW(f, 1));
    TRY(mem_strdup(&f->path, path));
    TRY(file_size(size, path));
    TRY(file_read_start(&start, &got, path, KIND_SIZE));
    TRY(head_size(&f->head, f, start, got, (size_t)*size));
    mem_free(start);
    start = NULL;
    TRY(file_read_start(&start, &got, path, f->head));
    TRY(read_header(f, start + LENGTH_SIZE, got < LENGTH_SIZE ? 0 : got - LENGTH_SIZE));
    *out = f;
    f = NULL;
done:
    safetensors_close(f);
    mem_free(start);
    return st;
}

jem_status safetensors_open_metadata(safetensors **out, const char *path)
{
    jem_status st;
    safetensors *f = NULL;
    int64_t size = 0;

    TRY(open_head(&f, &size, path));
    json_t *metadata = json_object_get(f->header, "__metadata__");
    if (metadata) TRY(read_metadata(f, metadata));
    *out = f;
    f = NULL;
done:
    safetensors_close(f);
    return st;
}

jem_status safetensors_open_header(safetensors **out, const char *path)
{
    jem_status st;
    safetensors *f = NULL;
    int64_t size = 0;

    TRY(open_head(&f, &size, path));
    TRY(read_entries(f, size - (int64_t)f->head));
    *out = f;
    f = NULL;
done:
    safetensors_close(f);
    return st;
}

void safetensors_close(safetensors *f)
{
    if (!f) return;
    for (int i = 0; i < f->count; i++) mem_free(f->entries[i].renamed);
    for (int i = 0; i < f->owned_count; i++) jem_tensor_clear(&f->owned[i]);
    json_decref(f->header);
    mem_free(f->owned);
    mem_free(f->entries);
    mem_free(f->data);
    mem_free(f->file);
    mem_free(f->path);
    mem_free(f);
}

const char *safetensors_path(const safetensors *f)
{
    return f->path;
}

int safetensors_count(const safetensors *f)
{
    return f->count;
}

const char *safetensors_name(const safetensors *f, int i)
{
    return f->entries[i].name;
}

int safetensors_find(const safetensors *f, const char *name)
{
    for (int i = 0; i < f->count; i++)
        if (strcmp(f->entries[i].name, name) == 0) return i;
    return -1;
}

/* Characters of the part that a wrapper put here, 0: none did. */
static size_t wrapper_part(const char *at)
{
    static const char *const parts[] = {"module.", "_orig_mod."};
    for (int i = 0; i < 2; i++)
        if (strncmp(at, parts[i], strlen(parts[i])) == 0) return strlen(parts[i]);
    return 0;
}

static jem_status unwrap_name(entry *e)
{
    jem_status st;
    char *name = NULL, *to;

    TRY(MEM_NEW(name, strlen(e->name) + 1));
    to = name;
    for (const char *at = e->name; *at;) {
        const size_t part = at == e->name || at[-1] == '.' ? wrapper_part(at) : 0;
        if (part)
            at += part;
        else
            *to++ = *at++;
    }
    mem_free(e->renamed);
    e->name = e->renamed = name;
done:
    return st;
}

jem_status safetensors_unwrap_names(safetensors *f)
{
    jem_status st = JEM_OK;
    json_t *seen = json_object();

    for (int i = 0; seen && i < f->count; i++) {
        TRY(unwrap_name(&f->entries[i]));
        if (json_object_get(seen, f->entries[i].name)) {
            st = jem_error(JEM_EDATA, "%s: holds tensor '%.200s' twice, once with module. or "
                                      "_orig_mod. in its name: remove one of them", f->path,
                           f->entries[i].name);
            goto done;
        }
        if (json_object_set_new(seen, f->entries[i].name, json_true()) != 0) break;
    }
    if (!seen || (int)json_object_size(seen) != f->count)
        st = jem_error(JEM_ENOMEM, "out of memory while reading %s", f->path);
done:
    json_decref(seen);
    return st;
}

bool safetensors_select(safetensors *f, const char *prefix)
{
    const size_t n = strlen(prefix);
    int kept = 0;

    for (int i = 0; i < f->count; i++) {
        entry e = f->entries[i];
        if (strncmp(e.name, prefix, n) != 0) continue;
        e.name += n;
        f->entries[i] = f->entries[kept];
        f->entries[kept++] = e;
    }
    if (!kept) return false;
    for (int i = kept; i < f->count; i++) mem_free(f->entries[i].renamed);
    f->count = kept;
    return true;
}

jem_tensor safetensors_view(const safetensors *f, int i)
{
    return f->entries[i].view;
}

int64_t safetensors_place(const safetensors *f, int i)
{
    return (int64_t)f->head + f->entries[i].begin;
}

const char *safetensors_metadata(const safetensors *f, const char *key)
{
    return json_string_value(json_object_get(f->metadata, key));
}

const char *safetensors_metadata_key(const safetensors *f, int i)
{
    void *at = json_object_iter(f->metadata);
    while (at && i-- > 0) at = json_object_iter_next(f->metadata, at);
    return at ? json_object_iter_key(at) : NULL;
}

const char *safetensors_checksum(const safetensors *f)
{
    return safetensors_metadata(f, CHECKSUM_KEY);
}

jem_status safetensors_require_checksum(const safetensors *f)
{
    if (safetensors_checksum(f)) return JEM_OK;
    return jem_error(JEM_EDATA, "%s: its metadata holds no checksum: the file is damaged, or "
                                "another program or version wrote it", f->path);
}

/* "[16, 3, 3, 3]" */
static void shape_text(char *text, size_t size, int ndim, const int64_t *shape)
{
    size_t used = (size_t)snprintf(text, size, "[");

    for (int i = 0; i < ndim; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%lld", i ? ", " : "",
                                 (long long)shape[i]);
    snprintf(text + used, size - used, "]");
}

static jem_status check_shape(const safetensors *f, const char *name, const jem_tensor *t, int ndim,
                              const int64_t *shape)
{
    char has[256], wanted[256];

    if (t->ndim == ndim && (ndim == 0 || memcmp(t->shape, shape, (size_t)ndim * 8) == 0))
        return JEM_OK;
    shape_text(has, sizeof has, t->ndim, t->shape);
    shape_text(wanted, sizeof wanted, ndim, shape);
    return jem_error(JEM_EDATA, "%s: tensor '%s' has shape %s, expected %s: the file belongs to "
                                "another model or setting", f->path, name, has, wanted);
}

static inline float f32_at(const jem_tensor *t, int64_t i)
{
    return t->dtype == JEM_F32 ? ((const float *)t->data)[i]
                               : (float)number_at(t->dtype, t->data, i);
}

jem_status safetensors_read_f32(const safetensors *f, const char *name, float *dst, int ndim,
                                const int64_t *shape)
{
    int at = safetensors_find(f, name);
    jem_tensor t;
    int64_t n;
    jem_status st;

    if (at < 0)
        return jem_error(JEM_EDATA, "%s: no tensor '%s': the file belongs to another model",
                         f->path, name);
    t = f->entries[at].view;
    if (t.dtype != JEM_F32 && t.dtype != JEM_F64 && t.dtype != JEM_BF16 &&
        t.dtype != JEM_F16)
        return jem_error(JEM_EDATA, "%s: tensor '%s' holds %s, expected floating point", f->path,
                         name, jem_dtype_name(t.dtype));
    st = check_shape(f, name, &t, ndim, shape);
    if (st != JEM_OK) return st;
    n = jem_tensor_count(&t);
    for (int64_t i = 0; i < n; i++) {
        float v = f32_at(&t, i);
        if (!isfinite(v))
            return jem_error(JEM_EDATA, "%s: tensor '%s' holds %g at index %lld: the file is "
                                        "damaged or its training diverged; use an earlier one",
                             f->path, name, (double)v, (long long)i);
    }
    for (int64_t i = 0; dst && i < n; i++) dst[i] = f32_at(&t, i);
    return JEM_OK;
}
