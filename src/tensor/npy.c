/* numpy's .npy files (numpy.lib.format, versions 1.0 to 3.0): six bytes of
 * magic, two of version, the header's length (2 bytes in version 1, else 4), a
 * Python dictionary literal with 'descr', 'fortran_order' and 'shape', data. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/host_call.h"
#include "base/mem.h"
#include "base/try.h"
#include "tensor/bytes.h"
#include "tensor/npy.h"

enum { MAGIC_SIZE = 6, HEADER_ALIGN = 64, HEADER_MAX = 1 << 20 };

static const char magic[] = "\x93NUMPY";

/* Elements as numpy calls them, without the byte order, and what holds them exactly. */
typedef struct element {
    const char *name;
    size_t size;
    jem_dtype dtype;
    bool widened; /* the type is wider than the element, or without its sign */
} element;
static const element elements[] = {
    {"f4", 4, JEM_F32, false}, {"f8", 8, JEM_F64, false}, {"i4", 4, JEM_I32, false},
    {"i8", 8, JEM_I64, false}, {"u1", 1, JEM_U8, false},  {"b1", 1, JEM_U8, false},
    {"f2", 2, JEM_F32, true},  {"i1", 1, JEM_I32, true},  {"i2", 2, JEM_I32, true},
    {"u2", 2, JEM_I32, true},  {"u4", 4, JEM_I64, true},  {"u8", 8, JEM_I64, true},
};
enum { ELEMENTS = sizeof elements / sizeof *elements };

/* ---- the dictionary literal */

typedef struct cursor {
    const char *at, *end;
    const char *path;
} cursor;

typedef struct header {
    const element *element;
    bool big_endian, fortran;
    int ndim;
    int64_t shape[JEM_MAX_DIMS];
    bool has_descr, has_order, has_shape;
} header;

static jem_status malformed(const cursor *c, const char *what)
{
    return jem_error(JEM_EDATA, "%s: not a readable npy header: %s; write the file again with "
                                "numpy.save", c->path, what);
}

static void skip_space(cursor *c)
{
    while (c->at < c->end && isspace((unsigned char)*c->at)) c->at++;
}

/* Steps over `wanted` (after white space) if it comes next. */
static bool accept(cursor *c, const char *wanted)
{
    size_t n = strlen(wanted);

    skip_space(c);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, wanted, n) != 0) return false;
    c->at += n;
    return true;
}

/* A quoted word without escapes. */
static jem_status read_word(cursor *c, char *word, size_t size)
{
    const char *close;
    char quote;

    skip_space(c);
    if (c->at == c->end || (*c->at != '\'' && *c->at != '"'))
        return malformed(c, "expected a quoted word");
    quote = *c->at++;
    close = memchr(c->at, quote, (size_t)(c->end - c->at));
    if (!close || (size_t)(close - c->at) >= size) return malformed(c, "a word does not end");
    memcpy(word, c->at, (size_t)(close - c->at));
    word[close - c->at] = '\0';
    c->at = close + 1;
    return JEM_OK;
}

static jem_status read_descr(cursor *c, header *h)
{
    char word[64];
    jem_status st;

    skip_space(c);
    if (c->at < c->end && *c->at == '[')
        return jem_error(JEM_EDATA, "%s: structured arrays are not supported; save one plain "
                                    "array per file", c->path);
    st = read_word(c, word, sizeof word);
    if (st != JEM_OK) return st;
    for (int i = 0; i < ELEMENTS && word[0] && strchr("<>|=", word[0]); i++) {
        if (strcmp(word + 1, elements[i].name) != 0) continue;
        h->element = &elements[i];
        h->big_endian = word[0] == '>';
        return JEM_OK;
    }
    return jem_error(JEM_EDATA, "%s: element type '%s'%s is not supported; save whole numbers, or "
                                "floats of at most 64 bits", c->path, word,
                     strchr(word, 'O')                        ? " (Python objects)"
                     : strchr(word, 'c')                      ? " (complex numbers)"
                     : strchr(word, 'U') || strchr(word, 'S') ? " (text)"
                                                              : "");
}

static jem_status read_dimension(cursor *c, int64_t *out)
{
    int64_t v = 0;
    bool any = false;

    skip_space(c);
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++, any = true)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *c->at - '0', &v))
            return malformed(c, "a size in the shape is too large");
    if (!any) return malformed(c, "the shape is not a tuple of sizes");
    if (c->at < c->end && *c->at == 'L') c->at++; /* Python 2 on Windows: (40L,) */
    *out = v;
    return JEM_OK;
}

static jem_status read_shape(cursor *c, header *h)
{
    if (!accept(c, "(")) return malformed(c, "the shape is not a tuple");
    h->ndim = 0;
    while (!accept(c, ")")) {
        jem_status st;
        if (h->ndim == JEM_MAX_DIMS) return malformed(c, "more than 8 dimensions");
        st = read_dimension(c, &h->shape[h->ndim++]);
        if (st != JEM_OK) return st;
        if (accept(c, ",")) continue;
        if (!accept(c, ")")) return malformed(c, "the shape does not end");
        break;
    }
    return JEM_OK;
}

