/* From the object of a PyTorch file to named tensors (torch_file.h). */
#include "tensor/torch_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/bytes.h"
#include "tensor/torch_internal.h"

enum {
    DEPTH_MOST = 64,
    VISITS_MOST = 1000000,  /* maps may share parts, which unfold */
    TENSORS_MOST = 100000,
    NAMES_MOST = 8 << 20,   /* bytes of all names */
    REPEATED_MOST = 1 << 20 /* elements that a tensor may have beyond its storage's */
};

/* A tensor as a view of a storage, all in elements. */
typedef struct view {
    char *name;
    int64_t storage; /* its number */
    int64_t offset;
    int ndim;
    int64_t shape[JEM_MAX_DIMS], stride[JEM_MAX_DIMS];
} view;

struct torch_file {
    char *path;
    torch_source source;
    view *views;
    int64_t count, room;
    int64_t visits, name_bytes;
};

static jem_status refuse(const torch_file *f, const char *name, const char *fmt, ...) JEM_PRINTF(3, 4);
static jem_status refuse(const torch_file *f, const char *name, const char *fmt, ...)
{
    char what[200];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return jem_error(JEM_EDATA, "%s: tensor '%.200s' %s; save the state dict again with torch.save",
                     f->path, name, what);
}

/* ---- one tensor */

/* The tensor that a value is, without the Parameter around it: the arguments of _rebuild_tensor_v2; or NULL. */
static const pickle_value *rebuilt(const pickle_value *v)
{
    for (int around = 0; around < 2; around++) {
        const char *function = pickle_called(v);
        const pickle_value *arguments = function ? v->items[1] : NULL;
        if (!arguments || arguments->kind != PICKLE_TUPLE || arguments->count < 1) return NULL;
        if (strcmp(function, "torch._utils _rebuild_tensor_v2") == 0 ||
            strcmp(function, "torch._utils _rebuild_tensor") == 0)
            return arguments;
        if (strcmp(function, "torch._utils _rebuild_parameter") != 0) return NULL;
        v = arguments->items[0];
    }
    return NULL;
}

static bool take_sizes(int64_t to[JEM_MAX_DIMS], const pickle_value *v, int64_t count)
{
    if (v->kind != PICKLE_TUPLE || v->count != count) return false;
    for (int64_t d = 0; d < count; d++) {
        if (v->items[d]->kind != PICKLE_INTEGER || v->items[d]->number < 0) return false;
        to[d] = v->items[d]->number;
    }
    return true;
}

/* Whether each element lies in the storage.  *last <- the last of them, or where counting it ended. */
static bool is_inside(int64_t *last, const view *v, int64_t elements, int64_t storage)
{
    *last = v->offset;
    if (elements == 0) return v->offset <= storage;
    for (int d = 0; d < v->ndim; d++) {
        int64_t reach;
        if (__builtin_mul_overflow(v->shape[d] - 1, v->stride[d], &reach) ||
            __builtin_add_overflow(*last, reach, last)) {
            *last = INT64_MAX;
            return false;
        }
    }
    return *last < storage;
}

static jem_status read_view(view *v, const torch_file *f, const pickle_value *a, const char *name)
{
    size_t bytes;
    int64_t elements, last;

    if (a->count < 4 || a->items[0]->kind != PICKLE_PERSISTENT || a->items[1]->kind != PICKLE_INTEGER ||
        a->items[1]->number < 0 || a->items[2]->kind != PICKLE_TUPLE)
        return refuse(f, name, "is described as PyTorch never did");
    if (a->items[2]->count > JEM_MAX_DIMS)
        return refuse(f, name, "has %" PRId64 " dimensions, expected at most %d", a->items[2]->count, JEM_MAX_DIMS);
    v->storage = a->items[0]->seen - 1;
    v->offset = a->items[1]->number;
    v->ndim = (int)a->items[2]->count;
    if (!take_sizes(v->shape, a->items[2], v->ndim) || !take_sizes(v->stride, a->items[3], v->ndim))
        return refuse(f, name, "has sizes or strides that are negative, no numbers, or not one for each dimension");
    const torch_storage *s = &f->source.storages[v->storage];
    if (!s->type) return refuse(f, name, "has elements of a type that jem does not know");
    if (!shape_bytes(&bytes, &elements, JEM_F64, v->ndim, v->shape))
        return refuse(f, name, "has more elements than can be counted");
    if (!is_inside(&last, v, elements, s->count))
        return refuse(f, name, "reaches beyond its storage: to element %" PRId64 " of '%.60s', which has %" PRId64, last,
                      s->key, s->count);
    if (elements > s->count + REPEATED_MOST)
        return refuse(f, name, "repeats its storage (an expanded view): %" PRId64 " elements of %" PRId64, elements, s->count);
    return JEM_OK;
}