static jem_status read_entry(cursor *c, header *h)
{
    jem_status st;
    char key[32];
    bool *seen;

    TRY(read_word(c, key, sizeof key));
    if (!accept(c, ":")) return malformed(c, "expected ':'");
    seen = strcmp(key, "descr") == 0           ? &h->has_descr
           : strcmp(key, "fortran_order") == 0 ? &h->has_order
           : strcmp(key, "shape") == 0         ? &h->has_shape
                                               : NULL;
    if (!seen || *seen) return malformed(c, seen ? "a key comes twice" : "unknown key");
    *seen = true;
    if (seen == &h->has_descr) {
        TRY(read_descr(c, h));
    } else if (seen == &h->has_shape) {
        TRY(read_shape(c, h));
    } else if (accept(c, "True")) {
        h->fortran = true;
    } else if (!accept(c, "False")) {
        return malformed(c, "fortran_order is neither True nor False");
    }
done:
    return st;
}

static jem_status read_header(cursor *c, header *h)
{
    if (!accept(c, "{")) return malformed(c, "it is not a dictionary");
    while (!accept(c, "}")) {
        jem_status st = read_entry(c, h);
        if (st != JEM_OK) return st;
        if (accept(c, ",")) continue;
        if (!accept(c, "}")) return malformed(c, "expected ',' or '}'");
        break;
    }
    skip_space(c);
    if (c->at != c->end) return malformed(c, "something follows the dictionary");
    if (!h->has_descr || !h->has_order || !h->has_shape) return malformed(c, "a key is missing");
    return JEM_OK;
}

/* ---- elements of other machines and types */

static void swap_bytes(char *data, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++, data += size)
        for (size_t k = 0; k < size / 2; k++) {
            const char first = data[k];
            data[k] = data[size - 1 - k];
            data[size - 1 - k] = first;
        }
}

/* dst in C order (last index fastest) <- src in Fortran order (first index fastest). */
static void reorder(char *dst, const char *src, const header *h, size_t count)
{
    const size_t size = h->element->size;
    int64_t at[JEM_MAX_DIMS] = {0}, stride[JEM_MAX_DIMS], from = 0;

    for (int d = 0; d < h->ndim; d++) stride[d] = d ? stride[d - 1] * h->shape[d - 1] : 1;
    for (size_t i = 0; i < count; i++, dst += size) {
        memcpy(dst, src + (size_t)from * size, size);
        for (int d = h->ndim - 1; d >= 0; d--) {
            from += stride[d];
            if (++at[d] < h->shape[d]) break;
            from -= stride[d] * h->shape[d];
            at[d] = 0;
        }
    }
}

/* Element i of `src`, which lies as `e` says, in the type that holds it. */
static jem_status widen(void *dst, int64_t i, const char *src, const element *e, const char *path)
{
    uint64_t bits = 0;

    memcpy(&bits, src + (size_t)i * e->size, e->size); /* little-endian: the low bytes */
    if (e->name[0] == 'f') {
        ((float *)dst)[i] = float_from_f16((uint16_t)bits);
    } else if (e->dtype == JEM_I32) {
        const int32_t sign = e->size == 1 ? (int8_t)bits : (int16_t)bits;
        ((int32_t *)dst)[i] = e->name[0] == 'i' ? sign : (int32_t)bits;
    } else if (bits <= INT64_MAX) {
        ((int64_t *)dst)[i] = (int64_t)bits;
    } else {
        return jem_error(JEM_EDATA, "%s: element %lld is %llu, more than 64 bits with a sign hold",
                         path, (long long)i, (unsigned long long)bits);
    }
    return JEM_OK;
}

/* *data <- what the file's elements say, as h->element->dtype in C order; it may become other memory. */
static jem_status convert(char **data, const header *h, size_t count, const char *path)
{
    jem_status st = JEM_OK;
    const element *e = h->element;
    char *other = NULL;

    if (h->big_endian) swap_bytes(*data, count, e->size);
    if (h->fortran && h->ndim > 1) {
        TRY(mem_alloc(&other, count, e->size));
        reorder(other, *data, h, count);
        mem_free(*data);
        *data = other;
        other = NULL;
    }
    if (!e->widened) return JEM_OK;
    TRY(mem_alloc(&other, count, jem_dtype_size(e->dtype)));
    for (size_t i = 0; i < count; i++) TRY(widen(other, (int64_t)i, *data, e, path));
    mem_free(*data);
    *data = other;
    other = NULL;
done:
    mem_free(other);
    return st;
}

/* ---- files */

/* Finds the header of the file in data[0..size); *offset <- start of the data. */
static jem_status find_header(cursor *c, size_t *offset, const char *data, size_t size,
                              const char *path)
{
    const unsigned char *b = (const unsigned char *)data;
    size_t start, length;

    if (size < MAGIC_SIZE + 4 || memcmp(data, magic, MAGIC_SIZE) != 0)
        return jem_error(JEM_EDATA, "%s: not an npy file (the first bytes are not \\x93NUMPY)",
                         path);
    if (b[6] < 1 || b[6] > 3)
        return jem_error(JEM_EDATA, "%s: npy version %d.%d is not supported (1 to 3 are)", path,
                         b[6], b[7]);
    start = b[6] == 1 ? 10 : 12;
    if (size < start) return jem_error(JEM_EDATA, "%s: truncated after %zu bytes", path, size);
    length = b[8] | (size_t)b[9] << 8;
    if (b[6] > 1) length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (length > HEADER_MAX || length > size - start)
        return jem_error(JEM_EDATA, "%s: the header claims %zu bytes, the file has %zu; it is "
                                    "truncated or damaged: copy it again", path, length, size);
    *c = (cursor){data + start, data + start + length, path};
    *offset = start + length;
    return JEM_OK;
}

jem_status npy_take(jem_tensor *out, char *data, size_t size, const char *name)
{
    jem_status st;
    size_t offset = 0, bytes, wide;
    int64_t count;
    cursor c = {NULL, NULL, name};
    header h = {.element = NULL};

    TRY(find_header(&c, &offset, data, size, name));
    TRY(read_header(&c, &h));
    if (!shape_bytes(&wide, &count, h.element->dtype, h.ndim, h.shape)) {
        st = malformed(&c, "the shape is too large");
        goto done;
    }
    bytes = (size_t)count * h.element->size;
    if (size - offset != bytes) {
        st = jem_error(JEM_EDATA, "%s: the header promises %zu bytes of data, the file has %zu; it "
                                  "is truncated or damaged: copy it again", name, bytes,
                       size - offset);
        goto done;
    }
    /* the file's memory becomes the array's: large arrays are not held twice */
    memmove(data, data + offset, bytes);
    TRY(convert(&data, &h, (size_t)count, name));
    *out = (jem_tensor){.dtype = h.element->dtype, .ndim = h.ndim, .data = data};
    memcpy(out->shape, h.shape, sizeof out->shape);
    data = NULL;
done:
    mem_free(data);
    return st;
}

jem_status jem_npy_read(jem_tensor *out, const char *path)
{
    HOST_CALL;
    jem_status st;
    char *data = NULL;
    size_t size = 0;

    HOST_NEED(out);
    HOST_NEED(path);
    TRY(file_read(&data, &size, path, 0));
    TRY(npy_take(out, data, size, path));
done:
    return st;
}

jem_status npy_header(char out[NPY_HEADER], size_t *size, const jem_tensor *t, const char *name)
{
    static const size_t start = MAGIC_SIZE + 4;
    char descr[8] = "", *text = out + start;
    const size_t room = NPY_HEADER - start;
    size_t used;

    for (int i = 0; i < ELEMENTS && !descr[0]; i++) /* the first of a type is the type itself */
        if (elements[i].dtype == t->dtype)
            snprintf(descr, sizeof descr, "%c%s", elements[i].size == 1 ? '|' : '<', elements[i].name);
    if (!descr[0] && jem_dtype_size(t->dtype) > 0)
        return jem_error(JEM_EUSAGE, "%s: npy has no %s; convert the array to f32", name,
                         jem_dtype_name(t->dtype));
    used = (size_t)snprintf(text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr);
    for (int i = 0; i < t->ndim; i++)
        used += (size_t)snprintf(text + used, room - used, "%s%lld%s", i ? ", " : "",
                                 (long long)t->shape[i], t->ndim == 1 ? "," : "");
    used += (size_t)snprintf(text + used, room - used, "), }");
    const size_t total = (start + used + 1 + HEADER_ALIGN - 1) / HEADER_ALIGN * HEADER_ALIGN - start;
    memset(text + used, ' ', total - used);
    text[total - 1] = '\n';
    memcpy(out, magic, MAGIC_SIZE);
    out[6] = 1;
    out[7] = 0;
    out[8] = (char)(total & 0xff);
    out[9] = (char)(total >> 8);
    *size = start + total;
    return JEM_OK;
}

jem_status jem_npy_write(const char *path, const jem_tensor *t)
{
    HOST_CALL;
    jem_status st;
    file_writer w = FILE_WRITER_INIT;
    char start[NPY_HEADER];
    size_t size;

    HOST_NEED(path);
    HOST_NEED(t);
    TRY(tensor_check(t, __func__));
    TRY(npy_header(start, &size, t, path));
    TRY(file_writer_open(&w, path));
    TRY(file_writer_put(&w, start, size));
    TRY(file_writer_put(&w, t->data, (size_t)jem_tensor_count(t) * jem_dtype_size(t->dtype)));
    TRY(file_writer_commit(&w));
done:
    file_writer_abort(&w);
    return st;
}