static jem_status add_tensor(torch_file *f, const pickle_value *arguments, const char *name)
{
    jem_status st;

    f->name_bytes += (int64_t)strlen(name) + 1;
    if (f->count == TENSORS_MOST || f->name_bytes > NAMES_MOST)
        return jem_error(JEM_EDATA, "%s: more tensors or longer names than any network has; save the "
                                    "state dict alone", f->path);
    TRY(MEM_GROW(f->views, f->count, f->room));
    view *v = &f->views[f->count];
    *v = (view){0};
    TRY(read_view(v, f, arguments, name));
    TRY(mem_strdup(&v->name, name));
    f->source.storages[v->storage].wanted = true;
    f->count++;
done:
    return st;
}

/* ---- maps */

/* All tensors of a map, their names begun by `prefix`. */
static jem_status walk(torch_file *f, const pickle_value *map, const char *prefix, int depth)
{
    jem_status st = JEM_OK;
    char *name = NULL, number[24];

    if (depth > DEPTH_MOST || map->count / 2 > VISITS_MOST - f->visits)
        return jem_error(JEM_EDATA, "%s: maps within maps without end (%s); save the state dict alone with "
                         "torch.save(model.state_dict(), FILE)", f->path,
                         depth > DEPTH_MOST ? "more than 64 levels, or a map that holds itself" : "a million entries and more");
    f->visits += map->count / 2;
    for (int64_t i = 0; i + 1 < map->count; i += 2) {
        const pickle_value *key = map->items[i], *v = map->items[i + 1], *arguments = rebuilt(v);
        if (!arguments && v->kind != PICKLE_MAP) continue;
        if (key->kind != PICKLE_TEXT && key->kind != PICKLE_INTEGER) continue;
        snprintf(number, sizeof number, "%" PRId64, key->number);
        TRY(str_format(&name, "%s%s%s", prefix, *prefix ? "." : "",
                       key->kind == PICKLE_TEXT ? key->text : number));
        TRY(arguments ? add_tensor(f, arguments, name) : walk(f, v, name, depth + 1));
        mem_free(name);
        name = NULL;
    }
done:
    mem_free(name);
    return st;
}

/* The keys at the top of the file, for messages. */
static void list_keys(char text[400], const pickle_value *map)
{
    size_t used = 0;
    text[0] = '\0';
    for (int64_t i = 0; i + 1 < map->count && used + 64 < 400; i += 2)
        if (map->items[i]->kind == PICKLE_TEXT)
            used += (size_t)snprintf(text + used, 400 - used, "%s%.60s", used ? ", " : "",
                                     map->items[i]->text);
}

static jem_status take_part(torch_file *f, const char *part)
{
    const pickle_value *root = f->source.object.root, *v = pickle_get(root, part);
    char keys[400];

    if (v && v->kind == PICKLE_MAP) return walk(f, v, "", 0);
    if (v && rebuilt(v)) return add_tensor(f, rebuilt(v), part);
    list_keys(keys, root);
    return jem_error(JEM_EDATA, "%s: holds no map or tensor '%s'; at its top are: %s", f->path, part,
                     root->kind == PICKLE_MAP && *keys ? keys : "no names");
}

static jem_status take_weights(torch_file *f)
{
    static const char *const usual[] = {"model_state_dict", "state_dict", "model", "net", "params",
                                        "ema"};
    const pickle_value *root = f->source.object.root;
    jem_status st = JEM_OK;

    for (size_t i = 0; i < sizeof usual / sizeof *usual && f->count == 0; i++) {
        const pickle_value *v = pickle_get(root, usual[i]);
        if (v && v->kind == PICKLE_MAP) TRY(walk(f, v, "", 0));
    }
    if (f->count == 0 && root->kind == PICKLE_MAP) TRY(walk(f, root, "", 0));
    if (f->count == 0 && rebuilt(root)) TRY(add_tensor(f, rebuilt(root), "tensor"));
    if (f->count == 0) {
        const char *class = pickle_called(root);
        return jem_error(JEM_EDATA, "%s: holds no tensor by name%s%s; save the weights with "
                                    "torch.save(model.state_dict(), FILE)", f->path,
                         class ? " but an object of " : "", class ? class : "");
    }
done:
    return st;
}

/* Takes `prefix` off if all names begin with it and have more. */
static bool strip(torch_file *f, const char *prefix)
{
    const size_t n = strlen(prefix);
    for (int64_t i = 0; i < f->count; i++)
        if (strncmp(f->views[i].name, prefix, n) != 0 || !f->views[i].name[n]) return false;
    for (int64_t i = 0; i < f->count; i++)
        memmove(f->views[i].name, f->views[i].name + n, strlen(f->views[i].name + n) + 1);
    return f->count > 0;
}

/* ---- */

jem_status torch_file_open(torch_file **out, const char *path, const char *part)
{
    jem_status st;
    torch_file *f = NULL;

    TRY(MEM_NEW(f, 1));
    TRY(mem_strdup(&f->path, path));
    TRY(torch_source_open(&f->source, f->path));
    TRY(part ? take_part(f, part) : take_weights(f));
    while (!part && (strip(f, "module.") || strip(f, "model.") || strip(f, "_orig_mod."))) continue;
    TRY(torch_source_load(&f->source));
    *out = f;
    f = NULL;
done:
    torch_file_close(f);
    return st;
}

void torch_file_close(torch_file *f)
{
    if (!f) return;
    for (int64_t i = 0; i < f->count; i++) mem_free(f->views[i].name);
    mem_free(f->views);
    torch_source_clear(&f->source);
    mem_free(f->path);
    mem_free(f);
}

int torch_file_count(const torch_file *f) { return (int)f->count; }

const char *torch_file_name(const torch_file *f, int i) { return f->views[i].name; }

int torch_file_find(const torch_file *f, const char *name)
{
    for (int64_t i = 0; i < f->count; i++)
        if (strcmp(f->views[i].name, name) == 0) return (int)i;
    return -1;
}

void torch_file_shape(const torch_file *f, int i, int *ndim, const int64_t **shape)
{
    *ndim = f->views[i].ndim;
    *shape = f->views[i].shape;
}

/* ---- gathering by stride */

/* `count` elements that lie `stride` apart, one after another. */
static void gather_row(char *to, const char *from, int64_t count, int64_t stride, const torch_type *t)
{
    if (t->size == (int)jem_dtype_size(t->as) && stride == 1) {
        memcpy(to, from, (size_t)count * (size_t)t->size);
        return;
    }
    for (int64_t i = 0; i < count; i++, from += stride * t->size) {
        int16_t narrow;
        const int32_t wide = t->size == 1 ? *(const signed char *)from
                                          : (memcpy(&narrow, from, sizeof narrow), narrow);
        if (t->size == (int)jem_dtype_size(t->as))
            memcpy(to + i * t->size, from, (size_t)t->size);
        else
            memcpy(to + i * (int64_t)sizeof wide, &wide, sizeof wide);
    }
}

jem_status torch_file_read(jem_tensor *out, const torch_file *f, int i)
{
    const view *v = &f->views[i];
    const torch_storage *s = &f->source.storages[v->storage];
    int64_t index[JEM_MAX_DIMS] = {0};
    const int last = v->ndim - 1;
    const int64_t row = v->ndim ? v->shape[last] : 1, stride = v->ndim ? v->stride[last] : 1;

    jem_status st = jem_tensor_init(out, s->type->as, v->ndim, v->shape);
    if (st != JEM_OK) return st;
    const int64_t elements = jem_tensor_count(out);
    char *to = out->data;
    for (int64_t done = 0; done < elements; done += row) {
        int64_t at = v->offset;
        for (int d = 0; d < last; d++) at += index[d] * v->stride[d];
        gather_row(to, s->bytes + at * s->type->size, row, stride, s->type);
        to += row * (int64_t)jem_dtype_size(s->type->as);
        for (int d = last - 1; d >= 0 && ++index[d] == v->shape[d]; d--) index[d] = 0;
    }
    return JEM_OK;
}
